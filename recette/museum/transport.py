"""Editors whose connection is wrong: a server on a real socket that lets go, drips, stays silent or talks nonsense."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from recette.museum.wire import Agenda, Asked, Reply

Speak = Callable[[asyncio.StreamWriter, Reply], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class TransportFault:
    name: str
    requirement: str
    text: str
    speak: Speak
    check: str


def _head(reply: Reply, length: int) -> bytes:
    lines = [f"HTTP/1.1 {reply.status} X", *(f"{k}: {v}" for k, v in reply.headers if k.lower() != "content-length")]
    return ("\r\n".join([*lines, f"Content-Length: {length}", "Connection: close"]) + "\r\n\r\n").encode()


async def well(writer: asyncio.StreamWriter, reply: Reply) -> None:
    writer.write(_head(reply, len(reply.body)) + reply.body)
    await writer.drain()


async def _lets_go(writer: asyncio.StreamWriter, reply: Reply) -> None:
    del reply
    writer.transport.abort()


async def _stops_halfway(writer: asyncio.StreamWriter, reply: Reply) -> None:
    writer.write(_head(reply, len(reply.body)) + reply.body[: len(reply.body) // 2])
    await writer.drain()


async def _talks_nonsense(writer: asyncio.StreamWriter, reply: Reply) -> None:
    del reply
    writer.write(b"220 mail.example.org ESMTP\r\n\r\n")
    await writer.drain()


async def _never_ends(writer: asyncio.StreamWriter, reply: Reply) -> None:
    writer.write(_head(reply, 1 << 40))
    while True:
        writer.write(b" " * 65536)
        await writer.drain()


async def _drips(writer: asyncio.StreamWriter, reply: Reply) -> None:
    writer.write(_head(reply, len(reply.body)))
    for byte in reply.body:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.02)


async def _stays_silent(writer: asyncio.StreamWriter, reply: Reply) -> None:
    del writer, reply
    await asyncio.sleep(30)


FAULTS: tuple[TransportFault, ...] = (
    TransportFault("lets-go", "SLOT-001", "closes without an answer", _lets_go, "exchange.whole"),
    TransportFault("stops-halfway", "SLOT-001", "closes in the middle of the body", _stops_halfway, "exchange.whole"),
    TransportFault("talks-nonsense", "SLOT-001", "does not speak HTTP", _talks_nonsense, "exchange.whole"),
    TransportFault("never-ends", "SLOT-001", "announces and sends without end", _never_ends, "exchange.whole"),
    TransportFault("drips", "SLOT-002", "a byte at a time", _drips, "exchange.in_time"),
    TransportFault("stays-silent", "SLOT-002", "accepts and says nothing", _stays_silent, "exchange.in_time"),
)


@asynccontextmanager
async def serving(agenda: Agenda, speak: Speak) -> AsyncIterator[str]:
    """Serve an agenda on a free port, one request a connection; gives its FHIR base."""
    conversations: set[asyncio.Task[None]] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, target, _ = head[0].split(" ")
            pairs = (line.partition(": ") for line in head[1:] if line)
            sent = tuple((name, value) for name, _, value in pairs)
            kept = tuple(pair for pair in sent if pair[0].lower() in {"accept", "prefer", "host", "content-type"})
            length = next((int(value) for name, value in sent if name.lower() == "content-length"), 0)
            await speak(writer, await agenda(Asked(method, target, kept, await reader.readexactly(length))))
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(answer(reader, writer))
        conversations.add(task)
        task.add_done_callback(conversations.discard)

    server = await asyncio.start_server(begin, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/fhir"
    finally:
        server.close()
        for task in tuple(conversations):
            task.cancel()
        await asyncio.gather(*conversations, return_exceptions=True)
