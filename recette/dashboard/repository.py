"""The only SQL of the dashboard: runs that are going on."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from recette.dashboard.model import DashboardError, LiveRun, Progress
from recette.dashboard.tables import live_run
from recette.journal.model import instant
from recette.model import Verdict
from sas_kernel.text import Text
from sas_kit.database import Database, translating

MIGRATIONS = Path(__file__).resolve().parent / "migrations"
_KEPT = timedelta(hours=24)
"""For how long a row outlives the last word of its run."""
_LONGEST = 300


class LiveRuns:
    """The runs that are going on, or were lately, of all projects. `DashboardError` when the database is silent."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, run: LiveRun) -> None:
        """Write a run’s row in place of the one before; those nobody heard of for a day leave."""
        mine = (live_run.c.project == run.project) & (live_run.c.session == run.session)
        old = live_run.c.seen_at < instant(run.seen_at - _KEPT)
        with translating(unavailable=unavailable, conflict=unavailable):
            async with self._database.transaction() as connection:
                await connection.execute(sa.delete(live_run).where(mine | old))
                await connection.execute(sa.insert(live_run), _row(run))

    async def read(self, now: datetime, project: str | None = None) -> tuple[LiveRun, ...]:
        """Those heard of within a day, the last begun first; of one project or of all."""
        wanted = sa.select(live_run).where(live_run.c.seen_at >= instant(now - _KEPT))
        if project is not None:
            wanted = wanted.where(live_run.c.project == project)
        with translating(unavailable=unavailable, conflict=unavailable):
            async with self._database.reading() as connection:
                rows = (await connection.execute(wanted.order_by(live_run.c.started_at.desc()))).mappings().all()
        return tuple(_read(row) for row in rows)


def _row(run: LiveRun) -> dict[str, Any]:
    progress = run.progress
    document = {
        "target": progress.target[:_LONGEST],
        "position": progress.position,
        "total": progress.total,
        "scenario": progress.scenario[:_LONGEST],
        "title": _text(progress.title),
        "verdicts": {verdict.value: number for verdict, number in progress.verdicts.items()},
        "finding": None if progress.finding is None else _text(progress.finding),
        "awaited": None if progress.awaited is None else _text(progress.awaited),
        "run": progress.run,
        "verdict": None if progress.verdict is None else progress.verdict.value,
    }
    return {
        "project": run.project,
        "session": run.session,
        "started_at": instant(run.started_at),
        "seen_at": instant(run.seen_at),
        "finished_at": "" if run.finished_at is None else instant(run.finished_at),
        "progress": json.dumps(document),
    }


def _read(row: Any) -> LiveRun:
    said = json.loads(row["progress"])
    return LiveRun(
        project=row["project"],
        session=row["session"],
        started_at=datetime.fromisoformat(row["started_at"]),
        seen_at=datetime.fromisoformat(row["seen_at"]),
        finished_at=datetime.fromisoformat(row["finished_at"]) if row["finished_at"] else None,
        progress=Progress(
            target=said["target"],
            position=said["position"],
            total=said["total"],
            scenario=said["scenario"],
            title=Text(**said["title"]),
            verdicts=Counter({Verdict(verdict): number for verdict, number in said["verdicts"].items()}),
            finding=None if said["finding"] is None else Text(**said["finding"]),
            awaited=None if said["awaited"] is None else Text(**said["awaited"]),
            run=said["run"],
            verdict=None if said["verdict"] is None else Verdict(said["verdict"]),
        ),
    )


def _text(text: Text) -> dict[str, str]:
    return {"fr": text.fr[:_LONGEST], "en": text.en[:_LONGEST]}


def unavailable() -> DashboardError:
    """What is said when the database does not answer."""
    return DashboardError(
        Text(
            "La base du registre ne répond pas. Vérifiez --database-url (ou RECETTE_DATABASE_URL).",
            "The register’s database does not answer. Check --database-url (or RECETTE_DATABASE_URL).",
        )
    )
