"""Back-pressure: a bounded number of requests at work, a bounded number that wait, and the rest refused at once.

A worker is one event loop: what it has taken on and what it computes delay everybody alike, so more at once serves
nobody sooner. A bound on what is taken on bounds the loop's own lag as well, hence the time to a refusal. Who waits
does so in order, and for a short time: where the queue has not been empty for longer than that time it is no burst
but an overload, and waiting is cut to a tenth, so that who is served is served soon (the rule of CoDel, as B. Maurer,
"Fail at Scale", ACM Queue 13-8, 2015, applies it to servers).

Lanes are counted apart: pages that wait for somebody else's server leave the places of another interface alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sas_kernel.text import Lang, Text
from sas_kit.web import problem

RETRY_AFTER: Final = 5  # seconds
FREE_PATHS: Final = ("/health/", "/metrics", "/assets/", "/static/")
"""What never waits: files cost next to nothing, and who watches must see most when there is most to do."""

_IN_OVERLOAD: Final = 0.1  # of the patience
_TOLD_EVERY: Final = 10.0  # seconds between two lines of log

_TITLE: Final = Text("Service très demandé", "The service is busy")
_DETAIL: Final = Text(
    "Trop de demandes à la fois : celle-ci n’a pas été traitée. Réessayez dans quelques secondes.",
    "Too many requests at once: this one was not processed. Try again in a few seconds.",
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LaneBounds:
    """Of one worker: `at_work` requests at once, `waiting` more for at most `patience` seconds.

    `longest`: seconds after which a request is broken off, None for streams that end by themselves.
    """

    at_work: int
    waiting: int
    patience: float
    longest: float | None


class LaneWatch(Protocol):
    """Is told of what is out of the ordinary as it happens: not of requests that go to work at once."""

    def waiting(self, requests: int) -> None: ...

    def refused(self) -> None: ...


class Lane:
    """For one event loop. `under_way`, `waiting` and `refused` may be read at any time; `watched_by` is told."""

    def __init__(self, name: str, bounds: LaneBounds) -> None:
        self.name = name
        self.bounds = bounds
        self.watched_by: LaneWatch | None = None
        self.under_way = 0
        self.refused = 0
        self._waiting: deque[tuple[asyncio.Future[bool], float]] = deque()
        self._standing_since = 0.0
        self._told_at = float("-inf")
        self._told = 0
        self._watched: dict[asyncio.Task[Any], float] = {}
        self._watch: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    async def enter(self) -> bool:
        """Whether the request may go to work; then, and only then, `leave` is to be called."""
        if self.under_way < self.bounds.at_work and not self._waiting:
            self.under_way += 1
            return True
        loop = asyncio.get_running_loop()
        if len(self._waiting) < self.bounds.waiting and await self._turn_came(loop):
            return True
        self.refused += 1
        if self.watched_by is not None:
            self.watched_by.refused()
        self._tell(loop.time())
        return False

    def leave(self) -> None:
        """Give the place to who has waited longest and may still be served."""
        if self._waiting:
            now = asyncio.get_running_loop().time()
            patience = self._patience(now)
            while self._waiting:
                turn, since = self._waiting.popleft()
                self._tell_waiting()
                if not turn.done():
                    turn.set_result(now - since <= patience)
                    if turn.result():
                        return
        self.under_way -= 1

    def watch(self, task: asyncio.Task[Any], longest: float) -> None:
        """Break the task off after so many seconds, unless `unwatch` comes first. One timer serves all of them: one for
        each request would cost more than everything else here."""
        loop = asyncio.get_running_loop()
        self._watched[task] = loop.time() + longest
        if self._watch is None:
            self._watch = loop.call_later(longest, self._break_off)

    def unwatch(self, task: asyncio.Task[Any]) -> None:
        self._watched.pop(task, None)

    def is_watched(self, task: asyncio.Task[Any]) -> bool:
        return task in self._watched

    def _break_off(self) -> None:
        loop = asyncio.get_running_loop()
        self._watch = None
        while self._watched:
            task, until = next(iter(self._watched.items()))  # who came first
            if until > loop.time():
                self._watch = loop.call_at(until, self._break_off)
                return
            del self._watched[task]
            task.cancel()

    async def _turn_came(self, loop: asyncio.AbstractEventLoop) -> bool:
        now = loop.time()
        if not self._waiting:
            self._standing_since = now
        turn: asyncio.Future[bool] = loop.create_future()
        entry = (turn, now)
        self._waiting.append(entry)
        self._tell_waiting()
        alarm = loop.call_later(self._patience(now), self._give_up, entry)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.result():
                self.leave()
            elif entry in self._waiting:
                self._waiting.remove(entry)
                self._tell_waiting()
            raise
        finally:
            alarm.cancel()

    def _patience(self, now: float) -> float:
        overloaded = now - self._standing_since > self.bounds.patience
        return self.bounds.patience * (_IN_OVERLOAD if overloaded else 1.0)

    def _give_up(self, entry: tuple[asyncio.Future[bool], float]) -> None:
        if not entry[0].done():
            self._waiting.remove(entry)
            self._tell_waiting()
            entry[0].set_result(False)

    def _tell_waiting(self) -> None:
        if self.watched_by is not None:
            self.watched_by.waiting(len(self._waiting))

    def _tell(self, now: float) -> None:
        if now - self._told_at >= _TOLD_EVERY:
            _log.warning(
                "overloaded: %d requests refused (%s), %d at work, %d waiting",
                self.refused - self._told,
                self.name,
                self.under_way,
                len(self._waiting),
            )
            self._told_at, self._told = now, self.refused


class AdmissionMiddleware:
    """`lane_of` a path is None for what is never refused; `refuse` makes the answer that says 503 and Retry-After."""

    def __init__(
        self, app: ASGIApp, *, lane_of: Callable[[str], Lane | None], refuse: Callable[[Scope], ASGIApp]
    ) -> None:
        self._app = app
        self._lane_of = lane_of
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        lane = self._lane_of(path_of(scope)) if scope["type"] == "http" else None
        if lane is None:
            await self._app(scope, receive, send)
            return
        if not await lane.enter():
            await self._refuse(scope)(scope, receive, send)
            return
        try:
            if lane.bounds.longest is None:
                await self._app(scope, receive, send)
            else:
                await self._in_time(lane, lane.bounds.longest, scope, receive, send)
        finally:
            lane.leave()

    async def _in_time(self, lane: Lane, longest: float, scope: Scope, receive: Receive, send: Send) -> None:
        """A client that never sends its body, or never reads, gives its place back."""
        begun = False
        task = asyncio.current_task()
        assert task is not None
        lane.watch(task, longest)

        async def sent(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, sent)
        except asyncio.CancelledError:
            if lane.is_watched(task):  # it was somebody else
                raise
            task.uncancel()
            _log.warning("%s (%s) was broken off after %g s", scope["method"], lane.name, longest)
            if begun:
                raise TimeoutError from None  # the server closes the connection
            await self._refuse(scope)(scope, receive, send)
        finally:
            lane.unwatch(task)


def refusing(protocol_base: str, body: bytes, media_type: str) -> Callable[[Scope], ASGIApp]:
    """Answers made once: `body` below `protocol_base`, a page for a browser, else a problem (RFC 9457)."""
    headers = {"Retry-After": str(RETRY_AFTER), "Cache-Control": "no-store"}
    ours = Response(body, 503, headers, media_type)
    problems = {lang: problem(503, _TITLE.to(lang), _DETAIL.to(lang), headers=headers) for lang in Lang}
    pages = {lang: HTMLResponse(_page(lang), 503, headers) for lang in Lang}

    def refusal(scope: Scope) -> ASGIApp:
        if is_below(path_of(scope), protocol_base):
            return ours
        lang = Lang.EN if b"lang=en" in scope["query_string"].split(b"&") else Lang.FR
        browser = any(b"text/html" in value for name, value in scope["headers"] if name == b"accept")
        return (pages if browser else problems)[lang]

    return refusal


def _page(lang: Lang) -> str:
    title, detail = _TITLE.to(lang), _DETAIL.to(lang)
    return (
        f'<!doctype html><html lang="{lang.value}"><head><meta charset="utf-8"><title>{title}</title></head>'
        f"<body><main><h1>{title}</h1><p>{detail}</p></main></body></html>"
    )


def is_below(path: str, base: str) -> bool:
    return path == base or path.startswith(base + "/")


def path_of(scope: Mapping[str, Any]) -> str:
    """The path below the application's root."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    return path.removeprefix(root) if root else path
