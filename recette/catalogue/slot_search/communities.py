"""INT_R04: the same search, asked with the CPTS to which slots are shown. A target says that it has them (`cpts`)."""

from __future__ import annotations

from dataclasses import replace

from recette.catalogue.slot_search.absence import UNKNOWN_ACCEPTED
from recette.catalogue.slot_search.conversation import EVERY_SCENARIO, Query, conversation
from recette.catalogue.slot_search.service import NOT_DECLARED
from recette.catalogue.tags import Tag
from recette.checks import (
    booking,
    bundle,
    communities,
    community_details,
    elements,
    entries,
    exchange,
    links,
    people,
    places,
    profile_conformance,
    slot_content,
    slots,
)
from recette.checks.answer import slot_types
from recette.checks.community_views import HOLDS_USUAL, ONE_CPTS, SHARED, TWO_CPTS, USUAL_FORM
from recette.checks.comparison import SAME_DOCTOR, SAME_PLACE, Pair, Union, same_slots, same_union
from recette.checks.counts import DECLARED_SLOT_TYPES, Declared
from recette.model import Check, Scenario, Stage, Target
from sas_kernel.flows import Flow
from sas_kernel.text import Text

CONTENT: tuple[Check, ...] = (
    *exchange.ANSWERED,
    *bundle.FULL,
    *entries.FULL,
    *elements.SAVED,
    *links.FULL,
    *slots.FULL,
    *slot_content.FULL,
    *booking.FULL,
    *people.FULL,
    *places.PLACE,
    *communities.FULL,
    *community_details.FULL,
    *profile_conformance.CPTS_PROFILES,
)
"""Everything that is checked of an answer that holds slots of CPTS: what INT_R01 is held to, and what INT_R04 adds."""


def _not_served(target: Target) -> Text | None:
    if target.cpts:
        return None
    return Text(
        "Le fichier de cible ne déclare pas les CPTS (applicability.cpts = true).",
        "The target file does not declare CPTS (applicability.cpts = true).",
    )


async def _one(stage: Stage) -> None:
    async with conversation(stage) as talk:
        query = talk.query(talk.one("practitioner_one_cpts"))
        answer = await talk.ask(query.of_cpts())
        talk.judge((*CONTENT, ONE_CPTS), answer)
        usual = await talk.ask(query)
        talk.judge((USUAL_FORM,), usual)
        talk.judge((HOLDS_USUAL, SAME_DOCTOR, SAME_PLACE), Pair(usual, answer))


ONE = Scenario(
    "slot_search.cpts_one",
    Flow.SLOT_SEARCH,
    Text("Un professionnel d’une CPTS, avec et sans elle", "A practitioner of one CPTS, with it and without"),
    (*CONTENT, ONE_CPTS, USUAL_FORM, HOLDS_USUAL, SAME_DOCTOR, SAME_PLACE, *EVERY_SCENARIO),
    _one,
    needs=("practitioner_one_cpts",),
    omitted=_not_served,
    tags=(Tag.CPTS, Tag.SMOKE, Tag.CONTENT),
)

_ORDER = same_slots(
    "cpts.query.order",
    "CPTS-042",
    Text("Les quatre include dans un autre ordre", "The four includes in another order"),
)


def _reordered(query: Query, *places: int) -> Query:
    """The includes, which come first, put in this order; the rest as it was."""
    return replace(query, pairs=(*(query.pairs[place] for place in places), *query.pairs[len(places) :]))


async def _two(stage: Stage) -> None:
    async with conversation(stage) as talk:
        query = talk.query(talk.one("practitioner_two_cpts")).of_cpts()
        answer = await talk.ask(query)
        talk.judge((*CONTENT, TWO_CPTS, SHARED), answer)
        for places in ((0, 2, 1, 3), (3, 2, 1, 0)):
            talk.judge((_ORDER,), Pair(answer, await talk.ask(_reordered(query, *places))))


TWO = Scenario(
    "slot_search.cpts_two",
    Flow.SLOT_SEARCH,
    Text("Un professionnel de deux CPTS", "A practitioner of two CPTS"),
    (*CONTENT, TWO_CPTS, SHARED, _ORDER, *EVERY_SCENARIO),
    _two,
    needs=("practitioner_two_cpts",),
    omitted=_not_served,
    tags=(Tag.CPTS, Tag.CONTENT),
)

_TOGETHER = same_union(
    "cpts.together",
    "CPTS-043",
    Text("Ensemble, les créneaux de CPTS de chacun", "Together, the CPTS slots of each"),
)
_OF_TOGETHER: tuple[Check, ...] = (
    entries.EACH_ONCE,
    communities.SERVICE_PRESENT,
    communities.PROVIDER_PRESENT,
    communities.ONE_SERVICE,
)


async def _together(stage: Stage) -> None:
    async with conversation(stage) as talk:
        members = (talk.one("practitioner_one_cpts"), talk.one("practitioner_two_cpts"))
        apart = tuple([await talk.ask(talk.query(member).of_cpts()) for member in members])
        together = await talk.ask(talk.query(*members).of_cpts())
        talk.judge((_TOGETHER,), Union(apart, together))
        talk.judge(_OF_TOGETHER, together)


TOGETHER = Scenario(
    "slot_search.cpts_together",
    Flow.SLOT_SEARCH,
    Text("Deux professionnels de CPTS dans une recherche", "Two practitioners of CPTS in one search"),
    (_TOGETHER, *_OF_TOGETHER, *EVERY_SCENARIO),
    _together,
    needs=("practitioner_one_cpts", "practitioner_two_cpts"),
    omitted=_not_served,
    tags=(Tag.CPTS, Tag.CONTENT),
)


async def _unknown(stage: Stage) -> None:
    async with conversation(stage) as talk:
        answer = await talk.ask(talk.query(talk.one("practitioner_unknown")).of_cpts())
        known = talk.many("practitioner_one_cpts")
        usual = await talk.ask(talk.query(*known).of_cpts()) if known else answer
        talk.judge((UNKNOWN_ACCEPTED,), Pair(usual, answer))
        talk.judge(bundle.EMPTY, answer)


UNKNOWN = Scenario(
    "slot_search.cpts_unknown",
    Flow.SLOT_SEARCH,
    Text("Un professionnel inconnu, avec ses CPTS", "An unknown practitioner, with the CPTS"),
    (UNKNOWN_ACCEPTED, *bundle.EMPTY, *EVERY_SCENARIO),
    _unknown,
    omitted=_not_served,
    tags=(Tag.CPTS, Tag.CONTENT),
)


async def _types(stage: Stage) -> None:
    async with conversation(stage) as talk:
        answer = await talk.ask(talk.query(talk.one("practitioner_one_cpts")).of_cpts())
        of_cpts = {"CPTS"} if any("CPTS" in slot_types(slot) for slot in answer.of("Slot")) else set[str]()
        talk.judge((DECLARED_SLOT_TYPES,), Declared(answer, of_cpts.union(stage.target.slot_types)))


TYPES = Scenario(
    "slot_search.cpts_declared_types",
    Flow.SLOT_SEARCH,
    Text("Les types de créneaux déclarés, CPTS compris", "The declared slot types, CPTS among them"),
    (DECLARED_SLOT_TYPES, *EVERY_SCENARIO),
    _types,
    needs=("practitioner_one_cpts",),
    omitted=lambda target: _not_served(target) or (None if target.slot_types else NOT_DECLARED),
    tags=(Tag.CPTS, Tag.CONTENT),
)

SCENARIOS: tuple[Scenario, ...] = (ONE, TWO, TOGETHER, UNKNOWN, TYPES)
