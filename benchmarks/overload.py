"""Five times what a worker can serve: what becomes of it with back-pressure, and without.

Two agendas, one bounded as it is by default, one bounded by nothing, are each asked as many national queries as one
worker can answer, times five, at instants of their own (an open model: nobody waits for an answer to ask). Latency
counts from the instant at which a request was due. A client that falls behind its own plan concludes nothing (NaN):
so the agendas keep no index, and read the database at each search, which one client can outrun fivefold.
"""

from __future__ import annotations

import asyncio
import math
import os
import re
import resource
import statistics
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, cast

import uvloop

from benchmarks import territory
from benchmarks.figures import TOLD, promised
from benchmarks.national_query import target
from benchmarks.processes import server
from benchmarks.stores import PUBLIC_URL
from sas_kit.admission import AdmissionMiddleware, Lane, LaneBounds, is_below, refusing

SLOTS: Final = 1000
TIMES: Final = 5
SECONDS: Final = float(os.environ.get("SAS_BENCH_OVERLOAD_SECONDS", "5"))
GIVEN_UP: Final = 10.0  # seconds that the last ones asked are waited for
LATE: Final = 0.05  # seconds by which a client may miss its plan, at the 99th percentile
_BOUNDED: Final = {"SAS_AGENDA_FRAGMENT_INDEX_BYTES": "0"}
_UNBOUNDED: Final = {
    **_BOUNDED,
    "SAS_AGENDA_MAX_AT_WORK": "1000000",
    "SAS_AGENDA_DATABASE_WAIT": "600",
    "SAS_AGENDA_LONGEST_REQUEST": "600",
}
_LENGTH: Final = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


@dataclass
class Seen:
    """Seconds from when each request was due, by what became of it; `late`: from when it was due to when it left."""

    served: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    unanswered: int = 0

    @property
    def asked(self) -> int:
        return len(self.served) + len(self.refused) + self.unanswered


class _Connection(asyncio.BufferedProtocol):
    """Reads one answer at a time into nowhere: what a client costs must not be what is measured."""

    def __init__(self, scrap: bytearray) -> None:
        self._scrap = memoryview(scrap)
        self.answer: asyncio.Future[int] | None = None
        self.transport: asyncio.Transport | None = None
        self._head = b""
        self._missing = 0
        self._status = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is one by what it does alone

    def ask(self, request: bytes, answer: asyncio.Future[int]) -> None:
        assert self.transport is not None
        self.answer, self._head, self._missing = answer, b"", 0
        self.transport.write(request)

    def get_buffer(self, _hint: int) -> memoryview:
        return self._scrap

    def buffer_updated(self, count: int) -> None:
        if self._missing:
            self._missing -= count
        else:
            self._head += bytes(self._scrap[:count])
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            length = _LENGTH.search(self._head)
            assert length is not None
            self._status = int(self._head.split(b" ", 2)[1])
            self._missing = end + 4 + int(length[1]) - len(self._head)
        if self._missing == 0 and self.answer is not None and not self.answer.done():
            self.answer.set_result(self._status)

    def connection_lost(self, _error: Exception | None) -> None:
        self.transport = None
        if self.answer is not None and not self.answer.done():
            self.answer.set_result(0)


