"""A partner on a real socket: HTTP/1.1 by h11 on plain asyncio, because a fault may break the connection itself.

What a reply says of itself is really played: its seconds pass, and where it says that no answer came, none comes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from http import HTTPStatus
from typing import Final

import h11

from recette.museum.street import Party
from recette.museum.wire import Asked, Reply
from sas_kernel.clock import Clock
from sas_kernel.errors import SasError
from sas_kernel.text import Text

Speak = Callable[[asyncio.StreamWriter, Reply], Awaitable[None]]

IDLE: Final = 75.0
_OURS: Final = frozenset({"content-length", "transfer-encoding", "connection", "keep-alive"})


class AddressError(SasError):
    """The address cannot be listened to. The text says why and which options choose another."""


def head(reply: Reply, length: int) -> bytes:
    """The reply's first line and headers, which announce `length` bytes."""
    phrase = HTTPStatus(reply.status).phrase if reply.status in set(HTTPStatus) else "X"
    lines = [f"HTTP/1.1 {reply.status} {phrase}", *(f"{k}: {v}" for k, v in reply.headers if k.lower() not in _OURS)]
    bodiless = reply.status in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}
    lines += [] if bodiless else [f"Content-Length: {length}"]
    return ("\r\n".join([*lines, "Connection: close"]) + "\r\n\r\n").encode("latin-1", "replace")


async def well(writer: asyncio.StreamWriter, reply: Reply) -> None:
    writer.write(head(reply, len(reply.body)) + reply.body)
    await writer.drain()


@asynccontextmanager
async def serving(
    party: Party, clock: Clock, speak: Speak = well, *, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[str]:
    """Serve a party until the block ends, one request a connection; gives its address. Raises `AddressError`.

    Port 0 takes a free one. `speak` writes the reply, well or not.
    """
    conversations: set[asyncio.Task[None]] = set()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(_converse(party, clock, speak, reader, writer))
        conversations.add(task)
        task.add_done_callback(conversations.discard)

    try:
        server = await asyncio.start_server(begin, host, port)
    except (OSError, OverflowError) as error:
        raise AddressError(
            Text(
                "Impossible d’écouter sur {h}:{p} ({e}) : choisissez une autre adresse avec --host, --port ou "
                "--provider-port, ou arrêtez ce qui y écoute déjà.",
                "Cannot listen on {h}:{p} ({e}): choose another address with --host, --port or --provider-port, "
                "or stop what already listens there.",
            ).format(h=host, p=port, e=getattr(error, "strerror", None) or error)
        ) from error
    try:
        yield f"http://{host}:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in tuple(conversations):
            task.cancel()
        await asyncio.gather(*conversations, return_exceptions=True)


async def _converse(
    party: Party, clock: Clock, speak: Speak, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """One connection, with the one request on it."""
    try:
        asked = await _heard(reader, writer, clock)
        if asked is None:
            return
        reply = await party(asked)
        await asyncio.sleep(reply.seconds)
        if reply.failure is not None:
            writer.transport.abort()
        else:
            await speak(writer, replace(reply, body=b"") if asked.method == "HEAD" else reply)
    except h11.RemoteProtocolError as error:
        with suppress(ConnectionError):
            await well(writer, Reply(error.error_status_hint, (), b""))
    except (ConnectionError, TimeoutError, asyncio.CancelledError):
        writer.transport.abort()
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def _heard(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, clock: Clock) -> Asked | None:
    """The request; None where nobody asked anything. Raises `h11.RemoteProtocolError` on what is no HTTP."""
    machine = h11.Connection(h11.SERVER)
    told: h11.Request | None = None
    body = bytearray()
    while True:
        event = machine.next_event()
        if event is h11.NEED_DATA:
            if machine.they_are_waiting_for_100_continue:
                writer.write(machine.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
            received = await asyncio.wait_for(reader.read(65536), IDLE)
            if not received and told is None:
                return None
            machine.receive_data(received)
        elif isinstance(event, h11.Request):
            told = event
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage):
            break
        else:
            return None
    assert told is not None
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in told.headers.raw_items())
    kept = tuple(pair for pair in headers if pair[0].lower() not in _OURS)
    return Asked(told.method.decode("latin-1"), told.target.decode("latin-1"), kept, bytes(body), clock.now())
