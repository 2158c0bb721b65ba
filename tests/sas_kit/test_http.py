"""The wire itself: real sockets, servers that misbehave, bounds small enough for a test."""

import asyncio
import gzip
import ssl
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from sas_kit.http import HttpFailure, HttpFailureKind, HttpLimits, exchange, new_client

LIMITS = HttpLimits(connect=1, answer=0.3, max_bytes=100_000)
Handler = Callable[[str, asyncio.StreamWriter], Awaitable[None]]


async def answer(target: str, writer: asyncio.StreamWriter) -> None:
    path = target.partition("?")[0]
    if path == "/echo":
        body = target.encode()
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    elif path == "/hang":
        await asyncio.sleep(30)
    elif path == "/drip":
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(1000):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)
    elif path == "/endless":
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()
    elif path == "/announced":
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n")
    elif path == "/bomb":
        body = gzip.compress(b"0" * 5_000_000)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    elif path == "/badzip":
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd")
    elif path == "/cut":
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc")
    elif path == "/noise":
        writer.write(b"SSH-2.0-something\r\n\r\n")


@pytest.fixture
async def server() -> AsyncIterator[str]:
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            line = (await reader.readline()).decode("latin-1").split(" ")
            while (await reader.readline()).strip():
                pass
            if len(line) > 1:
                await answer(line[1], writer)
                await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(handle, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    listening.close()


async def test_the_target_goes_out_untouched_and_a_redirect_is_an_answer(server: str) -> None:
    target = "/echo?a=b|c+02:00,%20%7C&start=ge2031"
    async with new_client() as client:
        got = await exchange(client, "GET", server, target=target, limits=LIMITS)
    assert got.status == 302
    assert got.body.decode() == target
    assert got.header("location") == "/elsewhere"
    assert 0 < got.first_byte <= got.total < LIMITS.answer


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/hang", HttpFailureKind.TIMEOUT),
        ("/drip", HttpFailureKind.TIMEOUT),
        ("/endless", HttpFailureKind.TOO_LARGE),
        ("/announced", HttpFailureKind.TOO_LARGE),
        ("/bomb", HttpFailureKind.TOO_LARGE),
        ("/badzip", HttpFailureKind.PROTOCOL),
        ("/cut", HttpFailureKind.CONNECTION_LOST),
        ("/nothing", HttpFailureKind.CONNECTION_LOST),
        ("/noise", HttpFailureKind.PROTOCOL),
    ],
)
async def test_a_server_that_misbehaves_costs_its_bound_and_no_more(
    server: str, path: str, kind: HttpFailureKind
) -> None:
    async with new_client() as client:
        with pytest.raises(HttpFailure) as failed:
            await exchange(client, "GET", server + path, limits=LIMITS)
    assert failed.value.kind is kind
    assert failed.value.elapsed < LIMITS.answer + 5


async def test_a_slow_server_is_given_its_time_from_the_moment_the_request_left(server: str) -> None:
    async with new_client() as client:
        with pytest.raises(HttpFailure) as failed:
            await exchange(client, "GET", server + "/hang", limits=LIMITS)
    assert failed.value.elapsed >= LIMITS.answer


async def test_a_connection_that_never_comes_is_unreachable_after_its_own_bound() -> None:
    # A listening socket whose queue is full accepts nothing and refuses nothing.
    import socket

    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        others = [socket.socket() for _ in range(8)]
        for other in others:
            other.setblocking(False)
            other.connect_ex(full.getsockname())
        async with new_client() as client:
            with pytest.raises(HttpFailure) as failed:
                await exchange(
                    client,
                    "GET",
                    f"http://127.0.0.1:{full.getsockname()[1]}/",
                    limits=HttpLimits(connect=0.2, answer=5, max_bytes=10),
                )
        for other in others:
            other.close()
    assert failed.value.kind is HttpFailureKind.UNREACHABLE
    assert failed.value.elapsed < 5


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "ftp://127.0.0.1/", "http://host.invalid/", "http://[bad/"])
async def test_what_cannot_be_reached_is_said_to_be(url: str) -> None:
    async with new_client() as client:
        with pytest.raises(HttpFailure) as failed:
            await exchange(client, "GET", url, limits=LIMITS)
    assert failed.value.kind is HttpFailureKind.UNREACHABLE


async def test_a_server_without_tls_is_a_tls_failure() -> None:
    async def handle(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(handle, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    async with new_client(verify=ssl.create_default_context()) as client:
        with pytest.raises(HttpFailure) as failed:
            await exchange(client, "GET", f"https://127.0.0.1:{port}/", limits=LIMITS)
    listening.close()
    assert failed.value.kind is HttpFailureKind.TLS


async def test_only_the_headers_given_are_sent() -> None:
    seen: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := (await reader.readline()).strip():
            seen.append(line.lower())
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(handle, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    async with new_client() as client:
        await exchange(
            client, "GET", f"http://127.0.0.1:{port}/", headers=[("Accept", "application/json+fhir")], limits=LIMITS
        )
    listening.close()
    names = {line.partition(b":")[0] for line in seen[1:]}
    assert names <= {b"host", b"accept", b"connection"}
    assert b"accept: application/json+fhir" in seen


def test_the_bomb_is_really_small_on_the_wire() -> None:
    assert len(zlib.compress(b"0" * 5_000_000)) < LIMITS.max_bytes
