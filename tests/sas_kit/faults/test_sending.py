"""What the other side really receives when a service is made to send badly, and what the service then knows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from fastapi import FastAPI

from agenda_editor.app import create_app as create_agenda
from agenda_editor.interfaces import PATHS
from agenda_editor.settings import Settings as AgendaSettings
from sas_kernel.clock import ManualClock
from sas_kernel.faults import reader
from sas_kernel.faults.model import Side
from sas_kernel.faults.script import Script
from sas_kit.faults.sending import Sender
from sas_kit.faults.stage import Stage
from sas_kit.http import HttpAnswer, HttpFailure, HttpFailureKind, HttpLimits, exchange, new_client
from sas_platform.app import create_app as create_platform
from sas_platform.settings import Settings as PlatformSettings

NOW = datetime(2031, 3, 10, 7, tzinfo=UTC)
BODY = '{"who":"Ysée"}'.encode()
HEADERS = (("Content-Type", "application/fhir+json"),)


class Receiver:
    """Keeps every request as it came, whole or not."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        try:
            self.received.append(head + await reader.readexactly(length))
        except asyncio.IncompleteReadError as error:
            self.received.append(head + error.partial)
        else:
            writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/fhir/Appointment"
    async with server:
        yield made


async def sent(receiver: Receiver, what: str) -> HttpAnswer | HttpFailureKind:
    """One message under a fault: its answer, or how it failed."""
    row = f'[[fault]]\nname = "f"\ninterface = "appointments"\ndirection = "send"\n{what}'
    clock = ManualClock(NOW)
    sender = Sender(Stage(Side.AGENDA, PATHS, Script(reader.parse(row), NOW), clock))
    limits = HttpLimits(connect=2, answer=2, max_bytes=1000)
    try:
        async with new_client(transport=sender.transport()) as client:
            return await exchange(client, "POST", receiver.url, limits=limits, headers=HEADERS, body=BODY)
    except HttpFailure as failure:
        return failure.kind
    finally:
        await asyncio.sleep(0.02)  # what was cut off arrives as well
        await sender.aclose()


def status_of(got: HttpAnswer | HttpFailureKind) -> int | HttpFailureKind:
    return got.status if isinstance(got, HttpAnswer) else got


LOST = HttpFailureKind.CONNECTION_LOST


@pytest.mark.parametrize(
    ("what", "known", "bodies"),
    [
        ("every = 2\nstatus = 503", 201, [BODY]),
        ("delay = 0.05", 201, [BODY]),
        ("drip = 200", 201, [BODY]),
        ("duplicate = 0", 201, [BODY, BODY]),
        ("duplicate = 60", 201, [BODY]),
        ("lost_answer = true", LOST, [BODY]),
        ('reset = "before"', LOST, []),
        ('reset = "before"\nprocessed = true', LOST, [BODY]),
        ('reset = "head"', LOST, [b""]),
        ('reset = "half"', LOST, [BODY[: len(BODY) // 2]]),
        ('reset = "after"', LOST, [BODY]),
        ("truncate = 0.5", LOST, [BODY[: len(BODY) // 2]]),
        ("status = 503", 503, []),
        ("status = 500\nprocessed = true", 500, [BODY]),
        ('charset = "iso-8859-1"', 201, ['{"who":"Ysée"}'.encode("latin-1")]),
    ],
)
async def test_what_arrives_and_what_the_sender_knows(
    receiver: Receiver, what: str, known: int | HttpFailureKind, bodies: list[bytes]
) -> None:
    assert status_of(await sent(receiver, what)) == known
    assert [request.partition(b"\r\n\r\n")[2] for request in receiver.received] == bodies


async def test_a_wrong_type_is_sent_once(receiver: Receiver) -> None:
    assert status_of(await sent(receiver, 'content_type = "text/plain"')) == 201
    (request,) = receiver.received
    assert b"content-type: text/plain\r\n" in request.lower()
    assert b"fhir+json" not in request


async def test_an_answer_nobody_gave_says_when_to_come_again(receiver: Receiver) -> None:
    got = await sent(receiver, 'status = 503\nretry_after = 7\nbody = "<p>"\ncontent_type = "text/html"')
    assert isinstance(got, HttpAnswer)
    assert (got.header("retry-after"), got.body, got.is_page) == ("7", b"<p>", True)


def middlewares(app: FastAPI) -> list[str]:
    """From the outermost in."""
    return [getattr(middleware.cls, "__name__", "") for middleware in app.user_middleware]


def test_without_faults_nothing_stands_before_the_service() -> None:
    assert middlewares(create_agenda(AgendaSettings())) == ["AdmissionMiddleware"]
    assert middlewares(create_platform(PlatformSettings(dataset=None))) == ["AdmissionMiddleware"]


def test_with_faults_the_middleware_is_the_outermost() -> None:
    agenda = create_agenda(AgendaSettings(faults_by_header=True))
    assert middlewares(agenda) == ["FaultsMiddleware", "AdmissionMiddleware"]
    with_file = PlatformSettings(dataset=None, faults=("drip",))
    assert middlewares(create_platform(with_file)) == ["FaultsMiddleware", "AdmissionMiddleware"]
