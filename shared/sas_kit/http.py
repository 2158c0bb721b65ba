"""Outbound HTTP, bounded in time and in bytes. The only module that knows which HTTP library is used.

Redirects are answers, cookies are not kept, proxies of the environment are not read, and bodies are read as they come
so that an endless one stops at its bound.
"""

from __future__ import annotations

import asyncio
import math
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, Self
from urllib.parse import urlsplit

import httpx2

# Below the 5 s after which uvicorn, among others, closes an idle connection: reusing it then would lose the request.
KEEP_ALIVE = 4.0


class HttpFailureKind(StrEnum):
    UNREACHABLE = "unreachable"
    TLS = "tls"
    TIMEOUT = "timeout"
    CONNECTION_LOST = "connection_lost"
    TOO_LARGE = "too_large"
    PROTOCOL = "protocol"


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """The bounds of one exchange.

    `connect`: seconds to get a connection; `answer`: seconds from the moment the request left to the last byte of the
    answer; `max_bytes`: bytes of body, after any content decoding; `whole`: seconds for all of it.
    """

    connect: float
    answer: float
    max_bytes: int
    whole: float = math.inf


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """`first_byte` and `total` are seconds from the moment the request left to the end of the head and of the body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    first_byte: float
    total: float

    def header(self, name: str) -> str | None:
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    @property
    def is_page(self) -> bool:
        """Whether it is a page for people: what a proxy says in a service's place, whatever its status."""
        media_type = (self.header("content-type") or "").partition(";")[0].strip().lower()
        return media_type == "text/html" and bool(self.body)


class HttpFailure(Exception):  # noqa: N818  a failure of the exchange, not a fault of the program
    """No whole answer came. `elapsed` is in seconds from the moment the request left, else from the start."""

    def __init__(self, kind: HttpFailureKind, detail: str, elapsed: float, first_byte: float | None = None) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind
        self.detail = detail
        self.elapsed = elapsed
        self.first_byte = first_byte


class Watch(Protocol):
    """Is told of every exchange of a client."""

    def headers(self) -> Sequence[tuple[str, str]]:
        """What the next request also carries."""

    def over(self, outcome: str, seconds: float) -> None:
        """`outcome`: the class of the answer's status (`2xx`), a `HttpFailureKind`, or `broken_off` by us. `seconds`
        count from the start, connecting included."""


class HttpClient:
    """A pool of connections, to be closed. `transport` replaces the network in tests (an `httpx2` transport)."""

    def __init__(
        self,
        *,
        transport: Any = None,
        verify: bool | ssl.SSLContext = True,
        connections: int = 100,
        watch: Watch | None = None,
    ) -> None:
        self.watch = watch
        limits = httpx2.Limits(
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=KEEP_ALIVE,
        )
        between = transport if isinstance(transport, Interference) else None
        network = transport if between is None else between.network
        if between is not None:
            network = network or httpx2.AsyncHTTPTransport(verify=verify, trust_env=False, limits=limits)
            transport = _Interfered(network, between)
        self._client = httpx2.AsyncClient(
            transport=transport,
            verify=verify,
            trust_env=False,
            follow_redirects=False,
            timeout=None,  # the bounds are set per exchange, from the moment its request left
            limits=limits,
        )
        self.in_process = isinstance(network, httpx2.ASGITransport)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._client.aclose()

    @property
    def library_client(self) -> httpx2.AsyncClient:
        """The library's own client, for this module only."""
        return self._client


def new_client(
    *,
    transport: Any = None,
    verify: bool | ssl.SSLContext = True,
    connections: int = 100,
    watch: Watch | None = None,
) -> HttpClient:
    return HttpClient(transport=transport, verify=verify, connections=connections, watch=watch)


def asgi_transport(app: Any, *, client: tuple[str, int] = ("127.0.0.1", 0)) -> httpx2.AsyncBaseTransport:
    """A transport that calls an ASGI application in this process; its lifespan is the caller's business."""
    return httpx2.ASGITransport(app=app, client=client)


# --- what may stand between clients and the network ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Interference:
    """Given as a `transport`: every request goes through `meddle`, then over `network` (None: the client's own)."""

    meddle: Callable[[Outgoing], Awaitable[object]]
    network: Any = None


