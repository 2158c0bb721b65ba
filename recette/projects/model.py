"""A project and its phases as the journal tells them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from recette.journal.model import Party
from sas_kernel.errors import SasError
from sas_kernel.flows import Flow
from sas_kernel.text import Text


class ProjectError(SasError):
    """Something that cannot be done with a project as it stands: the text says why, and what comes first."""


class PhaseId(StrEnum):
    """The phases of the agreement, in their order (annex 1)."""

    CADRAGE = "cadrage"
    DEVELOPPEMENT = "developpement"
    RECETTE = "recette"
    MISE_EN_SERVICE = "mise-en-service"
    VSR = "vsr"
    EXPLOITATION = "exploitation"

    @property
    def following(self) -> PhaseId | None:
        """The phase that comes next; None after the last."""
        phases = list(PhaseId)
        return next(iter(phases[phases.index(self) + 1 :]), None)


class Outcome(StrEnum):
    """What a procès-verbal says of a phase: people decide, the tool proposes."""

    VALIDATED = "validated"
    VALIDATED_WITH_RESERVES = "validated-with-reserves"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Contact:
    """Who speaks for a party: invented people in examples."""

    name: str
    email: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True)
class PhaseState:
    """A phase that was opened. `extended_to` is the date that both parties agreed on in place of the computed one.

    `reserves` are the anomalies that its certificate lists, `outcome` what people decided.
    """

    id: PhaseId
    opened_at: datetime
    closed_at: datetime | None = None
    outcome: Outcome | None = None
    reserves: tuple[str, ...] = ()
    extended_to: date | None = None

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


@dataclass(frozen=True, slots=True)
class Maintenance:
    """A planned interruption, told in advance: it does not count against availability."""

    start: datetime
    end: datetime
    announced_at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Shown:
    """Something that was shown besides runs: connectivity, exchanges, the summary of the editor’s own tests."""

    what: str
    at: datetime
    who: str
    party: Party
    why: str


@dataclass(frozen=True, slots=True)
class Project:
    """One editor, one interface, one environment, under one agreement with the choices changed for it.

    `milestones` are dated events by name (`signature`, `delivery`, …). `suspended_at` is set while the ANS has stopped
    the transmission of data. `last` is the number of the last entry read.
    """

    id: str
    editor: str
    interface: str
    environment: str
    agreement: str
    opened_at: datetime
    flows: tuple[Flow, ...] = ()
    changes: Mapping[str, str] = field(default_factory=dict)
    contacts: Mapping[Party, Contact] = field(default_factory=dict)
    product: str = ""
    version: str = ""
    milestones: Mapping[str, datetime] = field(default_factory=dict)
    phases: tuple[PhaseState, ...] = ()
    maintenance: tuple[Maintenance, ...] = ()
    shown: tuple[Shown, ...] = ()
    suspended_at: datetime | None = None
    last: int = 0

    @property
    def current(self) -> PhaseState | None:
        """The phase that is open now."""
        return next((phase for phase in reversed(self.phases) if phase.is_open), None)

    def phase(self, id: PhaseId) -> PhaseState | None:
        """The phase of this name as it was opened last."""
        return next((phase for phase in reversed(self.phases) if phase.id is id), None)

    @property
    def title(self) -> Text:
        """What it is called where people read it."""
        return Text(
            f"{self.editor} · {self.interface} · {self.environment}",
            f"{self.editor} · {self.interface} · {self.environment}",
        )


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that keeps a door shut. `about` names scenarios, anomalies or runs; `article` is where it is asked."""

    id: str
    text: Text
    article: str
    about: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Door:
    """Whether a phase can be closed, and how.

    `proposal` is what the tool would put on the certificate if it were written now, with `reasons`; people decide.
    `reserves` are the anomalies it would list. `planned_end` is when the agreement wants the phase closed (the latest
    instant; of the VSR: the earliest), `earliest_end` the day from which it may be closed, None while that cannot be
    told (an open anomaly prolongs it).
    """

    phase: PhaseId
    missing: tuple[Missing, ...]
    proposal: Outcome
    reasons: tuple[Text, ...]
    reserves: tuple[str, ...]
    planned_end: datetime | None
    earliest_end: date | None

    @property
    def can_close(self) -> bool:
        """Nothing is missing."""
        return not self.missing


@dataclass(frozen=True, slots=True)
class Right:
    """Something that a party may do now and nobody does for it, such as stopping the transmission of data."""

    id: str
    text: Text
    article: str
    since: datetime
    about: tuple[str, ...] = ()
