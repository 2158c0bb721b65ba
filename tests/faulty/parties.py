"""Several parties on one wire without a socket: the agenda, the platform, or partners of a test's own.

`Street` is where they live, each at the address a browser would call it by. The same street serves the driver of the
harness (`PartiesDriver`) and what the parties say to one another (`Street.transport`). A party that is not an ASGI
application but a function over requests (`Party`) stands there too, and may bend one that is.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from asgi_lifespan import LifespanManager

from agenda_editor import app as agenda_app
from agenda_editor import settings as agenda_settings
from recette.model import Exchange, Request, Response, Timings, TransportFailure
from recette.museum import street
from recette.museum.wire import Asked, Reply
from sas_kernel.clock import Clock
from sas_kit.http import asgi_transport
from sas_platform import app as platform_app
from sas_platform import settings as platform_settings
from tests import databases

AGENDA = "http://127.0.0.1:8081"
PLATFORM = "http://127.0.0.1:8080"
ISSUER = f"{PLATFORM}/realms/sas"
AGENDA_CLIENT, AGENDA_SECRET = "agenda-reference", "invented-agenda-secret"
STAFF = ("secretariat", "Cabinet-2031")
"""Who works at the agenda, in the demonstration data."""


@dataclass(slots=True)
class Asgi:
    """An ASGI application as a party. Every request reaches it: nothing is kept from one to the next."""

    app: Any
    address: str

    async def __call__(self, asked: Asked) -> Reply:
        parts = urlsplit(self.address)
        path, _, query = asked.target.partition("?")
        headers = [(name.lower().encode(), value.encode()) for name, value in asked.headers]
        if not any(name == b"host" for name, _ in headers):
            headers.insert(0, (b"host", parts.netloc.encode()))
        if asked.body and not any(name == b"content-length" for name, _ in headers):
            headers.append((b"content-length", str(len(asked.body)).encode()))
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": asked.method,
            "scheme": parts.scheme,
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": headers,
            "server": (parts.hostname, parts.port),
            "client": ("127.0.0.1", 1),
        }
        messages: list[Any] = []
        arrived = False
        answered = asyncio.Event()

        async def receive() -> dict[str, Any]:
            nonlocal arrived
            if arrived:  # whoever asks stays until the answer is whole
                await answered.wait()
                return {"type": "http.disconnect"}
            arrived = True
            return {"type": "http.request", "body": asked.body, "more_body": False}

        async def send(message: Any) -> None:
            messages.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                answered.set()

        await self.app(scope, receive, send)
        sent = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in messages[0]["headers"])
        return Reply(messages[0]["status"], sent, b"".join(message.get("body", b"") for message in messages[1:]))


class Street(street.Street):
    """The street, as what services call their neighbours by. Somebody may move in after the transport was given."""

    @property
    def transport(self) -> Any:
        """What a service is given as `transport`, to call its neighbours by their addresses. All speak http here."""
        return asgi_transport(self._answer)

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
        host = next((value for name, value in headers if name == "host"), "")
        party = self.at(f"{scope['scheme']}://{host}")
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        raw = scope.get("raw_path") or scope["path"].encode()
        query = scope["query_string"].decode()
        target = raw.decode().partition("?")[0] + (f"?{query}" if query else "")
        asked = Asked(scope["method"], target, headers, body)
        reply = Reply(502, (), b"nobody lives here") if party is None else await party(asked)
        await send(
            {
                "type": "http.response.start",
                "status": reply.status,
                "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers],
            }
        )
        await send({"type": "http.response.body", "body": reply.body})


class PartiesDriver:
    """The harness's driver on a street: `send` goes to `base_url`, `fetch` to anybody; who is not there is unreachable.

    Each exchange takes the seconds its reply says.
    """

    def __init__(self, street: Street, clock: Clock, base_url: str = f"{AGENDA}/fhir") -> None:
        self._street = street
        self._clock = clock
        self._base_url = base_url
        self._numbers = itertools.count(1)

    async def send(
        self, target: str, *, method: str = "GET", headers: Sequence[tuple[str, str]] = (), body: bytes = b""
    ) -> Exchange:
        return await self.fetch(self._base_url + target, method=method, headers=headers, body=body)

    async def fetch(
        self, url: str, *, method: str = "GET", headers: Sequence[tuple[str, str]] = (), body: bytes = b""
    ) -> Exchange:
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        asked = Asked(method, target, tuple(headers), body)
        number, sent_at = f"x{next(self._numbers)}", self._clock.now()
        request = Request(method, url, target, asked.headers, body)
        party = self._street.at(url)
        if party is None:
            failure = TransportFailure.UNREACHABLE
            return Exchange(number, sent_at, request, Timings(None, 0.0), failure=failure)
        reply = await party(asked)
        return Exchange(
            number,
            sent_at,
            request,
            Timings(reply.seconds, reply.seconds),
            None if reply.failure else Response(reply.status, reply.headers, reply.body),
            reply.failure,
        )


@asynccontextmanager
async def agenda_on(street: Street, folder: Path, clock: Clock, **chosen: Any) -> AsyncIterator[Asgi]:
    """The reference agenda at `AGENDA`, trusting the provider at `ISSUER`; `chosen` are more of its settings."""
    url = databases.sqlite(folder / "agenda.sqlite", agenda_app.MIGRATIONS)
    settings = agenda_settings.Settings(
        **{
            "database_url": url,
            "public_url": AGENDA,
            "dataset": "demo",
            "platform_url": f"{PLATFORM}/fhir",
            "sso_issuer": ISSUER,
            "sso_client_id": AGENDA_CLIENT,
            "sso_client_secret": AGENDA_SECRET,
            "password_rounds": 1,
            "password_memory": 8,
            **chosen,
        }
    )
    app = agenda_app.create_app(settings, clock=clock, transport=street.transport)
    with databases.on_the_loop(url):
        async with LifespanManager(app, startup_timeout=60):
            street.parties[AGENDA] = party = Asgi(app, AGENDA)
            yield party


@asynccontextmanager
async def platform_on(street: Street, folder: Path, clock: Clock, **chosen: Any) -> AsyncIterator[Asgi]:
    """The platform at `PLATFORM`, knowing the agenda as editor and as client; `chosen` are more of its settings."""
    url = databases.sqlite(folder / "platform.sqlite", platform_app.MIGRATIONS)
    settings = platform_settings.Settings(
        **{
            "database_url": url,
            "public_url": PLATFORM,
            "dataset": "demo",
            "editors": (f"reference={AGENDA}/fhir",),
            "sso_clients": (f"{AGENDA_CLIENT} {AGENDA_SECRET} {AGENDA}/sso/retour {AGENDA}/deconnecte",),
            "password_rounds": 1,
            "password_memory": 8,
            **chosen,
        }
    )
    app = platform_app.create_app(settings, clock=clock, transport=street.transport)
    with databases.on_the_loop(url):
        async with LifespanManager(app, startup_timeout=60):
            street.parties[PLATFORM] = party = Asgi(app, PLATFORM)
            yield party


@asynccontextmanager
async def reference_street(folder: Path, clock: Clock) -> AsyncIterator[Street]:
    """The reference agenda and the platform, knowing each other, on fresh SQLite bases in `folder`."""
    street = Street()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(agenda_on(street, folder, clock))
        await stack.enter_async_context(platform_on(street, folder, clock))
        yield street