class _Client:
    def __init__(self, port: int, path: str) -> None:
        self._port = port
        self._request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: */*\r\n\r\n".encode()
        self._idle: list[_Connection] = []
        self._all: list[_Connection] = []
        self._scrap = bytearray(1 << 20)

    async def ask(self) -> int:
        loop = asyncio.get_running_loop()
        connection = self._idle.pop() if self._idle else None
        if connection is None or connection.transport is None:
            _, connection = await loop.create_connection(lambda: _Connection(self._scrap), "127.0.0.1", self._port)
            self._all.append(connection)
        answer: asyncio.Future[int] = loop.create_future()
        connection.ask(self._request, answer)
        status = await answer
        if status:
            self._idle.append(connection)
        return status

    def close(self) -> None:
        for each in self._all:
            if each.transport is not None:
                each.transport.abort()


async def _capacity(port: int, path: str, seconds: float) -> float:
    """Answers a second to eight clients who ask as soon as they have one."""
    client, count = _Client(port, path), 0
    until = time.perf_counter() + seconds

    async def keep_asking() -> None:
        nonlocal count
        while time.perf_counter() < until:
            assert await client.ask() == 200
            count += 1

    await asyncio.gather(*[keep_asking() for _ in range(8)])
    client.close()
    return count / seconds


async def _overload(port: int, path: str, rate: float, seconds: float) -> Seen:
    client, seen = _Client(port, path), Seen()
    loop = asyncio.get_running_loop()
    begun = loop.time() + 0.1

    async def once(due: float) -> None:
        seen.late.append(loop.time() - due)
        status = await client.ask()
        took = loop.time() - due
        if status == 200:
            seen.served.append(took)
        elif status == 503:
            seen.refused.append(took)
        else:
            seen.unanswered += 1

    tasks: set[asyncio.Task[None]] = set()
    for number in range(int(rate * seconds)):
        due = begun + number / rate
        if (pause := due - loop.time()) > 0:
            await asyncio.sleep(pause)
        tasks.add(asyncio.create_task(once(due)))
    _, pending = await asyncio.wait(tasks, timeout=GIVEN_UP)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    seen.unanswered += len(pending)
    client.close()
    return seen


def run() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # each request that waits has a connection
    _middleware()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="recette-bench-")))
        dataset, log = folder / "bench.toml", folder / "servers.log"
        territory.write(dataset)
        arguments = ["agenda_editor", "serve", "--host", "127.0.0.1", "--dataset", str(dataset)]
        arguments += ["--public-url", PUBLIC_URL, "--drain", "0", "--finish", "1"]
        path = target(SLOTS, datetime.now(UTC))
        seen: dict[str, Seen] = {}
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            capacity = 0.0
            for name, settings in (("with", _BOUNDED), ("without", _UNBOUNDED)):
                url = ["--database-url", f"sqlite:///{folder / name}.sqlite"]
                with server([*arguments, *url], settings, log) as (_pid, port):
                    runner.run(_capacity(port, path, 0.5))  # warm
                    capacity = capacity or runner.run(_capacity(port, path, 2.0))
                    seen[name] = runner.run(_overload(port, path, TIMES * capacity, SECONDS))
    _tell(seen, capacity)


def _tell(seen: dict[str, Seen], capacity: float) -> None:
    print(f"\nOverload: {capacity:.0f} searches a second served, {TIMES} times as many asked for {SECONDS:g} s")
    print(f"{'back-pressure':16}{'asked':>7}{'served':>8}{'refused':>9}{'no answer':>11}", end="")
    print(f"{'served p50':>12}{'p99':>9}{'refused p50':>13}{'p99':>9}{'client late p99':>17}")
    for name, each in seen.items():
        print(f"{name:16}{each.asked:>7}{len(each.served):>8}{len(each.refused):>9}{each.unanswered:>11}", end="")
        print(f"{_at(each.served, 0.5):>11.3f}s{_at(each.served, 0.99):>8.3f}s", end="")
        print(f"{_at(each.refused, 0.5):>12.3f}s{_at(each.refused, 0.99):>8.3f}s{_at(each.late, 0.99):>16.3f}s")
    bounded = seen["with"]
    kept_up = _at(bounded.late, 0.99) <= LATE
    for figure, measured in (
        ("overload.refused", _at(bounded.refused, 0.99)),
        ("overload.served", _at(bounded.served, 0.99)),
        ("overload.throughput", len(bounded.served) / SECONDS / capacity),
    ):
        # Times count from when a request was due: a client that is late makes them longer, never shorter. What holds
        # all the same holds; of what does not, nothing is known.
        TOLD.tell(figure, measured if kept_up or promised()[figure].holds(measured) else math.nan)


def _at(samples: list[float], share: float) -> float:
    return sorted(samples)[math.ceil(share * len(samples)) - 1] if samples else math.nan


# --- what the middleware itself costs ---------------------------------------------------------------------------------


def _middleware(requests: int = 20_000, rounds: int = 9) -> None:
    async def app(_scope: object, _receive: object, send: object) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[operator]
        await send({"type": "http.response.body", "body": b""})  # type: ignore[operator]

    lane = Lane("fhir", LaneBounds(32, 64, 1.0, 30.0))
    bounded = AdmissionMiddleware(
        app,
        lane_of=lambda path: lane if is_below(path, "/fhir") else None,
        refuse=refusing("/fhir", b"{}", "application/fhir+json"),
    )
    scope = {"type": "http", "path": "/fhir/Slot", "root_path": "", "method": "GET", "query_string": b"", "headers": []}

    async def send(_message: object) -> None:
        return

    async def timed(called: object) -> float:
        begun = time.perf_counter()
        for _ in range(requests):
            await called(scope, None, send)  # type: ignore[operator]
        return (time.perf_counter() - begun) / requests * 1e6

    async def compare() -> float:
        return statistics.median([await timed(bounded) - await timed(app) for _ in range(rounds)])

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        cost = runner.run(compare())
    print("\nWhat admission costs a request that is let in")
    TOLD.tell("overload.admission", cost)
