"""A platform that only receives appointments, over bare sockets, and remembers all that came.

`python -m benchmarks.receiver --port PORT`. It works on so many requests at once, each for so many milliseconds, and
others wait their turn; with `?` faults a share of them goes wrong. `POST /conduct` (a `Conduct` as JSON) forgets what
came; `GET /record` tells it, one `Heard` a request.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
import zlib
from contextlib import suppress
from typing import Any

import msgspec
import uvloop

FAULTS = ("busy", "lost before", "lost after", "late before", "late after")
_LATE = 5.0  # seconds; longer than whoever asks is told to wait


class Conduct(msgspec.Struct, frozen=True):
    """`wait` in ms; `faults`: the share of requests that go wrong, drawn from `seed`."""

    wait: int = 20
    at_once: int = 16
    faults: float = 0.0
    seed: int = 1


class Heard(msgspec.Struct, frozen=True, array_like=True):
    """`body`: a sum of it; `acted`: whether the platform took it; `fault`: of `FAULTS`, or none. Monotonic seconds."""

    key: str
    body: int
    method: str
    status: int
    acted: bool
    fault: str
    begun: float
    ended: float


class _Identifier(msgspec.Struct):
    value: str


class _Appointment(msgspec.Struct):
    identifier: list[_Identifier]


class Receiver:
    def __init__(self) -> None:
        self.behave(Conduct())

    def behave(self, conduct: Conduct) -> None:
        self._conduct = conduct
        self._room = asyncio.Semaphore(conduct.at_once)
        self._dice = random.Random(conduct.seed)
        self._versions: dict[str, int] = {}
        self._record: list[Heard] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                line, *fields = head.lower().split("\r\n")
                length = next((int(f.partition(":")[2]) for f in fields if f.startswith("content-length:")), 0)
                body = await reader.readexactly(length)
                method, path, _ = line.split(" ")
                if not path.startswith("/fhir/"):
                    writer.write(_answer(200, (), self._told(path, body)))
                elif not await self._take(method.upper(), body, writer):
                    writer.transport.abort()
                    return
                await writer.drain()
        writer.close()

    def _told(self, path: str, body: bytes) -> bytes:
        if path == "/conduct":
            self.behave(msgspec.json.decode(body, type=Conduct))
        return msgspec.json.encode(self._record if path == "/record" else {"heard": len(self._record)})

    async def _take(self, method: str, body: bytes, writer: asyncio.StreamWriter) -> bool:
        begun = time.monotonic()
        key = msgspec.json.decode(body, type=_Appointment).identifier[0].value
        fault = self._dice.choice(FAULTS) if self._dice.random() < self._conduct.faults else ""
        acted = fault in {"", "lost after", "late after"}
        status, headers = 503, ["Retry-After: 1"]
        if acted:  # in the order of arrival, however long each takes
            version = self._versions[key] = self._versions.get(key, 0) + 1
            status = 201 if version == 1 else 200
            headers = [f'ETag: W/"{version}"', f"Location: /fhir/Appointment/{key}/_history/{version}"]
        record = self._record
        async with self._room:
            await asyncio.sleep(self._conduct.wait / 1000)
        if fault.startswith("late"):
            await asyncio.sleep(_LATE)
        record.append(Heard(key, zlib.crc32(body), method, status, acted, fault, begun, time.monotonic()))
        if fault and fault != "busy":
            return False
        writer.write(_answer(status, headers, b""))
        return True


def _answer(status: int, headers: Any, body: bytes) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Content-Type: application/fhir+json", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def _main(port: int) -> None:
    server = await asyncio.start_server(Receiver().serve, "127.0.0.1", port, backlog=128)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    with suppress(KeyboardInterrupt):
        uvloop.run(_main(parser.parse_args().port))
