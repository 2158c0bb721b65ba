"""Where a service's faults are kept while it runs: which it plays, what it played, and how wrong its clock is."""

from __future__ import annotations

import asyncio
import logging
import math
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from fastapi.responses import Response

from sas_kernel.clock import Clock
from sas_kernel.errors import SasError
from sas_kernel.faults import reader
from sas_kernel.faults.model import Cut, Direction, Drip, Effect, Fault, Side, Skew
from sas_kernel.faults.script import Cue, Script
from sas_kernel.flows import Flow
from sas_kernel.text import Text

SHARES: Final[Mapping[Cut, float]] = {Cut.BEFORE: 0.0, Cut.HEAD: 0.0, Cut.HALF: 0.5, Cut.AFTER: 1.0}
"""How much of the body leaves before a reset."""
_DROPS_A_SECOND: Final = 20

_log = logging.getLogger(__name__)
_asked_for: ContextVar[float] = ContextVar("seconds by which the clock of this request is wrong", default=0.0)

Paths = Mapping[tuple[Direction, Flow], re.Pattern[str]]
"""The paths of each interface, in each direction."""


class UnknownFaultError(SasError):
    """A request asks for a fault that cannot be played on it."""


@dataclass(slots=True)
class Stage:
    """`real` is the clock that conditions go by; as a `Clock` itself, the stage is the one that its service is given.
    `sleep` waits for seconds."""

    side: Side
    paths: Paths
    script: Script
    real: Clock
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _known: dict[str, Fault] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._known = {fault.name: fault for fault in (*reader.builtin(), *self.script.faults)}

    def now(self) -> datetime:
        """What the service takes the time to be."""
        real = self.real.now()
        skew = self.script.skew(real) + _asked_for.get()
        return real + timedelta(seconds=skew) if skew else real

    def meet(self, direction: Direction, method: str, path: str) -> Cue:
        cue = self.script.meet(direction, self._interface(direction, path), method, path, self.real.now())
        self._told(cue, direction, method, path)
        return cue

    def asked(self, name: str, method: str, path: str) -> Cue:
        """What a request meets that names a fault, of the file or built in. Raises `UnknownFaultError`."""
        able = {key: fault for key, fault in self._known.items() if fault.direction is Direction.ANSWER}
        fault = able.get(name)
        if fault is None:
            raise UnknownFaultError(
                Text("Panne inconnue : {n}. Connues : {k}.", "Unknown fault: {n}. Known: {k}.").format(
                    n=name[:80], k=", ".join(sorted(able))
                )
            )
        cue = self.script.asked(fault, method, path, self.real.now())
        self._told(cue, Direction.ANSWER, method, path)
        return cue

    @contextmanager
    def skewed(self, effect: Effect | None) -> Iterator[None]:
        """For the request that runs inside, the clock is wrong as it asked for."""
        if not isinstance(effect, Skew):
            yield
            return
        token = _asked_for.set(effect.seconds)
        try:
            yield
        finally:
            _asked_for.reset(token)

    def listing(self) -> Response:
        """What is played and what was, as JSON. Paths are without their queries, which name people."""
        body = {
            "service": self.side,
            "since": self.script.started,
            "faults": [
                {
                    "name": fault.name,
                    "direction": fault.direction,
                    "interface": fault.interface,
                    "path": fault.path,
                    "text": {"fr": fault.text.fr, "en": fault.text.en},
                    "by_header": fault.when.by_header,
                    "met": seen,
                    "played": played,
                }
                for fault, seen, played in self.script.counts()
            ],
            "last": [
                {"at": play.at, "fault": play.fault, "method": play.method, "path": play.path}
                for play in self.script.plays
            ],
        }
        return Response(msgspec.json.encode(body), media_type="application/json", headers={"cache-control": "no-store"})

    def _interface(self, direction: Direction, path: str) -> Flow | None:
        ways = ((flow, pattern) for (way, flow), pattern in self.paths.items() if way is direction)
        return next((flow for flow, pattern in ways if pattern.search(path)), None)

    def _told(self, cue: Cue, direction: Direction, method: str, path: str) -> None:
        if cue.names:
            names = ", ".join(cue.names)
            _log.info("fault on purpose: %s (%s, %.3f s) on %s %s", names, direction, cue.delay, method, path)


async def drops(body: bytes, drip: Drip, sleep: Callable[[float], Awaitable[Any]]) -> AsyncIterator[bytes]:
    """A body at the speed it drips at, some pieces a second."""
    size = max(1, math.floor(drip.bytes_per_second / _DROPS_A_SECOND))
    for start in range(0, len(body), size):
        piece = body[start : start + size]
        yield piece
        await sleep(len(piece) / drip.bytes_per_second)
