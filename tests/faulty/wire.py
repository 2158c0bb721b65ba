"""The reference agenda behind a wire that a fault may bend, and a driver that plays on it without a socket."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from asgi_lifespan import LifespanManager

from agenda_editor.app import MIGRATIONS, create_app
from agenda_editor.settings import Settings
from recette.model import Exchange, Request, Response, Target, Timings, TransportFailure
from sas_kernel import datasets
from sas_kernel.clock import Clock
from tests import databases

BASE = "http://127.0.0.1:8081/fhir"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it reaches the agenda: `target` begins with the FHIR base's path."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @property
    def is_search(self) -> bool:
        return self.target.startswith(("/fhir/Slot?", "/fhir/Slot/?"))

    @property
    def decoded(self) -> str:
        return unquote(self.target)

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    seconds: float = 0.004
    failure: TransportFailure | None = None

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def with_json(self, document: Any) -> Reply:
        return replace(self, body=json.dumps(document, ensure_ascii=False).encode())

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def with_header(self, name: str, value: str) -> Reply:
        kept = tuple(pair for pair in self.headers if pair[0].lower() != name.lower())
        return replace(self, headers=(*kept, (name, value)))


Agenda = Callable[[Asked], Awaitable[Reply]]


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
    settings = Settings(
        database_url=databases.sqlite(folder / "agenda.sqlite", MIGRATIONS),
        public_url="https://agenda.example.org",
        dataset="demo",
        password_rounds=1,
        password_memory=8,
    )
    app = create_app(settings, clock=clock)
    async with LifespanManager(app, startup_timeout=60):
        yield Reference(app)


class WireDriver:
    """Plays on an agenda without a socket; each exchange takes the seconds its reply says."""

    def __init__(self, agenda: Agenda, clock: Clock) -> None:
        self._agenda = agenda
        self._clock = clock
        self._numbers = itertools.count(1)
        self.count = 0

    async def send(
        self, target: str, *, method: str = "GET", headers: Sequence[tuple[str, str]] = (), body: bytes = b""
    ) -> Exchange:
        self.count += 1
        asked = Asked(method, "/fhir" + target, tuple(headers), body)
        reply = await self._agenda(asked)
        return Exchange(
            f"x{next(self._numbers)}",
            self._clock.now(),
            Request(method, BASE + target, asked.target, asked.headers, body),
            Timings(reply.seconds, reply.seconds),
            None if reply.failure else Response(reply.status, reply.headers, reply.body),
            reply.failure,
        )

    async def fetch(
        self, url: str, *, method: str = "GET", headers: Sequence[tuple[str, str]] = (), body: bytes = b""
    ) -> Exchange:
        raise AssertionError(f"nobody but the agenda is on this wire: {method} {url}")


def demo_target(base_url: str = BASE) -> Target:
    """The target file that goes with the demonstration data; the full list is cut, to be quick, and filled up again."""
    data = datasets.load("demo").test_data
    return Target(
        base_url,
        slot_types=("PUBLIC", "PRO", "SNP"),
        consultation_types=("AMB", "VR", "HH"),
        test_data={**data, "practitioners_full_list": data["practitioners_full_list"][:6]},
    )
