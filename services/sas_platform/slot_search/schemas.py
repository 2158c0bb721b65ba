"""Bodies of the search API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from sas_kernel.text import Text
from sas_platform.editors.model import Search
from sas_platform.slot_search.model import (
    Association,
    Availability,
    EditorReport,
    EditorStatus,
    Ignored,
    InvalidSearchError,
    LotReport,
    Place,
    Plan,
    Practitioner,
    SearchQuery,
    SearchResult,
    Site,
    Slot,
)
from sas_platform.slot_search.question.rules import association_id, practitioner_id


class PractitionerIds(msgspec.Struct, forbid_unknown_fields=True):
    """One practitioner by a directory's columns, prefixed or not; the RPPS wins over the ADELI."""

    rpps: str | None = None
    adeli: str | None = None


class SearchBody(msgspec.Struct, forbid_unknown_fields=True):
    """Whom to look for, and when: from now and for 72 hours unless said. Without an offset, times are Europe/Paris.

    `cpts`: also the slots that a CPTS shows, with its name. `sos`: SIRET of SOS Médecins associations, with or without
    their prefix. Each search goes to the editors whose register entry names it.
    """

    practitioners: list[str | PractitionerIds] = []
    start: datetime | None = None
    end: datetime | None = None
    cpts: bool = False
    sos: list[str] = []

    def to_query(self) -> SearchQuery:
        return SearchQuery(
            tuple(_id(p) for p in self.practitioners),
            self.start,
            self.end,
            self.cpts,
            tuple(association_id(siret) for siret in self.sos),
        )


class WindowView(msgspec.Struct):
    start: datetime
    end: datetime


class PlaceView(msgspec.Struct):
    structure_id: str | None
    name: str
    line: str
    postal_code: str
    city: str
    phone: str


class AvailabilityView(msgspec.Struct):
    """The slots of one practitioner at one place, by time."""

    practitioner: Practitioner
    place: PlaceView
    slots: list[Slot]


class SiteView(msgspec.Struct):
    """The slots of one site of a SOS Médecins association, by time; no practitioner is known before he confirms."""

    association: Association
    place: PlaceView
    slots: list[Slot]


class LotView(msgspec.Struct):
    """`asked_again`: refused as INT_R04 (cpts), then asked by INT_R01 (practitioners), which has its own line."""

    search: Search
    lot: int
    status: EditorStatus
    elapsed_ms: int
    http_status: int | None
    slots: int
    ignored: Mapping[Ignored, int]
    issue: str | None
    explanation: Text | None
    asked_again: bool


class SearchView(msgspec.Struct):
    """How one editor fared over all requests of one search; its status is the worst of theirs."""

    search: Search
    status: EditorStatus
    elapsed_ms: int
    slots: int
    ignored: Mapping[Ignored, int]
    issue: str | None
    explanation: Text | None
    asked_again: bool


class EditorOutcome(msgspec.Struct):
    """How one editor fared, over all and search by search; a status is the worst of the requests'.

    `issue` is its text, `explanation` the platform's, `ignored` what was left out.
    """

    id: str
    name: str
    status: EditorStatus
    elapsed_ms: int
    slots: int
    ignored: Mapping[Ignored, int]
    issue: str | None
    explanation: Text | None
    lots: list[LotView]
    searches: list[SearchView]


class SearchAnswer(msgspec.Struct):
    searched_at: datetime
    window: WindowView
    practitioners: int
    associations: int
    elapsed_ms: int
    availabilities: list[AvailabilityView]
    sites: list[SiteView]
    editors: list[EditorOutcome]


class AskedEditor(msgspec.Struct):
    id: str
    name: str


class PlannedEvent(msgspec.Struct):
    """First event of a stream, `plan`: what is being asked. `requests` counts those of all searches, to all editors."""

    searched_at: datetime
    window: WindowView
    practitioners: int
    associations: int
    lots: int
    requests: int
    editors: list[AskedEditor]


