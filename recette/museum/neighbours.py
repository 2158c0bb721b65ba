"""Those a served partner speaks to over HTTP: the right one behind it, and the other side it tells of things."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from recette.model import Response
from recette.museum.wire import Agenda, Asked, Deliver, Reply
from sas_kit.http import HttpClient, HttpFailure, HttpLimits, exchange

LIMITS: Final = HttpLimits(connect=5.0, answer=30.0, max_bytes=64 * 1024 * 1024)
_NOT_PASSED_ON: Final = frozenset({"accept-encoding", "content-length", "transfer-encoding", "connection"})


def behind(client: HttpClient, address: str) -> Agenda:
    """The right partner at an address: what it is asked as it came, what it says at once and uncompressed."""

    async def reference(asked: Asked) -> Reply:
        headers = [pair for pair in asked.headers if pair[0].lower() not in _NOT_PASSED_ON]
        try:
            answer = await exchange(
                client, asked.method, address, target=asked.target, headers=headers, body=asked.body, limits=LIMITS
            )
        except HttpFailure as failure:
            return Reply(502, (("Content-Type", "text/plain; charset=utf-8"),), f"recette: {failure}".encode(), 0.0)
        return Reply(answer.status, answer.headers, answer.body, 0.0)

    return reference


def other_side(client: HttpClient, base_url: str) -> Deliver:
    """Who is told of appointments, or asked for slots, at this FHIR base."""

    path = urlsplit(base_url).path

    async def deliver(method: str, target: str, headers: tuple[tuple[str, str], ...], body: bytes) -> Response | None:
        try:
            answer = await exchange(
                client, method, base_url, target=path + target, headers=headers, body=body, limits=LIMITS
            )
        except HttpFailure:
            return None
        return Response(answer.status, answer.headers, answer.body)

    return deliver
