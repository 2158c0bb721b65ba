"""Requests to editors. Each editor has its own connections and its own bound, so that a slow one slows itself only."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from sas_kernel.errors import SasError
from sas_kernel.text import Text
from sas_kit.http import HttpAnswer, HttpClient, HttpLimits, Watch, exchange, new_client
from sas_platform.editors.model import Editor, Search
from sas_platform.slot_search.model import Bounds, LotRequest

# The spelling of the SAS implementation guide (it predates FHIR R4); a name, for editors' logs and firewalls.
_HEADERS = (("Accept", "application/json+fhir"), ("User-Agent", "sas-platform"))
_RESOURCE = {Search.PRACTITIONERS: "Slot", Search.CPTS: "Slot", Search.SOS: "Schedule"}


class EditorSaturatedError(SasError):
    """Too many requests to this editor are still unanswered."""

    def __init__(self, waiting: int) -> None:
        super().__init__(
            Text(
                "{n} demandes attendent déjà une réponse de cet éditeur.",
                "{n} requests already wait for an answer of this editor.",
            ).format(n=waiting)
        )


class _Peer:
    __slots__ = ("base_url", "client", "in_flight", "retired")

    def __init__(self, base_url: str, client: HttpClient) -> None:
        self.base_url = base_url
        self.client = client
        self.in_flight = 0
        self.retired = False


class EditorClients:
    """One HTTP client an editor, opened when it is first asked.

    `per_editor` requests at most are under way to one editor. One more is refused at once rather than queued: behind
    an editor that hangs, a queue would only turn late answers into later ones.
    """

    def __init__(self, bounds: Bounds, *, per_editor: int, transport: Any = None, watch: Watch | None = None) -> None:
        self._limits = HttpLimits(bounds.connect, bounds.answer, bounds.answer_size)
        self._per_editor = per_editor
        self._transport = transport
        self._watch = watch
        self._tls = ssl.create_default_context()  # costly to build, hence shared
        self._peers: dict[str, _Peer] = {}

    async def fetch(
        self, request: LotRequest, within: float, room: Callable[[int], Awaitable[None]] | None = None
    ) -> HttpAnswer:
        """The editor's answer, whatever its status; raises `HttpFailure` or `EditorSaturatedError`.

        `within`: seconds that the search still has. `room`: see `sas_kit.http.exchange`.
        """
        async with self._peer(request.editor) as client:
            return await exchange(
                client,
                "GET",
                # The query goes in `target` alone: libraries log URLs.
                f"{request.editor.base_url}/{_RESOURCE[request.search]}",
                target=request.target,
                limits=replace(self._limits, whole=within),
                headers=_HEADERS,
                room=room,
            )

    async def aclose(self) -> None:
        peers, self._peers = self._peers, {}
        for peer in peers.values():
            await peer.client.aclose()

    @asynccontextmanager
    async def _peer(self, editor: Editor) -> AsyncIterator[HttpClient]:
        peer = self._peers.get(editor.id)
        if peer is not None and peer.base_url != editor.base_url:
            peer.retired = True
            if peer.in_flight == 0:
                await peer.client.aclose()
            peer = None
        if peer is None:
            client = new_client(
                transport=self._transport, verify=self._tls, connections=self._per_editor, watch=self._watch
            )
            peer = self._peers[editor.id] = _Peer(editor.base_url, client)
        if peer.in_flight >= self._per_editor:
            raise EditorSaturatedError(peer.in_flight)
        peer.in_flight += 1
        try:
            yield peer.client
        finally:
            peer.in_flight -= 1
            if peer.retired and peer.in_flight == 0:
                await peer.client.aclose()