class Outgoing:
    """A request about to leave. `pass_on` and `answer` give what `meddle` is to return; it may raise what `broken`
    gives instead."""

    def __init__(self, request: httpx2.Request, network: httpx2.AsyncBaseTransport) -> None:
        self._request = request
        self._network = network

    @property
    def method(self) -> str:
        return self._request.method

    @property
    def path(self) -> str:
        target: bytes = self._request.extensions.get("target", self._request.url.raw_path)
        return target.partition(b"?")[0].decode("ascii", "replace")

    @property
    def content_type(self) -> str:
        return self._request.headers.get("content-type", "")

    async def body(self) -> bytes:
        return await self._request.aread()

    async def leave(self) -> None:
        """Let the time of the answer run from here, before anything is sent."""
        if (trace := self._request.extensions.get("trace")) is not None:
            await trace("interference.send_request_headers.started", {})

    async def pass_on(
        self, *, content_type: str | None = None, body: bytes | None = None, pieces: AsyncIterator[bytes] | None = None
    ) -> object:
        """Send it, with another content type or body, or its body in `pieces` whose length stays the announced one."""
        stream: Any = self._request.stream
        headers = self._request.headers.copy()
        if body is not None:
            stream = httpx2.ByteStream(body)
            headers["content-length"] = str(len(body))
        if pieces is not None:
            stream = _Pieces(pieces)
        if content_type is not None:
            headers["content-type"] = content_type
        return await self._network.handle_async_request(
            httpx2.Request(
                self._request.method,
                self._request.url,
                headers=headers,
                stream=stream,
                extensions=self._request.extensions,
            )
        )

    async def heard(self) -> object:
        """Send it and read the answer to its end. Raises nothing but what the network does (see `broken`)."""
        answer = await self.pass_on()
        assert isinstance(answer, httpx2.Response)
        await answer.aread()
        return answer

    def answer(self, status: int, headers: Sequence[tuple[str, str]], body: bytes) -> object:
        """An answer that nobody gave."""
        return httpx2.Response(status, headers=[*headers], content=body, request=self._request)

    @staticmethod
    def broken(detail: str) -> Exception:
        """The error of a connection that broke."""
        return httpx2.ReadError(detail)

    @staticmethod
    def failures() -> type[Exception]:
        """What the network may raise."""
        return httpx2.TransportError


class _Pieces(httpx2.AsyncByteStream):
    def __init__(self, pieces: AsyncIterator[bytes]) -> None:
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._pieces:
            yield piece


class _Interfered(httpx2.AsyncBaseTransport):
    def __init__(self, network: httpx2.AsyncBaseTransport, between: Interference) -> None:
        self._network = network
        self._between = between

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = await self._between.meddle(Outgoing(request, self._network))
        assert isinstance(answer, httpx2.Response)
        return answer

    async def aclose(self) -> None:
        await self._network.aclose()


class _Course:
    """Where an exchange has got to, by the events the library reports."""

    __slots__ = ("deadline", "limits", "over_at", "sent_at", "started_at")

    def __init__(self, limits: HttpLimits, deadline: asyncio.Timeout) -> None:
        self.limits = limits
        self.deadline = deadline
        self.started_at = time.perf_counter()
        self.over_at = asyncio.get_running_loop().time() + limits.whole
        self.sent_at: float | None = None

    async def __call__(self, event: str, _info: dict[str, Any]) -> None:
        if self.sent_at is None and event.endswith(".send_request_headers.started"):
            self.leave()

    def leave(self) -> None:
        self.sent_at = time.perf_counter()
        self.deadline.reschedule(min(asyncio.get_running_loop().time() + self.limits.answer, self.over_at))

    def elapsed(self) -> float:
        return time.perf_counter() - (self.started_at if self.sent_at is None else self.sent_at)


