"""One service has too much to do: the other is told at once, waits as long as it was asked to, and asks no storm."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from asgi_lifespan import LifespanManager
from fastapi import FastAPI

from agenda_editor import app as agenda_editor
from agenda_editor.appointments.client import PlatformClient
from agenda_editor.appointments.model import DeliveryState, Message
from agenda_editor.appointments.push import PushService
from agenda_editor.settings import Settings as AgendaSettings
from sas_fhir.instants import milliseconds
from sas_kernel.clock import ManualClock
from sas_kit.admission import RETRY_AFTER, Lane
from sas_kit.database import Database
from sas_kit.http import HttpLimits, asgi_transport
from sas_platform import app as sas_platform
from sas_platform.editors.model import Editor, Environment
from sas_platform.regulators.client import RegulatorClient
from sas_platform.settings import Settings as PlatformSettings
from sas_platform.slot_search.model import EditorStatus, SearchQuery
from tests import databases

NOW = datetime(2031, 3, 10, 7, tzinfo=UTC)
LIMITS = HttpLimits(1, 5, 1 << 20)
FEW = {"max_at_work": 1, "max_waiting": 0, "password_rounds": 1, "password_memory": 8}


@dataclass
class Both:
    agenda: FastAPI
    platform: FastAPI

    async def full(self, side: FastAPI) -> Lane:
        """The lane of its FHIR base, with no place left."""
        lane: Lane = next(lane for lane in side.state.lanes if lane.name == "fhir")
        assert await lane.enter()
        return lane


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[Both]:
    def url(name: str, migrations: Path) -> str:
        return databases.sqlite(tmp_path / f"{name}.sqlite", migrations)

    few: dict[str, Any] = FEW
    clock = ManualClock(NOW)
    agenda = agenda_editor.create_app(
        AgendaSettings(database_url=url("agenda", agenda_editor.MIGRATIONS), **few), clock=clock
    )
    platform = sas_platform.create_app(
        PlatformSettings(
            database_url=url("platform", sas_platform.MIGRATIONS),
            dataset=None,
            editors=("Agenda=http://agenda.example.org/fhir",),
            **few,
        ),
        clock=clock,
        transport=asgi_transport(agenda),
    )
    async with AsyncExitStack() as stack:
        for app in (agenda, platform):
            await stack.enter_async_context(LifespanManager(app, startup_timeout=60, shutdown_timeout=60))
        yield Both(agenda, platform)


async def test_the_platform_shows_it_of_that_editor_and_asks_once(both: Both) -> None:
    lane = await both.full(both.agenda)
    searches = both.platform.state.platform.slot_search
    with searches.visit() as visit:
        found = await searches.search(SearchQuery(("810123400017",)), NOW, visit)
    (editor,) = found.editors
    (lot,) = editor.lots
    assert (lot.status, lot.http_status) == (EditorStatus.REFUSED, 503)
    assert lot.issue is not None
    assert "Retry-After" in lot.issue
    assert lane.refused == 1


async def test_an_account_is_sent_again_after_the_delay_that_was_asked_for(both: Both) -> None:
    lane = await both.full(both.agenda)
    client = RegulatorClient(connect=1, answer=5, transport=asgi_transport(both.agenda))
    editor = Editor("agenda", "Agenda", "http://agenda.example.org/fhir", Environment.RECETTE)
    answer = await client.send(editor, "POST", None, {"resourceType": "Practitioner"})
    await client.aclose()
    assert (answer.status, answer.retry_after, lane.refused) == (503, RETRY_AFTER, 1)


async def test_an_appointment_stays_in_the_outbox_for_that_delay(both: Both, sqlite_url: str) -> None:
    lane = await both.full(both.platform)
    client = PlatformClient(
        "http://platform.example.org/fhir", "urn:x", LIMITS, connections=1, transport=asgi_transport(both.platform)
    )
    database = Database(sqlite_url)
    now = milliseconds(NOW)
    message = Message(1, 1, "a1", 1, 1, b"{}", leased_until=now + 60_000)
    verdict = await PushService(database, client).send(message, now)
    await client.aclose()
    await database.close()
    assert (verdict.state, verdict.wait, lane.refused) == (DeliveryState.PENDING, RETRY_AFTER * 1000, 1)
