"""`/metrics`: who may read it, and the reading of what is only known when somebody asks."""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from fastapi.responses import Response

from sas_kernel import loopback
from sas_kit.observing.metrics import Metrics
from sas_kit.web import problem

METRICS_PATH: Final = "/metrics"
_SAMPLED_WITHIN: Final = 2.0  # seconds; Prometheus itself gives up after ten
_SAMPLED_EVERY: Final = 1.0
_FORWARDED: Final = frozenset({b"forwarded", b"x-real-ip", b"via"})  # and x-forwarded-…

Scope = MutableMapping[str, Any]
Sample = Callable[[], Awaitable[None]]

_log = logging.getLogger(__name__)


class Exposition:
    """An ASGI application. This machine reads without a token, unless a proxy asks for somebody; others with it.

    `samples` are asked before the answer, at most once a second, and each sets gauges of its own; one that fails or
    is late says so by a gauge of its own, and the rest is answered.
    """

    def __init__(self, metrics: Metrics, token: str | None, setting: str) -> None:
        self._metrics = metrics
        self._token = token
        self._setting = setting
        self.samples: dict[str, Sample] = {}
        self._sampled_at = -_SAMPLED_EVERY
        self._good = metrics.gauge(
            "metrics_sampled_successfully",
            "Whether what is read for this answer could be read (1) or not (0)",
            "livemostrecent",
        )

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        await (self._refusal(scope) or await self._answer(scope))(scope, receive, send)

    async def _answer(self, scope: Scope) -> Response:
        await self._sample()
        accept = ", ".join(value.decode("latin-1") for name, value in scope["headers"] if name == b"accept")
        try:
            body, content_type = await asyncio.to_thread(self._metrics.exposed, accept)
        except (TypeError, ValueError):  # an Accept that the library cannot read
            body, content_type = await asyncio.to_thread(self._metrics.exposed, "")
        headers = {"content-type": content_type, "cache-control": "no-store"}
        return Response(b"" if scope["method"] == "HEAD" else body, headers=headers)

    def _refusal(self, scope: Scope) -> Response | None:
        if scope["method"] not in {"GET", "HEAD"}:
            return problem(405, "Method not allowed", "Metrics are read by GET.", headers={"allow": "GET, HEAD"})
        if _is_near(scope):
            return None
        if self._token is None:
            how = f"Metrics are read from the machine of the service, or with a token ({self._setting})."
            return problem(403, "Forbidden", how)
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        scheme, _, token = given.partition(b" ")
        if scheme.lower() == b"bearer" and hmac.compare_digest(token.strip(), self._token.encode()):
            return None
        challenge = {"www-authenticate": 'Bearer realm="metrics"'}
        return problem(401, "Authentication required", "Metrics token expected (Bearer).", headers=challenge)

    async def _sample(self) -> None:
        if time.monotonic() < self._sampled_at + _SAMPLED_EVERY:
            return
        self._sampled_at = time.monotonic()
        try:
            async with asyncio.timeout(_SAMPLED_WITHIN):
                for sample in self.samples.values():
                    await sample()
        except Exception as error:  # noqa: BLE001  whatever it is, the rest of the metrics is worth the answer
            _log.warning("some metrics could not be read: %s", type(error).__name__)
            self._good.set(0)
        else:
            self._good.set(1)


def _is_near(scope: Scope) -> bool:
    client = scope.get("client")
    if client is None or not loopback.is_loopback(client[0]):
        return False
    return not any(name in _FORWARDED or name.startswith(b"x-forwarded-") for name, _ in scope["headers"])
