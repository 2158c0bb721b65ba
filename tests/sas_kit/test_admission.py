"""What is admitted, what waits and what is refused, by a handler that works until the test lets it go."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from sas_kit.admission import AdmissionMiddleware, Lane, LaneBounds, is_below, refusing

BODY = b'{"resourceType":"OperationOutcome"}'


class Work:
    """An application whose requests end when the test says so."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.ends: dict[str, asyncio.Event] = {}

    async def __call__(self, scope: Any, _receive: Any, send: Any) -> None:
        self.begun.append(scope["path"])
        await self.ends.setdefault(scope["path"], asyncio.Event()).wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})

    def end(self, path: str) -> None:
        self.ends.setdefault(path, asyncio.Event()).set()


class Service:
    def __init__(self, *, at_work: int = 2, waiting: int = 2, patience: float = 60.0, longest: float | None = 60.0):
        self.work = Work()
        self.lane = Lane("fhir", LaneBounds(at_work, waiting, patience, longest))
        self.app = AdmissionMiddleware(
            self.work,
            lane_of=lambda path: self.lane if is_below(path, "/fhir") else None,
            refuse=refusing("/fhir", BODY, "application/fhir+json"),
        )

    def ask(self, path: str, accept: str = "*/*", query: bytes = b"") -> asyncio.Task[Answer]:
        return asyncio.create_task(asked(self.app, path, accept, query))


class Answer:
    def __init__(self, messages: list[dict[str, Any]]) -> None:
        self.status: int = messages[0]["status"]
        self.headers = {k.decode(): v.decode() for k, v in messages[0]["headers"]}
        self.body = b"".join(message.get("body", b"") for message in messages[1:])


async def asked(app: Any, path: str, accept: str, query: bytes) -> Answer:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": query,
        "headers": [(b"accept", accept.encode())],
    }
    await app(scope, None, send)
    return Answer(sent)


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_so_many_at_work_so_many_waiting_and_the_rest_refused_at_once() -> None:
    service = Service()
    tasks = [service.ask(f"/fhir/{n}") for n in range(6)]
    await settled()
    assert service.work.begun == ["/fhir/0", "/fhir/1"]
    assert (service.lane.under_way, service.lane.waiting, service.lane.refused) == (2, 2, 2)
    assert [task.done() for task in tasks] == [False] * 4 + [True] * 2
    refused = tasks[5].result()
    assert (refused.status, refused.headers["retry-after"]) == (503, "5")
    assert (refused.headers["content-type"], refused.body) == ("application/fhir+json", BODY)
    for n in range(4):
        service.work.end(f"/fhir/{n}")
    assert [(await task).status for task in tasks[:4]] == [200] * 4
    assert service.work.begun == [f"/fhir/{n}" for n in range(4)]  # who came first was served first
    assert (service.lane.under_way, service.lane.waiting) == (0, 0)


async def test_what_has_no_lane_never_waits() -> None:
    service = Service(at_work=1, waiting=0)
    full = service.ask("/fhir/0")
    service.work.end("/health/live")
    assert (await service.ask("/health/live")).status == 200
    service.work.end("/fhir/0")
    assert (await full).status == 200


async def test_nobody_waits_longer_than_the_patience() -> None:
    service = Service(at_work=1, patience=0.01)
    full = service.ask("/fhir/0")
    late = await asyncio.wait_for(service.ask("/fhir/1"), 5)
    assert (late.status, service.lane.waiting) == (503, 0)
    service.work.end("/fhir/0")
    assert (await full).status == 200
    assert service.work.begun == ["/fhir/0"]


async def test_a_queue_that_does_not_empty_shortens_the_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop's clock is moved by hand: a queue stands for longer than the patience."""
    loop = asyncio.get_running_loop()
    began, passed = loop.time(), 0.0
    monkeypatch.setattr(loop, "time", lambda: began + passed)
    service = Service(at_work=1, waiting=9, patience=50.0)
    tasks = [service.ask("/fhir/0"), service.ask("/fhir/1")]
    await settled()
    passed = 40.0  # no overload yet: who has waited for 40 s is served
    tasks.append(service.ask("/fhir/2"))
    await settled()
    service.work.end("/fhir/0")
    await settled()
    assert service.work.begun == ["/fhir/0", "/fhir/1"]
    passed = 51.0  # somebody has been waiting all the time: 11 s are now more than a tenth of the patience
    service.work.end("/fhir/1")
    assert [(await task).status for task in tasks] == [200, 200, 503]
    assert service.lane.under_way == 0
    tasks = [service.ask("/fhir/3"), service.ask("/fhir/4")]  # the queue was empty: a burst has its patience again
    await settled()
    passed = 100.0
    service.work.end("/fhir/3")
    service.work.end("/fhir/4")
    assert [(await task).status for task in tasks] == [200, 200]


async def test_a_place_survives_whoever_gives_up() -> None:
    service = Service(at_work=1)
    first, second, third = (service.ask(f"/fhir/{n}") for n in range(3))
    await settled()
    second.cancel()
    await settled()
    assert service.lane.waiting == 1
    service.work.end("/fhir/0")
    first_answer = await first
    third.cancel()  # at the moment at which the place was given to it
    await settled()
    assert (first_answer.status, service.lane.under_way, service.lane.waiting) == (200, 0, 0)
    service.work.end("/fhir/3")
    assert (await service.ask("/fhir/3")).status == 200


async def test_a_request_that_does_not_end_gives_its_place_back() -> None:
    service = Service(at_work=1, longest=0.01)
    for n in range(2):  # the second one has a time of its own
        answer = await asyncio.wait_for(service.ask(f"/fhir/{n}"), 5)
        assert (answer.status, service.lane.under_way) == (503, 0)
    cancelled = service.ask("/fhir/2")
    await settled()
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    assert service.lane.under_way == 0
    service.work.end("/fhir/3")
    assert (await service.ask("/fhir/3")).status == 200


async def test_an_answer_that_was_begun_ends_with_the_connection() -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.Event().wait()

    lane = Lane("any", LaneBounds(1, 0, 1.0, 0.01))
    bounded = AdmissionMiddleware(app, lane_of=lambda _path: lane, refuse=refusing("/fhir", BODY, "text/plain"))
    with pytest.raises(TimeoutError):
        await asked(bounded, "/api/x", "*/*", b"")
    assert lane.under_way == 0


async def test_a_refusal_has_the_form_of_who_asks() -> None:
    app = AdmissionMiddleware(
        Work(),
        lane_of=lambda _path: Lane("any", LaneBounds(0, 0, 1.0, 1.0)),
        refuse=refusing("/fhir", BODY, "application/fhir+json"),
    )
    api = await asked(app, "/api/x", "*/*", b"")
    assert (api.status, api.headers["content-type"]) == (503, "application/problem+json")
    assert msgspec.json.decode(api.body)["status"] == 503
    page = await asked(app, "/agenda/1", "text/html,*/*", b"a=1&lang=en")
    assert (page.status, page.headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert b'<html lang="en">' in page.body
    assert b"Try again in a few seconds" in page.body
    assert {each.headers["retry-after"] for each in (api, page)} == {"5"}
    assert (await asked(app, "/fhirlike", "*/*", b"")).headers["content-type"] == "application/problem+json"
