"""An agenda whose regulators come from a provider of the tests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from agenda_editor.regulators.model import Identifier, IdentifierKind, Regulator, RegulatorDetails
from sas_fhir.instants import milliseconds
from sas_kernel.clock import ManualClock
from sas_kit.http import asgi_transport
from tests.agenda_editor.browser import Browser
from tests.agenda_editor.conftest import NOW, Starter, slot
from tests.agenda_editor.sso.provider import ISSUER, NATIONAL, SECRET, FakeProvider

Entrance = Callable[..., Awaitable[Browser]]


@pytest.fixture
def entrance(start: Starter) -> Entrance:
    """Starts an agenda with a provider, one account and one agenda (`ag-1`) of some slots."""

    async def entered(url: str, *, account: bool = True, **settings: Any) -> Browser:
        clock = ManualClock(NOW)
        provider = FakeProvider(clock)
        chosen: dict[str, Any] = {"sso_issuer": ISSUER, "sso_client_secret": SECRET} | settings
        agenda = await start(url, clock=clock, transport=asgi_transport(provider), **chosen)
        if chosen.get("dataset") is None:
            await agenda.open("810123400017", slot(1), slot(2), slot(30))
        browser = Browser(agenda, provider)
        if account:
            await add_account(browser, NATIONAL)
        return browser

    return entered


@pytest.fixture
async def browser(entrance: Entrance, database_url: str) -> Browser:
    """On both databases."""
    return await entrance(database_url)


@pytest.fixture
async def lone(entrance: Entrance, sqlite_url: str) -> Browser:
    """On SQLite, for what the database has no part in."""
    return await entrance(sqlite_url)


async def add_account(
    browser: Browser, value: str, kind: IdentifierKind = IdentifierKind.NATIONAL, *, active: bool = True, n: int = 1
) -> Regulator:
    details = RegulatorDetails(
        Identifier(kind, value), active, f"BELLANGER{n}" if n > 1 else "BELLANGER", "Ysée", "ysee@samu.example.org"
    )
    service = browser.agenda.app.state.services.regulators
    regulator: Regulator = await service.create(details, milliseconds(browser.agenda.clock.now()))
    return regulator
