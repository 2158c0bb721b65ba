"""The same query in the forms real traffic gives it. Source: the URLs printed in IG SAS 1.2.0, and RFC 3986."""

from __future__ import annotations

from dataclasses import replace

from recette.catalogue.slot_search.conversation import EVERY_SCENARIO, Query, conversation
from recette.catalogue.tags import Tag
from recette.checks.comparison import Pair, same_slots
from recette.model import Check, Scenario, Stage
from sas_kernel.flows import Flow
from sas_kernel.text import Text

_RAW_PIPE = same_slots("query.raw_pipe", "SLOT-030", Text("Barre | non encodée", "Raw | character"))
_RAW_PLUS = same_slots("query.raw_plus", "SLOT-031", Text("Signe + non encodé dans une date", "Raw + in a date"))
_BLANKS = same_slots("query.blanks", "SLOT-032", Text("Blancs autour des virgules", "Blanks around the commas"))
_SLASH = same_slots(
    "query.slash", "SLOT-033", Text("Barre oblique avant le ? (/Slot/?)", "Slash before the ? (/Slot/?)")
)
_ORDER = same_slots("query.order", "SLOT-034", Text("Paramètres dans un autre ordre", "Parameters in another order"))
_COLON = same_slots("query.colon", "SLOT-035", Text("Deux-points encodés (%3A)", "Encoded colons (%3A)"))
_COUNT = same_slots("query.count", "SLOT-036", Text("_count=1000 ne gêne pas", "_count=1000 does no harm"))
_SMALL_COUNT = same_slots(
    "query.small_count", "SLOT-037", Text("_count=1 ne coupe pas la réponse", "_count=1 cuts nothing")
)
_INCLUDE = same_slots("query.include", "SLOT-038", Text("_include inconnu ignoré", "Unknown _include ignored"))
_PARAMETER = same_slots("query.parameter", "SLOT-039", Text("Paramètre inconnu ignoré", "Unknown parameter ignored"))

_FORMS: tuple[Check, ...] = (
    _RAW_PIPE,
    _RAW_PLUS,
    _BLANKS,
    _SLASH,
    _ORDER,
    _COLON,
    _COUNT,
    _SMALL_COUNT,
    _INCLUDE,
    _PARAMETER,
)


def _forms(query: Query) -> tuple[tuple[Check, Query], ...]:
    colons = tuple((name.replace(":", "%3A"), value.replace(":", "%3A")) for name, value in query.pairs)
    return (
        (_RAW_PIPE, query.identifiers_mapped("%7C", "|")),
        (_RAW_PLUS, query.mapped("start", "%2B", "+")),
        (_BLANKS, query.identifiers_mapped(",", ",%20")),
        (_BLANKS, query.identifiers_mapped(",", "+,+")),
        (_SLASH, replace(query, path="/Slot/?")),
        (_ORDER, replace(query, pairs=tuple(reversed(query.pairs)))),
        (_COLON, replace(query, pairs=colons)),
        (_COUNT, query.plus("_count", "1000")),
        (_SMALL_COUNT, query.plus("_count", "1")),
        (_INCLUDE, query.plus("_include", "Slot:recette-unknown")),
        (_PARAMETER, query.plus("recette-unknown", "1")),
    )


async def _play(stage: Stage) -> None:
    async with conversation(stage) as talk:
        query = talk.query(*talk.many("practitioners_together"), talk.one("practitioner_one_place"))
        usual = await talk.ask(query)
        for check, form in _forms(query):
            talk.judge((check,), Pair(usual, await talk.ask(form)))


FORMS = Scenario(
    "slot_search.query_forms",
    Flow.SLOT_SEARCH,
    Text("La même requête, sous les formes du trafic réel", "The same query, in the forms of real traffic"),
    (*_FORMS, *EVERY_SCENARIO),
    _play,
    needs=("practitioners_together", "practitioner_one_place"),
    tags=(Tag.FORMS,),
)

SCENARIOS: tuple[Scenario, ...] = (FORMS,)
