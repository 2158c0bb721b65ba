"""One search on the wire, from greenlets: Locust has no event loop of asyncio's, and `sas_kit.http` needs one.

`http.client`, whose sockets gevent has replaced, writes the request line as it stands and never sends a search again by
itself; the clients that come with Locust do (up to once a connection), which would hide what a target drops.
"""

from __future__ import annotations

import http.client
import ssl
import time
from dataclasses import dataclass

import gevent
import gevent.select

from recette.load.recording import Orders

# Below the 5 s after which uvicorn, among others, closes an idle connection.
_KEEP_ALIVE = 4.0
_CHUNK = 1 << 18


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came back. `first_byte` and `done` are readings of `time.perf_counter`; `failure` a `TransportFailure`."""

    first_byte: float | None
    done: float
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    failure: str = ""
    detail: str = ""


class _TooLarge(Exception):  # noqa: N818  a way out, not a fault
    pass


class _Late(Exception):  # noqa: N818  a way out, not a fault
    pass


class Connections:
    """The open connections to one target; a search takes one, or opens its own: none ever waits for another."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._idle: list[tuple[http.client.HTTPConnection, float]] = []
        self._tls = ssl.create_default_context() if orders.scheme == "https" else None

    def ask(self, target: str) -> Outcome:
        """One search and its whole answer, or why there is none; never raises for what the target does. Once it has
        left, it is never sent again: who drops it would not be found out."""
        first_byte: list[float] = []
        try:
            with gevent.Timeout(self._orders.connect + self._orders.answer, _Late()):
                opened = self._kept() or self._open()
                return opened if isinstance(opened, Outcome) else self._exchange(opened, target, first_byte)
        except _Late:
            return _lost(first_byte, "timeout", f"no whole answer within {self._orders.answer:g} s")
        except _TooLarge:
            return _lost(first_byte, "too_large", f"over {self._orders.max_bytes} bytes")
        except (http.client.RemoteDisconnected, http.client.IncompleteRead, OSError) as error:
            return _lost(first_byte, "connection_lost", f"{type(error).__name__}: {error}")
        except (http.client.HTTPException, ValueError) as error:
            return _lost(first_byte, "protocol", f"{type(error).__name__}: {error}")

    def close(self) -> None:
        for connection, _ in self._idle:
            connection.close()
        self._idle.clear()

    def _kept(self) -> http.client.HTTPConnection | None:
        """A connection on which nothing has come since its last answer: what comes then is the news of its end."""
        while self._idle:
            connection, since = self._idle.pop()
            silent = not gevent.select.select([connection.sock], [], [], 0)[0]
            if silent and time.monotonic() - since < _KEEP_ALIVE:
                return connection
            connection.close()
        return None

    def _open(self) -> http.client.HTTPConnection | Outcome:
        orders = self._orders
        connection = (
            http.client.HTTPConnection(orders.host, orders.port, timeout=orders.connect)
            if self._tls is None
            else http.client.HTTPSConnection(orders.host, orders.port, timeout=orders.connect, context=self._tls)
        )
        try:
            connection.connect()
        except ssl.SSLError as error:
            return _lost([], "tls", str(error))
        except OSError as error:
            return _lost([], "unreachable", str(error) or type(error).__name__)
        connection.sock.settimeout(None)
        return connection

    def _exchange(self, connection: http.client.HTTPConnection, target: str, first_byte: list[float]) -> Outcome:
        whole = False
        try:
            with gevent.Timeout(self._orders.answer, _Late()):
                connection.putrequest("GET", self._orders.target_base + target, skip_accept_encoding=True)
                for name, value in self._orders.headers:
                    connection.putheader(name, value)
                connection.endheaders()
                response = connection.getresponse()
                first_byte.append(time.perf_counter())
                body = bytearray()
                while chunk := response.read(_CHUNK):
                    body += chunk
                    if len(body) > self._orders.max_bytes:
                        raise _TooLarge
                if response.length:
                    raise http.client.IncompleteRead(b"", response.length)
                done = time.perf_counter()
                whole = True
        finally:
            if not whole:
                connection.close()
        if response.will_close:
            connection.close()
        else:
            self._idle.append((connection, time.monotonic()))
        return Outcome(first_byte[0], done, response.status, tuple(response.getheaders()), bytes(body))


def _lost(first_byte: list[float], failure: str, detail: str) -> Outcome:
    return Outcome(first_byte[0] if first_byte else None, time.perf_counter(), failure=failure, detail=detail)
