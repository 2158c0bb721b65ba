"""Which slots of an answer are usable, how answers are merged, and how editors fared. Pure: `now` is an argument."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from urllib.parse import quote, urlsplit

from sas_platform.editors.model import Editor, Search
from sas_platform.slot_search.model import (
    Agenda,
    Answer,
    Availability,
    EditorReport,
    EditorStatus,
    Ignored,
    LotReport,
    LotRequest,
    Offer,
    SearchReport,
    Site,
    Slot,
)

MAX_URL = 2000  # longer addresses do not survive every browser and proxy on the way


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


# What most addresses are, up to their last value: `with_origin` adds to them and changes nothing.
_PLAIN_HEAD = re.compile(
    r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}))?(?:/[\w.~-]*)+\?"
    r"(?:(?!origin[=&])[\w.~%-]+(?:=[\w.~%-]*)?&)*(?!origin$)[\w.~%-]+",
    re.ASCII,
)


class Links:
    """`with_origin` of many addresses that differ in their last value alone: what stands before it is judged once."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._added = f"&origin={quote(origin, safe='')}"
        self._heads: dict[str, bool] = {}

    def of(self, url: str) -> str | None:
        head, _, last = url.rpartition("=")
        if last.isascii() and last.replace("-", "0").isalnum() and len(url) <= MAX_URL:
            kept = self._heads.get(head)
            if kept is None:
                kept = self._heads[head] = self._is_kept(head)
            if kept:
                return url + self._added
        return with_origin(url, self._origin)

    def _is_kept(self, head: str) -> bool:
        return (
            _PLAIN_HEAD.fullmatch(head) is not None
            or with_origin(f"{head}=0", self._origin) == f"{head}=0{self._added}"
        )


def usable(answer: Answer, request: LotRequest, now: datetime, origin: str) -> tuple[list[Offer], Counter[Ignored]]:
    """The slots of an answer that may be shown, by whose they are and place, and how many were left out, by reason.

    In the editor's order: sorting is merging's, once for all answers.
    """
    asked = frozenset(request.lot.ids)
    of_agenda = _site if request.search is Search.SOS else _availability
    editor = request.editor.id
    start, end = request.window.start.astimezone(UTC), request.window.end.astimezone(UTC)
    ignored: Counter[Ignored] = Counter()
    if answer.unreadable:
        ignored[Ignored.UNREADABLE] = answer.unreadable
    seen: set[str] = set()
    links = Links(origin)
    groups: dict[tuple[str, str], Offer] = {}
    agendas = {reference: _judged(agenda, asked, groups, of_agenda) for reference, agenda in answer.agendas.items()}
    cpts = answer.cpts
    for offered, resource, at in zip(answer.slots, answer.resources, answer.starts, strict=True):
        judged = agendas[offered.schedule.reference]
        if offered.status != "free":
            ignored[Ignored.NOT_FREE] += 1
            continue
        if isinstance(judged, Ignored):
            ignored[judged] += 1
            continue
        if at.tzinfo is not UTC:  # beyond the calendar's ends, or anywhere
            ignored[Ignored.NO_OFFSET if at.tzinfo is None else Ignored.OUTSIDE_WINDOW] += 1
            continue
        if not start <= at <= end:
            ignored[Ignored.PAST if at < now else Ignored.OUTSIDE_WINDOW] += 1
        elif offered.id in seen:
            ignored[Ignored.DUPLICATE] += 1
        else:
            seen.add(offered.id)
            link = links.of(offered.comment)
            shown_by = cpts.get(offered.id, ()) if cpts else ()
            judged.slots.append(Slot(editor, offered.id, at, link, resource, shown_by))
    return [group for group in groups.values() if group.slots], ignored


def _judged(
    agenda: Agenda,
    asked: frozenset[str],
    groups: dict[tuple[str, str], Offer],
    of_agenda: Callable[[Agenda, frozenset[str]], Offer | Ignored],
) -> Offer | Ignored:
    """Where the slots of an agenda go, or why none of them may be shown."""
    offer = of_agenda(agenda, asked)
    return offer if isinstance(offer, Ignored) else groups.setdefault(offer.key, offer)


def _availability(agenda: Agenda, asked: frozenset[str]) -> Availability | Ignored:
    if agenda.practitioner is None:
        return Ignored.NO_PRACTITIONER
    if agenda.practitioner.national_id not in asked:
        return Ignored.NOT_ASKED
    return Ignored.NO_PLACE if agenda.place is None else Availability(agenda.practitioner, agenda.place, [])


def _site(agenda: Agenda, asked: frozenset[str]) -> Site | Ignored:
    if agenda.association is None:
        return Ignored.NO_ASSOCIATION
    if agenda.association.national_id not in asked:
        return Ignored.ASSOCIATION_NOT_ASKED
    return Ignored.NO_PLACE if agenda.place is None else Site(agenda.association, agenda.place, [])


# --- merging ---------------------------------------------------------------------------------------------------------


