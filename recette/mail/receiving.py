"""A small mail server that takes what is written to the ANS’s contact of one project, and relays nothing (RFC 5321)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from email.utils import format_datetime

from aiosmtpd.smtp import SMTP, Envelope, Session

from recette.mail.model import Disposition, Outcome
from recette.mail.reading import MOST_BYTES
from sas_kernel.errors import SasError

Take = Callable[[bytes], Awaitable[Outcome]]
"""Files a message and says what became of it."""

_MOST_RECIPIENTS = 20
_PATIENCE, _FAREWELL = 60.0, 2.0


class _Handler:
    """The answers of the server: a message is taken once it is filed, or is refused with the reason."""

    def __init__(self, addresses: frozenset[str], take: Take, clock: Callable[[], datetime]) -> None:
        self._addresses = addresses
        self._take = take
        self._clock = clock

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.lower() not in self._addresses:
            return "550 5.1.1 No such mailbox here, and nothing is relayed"
        if len(envelope.rcpt_tos) >= _MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        body = envelope.content
        content = body if isinstance(body, bytes) else (body or "").encode("utf-8", "surrogateescape")
        if envelope.mail_from in {None, "", "<>"}:
            content = b"Return-Path: <>\r\n" + content
        try:
            outcome = await self._take(self._trace(session) + content)
        except SasError as error:
            return f"451 4.3.0 {_ascii(error.text.en)}"
        said = _ascii(outcome.text.en)
        refused = outcome.disposition in {Disposition.REFUSED, Disposition.UNRELATED}
        return f"554 5.7.1 {said}" if refused else f"250 2.6.0 {said}"

    def _trace(self, session: Session) -> bytes:
        """What each server that takes a message writes on top of it (RFC 5321, section 4.4)."""
        peer = _ascii(str(session.peer[0] if session.peer else "unknown"))
        said = _ascii(str(session.host_name or "unknown")).replace(";", " ")
        return f"Received: from {said} ([{peer}]) by recette with ESMTP; {format_datetime(self._clock())}\r\n".encode()


class _Connection(SMTP):
    """One client. Known while it lasts, so that the last answer leaves before the server does."""

    def __init__(self, handler: _Handler, open_ones: set[_Connection], loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            handler, data_size_limit=MOST_BYTES, hostname="recette", ident="recette", timeout=_PATIENCE, loop=loop
        )
        self._open_ones = open_ones
        self.gone = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._open_ones.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._open_ones.discard(self)
        self.gone.set()


@asynccontextmanager
async def serving(
    host: str, port: int, addresses: frozenset[str], take: Take, clock: Callable[[], datetime]
) -> AsyncIterator[int]:
    """Listen until left; gives the port, which is one that is free where `port` is 0."""
    loop = asyncio.get_running_loop()
    handler = _Handler(frozenset(each.lower() for each in addresses), take, clock)
    open_ones: set[_Connection] = set()
    server = await loop.create_server(lambda: _Connection(handler, open_ones, loop), host, port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        leaving = [asyncio.create_task(each.gone.wait()) for each in open_ones]
        if leaving:
            _, late = await asyncio.wait(leaving, timeout=_FAREWELL)
            for task in late:
                task.cancel()
        await server.wait_closed()


def _ascii(words: str) -> str:
    """One line that every mail server can read."""
    return " ".join(words.encode("ascii", "replace").decode().split())[:400]
