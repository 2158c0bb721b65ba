"""The floor: a bare ASGI application that returns files it read once, over the same server as the services.

`uvicorn benchmarks.floor:app` with BENCH_FLOOR_DIR naming a folder; `/NAME` answers the file NAME.json, after the
milliseconds of `?wait=`, for the aggregator's editors.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

_bodies: dict[str, bytes] = {}


def _body(name: str) -> bytes:
    if name not in _bodies:
        _bodies[name] = (Path(os.environ["BENCH_FLOOR_DIR"]) / f"{name}.json").read_bytes()
    return _bodies[name]


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    parts = scope["path"].strip("/").split("/")
    body = b"{}" if parts[0] == "health" else _body(parts[0])
    wait = parse_qs(scope["query_string"].decode()).get("wait") or (
        [parts[1]] if parts[1:2] and parts[1].isdigit() else []
    )
    if wait:
        await asyncio.sleep(int(wait[0]) / 1000)
    headers = [(b"content-type", b"application/fhir+json; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
