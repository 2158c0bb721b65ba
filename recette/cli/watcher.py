"""The watch at work: plays a round, keeps its samples, and writes to the journal what begins and what ends."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import signal
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from recette.engine import runner
from recette.journal.model import JournalError, JournalMovedError
from recette.journal.repository import Journal
from recette.journal.repository import opened as journal_opened
from recette.model import ExitCode, RunReport
from recette.monitoring import episodes, rounds
from recette.monitoring.keeping import Tell
from recette.monitoring.model import MonitoringError, Sample
from recette.monitoring.repository import Samples
from recette.monitoring.repository import opened as samples_opened
from recette.monitoring.standing import ONE_PRACTITIONER, Promise
from recette.projects import book as books
from recette.projects.book import Book
from recette.register import recording, runs, setting
from recette.reports import json_report
from recette.reports.masking import EvidenceMasks
from sas_kernel.clock import Clock
from sas_kernel.text import Text

LATELY = timedelta(hours=24)
"""Over how long a level is watched: an anomaly opens while it is broken, and a correction shows within a day."""

SETTLING = timedelta(minutes=5)
"""For how long all has to be right before the journal says that what was wrong has ended."""

_MOST_PENDING = 100
_ATTEMPTS = 5


class Store:
    """The register’s database, opened when it is first needed and does answer."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._open = AsyncExitStack()
        self._journal: Journal | None = None
        self._samples: Samples | None = None

    async def journal(self) -> Journal:
        """`JournalError` while the database does not answer."""
        if self._journal is None:
            self._journal = await self._open.enter_async_context(journal_opened(self._url))
        return self._journal

    async def samples(self) -> Samples:
        """`MonitoringError` while the database does not answer."""
        if self._samples is None:
            self._samples = await self._open.enter_async_context(samples_opened(self._url))
        return self._samples

    async def close(self) -> None:
        await self._open.aclose()


@dataclass(frozen=True, slots=True)
class Round:
    """What one round gave."""

    report: RunReport
    samples: tuple[Sample, ...]
    exit_code: ExitCode


@dataclass(slots=True)
class Watcher:
    """Takes rounds for a project. `driver` is opened anew for each: what is measured includes nothing kept alive."""

    project: str
    plan: runner.Plan
    driver: Callable[[], AbstractAsyncContextManager[runner.Driver]]
    store: Store
    clock: Clock
    who: str
    promise: Promise
    tell: Tell
    _recent: deque[tuple[datetime, float]] = field(default_factory=deque)
    _remembered: bool = False
    _pending: deque[RunReport] = field(default_factory=deque)
    _told: Text | None = None
    _wrong_at: datetime | None = None

    async def take(self) -> Round:
        """Play the probes once. What goes wrong on the wire is in the round, never raised."""
        timed = rounds.Timed()
        now = self.clock.now()
        scenarios = (*self.plan.scenarios, *rounds.over_all(timed, lambda: self._lately(now)))
        async with self.driver() as driver:
            report = await runner.run(
                replace(self.plan, scenarios=scenarios, fail_on=self.promise.unavailable_from),
                driver,
                clock=self.clock,
                run_id=str(uuid.uuid4()),
                listeners=(timed,),
                masks=EvidenceMasks(),
            )
        taken = rounds.samples(report, timed.exchanges, self.promise.unavailable_from)
        self._recent += [
            (each.at, each.seconds) for each in taken if each.probe == ONE_PRACTITIONER and each.seconds is not None
        ]
        return Round(report, taken, rounds.exit_code(report, taken))

    async def remember(self) -> None:
        """Read the response times of the last day, once; the database may be asked again later."""
        if self._remembered:
            return
        now = self.clock.now()
        try:
            kept = await (await self.store.samples()).read(self.project, now - LATELY, now)
        except MonitoringError:
            return
        known = {at for at, _ in self._recent}
        earlier = [
            (each.at, each.seconds)
            for each in kept
            if each.probe == ONE_PRACTITIONER and each.seconds is not None and each.at not in known
        ]
        self._recent = deque(sorted([*earlier, *self._recent]))
        self._remembered = True

    async def add(self, taken: Sequence[Sample]) -> None:
        """Put samples into the database; `MonitoringError` while it does not answer."""
        await (await self.store.samples()).add(self.project, taken)

    async def write(self, report: RunReport) -> tuple[str, ...]:
        """Write to the journal what is news, with what could not be written before; the anomalies opened or seen.

        What is wrong during planned maintenance is not: it was announced.
        """
        self._pending.append(report)
        if episodes.wrong(report):
            self._wrong_at = report.started_at
        touched: list[str] = []
        try:
            while self._pending:
                touched += await self._write(self._pending[0])
                self._pending.popleft()
            self._told = None
        except JournalError as error:
            self._keep_pending()
            if error.text != self._told:
                self._told = error.text
                self.tell(error.text)
        return tuple(dict.fromkeys(touched))

    async def _write(self, report: RunReport) -> list[str]:
        journal = await self.store.journal()
        for _ in range(_ATTEMPTS):
            book = await books.read(journal, self.project)
            if _planned(book, report.started_at):
                return []
            played = [scenario.scenario for scenario in report.scenarios]
            told, settled = episodes.last_told(book.runs, played), self._has_settled(report)
            if not episodes.is_news(report, told, book.register, settled=settled):
                return []
            content = json_report.dumps(report).encode()
            around = setting.at(self.project, book.entries, report.finished_at)
            run = episodes.partial(report, hashlib.sha256(content).hexdigest(), around.flows)
            drafts = recording.drafts(book.register, run, phase=around.phase, who=self.who)
            now = self.clock.now()
            await journal.keep(content, "application/json", now)
            try:
                await journal.append(
                    self.project, (runs.draft(run, self.who), *drafts), now, expecting=book.entries[-1].number
                )
            except JournalMovedError:
                continue
            return [draft.subject for draft in drafts]
        return []

    def _has_settled(self, report: RunReport) -> bool:
        """Whether nothing was wrong for a while. A process that plays one round only remembers none."""
        return self._wrong_at is None or report.started_at - self._wrong_at >= SETTLING

    def _keep_pending(self) -> None:
        """While the database is away, only rounds that changed something wait for it."""
        if len(self._pending) > 1 and episodes.wrong(self._pending[-1]) == episodes.wrong(self._pending[-2]):
            self._pending.pop()
        elif len(self._pending) > _MOST_PENDING:
            del self._pending[1]  # the samples are kept; of the episodes between, the oldest goes

    def _lately(self, now: datetime) -> list[float]:
        while self._recent and self._recent[0][0] < now - LATELY:
            self._recent.popleft()
        return [seconds for _, seconds in self._recent]


def _planned(book: Book, at: datetime) -> bool:
    return any(each.announced_at < each.start <= at < each.end for each in book.project.maintenance)


class Stop:
    """Set by SIGTERM and SIGINT: the round under way is finished and kept, and no other begins."""

    def __init__(self) -> None:
        self.event = asyncio.Event()
        self.interrupted = False
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            with contextlib.suppress(NotImplementedError):  # Windows has no handlers in the loop
                loop.add_signal_handler(number, self._heard, number)

    def _heard(self, number: int) -> None:
        self.interrupted = self.interrupted or number == signal.SIGINT
        self.event.set()

    async def wait(self, seconds: float) -> bool:
        """Wait so long; whether to go on."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.event.wait(), seconds)
        return not self.event.is_set()
