"""What a reply says of itself is played on the socket: its time, its body cut or whole, no answer at all."""

from __future__ import annotations

import asyncio

import pytest

from recette.model import TransportFailure
from recette.museum.serving import AddressError, serving
from recette.museum.street import Party
from recette.museum.transport import FAULTS
from recette.museum.wire import Asked, Reply
from sas_kernel.clock import SystemClock

CLOCK = SystemClock()
HELLO = Reply(200, (("Content-Type", "text/plain"), ("Transfer-Encoding", "chunked")), b"Bonjour", 0.0)


def saying(reply: Reply) -> Party:
    async def party(_asked: Asked) -> Reply:
        return reply

    return party


async def said(address: str, sent: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
    try:
        writer.write(sent)
        return await reader.read()
    finally:
        writer.close()


async def test_a_party_hears_all_and_is_heard_whole() -> None:
    heard: list[Asked] = []

    async def party(asked: Asked) -> Reply:
        heard.append(asked)
        return HELLO

    async with serving(party, CLOCK) as address:
        got = await said(
            address,
            b"POST /fhir/Slot?a=%7C|+ HTTP/1.1\r\nHost: x\r\nPrefer: y\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"3\r\nabc\r\n0\r\n\r\n",
        )
    (asked,) = heard
    assert (asked.method, asked.target, asked.body) == ("POST", "/fhir/Slot?a=%7C|+", b"abc")
    assert asked.headers == (("Host", "x"), ("Prefer", "y"))
    assert asked.at is not None
    head, _, body = got.partition(b"\r\n\r\n")
    assert head.splitlines()[0] == b"HTTP/1.1 200 OK"
    assert b"Content-Length: 7" in head
    assert b"Transfer-Encoding" not in head
    assert body == b"Bonjour"


async def test_a_head_has_no_body() -> None:
    async with serving(saying(HELLO), CLOCK) as address:
        assert (await said(address, b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")).endswith(b"\r\n\r\n")


async def test_a_reply_that_did_not_come_does_not_come() -> None:
    lost = Reply(0, (), b"", 0.0, TransportFailure.CONNECTION_LOST)
    async with serving(saying(lost), CLOCK) as address:
        assert await said(address, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") == b""


async def test_the_seconds_of_a_reply_pass() -> None:
    loop = asyncio.get_running_loop()
    late = Reply(204, (), b"", 0.05)
    async with serving(saying(late), CLOCK) as address:
        begun = loop.time()
        got = await said(address, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert loop.time() - begun >= 0.05
    assert b"Content-Length" not in got


async def test_a_body_that_is_cut_is_announced_whole() -> None:
    speak = next(fault.speak for fault in FAULTS if fault.name == "stops-halfway")
    async with serving(saying(HELLO), CLOCK, speak) as address:
        head, _, body = (await said(address, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")).partition(b"\r\n\r\n")
    assert b"Content-Length: 7" in head
    assert body == b"Bon"


async def test_what_is_no_http_is_told_so_and_kills_nobody() -> None:
    async with serving(saying(HELLO), CLOCK) as address:
        assert (await said(address, b"\x16\x03\x01\r\n\r\n")).startswith(b"HTTP/1.1 400 ")
        assert (await said(address, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")).endswith(b"Bonjour")


async def test_an_address_that_is_taken_is_told_with_the_options_that_choose_another() -> None:
    async with serving(saying(HELLO), CLOCK) as address:
        with pytest.raises(AddressError, match="--port"):
            async with serving(saying(HELLO), CLOCK, port=int(address.rpartition(":")[2])):
                pass
