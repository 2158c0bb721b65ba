"""The SOS search: what the platform asks of editors for SOS Médecins associations, and of which."""

from __future__ import annotations

import json
from collections.abc import Sequence
from urllib.parse import urlsplit

from recette.catalogue.tags import Tag
from recette.checks.platform_associations import QUERY, Shared, is_one
from recette.checks.platform_search import Search
from recette.model import Actor, Exchange, Inbox, PlatformTarget, Request, Response, Scenario, Stage, Target
from sas_kernel.flows import Flow
from sas_kernel.text import Text

_NO_INBOX = Text(
    "Personne n’écoute : donnez une section [platform], et déclarez-nous à la plateforme comme éditeur SOS.",
    "Nobody listens: give a section [platform], and connect us to the platform as an SOS editor.",
)
_SEARCH = Text(
    "Recherchez sur la plateforme les créneaux de plus de dix associations SOS Médecins.",
    "Search the platform for the slots of more than ten SOS Médecins associations.",
)
_COMING = Text("Une recherche SOS de la plateforme", "An SOS search of the platform")
_OF_FIRST, _OF_SECOND = "300000000000901", "300000000000902"
_OF_NOBODY = tuple(f"3000000000008{number:02d}" for number in range(10))
"""SIRET that nobody bears: no company's number begins so."""
_EDITORS = {"recette-sos-1": _OF_FIRST, "recette-sos-2": _OF_SECOND}
"""Two editors we are, each known to be the software of one association."""
_EMPTY = Response(
    200, (("Content-Type", "application/fhir+json"),), b'{"resourceType":"Bundle","type":"searchset","total":0}'
)


def _nothing_free(request: Request) -> Response:
    return _EMPTY


class _Administration:
    """The reference platform's own doors for machines: its register of editors, and its search."""

    def __init__(self, stage: Stage, platform: PlatformTarget) -> None:
        parts = urlsplit(stage.target.base_url)
        self._stage = stage
        self._home = platform.admin_url or f"{parts.scheme}://{parts.netloc}"
        self._headers = (("Authorization", f"Bearer {platform.admin_token}"), ("Content-Type", "application/json"))

    async def _call(self, method: str, path: str, body: object = None) -> Exchange:
        sent = b"" if body is None else json.dumps(body).encode()
        return await self._stage.fetch(f"{self._home}{path}", method=method, headers=self._headers, body=sent)

    async def environment(self) -> str:
        """That of the editors it has: ours are asked in the same."""
        exchange = await self._call("GET", "/api/admin/editors")
        try:
            document = json.loads(exchange.response.body) if exchange.response is not None else {}
            return str(document["editors"][0]["environment"])
        except (ValueError, KeyError, IndexError, TypeError):
            return "recette"

    async def connect(self, inbox: Inbox) -> list[Exchange]:
        environment = await self.environment()
        return [
            await self._call(
                "POST",
                "/api/admin/editors",
                {
                    "id": id,
                    "name": id,
                    "base_url": f"{inbox.url}/{id}",
                    "environment": environment,
                    "searches": ["sos"],
                    "associations": [association],
                },
            )
            for id, association in _EDITORS.items()
        ]

    async def search(self, associations: Sequence[str]) -> Exchange:
        return await self._call("POST", "/api/slots/search", {"sos": list(associations)})

    async def leave(self) -> None:
        for id in _EDITORS:
            await self._call("DELETE", f"/api/admin/editors/{id}")


async def _ask(stage: Stage) -> None:
    platform, inbox = stage.target.platform, stage.inbox
    if platform is None or inbox is None:
        for check in QUERY:
            stage.skip(check, _NO_INBOX)
        return
    driven, since = bool(platform.admin_token), len(inbox.arrivals)

    def searches() -> tuple[Search, ...]:
        return tuple(search for search in map(Search, inbox.arrivals[since:]) if is_one(search))

    inbox.answer_with(_nothing_free)
    proof: list[Exchange] = []
    administration = _Administration(stage, platform)
    try:
        if driven:
            proof = await administration.connect(inbox)
            proof.append(await administration.search((*_EDITORS.values(), *_OF_NOBODY)))
        await stage.wait_for(_COMING if driven else _SEARCH, lambda: bool(searches()), seconds=platform.wait)
    finally:
        inbox.answer_with(None)
        if driven:
            await administration.leave()
    path = urlsplit(inbox.url).path.rstrip("/")
    known = frozenset(_EDITORS.values())
    shared = Shared(
        searches(),
        (),
        tuple(proof),
        driven,
        {f"{path}/{id}": frozenset({own, *_OF_NOBODY}) for id, own in _EDITORS.items()},
        {f"{path}/{id}": known - {own} for id, own in _EDITORS.items()},
    )
    for check in QUERY:
        stage.judge(check, shared)


def _not_declared(target: Target) -> Text | None:
    if target.sos:
        return None
    return Text(
        "La cible ne déclare pas SOS Médecins ([applicability] sos = true).",
        "The target does not declare SOS Médecins ([applicability] sos = true).",
    )


ASKING = Scenario(
    "slot_search.platform.sos_asking",
    Flow.SLOT_SEARCH,
    Text(
        "Ce que la plateforme demande pour SOS Médecins, et à qui", "What the platform asks for SOS Médecins, and whom"
    ),
    QUERY,
    _ask,
    omitted=_not_declared,
    tags=(Tag.SOS, Tag.CONTENT),
    actor=Actor.PLATFORM,
)

SCENARIOS: tuple[Scenario, ...] = (ASKING,)
