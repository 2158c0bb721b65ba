"""What a search asks, which slots of an answer are usable, and how answers are merged. Pure: `now` is an argument."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

from sas_kernel.clock import PARIS
from sas_kernel.contracts import ServiceLevel
from sas_kernel.errors import InvalidValueError
from sas_kernel.identifiers import (
    PRACTITIONER_SYSTEM,
    PractitionerIdKind,
    is_national_practitioner_id,
    masked,
    national_practitioner_id,
)
from sas_kernel.text import Text
from sas_kernel.time_window import Window
from sas_platform.editors.model import Editor
from sas_platform.slot_search.model import (
    Agenda,
    Answer,
    Availability,
    Bounds,
    EditorReport,
    EditorStatus,
    Ignored,
    InvalidSearchError,
    Lot,
    LotReport,
    LotRequest,
    Plan,
    SearchQuery,
    Slot,
)

MAX_URL = 2000  # longer addresses do not survive every browser and proxy on the way


def bounds(
    levels: dict[str, ServiceLevel],
    *,
    max_practitioners: int,
    connect: float | None = None,
    answer: float | None = None,
    answer_size: int | None = None,
) -> Bounds:
    """The bounds the contracts promise, save those an operator lowers or raises on purpose."""
    return Bounds(
        lot_size=int(levels["slot_search.practitioners_per_request"].value),
        horizon=timedelta(hours=levels["slot_search.horizon"].value),
        connect=levels["slot_search.connect_timeout"].value if connect is None else connect,
        answer=levels["slot_search.answer_timeout"].value if answer is None else answer,
        answer_size=int(levels["slot_search.answer_size"].value) if answer_size is None else answer_size,
        max_practitioners=max_practitioners,
    )


# --- the question ----------------------------------------------------------------------------------------------------


def practitioner_id(value: str) -> str:
    """The prefixed national id of what a caller wrote: prefixed, a bare RPPS (11 digits) or a bare ADELI (9).

    Raises `InvalidSearchError`; the sentence masks the value, for it may end in a log.
    """
    compact = re.sub(r"\s", "", value).upper()
    if is_national_practitioner_id(compact):
        return compact
    for kind in PractitionerIdKind:
        try:
            return national_practitioner_id(compact, kind)
        except InvalidValueError:
            continue
    raise InvalidSearchError(
        Text(
            "« {value} » n’est pas un identifiant national : attendu un RPPS (11 chiffres) ou un ADELI (9 caractères), "
            "avec ou sans préfixe 8 ou 0.",
            "'{value}' is not a national identifier: expected an RPPS (11 digits) or an ADELI (9 characters), "
            "with or without the prefix 8 or 0.",
        ).format(value=masked(compact[:40]))
    )


def window(query: SearchQuery, now: datetime, horizon: timedelta) -> Window:
    """The window to ask: from now at the earliest, to `horizon` ahead at the latest (ANS-CONV-001, art. 3.1).

    A start already past is brought to now, for callers' clocks differ; an end beyond the horizon is refused, for
    shortening it in silence would look like an absence of slots.
    """
    latest = now + horizon
    start = max(_instant(query.start), now) if query.start else now
    end = _instant(query.end) if query.end else latest
    if end > latest:
        raise InvalidSearchError(
            Text(
                "La fenêtre va au-delà de {hours} heures : la plateforme ne demande que les disponibilités des "
                "{hours} prochaines heures (convention ANS-CONV-001, art. 3.1). Fin au plus tard : {latest}.",
                "The window goes beyond {hours} hours: the platform only asks for the availabilities of the next "
                "{hours} hours (agreement ANS-CONV-001, art. 3.1). Latest end: {latest}.",
            ).format(hours=round(horizon / timedelta(hours=1)), latest=wire_instant(latest))
        )
    if end <= start:
        raise InvalidSearchError(
            Text(
                "La fenêtre est vide : sa fin doit être postérieure à son début et à l’instant présent.",
                "The window is empty: its end must come after its start and after the present instant.",
            )
        )
    return Window(start, end)


def _instant(value: datetime) -> datetime:
    """Without an offset, a time is Europe/Paris wall time, as everywhere in these interfaces."""
    return value.replace(tzinfo=PARIS) if value.tzinfo is None else value


def plan(query: SearchQuery, editors: Sequence[Editor], now: datetime, bounds: Bounds) -> Plan:
    """Who is asked what: ids once each, in lots of at most `bounds.lot_size`, every lot to every editor."""
    practitioners = tuple(dict.fromkeys(query.practitioners))
    if not practitioners:
        raise InvalidSearchError(
            Text(
                "Aucun professionnel demandé : donnez au moins un identifiant national.",
                "No practitioner asked: give at least one national identifier.",
            )
        )
    if len(practitioners) > bounds.max_practitioners:
        raise InvalidSearchError(
            Text(
                "{n} professionnels demandés : au plus {most} par recherche.",
                "{n} practitioners asked: at most {most} in one search.",
            ).format(n=len(practitioners), most=bounds.max_practitioners)
        )
    asked = window(query, now, bounds.horizon)
    lots = tuple(
        Lot(number, practitioners[at : at + bounds.lot_size])
        for number, at in enumerate(range(0, len(practitioners), bounds.lot_size), start=1)
    )
    requests = tuple(
        LotRequest(editor, lot, asked, request_target(editor.base_url, lot, asked))
        for lot in lots
        for editor in editors
    )
    return Plan(now, asked, lots, tuple(editors), requests)


def request_target(base_url: str, lot: Lot, asked: Window) -> str:
    """Path and query of INT_R01 (SAS implementation guide, slot search), byte for byte.

    `:` and `,` go raw, `|` and `+` encoded: the spelling every decoder reads the same way, `+` above all.
    """
    identifiers = ",".join(f"{PRACTITIONER_SYSTEM}%7C{quote(p, safe='')}" for p in lot.practitioners)
    return (
        f"{urlsplit(base_url).path}/Slot?_include=Slot:schedule&_include:iterate=Schedule:actor"
        f"&start=ge{_query_instant(asked.start)}&start=le{_query_instant(asked.end)}"
        f"&schedule.actor:Practitioner.identifier={identifiers}&status=free"
    )


def wire_instant(instant: datetime) -> str:
    """`2031-03-10T08:00:00.000+01:00`: milliseconds and the offset of Europe/Paris."""
    return instant.astimezone(PARIS).isoformat(timespec="milliseconds")


def _query_instant(instant: datetime) -> str:
    return wire_instant(instant).replace("+", "%2B")


# --- judging an answer -----------------------------------------------------------------------------------------------


def with_origin(url: str, origin: str) -> str | None:
    """The URL with `origin=…` in its query, before any fragment; an origin already there is replaced.

    None when the URL is not absolute http(s): what an editor sends never becomes another kind of link.
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not host or len(url) > MAX_URL:
        return None
    if not url.isprintable() or re.search(r"[\s\"<>\\^`{|}]", url):
        return None
    kept = "&".join(pair for pair in parts.query.split("&") if pair and not re.match(r"origin(=|$)", pair))
    query = f"{kept}&origin={quote(origin, safe='')}" if kept else f"origin={quote(origin, safe='')}"
    return parts._replace(query=query).geturl()


