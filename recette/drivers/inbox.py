"""Our own endpoint: what a system under test sends to us, answered as the scenario of the moment wants.

HTTP/1.1 by h11 on plain asyncio, because a scenario also has to close a connection in place of an answer, which no
framework lets it do.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

import h11

from recette.model import RECEIVED, Dropped, Exchange, Request, Responder, Response, Timings, TransportFailure
from sas_kernel.clock import Clock
from sas_kernel.errors import SasError
from sas_kernel.text import Text

MAX_BODY: Final = 1024 * 1024
_IDLE: Final = 75.0
_LINGER: Final = 1.0


class ListenError(SasError):
    """The address cannot be listened to. The text says why and which key names it."""


class ListeningInbox:
    """The `recette.model.Inbox` on a real port. Get it from `listening`."""

    def __init__(self, url: str, clock: Clock) -> None:
        self.url = url
        self._clock = clock
        self._responder: Responder | None = None
        self._arrivals: list[Exchange] = []
        self._numbers = itertools.count(1)

    @property
    def arrivals(self) -> tuple[Exchange, ...]:
        return tuple(self._arrivals)

    def answer_with(self, responder: Responder | None) -> None:
        self._responder = responder

    def take(self, request: Request, begun: float, received_at: datetime) -> Response | Dropped:
        """Answer one message and keep both; a responder that breaks is our fault and answers 500."""
        if self._responder is None:
            answer: Response | Dropped = _plain(503, "recette: no scenario is listening")
        else:
            try:
                answer = self._responder(request)
            except Exception as error:  # noqa: BLE001  a scenario of ours that breaks must not kill the endpoint
                answer = _plain(500, f"recette: {type(error).__name__}: {error}")
        elapsed = time.perf_counter() - begun
        number = f"{RECEIVED}{next(self._numbers)}"
        if isinstance(answer, Dropped):
            kept = Exchange(
                number,
                received_at,
                request,
                Timings(None, elapsed),
                failure=TransportFailure.CONNECTION_LOST,
                failure_detail="closed by recette on purpose",
            )
        else:
            kept = Exchange(number, received_at, request, Timings(elapsed, elapsed), response=answer)
        self._arrivals.append(kept)
        return answer

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, from its first byte to its end."""
        machine = h11.Connection(h11.SERVER)
        try:
            while await self._one(machine, reader, writer):
                machine.start_next_cycle()
        except h11.RemoteProtocolError as error:
            with contextlib.suppress(ConnectionError, TimeoutError, h11.ProtocolError):
                await self._reproach(machine, reader, writer, error.error_status_hint)
        except (ConnectionError, TimeoutError, h11.ProtocolError):
            pass  # who breaks the connection gets nothing more on it
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, TimeoutError):
                await writer.wait_closed()

    async def _one(self, machine: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its answer; whether the connection stays open."""
        head: h11.Request | None = None
        body = bytearray()
        begun = time.perf_counter()
        while True:
            event = machine.next_event()
            if event is h11.NEED_DATA:
                if machine.they_are_waiting_for_100_continue:
                    writer.write(machine.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
                received = await asyncio.wait_for(reader.read(65536), _IDLE)
                if not received and head is None:
                    return False
                machine.receive_data(received)
            elif isinstance(event, h11.Request):
                head, begun = event, time.perf_counter()
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > MAX_BODY:
                    raise h11.RemoteProtocolError("body too large", error_status_hint=413)
            elif isinstance(event, h11.EndOfMessage):
                break
            else:
                return False
        assert head is not None
        answer = self.take(self._request(head, bytes(body)), begun, self._clock.now())
        if isinstance(answer, Dropped):
            writer.transport.abort()
            return False
        headers = [(name, value) for name, value in answer.headers if name.lower() != "content-length"]
        headers.append(("Content-Length", str(len(answer.body))))
        for part in (
            h11.Response(status_code=answer.status, headers=headers),
            h11.Data(data=answer.body if head.method != b"HEAD" else b""),
            h11.EndOfMessage(),
        ):
            writer.write(machine.send(part) or b"")
        await writer.drain()
        return machine.our_state is h11.DONE and machine.their_state is h11.DONE

    async def _reproach(
        self, machine: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, status: int
    ) -> None:
        """Say what was wrong, and read on for a moment: closing on unread bytes would take the answer back."""
        for part in (
            h11.Response(status_code=status, headers=[("Content-Length", "0"), ("Connection", "close")]),
            h11.EndOfMessage(),
        ):
            writer.write(machine.send(part) or b"")
        await writer.drain()
        writer.write_eof()
        async with asyncio.timeout(_LINGER):
            while await reader.read(65536):
                pass

    def _request(self, head: h11.Request, body: bytes) -> Request:
        target = head.target.decode("latin-1")
        host = self.url.partition("//")[2].partition("/")[0]
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers.raw_items())
        return Request(head.method.decode("latin-1"), f"http://{host}{target}", target, headers, body)


def _plain(status: int, text: str) -> Response:
    return Response(status, (("Content-Type", "text/plain; charset=utf-8"),), text.encode())


@asynccontextmanager
async def listening(listen: str, clock: Clock, *, base_path: str = "/fhir") -> AsyncIterator[ListeningInbox]:
    """Listen on HOST:PORT until the block ends; port 0 takes a free one. Raises `ListenError`."""
    host, _, port = listen.rpartition(":")
    connections: set[asyncio.Task[None]] = set()
    inbox: ListeningInbox | None = None

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        assert inbox is not None
        connections.add(task)
        try:
            await inbox.serve(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            connections.discard(task)

    try:
        server = await asyncio.start_server(connected, host, int(port))
    except OSError as error:
        raise ListenError(
            Text(
                "Impossible d’écouter sur {a} ({e}) : changez « listen » dans [appointments] ou [platform] du fichier "
                "de cible, ou arrêtez ce qui y écoute déjà.",
                "Cannot listen on {a} ({e}): change `listen` in [appointments] or [platform] of the target file, "
                "or stop what already listens there.",
            ).format(a=listen, e=error.strerror or error)
        ) from error
    taken = server.sockets[0].getsockname()[1]
    inbox = ListeningInbox(f"http://{host}:{taken}{base_path}", clock)
    try:
        yield inbox
    finally:
        server.close()
        for task in tuple(connections):
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
