"""What the regulator's page shows, ready to print: no template decides anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class DirectoryPlace:
    name: str
    line: str
    postal_code: str
    city: str
    phone: str


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """A practitioner as a public directory prints them. Whether one opposes transmission is an editor's secret."""

    national_id: str
    family: str
    given: str
    prefix: str
    specialty_code: str | None
    specialty: str
    places: tuple[DirectoryPlace, ...]


@dataclass(frozen=True, slots=True)
class DirectoryAssociation:
    """A SOS Médecins association with its sites. `national_id` is its prefixed SIRET."""

    national_id: str
    name: str
    phone: str
    places: tuple[DirectoryPlace, ...]


@dataclass(frozen=True, slots=True)
class Directory:
    """Entries by national id, in the order of names. `specialties` are (value, label) pairs, by label."""

    territory: str
    entries: Mapping[str, DirectoryEntry]
    specialties: tuple[tuple[str, str], ...]
    cities: tuple[str, ...]
    associations: Mapping[str, DirectoryAssociation] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SearchForm:
    """What the regulator filled in. Ids win over the directory's criteria."""

    ids: str = ""
    specialty: str = ""
    where: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.ids.strip() or self.specialty.strip() or self.where.strip())


@dataclass(frozen=True, slots=True)
class Day:
    date: date
    name: str
    detail: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A consultation type: C, T or D for the eye, a word for the ear."""

    code: str
    letter: str
    label: str


@dataclass(frozen=True, slots=True)
class SlotCell:
    """One slot. `href` is absent for a slot that cannot be booked (`walkin`) or that came without a usable URL.

    `cpts` names those that show it.
    """

    key: str
    time: str
    instant: str
    kinds: tuple[Kind, ...]
    walkin: bool
    href: str | None
    editor: str
    note: str
    cpts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CptsLine:
    """A CPTS that shows a slot of the card, and where to call it."""

    name: str
    phone: str
    phone_href: str


@dataclass(frozen=True, slots=True)
class DayColumn:
    day: Day
    first: tuple[SlotCell, ...]
    more: tuple[SlotCell, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """One practitioner at one place, or one site of a SOS Médecins association (`sos`).

    Cards go by `order`, a text that sorts by earliest slot.
    """

    key: str
    order: str
    name: str
    specialty: str
    place: str
    address: str
    phone: str
    phone_href: str
    columns: tuple[DayColumn, ...]
    cpts: tuple[CptsLine, ...] = ()
    sos: bool = False


@dataclass(frozen=True, slots=True)
class EditorLine:
    """`tone` is a badge of the style sheet; `notes` say what failed or was left out."""

    name: str
    tone: str
    state: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoSlotLine:
    name: str
    specialty: str
    places: tuple[tuple[str, str, str], ...]  # address, phone, phone_href


@dataclass(frozen=True, slots=True)
class Update:
    """What changed on the page: the cards to put in, and everything else whole."""

    status: str
    editors: tuple[EditorLine, ...]
    cards: tuple[Card, ...]
    done: bool
    without_slots: tuple[NoSlotLine, ...] = ()
    nothing_found: str = ""


# --- appointments ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HappeningLine:
    """One message of an editor: when it came, what it did. `odd` says what is unusual about it, else empty."""

    when: str
    instant: str
    what: str
    odd: str


@dataclass(frozen=True, slots=True)
class AppointmentLine:
    """`headline` is what is read aloud: `RDV pris, 14:20, Dr …`. `tone` is a badge of the style sheet."""

    key: str
    status: str
    state: str
    tone: str
    headline: str
    day: str
    hours: str
    instant: str
    practitioner: str
    specialty: str
    happenings: tuple[HappeningLine, ...]


@dataclass(frozen=True, slots=True)
class StateFilter:
    """A link that shows the appointments in one state, or all of them; `current` is the one that is shown."""

    value: str
    label: str
    count: int
    current: bool


@dataclass(frozen=True, slots=True)
class Told:
    """What an open page is told of one appointment; `number` is where it goes on after an interruption."""

    number: int
    line: AppointmentLine
    filters: tuple[StateFilter, ...]
