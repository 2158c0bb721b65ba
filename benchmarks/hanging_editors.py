"""Fifty editors in one process: `python -m benchmarks.hanging_editors --port PORT`.

`/NAME/…` answers the file NAME.json of the folder BENCH_EDITORS_DIR after 50 ms. Five names hang instead, each
in its way; the fifth, which never accepts, is a port of its own, written into the folder.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
from pathlib import Path

import uvloop

WAIT = 0.05
HANGING = ("silent", "dripping-head", "half-a-body", "dripping-body", "unaccepting")
UNACCEPTING_PORT = "unaccepting.port"

_HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nContent-Length: {}\r\n\r\n"


async def _converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            name = head.split(b" ", 2)[1].split(b"/")[1].decode()
            if name in HANGING:
                await _hang(name, writer)
            body = b"{}" if name == "health" else _body(name)
            await asyncio.sleep(WAIT)
            writer.write(_HEAD.format(len(body)).encode())
            writer.write(body)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def _hang(name: str, writer: asyncio.StreamWriter) -> None:
    """Never comes back: it ends when the caller has gone, and with it the connection."""
    if name == "dripping-head":
        writer.write(b"HTTP/1.1 200 OK\r\n")
    elif name == "half-a-body":
        body = _body("half")
        writer.write(_HEAD.format(len(body)).encode() + body[: len(body) // 2])
    elif name == "dripping-body":
        writer.write(_HEAD.format(1_000_000).encode())
    drop = {"dripping-head": b"X-Still: here\r\n", "dripping-body": b" "}.get(name, b"")
    while not writer.transport.is_closing():
        await asyncio.sleep(0.1)
        writer.write(drop)
        await writer.drain()
    raise ConnectionError


_bodies: dict[str, bytes] = {}


def _body(name: str) -> bytes:
    if name not in _bodies:
        _bodies[name] = (Path(os.environ["BENCH_EDITORS_DIR"]) / f"{name}.json").read_bytes()
    return _bodies[name]


def _never_accepting() -> list[socket.socket]:
    """A listening socket whose queue is full: whoever connects next hears nothing, not even a refusal."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=0)
    address = listening.getsockname()
    waiting = []
    for _ in range(4):
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex(address)
        waiting.append(client)
    (Path(os.environ["BENCH_EDITORS_DIR"]) / UNACCEPTING_PORT).write_text(str(address[1]))
    return [listening, *waiting]


async def _serve(port: int) -> None:
    kept = _never_accepting()
    server = await asyncio.start_server(_converse, "127.0.0.1", port, backlog=2048)
    async with server:
        await server.serve_forever()
    del kept


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(parser.parse_args().port))
