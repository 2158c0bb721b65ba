"""uvicorn, stopped without a lost request: one process, or several workers behind one listening socket.

uvicorn itself closes its listener, and every connection that has no request at work, the moment it is told to stop:
what is in the listen backlog, or on its way over a kept connection, is lost. Here a worker that is told to stop

1. drains: it answers on and takes new connections, each answer says `Connection: close`, and readiness says 503, until
   nobody is connected or `drain` seconds are over; longer than a client may keep a connection that it does not use,
   so that none is closed under a request;
2. closes the listener, after taking every connection that was already made to it, and lets those say what they want;
3. finishes what is under way, within `finish` seconds, then ends the application's lifespan.

A second SIGINT ends all of it at once.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, cast

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.supervisors import multiprocess

from sas_kit.stopping import STATE_KEY, Stopping

_LOOK_EVERY: Final = 0.05  # seconds
_EMPTY_LOOKS: Final = 2  # one after the other: who makes a new connection for each request is between two of them
_FIRST_WORD: Final = 1.0  # seconds that a connection has to send its first request when no more are taken
IDLE_CLOSED_AFTER: Final = 5  # seconds after which an idle connection is closed; above `sas_kit.http.KEEP_ALIVE`

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Drain:
    """Seconds. `least` is for who balances the load and must see first that a worker is no longer ready."""

    least: float
    most: float


class _Config(uvicorn.Config):
    """`timeout_graceful_shutdown` is what follows `drain`. It goes to each worker as it is."""

    drain = Drain(0.0, 0.0)


def run(
    app: str | Callable[..., Any],
    *,
    host: str,
    port: int,
    workers: int = 1,
    drain: Drain,
    finish: float,
    **options: Any,
) -> None:
    """Serve until told to stop. `app`: the application, or with several workers the name of what makes one.

    Exits with uvicorn's code where it cannot begin.
    """
    config = _Config(
        app,
        host=host,
        port=port,
        workers=workers,
        timeout_graceful_shutdown=cast(int, finish),  # it is only ever waited for; uvicorn's type is narrower
        timeout_keep_alive=IDLE_CLOSED_AFTER,
        **{"http": "httptools", **options},
    )
    config.drain = drain
    if workers == 1:
        config.load_app()
    try:
        listener = config.bind_socket()
    except SystemExit:  # uvicorn has said why, not where
        _log.error("cannot listen on %s:%d", host, port)
        raise
    if workers > 1:
        _Workers(config, [listener]).run()
        return
    server = DrainingServer(config)
    with suppress(KeyboardInterrupt):
        server.run([listener])
    if not server.started:
        sys.exit(STARTUP_FAILURE)


class DrainingServer(uvicorn.Server):
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if not self.force_exit:
            await self._drain()
            await self._take_the_last(sockets or [])
        await super().shutdown(sockets)

    async def _drain(self) -> None:
        stopping = self.lifespan.state.get(STATE_KEY)
        if isinstance(stopping, Stopping):
            stopping.begin()
        self.config.encoded_headers.append((b"connection", b"close"))
        await self.on_tick(0)  # every answer that begins from now on says so, and still tells the time
        for connection in self._connections():
            cycle: RequestResponseCycle | None = connection.cycle  # uvicorn's type forgets that there may be none
            if cycle is not None and not cycle.response_complete:
                cycle.keep_alive = False
        drain = cast(_Config, self.config).drain
        if signal.SIGINT in self._captured_signals:
            drain = Drain(0.0, 0.0)  # somebody waits for it at the keyboard
        _log.info("answering on for %g s at least, %g s at most", drain.least, drain.most)
        begun, empty = asyncio.get_running_loop().time(), 0
        while not self._is_over(begun + drain.most):
            empty = 0 if self.server_state.connections else empty + 1
            if empty >= _EMPTY_LOOKS and self._is_over(begun + drain.least):
                return
            await asyncio.sleep(_LOOK_EVERY)
            await self.on_tick(0)

    async def _take_the_last(self, sockets: Sequence[socket.socket]) -> None:
        """Nobody who is connected already is turned away: the kernel would reset those that wait to be accepted."""
        loop = asyncio.get_running_loop()
        copies = [each.dup() for each in sockets]
        for server in self.servers:
            server.close()
        for each in sockets:
            each.close()
        await asyncio.sleep(0)
        accepted: list[socket.socket] = []
        for copy in copies:
            copy.setblocking(False)
            with suppress(OSError):  # no more of them
                while True:
                    accepted.append(copy.accept()[0])
            copy.close()
        for each in accepted:
            each.setblocking(False)
            await loop.connect_accepted_socket(self._protocol, each, ssl=self.config.ssl)
        until = loop.time() + _FIRST_WORD
        while not self._is_over(until):
            if all(each.cycle is not None for each in self._connections()):
                return
            await asyncio.sleep(_LOOK_EVERY)

    def _protocol(self) -> asyncio.Protocol:
        made: asyncio.Protocol = cast(Any, self.config.http_protocol_class)(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state, _loop=None
        )
        return made

    def _connections(self) -> list[HttpToolsProtocol]:
        return [each for each in self.server_state.connections if isinstance(each, HttpToolsProtocol)]

    def _is_over(self, until: float) -> bool:
        return self.force_exit or asyncio.get_running_loop().time() >= until


class _Worker(multiprocess.Process):
    def target(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            super().target(sockets)
        except Exception as error:  # noqa: BLE001  else multiprocessing prints it, past the log and with what it says
            _log.critical("a worker ends by an exception", exc_info=error)
            sys.exit(STARTUP_FAILURE)

    @property
    def server(self) -> uvicorn.Server:
        if self._server is None:
            self._server = DrainingServer(self.config)
        return self._server


class _Workers(multiprocess.Multiprocess):
    def run(self) -> None:
        multiprocess.Process = _Worker  # type: ignore[misc]  # it offers no other place to say which
        super().run()

    def terminate_all(self) -> None:
        """Our copy of the listener goes first: else those that connect once no worker takes any would wait in vain."""
        for each in self.sockets:
            each.close()
        super().terminate_all()
