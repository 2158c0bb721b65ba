"""PostgreSQL databases of a benchmark: made for it, filled by the agenda's own commands, dropped after it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg

POSTGRESQL = os.environ.get("SAS_TEST_POSTGRESQL_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
# One public URL for filling and serving: another one would have every slot rendered again at start-up.
PUBLIC_URL = "http://127.0.0.1:8081"


@contextmanager
def postgresql(name: str) -> Iterator[str]:
    """The URL of a fresh database. `OSError` without a server."""
    database = f"recette_bench_{name}_{os.getpid()}"
    asyncio.run(_execute(f'CREATE DATABASE "{database}"'))
    try:
        yield POSTGRESQL.rpartition("/")[0] + f"/{database}"
    finally:
        asyncio.run(_execute(f'DROP DATABASE "{database}" WITH (FORCE)'))


async def _execute(statement: str) -> None:
    connection = await asyncpg.connect(POSTGRESQL, timeout=3)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def rows(url: str, query: str) -> list[asyncpg.Record]:
    async def fetched() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(url, timeout=3)
        try:
            return list(await connection.fetch(query))
        finally:
            await connection.close()

    return asyncio.run(fetched())


def backends(url: str) -> list[int]:
    """The processes of the server that serve this database, but for the one that tells."""
    query = (
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        "AND backend_type = 'client backend'"
    )
    return [row[0] for row in rows(url, query)]


def generate(url: str, practitioners: int) -> None:
    """Invented practitioners with two agendas each, and 98 slots of 14 days in each agenda."""
    _agenda("generate", "--practitioners", str(practitioners), "--seed", "1", url=url)


def load(url: str, dataset: Path) -> None:
    _agenda("load", "--dataset", str(dataset), url=url)


def _agenda(*arguments: str, url: str) -> None:
    where = ("--database-url", url, "--public-url", PUBLIC_URL)
    subprocess.run([sys.executable, "-m", "agenda_editor", *arguments, *where], check=True)


def serve(url: str, *, workers: int = 1) -> list[str]:
    """The arguments that have `processes.server` serve this database."""
    where = ["--host", "127.0.0.1", "--database-url", url, "--public-url", PUBLIC_URL]
    return ["agenda_editor", "serve", "--dataset", "none", "--workers", str(workers), *where]
