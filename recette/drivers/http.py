"""Sends what a scenario asks for and times the wire: nothing is parsed, followed or re-encoded."""

from __future__ import annotations

import itertools
import ssl
from collections.abc import Sequence
from urllib.parse import urlsplit

from recette import __version__
from recette.model import Exchange, Request, Response, Timings, TransportFailure
from sas_kernel.clock import Clock
from sas_kit import http as sas_http
from sas_kit.http import HttpClient, HttpFailure, HttpLimits, exchange

USER_AGENT = f"recette/{__version__}"


def new_client() -> HttpClient:
    """The harness's client: it trusts the authorities of the system, or those that `SSL_CERT_FILE` names."""
    return sas_http.new_client(verify=ssl.create_default_context())


class HttpDriver:
    """Speaks to one system under test, whose base URL is `base_url` (a trailing slash does not count).

    Every request carries the headers `always`.
    """

    def __init__(
        self,
        client: HttpClient,
        base_url: str,
        *,
        limits: HttpLimits,
        clock: Clock,
        always: Sequence[tuple[str, str]] = (),
    ) -> None:
        self._client = client
        self._base_url = base_url.rstrip("/")
        self._base_path = urlsplit(self._base_url).path
        self._limits = limits
        self._clock = clock
        self._always = (("User-Agent", USER_AGENT), *always)
        self._numbers = itertools.count(1)

    async def send(
        self, target: str, *, method: str = "GET", headers: Sequence[tuple[str, str]] = (), body: bytes = b""
    ) -> Exchange:
        """One exchange; what goes wrong on the wire is in it, never raised."""
        return await self._exchange(method, self._base_url, self._base_path + target, headers, body, target)

    async def fetch(
        self, url: str, *, method: str = "GET", headers: Sequence[tuple[str, str]] = (), body: bytes = b""
    ) -> Exchange:
        """One exchange with whoever is at this address."""
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return await self._exchange(method, f"{parts.scheme}://{parts.netloc}", target, headers, body, target)

    async def _exchange(
        self, method: str, base: str, target: str, headers: Sequence[tuple[str, str]], body: bytes, shown: str
    ) -> Exchange:
        number = f"x{next(self._numbers)}"
        sent_at = self._clock.now()
        sent_headers = (*self._always, *headers)
        request = Request(method, base + shown, target, sent_headers, body)
        try:
            answer = await exchange(
                self._client, method, base, target=target, headers=sent_headers, limits=self._limits, body=body
            )
        except HttpFailure as failure:
            return Exchange(
                number,
                sent_at,
                request,
                Timings(failure.first_byte, failure.elapsed),
                failure=TransportFailure(failure.kind.value),
                failure_detail=failure.detail,
            )
        return Exchange(
            number,
            sent_at,
            request,
            Timings(answer.first_byte, answer.total),
            response=Response(answer.status, answer.headers, answer.body),
        )
