"""Searches that find slots: one practitioner, two places, several practitioners, a full list."""

from __future__ import annotations

from recette.catalogue.slot_search.conversation import EVERY_SCENARIO, conversation
from recette.catalogue.tags import Tag
from recette.checks import (
    booking,
    bundle,
    counts,
    elements,
    entries,
    exchange,
    links,
    people,
    places,
    profile_conformance,
    references,
    slot_content,
    slots,
)
from recette.checks.comparison import SAME_DOCTOR, SAME_PLACE, Pair, Union, same_union
from recette.checks.refusals import OUTCOME, TOO_MANY
from recette.model import Check, Scenario, Stage, Target
from sas_kernel.flows import Flow
from sas_kernel.text import Text

CONTENT: tuple[Check, ...] = (
    *exchange.ANSWERED,
    *bundle.FULL,
    *entries.FULL,
    *elements.SAVED,
    *links.FULL,
    references.RESOLVED,
    *slots.FULL,
    *slot_content.FULL,
    *booking.FULL,
    *people.FULL,
    *places.PLACE,
    *profile_conformance.PROFILES,
)
"""Everything that is checked of an answer that holds slots."""


async def _one_place(stage: Stage) -> None:
    async with conversation(stage) as talk:
        answer = await talk.search(talk.one("practitioner_one_place"))
        talk.judge((*CONTENT, counts.ONE_PLACE), answer)


ONE_PLACE = Scenario(
    "slot_search.one_practitioner",
    Flow.SLOT_SEARCH,
    Text("Un professionnel, un lieu", "One practitioner, one place"),
    (*CONTENT, counts.ONE_PLACE, *EVERY_SCENARIO),
    _one_place,
    needs=("practitioner_one_place",),
    tags=(Tag.SMOKE, Tag.CONTENT),
)

_TWO_PLACES = (*CONTENT, counts.TWO_PLACES, counts.DISTINCT_PLACES, counts.SLOTS_IN_EACH_PLACE)


async def _two_places(stage: Stage) -> None:
    async with conversation(stage) as talk:
        practitioner = talk.one("practitioner_two_places")
        alone = await talk.search(practitioner)
        talk.judge(_TWO_PLACES, alone)
        accompanied = await talk.search(talk.one("practitioner_one_place"), practitioner)
        talk.judge((SAME_PLACE,), Pair(alone, accompanied))


TWO_PLACES = Scenario(
    "slot_search.two_places",
    Flow.SLOT_SEARCH,
    Text("Un professionnel, deux lieux", "One practitioner, two places"),
    (*_TWO_PLACES, SAME_PLACE, *EVERY_SCENARIO),
    _two_places,
    needs=("practitioner_two_places", "practitioner_one_place"),
    tags=(Tag.CONTENT,),
)

_ALL_TOGETHER = same_union(
    "practitioners.together",
    "SLOT-165",
    Text("Ensemble, les créneaux de chacun", "Together, the slots of each"),
)

_AT_MOST = 4  # practitioners asked together, then one by one: enough to see a mix-up


async def _together(stage: Stage) -> None:
    async with conversation(stage) as talk:
        practitioners = talk.many("practitioners_together")[:_AT_MOST]
        together = await talk.search(*practitioners)
        talk.judge((*CONTENT, counts.TOGETHER), together)
        apart = tuple([await talk.search(practitioner) for practitioner in practitioners])
        talk.judge((_ALL_TOGETHER,), Union(apart, together))
        for alone in apart:
            talk.judge((SAME_DOCTOR,), Pair(alone, together))


TOGETHER = Scenario(
    "slot_search.practitioners_together",
    Flow.SLOT_SEARCH,
    Text("Plusieurs professionnels dans une recherche", "Several practitioners in one search"),
    (*CONTENT, counts.TOGETHER, _ALL_TOGETHER, SAME_DOCTOR, *EVERY_SCENARIO),
    _together,
    needs=("practitioners_together",),
    tags=(Tag.CONTENT,),
)


def known_practitioners(target: Target, size: int) -> tuple[str, ...]:
    """At most `size` practitioners of the test data: the list it gives for this, else those who have slots."""
    listed = target.test_data.get("practitioners_full_list", ())
    if listed:
        return tuple(dict.fromkeys((listed,) if isinstance(listed, str) else listed))[:size]
    found: list[str] = []
    for key in ("practitioner_one_place", "practitioner_two_places", "practitioners_together"):
        value = target.test_data.get(key, ())
        found += [value] if isinstance(value, str) else value
    return tuple(dict.fromkeys(found))[:size]


def full_list(target: Target, size: int) -> tuple[str, ...]:
    """A list of `size` identifiers, the practitioners of the test data among them."""
    return padded(known_practitioners(target, size), size)


def padded(known: tuple[str, ...], size: int) -> tuple[str, ...]:
    """A list of `size` ids: the known ones among ids of the right form that nobody bears (no RPPS begins with 0)."""
    strangers = [f"80000000{number:04d}" for number in range(1, size + 1 - len(known))]
    every = size // max(1, len(known))
    ids: list[str] = []
    for id in known:
        ids += [id, *strangers[: every - 1]]
        del strangers[: every - 1]
    return tuple((ids + strangers)[:size])


_FULL_LIST = same_union(
    "practitioners.full_list",
    "SLOT-166",
    Text("La liste la plus longue est servie entière", "The longest list is served whole"),
)


async def _full_list(stage: Stage) -> None:
    async with conversation(stage) as talk:
        size = int(stage.levels["slot_search.practitioners_per_request"].value)
        known = known_practitioners(stage.target, size)
        half = (len(known) + 1) // 2
        parts = tuple([await talk.search(*part) for part in (known[:half], known[half:]) if part])
        full = await talk.search(*padded(known, size))
        talk.judge((_FULL_LIST,), Union(parts, full))
        if not full.usable:
            talk.skip((TOO_MANY, OUTCOME), full)
            return
        beyond = await talk.search(*padded(known, size + 1))
        talk.judge((TOO_MANY, OUTCOME), beyond)


FULL_LIST = Scenario(
    "slot_search.full_list",
    Flow.SLOT_SEARCH,
    Text("La liste la plus longue, puis un identifiant de trop", "The longest list, then one identifier too many"),
    (_FULL_LIST, TOO_MANY, OUTCOME, *EVERY_SCENARIO),
    _full_list,
    needs=("practitioner_one_place",),
    tags=(Tag.CONTENT, Tag.REFUSALS),
)

SCENARIOS: tuple[Scenario, ...] = (ONE_PLACE, TWO_PLACES, TOGETHER, FULL_LIST)