class Merge:
    """What several answers offer, brought together as they come.

    One practitioner at one place is one availability whichever editors offer it, and so is one site of an association.
    An editor that repeats a slot it already gave (in another lot) adds nothing.
    """

    __slots__ = ("_associations", "_groups", "_people", "_seen", "slots")

    def __init__(self) -> None:
        self.slots = 0
        self._groups: dict[tuple[str, str], Offer] = {}
        self._people: set[str] = set()
        self._associations: set[str] = set()
        self._seen: dict[str, set[str]] = {}

    @property
    def practitioners(self) -> int:
        """How many practitioners have a slot."""
        return len(self._people)

    @property
    def associations(self) -> int:
        """How many associations have a slot."""
        return len(self._associations)

    def has(self, national_id: str) -> bool:
        return national_id in self._people or national_id in self._associations

    def add(self, editor: str, offered: Iterable[Offer]) -> list[tuple[str, str]]:
        """Take one answer of an editor in; return the keys of the offers it changed."""
        changed = []
        offers = list(offered)
        given = [slot.id for offer in offers for slot in offer.slots]
        ids = set(given)
        seen = self._seen.get(editor)
        all_fresh = len(ids) == len(given) and (seen is None or seen.isdisjoint(ids))
        if seen is None:
            seen = self._seen[editor] = ids if all_fresh else set()
        elif all_fresh:
            seen |= ids
        for offer in offers:
            if all_fresh:
                fresh = offer.slots.copy()
            else:
                fresh = list({slot.id: slot for slot in reversed(offer.slots) if slot.id not in seen}.values())
                seen.update(slot.id for slot in fresh)
            if not fresh:
                continue
            key = offer.key
            known = self._groups.get(key)
            if known is None:
                self._open(offer, fresh)
            else:
                known.slots.extend(fresh)
            self.slots += len(fresh)
            changed.append(key)
        return changed

    def _open(self, offer: Offer, slots: list[Slot]) -> None:
        if isinstance(offer, Site):
            self._groups[offer.key] = Site(offer.association, offer.place, slots)
            self._associations.add(offer.association.national_id)
        else:
            self._groups[offer.key] = Availability(offer.practitioner, offer.place, slots)
            self._people.add(offer.practitioner.national_id)

    def offer(self, key: tuple[str, str]) -> Offer:
        """One of them as it is now, by time."""
        group = self._groups[key]
        # One after the other, each comparing a kind of value that the sort knows: a third of the cost of comparing
        # triples of editors that offer the same instants.
        group.slots.sort(key=_by_id)
        group.slots.sort(key=_by_editor)
        group.slots.sort(key=_by_time)
        return group

    def availabilities(self) -> list[Availability]:
        """Those of practitioners, each by time, the one with the earliest slot first."""
        found = [offer for key in self._groups if isinstance(offer := self.offer(key), Availability)]
        return sorted(found, key=_earliest_first)

    def sites(self) -> list[Site]:
        """Those of associations, in the same order."""
        found = [offer for key in self._groups if isinstance(offer := self.offer(key), Site)]
        return sorted(found, key=_earliest_site_first)


def merge(answers: Iterable[tuple[str, Iterable[Offer]]]) -> Merge:
    """Everything that editors (by id) answered, without doubles."""
    merged = Merge()
    for editor, answer in answers:
        merged.add(editor, answer)
    return merged


_by_id = attrgetter("id")
_by_editor = attrgetter("editor")
_by_time = attrgetter("start")


def _earliest_first(availability: Availability) -> tuple[datetime, str, str, str]:
    who = availability.practitioner
    return availability.slots[0].start, who.family, who.national_id, availability.place.key


def _earliest_site_first(site: Site) -> tuple[datetime, str, str, str]:
    return site.slots[0].start, site.association.name, site.association.national_id, site.place.key


# --- reporting -------------------------------------------------------------------------------------------------------

_WORST_LAST = {status: rank for rank, status in enumerate(EditorStatus)}


def editor_report(editor: Editor, lots: Sequence[LotReport]) -> EditorReport:
    """One editor's lots as one line: its worst status and that lot's words, its slowest time, all its slots."""
    searches = (_search_report(search, [lot for lot in lots if lot.search is search]) for search in Search)
    worst = _worst(lots)
    return EditorReport(
        id=editor.id,
        name=editor.name,
        status=worst.status,
        elapsed_ms=max(lot.elapsed_ms for lot in lots),
        slots=sum(lot.slots for lot in lots),
        ignored=_ignored(lots),
        issue=worst.issue,
        explanation=worst.explanation,
        lots=tuple(sorted(lots, key=lambda lot: (_RANK[lot.search], lot.lot))),
        searches=tuple(report for report in searches if report is not None),
    )


def _search_report(search: Search, lots: Sequence[LotReport]) -> SearchReport | None:
    if not lots:
        return None
    worst = _worst(lots)
    return SearchReport(
        search=search,
        status=worst.status,
        elapsed_ms=max(lot.elapsed_ms for lot in lots),
        slots=sum(lot.slots for lot in lots),
        ignored=_ignored(lots),
        issue=worst.issue,
        explanation=worst.explanation,
        asked_again=worst.asked_again,
    )


_RANK = {search: rank for rank, search in enumerate(Search)}


def _worst(lots: Sequence[LotReport]) -> LotReport:
    """What was refused and then asked again counts less than what stayed without an answer."""
    return max(
        lots, key=lambda lot: (lot.status is not EditorStatus.ANSWERED, not lot.asked_again, _WORST_LAST[lot.status])
    )


def _ignored(lots: Sequence[LotReport]) -> dict[Ignored, int]:
    ignored: Counter[Ignored] = Counter()
    for lot in lots:
        ignored.update(lot.ignored)
    return dict(ignored)
