"""What an agenda is made of. Instants are whole milliseconds since the epoch, ids are the editor's own numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from sas_kernel.errors import SasError
from sas_kernel.identifiers import PractitionerIdKind, StructureIds
from sas_kernel.text import Text


class SlotType(StrEnum):
    """Who may see a slot (TRE_R314). Combinable."""

    PUBLIC = "PUBLIC"
    PRO = "PRO"
    SNP = "SNP"
    CPTS = "CPTS"


class SlotStatus(StrEnum):
    FREE = "free"
    BUSY = "busy"
    ABSENCE = "busy-unavailable"


class ConsultationType(StrEnum):
    AMB = "AMB"
    VR = "VR"
    HH = "HH"


class AppointmentType(StrEnum):
    ROUTINE = "ROUTINE"
    WALKIN = "WALKIN"


@dataclass(frozen=True, slots=True)
class Specialty:
    """A TRE_R38 code, or its plain name where there is none."""

    code: str | None
    label: str | None


@dataclass(frozen=True, slots=True)
class PractitionerDetails:
    """`stored_id` as the editor keeps it, with or without the national prefix."""

    kind: PractitionerIdKind
    stored_id: str
    family: str
    given: str
    prefix: str | None = None
    specialty: Specialty | None = None
    opposed: bool = False


@dataclass(frozen=True, slots=True)
class Practitioner:
    id: int
    details: PractitionerDetails


@dataclass(frozen=True, slots=True)
class PlaceDetails:
    """`phone` as somebody typed it, `structure` ids without national prefix."""

    name: str
    line: str
    city: str
    postal_code: str
    phone: str | None
    structure: StructureIds


@dataclass(frozen=True, slots=True)
class Place:
    id: int
    details: PlaceDetails


@dataclass(frozen=True, slots=True)
class Schedule:
    """What one practitioner does at one place. `booking_query` follows the address of its page, `?` included."""

    id: int
    practitioner: Practitioner
    place: Place
    booking_query: str


@dataclass(frozen=True, slots=True)
class SlotDetails:
    """`communities`: the CPTS that a slot of type CPTS is shown to, by number."""

    start: int
    end: int
    slot_types: tuple[SlotType, ...]
    consultation_types: tuple[ConsultationType, ...]
    appointment_type: AppointmentType = AppointmentType.ROUTINE
    reasons: tuple[str, ...] = ()
    specialties: tuple[Specialty, ...] = ()
    status: SlotStatus = SlotStatus.FREE
    own_patients_only: bool = False
    communities: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Slot:
    id: int
    schedule_id: int
    details: SlotDetails


@dataclass(frozen=True, slots=True)
class PlaceDraft:
    """One of a practitioner's agendas to be; drafts with the same `place_key` share the place."""

    place_key: str
    place: PlaceDetails
    slots: tuple[SlotDetails, ...]
    booking_query: str = "?vue=semaine"


@dataclass(frozen=True, slots=True)
class AgendaDraft:
    """A practitioner with all his agendas, to be added at once."""

    practitioner: PractitionerDetails
    places: tuple[PlaceDraft, ...]


class PublishedAgenda(NamedTuple):
    """What may leave of one practitioner's agendas, rendered.

    `starts`, `owners` and `fragments` run in parallel, by start; an owner is a position in `schedules`, whose elements
    are the fragments of a Schedule and of its PractitionerRole. `version` is the one read before the slots were.
    `communities` runs along them in an INT_R04 answer, with the CPTS of each slot; otherwise it is empty.
    A named tuple, since each search makes 25 and a frozen dataclass takes three times as long.
    """

    practitioner_id: int
    version: int
    practitioner: bytes
    schedules: tuple[tuple[bytes, bytes], ...]
    starts: list[int]
    owners: list[int]
    fragments: list[bytes]
    communities: Sequence[tuple[int, ...]] = ()


# --- errors ----------------------------------------------------------------------------------------------------------


class AgendaError(SasError):
    """Root of what can go wrong with agendas."""


class AgendaUnavailableError(AgendaError):
    """The database does not answer."""

    def __init__(self) -> None:
        super().__init__(
            Text(
                "L’agenda est momentanément indisponible : sa base de données ne répond pas. Réessayez plus tard.",
                "The agenda is unavailable for now: its database does not answer. Try again later.",
            )
        )


class UnknownPractitionerError(AgendaError):
    def __init__(self, practitioner_id: int) -> None:
        super().__init__(
            Text("Professionnel {id} inconnu.", "Practitioner {id} is unknown.").format(id=practitioner_id)
        )


class UnknownPlaceError(AgendaError):
    def __init__(self, place_id: int) -> None:
        super().__init__(Text("Lieu {id} inconnu.", "Place {id} is unknown.").format(id=place_id))


class UnknownScheduleError(AgendaError):
    def __init__(self, schedule_id: int) -> None:
        super().__init__(Text("Agenda {id} inconnu.", "Agenda {id} is unknown.").format(id=schedule_id))


class UnknownSlotError(AgendaError):
    def __init__(self, slot_id: int) -> None:
        super().__init__(Text("Créneau {id} inconnu.", "Slot {id} is unknown.").format(id=slot_id))


class SlotNotInStateError(AgendaError):
    """A change that starts from one state found another: somebody was faster."""

    def __init__(self, slot_id: int, expected: SlotStatus) -> None:
        super().__init__(
            Text(
                "Le créneau {id} n’est plus à l’état {state} : relisez l’agenda.",
                "Slot {id} is no longer {state}: read the agenda again.",
            ).format(id=slot_id, state=expected)
        )


class InvalidSlotError(AgendaError):
    def __init__(self) -> None:
        super().__init__(
            Text(
                "Un créneau doit commencer avant de finir et avoir au moins un type de consultation.",
                "A slot must start before it ends and have at least one consultation type.",
            )
        )


class DuplicateError(AgendaError):
    def __init__(self) -> None:
        super().__init__(
            Text(
                "Un professionnel porte déjà cet identifiant, ou a déjà un agenda à ce lieu.",
                "A practitioner already has this identifier, or already has an agenda at this place.",
            )
        )
