"""The only SQL of the watch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from recette.journal.model import instant
from recette.monitoring.model import MonitoringError, Sample
from recette.monitoring.tables import sample
from sas_kernel.text import Text
from sas_kit.database import Database, migrate, parsed_url, translating

MIGRATIONS = Path(__file__).resolve().parent / "migrations"
_BATCH = 500
_DETAIL = 500
"""The longest detail that is kept, in characters."""


class Samples:
    """The samples of all projects of one database. Every method raises `MonitoringError` when it does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, project: str, samples: Sequence[Sample]) -> None:
        """Keep samples together or not at all. One that is kept already is left as it is: what was not confirmed may
        be added again."""
        adding: Any
        if self._database.dialect == "sqlite":
            adding = sqlite.insert(sample).on_conflict_do_nothing()
        else:
            adding = postgresql.insert(sample).on_conflict_do_nothing()
        rows = [_row(project, each) for each in samples]
        with translating(unavailable=_unavailable, conflict=_unavailable):
            async with self._database.transaction() as connection:
                for first in range(0, len(rows), _BATCH):
                    await connection.execute(adding, rows[first : first + _BATCH])

    async def read(self, project: str, start: datetime, end: datetime) -> tuple[Sample, ...]:
        """The samples of a project from `start` on and before `end`, in their order."""
        taken = sa.select(sample.c.probe, sample.c.at, sample.c.ok, sample.c.seconds, sample.c.detail)
        taken = taken.where(sample.c.project == project, sample.c.at >= instant(start), sample.c.at < instant(end))
        with translating(unavailable=_unavailable, conflict=_unavailable):
            async with self._database.reading() as connection:
                rows = (await connection.execute(taken.order_by(sample.c.at, sample.c.probe))).all()
        return tuple(
            Sample(probe, datetime.fromisoformat(at), ok, seconds, detail) for probe, at, ok, seconds, detail in rows
        )


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Samples]:
    """The samples in this database, which is made or brought up to date first."""
    parsed = parsed_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    with translating(unavailable=_unavailable, conflict=_unavailable):
        await asyncio.to_thread(migrate, url, MIGRATIONS)
    database = Database(url, pool_size=2)
    try:
        yield Samples(database)
    finally:
        await database.close()


def _row(project: str, taken: Sample) -> dict[str, Any]:
    detail = taken.detail.replace("\x00", "�").encode("utf-8", "replace").decode()
    return {
        "project": project,
        "at": instant(taken.at),
        "probe": taken.probe,
        "ok": taken.ok,
        "seconds": taken.seconds,
        "detail": detail[:_DETAIL],
    }


def _unavailable() -> MonitoringError:
    return MonitoringError(
        Text(
            "La base du registre ne répond pas. Vérifiez --database-url (ou RECETTE_DATABASE_URL).",
            "The register’s database does not answer. Check --database-url (or RECETTE_DATABASE_URL).",
        )
    )
