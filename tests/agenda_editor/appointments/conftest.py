"""An agenda with regulators who book, and a platform over real sockets that behaves as a test tells it."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from agenda_editor.appointments.model import Appointment, DeliveryState, PatientDetails
from agenda_editor.appointments.service import AppointmentService
from agenda_editor.regulators.model import Identifier, IdentifierKind, Regulator, RegulatorDetails
from sas_fhir.instants import milliseconds
from tests.agenda_editor.conftest import Agenda, Starter

CARD = "3990000058/00417AB"
SYSTEM = "https://agenda.example.org/ns/rdv"
HOUR = 3_600_000
FOREVER = (0, 2**52)

# Each word stands nowhere else, so that finding one proves a leak.
PATIENT = PatientDetails("Zwickelhuber", "Ottoline", date(1961, 7, 4), "01 99 00 47 11", "Gonalgie gauche")
SECRETS = ("zwickelhuber", "ottoline", "1961-07-04", "04/07/1961", "99004711", "01 99 00 47 11", "gonalgie")


@dataclass(slots=True)
class Bookings:
    """An agenda as its regulators use it."""

    agenda: Agenda

    @property
    def service(self) -> AppointmentService:
        service: AppointmentService = self.agenda.app.state.services.appointments
        return service

    @property
    def now(self) -> int:
        return milliseconds(self.agenda.clock.now())

    async def regulator(self, value: str = CARD, kind: str = "IDNPS", *, active: bool = True) -> Regulator:
        details = RegulatorDetails(
            Identifier(IdentifierKind(kind), value), active, "BELLANGER", "Ysée", "ysee.bellanger@samu.example.org"
        )
        created: Regulator = await self.agenda.app.state.services.regulators.create(details, self.now)
        return created

    async def book(self, slot_id: int, regulator_id: int = 1) -> Appointment:
        return await self.service.book(slot_id, regulator_id, PATIENT, self.now)

    async def slot_ids(self, schedule_id: int = 1) -> list[int]:
        return [s.id for s in await self.agenda.service.slots(schedule_id, *FOREVER)]


@pytest.fixture
async def bookings(agenda: Agenda) -> Bookings:
    """On both databases, with one regulator, whose id is 1."""
    made = Bookings(agenda)
    await made.regulator()
    return made


@pytest.fixture
async def lone_bookings(lone_agenda: Agenda) -> Bookings:
    """The same on SQLite, for what the database has no part in."""
    made = Bookings(lone_agenda)
    await made.regulator()
    return made


@dataclass(frozen=True, slots=True)
class Got:
    """One request as it stood on the wire."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def resource(self) -> dict[str, Any]:
        resource: dict[str, Any] = json.loads(self.body)
        return resource

    @property
    def key(self) -> str:
        value: str = self.resource["identifier"][0]["value"]
        return value


@dataclass(frozen=True, slots=True)
class Reaction:
    """`processed`: whether the platform acts on the request; `status` None: the connection breaks instead of an
    answer; `before` is waited for before the request is acted on, `after` between that and the answer."""

    status: int | None = 200
    processed: bool = True
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    before: Callable[[], Awaitable[object]] | None = None
    after: Callable[[], Awaitable[object]] | None = None


@dataclass(slots=True)
class Receiver:
    """The platform's side of INT_R03. `states`: what each appointment was said to be, in order of processing."""

    react: Callable[[Got], Reaction] = lambda _got: Reaction()
    requests: list[Got] = field(default_factory=list)
    states: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    creations: Counter[str] = field(default_factory=Counter)
    under_way: int = 0
    most_under_way: int = 0
    url: str = ""
    _server: asyncio.Server | None = None
    _connections: set[asyncio.StreamWriter] = field(default_factory=set)

    async def open(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, backlog=64)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/fhir"

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._connections:
            writer.close()
        await self._server.wait_closed()

    def statuses(self, key: str) -> list[str]:
        return [state["status"] for state in self.states.get(key, [])]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                while await self._answer(await _request(reader), writer):
                    pass
        finally:
            self._connections.discard(writer)
            writer.close()

    async def _answer(self, got: Got, writer: asyncio.StreamWriter) -> bool:
        self.requests.append(got)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            reaction = self.react(got)
            if reaction.before is not None:
                await reaction.before()
            if reaction.processed:
                self._process(got)
            if reaction.after is not None:
                await reaction.after()
        finally:
            self.under_way -= 1
        if reaction.status is None:
            return False
        head = [f"HTTP/1.1 {reaction.status} X", f"content-length: {len(reaction.body)}"]
        head += [f"{name}: {value}" for name, value in reaction.headers]
        writer.write("\r\n".join([*head, "", ""]).encode() + reaction.body)
        await writer.drain()
        return True

    def _process(self, got: Got) -> None:
        if got.method == "PUT":
            (criterion,) = parse_qs(urlsplit(got.target).query)["identifier"]
            assert criterion == f"{SYSTEM}|{got.key}"
        if got.method == "POST" or got.key not in self.states:
            self.creations[got.key] += 1
        self.states.setdefault(got.key, []).append(got.resource)


async def _request(reader: asyncio.StreamReader) -> Got:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    line, *fields = head.strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (f.partition(":") for f in fields)}
    method, target, _ = line.split(" ")
    return Got(method, target, headers, await reader.readexactly(int(headers.get("content-length", "0"))))


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    await made.open()
    yield made
    await made.close()


async def until(reached: Callable[[], Any], seconds: float = 30) -> None:
    """Wait for what other tasks or processes are about to do."""
    deadline = time.monotonic() + seconds
    while True:
        found = reached()
        if isinstance(found, Awaitable):
            found = await found
        if found:
            return
        assert time.monotonic() < deadline, "it did not happen"
        await asyncio.sleep(0.01)


async def settled(service: AppointmentService, seconds: float = 30) -> None:
    """Wait until no message is pending."""

    async def nothing_pending() -> bool:
        return await service.deliveries(DeliveryState.PENDING, 1) == []

    await until(nothing_pending, seconds)


Sender = Callable[..., Awaitable[Bookings]]


@pytest.fixture
def sending(start: Starter, receiver: Receiver) -> Sender:
    """Starts an agenda that tells the receiver, on a database URL."""

    async def started(url: str, **settings: Any) -> Bookings:
        chosen: dict[str, Any] = {"platform_url": receiver.url} | settings
        return Bookings(await start(url, **chosen))

    return started