def usable(
    answer: Answer, request: LotRequest, now: datetime, origin: str
) -> tuple[list[Availability], Counter[Ignored]]:
    """The slots of an answer that may be shown, by practitioner and place, and how many were left out, by reason.

    In the editor's order: sorting is merging's, once for all answers.
    """
    asked = frozenset(request.lot.practitioners)
    editor = request.editor.id
    start, end = request.window.start.astimezone(UTC), request.window.end.astimezone(UTC)
    ignored: Counter[Ignored] = Counter()
    if answer.unreadable:
        ignored[Ignored.UNREADABLE] = answer.unreadable
    seen: set[str] = set()
    urls: dict[str, str | None] = {}
    groups: dict[tuple[str, str], Availability] = {}
    agendas = {reference: _judged(agenda, asked, groups) for reference, agenda in answer.agendas.items()}
    for offered, resource in zip(answer.slots, answer.resources, strict=True):
        judged = agendas[offered.schedule.reference]
        at = offered.start
        if offered.status != "free":
            ignored[Ignored.NOT_FREE] += 1
            continue
        if isinstance(judged, Ignored):
            ignored[judged] += 1
            continue
        if at is None or at.tzinfo is None:
            ignored[Ignored.NO_OFFSET] += 1
            continue
        try:
            at = at.astimezone(UTC)  # once: comparing and sorting instants of different offsets costs ten times as much
        except OverflowError:  # an offset beyond the calendar's ends
            ignored[Ignored.OUTSIDE_WINDOW] += 1
            continue
        if not start <= at <= end:
            ignored[Ignored.PAST if at < now else Ignored.OUTSIDE_WINDOW] += 1
        elif offered.id in seen:
            ignored[Ignored.DUPLICATE] += 1
        else:
            seen.add(offered.id)
            comment = offered.comment
            if comment not in urls:
                urls[comment] = with_origin(comment, origin)
            judged.slots.append(Slot(editor, offered.id, at, urls[comment], resource))
    return [group for group in groups.values() if group.slots], ignored


