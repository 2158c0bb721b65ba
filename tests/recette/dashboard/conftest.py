"""A dashboard in this process over invented projects."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
from asgi_lifespan import LifespanManager
from fastapi import FastAPI

from recette.dashboard.app import create_app
from recette.dashboard.dependencies import State
from recette.dashboard.settings import Settings
from recette.monitoring.model import Sample
from sas_kernel.clock import ManualClock
from sas_kit.http import HttpAnswer, HttpClient, HttpLimits, asgi_transport, exchange, new_client
from tests.recette.dashboard import demo

TOKEN = "un-jeton-d-essai-assez-long"
_LIMITS = HttpLimits(connect=5, answer=20, max_bytes=50_000_000)


@dataclass
class Reader:
    """Somebody’s browser or program before a dashboard; `machine` is the machine’s clock there."""

    client: HttpClient
    app: FastAPI
    machine: ManualClock
    host: str = "127.0.0.1:8090"
    cookie: str = ""

    @property
    def state(self) -> State:
        state: State = self.app.state.dashboard
        return state

    async def send(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, form: Mapping[str, str] | None = None
    ) -> HttpAnswer:
        sent = {"Host": self.host, **(headers or {})}
        if self.cookie:
            sent["Cookie"] = self.cookie
        body = b""
        if form is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(form).encode()
        url = f"http://{self.host}{path}"
        return await exchange(self.client, method, url, limits=_LIMITS, headers=list(sent.items()), body=body)

    async def text(self, path: str, status: int = 200, **headers: str) -> str:
        """A page as text."""
        answer = await self.send("GET", path, headers={key.replace("_", "-"): value for key, value in headers.items()})
        assert answer.status == status, answer.body
        return answer.body.decode()


OpenDashboard = Callable[..., AbstractAsyncContextManager[Reader]]


@pytest.fixture
def open_dashboard(sqlite_url: str) -> OpenDashboard:
    """Opens a dashboard over these stories."""

    @asynccontextmanager
    async def opened(
        *stories: demo.Story, samples: Mapping[str, tuple[Sample, ...]] | None = None, **settings: Any
    ) -> AsyncIterator[Reader]:
        await demo.fill(sqlite_url, *stories, samples=samples)
        machine = ManualClock(demo.NOW)
        app = create_app(
            Settings(poll_seconds=0.001, verify_seconds=0, **settings),
            database_url=sqlite_url,
            clock=ManualClock(demo.NOW),
            machine=machine,
        )
        async with LifespanManager(app), new_client(transport=asgi_transport(app)) as client:
            yield Reader(client, app, machine)

    return opened
