"""What PostgreSQL makes of the statements that a repository executes, asked of the server itself.

Nothing here knows a statement: they are taken from the engine as they leave, prepared, and explained at first, when the
server plans for the values given, and after five uses, when it may have settled on one plan for all values.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any
from unittest import mock

import asyncpg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from sas_kit.database import Database

Action = Callable[[AsyncConnection], Awaitable[object]]
_PLANS = ("at first", "after five uses")


@contextmanager
def executed(database: Database) -> Iterator[list[tuple[str, Sequence[Any]]]]:
    """The statements that leave meanwhile, each with its parameters; of many rows at once, the first's.

    Those of SQLAlchemy are told by its engine; those that go past it (`sas_kit.direct`) are heard where the driver
    takes them, which SQLAlchemy itself never calls.
    """
    statements: list[tuple[str, Sequence[Any]]] = []

    def seen(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        statements.append((statement, parameters[0] if many else parameters))

    fetch = asyncpg.Connection.fetch

    async def heard(connection: Any, statement: str, *values: Any, **options: Any) -> Any:
        statements.append((statement, values))
        return await fetch(connection, statement, *values, **options)

    sa.event.listen(database.engine.sync_engine, "before_cursor_execute", seen)
    try:
        with mock.patch.object(asyncpg.Connection, "fetch", heard):
            yield statements
    finally:
        sa.event.remove(database.engine.sync_engine, "before_cursor_execute", seen)


async def plans_of(database: Database, action: Action, dropped: str | None = None) -> list[tuple[str, dict[str, Any]]]:
    """`(statement, plan)` of all that the action executes, each twice; nothing of it stays. `dropped`: without it."""
    with executed(database) as statements:
        async with database.engine.connect() as connection:
            await action(connection)
            await connection.rollback()
    explained = [(text, values) for text, values in statements if text.split()[0] in {"SELECT", "UPDATE", "DELETE"}]
    found = []
    async with database.engine.connect() as connection:
        if dropped is not None:
            await connection.exec_driver_sql(f"DROP INDEX {dropped}")
        for number, (text, values) in enumerate(explained):
            await connection.exec_driver_sql(f"PREPARE explained_{number} AS {text}")
            call = f"explained_{number}" + (f"({', '.join(map(_literal, values))})" if values else "")
            plans = []
            for _ in range(7):
                result = await connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) EXECUTE {call}")
                told = result.scalar_one()
                plans.append((json.loads(told) if isinstance(told, str) else told)[0]["Plan"])
            found += [(text, plans[0]), (text, plans[-1])]
            await connection.exec_driver_sql(f"DEALLOCATE explained_{number}")
        await connection.rollback()
    return found


def problems(plans: Sequence[tuple[str, dict[str, Any]]], indexes: Collection[str], big: Collection[str]) -> list[str]:
    """Tables of `big` that are read from end to end, and `indexes` that are not used; `a|b` is either of two."""
    found = [f"no statement was executed with any of {', '.join(indexes)}"] if not plans else []
    used: list[set[str]] = [set() for _ in _PLANS]
    for number, (text, plan) in enumerate(plans):
        nodes = list(_nodes(plan))
        used[number % len(_PLANS)] |= {node["Index Name"] for node in nodes if "Index Name" in node}
        read = {node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"} & set(big)
        # An index read from end to end is no better than its table.
        read |= {
            node["Relation Name"]
            for node in nodes
            if node["Node Type"] in {"Index Scan", "Index Only Scan"}
            and "Index Cond" not in node
            and node["Relation Name"] in big
            and not _is_cut_short(plan)
        }
        found += [f"{_PLANS[number % len(_PLANS)]} reads all of {table}: {text}" for table in sorted(read)]
    for kind, names in zip(_PLANS, used, strict=True):
        found += [
            f"{kind} does not use {index}, but {sorted(names)}"
            for index in indexes
            if names.isdisjoint(index.split("|"))
        ]
    return found


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)


def _is_cut_short(plan: dict[str, Any]) -> bool:
    return any(node["Node Type"] == "Limit" for node in _nodes(plan))


def _literal(value: object) -> str:
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).upper()
        case int():
            return str(value)
        case bytes():
            return f"'\\x{value.hex()}'"
        case list() | tuple():
            return f"ARRAY[{', '.join(map(_literal, value))}]"
        case str() | date():
            return "'" + str(value).replace("'", "''") + "'"
    raise TypeError(f"no literal for {value!r}")
