"""A database that has no connection left, is slow, or hangs: whoever asks is told soon."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import sqlalchemy as sa

from sas_kit.database import Database, translating
from sas_kit.direct import Query

WAIT = TIMEOUT = 0.15
SLACK = 2.0  # for a machine that does something else


class Unavailable(Exception):  # noqa: N818  it stands for a service's own
    pass


class Frozen:
    """Between the service and its server; once frozen, it holds what either says and closes nothing."""

    def __init__(self, url: str) -> None:
        self._target = sa.make_url(url)
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.url = ""

    def freeze(self) -> None:
        self._flowing.clear()

    def thaw(self) -> None:
        self._flowing.set()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.url = self._target.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._between(reader, writer))
        self._tasks.add(task)

    async def _between(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection(self._target.host, self._target.port or 5432)
        await asyncio.gather(self._pump(reader, there[1]), self._pump(there[0], writer))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError):
                while data := await reader.read(65536):
                    await self._flowing.wait()
                    writer.write(data)
        finally:
            writer.close()


@asynccontextmanager
async def behind(url: str) -> AsyncIterator[tuple[Database, Frozen]]:
    frozen = Frozen(url)
    await frozen.open()
    database = Database(frozen.url, pool_size=2, wait=WAIT, timeout=TIMEOUT)
    try:
        yield database, frozen
    finally:
        frozen.thaw()
        await database.close()
        await frozen.close()


ONE = Query(sa.select(sa.literal_column("1", sa.Integer)), tuple[int])
SLOW = Query(sa.select(sa.func.pg_sleep(20)), tuple[None])


async def ask(database: Database, query: Query[Any] = ONE, *, directly: bool = False) -> float:
    """Seconds until it answered, or said that it does not (`Unavailable`)."""
    began = asyncio.get_running_loop().time()
    with suppress(Unavailable), translating(unavailable=Unavailable, conflict=Unavailable):
        if directly:
            async with database.fetching() as reader:
                await reader.fetch(query, {})
        else:
            async with database.reading() as connection:
                await connection.execute(query.statement)
        return -1.0
    return asyncio.get_running_loop().time() - began


async def test_who_finds_no_free_connection_waits_for_a_bounded_time(sqlite_url: str) -> None:
    database = Database(sqlite_url, pool_size=1, wait=0.02)
    async with database.reading():
        assert 0.02 <= await ask(database) < SLACK
    assert await ask(database) == -1.0
    await database.close()


@pytest.mark.postgresql
@pytest.mark.parametrize("directly", [False, True])
async def test_a_server_that_hangs_is_given_up_and_found_again(postgresql_url: str, directly: bool) -> None:
    async with behind(postgresql_url) as (database, frozen):
        assert [await ask(database, directly=directly) for _ in range(2)] == [-1.0, -1.0]
        frozen.freeze()
        first = await asyncio.gather(
            *[ask(database, directly=directly) for _ in range(6)]
        )  # over connections that were open, or none
        later = await asyncio.gather(*[ask(database, directly=directly) for _ in range(6)])  # none can be opened
        assert all(0 < each < WAIT + TIMEOUT + SLACK for each in [*first, *later])
        frozen.thaw()
        assert [await ask(database, directly=directly) for _ in range(2)] == [-1.0, -1.0]


@pytest.mark.postgresql
@pytest.mark.parametrize("directly", [False, True])
async def test_a_statement_that_takes_too_long_is_given_up(postgresql_url: str, directly: bool) -> None:
    async with behind(postgresql_url) as (database, _):
        assert TIMEOUT <= await ask(database, SLOW, directly=directly) < TIMEOUT + SLACK
        assert await ask(database, directly=directly) == -1.0


@pytest.mark.postgresql
async def test_without_a_bound_a_statement_takes_as_long_as_it_takes(postgresql_url: str) -> None:
    database = Database(postgresql_url, pool_size=1, wait=TIMEOUT)
    assert await ask(database, Query(sa.select(sa.func.pg_sleep(0.2)), tuple[None])) == -1.0
    await database.close()


@pytest.mark.postgresql
async def test_a_server_that_takes_nobody_for_this_database_is_unavailable(postgresql_url: str) -> None:
    nowhere = sa.make_url(postgresql_url).set(database="recette_no_such_database")
    database = Database(nowhere.render_as_string(hide_password=False))
    with pytest.raises(Unavailable), translating(unavailable=Unavailable, conflict=AssertionError):
        async with database.reading():
            pass
    await database.close()
