"""The SOS search (GET Schedule): associations, their places of consultation, and what is free there.

Few requests on purpose: an answer is judged for everything it shows.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from recette.catalogue.slot_search.conversation import (
    EVERY_SCENARIO,
    Conversation,
    Query,
    conversation,
    encoded,
    wire_instant,
)
from recette.catalogue.tags import Tag
from recette.checks import association_search as sos
from recette.checks.answer import CLOCK_TOLERANCE, Answer, Asked, instant
from recette.checks.associations import CONTENT, Sites
from recette.checks.comparison import Narrowed, Pair, Union
from recette.checks.json_document import Node
from recette.model import Check, Scenario, Stage, Target
from sas_kernel.flows import Flow
from sas_kernel.identifiers import STRUCTURE_SYSTEM
from sas_kernel.text import Text
from sas_kernel.time_window import Window

NEEDS = ("sos_associations",)

_START, _STATUS = "_has:Slot:schedule:start", "_has:Slot:schedule:status"
_WHO = "actor:Location.organization.identifier"
_ITERATE = "_include:iterate"
_MOST = 25
"""The criteria table's figure; a platform sends at most ten (IG SAS 1.2.0, functional text)."""
_AT_MOST = 3  # associations asked together, then one by one: enough to see a mix-up
_MILLISECOND = timedelta(milliseconds=1)


def not_served(target: Target) -> Text | None:
    """Why SOS scenarios do not apply to a target, else None."""
    if target.sos:
        return None
    return Text(
        "La cible ne déclare pas SOS Médecins ([applicability] sos = true).",
        "The target does not declare SOS Médecins ([applicability] sos = true).",
    )


def asking(associations: Sequence[str], window: Window) -> Query:
    """The platform's own SOS search; `associations` are prefixed SIRET."""
    tokens = ",".join(f"{STRUCTURE_SYSTEM}|{id}" for id in associations)
    return Query(
        (
            (_START, "ge" + encoded(wire_instant(window.start))),
            (_START, "le" + encoded(wire_instant(window.end))),
            (_STATUS, "free"),
            (_WHO, encoded(tokens)),
            ("_revinclude", "Slot:schedule"),
            ("_include", "Schedule:actor:Location"),
            (_ITERATE, "Location:organization"),
        ),
        Asked(tuple(associations), window),
        path="/Schedule?",
    )


def _strangers(known: Sequence[str]) -> list[str]:
    """SIRET of the right form that nobody bears (no company's number begins so)."""
    return [id for number in range(_MOST) if (id := f"3000000000{number:05d}") not in known]


def _scenario(
    name: str, title: Text, checks: tuple[Check, ...], story: Callable[[Conversation], Awaitable[None]]
) -> Scenario:
    async def play(stage: Stage) -> None:
        async with conversation(stage) as talk:
            await story(talk)

    return Scenario(
        f"slot_search.sos_{name}",
        Flow.SLOT_SEARCH,
        title,
        (*checks, *EVERY_SCENARIO),
        play,
        needs=NEEDS,
        omitted=not_served,
        tags=(Tag.SOS, Tag.CONTENT),
    )


OF_AN_ANSWER = (sos.ANSWERED, sos.FOUND, sos.ONLY_ASKED, sos.IN_WINDOW, sos.LINK_PARAMETERS, sos.OWN_ADDRESS)


async def _associations(talk: Conversation) -> None:
    known = talk.many(NEEDS[0])[:_AT_MOST]
    together = await talk.ask(asking(known, talk.window))
    talk.judge(OF_AN_ANSWER, together)
    talk.judge(CONTENT, Sites(together))
    apart = tuple([await talk.ask(asking([id], talk.window)) for id in known])
    talk.judge((sos.TOGETHER,), Union(apart, together))
    for alone in apart:
        talk.judge((sos.ONLY_ASKED,), alone)
        talk.judge((sos.SAME_SITE,), Pair(alone, together))


