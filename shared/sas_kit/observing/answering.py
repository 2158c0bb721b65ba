"""ASGI: every request that is answered, or is not, is measured and told in one line."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from fastapi import FastAPI
from prometheus_client import Gauge, Histogram

from sas_kit.observing import logs, tracing
from sas_kit.observing.logs import AccessLog
from sas_kit.observing.metrics import Metrics

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

UNKNOWN: Final = "unknown"  # the route of a path that leads nowhere, the method that nobody knows
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_CLASSES: Final = ("none", "1xx", "2xx", "3xx", "4xx", "5xx")
_EVENTS: Final = b"text/event-stream"
_REQUEST_ID: Final = tracing.REQUEST_ID.lower().encode("ascii")

_log = logging.getLogger(__name__)


class Observed:
    """Around the whole application, what it makes of its own errors included: tells what left.

    Paths are told by the template of their route, since a path or a query may name people, and so that no caller can
    make series without end. `apart`: what answers at `apart_path`, neither measured nor told.
    """

    def __init__(
        self, app: App, api: FastAPI, metrics: Metrics, access: AccessLog, apart: App, apart_path: str
    ) -> None:
        self._app = app
        self._access = access
        self._apart = apart
        self._apart_path = apart_path
        self._places = _places(api)
        self._durations = metrics.durations(
            "http_request_duration_seconds",
            "From a request's arrival to the last byte of its answer, by route, method and class of status",
            ("route", "method", "status"),
        )
        in_flight = metrics.gauge("http_requests_in_flight", "Requests that are being answered", "livesum")
        self._streams = metrics.gauge(
            "http_event_streams_open", "Server-sent events that somebody listens to", "livesum"
        )
        self._arrived, self._left = in_flight.inc, in_flight.dec
        self._observers: dict[tuple[str, str, int], Callable[[float], None]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await (self._lifespan if scope["type"] == "lifespan" else self._app)(scope, receive, send)
            return
        if scope["path"] == self._apart_path:
            await self._apart(scope, receive, send)
            return
        trace = tracing.incoming(scope["headers"])
        answer = _Answer(send, self._streams, trace.request.encode("ascii"))
        self._arrived()
        begun = time.perf_counter()
        with tracing.working_on(trace):
            try:
                await self._app(scope, receive, answer)
            finally:
                seconds = time.perf_counter() - begun
                self._left()
                if answer.streams:
                    self._streams.dec()
                route = self._route(scope)
                method = scope["method"] if scope["method"] in _METHODS else UNKNOWN
                self._observer(route, method, answer.status // 100)(seconds)
                self._access.tell(method, route, answer.status, seconds, answer.size)

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What keeps the application from beginning or ending is told as any exception: a traceback says too much."""

        async def sent(message: Message) -> None:
            await send({"type": message["type"]})

        try:
            await self._app(scope, receive, sent)
        except Exception as error:
            _log.error("the application could not begin, or not end", exc_info=error)
            raise
        finally:
            logs.write_at_once()

    def _route(self, scope: Scope) -> str:
        route = scope.get("route")
        if route is not None:
            template: str = route.path_format
            return template
        return self._places.get(id(scope.get("endpoint")), UNKNOWN)

    def _observer(self, route: str, method: str, hundreds: int) -> Callable[[float], None]:
        key = (route, method, hundreds)
        if (observe := self._observers.get(key)) is None:
            observe = self._observers[key] = _labelled(self._durations, *key)
        return observe


def _labelled(durations: Histogram, route: str, method: str, hundreds: int) -> Callable[[float], None]:
    status = _CLASSES[hundreds] if hundreds < len(_CLASSES) else UNKNOWN
    return durations.labels(route, method, status).observe


def _places(api: FastAPI) -> dict[int, str]:
    """Of what is no route of an API (files, the description): what answers, with its path."""
    found = {}
    for route in api.routes:
        answering = getattr(route, "app", None) if hasattr(route, "routes") else getattr(route, "endpoint", None)
        path = getattr(route, "path_format", None) or getattr(route, "path", None)
        if answering is not None and path:
            found[id(answering)] = path
    return found


class _Answer:
    """Stands in for `send`: notes what leaves, and lets the answer say by which id it is found."""

    __slots__ = ("_id", "_open", "_send", "size", "status", "streams")

    def __init__(self, send: Send, opened: Gauge, request_id: bytes) -> None:
        self._send = send
        self._open = opened
        self.streams = False
        self._id = request_id
        self.status = 0
        self.size = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.body":
            self.size += len(message.get("body", b""))
        elif message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [*message.get("headers", ()), (_REQUEST_ID, self._id)]
            message["headers"] = headers
            if (b"content-type", _EVENTS) in headers or (b"content-type", _EVENTS + b"; charset=utf-8") in headers:
                self.streams = True
                self._open.inc()
        await self._send(message)
