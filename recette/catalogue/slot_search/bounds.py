"""The window: its bounds belong to it, and an instant is the same however it is written."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, timezone

from recette.catalogue.slot_search.conversation import EVERY_SCENARIO, Query, conversation
from recette.catalogue.tags import Tag
from recette.checks.answer import CLOCK_TOLERANCE, Answer, instant
from recette.checks.comparison import BOUND_EXCLUDED, BOUND_INCLUDED, Narrowed, Pair, same_slots
from recette.checks.json_document import Node
from recette.model import Check, Scenario, Stage
from sas_kernel.clock import PARIS
from sas_kernel.flows import Flow
from sas_kernel.text import Text
from sas_kernel.time_window import Window

_MILLISECOND = timedelta(milliseconds=1)
_AROUND = timedelta(minutes=1)

_NOTHING_LEARNT = Text(
    "La première recherche ne rend aucun créneau à venir autour duquel resserrer la fenêtre.",
    "The first search returns no slot to come around which to narrow the window.",
)


def _slot_to_come(answer: Answer, window: Window) -> tuple[Node, datetime] | None:
    """A slot in the middle of the answer, far enough from now for its window to be drawn around it."""
    if not answer.usable:
        return None
    settled = window.start + CLOCK_TOLERANCE + 2 * _AROUND
    starts = {slot.path: (slot, start) for slot in answer.of("Slot") if (start := instant(slot["start"])) is not None}
    found = sorted(
        ((slot, start) for slot, start in starts.values() if slot["id"].string and settled < start < window.end),
        key=lambda pair: pair[1],
    )
    whole = [pair for pair in found if pair[1].microsecond % 1000 == 0]
    return whole[len(whole) // 2] if whole else None


async def _bounds(stage: Stage) -> None:
    async with conversation(stage) as talk:
        practitioner = talk.one("practitioner_one_place")
        learnt = _slot_to_come(await talk.search(practitioner), talk.window)
        if learnt is None:
            for check in (BOUND_INCLUDED, BOUND_EXCLUDED):
                stage.skip(check, _NOTHING_LEARNT)
            return
        slot, start = learnt
        id = slot["id"].string or ""
        for window, expected in (
            (Window(start, talk.window.end), True),
            (Window(talk.window.start, start), True),
            (Window(start + _MILLISECOND, talk.window.end), False),
            (Window(talk.window.start, start - _MILLISECOND), False),
        ):
            answer = await talk.ask(Query.of([practitioner], window))
            check = BOUND_INCLUDED if expected else BOUND_EXCLUDED
            talk.judge((check,), Narrowed(answer, id, start, expected))


BOUNDS = Scenario(
    "slot_search.bounds",
    Flow.SLOT_SEARCH,
    Text("Une fenêtre resserrée autour d’un créneau", "A window narrowed around a slot"),
    (BOUND_INCLUDED, BOUND_EXCLUDED, *EVERY_SCENARIO),
    _bounds,
    needs=("practitioner_one_place",),
    tags=(Tag.CONTENT,),
)

_OFFSETS = same_slots(
    "start.offset",
    "SLOT-171",
    Text("Un même instant, quel que soit son décalage", "The same instant, whatever its offset"),
)
_NO_MILLISECONDS = same_slots(
    "start.no_milliseconds",
    "SLOT-172",
    Text("Des bornes sans millisecondes", "Bounds without milliseconds"),
)
_NO_OFFSET = same_slots(
    "start.no_offset",
    "SLOT-173",
    Text("Sans décalage : heure de Paris", "Without an offset: Paris time"),
)
_PARTIAL = same_slots(
    "start.partial",
    "SLOT-174",
    Text("Des dates partielles : du premier au dernier instant", "Partial dates: from the first instant to the last"),
)
_WORDINGS: tuple[Check, ...] = (_OFFSETS, _NO_MILLISECONDS, _NO_OFFSET, _PARTIAL)


async def _wordings(stage: Stage) -> None:
    async with conversation(stage) as talk:
        practitioner = talk.one("practitioner_one_place")
        learnt = _slot_to_come(await talk.search(practitioner), talk.window)
        if learnt is None:
            for check in _WORDINGS:
                stage.skip(check, _NOTHING_LEARNT)
            return
        start = learnt[1].replace(microsecond=0)
        near = Window(start - _AROUND, start + _AROUND)
        usual = await talk.ask(Query.of([practitioner], near))

        async def reworded(check: Check, ge: str, le: str) -> None:
            other = await talk.ask(Query.of([practitioner], near, ge=ge, le=le))
            talk.judge((check,), Pair(usual, other))

        for zone in (UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-3))):
            bounds = (at.astimezone(zone).isoformat(timespec="milliseconds") for at in (near.start, near.end))
            await reworded(_OFFSETS, *bounds)
        await reworded(_OFFSETS, *(f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z" for at in (near.start, near.end)))
        await reworded(
            _NO_MILLISECONDS, *(at.astimezone(PARIS).isoformat(timespec="seconds") for at in (near.start, near.end))
        )
        local = [at.astimezone(PARIS).replace(tzinfo=None) for at in (near.start, near.end)]
        if any(is_ambiguous(at) for at in local):
            stage.skip(
                _NO_OFFSET,
                Text(
                    "L’heure d’hiver rend ces bornes ambiguës.", "The end of summer time makes these bounds ambiguous."
                ),
            )
        else:
            await reworded(_NO_OFFSET, *(at.isoformat(timespec="seconds") for at in local))
            await reworded(_NO_OFFSET, *(at.isoformat(timespec="milliseconds") for at in local))
            await reworded(
                _PARTIAL, *(at.astimezone(PARIS).strftime("%Y-%m-%dT%H:%M") for at in (near.start, near.end))
            )
        day = start.astimezone(PARIS).date()
        first = datetime.combine(day, time.min, PARIS)
        last = datetime.combine(day, time(23, 59, 59, 999000), PARIS)
        whole_day = await talk.ask(Query.of([practitioner], Window(first, last)))
        by_day = await talk.ask(Query.of([practitioner], Window(first, last), ge=str(day), le=str(day)))
        talk.judge((_PARTIAL,), Pair(whole_day, by_day))


def is_ambiguous(local: datetime) -> bool:
    """Whether Paris had this wall-clock time twice, or never."""
    return local.replace(tzinfo=PARIS, fold=0).utcoffset() != local.replace(tzinfo=PARIS, fold=1).utcoffset()


WORDINGS = Scenario(
    "slot_search.date_wordings",
    Flow.SLOT_SEARCH,
    Text("La même fenêtre, écrite de toutes les façons", "The same window, written in every way"),
    (*_WORDINGS, *EVERY_SCENARIO),
    _wordings,
    needs=("practitioner_one_place",),
    tags=(Tag.FORMS,),
)

SCENARIOS: tuple[Scenario, ...] = (BOUNDS, WORDINGS)