ASSOCIATIONS = _scenario(
    "associations",
    Text(
        "Des associations SOS Médecins, ensemble puis une à une", "SOS Médecins associations, together, then one by one"
    ),
    (*OF_AN_ANSWER, *CONTENT, sos.TOGETHER, sos.SAME_SITE),
    _associations,
)


async def _full_list(talk: Conversation) -> None:
    known = talk.many(NEEDS[0])[:_AT_MOST]
    query = asking(known, talk.window)
    usual = await talk.ask(query)
    padded = (*known, *_strangers(known))[:_MOST]
    talk.judge((sos.FULL_LIST,), Pair(usual, await talk.ask(asking(padded, talk.window))))
    capital = query.mapped(_ITERATE, "organization", "Organization")
    talk.judge((sos.CAPITAL,), Pair(usual, await talk.ask(capital)))


FULL_LIST = _scenario(
    "full_list",
    Text("Vingt-cinq associations, puis l’autre écriture de Location:organization",
         "Twenty-five associations, then the other spelling of Location:organization"),
    (sos.FULL_LIST, sos.CAPITAL),
    _full_list,
)  # fmt: skip

_NOTHING_LEARNT = Text(
    "La première recherche ne rend aucun créneau SOS à venir autour duquel resserrer la fenêtre.",
    "The first search returns no SOS slot to come around which to narrow the window.",
)


def _in_the_middle(answer: Answer, window: Window) -> tuple[Node, datetime] | None:
    """A slot with others around it, far enough from now for a window to be drawn between them."""
    if not answer.usable:
        return None
    soon = window.start + 3 * CLOCK_TOLERANCE
    found = [(slot, start) for slot in answer.of("Slot") if (start := instant(slot["start"])) is not None]
    ahead = sorted(
        (pair for pair in found if soon < pair[1] < window.end and pair[1].microsecond % 1000 == 0),
        key=lambda pair: pair[1],
    )
    return ahead[len(ahead) // 2] if ahead else None


async def _bounds(talk: Conversation) -> None:
    known = talk.many(NEEDS[0])[:1]
    learnt = _in_the_middle(await talk.ask(asking(known, talk.window)), talk.window)
    if learnt is None:
        for check in (sos.ON_BOUND, sos.IN_WINDOW):
            talk.stage.skip(check, _NOTHING_LEARNT)
        return
    slot, start = learnt
    for window, held in (
        (Window(start, talk.window.end), True),
        (Window(talk.window.start, start), True),
        (Window(start + _MILLISECOND, talk.window.end), False),
        (Window(talk.window.start, start - _MILLISECOND), False),
    ):
        answer = await talk.ask(asking(known, window))
        talk.judge((sos.IN_WINDOW,), answer)
        if held:
            talk.judge((sos.ON_BOUND,), Narrowed(answer, slot["id"].string or "", start, expected=True))


BOUNDS = _scenario(
    "bounds",
    Text("Une fenêtre SOS resserrée autour d’un créneau", "An SOS window narrowed around a slot"),
    (sos.ON_BOUND, sos.IN_WINDOW),
    _bounds,
)


async def _unknown(talk: Conversation) -> None:
    known = talk.many(NEEDS[0])[:1]
    usual = await talk.ask(asking(known, talk.window))
    stranger = _strangers(known)[0]
    alone = await talk.ask(asking([stranger], talk.window))
    talk.judge((sos.UNKNOWN_ACCEPTED,), Pair(usual, alone))
    talk.judge((sos.UNKNOWN_EMPTY,), alone)
    talk.judge((sos.AMONG_KNOWN,), Pair(usual, await talk.ask(asking([stranger, *known], talk.window))))


UNKNOWN = _scenario(
    "unknown_association",
    Text("Une association inconnue, seule puis parmi d’autres", "An unknown association, alone then among others"),
    (sos.UNKNOWN_ACCEPTED, sos.UNKNOWN_EMPTY, sos.AMONG_KNOWN),
    _unknown,
)

SCENARIOS: tuple[Scenario, ...] = (ASSOCIATIONS, FULL_LIST, BOUNDS, UNKNOWN)
