"""The words of a slot search, from the question to the merged answer.

What a search holds by the thousand (slots) is a `msgspec.Struct` outside the garbage collector's sight: twenty editors
answering a megabyte each would otherwise spend a third of their time in collections that find nothing.
Nothing here outlives its request (agreement ANS-CONV-001, article 9.2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from sas_kernel.errors import SasError
from sas_kernel.text import Text
from sas_kernel.time_window import Window
from sas_platform.editors.model import Editor, Search


class InvalidSearchError(SasError):
    """The search cannot be made; the sentence says what to correct."""


class SearchOverloadedError(SasError):
    """The platform holds as many answers as it may; the search can be made again later."""

    def __init__(self) -> None:
        super().__init__(
            Text(
                "La plateforme tient déjà autant de réponses d’éditeurs qu’elle le peut. Réessayez dans un instant.",
                "The platform already holds as many answers of editors as it can. Try again in a moment.",
            )
        )


class InvalidAnswerError(SasError):
    """What an editor answered is not a search result."""


# --- the question ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """Prefixed national ids, and a window whose bounds may be left to the platform.

    `cpts`: also the slots that a CPTS shows (INT_R04). `associations`: SIRET of SOS Médecins associations.
    """

    practitioners: tuple[str, ...]
    start: datetime | None = None
    end: datetime | None = None
    cpts: bool = False
    associations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a search may cost. `lot_size` ids a request; `horizon` ahead of now; seconds; bytes of one answer.

    The `…association…` bounds are those of the SOS search.
    """

    lot_size: int
    horizon: timedelta
    connect: float
    answer: float
    answer_size: int
    max_practitioners: int
    association_lot_size: int
    max_associations: int

    @property
    def whole(self) -> float:
        """Seconds for a search: those an editor has, and as much again as reaching the slowest may take of the 5 %
        that a search may take longer; the rest of them is for merging, of twenty searches that end at once as well."""
        return self.answer * 1.02


@dataclass(frozen=True, slots=True)
class Lot:
    """The ids asked in one request: of practitioners, or of SOS Médecins associations. `number` counts from 1."""

    number: int
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LotRequest:
    """One request to one editor. `target` is what goes on the request line, to the letter."""

    editor: Editor
    search: Search
    lot: Lot
    window: Window
    target: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a search will ask, decided before the first byte leaves.

    `lots` are those of the practitioners; `editors` are those who are asked; `awaited` is the number of requests that
    each of them, by its id, is to answer.
    """

    now: datetime
    window: Window
    lots: tuple[Lot, ...]
    associations: tuple[str, ...]
    editors: tuple[Editor, ...]
    requests: tuple[LotRequest, ...]
    awaited: Mapping[str, int]

    @property
    def practitioners(self) -> tuple[str, ...]:
        return tuple(p for lot in self.lots for p in lot.ids)


# --- what an editor offers -------------------------------------------------------------------------------------------


class ConsultationType(StrEnum):
    """v3-ActCode, as the profile binds it. The letter is the one regulators know from the national platform."""

    AMB = "AMB"
    VR = "VR"
    HH = "HH"

    @property
    def letter(self) -> str:
        return {"AMB": "C", "VR": "T", "HH": "D"}[self.value]


class Booking(StrEnum):
    """HL7 v2-0276: whether a slot is booked beforehand."""

    ROUTINE = "ROUTINE"
    WALKIN = "WALKIN"


class Practitioner(msgspec.Struct, frozen=True, gc=False):
    """As the editor names them. `national_id` is prefixed."""

    national_id: str
    family: str = ""
    given: str = ""
    prefix: str = ""


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where a practitioner consults. `structure_id` is prefixed; `key` tells two places of a practitioner apart."""

    key: str
    structure_id: str | None = None
    name: str = ""
    line: str = ""
    postal_code: str = ""
    city: str = ""
    phone: str = ""


class Association(msgspec.Struct, frozen=True, gc=False):
    """A SOS Médecins association as the editor names it. `national_id` is its prefixed SIRET."""

    national_id: str
    name: str = ""
    phone: str = ""


class Cpts(msgspec.Struct, frozen=True, gc=False):
    """A CPTS that a slot is shown to, as the editor names it. `structure_id` is its prefixed FINESS."""

    structure_id: str | None
    name: str = ""
    phone: str = ""


class Agenda(msgspec.Struct, frozen=True, gc=False):
    """A FHIR Schedule followed to its ends: whose, and where; None where a link is broken.

    The agenda of a SOS Médecins site has an association, any other a practitioner.
    """

    practitioner: Practitioner | None
    place: Place | None
    association: Association | None = None


class Reference(msgspec.Struct, frozen=True, gc=False):
    reference: str = ""


