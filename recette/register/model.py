"""Anomalies as the journal tells them, and what is due of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from recette.agreement.anomalies import Pause
from recette.agreement.model import DueDate
from recette.journal.model import Party
from recette.model import Severity
from sas_kernel.errors import SasError
from sas_kernel.text import Text


class RegisterError(SasError):
    """Something that cannot be done to an anomaly as it stands: the text says why, and what comes first."""


class Status(StrEnum):
    """How far an anomaly has come. Qualification, workaround and plan run beside it."""

    OPEN = "open"
    NOTIFIED = "notified"
    ACKNOWLEDGED = "acknowledged"
    DELIVERED = "delivered"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"

    @property
    def is_closed(self) -> bool:
        return self in {Status.CORRECTED, Status.WITHDRAWN}


@dataclass(frozen=True, slots=True)
class Statement:
    """What somebody said, and when."""

    text: str
    at: datetime
    who: str
    party: Party


@dataclass(frozen=True, slots=True)
class Workaround:
    """A way to live with an anomaly; `validated` by the ANS (art. 6)."""

    proposed: Statement
    validated: Statement | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """How and until when it will be corrected; validated by both parties (art. 6)."""

    proposed: Statement
    due_on: date
    validated: Mapping[Party, Statement] = field(default_factory=dict)

    @property
    def is_validated(self) -> bool:
        return {Party.ANS, Party.EDITOR} <= set(self.validated)


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A gap between what is and what is specified (art. 6), tracked to its end.

    `id` is `A-0001` within the project; `identity` that of the finding that opened it. `proposed` is the severity of
    the requirement it breaks; `said` what each party qualified it as. `phase` is the phase in which it was opened.
    `occurrences` counts what runs saw of it in `scenarios`, `runs` are those runs, of which the last to begin began at
    `seen_from`. `restarted_at` is when it came back after it had been verified: then it starts anew. `delivered_at` is
    the delivery of the correction that stands, `verified_at` and `verified_by` the run that shows it. `changed_at` is
    its last entry.
    """

    id: str
    identity: str
    requirement: str
    check: str
    title: Text
    path: str
    source: str
    proposed: Severity
    phase: str
    opened_at: datetime
    changed_at: datetime
    status: Status = Status.OPEN
    occurrences: int = 1
    runs: tuple[str, ...] = ()
    last_seen_at: datetime | None = None
    said: Mapping[Party, Severity] = field(default_factory=dict)
    notified_at: datetime | None = None
    acknowledged_at: datetime | None = None
    workaround: Workaround | None = None
    plan: Plan | None = None
    pauses: tuple[Pause, ...] = ()
    delivered_at: datetime | None = None
    delivered_as: str = ""
    verified_at: datetime | None = None
    verified_by: str = ""
    reopened: int = 0
    notes: tuple[Statement, ...] = ()
    scenarios: tuple[str, ...] = ()
    seen_from: datetime | None = None
    restarted_at: datetime | None = None

    @property
    def since(self) -> datetime:
        """When its present life began."""
        return self.restarted_at or self.opened_at

    @property
    def qualified(self) -> Severity | None:
        """The severity on which both parties agree, once they do."""
        ans, editor = self.said.get(Party.ANS), self.said.get(Party.EDITOR)
        return ans if ans is not None and ans is editor else None

    @property
    def severity(self) -> Severity:
        """The one agreed on, else the one that the requirement proposes."""
        return self.qualified or self.proposed

    @property
    def is_open(self) -> bool:
        """Neither corrected and verified nor withdrawn."""
        return not self.status.is_closed

    @property
    def is_reserve(self) -> bool:
        """Open with a validated workaround and plan: it may stand among the réserves of a certificate (art. 6)."""
        return (
            self.is_open
            and self.severity is not Severity.BLOCKING
            and self.workaround is not None
            and self.workaround.validated is not None
            and self.plan is not None
            and self.plan.is_validated
        )


class Matter(StrEnum):
    """What of an anomaly is due."""

    ACKNOWLEDGEMENT = "acknowledgement"
    CORRECTION = "correction"


@dataclass(frozen=True, slots=True)
class Due:
    """A deadline of an anomaly at some instant.

    `met_at` is when it was met, `left` what was left then or is now (negative: overdue). `paused` is the pause that
    holds it. `indicative`: the agreement sets no deadline in this phase, this one tells what it would be later.
    """

    anomaly: str
    matter: Matter
    date: DueDate
    met_at: datetime | None
    left: timedelta
    paused: Pause | None
    indicative: bool

    @property
    def is_overdue(self) -> bool:
        """It passed unmet, or was met too late."""
        return self.left < timedelta()


@dataclass(frozen=True, slots=True)
class Register:
    """The anomalies of one project by id, in the order in which they were opened; `last` is the last entry read.

    `in_service_since` is when go-live was opened, None before: from then on article 8.2 sets deadlines (art. 7, 8.1).
    """

    project: str
    anomalies: Mapping[str, Anomaly]
    last: int
    in_service_since: datetime | None = None

    def counts_in_service(self, at: datetime) -> bool:
        """Whether a clock that starts then is one of article 8.2."""
        return self.in_service_since is not None and at >= self.in_service_since

    def find(self, id: str) -> Anomaly:
        """`RegisterError` names those there are."""
        try:
            return self.anomalies[id.upper()]
        except KeyError:
            raise RegisterError(
                Text(
                    "Aucune anomalie « {id} » dans « {p} ». Connues : {known}.",
                    "No anomaly '{id}' in '{p}'. Known: {known}.",
                ).format(id=id, p=self.project, known=", ".join(self.anomalies) or "—")
            ) from None

    @property
    def open(self) -> tuple[Anomaly, ...]:
        """Those still open, the gravest first."""
        found = [anomaly for anomaly in self.anomalies.values() if anomaly.is_open]
        return tuple(sorted(found, key=lambda anomaly: (-anomaly.severity.rank, anomaly.id)))
