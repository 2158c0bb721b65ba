"""Accounts and their telling, without the rest of the platform, under a clock that stands still."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from argon2 import PasswordHasher

from sas_kernel.clock import ManualClock
from sas_kernel.flows import Flow
from sas_kit.database import Database, migrate
from sas_platform.app import MIGRATIONS
from sas_platform.editors.model import Editor, Environment, Origin
from sas_platform.editors.service import EditorRegister
from sas_platform.regulators.client import RegulatorClient
from sas_platform.regulators.model import Quirk, Regulator
from sas_platform.regulators.service import Provisioning, RegulatorService
from tests.sas_platform.regulators.account_editor import AccountEditor

NOW = datetime(2031, 3, 10, 7, tzinfo=UTC)
CARD = "3990000058/REG0101"
YSEE = {
    "family": "BELLANGER",
    "given": "Ysée",
    "prefix": "MME",
    "email": "ysee.bellanger@samu.example.org",
    "territory": "SAS-99 Villefictive",
}
PASSWORD = "Regulation-2031"
HASHER = PasswordHasher(1, 8, 1)


def editor_at(url: str, id: str = "agenda", flows: frozenset[Flow] = frozenset({Flow.REGULATORS})) -> Editor:
    return Editor(id, id.title(), url, Environment.RECETTE, True, flows, origin=Origin.CONFIGURATION)


@dataclass
class Bench:
    """One process's worth of the feature."""

    service: RegulatorService
    provisioning: Provisioning
    clock: ManualClock

    async def add(self, **changes: Any) -> Regulator:
        given: dict[str, Any] = {**YSEE, "national_id": None, "password": PASSWORD, **changes}
        return await self.service.create(**given, now=self.clock.now())

    async def connect(self, regulator: Regulator) -> None:
        await self.service.connected(regulator.id, self.clock.now())

    async def tell(self) -> None:
        """Everything that is due now, as the background task does it."""
        for editor in await self.provisioning.editors(self.clock.now()):
            while await self.provisioning.tell_one(editor, self.clock):
                pass


OpenBench = Callable[..., AbstractAsyncContextManager[Bench]]


@pytest.fixture
def open_bench(database_url: str) -> OpenBench:
    """Opens a bench whose editors are those given; several share one database."""
    migrated: list[bool] = []

    @asynccontextmanager
    async def opened(
        *editors: AccountEditor | Editor, quirks: frozenset[Quirk] = frozenset(), answer: float = 5.0, kept: int = 1000
    ) -> AsyncIterator[Bench]:
        if not migrated:
            await asyncio.to_thread(migrate, database_url, MIGRATIONS)
            migrated.append(True)
        database = Database(database_url)
        configured = tuple(e if isinstance(e, Editor) else editor_at(e.url) for e in editors)
        register = EditorRegister(database, configured)
        service = await RegulatorService.opened(database, register, Environment.RECETTE, quirks, HASHER)
        client = RegulatorClient(connect=2.0, answer=answer)
        try:
            yield Bench(service, Provisioning(service, client, first=5.0, most=900.0, kept=kept), ManualClock(NOW))
        finally:
            await client.aclose()
            await database.close()

    return opened
