"""A server is told to stop while clients are at every stage of a request: each one gets its answer."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from sas_kit import serving
from sas_kit.bounds import ServiceBounds
from sas_kit.http import KEEP_ALIVE
from sas_kit.serving import Drain, DrainingServer
from sas_kit.stopping import STATE_KEY, Stopping

REQUEST = b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n"


class App:
    """Answers its path; `/slow` waits for the test."""

    def __init__(self) -> None:
        self.stopping = Stopping()
        self.go = asyncio.Event()
        self.slow_began = asyncio.Event()
        self.closed = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            scope["state"][STATE_KEY] = self.stopping
            for phase in ("startup", "shutdown"):
                await receive()
                self.closed = phase == "shutdown"
                await send({"type": f"lifespan.{phase}.complete"})
            return
        if scope["path"] == "/slow":
            self.slow_began.set()
            await self.go.wait()
        body = scope["path"].encode()
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def ask(self, path: str) -> tuple[bool, bool]:
        """Whether it was answered, and whether the answer says that it is the last one."""
        self.writer.write(REQUEST % path.encode())
        return await self.answered(path)

    async def answered(self, path: str) -> tuple[bool, bool]:
        head = await self.reader.readuntil(b"\r\n\r\n")
        body = await self.reader.readexactly(len(path) + 1)
        return head.startswith(b"HTTP/1.1 200") and body == b"/" + path.encode(), b"connection: close" in head


class Running:
    def __init__(self, app: App, server: DrainingServer, port: int, task: asyncio.Task[None]) -> None:
        self.app, self.server, self.port, self.task = app, server, port, task
        self.clients: list[Client] = []

    async def connect(self, over: socket.socket | None = None) -> Client:
        where = ("127.0.0.1", self.port) if over is None else ()
        self.clients.append(Client(*await asyncio.open_connection(*where, sock=over)))
        return self.clients[-1]

    async def stop(self) -> None:
        self.server.should_exit = True
        async with asyncio.timeout(5):
            while not self.app.stopping.begun:  # noqa: ASYNC110  uvicorn looks ten times a second, and tells nobody
                await asyncio.sleep(0.01)


@pytest.fixture
def no_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test runner keeps its own."""
    monkeypatch.setattr("uvicorn.server.HANDLED_SIGNALS", ())


@asynccontextmanager
async def running(drain: Drain) -> AsyncIterator[Running]:
    app = App()
    config = serving._Config(
        app, port=0, log_config=None, access_log=False, ws="none", http="httptools", timeout_graceful_shutdown=5
    )
    config.drain = drain
    listener = socket.create_server(("127.0.0.1", 0))
    server = DrainingServer(config)
    task = asyncio.create_task(server.serve([listener]))
    port = listener.getsockname()[1]
    while not server.started:  # noqa: ASYNC110  uvicorn offers nothing to wait for
        await asyncio.sleep(0.005)
    service = Running(app, server, port, task)
    try:
        yield service
    finally:
        app.go.set()
        for client in service.clients:
            client.writer.close()
            with suppress(OSError):
                await client.writer.wait_closed()
        server.should_exit = server.force_exit = True
        await asyncio.wait_for(task, 10)


@pytest.mark.usefixtures("no_signals")
async def test_whoever_is_connected_gets_an_answer_and_is_told_that_it_is_the_last() -> None:
    async with running(Drain(0.0, 30.0)) as service:
        kept, slow, silent = [await service.connect() for _ in range(3)]
        assert await kept.ask("one") == (True, False)
        waiting = asyncio.create_task(slow.ask("slow"))
        await service.app.slow_began.wait()
        await service.stop()
        assert await kept.ask("two") == (True, True)
        assert await kept.reader.read() == b""
        assert await (await service.connect()).ask("new") == (True, True)
        assert await silent.ask("first") == (True, True)
        service.app.go.set()
        assert await waiting == (True, True)
        await asyncio.wait_for(service.task, 5)  # and not the thirty seconds: nobody is there any more
        assert service.app.closed
        with pytest.raises(ConnectionRefusedError):
            await service.connect()


@pytest.mark.usefixtures("no_signals")
async def test_what_waits_in_the_backlog_when_the_listener_closes_is_answered() -> None:
    async with running(Drain(0.0, 0.0)) as service:
        clients: list[socket.socket] = []
        close: Callable[[], None] = service.server.servers[0].close

        def connected_first() -> None:
            """The loop cannot accept meanwhile: it is this very call that it is at."""
            if not clients:  # uvicorn closes once more
                clients.extend(socket.create_connection(("127.0.0.1", service.port)) for _ in range(3))
                for each in clients[:2]:
                    each.sendall(REQUEST % b"last")  # the third one's is still on its way
            close()

        service.server.servers[0].close = connected_first  # type: ignore[method-assign]  # at the worst moment
        await service.stop()
        while not clients:  # noqa: ASYNC110  the server is at it
            await asyncio.sleep(0.005)
        clients[-1].sendall(REQUEST % b"last")
        for each in clients:
            each.setblocking(False)
            client = await service.connect(each)
            assert await client.answered("last") == (True, True)
        await asyncio.wait_for(service.task, 5)


@pytest.mark.usefixtures("no_signals")
async def test_a_client_that_never_leaves_delays_the_end_by_the_drain_alone() -> None:
    async with running(Drain(0.0, 0.2)) as service:
        kept = await service.connect()
        assert await kept.ask("one") == (True, False)
        await service.stop()
        await asyncio.wait_for(service.task, 5)
        assert await kept.reader.read() == b""


@pytest.mark.usefixtures("no_signals")
async def test_who_balances_the_load_has_time_to_see_it() -> None:
    async with running(Drain(0.3, 30.0)) as service:
        began = asyncio.get_running_loop().time()
        await service.stop()
        assert await (await service.connect()).ask("one") == (True, True)
        await asyncio.wait_for(service.task, 5)
        assert asyncio.get_running_loop().time() - began >= 0.3


@pytest.mark.usefixtures("no_signals")
async def test_at_the_keyboard_nothing_is_drained_and_the_second_time_nothing_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raised: list[int] = []
    monkeypatch.setattr(signal, "raise_signal", raised.append)
    async with running(Drain(30.0, 30.0)) as service:
        kept, slow = await service.connect(), await service.connect()
        assert await kept.ask("one") == (True, False)
        slow.writer.write(REQUEST % b"slow")
        await service.app.slow_began.wait()
        service.server.handle_exit(signal.SIGINT, None)
        assert await asyncio.wait_for(kept.reader.read(), 5) == b""
        assert not service.task.done()
        service.server.handle_exit(signal.SIGINT, None)
        await asyncio.wait({service.task}, timeout=5)
        assert service.task.done()
    assert raised == [signal.SIGINT, signal.SIGINT]  # for the process, which ends by it


def test_the_drain_outlasts_what_our_own_clients_keep() -> None:
    """Else a client could send over a connection at the moment at which it is closed."""
    assert KEEP_ALIVE < serving.IDLE_CLOSED_AFTER < ServiceBounds.model_fields["drain"].default
