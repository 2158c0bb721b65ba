"""Appointments that editors tell the platform of. Instants are aware datetimes, ids are the platform's own numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sas_fhir.operation_outcome import Issue, IssueType
from sas_kernel.errors import SasError
from sas_kernel.text import Text


class Status(StrEnum):
    """As they come over the wire: lower case, no hyphen."""

    PENDING = "pending"
    BOOKED = "booked"
    FULFILLED = "fulfilled"
    NO_SHOW = "noshow"
    CANCELLED = "cancelled"


class Category(StrEnum):
    """To whom the patient was sent (sas-categorie-orientation), by the names the dispatch software uses."""

    PS = "PS"
    PDM = "PDM"
    SOS = "SOS"
    CPTS = "CPTS"
    MSP = "MSP"
    CDS = "CDS"


class Method(StrEnum):
    POST = "POST"
    PUT = "PUT"


@dataclass(frozen=True, slots=True)
class Identifier:
    """`system` is the editor's (OID or URL), `value` unique in it and stable: together they mean one appointment."""

    system: str
    value: str


@dataclass(frozen=True, slots=True)
class Criterion:
    """The condition of an update; a bare value names no system."""

    system: str | None
    value: str


@dataclass(frozen=True, slots=True)
class Content:
    """All that is kept of what an editor says: nothing of the patient, no slot, no free text (agreement, art. 9.2).

    `practitioner` is the national id, absent while nobody has taken the appointment; `structure` is that of the SOS
    Médecins association, where the editor names it.
    """

    status: Status
    start: datetime
    end: datetime
    created: datetime | None = None
    practitioner: str | None = None
    category: Category | None = None
    structure: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What one message says. `operator` is the regulator who booked, by the system and value of INT_R02."""

    identifier: Identifier
    operator: Identifier
    content: Content


@dataclass(frozen=True, slots=True)
class Appointment:
    """`change` is the number of the last message that changed it: numbers only grow, over all appointments."""

    id: int
    identifier: Identifier
    regulator_id: int
    content: Content
    received_at: datetime
    changed_at: datetime
    change: int


class Change(StrEnum):
    """What a message changed."""

    CREATED = "created"
    STATUS = "status"
    TIME = "time"
    PRACTITIONER = "practitioner"
    OTHER = "other"


class Oddity(StrEnum):
    """What no source forbids and no normal life of an appointment shows: accepted, and pointed out."""

    NO_BOOKING = "no-booking"
    REVIVED = "revived"
    OUT_OF_TURN = "out-of-turn"


@dataclass(frozen=True, slots=True)
class Message:
    """One line of an appointment's history. `changes` is empty when it only repeated what was known.

    `before` holds status and start as they were; absent at the creation.
    """

    number: int
    appointment_id: int
    received_at: datetime
    method: Method
    content: Content
    changes: frozenset[Change]
    oddity: Oddity | None
    before: tuple[Status, datetime] | None


@dataclass(frozen=True, slots=True)
class History:
    """An appointment and what happened to it, oldest first."""

    appointment: Appointment
    messages: tuple[Message, ...]


# --- errors ----------------------------------------------------------------------------------------------------------


class AppointmentError(SasError):
    """Root of what can be refused of an appointment. No sentence repeats what was sent: it may name a patient."""


MOST_ISSUES: Final = 100


class InvalidAppointmentError(AppointmentError):
    """The message cannot be read, or breaks rules; everything that is wrong with it is told, up to `MOST_ISSUES`."""

    def __init__(self, issues: Sequence[Issue]) -> None:
        super().__init__(issues[0].text)
        self.issues = tuple(dict.fromkeys(issues))[:MOST_ISSUES]

    @property
    def malformed(self) -> bool:
        return any(issue.code in {IssueType.STRUCTURE, IssueType.INVALID} for issue in self.issues)


class InvalidCriterionError(AppointmentError):
    """The condition of an update is missing, or cannot be understood."""

    def __init__(self, code: IssueType, text: Text) -> None:
        super().__init__(text)
        self.code = code


class DuplicateAppointmentError(AppointmentError):
    def __init__(self) -> None:
        super().__init__(
            Text(
                "Ce rendez-vous est déjà connu et dit autre chose : modifiez-le par "
                "PUT [base]/Appointment?identifier=<système>|<identifiant>.",
                "This appointment is known already and says something else: change it with "
                "PUT [base]/Appointment?identifier=<system>|<identifier>.",
            )
        )


class AppointmentsUnavailableError(AppointmentError):
    def __init__(self) -> None:
        super().__init__(
            Text(
                "Les rendez-vous ne peuvent pas être enregistrés pour l’instant : renvoyez le même message plus tard.",
                "Appointments cannot be recorded for now: send the same message again later.",
            )
        )
