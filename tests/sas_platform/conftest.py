"""A platform to talk to, over ASGI, with a clock that stands still and editors of the tests' own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from asgi_lifespan import LifespanManager
from fastapi import FastAPI
from hypothesis import strategies as st
from pydantic import SecretStr

from sas_kernel.clock import Clock, ManualClock
from sas_kit.http import HttpAnswer, HttpClient, HttpLimits, asgi_transport, exchange, new_client
from sas_platform.app import MIGRATIONS, create_app
from sas_platform.settings import Settings
from tests import databases

NOW = datetime(2031, 3, 10, 7, tzinfo=UTC)  # a Monday, 08:00 in Paris
TOKEN = "a-token-for-tests"
_LIMITS = HttpLimits(connect=5, answer=20, max_bytes=50_000_000)


@dataclass
class Platform:
    """The application under test and a client of it."""

    client: HttpClient
    clock: ManualClock
    app: FastAPI
    cookie: str = ""  # of whoever is signed in

    async def send(
        self, method: str, path: str, body: object = None, *, token: str | None = None, raw: bytes | None = None
    ) -> HttpAnswer:
        content = raw if raw is not None else (b"" if body is None else json.dumps(body).encode())
        headers = [("Content-Type", "application/json"), ("Host", "platform.example.org")]
        if token is not None:
            headers.append(("Authorization", f"Bearer {token}"))
        if self.cookie:
            headers.append(("Cookie", self.cookie))
        return await exchange(
            self.client, method, f"http://platform.example.org{path}", limits=_LIMITS, headers=headers, body=content
        )

    async def search(self, *practitioners: object, **window: str) -> dict[str, Any]:
        answer = await self.send("POST", "/api/slots/search", {"practitioners": list(practitioners), **window})
        assert answer.status == 200, answer.body
        found: dict[str, Any] = json.loads(answer.body)
        return found


@pytest.fixture(scope="session")
def schema() -> Path:
    return MIGRATIONS


OpenPlatform = Callable[..., AbstractAsyncContextManager[Platform]]


@pytest.fixture
def open_platform(tmp_path: Path) -> OpenPlatform:
    """Opens a platform with small limits; settings given by name replace the tests' own."""

    @asynccontextmanager
    async def opened(**changes: Any) -> AsyncIterator[Platform]:
        given: dict[str, Any] = {
            "database_url": databases.sqlite(tmp_path / "platform.sqlite", MIGRATIONS),
            "dataset": None,
            "admin_token": SecretStr(TOKEN),
            "answer_timeout": 0.8,
            "connect_timeout": 0.4,
            "answer_size": 200_000,
            "password_rounds": 1,
            "password_memory": 8,
            **changes,
        }
        settings = Settings(**given)
        clock = ManualClock(NOW)
        app = create_app(settings, clock=clock)
        async with (
            LifespanManager(app) as running,
            new_client(transport=asgi_transport(running.app)) as client,
        ):
            yield Platform(client, clock, app)

    return opened


@asynccontextmanager
async def served(settings: Settings, clock: Clock | None = None) -> AsyncIterator[str]:
    """The platform on a port of its own, for what only a real connection shows; its base URL."""
    async with served_app(create_app(settings, clock=clock)) as base_url:
        yield base_url


@asynccontextmanager
async def served_app(app: FastAPI) -> AsyncIterator[str]:
    """Any application on a port of its own; its base URL."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, access_log=False, ws="none"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  uvicorn offers nothing to wait for
        await asyncio.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


def instants(first_year: int, last_year: int) -> st.SearchStrategy[datetime]:
    """Instants in UTC from the first day of one year to the first of another."""
    first, last = (datetime(year, 1, 1) for year in (first_year, last_year))  # noqa: DTZ001  hypothesis wants them bare
    return st.datetimes(first, last, timezones=st.just(UTC))


def problem_of(answer: HttpAnswer) -> dict[str, Any]:
    """The body of an RFC 9457 answer."""
    assert answer.header("content-type") == "application/problem+json", answer.body
    body: dict[str, Any] = json.loads(answer.body)
    assert body["status"] == answer.status
    assert body["title"]
    assert body["detail"]
    return body
