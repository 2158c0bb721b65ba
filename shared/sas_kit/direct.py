"""Reads whose cost counts: compiled once, sent by the driver itself, rows taken as it gives them.

What SQLAlchemy does around a statement (a connection object, its options, the result layer, a greenlet for each) takes
three times what sending it does. Its pool, with all that listens to it, lends the connection here too.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cached_property
from typing import Any, Generic, Protocol, TypeVar, cast

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects import registry
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.util.concurrency import greenlet_spawn

R = TypeVar("R", bound=tuple[Any, ...])


class Query(Generic[R]):
    """A read and what each of its rows unpacks into. Values must be such as the driver takes them: numbers, texts, and
    lists for `among`."""

    def __init__(self, statement: sa.Select[Any] | sa.CompoundSelect[Any], rows: type[R]) -> None:
        self.statement = statement
        self.rows = rows

    @cached_property
    def _compiled(self) -> tuple[str, tuple[str, ...], dict[str, object]]:
        compiled = self.statement.compile(dialect=registry.load("postgresql.asyncpg")())
        own = {name: value for name, value in compiled.params.items() if value is not None}
        return str(compiled), tuple(getattr(compiled, "positiontup", None) or ()), own

    @property
    def text(self) -> str:
        """As PostgreSQL reads it."""
        return self._compiled[0]

    def arguments(self, values: Mapping[str, object]) -> list[object]:
        """In the order of their numbers. `KeyError` where one is missing."""
        _text, names, own = self._compiled
        given = {**own, **values} if own else values
        return [given[name] for name in names]


class Reader(Protocol):
    """A connection lent for reads, each of which sees what is committed when it runs."""

    async def fetch(self, query: Query[R], values: Mapping[str, object]) -> Sequence[R]:
        """The rows: they unpack and index as `R`, and are not promised to be more."""


class Driver:
    """The driver's own connection."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def fetch(self, query: Query[R], values: Mapping[str, object]) -> Sequence[R]:
        return cast("Sequence[R]", await self._connection.fetch(query.text, *query.arguments(values)))


class Layered:
    """Through SQLAlchemy, where its driver is no faster without."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def fetch(self, query: Query[R], values: Mapping[str, object]) -> Sequence[R]:
        return cast("Sequence[R]", (await self._connection.execute(query.statement, values)).fetchall())


async def over(connection: AsyncConnection) -> Reader:
    """A reader on a connection that is lent already, inside its transaction if it has one."""
    if connection.dialect.name != "postgresql":
        return Layered(connection)
    return Driver((await connection.get_raw_connection()).driver_connection)


@asynccontextmanager
async def lent(engine: AsyncEngine) -> AsyncIterator[Driver]:
    """A connection of the pool of a PostgreSQL engine.

    Raises what the driver does, and `ConnectionResetError` where the server has closed the connection meanwhile.
    """
    proxy = await engine.raw_connection()
    driver: Any = proxy.driver_connection
    try:
        yield Driver(driver)
    except BaseException as error:
        # Of who is cancelled half an answer may be on its way: as SQLAlchemy does, nobody else gets that connection.
        if isinstance(error, asyncpg.InternalClientError):
            driver.terminate()  # the server has said that it hangs up, and we were told before it has
        if isinstance(error, Exception) and not driver.is_closed():
            await greenlet_spawn(proxy.close)
            raise
        await asyncio.shield(greenlet_spawn(proxy.invalidate, error))
        if isinstance(error, asyncpg.PostgresError | asyncpg.InterfaceError | asyncpg.InternalClientError):
            raise ConnectionResetError("the database server closed the connection") from error
        raise
    else:
        await greenlet_spawn(proxy.close)  # nothing to roll back: no statement of ours began anything
