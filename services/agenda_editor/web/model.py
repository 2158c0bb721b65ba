"""What pages show, ready to print."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Viewer(StrEnum):
    """Who looks at an agenda: a regulator may book, the staff see everything, others see what anybody may."""

    REGULATOR = "regulator"
    STAFF = "staff"
    OTHER = "other"


class SlotState(StrEnum):
    BOOKABLE = "bookable"
    FREE = "free"
    TAKEN = "taken"
    WALK_IN = "walk-in"


@dataclass(frozen=True, slots=True)
class SlotLine:
    """`name` is that of URLs, `chosen` the one that the visitor came for, `communities` the names of CPTS."""

    name: str
    state: SlotState
    time: str
    until: str
    instant: str
    kinds: tuple[str, ...]
    reasons: tuple[str, ...]
    chosen: bool
    communities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Day:
    name: str
    slots: tuple[SlotLine, ...]


@dataclass(frozen=True, slots=True)
class PlaceView:
    """`path` is that of its page; of an association, `practitioner` is its name."""

    path: str
    practitioner: str
    specialty: str
    place: str
    address: str
    phone: str
    is_site: bool = False


@dataclass(frozen=True, slots=True)
class AgendaView:
    """`others`: the practitioner's other agendas, with how many slots each offers; `communities`: the CPTS whose slots
    are shown."""

    head: PlaceView
    days: tuple[Day, ...]
    chosen: SlotLine | None
    others: tuple[tuple[PlaceView, int], ...]
    communities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SlotView:
    """One slot by itself: when and for what."""

    day: str
    line: SlotLine


@dataclass(frozen=True, slots=True)
class AppointmentView:
    """`tone` is a class of the style sheet. `is_sos`: at an association, `doctor` being the id of who sees the patient,
    if known."""

    key: str
    status: str
    label: str
    tone: str
    when: str
    instant: str
    practitioner: str
    place: str
    is_sos: bool = False
    doctor: str = ""


@dataclass(frozen=True, slots=True)
class PatientForm:
    """A booking form as it was sent, right or wrong."""

    family: str = ""
    given: str = ""
    birth_date: str = ""
    phone: str = ""
    reason: str = ""

    def __repr__(self) -> str:
        return "PatientForm(…)"  # a patient's data are in no log


@dataclass(frozen=True, slots=True)
class DeliveryView:
    id: int
    key: str
    label: str
    created: str
    attempts: int
    last: str
    next: str
    answer: str
