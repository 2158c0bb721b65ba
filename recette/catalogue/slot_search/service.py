"""The interface as a service: its address, what it declares of itself, the types it announces, its response times."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from recette.catalogue.slot_search.conversation import EVERY_SCENARIO, PLATFORM_ACCEPT, conversation
from recette.catalogue.slot_search.practitioners import full_list
from recette.catalogue.tags import Tag
from recette.checks.answer import Answer
from recette.checks.capability import SLOT_SEARCH, STATEMENT, VERSION
from recette.checks.counts import DECLARED_CONSULTATION_TYPES, DECLARED_SLOT_TYPES, Declared
from recette.checks.exchange import HTTPS, STATUS_OK, Address
from recette.checks.response_time import FULL_LIST, ONE_PRACTITIONER, Timed
from recette.model import Check, Exchange, Scenario, Stage, Target, TransportFailure
from sas_kernel.flows import Flow
from sas_kernel.text import Text


async def _https(stage: Stage) -> None:
    stage.judge(HTTPS, Address(stage.target.base_url))


def _on_this_machine(target: Target) -> Text | None:
    host = urlsplit(target.base_url).hostname or ""
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost"
    if not local:
        return None
    return Text("La cible est sur cette machine : HTTP suffit.", "The target is on this machine: HTTP will do.")


ADDRESS = Scenario(
    "slot_search.address",
    Flow.SLOT_SEARCH,
    Text("L’adresse de l’interface", "The interface's address"),
    (HTTPS,),
    _https,
    omitted=_on_this_machine,
    tags=(Tag.SMOKE,),
)


async def _metadata(stage: Stage) -> None:
    async with conversation(stage) as talk:
        exchange = await stage.send("/metadata", headers=(PLATFORM_ACCEPT,))
        talk.heard.append(exchange)
        talk.judge((STATEMENT, VERSION, SLOT_SEARCH), Answer(exchange))


METADATA = Scenario(
    "slot_search.metadata",
    Flow.SLOT_SEARCH,
    Text("Ce que l’interface déclare d’elle-même", "What the interface declares of itself"),
    (STATEMENT, VERSION, SLOT_SEARCH, *EVERY_SCENARIO),
    _metadata,
    tags=(Tag.SMOKE, Tag.CONTENT),
)


NOT_DECLARED = Text(
    "Le fichier de cible ne déclare pas ces types (applicability).",
    "The target file does not declare these types (applicability).",
)


async def _slot_types(stage: Stage) -> None:
    async with conversation(stage) as talk:
        answer = await talk.search(talk.one("practitioner_one_place"))
        talk.judge((DECLARED_SLOT_TYPES,), Declared(answer, frozenset(stage.target.slot_types)))


SLOT_TYPES = Scenario(
    "slot_search.declared_slot_types",
    Flow.SLOT_SEARCH,
    Text("Les types de créneaux déclarés", "The declared slot types"),
    (DECLARED_SLOT_TYPES, *EVERY_SCENARIO),
    _slot_types,
    needs=("practitioner_one_place",),
    omitted=lambda target: None if target.slot_types else NOT_DECLARED,
    tags=(Tag.CONTENT,),
)


async def _consultation_types(stage: Stage) -> None:
    async with conversation(stage) as talk:
        answer = await talk.search(talk.one("practitioner_one_place"))
        talk.judge((DECLARED_CONSULTATION_TYPES,), Declared(answer, frozenset(stage.target.consultation_types)))


CONSULTATION_TYPES = Scenario(
    "slot_search.declared_consultation_types",
    Flow.SLOT_SEARCH,
    Text("Les types de consultation déclarés", "The declared consultation types"),
    (DECLARED_CONSULTATION_TYPES, *EVERY_SCENARIO),
    _consultation_types,
    needs=("practitioner_one_place",),
    omitted=lambda target: None if target.consultation_types else NOT_DECLARED,
    tags=(Tag.CONTENT,),
)

_FULL_LIST_SAMPLES = 5


async def _sampled(stage: Stage, check: Check, identifiers: tuple[str, ...], count: int) -> None:
    """Time `count` searches one after the other, after one that opens the connection and does not count.

    An answer that did not come in time counts for the time it was waited for: leaving it out would flatter the rest.
    """
    async with conversation(stage) as talk:
        level = stage.levels[check.service_level or ""]
        query = talk.query(*identifiers)
        talk.judge((STATUS_OK,), await talk.ask(query))
        timed: list[Exchange] = []
        for _ in range(count):
            answer = await talk.ask(query)
            if answer.response is not None and answer.response.status != 200:
                talk.judge((STATUS_OK,), answer)
            elif answer.exchange is not None and answer.exchange.failure in {None, TransportFailure.TIMEOUT}:
                timed.append(answer.exchange)
        samples = [exchange.timings.total for exchange in timed]
        measurement = stage.measure(check.id, check.title, level, samples)
        talk.judge((check,), Timed(measurement, tuple(timed)))


async def _one_practitioner(stage: Stage) -> None:
    practitioner = str(stage.target.test_data["practitioner_one_place"])
    needed = stage.levels["slot_search.one_practitioner"].minimum_samples
    await _sampled(stage, ONE_PRACTITIONER, (practitioner,), needed)


ONE_PRACTITIONER_TIME = Scenario(
    "slot_search.response_time_one_practitioner",
    Flow.SLOT_SEARCH,
    Text("Temps de réponse pour un professionnel", "Response time for one practitioner"),
    (STATUS_OK, ONE_PRACTITIONER, *EVERY_SCENARIO),
    _one_practitioner,
    needs=("practitioner_one_place",),
    tags=(Tag.RESPONSE_TIME,),
)


async def _full_list(stage: Stage) -> None:
    size = int(stage.levels["slot_search.practitioners_per_request"].value)
    needed = stage.levels["slot_search.answer_timeout"].minimum_samples
    identifiers = full_list(stage.target, size)
    await _sampled(stage, FULL_LIST, identifiers, max(needed, _FULL_LIST_SAMPLES))


FULL_LIST_TIME = Scenario(
    "slot_search.response_time_full_list",
    Flow.SLOT_SEARCH,
    Text("Temps de réponse pour une liste pleine", "Response time for a full list"),
    (STATUS_OK, FULL_LIST, *EVERY_SCENARIO),
    _full_list,
    needs=("practitioner_one_place",),
    tags=(Tag.RESPONSE_TIME,),
)

FIRST: tuple[Scenario, ...] = (ADDRESS, METADATA)
LAST: tuple[Scenario, ...] = (SLOT_TYPES, CONSULTATION_TYPES, ONE_PRACTITIONER_TIME, FULL_LIST_TIME)
