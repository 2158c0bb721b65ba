"""INT_R01, the slot search: what the platform asks an editor for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from urllib.parse import urlsplit

from recette.catalogue.tags import Tag
from recette.checks.platform_search import EVERYBODY, QUERY, Search, Searched
from recette.model import Actor, Check, Exchange, PlatformTarget, Request, Response, Scenario, Stage
from sas_kernel.flows import Flow
from sas_kernel.text import Text

_NO_INBOX = Text(
    "Personne n’écoute : donnez une section [platform], et déclarez-nous à la plateforme comme éditeur.",
    "Nobody listens: give a section [platform], and connect us to the platform as an editor.",
)
_SEARCH = Text(
    "Recherchez sur la plateforme les créneaux de plus de 25 professionnels.",
    "Search the platform for the slots of more than 25 practitioners.",
)
_COMING = Text("Une recherche de la plateforme", "A search of the platform")
_ASKED = tuple(f"8109999{number:05d}" for number in range(30))
"""More than one lot of people nobody is: no RPPS number of a real one begins so."""
_EMPTY = Response(
    200, (("Content-Type", "application/fhir+json"),), b'{"resourceType":"Bundle","type":"searchset","total":0}'
)
CHECKS = (*QUERY, EVERYBODY)


def _nothing_free(request: Request) -> Response:
    return _EMPTY


async def _search_at(stage: Stage, platform: PlatformTarget, *, cpts: bool) -> Exchange:
    """By the reference platform's own door for machines."""
    parts = urlsplit(stage.target.base_url)
    home = platform.admin_url or f"{parts.scheme}://{parts.netloc}"
    body = json.dumps({"practitioners": list(_ASKED), **({"cpts": True} if cpts else {})}).encode()
    headers = (("Content-Type", "application/json"), ("Accept", "application/json"))
    return await stage.fetch(f"{home}/api/slots/search", method="POST", headers=headers, body=body)


async def ask(stage: Stage, checks: Sequence[Check], wish: Text, *, cpts: bool = False) -> None:
    """Have the platform search (`wish`: what an operator is told to do), and judge what it asked us.

    `cpts`: with the slots that CPTS show, which it asks of an editor that answers INT_R04.
    """
    platform, inbox = stage.target.platform, stage.inbox
    if platform is None or inbox is None:
        for check in checks:
            stage.skip(check, _NO_INBOX)
        return
    driven, since = bool(platform.admin_token), len(inbox.arrivals)

    def searches() -> tuple[Search, ...]:
        return tuple(search for search in map(Search, inbox.arrivals[since:]) if search.is_one)

    inbox.answer_with(_nothing_free)
    try:
        proof = (await _search_at(stage, platform, cpts=cpts),) if driven else ()
        await stage.wait_for(_COMING if driven else wish, lambda: bool(searches()), seconds=platform.wait)
    finally:
        inbox.answer_with(None)
    searched = Searched(searches(), _ASKED, proof, driven)
    for check in checks:
        stage.judge(check, searched)


async def _ask(stage: Stage) -> None:
    await ask(stage, CHECKS, _SEARCH)


ASKING = Scenario(
    "slot_search.platform.asking",
    Flow.SLOT_SEARCH,
    Text("Ce que la plateforme demande à un éditeur", "What the platform asks an editor for"),
    CHECKS,
    _ask,
    actor=Actor.PLATFORM,
    tags=(Tag.SMOKE, Tag.CONTENT),
)

SCENARIOS: tuple[Scenario, ...] = (ASKING,)
