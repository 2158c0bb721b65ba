"""What editors send, and the platform as they see it."""

from __future__ import annotations

import copy
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from asgi_lifespan import LifespanManager
from fastapi import FastAPI

from sas_kernel.clock import ManualClock
from sas_kernel.identifiers import PRACTITIONER_SYSTEM, REGULATOR_SYSTEM
from sas_kit.database import Database
from sas_kit.http import HttpAnswer, HttpClient, HttpLimits, asgi_transport, exchange, new_client
from sas_platform.app import create_app
from sas_platform.appointments.model import History
from sas_platform.appointments.service import AppointmentService
from sas_platform.regulators.model import Identifier, IdentifierKind
from sas_platform.settings import Settings
from tests.sas_platform.conftest import NOW

TYPES = "http://interopsante.org/fhir/CodeSystem/fr-v2-0203"
OPERATOR = "http://interopsante.org/fhir/StructureDefinition/FrAppointmentOperator"
ORIENTATION = "https://interop.esante.gouv.fr/ig/fhir/sas/StructureDefinition/sas-categorie-orientation"
CATEGORIES = "https://interop.esante.gouv.fr/ig/fhir/sas/CodeSystem/categorie-orientation-sas-codesystem"
SAS = "http://sas.fr/fhir/StructureDefinition/FrAppointmentSAS"
SOS = "https://interop.esante.gouv.fr/ig/fhir/sas/StructureDefinition/sas-sos-appointment"

EDITOR = "https://agenda.example.org/ns/rdv"
KEY = "9a4f0d52-58a1-4d53-8f5e-1c0a6b3e7d01"
CARD = "3990000058/00417AB"
TECHNICAL = "0d5a3c1e-6f0b-4a7e-8a52-2f6f3f1c9b10"
DOCTOR = "810123400017"

JSON = ("content-type", "application/fhir+json")
_LIMITS = HttpLimits(connect=5, answer=20, max_bytes=1_000_000)


def identifier_of(code: str, system: str, value: str) -> dict[str, Any]:
    return {"type": {"coding": [{"system": TYPES, "code": code}]}, "system": system, "value": value}


def booking(status: str = "booked", *, key: str = KEY, **elements: Any) -> dict[str, Any]:
    """A whole FrAppointmentSAS of the regulator with a card; elements given by name replace or complete it."""
    operator = {"identifier": identifier_of("IDNPS", PRACTITIONER_SYSTEM, CARD)}
    return {
        "resourceType": "Appointment",
        "meta": {"profile": [SAS]},
        "extension": [{"url": OPERATOR, "valueReference": operator}],
        "identifier": [{"system": EDITOR, "value": key}],
        "status": status,
        "start": "2031-03-11T09:00:00+01:00",
        "end": "2031-03-11T09:20:00+01:00",
        "created": "2031-03-10T07:59:30+01:00",
        "participant": [
            {"actor": {"identifier": identifier_of("IDNPS", PRACTITIONER_SYSTEM, DOCTOR)}, "status": "accepted"}
        ],
        **elements,
    }


def changed(resource: dict[str, Any], value: Any, *path: str | int) -> dict[str, Any]:
    """The same with another value at the end of the path."""
    result = copy.deepcopy(resource)
    holder: Any = result
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return result


def without(resource: dict[str, Any], *path: str | int) -> dict[str, Any]:
    """The same without the element at the end of the path."""
    result = copy.deepcopy(resource)
    holder: Any = result
    for step in path[:-1]:
        holder = holder[step]
    del holder[path[-1]]
    return result


@dataclass
class Reception:
    """An editor's view of the platform, and the platform's own of what it keeps."""

    app: FastAPI
    client: HttpClient
    clock: ManualClock
    regulators: dict[str, int]

    @property
    def service(self) -> AppointmentService:
        service: AppointmentService = self.app.state.platform.appointments
        return service

    async def send(
        self, method: str, target: str, sent: Any = b"", headers: Sequence[tuple[str, str]] = (JSON,)
    ) -> HttpAnswer:
        raw = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
        return await exchange(
            self.client,
            method,
            f"http://platform.test{target}",
            limits=_LIMITS,
            headers=[("host", "platform.test"), *headers],
            body=raw,
        )

    async def post(self, sent: Any) -> HttpAnswer:
        return await self.send("POST", "/fhir/Appointment", sent)

    async def put(self, sent: Any, key: str = KEY, system: str = EDITOR) -> HttpAnswer:
        return await self.send("PUT", f"/fhir/Appointment?identifier={quote(f'{system}|{key}', safe='')}", sent)

    async def kept(self, regulator: str = CARD) -> tuple[History, ...]:
        return await self.service.histories(self.regulators[regulator])

    async def everything(self) -> str:
        """Every value of every table, as one text."""
        database: Database = self.app.state.platform.database
        found: list[str] = []
        async with database.reading() as connection:
            tables = await connection.run_sync(lambda sync: sa.inspect(sync).get_table_names())
            for table in tables:
                rows = await connection.exec_driver_sql(f'SELECT * FROM "{table}"')
                found += [str(value) for row in rows for value in row]
        return "\n".join(found)


@asynccontextmanager
async def opened_reception(database_url: str) -> AsyncIterator[Reception]:
    settings = Settings(database_url=database_url, dataset=None, password_rounds=1, password_memory=8)
    clock = ManualClock(NOW)
    app = create_app(settings, clock=clock)
    async with LifespanManager(app) as running, new_client(transport=asgi_transport(running.app)) as client:
        regulators = app.state.platform.regulators
        people: dict[str, int] = {}
        for value, family in ((CARD, "BELLANGER"), (TECHNICAL, "QUÉMÉNER")):
            made = await regulators.create(
                family=family,
                given="Ysée",
                prefix=None,
                email=f"{family.lower()}@samu.example.org".replace("é", "e"),
                territory="SAS-99 Villefictive",
                national_id=CARD if value == CARD else None,
                password=None,
                now=NOW,
            )
            people[value] = made.id
        await regulators.change(people[TECHNICAL], NOW, identifier=Identifier(IdentifierKind.TECHNICAL, TECHNICAL))
        assert (await regulators.holding(REGULATOR_SYSTEM, TECHNICAL)).id == people[TECHNICAL]
        yield Reception(app, client, clock, people)


@pytest.fixture
async def reception(database_url: str) -> AsyncIterator[Reception]:
    """Two regulators, no appointment; the test runs on both databases."""
    async with opened_reception(database_url) as opened:
        yield opened


@pytest.fixture
async def lone_reception(sqlite_url: str) -> AsyncIterator[Reception]:
    """On SQLite, for what the database has no part in."""
    async with opened_reception(sqlite_url) as opened:
        yield opened


def location(answer: HttpAnswer, status: int) -> str:
    """Where an accepted message says its appointment is."""
    assert answer.status == status, answer.body
    assert answer.body == b""
    found = answer.header("location")
    assert found is not None
    assert found.startswith("http://platform.test/fhir/Appointment/")
    return found


def issues(answer: HttpAnswer, status: int) -> set[tuple[str, str | None]]:
    """`(code, element)` of every issue of a refusal, each of which says something in both languages."""
    assert answer.status == status, answer.body
    assert answer.header("content-type") == "application/fhir+json; charset=utf-8"
    assert answer.header("location") is None
    outcome = json.loads(answer.body)
    assert outcome["resourceType"] == "OperationOutcome"
    assert outcome["issue"]
    assert all(i["details"]["text"] and i["diagnostics"] for i in outcome["issue"])
    return {(i["code"], i.get("expression", [None])[0]) for i in outcome["issue"]}
