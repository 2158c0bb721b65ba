"""What being measured and told costs a request, beside a bare application: `python -m benchmarks observing`."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from typing import Any

from fastapi import FastAPI

from sas_kit.observing import logs
from sas_kit.observing.service import Observing

_REQUESTS = 4000
_PARENT = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"


class _Route:
    path_format = "/fhir/Slot"


async def _bare(scope: Any, _receive: Any, send: Any) -> None:
    scope["route"] = _Route
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/fhir+json")]})
    await send({"type": "http.response.body", "body": b"{}"})


async def _nowhere(_message: Any) -> None:
    pass


def _observed() -> Any:
    api = FastAPI()
    api.build_middleware_stack = lambda: _bare  # type: ignore[method-assign]  # as Observing itself does
    return Observing("bench", [1.0, 7.0, 10.0], None, "").install(api).build_middleware_stack()


async def _microseconds(app: Any) -> float:
    best = float("inf")
    for _ in range(5):
        begun = time.perf_counter()
        for _ in range(_REQUESTS):
            headers = [(b"host", b"a"), (b"accept", b"application/json+fhir"), (b"traceparent", _PARENT)]
            await app({"type": "http", "method": "GET", "path": "/fhir/Slot", "headers": headers}, None, _nowhere)
        best = min(best, (time.perf_counter() - begun) / _REQUESTS * 1e6)
    return best


async def _run() -> None:
    floor = await _microseconds(_bare)
    logging.root.setLevel(logging.ERROR)
    print(f"  measured {await _microseconds(_observed()) - floor:.1f} µs")
    with open(os.devnull, "wb") as sink:  # noqa: ASYNC230, PTH123  opened once, not a path of ours
        for form in logs.LogFormat:
            logs.configure(form, sink.fileno())
            print(f"  measured and told as {form} {await _microseconds(_observed()) - floor:.1f} µs")
        logging.root.handlers[0].close()


def run() -> None:
    """Leaves the log as it was."""
    level, handlers = logging.root.level, [*logging.root.handlers]
    print("observing: what it costs a request to be measured and told")
    try:
        asyncio.run(_run())
    finally:
        logging.root.setLevel(level)
        logging.root.handlers[:] = handlers
