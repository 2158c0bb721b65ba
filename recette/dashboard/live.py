"""A run tells the dashboard how far it has come, from a thread of its own: neither waits for the other."""

from __future__ import annotations

import asyncio
import logging
import threading
import uuid
from collections import Counter
from dataclasses import replace
from datetime import datetime

from recette.dashboard.model import LiveRun, Progress
from recette.dashboard.repository import MIGRATIONS, LiveRuns
from recette.model import (
    CheckJudged,
    Event,
    RunFinished,
    RunStarted,
    ScenarioFinished,
    ScenarioStarted,
    Verdict,
    Waiting,
)
from sas_kernel.clock import Clock, SystemClock
from sas_kit.database import Database, migrate

_log = logging.getLogger(__name__)
_AT_MOST_EVERY = 0.5
_HEARTBEAT = 5.0
"""Seconds between two writes: at least while something happens, at most while nothing does."""
_LAST_WORD = 5.0


def after(progress: Progress, event: Event) -> Progress:
    """How far a run has come after one more event. Pure; no text that the target sent gets in."""
    match event:
        case RunStarted():
            target = event.target.name or event.target.base_url
            return Progress(target=target, total=len(event.scenarios), verdicts=Counter())
        case ScenarioStarted():
            scenario = event.scenario
            return replace(progress, scenario=scenario.id, title=scenario.title, total=event.total, awaited=None)
        case Waiting():
            return replace(progress, awaited=event.what if event.seconds_left > 0 else None)
        case CheckJudged() if event.result.verdict is Verdict.FAIL:
            return replace(progress, finding=event.result.title)
        case ScenarioFinished():
            verdicts = Counter(progress.verdicts) + Counter([event.result.verdict])
            return replace(progress, position=event.position, total=event.total, verdicts=verdicts, awaited=None)
        case RunFinished():
            return replace(progress, run=event.report.id, verdict=event.report.verdict, scenario="", awaited=None)
        case _:
            return progress


class LiveListener:
    """The `Listener` of a run of one project. A run goes on whatever becomes of the database.

    It writes at most twice a second, and now and then while a scenario waits. `close` ends it; a run that dies
    without leaves its last row, which the dashboard shows as silent.
    """

    def __init__(self, database_url: str, project: str, clock: Clock) -> None:
        self._url, self._project, self._clock = database_url, project, clock
        self._session = str(uuid.uuid4())
        self._started_at = clock.now()
        self._progress = Progress(verdicts=Counter())
        self._finished_at: datetime | None = None
        self._changed = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._write_all, name="recette-live", daemon=True)
        self._thread.start()

    def __call__(self, event: Event) -> None:
        self._progress = after(self._progress, event)
        self._changed.set()
        if isinstance(event, RunFinished):
            self._finished_at = self._clock.now()
            self.close()

    def close(self) -> None:
        """Write the last word and wait for it, but not for long."""
        self._over.set()
        self._changed.set()
        self._thread.join(_LAST_WORD)

    def _write_all(self) -> None:
        try:
            migrate(self._url, MIGRATIONS)
            asyncio.run(self._writing())
        except Exception as error:  # noqa: BLE001  progress is a courtesy: no fault of it may end a run
            _log.warning("the dashboard is not told of this run: %s: %s", type(error).__name__, error)

    async def _writing(self) -> None:
        database = Database(self._url, pool_size=1)
        runs = LiveRuns(database)
        try:
            while not self._over.is_set():
                self._changed.clear()
                await runs.put(self._row())
                self._over.wait(_AT_MOST_EVERY)
                self._changed.wait(_HEARTBEAT)
            await runs.put(self._row())
        finally:
            await database.close()

    def _row(self) -> LiveRun:
        now = self._clock.now()
        return LiveRun(self._project, self._session, self._started_at, now, self._finished_at, self._progress)


def listener(database_url: str, project: str, *, clock: Clock | None = None) -> LiveListener:
    """What `recette run --project` adds to a run’s listeners; `database_url` is that of the register."""
    return LiveListener(database_url, project, clock or SystemClock())
