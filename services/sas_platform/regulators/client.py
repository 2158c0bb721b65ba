"""Requests to editors about accounts. Each editor has its own connections, opened when it is first told."""

from __future__ import annotations

import ssl
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from sas_kit.http import HttpClient, HttpFailure, HttpFailureKind, HttpLimits, Watch, exchange, new_client
from sas_platform.editors.model import Editor
from sas_platform.regulators import fhir
from sas_platform.regulators.model import Answer, Identifier

# The spelling of the SAS implementation guide for what is accepted (it predates FHIR R4).
_HEADERS: Final = (
    ("Content-Type", "application/fhir+json"),
    ("Accept", "application/json+fhir"),
    ("User-Agent", "sas-platform"),
)
_MOST_BYTES: Final = 1 << 20
_NEVER_LEFT: Final = frozenset({HttpFailureKind.UNREACHABLE, HttpFailureKind.TLS})


class RegulatorClient:
    """`connect`, `answer`: seconds, as everywhere in `sas_kit.http`. `transport` replaces the network in tests."""

    def __init__(self, *, connect: float, answer: float, transport: Any = None, watch: Watch | None = None) -> None:
        self._limits = HttpLimits(connect, answer, _MOST_BYTES)
        self._transport = transport
        self._watch = watch
        self._tls = ssl.create_default_context()
        self._clients: dict[str, HttpClient] = {}

    @property
    def longest(self) -> float:
        """Seconds after which an exchange is over, whatever the editor does."""
        return self._limits.connect + self._limits.answer

    async def send(self, editor: Editor, method: str, address: Identifier | None, resource: dict[str, Any]) -> Answer:
        """What became of one request; a failure of the exchange is an answer without a status."""
        client = self._clients.get(editor.id)
        if client is None:
            client = self._clients[editor.id] = new_client(
                transport=self._transport, verify=self._tls, connections=4, watch=self._watch
            )
        target = urlsplit(editor.base_url).path + fhir.target(address)
        try:
            answer = await exchange(
                client,
                method,
                f"{editor.base_url}/Practitioner",  # the query goes in `target` alone: libraries log URLs
                target=target,
                limits=self._limits,
                headers=_HEADERS,
                body=msgspec.json.encode(resource),
            )
        except HttpFailure as failure:
            left = failure.kind not in _NEVER_LEFT
            return Answer(None, round(1000 * failure.elapsed), detail=str(failure)[: fhir.MOST_DETAIL], left=left)
        if answer.is_page and answer.status < 300:  # of a proxy, say: whether the editor was told is not known
            return Answer(None, round(1000 * answer.total), detail="page: HTML in place of an answer", left=True)
        return Answer(
            answer.status,
            round(1000 * answer.total),
            fhir.location(answer.header("location")),
            None if answer.status < 300 else fhir.diagnostics(answer.body),
            retry_after=fhir.retry_after(answer.header("retry-after")),
        )

    async def aclose(self) -> None:
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.aclose()