class OfferedSlot(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """What judging a slot needs of the resource an editor sent; the wire fills it without an intermediate.

    `start` is as it was written: many slots of an answer, and of several, start at one time, which is read once.
    """

    resource_type: str = ""
    id: str = ""
    status: str = ""
    start: str | None = None
    schedule: Reference = Reference()
    comment: str = ""


class Slot(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A slot that may be shown; `start` is in UTC.

    `resource` is the editor's own FHIR Slot: well-formed JSON, not re-encoded. `booking_url` is http(s) and carries
    `origin`; None when the slot came without such a URL. `cpts` names those that show it; absent when none does.
    """

    editor: str
    id: str
    start: datetime
    booking_url: str | None
    resource: msgspec.Raw
    cpts: tuple[Cpts, ...] = ()


@dataclass(frozen=True, slots=True)
class SlotDetails:
    """What a slot says beyond its time, in codes and one-line texts; decoded for those that are shown."""

    end: datetime | None = None
    consultation_types: tuple[str, ...] = ()
    slot_types: tuple[str, ...] = ()
    booking: str | None = None
    reasons: tuple[str, ...] = ()
    specialties: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """A search result that could be read: `resources[n]` are the bytes of `slots[n]`, `agendas` goes by reference.

    `starts[n]` is in UTC; one without an offset has none, and one that UTC's calendar does not reach has its own.

    `cpts` goes by the id of a slot. `unreadable` counts the entries that could not be read; `issue` is the answer's
    own warning.
    """

    slots: list[OfferedSlot]
    resources: list[msgspec.Raw]
    starts: list[datetime]
    agendas: Mapping[str, Agenda]
    unreadable: int
    issue: str | None
    cpts: Mapping[str, tuple[Cpts, ...]]


class Ignored(StrEnum):
    """Why an offered slot is not shown."""

    NOT_ASKED = "practitioner_not_asked"
    PAST = "past"
    OUTSIDE_WINDOW = "outside_window"
    NOT_FREE = "not_free"
    NO_PLACE = "no_place"
    NO_PRACTITIONER = "no_practitioner"
    ASSOCIATION_NOT_ASKED = "association_not_asked"
    NO_ASSOCIATION = "no_association"
    NO_OFFSET = "no_offset"
    UNREADABLE = "unreadable"
    DUPLICATE = "duplicate"


class Availability(msgspec.Struct, frozen=True):
    """The slots of one practitioner at one place."""

    practitioner: Practitioner
    place: Place
    slots: list[Slot]

    @property
    def key(self) -> tuple[str, str]:
        return self.practitioner.national_id, self.place.key


class Site(msgspec.Struct, frozen=True):
    """The slots of one site of a SOS Médecins association: whoever is on duty there takes the patient."""

    association: Association
    place: Place
    slots: list[Slot]

    @property
    def key(self) -> tuple[str, str]:
        return self.association.national_id, self.place.key


Offer = Availability | Site


# --- how each editor fared -------------------------------------------------------------------------------------------


class EditorStatus(StrEnum):
    """From the best to the worst: an editor asked in several lots has the worst of its lots' statuses."""

    ANSWERED = "answered"
    REFUSED = "refused"
    INVALID = "invalid"
    TOO_LARGE = "too_large"
    CONNECTION_LOST = "connection_lost"
    TIMED_OUT = "timed_out"
    SATURATED = "saturated"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class LotReport:
    """How one request fared. `issue` is the editor's text, `explanation` ours; time runs from the request's leaving.

    `asked_again`: the editor refused INT_R04 and was then asked the same by INT_R01, which has a report of its own.
    """

    lot: int
    status: EditorStatus
    elapsed_ms: int
    http_status: int | None
    slots: int
    ignored: Mapping[Ignored, int]
    issue: str | None
    explanation: Text | None
    search: Search = Search.PRACTITIONERS
    asked_again: bool = False


@dataclass(frozen=True, slots=True)
class LotOutcome:
    """A request's report with the slots to show, by whose they are and place."""

    request: LotRequest
    report: LotReport
    offers: Sequence[Offer]


@dataclass(frozen=True, slots=True)
class SearchReport:
    """How one editor fared over all its lots of one search. `elapsed_ms` is its slowest lot's."""

    search: Search
    status: EditorStatus
    elapsed_ms: int
    slots: int
    ignored: Mapping[Ignored, int]
    issue: str | None
    explanation: Text | None
    asked_again: bool


@dataclass(frozen=True, slots=True)
class EditorReport:
    """How one editor fared over all its lots, and search by search. `elapsed_ms` is its slowest lot's."""

    id: str
    name: str
    status: EditorStatus
    elapsed_ms: int
    slots: int
    ignored: Mapping[Ignored, int]
    issue: str | None
    explanation: Text | None
    lots: tuple[LotReport, ...]
    searches: tuple[SearchReport, ...]

    @property
    def answered(self) -> int:
        """How many of the requests it was to answer have ended, well or badly."""
        return sum(not lot.asked_again for lot in self.lots)


@dataclass(frozen=True, slots=True)
class SearchResult:
    searched_at: datetime
    window: Window
    practitioners: int
    associations: int
    availabilities: list[Availability]
    sites: list[Site]
    editors: tuple[EditorReport, ...]
    elapsed_ms: int
