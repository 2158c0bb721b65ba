"""Every answer is measured and told by its route; `/metrics` is read by who may."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from pydantic import SecretStr
from uvicorn.lifespan.on import LifespanOn

from sas_kit.http import HttpAnswer, HttpLimits, asgi_transport, exchange, new_client
from sas_kit.observing import logs, tracing
from sas_kit.observing.service import Observing
from sas_kit.web import install_problem_handlers

LIMITS = HttpLimits(1, 5, 1 << 22)
NEAR, FAR = ("127.0.0.1", 1), ("192.0.2.7", 1)


class Service:
    def __init__(self, token: str | None = None) -> None:
        self.observing = Observing("service", [1.0, 7.0], None if token is None else SecretStr(token), "TOKEN_SETTING")
        self.app = FastAPI()
        install_problem_handlers(self.app)
        self.seen: list[tracing.Trace | None] = []

        @self.app.get("/people/{number}")
        async def person(number: str) -> dict[str, str]:
            self.seen.append(tracing.current())
            return {"number": number}

        @self.app.get("/broken/{number}")
        async def broken(number: str) -> None:
            raise RuntimeError(number)

        @self.app.get("/news")
        async def news() -> StreamingResponse:
            async def told() -> AsyncIterator[bytes]:
                yield b"data: " + str((await self.measured())["http_event_streams_open"]).encode() + b"\n\n"

            return StreamingResponse(told(), media_type="text/event-stream")

        self.observing.install(self.app)

    async def send(
        self, path: str, *headers: tuple[str, str], method: str = "GET", client: tuple[str, int] = NEAR
    ) -> HttpAnswer:
        transport: Any = asgi_transport(self.app, client=client)
        transport.raise_app_exceptions = False
        async with new_client(transport=transport) as one:
            return await exchange(one, method, f"http://service.test{path}", limits=LIMITS, headers=headers)

    async def measured(self) -> dict[str, float]:
        answer = await self.send("/metrics")
        assert answer.status == 200, answer.body
        lines = answer.body.decode().splitlines()
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


def count(route: str, status: str, method: str = "GET") -> str:
    return f'http_request_duration_seconds_count{{method="{method}",route="{route}",status="{status}"}}'


async def test_requests_are_counted_by_the_template_of_their_route() -> None:
    service = Service()
    for path in ("/people/810123400017", "/people/2", "/people/3?name=Zoe", "/broken/4", "/nowhere"):
        await service.send(path)
    await service.send("/people/5", method="POST")
    await service.send("/people/5", method="PROPFIND")
    seen = await service.measured()
    assert seen[count("/people/{number}", "2xx")] == 3
    assert seen[count("/people/{number}", "4xx", "POST")] == 1
    assert seen[count("/people/{number}", "4xx", "unknown")] == 1
    assert seen[count("/broken/{number}", "5xx")] == 1
    assert seen[count("unknown", "4xx")] == 1
    assert seen["http_requests_in_flight"] == 0
    assert not any("810123400017" in name for name in seen)


async def test_a_thousand_odd_requests_make_no_new_series() -> None:
    service = Service()
    await service.send("/nowhere")
    await service.send("/people/1")
    for path in ("/people/1", "/nowhere"):
        await service.send(path, method="ODD")
    before = await service.measured()
    for number in range(1000):
        path = f"/odd/{number}" if number % 2 else f"/people/{number}"
        await service.send(path, method="GET" if number % 10 else f"ODD{number}")
    after = await service.measured()
    assert sum(after.values()) > sum(before.values()) + 1000
    assert after.keys() == before.keys()


async def test_who_leaves_before_the_answer_is_counted_as_unanswered() -> None:
    service = Service()
    scope: dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "path": "/people/1",
        "raw_path": b"/people/1",
        "query_string": b"",
        "headers": [],
        "client": NEAR,
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def gone(_message: Any) -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await service.app(scope, receive, gone)
    seen = await service.measured()
    assert seen["http_requests_in_flight"] == 0
    assert sum(value for name, value in seen.items() if name.startswith("http_request_duration_seconds_count")) == 1


async def test_streams_that_are_open_are_counted() -> None:
    service = Service()
    assert (await service.send("/news")).body == b"data: 1.0\n\n"
    assert (await service.measured())["http_event_streams_open"] == 0


async def test_an_answer_says_by_which_id_it_is_found_a_fault_too(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    service = Service()
    answer = await service.send("/people/1", ("X-Request-ID", "request-of-mine"))
    assert answer.header("x-request-id") == "request-of-mine"
    (trace,) = service.seen
    assert trace is not None
    assert trace.request == "request-of-mine"
    broken = await service.send("/broken/810123400017", ("X-Request-ID", "request-that-fails"))
    assert (broken.status, broken.header("x-request-id")) == (500, "request-that-fails")
    told = [record.getMessage().rsplit(" ", 2)[0] for record in caplog.records if record.name == "service.access"]
    assert told == ["GET /people/{number} 200", "GET /broken/{number} 500"]
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("sas_kit")]
    assert ours == ["unexpected error on GET /broken/{number}"]


@pytest.mark.parametrize(
    ("client", "headers", "status"),
    [
        (NEAR, (), 200),
        (FAR, (), 401),
        (FAR, (("Authorization", "Bearer wrong"),), 401),
        (FAR, (("Authorization", "Basic right"),), 401),
        (FAR, (("Authorization", "Bearer right"),), 200),
        (FAR, (("Authorization", "bearer right"),), 200),
        (NEAR, (("X-Forwarded-For", "127.0.0.1"),), 401),
        (NEAR, (("Forwarded", "for=192.0.2.7"), ("Authorization", "Bearer right")), 200),
    ],
)
async def test_this_machine_reads_and_others_with_a_token(
    client: tuple[str, int], headers: tuple[tuple[str, str], ...], status: int
) -> None:
    answer = await Service("right").send("/metrics", *headers, client=client)
    assert answer.status == status
    if status == 401:
        assert answer.header("content-type") == "application/problem+json"
        assert answer.header("www-authenticate") == 'Bearer realm="metrics"'


async def test_without_a_token_others_are_told_what_to_set() -> None:
    answer = await Service().send("/metrics", ("Authorization", "Bearer "), client=FAR)
    assert (answer.status, json.loads(answer.body)["title"]) == (403, "Forbidden")
    assert "TOKEN_SETTING" in json.loads(answer.body)["detail"]


async def test_metrics_are_read_by_get_alone_and_under_any_accept() -> None:
    service = Service()
    refused = await service.send("/metrics", method="POST")
    assert (refused.status, refused.header("allow")) == (405, "GET, HEAD")
    assert (await service.send("/metrics", method="HEAD")).body == b""
    odd = await service.send("/metrics", ("Accept", "text/plain;version=odd"))
    assert (odd.status, odd.header("content-type")) == (200, "text/plain; version=0.0.4; charset=utf-8")
    openmetrics = await service.send("/metrics", ("Accept", "application/openmetrics-text;version=1.0.0"))
    assert openmetrics.body.endswith(b"# EOF\n")


async def test_what_cannot_be_read_for_an_answer_is_told_and_the_rest_is_answered() -> None:
    service = Service()

    async def failing() -> None:
        raise OSError("who knows")

    service.observing.sample("odd", failing)
    assert (await service.measured())["metrics_sampled_successfully"] == 0


async def test_an_application_that_cannot_begin_says_so_without_a_traceback(caplog: pytest.LogCaptureFixture) -> None:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        raise RuntimeError("Zoé Inventée")
        yield

    app = Observing("service", [1.0], None, "").install(FastAPI(lifespan=lifespan))
    lifetime = LifespanOn(uvicorn.Config(app, lifespan="on", log_config=None))
    await lifetime.startup()
    assert lifetime.should_exit
    told = [logs.JsonFormatter().format(record) for record in caplog.records]
    assert sum("RuntimeError at " in line for line in told) == 1
    assert "Zoé" not in "".join(told)


@pytest.mark.parametrize("name", ["X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "Via", "X-Real-IP"])
async def test_what_a_proxy_forwards_comes_from_elsewhere(name: str) -> None:
    assert (await Service("token-of-the-test").send("/metrics", (name, "somebody"))).status == 401
