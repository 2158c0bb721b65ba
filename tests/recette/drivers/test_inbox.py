"""Our own endpoint on a real socket, with partners who know their HTTP and with others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import pytest

from recette.drivers import inbox as inboxes
from recette.drivers.inbox import MAX_BODY, ListenError, ListeningInbox, listening
from recette.model import Dropped, Request, Response, TransportFailure
from sas_kernel.clock import ManualClock

CLOCK = ManualClock(datetime(2031, 3, 10, 8, tzinfo=UTC))
ANYWHERE = "127.0.0.1:0"
SOON = 5.0
"""Seconds in which anything here is long over: a test that hangs fails."""


def created(_request: Request) -> Response:
    return Response(201, (("Location", "http://x/1"), ("Content-Length", "999")), b"ok")


@asynccontextmanager
async def connection(inbox: ListeningInbox) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    host, _, port = inbox.url.removeprefix("http://").partition("/")[0].rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


def post(body: bytes = b"{}", *headers: str) -> bytes:
    lines = ["POST /fhir/Appointment HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """The status and body of one answer."""
    async with asyncio.timeout(SOON):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = next(
            int(line.split(":")[1]) for line in head.split("\r\n") if line.lower().startswith("content-length")
        )
        return int(head.split(" ")[1]), await reader.readexactly(length)


async def ended(reader: asyncio.StreamReader) -> bytes:
    """What still comes before the other side closes."""
    async with asyncio.timeout(SOON):
        try:
            return await reader.read()
        except ConnectionError:
            return b""


async def test_a_message_is_kept_as_it_came_with_the_answer_it_got() -> None:
    async with listening(ANYWHERE, CLOCK) as inbox, connection(inbox) as (reader, writer):
        inbox.answer_with(created)
        writer.write(
            b"PUT /fhir/Appointment?identifier=a%7Cb HTTP/1.1\r\nHost: y\r\nX-A: 1\r\nContent-Length: 2\r\n\r\n{}"
        )
        assert await answer(reader) == (201, b"ok")
        (arrival,) = inbox.arrivals
    assert arrival.request.method == "PUT"
    assert arrival.request.target == "/fhir/Appointment?identifier=a%7Cb"
    assert arrival.request.url.endswith("/fhir/Appointment?identifier=a%7Cb")
    assert ("X-A", "1") in arrival.request.headers
    assert arrival.request.body == b"{}"
    assert arrival.sent_at == CLOCK.now()
    assert arrival.response is not None
    assert arrival.response.status == 201


async def test_a_connection_stays_open_from_one_message_to_the_next() -> None:
    async with listening(ANYWHERE, CLOCK) as inbox, connection(inbox) as (reader, writer):
        inbox.answer_with(created)
        for _ in range(3):
            writer.write(post())
            assert await answer(reader) == (201, b"ok")
        assert [arrival.id for arrival in inbox.arrivals] == ["r1", "r2", "r3"]


async def test_who_asks_to_close_is_closed() -> None:
    async with listening(ANYWHERE, CLOCK) as inbox, connection(inbox) as (reader, writer):
        inbox.answer_with(created)
        writer.write(post(b"{}", "Connection: close"))
        assert await answer(reader) == (201, b"ok")
        assert await ended(reader) == b""


async def test_messages_sent_before_the_first_answer_are_answered_in_order() -> None:
    async with listening(ANYWHERE, CLOCK) as inbox, connection(inbox) as (reader, writer):
        inbox.answer_with(lambda request: Response(200, (), request.body))
        writer.write(post(b"one") + post(b"two") + post(b"three"))
        assert [await answer(reader) for _ in range(3)] == [(200, b"one"), (200, b"two"), (200, b"three")]
        assert [arrival.request.body for arrival in inbox.arrivals] == [b"one", b"two", b"three"]


async def test_a_body_in_pieces_and_a_chunked_one_are_whole() -> None:
    async with listening(ANYWHERE, CLOCK) as inbox, connection(inbox) as (reader, writer):
        inbox.answer_with(created)
        whole = post(b"abcdef")
        for start in range(0, len(whole), 7):
            writer.write(whole[start : start + 7])
            await writer.drain()
            await asyncio.sleep(0)
        await answer(reader)
        writer.write(
            b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n"
        )
        await answer(reader)
        assert [arrival.request.body for arrival in inbox.arrivals] == [b"abcdef", b"abcdef"]


async def test_who_waits_for_permission_to_send_gets_it() -> None:
    async with listening(ANYWHERE, CLOCK) as inbox, connection(inbox) as (reader, writer):
        inbox.answer_with(created)
        head, _, body = post(b"{}", "Expect: 100-continue").partition(b"\r\n\r\n")
        writer.write(head + b"\r\n\r\n")
        async with asyncio.timeout(SOON):
            assert b"100" in await reader.readuntil(b"\r\n\r\n")
        writer.write(body)
        assert await answer(reader) == (201, b"ok")


async def test_a_dropped_connection_closes_without_an_answer_and_the_message_is_kept() -> None:
    async with listening(ANYWHERE, CLOCK) as inbox, connection(inbox) as (reader, writer):
        inbox.answer_with(lambda request: Dropped())
        writer.write(post(b"kept"))
        assert await ended(reader) == b""
        (arrival,) = inbox.arrivals
    assert arrival.request.body == b"kept"
    assert arrival.response is None
    assert arrival.failure is TransportFailure.CONNECTION_LOST


async def test_nobody_listening_is_503_and_a_responder_that_breaks_500() -> None:
    def broken(_request: Request) -> Response:
        raise KeyError("ours")

    async with listening(ANYWHERE, CLOCK) as inbox, connection(inbox) as (reader, writer):
        writer.write(post())
        assert (await answer(reader))[0] == 503
        inbox.answer_with(broken)
        writer.write(post())
        status, body = await answer(reader)
        assert (status, b"KeyError" in body) == (500, True)
        inbox.answer_with(created)
        writer.write(post())
        assert (await answer(reader))[0] == 201
        inbox.answer_with(None)
        writer.write(post())
        assert (await answer(reader))[0] == 503
        assert len(inbox.arrivals) == 4


async def test_a_head_request_gets_no_body() -> None:
    async with listening(ANYWHERE, CLOCK) as inbox, connection(inbox) as (reader, writer):
        inbox.answer_with(created)
        writer.write(b"HEAD /fhir HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert not (await ended(reader)).endswith(b"ok")


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_too_large_is_refused_and_not_kept(announced: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inboxes, "MAX_BODY", 1000)
    async with listening(ANYWHERE, CLOCK) as inbox, connection(inbox) as (reader, writer):
        inbox.answer_with(created)
        if announced:
            writer.write(post(b"x" * 1001))
        else:
            writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + b"x" * 1001)
        assert (await ended(reader)).startswith(b"HTTP/1.1 413 ")
        assert inbox.arrivals == ()
    assert MAX_BODY == 1024 * 1024


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # somebody speaks TLS
        b"GET\r\n\r\n",
        b"\x00" * 100 + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 200_000,
    ],
)
async def test_who_does_not_speak_http_is_told_so_and_closed(garbage: bytes) -> None:
    async with listening(ANYWHERE, CLOCK) as inbox:
        inbox.answer_with(created)
        async with connection(inbox) as (reader, writer):
            writer.write(garbage)
            writer.write_eof()
            assert (await ended(reader)).startswith(b"HTTP/1.1 4")
        async with connection(inbox) as (reader, writer):  # the next one is served as ever
            writer.write(post())
            assert await answer(reader) == (201, b"ok")
        assert len(inbox.arrivals) == 1


@pytest.mark.parametrize("part", [b"", b"POST", post(b"abcdef")[:-3], b"POST / HTTP/1.1\r\nHost: x\r\n"])
async def test_who_leaves_in_the_middle_leaves_nothing_behind(part: bytes) -> None:
    async with listening(ANYWHERE, CLOCK) as inbox:
        inbox.answer_with(created)
        async with connection(inbox) as (_, writer):
            writer.write(part)
            writer.write_eof()
        async with connection(inbox) as (reader, writer):
            writer.write(post())
            assert await answer(reader) == (201, b"ok")
        assert len(inbox.arrivals) == 1


async def test_many_connections_are_served_side_by_side() -> None:
    async with listening(ANYWHERE, CLOCK) as inbox:
        inbox.answer_with(created)

        async def one() -> int:
            async with connection(inbox) as (reader, writer):
                writer.write(post())
                return (await answer(reader))[0]

        assert await asyncio.gather(*(one() for _ in range(20))) == [201] * 20
        assert len({arrival.id for arrival in inbox.arrivals}) == 20


async def test_who_says_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inboxes, "_IDLE", 0.05)
    async with listening(ANYWHERE, CLOCK) as inbox, connection(inbox) as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\n")
        await ended(reader)
        assert inbox.arrivals == ()


async def test_closing_does_not_wait_for_open_connections() -> None:
    async with asyncio.timeout(SOON):
        async with listening(ANYWHERE, CLOCK) as inbox:
            inbox.answer_with(created)
            host, port = inbox.url.removeprefix("http://").removesuffix("/fhir").split(":")
            half, half_writer = await asyncio.open_connection(host, int(port))
            half_writer.write(post(b"abcdef")[:-3])
            idle, idle_writer = await asyncio.open_connection(host, int(port))
            idle_writer.write(post())
            assert await answer(idle) == (201, b"ok")
        assert await ended(half) == b""
        assert await ended(idle) == b""
        for writer in (half_writer, idle_writer):
            writer.close()
        with pytest.raises(OSError):  # noqa: PT011  any refusal will do: nobody listens any more
            await asyncio.open_connection(host, int(port))


async def test_an_address_in_use_is_said_with_the_key_to_change() -> None:
    async with listening(ANYWHERE, CLOCK) as inbox:
        taken = inbox.url.removeprefix("http://").removesuffix("/fhir")
        with pytest.raises(ListenError) as refused:
            async with listening(taken, CLOCK):
                pass
    assert taken in refused.value.text.fr
    assert "[appointments]" in refused.value.text.en
    async with listening(taken, CLOCK):  # free again once it was closed
        pass


async def test_a_host_that_is_not_ours_is_said_too() -> None:
    with pytest.raises(ListenError):
        async with listening("203.0.113.7:8079", CLOCK):
            pass
