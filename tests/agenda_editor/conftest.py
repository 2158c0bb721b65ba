"""A running agenda over its real ASGI application, with a clock that stands still."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from asgi_lifespan import LifespanManager
from fastapi import FastAPI

from agenda_editor.agendas.model import (
    ConsultationType,
    PlaceDetails,
    Practitioner,
    PractitionerDetails,
    Schedule,
    SlotDetails,
    SlotType,
    Specialty,
)
from agenda_editor.agendas.service import AgendaService
from agenda_editor.app import MIGRATIONS, create_app
from agenda_editor.associations.model import AssociationDetails, Site, SiteDetails, SiteDraft
from agenda_editor.associations.service import AssociationEditing
from agenda_editor.settings import Settings
from sas_fhir.instants import milliseconds
from sas_kernel.clock import PARIS, ManualClock
from sas_kernel.identifiers import PractitionerIdKind, StructureIds
from sas_kit.http import HttpAnswer

NOW = datetime(2031, 3, 10, 8, 0, tzinfo=PARIS)
SYSTEM = "urn:oid:1.2.250.1.71.4.2.1"
IDENTIFIER = "schedule.actor:Practitioner.identifier"
PUBLIC_URL = "https://agenda.example.org"


def slot(
    hours: float,
    *,
    types: Sequence[SlotType] = (SlotType.PUBLIC,),
    minutes: float = 20,
    now: datetime = NOW,
    **details: Any,
) -> SlotDetails:
    """A slot `hours` after `now`."""
    start = milliseconds(now + timedelta(hours=hours))
    return SlotDetails(start, start + int(minutes * 60_000), tuple(types), (ConsultationType.AMB,), **details)


@dataclass(slots=True)
class Agenda:
    """The application and what a test does with it."""

    app: FastAPI
    clock: ManualClock

    @property
    def service(self) -> AgendaService:
        service: AgendaService = self.app.state.services.agendas
        return service

    async def get(
        self, target: str, *, method: str = "GET", headers: Sequence[tuple[str, str]] = (), body: bytes = b""
    ) -> HttpAnswer:
        """One request with exactly this target, as uvicorn would hand it over; no client re-encodes it."""
        path, _, query = target.partition("?")
        sent = {"host": "agenda.test"} | dict(headers)
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
            "server": ("127.0.0.1", 80),
            "client": ("127.0.0.1", 1),
        }
        messages: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            messages.append(message)

        await self.app(scope, receive, send)
        answered = tuple((k.decode(), v.decode()) for k, v in messages[0]["headers"])
        body = b"".join(message.get("body", b"") for message in messages[1:])
        return HttpAnswer(messages[0]["status"], answered, body, 0.0, 0.0)

    async def search(
        self, *national_ids: str, query: str | None = None, headers: Sequence[tuple[str, str]] = ()
    ) -> dict[str, Any]:
        """The Bundle for these practitioners over the next 72 h (or for the whole of `query`)."""
        answer = await self.get("/fhir/Slot?" + (query or self.query(*national_ids)), headers=headers)
        assert answer.status == 200, answer.body
        bundle: dict[str, Any] = json.loads(answer.body)
        return bundle

    def query(self, *national_ids: str, hours: float = 72, status: str = "free") -> str:
        now = self.clock.now().astimezone(PARIS)
        identifiers = ",".join(f"{SYSTEM}%7C{number}" for number in national_ids)
        begin, end = (
            instant.isoformat(timespec="milliseconds").replace("+", "%2B")
            for instant in (now, now + timedelta(hours=hours))
        )
        return (
            f"_include=Slot:schedule&_include:iterate=Schedule:actor&start=ge{begin}&start=le{end}"
            f"&{IDENTIFIER}={identifiers}&status={status}"
        )

    async def open(
        self, stored_id: str = "810123400017", *slots: SlotDetails, kind: str = "RPPS", **changes: Any
    ) -> Schedule:
        """A practitioner with one agenda that offers `slots`; `changes` are those of his details."""
        async with self.service.editing() as edit:
            practitioner = await edit.add_practitioner(practitioner_details(stored_id, kind, **changes))
            place = await edit.add_place(PLACE)
            schedule = await edit.add_schedule(practitioner.id, place.id)
            await edit.add_slots(schedule.id, slots)
        return schedule

    async def open_more(self, practitioner: Practitioner, place: PlaceDetails, *slots: SlotDetails) -> Schedule:
        """One more agenda of the same practitioner."""
        async with self.service.editing() as edit:
            added = await edit.add_place(place)
            schedule = await edit.add_schedule(practitioner.id, added.id)
            await edit.add_slots(schedule.id, slots)
        return schedule


PLACE = PlaceDetails(
    "Cabinet des Trois Peupliers",
    "4 allée des Peupliers",
    "Villefictive",
    "99100",
    "01 99 00 00 12",
    StructureIds(finess="990000017", siret="99000000000017"),
)


SIRET = "99000000000306"
NORTH = SiteDetails("Point de consultation Nord", "7 quai\nde l’Écluse", "Villefictive", "99200", "01 99 00 00 32")
SOUTH = SiteDetails("Point de consultation Sud", "8 quai de l’Écluse", "Villefictive", "99200")


async def opened(
    agenda: Agenda, *offered: Sequence[SlotDetails], siret: str = SIRET, phone: str | None = "01 99 00 00 31"
) -> list[Site]:
    """An association with one site for each list of slots."""
    details = AssociationDetails("SOS Médecins Villefictive", siret, phone)
    async with agenda.service.editing() as edit:
        drafts = [SiteDraft(site, tuple(slots)) for site, slots in zip((NORTH, SOUTH), offered, strict=False)]
        return await AssociationEditing(edit).add(details, drafts)


def practitioner_details(stored_id: str, kind: str = "RPPS", **changes: Any) -> PractitionerDetails:
    values: dict[str, Any] = {
        "family": "VASSELIN",
        "given": "Théo",
        "prefix": "DR",
        "specialty": Specialty("SM54", "Médecine générale"),
    }
    return PractitionerDetails(kind=PractitionerIdKind(kind), stored_id=stored_id, **(values | changes))


@pytest.fixture(scope="session")
def schema() -> Path:
    return MIGRATIONS


Starter = Callable[..., Awaitable[Agenda]]


@pytest.fixture
async def start() -> AsyncIterator[Starter]:
    """Starts an application on a database URL; every one started is stopped at the end of the test."""
    async with AsyncExitStack() as stack:

        async def started(
            url: str, *, clock: ManualClock | None = None, transport: Any = None, **settings: Any
        ) -> Agenda:
            clock = clock or ManualClock(NOW)
            chosen: dict[str, Any] = {"public_url": PUBLIC_URL, "password_rounds": 1, "password_memory": 8} | settings
            app = create_app(Settings(database_url=url, **chosen), clock=clock, transport=transport)
            await stack.enter_async_context(LifespanManager(app, startup_timeout=60, shutdown_timeout=60))
            return Agenda(app, clock)

        yield started


@pytest.fixture
async def agenda(start: Starter, database_url: str) -> Agenda:
    """An empty agenda; the test runs on both databases."""
    return await start(database_url)


@pytest.fixture
async def lone_agenda(start: Starter, sqlite_url: str) -> Agenda:
    """An empty agenda on SQLite, for what the database has no part in."""
    return await start(sqlite_url)


@pytest.fixture
async def demo(start: Starter, sqlite_url: str) -> Agenda:
    """The demonstration territory."""
    return await start(sqlite_url, dataset="demo")


def resources(bundle: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [e["resource"] for e in bundle.get("entry", []) if e["resource"]["resourceType"] == kind]


def starts(bundle: dict[str, Any]) -> list[str]:
    return [s["start"] for s in resources(bundle, "Slot")]