class LotEvent(msgspec.Struct):
    """One request answered or given up, `lot`: the slots of this request alone."""

    editor: AskedEditor
    report: LotView
    availabilities: list[AvailabilityView]
    sites: list[SiteView]


class DoneEvent(msgspec.Struct):
    """Last event, `done`: nothing more will come."""

    editors: list[EditorOutcome]


def answer(result: SearchResult) -> SearchAnswer:
    return SearchAnswer(
        searched_at=result.searched_at,
        window=WindowView(result.window.start, result.window.end),
        practitioners=result.practitioners,
        associations=result.associations,
        elapsed_ms=result.elapsed_ms,
        availabilities=availabilities(result.availabilities),
        sites=sites(result.sites),
        editors=editors(result.editors),
    )


def pieces(result: SearchResult) -> Iterator[bytes]:
    """The JSON of `answer`, piece by piece; each group of slots is let go of once it is written."""
    whole = answer(result)
    del result
    groups, whole.availabilities = whole.availabilities[::-1], []
    # What stands before this member is written by us alone: it is the first of that name.
    before, empty, after = msgspec.json.encode(whole).partition(b'"availabilities":[]')
    yield before + empty[:-1]
    while groups:
        yield msgspec.json.encode(groups.pop()) + (b"," if groups else b"")
    yield b"]" + after


def planned(plan: Plan) -> PlannedEvent:
    return PlannedEvent(
        searched_at=plan.now,
        window=WindowView(plan.window.start, plan.window.end),
        practitioners=len(plan.practitioners),
        associations=len(plan.associations),
        lots=len(plan.lots),
        requests=len(plan.requests),
        editors=[AskedEditor(editor.id, editor.name) for editor in plan.editors],
    )


def availabilities(found: Sequence[Availability]) -> list[AvailabilityView]:
    return [AvailabilityView(each.practitioner, _place(each.place), each.slots) for each in found]


def sites(found: Sequence[Site]) -> list[SiteView]:
    return [SiteView(each.association, _place(each.place), each.slots) for each in found]


def _place(place: Place) -> PlaceView:
    return PlaceView(place.structure_id, place.name, place.line, place.postal_code, place.city, place.phone)


def editors(reports: Sequence[EditorReport]) -> list[EditorOutcome]:
    return [
        EditorOutcome(
            report.id,
            report.name,
            report.status,
            report.elapsed_ms,
            report.slots,
            report.ignored,
            report.issue,
            report.explanation,
            [lot(each) for each in report.lots],
            [
                SearchView(
                    each.search,
                    each.status,
                    each.elapsed_ms,
                    each.slots,
                    each.ignored,
                    each.issue,
                    each.explanation,
                    each.asked_again,
                )
                for each in report.searches
            ],
        )
        for report in reports
    ]


def lot(report: LotReport) -> LotView:
    return LotView(
        report.search,
        report.lot,
        report.status,
        report.elapsed_ms,
        report.http_status,
        report.slots,
        report.ignored,
        report.issue,
        report.explanation,
        report.asked_again,
    )


def instant(name: str, value: str | None) -> datetime | None:
    """A date-time of a query string; a `+` that form decoding turned into a blank is put back."""
    if value is None or not value.strip():
        return None
    try:
        return msgspec.convert(value.strip().replace(" ", "+"), datetime)
    except msgspec.ValidationError as error:
        raise InvalidSearchError(
            Text(
                "« {name} » n’est pas une date et heure (attendu 2031-03-10T08:00:00+01:00).",
                "'{name}' is not a date and time (expected 2031-03-10T08:00:00+01:00).",
            ).format(name=name)
        ) from error


def _id(asked: str | PractitionerIds) -> str:
    if isinstance(asked, str):
        return practitioner_id(asked)
    value = asked.rpps or asked.adeli
    if not value:
        raise InvalidSearchError(
            Text("Un professionnel n’a ni rpps ni adeli.", "A practitioner has neither rpps nor adeli.")
        )
    return practitioner_id(value)