def _judged(
    agenda: Agenda, asked: frozenset[str], groups: dict[tuple[str, str], Availability]
) -> Availability | Ignored:
    """Where the slots of an agenda go, or why none of them may be shown."""
    if agenda.practitioner is None:
        return Ignored.NO_PRACTITIONER
    if agenda.practitioner.national_id not in asked:
        return Ignored.NOT_ASKED
    if agenda.place is None:
        return Ignored.NO_PLACE
    key = (agenda.practitioner.national_id, agenda.place.key)
    return groups.setdefault(key, Availability(agenda.practitioner, agenda.place, []))


# --- merging ---------------------------------------------------------------------------------------------------------


class Merge:
    """Availabilities of several answers, brought together as they come.

    One practitioner at one place is one availability whichever editors offer it. An editor that repeats a slot it
    already gave (in another lot) adds nothing.
    """

    __slots__ = ("_groups", "_people", "_seen", "slots")

    def __init__(self) -> None:
        self.slots = 0
        self._groups: dict[tuple[str, str], Availability] = {}
        self._people: set[str] = set()
        self._seen: dict[str, set[str]] = {}

    @property
    def practitioners(self) -> int:
        """How many practitioners have a slot."""
        return len(self._people)

    def has(self, national_id: str) -> bool:
        return national_id in self._people

    def add(self, editor: str, offered: Iterable[Availability]) -> list[tuple[str, str]]:
        """Take one answer of an editor in; return the keys of the availabilities it changed."""
        changed = []
        seen = self._seen.setdefault(editor, set())
        for availability in offered:
            ids = {slot.id for slot in availability.slots}
            if len(ids) == len(availability.slots) and seen.isdisjoint(ids):
                fresh = list(availability.slots)
            else:
                first = {slot.id: slot for slot in reversed(availability.slots) if slot.id not in seen}
                fresh = list(first.values())
            if not fresh:
                continue
            seen |= ids
            key = (availability.practitioner.national_id, availability.place.key)
            known = self._groups.get(key)
            if known is None:
                self._groups[key] = Availability(availability.practitioner, availability.place, fresh)
                self._people.add(key[0])
            else:
                known.slots.extend(fresh)
            self.slots += len(fresh)
            changed.append(key)
        return changed

    def availability(self, key: tuple[str, str]) -> Availability:
        """One of them as it is now, by time."""
        group = self._groups[key]
        group.slots.sort(key=_by_time)
        return group

    def availabilities(self) -> list[Availability]:
        """All of them, each by time, the one with the earliest slot first."""
        return sorted((self.availability(key) for key in self._groups), key=_earliest_first)


def merge(answers: Iterable[tuple[str, Iterable[Availability]]]) -> list[Availability]:
    """Everything that editors (by id) answered, without doubles, by practitioner and place, sorted by time."""
    merged = Merge()
    for editor, answer in answers:
        merged.add(editor, answer)
    return merged.availabilities()


def _by_time(slot: Slot) -> tuple[datetime, str, str]:
    return slot.start, slot.editor, slot.id


def _earliest_first(availability: Availability) -> tuple[datetime, str, str, str]:
    who = availability.practitioner
    return availability.slots[0].start, who.family, who.national_id, availability.place.key


# --- reporting -------------------------------------------------------------------------------------------------------

_WORST_LAST = {status: rank for rank, status in enumerate(EditorStatus)}


def editor_report(editor: Editor, lots: Sequence[LotReport]) -> EditorReport:
    """One editor's lots as one line: its worst status and that lot's words, its slowest time, all its slots."""
    ignored: Counter[Ignored] = Counter()
    for lot in lots:
        ignored.update(lot.ignored)
    worst = max(lots, key=lambda lot: _WORST_LAST[lot.status])
    return EditorReport(
        id=editor.id,
        name=editor.name,
        status=worst.status,
        elapsed_ms=max(lot.elapsed_ms for lot in lots),
        slots=sum(lot.slots for lot in lots),
        ignored=dict(ignored),
        issue=worst.issue,
        explanation=worst.explanation,
        lots=tuple(sorted(lots, key=lambda lot: lot.lot)),
    )
