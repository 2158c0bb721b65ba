"""The pages as a regulator sees them who is signed in."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import FastAPI

from sas_kernel.clock import ManualClock
from sas_kernel.identifiers import PRACTITIONER_SYSTEM
from sas_platform.app import create_app
from sas_platform.appointments import fhir
from sas_platform.appointments.model import Criterion
from sas_platform.regulators.model import Regulator
from sas_platform.regulators.service import RegulatorService
from sas_platform.settings import Settings
from sas_platform.sso.model import COOKIE
from tests.sas_platform.appointments.conftest import OPERATOR, booking, identifier_of
from tests.sas_platform.conftest import NOW, OpenPlatform, Platform, served_app

EMAIL, PASSWORD = "zelie.vauquelin@samu.example.org", "A-long-enough-password"
CARD = "3990000058/REG0099"


async def signed_in(platform: Platform, email: str = EMAIL, national_id: str = CARD) -> Regulator:
    """A new regulator, whose session `platform.cookie` is from now on."""
    regulators: RegulatorService = platform.app.state.platform.regulators
    person = await regulators.create(
        family="VAUQUELIN",
        given="Zélie",
        prefix=None,
        email=email,
        territory="SAS-99 Villefictive",
        national_id=national_id,
        password=PASSWORD,
        now=NOW,
    )
    secret = await platform.app.state.platform.sign_on.sign_in(email, PASSWORD, "192.0.2.1", platform.clock.now())
    platform.cookie = f"{COOKIE}={secret}"
    return person


@pytest.fixture
def open_platform(open_platform: OpenPlatform) -> OpenPlatform:
    """Opens a platform at which Zélie Vauquelin is signed in."""

    @asynccontextmanager
    async def opened(**changes: Any) -> AsyncIterator[Platform]:
        async with open_platform(**changes) as platform:
            await signed_in(platform)
            yield platform

    return opened


@pytest.fixture
def open_to_all(open_platform: OpenPlatform) -> OpenPlatform:
    """Opens a platform that knows Zélie Vauquelin and at which nobody is signed in."""

    @asynccontextmanager
    async def opened(**changes: Any) -> AsyncIterator[Platform]:
        async with open_platform(**changes) as platform:
            platform.cookie = ""
            yield platform

    return opened


def settings_of(database_url: str, **changes: Any) -> Settings:
    return Settings(database_url=database_url, password_rounds=1, password_memory=8, **{"dataset": "demo", **changes})


@dataclass
class Live:
    """A platform on a port of its own, and who is signed in at it."""

    app: FastAPI
    base_url: str
    cookie: str
    regulator: Regulator

    async def report(self, status: str = "booked", key: str = "a1", **elements: Any) -> None:
        """An editor tells of the signed-in regulator's appointment."""
        operator = {"identifier": identifier_of("IDNPS", PRACTITIONER_SYSTEM, self.regulator.identifier.value)}
        extension = [{"url": OPERATOR, "valueReference": operator}]
        sent = booking(status, key=key, **{"extension": extension, **elements})
        report = fhir.report_of(json.dumps(sent).encode())
        state = self.app.state.platform
        await state.appointments.put(Criterion(None, key), report, state.clock.now())

    @asynccontextmanager
    async def listening(self, query: str = "", last: str = "") -> AsyncIterator[AsyncIterator[dict[str, str]]]:
        """What the stream sends: an event by its fields, a comment as `{"comment": …}`; its end ends it."""
        host, _, port = self.base_url.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=1_000_000)
        lines = [f"GET /appointments/stream?{query} HTTP/1.1", f"Host: {host}", f"Cookie: {self.cookie}"]
        lines += ["Connection: close"]
        lines += [f"Last-Event-ID: {last}"] if last else []
        writer.write("\r\n".join([*lines, "", ""]).encode())
        try:
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
            yield _events(reader)
        finally:
            writer.close()


async def _events(reader: asyncio.StreamReader) -> AsyncIterator[dict[str, str]]:
    fields: dict[str, str] = {}
    while line := (await reader.readline()).decode():
        name, colon, value = line.rstrip("\r\n").partition(": ")
        if line.startswith(": "):
            yield {"comment": line[2:].strip()}
        elif colon:
            fields[name] = value
        elif line == "\n" and fields:
            yield fields
            fields = {}


@asynccontextmanager
async def live_platform(database_url: str, **changes: Any) -> AsyncIterator[Live]:
    app = create_app(settings_of(database_url, **changes), clock=ManualClock(NOW))
    async with served_app(app) as base_url:
        platform = Platform(None, app.state.platform.clock, app)  # type: ignore[arg-type]  # nothing is sent through it
        state = app.state.platform
        known = await state.regulators.holding(PRACTITIONER_SYSTEM, CARD)
        if known is None:
            known = await signed_in(platform)
        else:
            secret = await state.sign_on.sign_in(EMAIL, PASSWORD, "192.0.2.1", NOW)
            platform.cookie = f"{COOKIE}={secret}"
        yield Live(app, base_url, platform.cookie, known)
