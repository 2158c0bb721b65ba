"""The media types a client may ask for. Source: IG SAS 1.2.0 (headers, CapabilityStatement), FHIR R4."""

from __future__ import annotations

from recette.catalogue.slot_search.conversation import EVERY_SCENARIO, conversation
from recette.catalogue.tags import Tag
from recette.checks.comparison import Pair
from recette.checks.refusals import NOT_ACCEPTABLE, OUTCOME, accepted
from recette.model import Check, Scenario, Stage
from sas_kernel.flows import Flow
from sas_kernel.text import Text

_REFUSED = Text("Ce type de contenu est refusé.", "This media type is refused.")

_PLATFORM = accepted(
    "accept.json_fhir",
    "SLOT-020",
    Text("Accept: application/json+fhir (la plateforme)", "Accept: application/json+fhir (the platform)"),
    _REFUSED,
    media_type=True,
)
_REGISTERED = accepted(
    "accept.fhir_json",
    "SLOT-021",
    Text("Accept: application/fhir+json (le type de FHIR R4)", "Accept: application/fhir+json (FHIR R4's type)"),
    _REFUSED,
    media_type=True,
)
_GENERIC = accepted(
    "accept.generic",
    "SLOT-022",
    Text("Accept absent, */*, application/json", "No Accept, */*, application/json"),
    _REFUSED,
    media_type=True,
)
_FORMAT = accepted(
    "accept.format",
    "SLOT-023",
    Text("_format l’emporte sur Accept", "_format wins over Accept"),
    Text("_format demande du JSON et n’est pas suivi.", "_format asks for JSON and is not followed."),
    media_type=True,
)
_CHECKS: tuple[Check, ...] = (_PLATFORM, _REGISTERED, _GENERIC, _FORMAT, NOT_ACCEPTABLE, OUTCOME)
_XML = ("Accept", "application/xml")


async def _play(stage: Stage) -> None:
    async with conversation(stage) as talk:
        query = talk.query(talk.one("practitioner_one_place"))
        usual = await talk.ask(query)
        talk.judge((_PLATFORM,), Pair(usual, usual))
        for check, asked, headers in (
            (_REGISTERED, query, (("Accept", "application/fhir+json"),)),
            (_GENERIC, query, ()),
            (_GENERIC, query, (("Accept", "*/*"),)),
            (_GENERIC, query, (("Accept", "application/json"),)),
            (_FORMAT, query.plus("_format", "json"), (_XML,)),
            (_FORMAT, query.plus("_format", "application/fhir%2Bjson"), (_XML,)),
        ):
            talk.judge((check,), Pair(usual, await talk.ask(asked, headers=headers)))
        if not usual.usable:
            talk.skip((NOT_ACCEPTABLE, OUTCOME), usual)
            return
        refused = await talk.ask(query, headers=(_XML,))
        talk.judge((NOT_ACCEPTABLE, OUTCOME), refused)


MEDIA_TYPES = Scenario(
    "slot_search.media_types",
    Flow.SLOT_SEARCH,
    Text("Les types de contenu qu’un client peut demander", "The media types a client may ask for"),
    (*_CHECKS, *EVERY_SCENARIO),
    _play,
    tags=(Tag.FORMS,),
)

SCENARIOS: tuple[Scenario, ...] = (MEDIA_TYPES,)
