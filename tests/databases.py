"""Databases at the newest revision, copied from one that the service's own migrations made, once a process.

Migrating costs most of what starting a service does, and every test would do the same again. Where migrating is the
subject, a test takes an empty database: that is what fixtures give outside the two services' own tests.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import aiosqlite
import asyncpg
import pytest

from sas_kit.database import migrate

POSTGRESQL = os.environ.get("SAS_TEST_POSTGRESQL_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
_templates: list[str] = []


def sqlite(file: Path, migrations: Path) -> str:
    """The URL of `file`, made a migrated database unless it is one already."""
    if not file.exists():
        file.write_bytes(_migrated(migrations))
    return f"sqlite+aiosqlite:///{file}"


class _Direct(aiosqlite.Connection):
    """Runs each statement where it is asked for, on the loop's own thread; who finds a lock lets the others go on."""

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if not self._running or not self._connection:
            raise ValueError("Connection closed")  # as its parent says it
        if args and isinstance(args[0], str) and args[0].startswith("PRAGMA busy_timeout"):
            args = ("PRAGMA busy_timeout=0",)  # waiting in SQLite, nobody else would go on
        for _ in range(5000):
            try:
                return fn(*args, **kwargs)
            except sqlite3.OperationalError as error:
                if "locked" not in str(error):
                    raise
                await asyncio.sleep(0.002)
        return fn(*args, **kwargs)


@contextmanager
def on_the_loop(url: str) -> Iterator[None]:
    """Ask this SQLite database without a thread in between: handing a statement over costs several times what it does.

    Not where it is the subject that transactions meet: of several at once, each goes as far as it can without a pause.
    """
    file = url.partition("///")[2]
    connect = aiosqlite.connect

    def direct(database: str, *, iter_chunk_size: int = 64, **kwargs: Any) -> aiosqlite.Connection:
        if database != file:
            return connect(database, iter_chunk_size=iter_chunk_size, **kwargs)
        return _Direct(lambda: sqlite3.connect(database, **kwargs), iter_chunk_size)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aiosqlite, "connect", direct)
        yield


@cache
def _migrated(migrations: Path) -> bytes:
    with tempfile.TemporaryDirectory(prefix="recette-template-") as folder:
        file = Path(folder) / "template.sqlite"
        migrate(f"sqlite:///{file}", migrations)
        assert [left.name for left in Path(folder).iterdir()] == [file.name], "whoever leaves last ends the journal"
        return file.read_bytes()


def new_postgresql(name: str, migrations: Path | None) -> str:
    """Make a PostgreSQL database, migrated or empty; its URL. Without a server: `OSError`, or an error of asyncpg."""
    template = "" if migrations is None else f'TEMPLATE "{_template(migrations)}"'
    execute(f'CREATE DATABASE "{name}" {template}')
    return _url(name)


@cache
def _template(migrations: Path) -> str:
    name = f"recette_template_{os.getpid()}_{migrations.parent.name}"
    execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    execute(f'CREATE DATABASE "{name}"')
    _templates.append(name)
    migrate(_url(name), migrations)
    return name


@contextmanager
def filled(name: str, migrations: Path, content: str) -> Iterator[str]:
    """The URL of a migrated PostgreSQL database in which the statements of `content` were executed."""
    database = f"recette_test_{name}_{os.getpid()}"
    execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
    url = new_postgresql(database, migrations)
    try:
        asyncio.run(_execute(content, url.replace("+asyncpg", "")))
        yield url
    finally:
        execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')


def drop_templates() -> None:
    while _templates:
        execute(f'DROP DATABASE IF EXISTS "{_templates.pop()}" WITH (FORCE)')


def execute(sql: str) -> None:
    asyncio.run(_execute(sql))


async def _execute(sql: str, url: str = POSTGRESQL) -> None:
    connection = await asyncpg.connect(url, timeout=3)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


def _url(name: str) -> str:
    base, _, query = POSTGRESQL.partition("?")
    url = base.rpartition("/")[0] + "/" + name + (f"?{query}" if query else "")
    return url.replace("postgresql://", "postgresql+asyncpg://", 1)
