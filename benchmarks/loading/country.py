"""A country in PostgreSQL: 20 000 practitioners at two places each and their slots of two weeks, some four million."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import asyncpg

from agenda_editor.agendas.fhir import rendering_stamp
from benchmarks.stores import POSTGRESQL, PUBLIC_URL
from recette.engine import target_file
from sas_kernel import datasets

PRACTITIONERS = 20_000
SEED = 1
LISTED = 5_000
"""So many are named in the target file: lots are drawn from them."""
_HORIZON = timedelta(hours=72)


@contextmanager
def ready(database: str, until: datetime, *, keep: bool) -> Iterator[str]:
    """The URL of a database with the country in it, with slots for searches made up to `until`."""
    url = POSTGRESQL.rpartition("/")[0] + f"/{database}"
    asyncio.run(_create(database))
    why = asyncio.run(_stale(url, until))
    if why:
        print(f"filling the database {database} ({why}): minutes", flush=True)
        asyncio.run(_drop(database))
        asyncio.run(_create(database))
        begun = time.monotonic()
        where = ["--database-url", url, "--public-url", PUBLIC_URL]
        size = ["--practitioners", str(PRACTITIONERS), "--seed", str(SEED)]
        subprocess.run([sys.executable, "-m", "agenda_editor", "generate", *size, *where], check=True)
        print(f"filled in {time.monotonic() - begun:.0f} s")
    try:
        yield url
    finally:
        if not keep:
            asyncio.run(_drop(database))


def practitioner_ids() -> list[str]:
    return [one.national_id for one in datasets.national(PRACTITIONERS, SEED)]


def write_target(path: Path, base_url: str) -> None:
    """A target file that names practitioners from all over the country, in an order that says nothing."""
    listed = Random(SEED).sample(practitioner_ids(), LISTED)
    document: target_file.Document = {
        "target": {"base_url": base_url, "name": "Jeu national"},
        "applicability": {"flows": ["slot_search"], "slot_types": ["PUBLIC", "PRO", "SNP"]},
        "test_data": {
            "practitioner_two_places": listed[0],
            "practitioners_together": listed[1:3],
            "practitioners_full_list": listed,
        },
    }
    path.write_text(target_file.toml(document), encoding="utf-8")


async def _stale(url: str, until: datetime) -> str:
    """Why the database cannot be used as it is; nothing when it can."""
    connection = await asyncpg.connect(url, timeout=3)
    try:
        if await connection.fetchval("SELECT to_regclass('renderings')") is None:
            return "it is empty"
        if await connection.fetchval("SELECT count(*) FROM practitioners") != PRACTITIONERS:
            return "it is another country"
        if await connection.fetchval("SELECT stamp FROM renderings") != rendering_stamp(PUBLIC_URL):
            return "its slots are rendered otherwise"
        # Every agenda reaches as far as any other; the last one was filled last.
        newest = "SELECT max(start) FROM slots WHERE schedule_id = (SELECT max(id) FROM schedules)"
        reaches = await connection.fetchval(newest)
        if reaches is None or reaches < (until + _HORIZON).timestamp() * 1000:
            return "it has no slots for long enough"
        return ""
    finally:
        await connection.close()


async def _create(database: str) -> None:
    connection = await asyncpg.connect(POSTGRESQL, timeout=3)
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database):
            await connection.execute(f'CREATE DATABASE "{database}"')
    finally:
        await connection.close()


async def _drop(database: str) -> None:
    connection = await asyncpg.connect(POSTGRESQL, timeout=3)
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
    finally:
        await connection.close()
