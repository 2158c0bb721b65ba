"""Editors whose connection is wrong: they let go, drip, stay silent or talk nonsense."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from recette.museum.serving import Speak, head
from recette.museum.wire import Reply


@dataclass(frozen=True, slots=True)
class TransportFault:
    name: str
    requirement: str
    text: str
    speak: Speak
    check: str


async def _lets_go(writer: asyncio.StreamWriter, reply: Reply) -> None:
    del reply
    writer.transport.abort()


async def _stops_halfway(writer: asyncio.StreamWriter, reply: Reply) -> None:
    writer.write(head(reply, len(reply.body)) + reply.body[: len(reply.body) // 2])
    await writer.drain()


async def _talks_nonsense(writer: asyncio.StreamWriter, reply: Reply) -> None:
    del reply
    writer.write(b"220 mail.example.org ESMTP\r\n\r\n")
    await writer.drain()


async def _never_ends(writer: asyncio.StreamWriter, reply: Reply) -> None:
    writer.write(head(reply, 1 << 40))
    while True:
        writer.write(b" " * 65536)
        await writer.drain()


async def _drips(writer: asyncio.StreamWriter, reply: Reply) -> None:
    writer.write(head(reply, len(reply.body)))
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
