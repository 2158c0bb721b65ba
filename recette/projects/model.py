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

SIGNATURE, SPECIFICATIONS, DELIVERY = "signature", "specifications", "delivery"
BREACH_NOTICE, BREACH_REPAIRED = "breach-notice", "breach-repaired"
TERMINATION_NOTICE, TERMINATED = "termination-notice", "terminated"
SUSPENSION_REQUESTED = "suspension-requested"
"""Milestones that bear on a date, a door or a right."""

BREACH_REPAIR = "breach-repair"
"""The deadline, besides phases, that both parties may extend (art. 14)."""

CONNECTIVITY, EXCHANGES, TESTS_SUMMARY, TEST_BOOK = "connectivity", "exchanges", "tests-summary", "test-book"
"""What is shown besides runs (art. 5.2, 6 and 7)."""

REVIEW = "review:"
"""Before the scenario that a person looked at and found right, where a run could only ask for it."""


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

    @property
    def preceding(self) -> PhaseId | None:
        """The phase that comes before; None before the first."""
        return next((phase for phase in PhaseId if phase.following is self), None)


class UseCase(StrEnum):
    """The two interfaces that the agreement is about (art. 3.1 and 3.2), and the flows that each is made of."""

    AVAILABILITY = "availability"
    BOOKING = "booking"

    @property
    def flows(self) -> tuple[Flow, ...]:
        if self is UseCase.AVAILABILITY:
            return (Flow.SLOT_SEARCH,)
        return (Flow.REGULATORS, Flow.SSO, Flow.APPOINTMENTS)

    @property
    def article(self) -> str:
        return "3.1" if self is UseCase.AVAILABILITY else "3.2"

    @property
    def label(self) -> Text:
        if self is UseCase.AVAILABILITY:
            return Text("Transmission des créneaux de disponibilité", "Transmission of available slots")
        return Text("Prise de rendez-vous", "Booking of appointments")


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
class Particulars:
    """What is said of a project as it is opened or changed; what is empty stays as it is.

    Without `flows`, those of the use case; without `interface`, its name.
    """

    editor: str = ""
    interface: str = ""
    environment: str = ""
    agreement: str = ""
    use_case: UseCase | None = None
    flows: tuple[Flow, ...] = ()
    changes: Mapping[str, str] = field(default_factory=dict)
    contacts: Mapping[Party, Contact] = field(default_factory=dict)
    signatories: Mapping[Party, Contact] = field(default_factory=dict)
    product: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class PhaseState:
    """A phase that was opened. `extended_to` is the date that both parties agreed on in place of the computed one.

    `agreed` says who agreed to it for each. `reserves` are the anomalies that its certificate lists, `outcome` what
    people decided, `certificate` the SHA-256 of the document they signed.
    """

    id: PhaseId
    opened_at: datetime
    closed_at: datetime | None = None
    outcome: Outcome | None = None
    reserves: tuple[str, ...] = ()
    extended_to: date | None = None
    agreed: Mapping[Party, str] = field(default_factory=dict)
    certificate: str = ""

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def is_validated(self) -> bool:
        """Closed by a procès-verbal that validates it, with réserves or without."""
        return self.outcome in {Outcome.VALIDATED, Outcome.VALIDATED_WITH_RESERVES}


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
    the transmission of data, `resumed_at` is when it last ceased to. `repair_until` is the date that both parties
    agreed on for the breach of the last formal notice. `signatories` sign its certificates. `last` is the number of the
    last entry read.
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
    signatories: Mapping[Party, Contact] = field(default_factory=dict)
    use_case: UseCase | None = None
    product: str = ""
    version: str = ""
    milestones: Mapping[str, datetime] = field(default_factory=dict)
    phases: tuple[PhaseState, ...] = ()
    maintenance: tuple[Maintenance, ...] = ()
    shown: tuple[Shown, ...] = ()
    suspended_at: datetime | None = None
    resumed_at: datetime | None = None
    repair_until: date | None = None
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
        interface = Text(self.interface, self.interface)
        if self.use_case is not None and self.interface == self.use_case.label.fr:
            interface = self.use_case.label
        return Text(
            f"{self.editor} · {interface.fr} · {self.environment}",
            f"{self.editor} · {interface.en} · {self.environment}",
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


class ShutDoorError(ProjectError):
    """A phase that was to be validated while its door is shut: the text and `door` say what is missing."""

    def __init__(self, text: Text, door: Door) -> None:
        super().__init__(text)
        self.door = door
