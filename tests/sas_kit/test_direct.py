"""Reads that go past SQLAlchemy keep what it gave: its pool, its errors, and nobody gets a connection in mid-answer."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import QueuePool

from sas_kit.arrays import among
from sas_kit.database import Database, translating
from sas_kit.direct import Query, over

_numbers = sa.union_all(*[sa.select(sa.literal_column(each, sa.BigInteger).label("n")) for each in "123"]).subquery()
_n = _numbers.c.n
SOME = Query(
    sa.select(_n, sa.literal("x", sa.Text)).where(
        _n >= sa.bindparam("least", type_=sa.BigInteger), among(_n, "ids"), _n < 9
    ),
    tuple[int, str],
)
SLOW = Query(sa.select(sa.func.pg_sleep(20)), tuple[None])
WRONG = Query(sa.select(sa.literal_column("1 / 0")), tuple[int])
OWN_PID = Query(sa.select(sa.func.pg_backend_pid()), tuple[int])
END = Query(sa.select(sa.func.pg_terminate_backend(sa.bindparam("pid", type_=sa.Integer))), tuple[bool])


class Unavailable(Exception):  # noqa: N818  it stands for a service's own
    pass


class Conflict(Exception):  # noqa: N818  as above
    pass


async def pid(database: Database) -> int:
    async with database.fetching() as reader:
        return (await reader.fetch(OWN_PID, {}))[0][0]


def lent(database: Database) -> int:
    pool = database.engine.sync_engine.pool
    assert isinstance(pool, QueuePool)
    return pool.checkedout()


@pytest.mark.parametrize("within", [False, True])
async def test_values_go_by_name_and_rows_unpack(database_url: str, within: bool) -> None:
    database = Database(database_url, pool_size=1)
    values = {"least": 2, "ids": [3, 1, 2, 8]}
    if within:
        async with database.transaction() as connection:
            rows = await (await over(connection)).fetch(SOME, values)
    else:
        async with database.fetching() as reader:
            rows = await reader.fetch(SOME, values)
    assert sorted((number, text) for number, text in rows) == [(2, "x"), (3, "x")]
    assert lent(database) == 0
    await database.close()


@pytest.mark.postgresql
async def test_who_is_cancelled_leaves_his_connection_to_nobody(postgresql_url: str) -> None:
    database = Database(postgresql_url, pool_size=1)
    before = await pid(database)
    asked = asyncio.Event()

    async def asks() -> None:
        async with database.fetching() as reader:
            asked.set()
            await reader.fetch(SLOW, {})

    task = asyncio.create_task(asks())
    await asked.wait()
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert lent(database) == 0
    assert await pid(database) != before
    await database.close()


@pytest.mark.postgresql
async def test_an_error_leaves_the_connection_usable_and_is_no_unavailability(postgresql_url: str) -> None:
    database = Database(postgresql_url, pool_size=1)
    before = await pid(database)
    with pytest.raises(Exception, match="division by zero"), translating(unavailable=Unavailable, conflict=Conflict):
        async with database.fetching() as reader:
            await reader.fetch(WRONG, {})
    assert await pid(database) == before
    await database.close()


@pytest.mark.postgresql
async def test_a_server_that_hangs_up_is_unavailable_and_another_connection_is_opened(postgresql_url: str) -> None:
    database, other = Database(postgresql_url, pool_size=1), Database(postgresql_url, pool_size=1)
    for pause in (0.0, 0.0002, 0.0005, 0.001, 0.005):  # its word, then the end of the connection, come meanwhile
        before = await pid(database)
        async with other.fetching() as killer:
            await killer.fetch(END, {"pid": before})
        await asyncio.sleep(pause)
        with pytest.raises(Unavailable), translating(unavailable=Unavailable, conflict=Conflict):
            await pid(database)
        assert lent(database) == 0
        assert await pid(database) != before
    await database.close()
    await other.close()