async def exchange(
    client: HttpClient,
    method: str,
    url: str,
    *,
    limits: HttpLimits,
    target: str | None = None,
    headers: Sequence[tuple[str, str]] = (),
    body: bytes = b"",
    room: Callable[[int], Awaitable[None]] | None = None,
) -> HttpAnswer:
    """Send one request and read its answer within `limits`; raise `HttpFailure` when there is none.

    `room` is awaited with the size of the body so far before a piece of it is kept; what it raises ends the exchange.

    `target` is written on the request line as it stands (no re-encoding), in place of the path and query of `url`.
    `headers` are the only ones sent besides Host, Connection, Content-Length and those of the client's watch.
    """
    watch = client.watch
    if watch is None:
        return await _exchange(client, method, url, limits, target, headers, body, room)
    begun, outcome = time.perf_counter(), "broken_off"
    try:
        answer = await _exchange(client, method, url, limits, target, (*headers, *watch.headers()), body, room)
        outcome = f"{answer.status // 100}xx"
        return answer
    except HttpFailure as failure:
        outcome = failure.kind.value
        raise
    finally:
        watch.over(outcome, time.perf_counter() - begun)


async def _exchange(
    client: HttpClient,
    method: str,
    url: str,
    limits: HttpLimits,
    target: str | None,
    headers: Sequence[tuple[str, str]],
    body: bytes,
    room: Callable[[int], Awaitable[None]] | None,
) -> HttpAnswer:
    course: _Course | None = None
    first_byte: float | None = None
    try:
        async with asyncio.timeout(min(limits.connect, limits.whole)) as deadline:
            course = _Course(limits, deadline)
            extensions: dict[str, Any] = {"trace": course}
            if target is not None and client.in_process:
                url = url.rstrip("/").removesuffix(urlsplit(url).path.rstrip("/")) + target
            elif target is not None:
                extensions["target"] = target.encode("utf-8")
            request = httpx2.Request(method, url, headers=[*headers], content=body or None, extensions=extensions)
            if client.in_process:  # nothing says when the request leaves
                course.leave()
            response = await client.library_client.send(request, stream=True)
            try:
                first_byte = course.elapsed()
                content = await _read(response, limits.max_bytes, course, room)
                return HttpAnswer(
                    response.status_code,
                    tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in response.headers.raw),
                    content,
                    first_byte,
                    course.elapsed(),
                )
            finally:
                await response.aclose()
    except TimeoutError as error:
        sent = course is not None and course.sent_at is not None
        kind = HttpFailureKind.TIMEOUT if sent else HttpFailureKind.UNREACHABLE
        detail = f"no whole answer within {limits.answer:g} s" if sent else f"no connection within {limits.connect:g} s"
        raise _failure(kind, detail, course, first_byte) from error
    except httpx2.ConnectError as error:
        cause = error.__cause__ or error.__context__
        kind = HttpFailureKind.TLS if _is_tls(error) else HttpFailureKind.UNREACHABLE
        raise _failure(kind, str(error) or str(cause), course, first_byte) from error
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
        raise _failure(HttpFailureKind.UNREACHABLE, str(error), course, first_byte) from error
    except (httpx2.RemoteProtocolError, httpx2.LocalProtocolError, httpx2.DecodingError) as error:
        lost = "disconnected" in str(error) or "incomplete" in str(error) or "peer closed" in str(error)
        kind = HttpFailureKind.CONNECTION_LOST if lost else HttpFailureKind.PROTOCOL
        raise _failure(kind, str(error), course, first_byte) from error
    except (httpx2.NetworkError, httpx2.TimeoutException) as error:
        raise _failure(
            HttpFailureKind.CONNECTION_LOST, str(error) or type(error).__name__, course, first_byte
        ) from error
    except ssl.SSLError as error:
        raise _failure(HttpFailureKind.TLS, str(error), course, first_byte) from error


async def _read(
    response: httpx2.Response, max_bytes: int, course: _Course, room: Callable[[int], Awaitable[None]] | None
) -> bytes:
    announced = response.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > max_bytes:
        raise HttpFailure(HttpFailureKind.TOO_LARGE, f"{announced} bytes announced", course.elapsed())
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.aiter_bytes():
        size += len(chunk)
        if size > max_bytes:
            raise HttpFailure(HttpFailureKind.TOO_LARGE, f"more than {max_bytes} bytes", course.elapsed())
        if room is not None:
            await room(size)
        chunks.append(chunk)
    return b"".join(chunks)


def _failure(kind: HttpFailureKind, detail: str, course: _Course | None, first_byte: float | None) -> HttpFailure:
    return HttpFailure(kind, detail, course.elapsed() if course else 0.0, first_byte)


def _is_tls(error: BaseException) -> bool:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLError):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
