"""ASGI: what a service answers goes through here when, and only when, faults are played."""

from __future__ import annotations

import codecs
import email.utils
import math
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from datetime import UTC
from typing import Any, Final

from sas_kernel import loopback
from sas_kernel.faults.model import (
    Charset,
    ContentType,
    Cut,
    Direction,
    Drip,
    Effect,
    Reset,
    Skew,
    Status,
    Truncate,
)
from sas_kernel.faults.script import Cue
from sas_kernel.text import Text
from sas_kit.faults import server
from sas_kit.faults.stage import SHARES, Stage, UnknownFaultError, drops
from sas_kit.web import problem

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

HEADER: Final = b"x-recette-fault"
LISTING: Final = "/_faults"
_HEALTH: Final = "/health/"
_LOOKS_EVERY: Final = 0.25  # seconds


class FaultsMiddleware:
    """Around the whole service; around this there is only what measures and tells which answers left."""

    def __init__(self, app: App, *, stage: Stage) -> None:
        self._app = app
        self._stage = stage

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        near, send = _is_near(scope), self._dated(send)
        if near and scope["path"] == LISTING and scope["method"] in {"GET", "HEAD"}:
            await self._stage.listing()(scope, receive, send)
            return
        asked = next((value for key, value in scope["headers"] if key == HEADER), None) if near else None
        try:
            cue = self._cue(scope, None if asked is None else asked.decode("latin-1"))
        except UnknownFaultError as error:
            await problem(400, Text("Panne inconnue", "Unknown fault").en, error.text.en)(scope, receive, send)
            return
        with self._stage.skewed(cue.effect):
            await self._play(cue, scope, receive, send)

    def _cue(self, scope: Scope, asked: str | None) -> Cue:
        method, path = scope["method"], scope["path"].removeprefix(scope.get("root_path", ""))
        if asked is not None:
            return self._stage.asked(asked.strip(), method, path)
        if path.startswith(_HEALTH):
            return Cue()
        return self._stage.meet(Direction.ANSWER, method, path)

    async def _play(self, cue: Cue, scope: Scope, receive: Receive, send: Send) -> None:
        if cue.delay:
            await self._wait(cue.delay, scope)
        effect = cue.effect
        if effect is None or isinstance(effect, Skew):
            await self._app(scope, receive, send)
        elif isinstance(effect, Status):
            if effect.processed:
                await self._app(scope, receive, _unheard)
            await _refusal(effect, cue.name)(scope, receive, send)
        elif isinstance(effect, Reset) and effect.cut is Cut.BEFORE:
            if effect.processed:
                await self._app(scope, receive, _unheard)
            await server.reset(scope)
            await server.gone(receive)
        elif (share := _share(effect)) is not None:
            part = _Part(share, send, lambda: _cut(effect, scope))
            await self._app(scope, receive, part)
            await part.end()
            await server.gone(receive)
        else:
            await self._app(scope, receive, _Bent(effect, send, lambda seconds: self._wait(seconds, scope), scope))

    async def _wait(self, seconds: float, scope: Scope) -> None:
        """As long as somebody waits for the answer."""
        while seconds > 0 and not server.is_gone(scope):
            step = min(seconds, _LOOKS_EVERY)
            await self._stage.sleep(step)
            seconds -= step

    def _dated(self, send: Send) -> Send:
        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                now = email.utils.format_datetime(self._stage.now().astimezone(UTC), usegmt=True).encode("ascii")
                message["headers"] = [*message.get("headers", ()), (b"date", now)]
            await send(message)

        return dated


def _is_near(scope: Scope) -> bool:
    client = scope.get("client")
    return client is not None and loopback.is_loopback(client[0])


async def _unheard(_message: Message) -> None:
    """Where the right answer goes when another one is given."""


def _refusal(effect: Status, name: str) -> Any:
    headers = {} if effect.retry_after is None else {"retry-after": str(effect.retry_after)}
    response = problem(effect.status, "Fault on purpose", f"Fault '{name}' answers this request.", headers=headers)
    if effect.body is not None or effect.content_type is not None:
        body = response.body if effect.body is None else effect.body.encode()
        response.body = body
        response.headers["content-length"] = str(len(body))
        response.headers["content-type"] = effect.content_type or "text/plain; charset=utf-8"
    return response


async def _cut(effect: Effect, scope: Scope) -> None:
    if isinstance(effect, Reset):
        await server.reset(scope)
    else:
        server.close(scope)


class _Part:
    """Stands in for `send`: lets a share of the body pass, then cuts the connection; whatever follows goes nowhere."""

    def __init__(self, share: float, send: Send, cut: Callable[[], Awaitable[None]]) -> None:
        self._share = share
        self._send = send
        self._cut = cut
        self._left: int | None = None
        self._is_cut = False

    async def __call__(self, message: Message) -> None:
        if self._is_cut:
            return
        if message["type"] == "http.response.start":
            announced = next((value for key, value in message.get("headers", ()) if key == b"content-length"), None)
            if announced is not None:
                self._left = math.floor(int(announced) * self._share)
            await self._send(message)
        elif message["type"] == "http.response.body":
            await self._body(message.get("body", b""))

    async def _body(self, body: bytes) -> None:
        if self._left is None:  # nothing was announced: of what comes first
            self._left = math.floor(len(body) * self._share)
        part, self._left = body[: self._left], self._left - len(body)
        if part:
            await self._send({"type": "http.response.body", "body": part, "more_body": True})
        if self._left <= 0 and self._share < 1:
            await self.end()

    async def end(self) -> None:
        if not self._is_cut:
            self._is_cut = True
            await self._cut()


class _Bent:
    """Stands in for `send`: the whole body passes, otherwise than it should."""

    def __init__(self, effect: Effect, send: Send, sleep: Callable[[float], Awaitable[None]], scope: Scope) -> None:
        self._effect = effect
        self._send = send
        self._sleep = sleep
        self._scope = scope
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._send({**message, "headers": self._headers(message.get("headers", ()))})
        elif message["type"] == "http.response.body":
            await self._body(message)
        else:
            await self._send(message)

    def _headers(self, given: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        headers = [(key.lower(), value) for key, value in given]
        if isinstance(self._effect, ContentType):
            kept = [pair for pair in headers if pair[0] != b"content-type"]
            return [*kept, (b"content-type", self._effect.value.encode("latin-1"))]
        if isinstance(self._effect, Charset):  # and with it the length
            return [pair for pair in headers if pair[0] != b"content-length"]
        return headers

    async def _body(self, message: Message) -> None:
        body, more = message.get("body", b""), message.get("more_body", False)
        if isinstance(self._effect, Charset):
            body = self._decoder.decode(body, not more).encode(self._effect.name, "replace")
        if isinstance(self._effect, Drip):
            async for drop in drops(body, self._effect, self._sleep):
                if server.is_gone(self._scope):
                    break
                await self._send({"type": "http.response.body", "body": drop, "more_body": True})
            body = b""
        await self._send({"type": "http.response.body", "body": body, "more_body": more})


def _share(effect: Effect) -> float | None:
    """How much of a body leaves before its connection ends; None where the connection lives on."""
    if isinstance(effect, Truncate):
        return effect.share
    if isinstance(effect, Reset):
        return SHARES[effect.cut]
    return None
