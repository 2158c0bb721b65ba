"""Searches that cannot be executed: each is refused, with an OperationOutcome."""

from __future__ import annotations

from datetime import timedelta

from recette.catalogue.slot_search.conversation import (
    EVERY_SCENARIO,
    PLATFORM_ACCEPT,
    Conversation,
    Query,
    conversation,
    encoded,
    wire_instant,
)
from recette.catalogue.tags import Tag
from recette.checks.answer import Answer
from recette.checks.comparison import Pair
from recette.checks.refusals import (
    CLIENT_ERROR,
    FOREIGN_SYSTEM,
    OTHER_STATUS,
    OUTCOME,
    REPEATED_BOUND,
    STRICT,
    refused,
)
from recette.model import Check, Scenario, Stage
from sas_kernel.flows import Flow
from sas_kernel.identifiers import PRACTITIONER_SYSTEM
from sas_kernel.text import Text
from sas_kernel.time_window import Window

_MISSING = refused(
    "refusal.missing_parameter",
    "SLOT-187",
    Text("Un paramètre obligatoire manquant est refusé", "A missing mandatory parameter is refused"),
    Text(
        "Une recherche sans un paramètre obligatoire est servie comme si de rien n’était.",
        "A search without a mandatory parameter is served as if nothing were missing.",
    ),
)
_BAD_DATE = refused(
    "refusal.bad_date",
    "SLOT-188",
    Text("Une date illisible est refusée", "An unreadable date is refused"),
    Text("Une borne illisible est acceptée en silence.", "An unreadable bound is accepted in silence."),
)
_BAD_PREFIX = refused(
    "refusal.bad_prefix",
    "SLOT-189",
    Text("Un préfixe autre que ge et le est refusé", "A prefix other than ge and le is refused"),
    Text("start=gt… est accepté ; seuls ge et le existent.", "start=gt… is accepted; only ge and le exist."),
)
_COMMA = refused(
    "refusal.comma",
    "SLOT-190",
    Text("Deux bornes séparées par une virgule sont refusées", "Two bounds with a comma between are refused"),
    Text(
        "start=geA,leB est accepté ; une virgule y voudrait dire OU.",
        "start=geA,leB is accepted; a comma there would mean OR.",
    ),
)
_BAD_TOKEN = refused(
    "refusal.bad_token",
    "SLOT-191",
    Text("Un identifiant illisible est refusé", "An unreadable identifier is refused"),
    Text("Un identifiant sans valeur est accepté en silence.", "An identifier without a value is accepted in silence."),
)
_REFUSALS: tuple[Check, ...] = (_MISSING, _BAD_DATE, _BAD_PREFIX, _COMMA, _BAD_TOKEN)
_CHECKS: tuple[Check, ...] = (
    *_REFUSALS,
    OUTCOME,
    CLIENT_ERROR,
    OTHER_STATUS,
    FOREIGN_SYSTEM,
    STRICT,
    REPEATED_BOUND,
)


def _refusals(query: Query, window: Window) -> tuple[tuple[Check, Query], ...]:
    ge, le = (encoded(wire_instant(at)) for at in (window.start, window.end))
    without_start = query.without("start")
    return (
        (_MISSING, query.without("start", "ge")),
        (_MISSING, query.without("start", "le")),
        (_MISSING, query.without_identifiers()),
        (_MISSING, query.without("status")),
        (_BAD_DATE, query.without("start", "ge").plus("start", "geXYZ")),
        (_BAD_PREFIX, query.without("start", "ge").plus("start", f"gt{ge}")),
        (_COMMA, without_start.plus("start", f"ge{ge},le{le}")),
        (_BAD_TOKEN, query.identifiers_mapped(query.asked.identifiers[0], "")),
    )


_NO_SLOT = Text(
    "La recherche ordinaire ne rend aucun créneau : rien ne se verrait.",
    "The usual search returns no slot: nothing would show.",
)


async def _lenient(talk: Conversation, query: Query, usual: Answer) -> None:
    """What may be refused or borne, and must in no case be misunderstood."""
    strict = await talk.ask(
        query.plus("recette-unknown", "1"), headers=(PLATFORM_ACCEPT, ("Prefer", "handling=strict"))
    )
    talk.judge((STRICT,), strict)
    if not usual.of("Slot"):
        for check in (OTHER_STATUS, FOREIGN_SYSTEM, REPEATED_BOUND):
            talk.stage.skip(check, _NO_SLOT)
        return
    talk.judge((OTHER_STATUS,), await talk.ask(query.mapped("status", "free", "busy")))
    elsewhere = query.identifiers_mapped(PRACTITIONER_SYSTEM, f"{PRACTITIONER_SYSTEM}.999")
    talk.judge((FOREIGN_SYSTEM,), await talk.ask(elsewhere))
    later = Window(talk.window.start + timedelta(hours=24), talk.window.end)
    narrower = await talk.ask(Query.of(query.asked.identifiers, later))
    repeated = await talk.ask(query.plus("start", f"ge{encoded(wire_instant(later.start))}"))
    talk.judge((REPEATED_BOUND,), Pair(narrower, repeated))


async def _play(stage: Stage) -> None:
    async with conversation(stage) as talk:
        query = talk.query(talk.one("practitioner_one_place"))
        usual = await talk.ask(query)
        if not usual.usable:
            talk.skip(_CHECKS, usual)
            return
        for check, wrong in _refusals(query, talk.window):
            answer = await talk.ask(wrong)
            talk.judge((check, OUTCOME, CLIENT_ERROR), answer)
        await _lenient(talk, query, usual)


REFUSALS = Scenario(
    "slot_search.refusals",
    Flow.SLOT_SEARCH,
    Text("Les recherches qui ne peuvent être exécutées", "Searches that cannot be executed"),
    (*_CHECKS, *EVERY_SCENARIO),
    _play,
    tags=(Tag.REFUSALS,),
)

SCENARIOS: tuple[Scenario, ...] = (REFUSALS,)
