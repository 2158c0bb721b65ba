"""An appointment and what is told of it. Instants are whole milliseconds since the epoch, ids are our own numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sas_kernel.errors import SasError
from sas_kernel.text import Text


class AppointmentStatus(StrEnum):
    """As they go over the wire (interfaces of INT_R03, C.2): lower case, no hyphen."""

    PENDING = "pending"
    BOOKED = "booked"
    FULFILLED = "fulfilled"
    NO_SHOW = "noshow"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, repr=False)
class PatientDetails:
    """Who comes. Stays in the agenda: never in INT_R03, never in a log (hence no `repr`), never in an error."""

    family: str
    given: str
    birth_date: date | None
    phone: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Appointment:
    """`key` is the UUID by which the platform and URLs know it; it never changes.

    At a SOS Médecins association, which `association_national_id` then names, `practitioner_name` is that of the
    association, and the practitioner's national id is empty until somebody tells who will see the patient.

    Practitioner and place are those of the slot when it was booked or moved to: a copy, so that an appointment outlives
    the slot's row. `slot_id` is None once that row is gone.
    """

    id: int
    key: str
    regulator_id: int
    schedule_id: int
    slot_id: int | None
    practitioner_national_id: str
    practitioner_name: str
    place_name: str
    start: int
    end: int
    status: AppointmentStatus
    created_at: int
    changed_at: int
    association_national_id: str | None = None


class ChangeKind(StrEnum):
    BOOK = "book"
    MOVE = "move"
    CANCEL = "cancel"
    HONOUR = "honour"
    MISS = "miss"  # the patient did not come
    ACCEPT = "accept"  # by an association
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Change:
    """One line of an appointment's history; `before` is absent at its booking."""

    at: int
    kind: ChangeKind
    before: AppointmentStatus | None
    after: AppointmentStatus


# --- telling the platform --------------------------------------------------------------------------------------------


class DeliveryState(StrEnum):
    """Of one message to the platform."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REFUSED = "refused"  # parked: shown to the staff, sent again on demand


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message of the outbox, without its body. `last_answer` is the status line or the failure, no body."""

    id: int
    appointment_key: str
    status: AppointmentStatus
    state: DeliveryState
    attempts: int
    created_at: int
    next_attempt_at: int | None
    last_attempt_at: int | None
    last_answer: str


@dataclass(frozen=True, slots=True)
class Message:
    """What a worker has taken to send. `sequence` counts the messages of its appointment, `attempt` those of it, both
    from 1; nobody else has it before `leased_until`."""

    id: int
    appointment_id: int
    appointment_key: str
    sequence: int
    attempt: int
    body: bytes
    leased_until: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one attempt; a message still `PENDING` is tried again.

    `answer` is fit to be shown and logged. `wait`: milliseconds the platform asked for. `outage`: nobody was there, so
    that the next success of any message is a reason to try again at once.
    """

    state: DeliveryState
    answer: str
    wait: int | None = None
    outage: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """An attempt with its verdict, to be written down; `next_attempt_at` is absent when the message is settled."""

    message: Message
    verdict: Verdict
    next_attempt_at: int | None


# --- errors ----------------------------------------------------------------------------------------------------------


class AppointmentError(SasError):
    """Root of what can be refused of an appointment. No sentence names the patient."""


class SlotTakenError(AppointmentError):
    """Somebody was faster, or the slot is no longer offered."""

    def __init__(self) -> None:
        super().__init__(
            Text(
                "Ce créneau vient d’être pris ou n’est plus proposé : choisissez-en un autre.",
                "This slot has just been taken or is no longer offered: choose another one.",
            )
        )


class NotEntitledError(AppointmentError):
    """Nobody has this account, or it was deactivated."""

    def __init__(self) -> None:
        super().__init__(
            Text(
                "Ce compte de régulateur n’est pas ou plus actif : il ne peut pas réserver.",
                "This regulator's account is not, or no longer, active: it cannot book.",
            )
        )


class UnknownAppointmentError(AppointmentError):
    def __init__(self) -> None:
        super().__init__(Text("Ce rendez-vous n’existe pas.", "This appointment does not exist."))


class TransitionError(AppointmentError):
    """The appointment is not in a state from which this can be done."""

    def __init__(self, status: AppointmentStatus) -> None:
        super().__init__(
            Text(
                "Impossible : le rendez-vous est maintenant à l’état « {s} ».",
                "Not possible: the appointment is now '{s}'.",
            ).format(s=status)
        )


class InvalidPatientError(AppointmentError):
    """`fields` names what to correct on the form, each with its sentence."""

    def __init__(self, fields: dict[str, Text]) -> None:
        super().__init__(
            Text("Des informations du patient sont à corriger.", "Some of the patient's details are to be corrected.")
        )
        self.fields = fields


class InvalidPractitionerError(AppointmentError):
    """Who is said to see the patient has no such national id."""

    def __init__(self) -> None:
        super().__init__(
            Text(
                "Médecin : attendu un numéro RPPS (11 chiffres) ou ADELI (9 caractères), ou rien.",
                "Doctor: expected an RPPS number (11 digits) or an ADELI one (9 characters), or nothing.",
            )
        )


class UnknownDeliveryError(AppointmentError):
    def __init__(self) -> None:
        super().__init__(Text("Ce message n’existe pas.", "This message does not exist."))
