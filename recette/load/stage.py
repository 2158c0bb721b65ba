"""What a journey plays on under load: the scenarios' own `Stage`, which times steps and keeps what is to be judged.

Nothing is judged while others are measured: checks wait with their evidence until the load is over.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from recette.model import Check, Evidence, Exchange, Inbox, Measurement, Renderer, Target
from recette.model.load import Step
from sas_kernel.clock import Clock
from sas_kernel.contracts import ServiceLevel
from sas_kernel.text import Text

_LOOK_EVERY = 0.02
"""Seconds between two looks at what a journey waits for."""


class Driver(Protocol):
    async def send(
        self, target: str, *, method: str = "GET", headers: Sequence[tuple[str, str]] = (), body: bytes = b""
    ) -> Exchange: ...

    async def fetch(
        self, url: str, *, method: str = "GET", headers: Sequence[tuple[str, str]] = (), body: bytes = b""
    ) -> Exchange: ...


@dataclass(slots=True)
class Watch:
    """Seconds since the load began, and the instant it did."""

    begun: float
    began_at: datetime

    def now(self) -> float:
        return time.perf_counter() - self.begun

    def of(self, at: datetime) -> float:
        return (at - self.began_at).total_seconds()


@dataclass(slots=True)
class JourneyStage:
    """A `recette.model.Stage` for one journey. `due` is when it should have begun; `stuck` why it went no further."""

    journey: int
    kind: str
    target: Target
    levels: Mapping[str, ServiceLevel]
    driver: Driver
    clock: Clock
    watch: Watch
    due: float = 0.0
    inbox: Inbox | None = None
    renderer: Renderer | None = None
    exchanges: list[Exchange] = field(default_factory=list)
    evidence: list[tuple[Check, Evidence]] = field(default_factory=list)
    skipped: list[tuple[Check, Text]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    stuck: Text | None = None

    def now(self) -> datetime:
        return self.clock.now()

    async def send(
        self, target: str, *, method: str = "GET", headers: Sequence[tuple[str, str]] = (), body: bytes = b""
    ) -> Exchange:
        return self._kept(await self.driver.send(target, method=method, headers=headers, body=body))

    async def fetch(
        self, url: str, *, method: str = "GET", headers: Sequence[tuple[str, str]] = (), body: bytes = b""
    ) -> Exchange:
        return self._kept(await self.driver.fetch(url, method=method, headers=headers, body=body))

    def _kept(self, exchange: Exchange) -> Exchange:
        """Under an id that no other journey's has, nor any search's."""
        kept = replace(exchange, id=f"j{self.journey}.{len(self.exchanges) + 1}")
        self.exchanges.append(kept)
        return kept

    async def wait_for(self, what: Text, done: Callable[[], bool], *, seconds: float) -> bool:
        end = time.perf_counter() + seconds
        while not (held := done()):
            left = end - time.perf_counter()
            if left <= 0:
                break
            await asyncio.sleep(min(_LOOK_EVERY, left))
        return held

    def judge(self, check: Check, evidence: Evidence) -> None:
        self.evidence.append((check, evidence))

    def skip(self, check: Check, reason: Text) -> None:
        self.skipped.append((check, reason))

    def measure(self, id: str, title: Text, level: ServiceLevel, samples: Sequence[float]) -> Measurement:
        return Measurement.of(id, title, level, samples)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time what is done within; it failed when it was left by an exception, or its last exchange is no success."""
        begun, before = self.watch.now(), len(self.exchanges)
        failure = "stuck"
        try:
            yield
            failure = ""
        finally:
            last = self.exchanges[-1] if len(self.exchanges) > before else None
            if last is not None:
                failure = _failure(last) or failure
            self.note(name, begun, begun, self.watch.now(), failure, "" if last is None else last.id)

    def went(self, name: str) -> bool:
        """Whether a step was made, and well."""
        return any(each.step == name and not each.failure for each in self.steps)

    def note(self, name: str, due: float, sent: float, done: float, failure: str = "", exchange: str = "") -> None:
        self.steps.append(Step(self.journey, self.kind, name, due, sent, done, failure, exchange))


def _failure(exchange: Exchange) -> str:
    if exchange.response is None:
        return str(exchange.failure or "protocol")
    return f"http_{exchange.response.status}" if exchange.response.status >= 400 else ""
