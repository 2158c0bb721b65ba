"""The reference agenda behind a wire that a fault may bend, and a driver that plays on it without a socket."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from asgi_lifespan import LifespanManager

from agenda_editor.app import MIGRATIONS, create_app
from agenda_editor.settings import Settings
from recette.model import Exchange, Request, Response, Timings, TransportFailure
from recette.museum.wire import BASE, Agenda, Asked, Reply
from sas_kernel.clock import Clock
from sas_kernel.contracts import service_levels
from tests import databases

PATIENCE = service_levels()["slot_search.answer_timeout"].value
"""Seconds after which the real driver gives up too."""


@dataclass(slots=True)
class Reference:
    """The reference agenda; with its clock standing still, the same search has one answer, kept once made."""

    app: Any
    _known: dict[Asked, Reply] = field(default_factory=dict)

    async def __call__(self, asked: Asked) -> Reply:
        if asked.method != "GET":
            return await self._call(asked)
        if asked not in self._known:
            self._known[asked] = await self._call(asked)
        return self._known[asked]

    async def _call(self, asked: Asked) -> Reply:
        path, _, query = asked.target.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": asked.method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in _with_host(asked.headers)],
            "server": ("127.0.0.1", 8081),
            "client": ("127.0.0.1", 1),
        }
        messages: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": asked.body, "more_body": False}

        async def send(message: Any) -> None:
            messages.append(message)

        await self.app(scope, receive, send)
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in messages[0]["headers"])
        return Reply(messages[0]["status"], headers, b"".join(message.get("body", b"") for message in messages[1:]))


def _with_host(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return headers if any(name.lower() == "host" for name, _ in headers) else (("Host", "127.0.0.1:8081"), *headers)


@asynccontextmanager
async def reference_agenda(folder: Path, clock: Clock) -> AsyncIterator[Reference]:
    url = databases.sqlite(folder / "agenda.sqlite", MIGRATIONS)
    settings = Settings(
        database_url=url,
        public_url="https://agenda.example.org",
        dataset="demo",
        password_rounds=1,
        password_memory=8,
    )
    app = create_app(settings, clock=clock)
    with databases.on_the_loop(url):
        async with LifespanManager(app, startup_timeout=60):
            yield Reference(app)


class WireDriver:
    """Plays on an agenda without a socket; each exchange takes the seconds its reply says, or is given up."""

    def __init__(self, agenda: Agenda, clock: Clock, base_url: str = BASE) -> None:
        self._agenda = agenda
        self._base_url = base_url
        self._clock = clock
        self._numbers = itertools.count(1)
        self.count = 0

    async def send(
        self, target: str, *, method: str = "GET", headers: Sequence[tuple[str, str]] = (), body: bytes = b""
    ) -> Exchange:
        self.count += 1
        host = () if self._base_url == BASE else (("Host", urlsplit(self._base_url).netloc),)
        asked = Asked(method, "/fhir" + target, (*host, *headers), body, self._clock.now())
        reply = await self._agenda(asked)
        if reply.seconds >= PATIENCE:
            reply = replace(reply, seconds=PATIENCE, failure=TransportFailure.TIMEOUT)
        return Exchange(
            f"x{next(self._numbers)}",
            self._clock.now(),
            Request(method, self._base_url + target, asked.target, asked.headers, body),
            Timings(reply.seconds, reply.seconds),
            None if reply.failure else Response(reply.status, reply.headers, reply.body),
            reply.failure,
        )

    async def fetch(
        self, url: str, *, method: str = "GET", headers: Sequence[tuple[str, str]] = (), body: bytes = b""
    ) -> Exchange:
        raise AssertionError(f"nobody but the agenda is on this wire: {method} {url}")
