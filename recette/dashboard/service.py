"""What the pages ask for: books as their journals stand, services as their samples say, runs that are going on.

A book is kept until its journal has a new entry, so that a page is one small question to the database. Whenever there
is something new, and now and then beside the pages, the whole chain is read and verified again: what was altered is
told, not shown.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from recette.dashboard import days, rules
from recette.dashboard.model import LiveRun, NotFoundError, Service
from recette.dashboard.repository import LiveRuns
from recette.dashboard.rules import View
from recette.journal.model import Document, Entry
from recette.journal.repository import Journal
from recette.model import RunReport
from recette.monitoring import reading
from recette.monitoring.repository import Samples
from recette.monitoring.standing import promised
from recette.projects import book as books
from recette.projects.book import Book
from recette.projects.model import PhaseId, PhaseState
from recette.register.runs import RunRecord
from recette.reports import json_report
from sas_kernel import contracts
from sas_kernel.clock import Clock, SystemClock
from sas_kernel.contracts import ServiceLevel
from sas_kernel.errors import SasError
from sas_kernel.text import Text
from sas_kit.database import Database

_log = logging.getLogger(__name__)

_SERVICE_FOR = timedelta(minutes=5)
"""For how long it is believed how a service stood."""
_VIEW_FOR = timedelta(seconds=5)
"""For how long what is said of a project is said again: no page tells seconds before the last minute."""
_ENDED_FOR = timedelta(minutes=10)
"""For how long a run that ended is among those going on: the journal has it by then."""
_IN_SERVICE = frozenset({PhaseId.VSR, PhaseId.EXPLOITATION})
_LONGEST_WATCH = timedelta(days=92)
_MOST_REPORTS = 4


@dataclass(slots=True)
class _Shelved:
    """`outcome` is the book that `last` entries told, or what keeps it from being read."""

    outcome: Book | SasError | None = None
    last: int = 0
    view: View | None = None
    service: Service | None = None
    service_of: object = None
    service_at: datetime | None = None
    refreshing: asyncio.Task[None] | None = None
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)
    watching: asyncio.Lock = field(default_factory=asyncio.Lock)


class Shelf:
    """Every project of one database, to be read only. `clock` is the machine’s: it ages what is kept."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self.database = database
        self.journal = Journal(database)
        self._samples = Samples(database)
        self._live = LiveRuns(database)
        self._clock = clock or SystemClock()
        self._shelved: dict[str, _Shelved] = {}
        self._reports: dict[str, RunReport] = {}
        self._levels = contracts.service_levels()

    async def all(self) -> dict[str, Book | SasError]:
        """Every project with its book, or what keeps it from being read: one altered journal hides no other."""
        return {project: await self._outcome(project) for project in await self.journal.projects()}

    async def book(self, project: str) -> Book:
        """`NotFoundError` for a project that is not there, `JournalError` where its chain is broken."""
        if project not in self._shelved and not await self.journal.read(project):
            raise NotFoundError(Text("Aucun projet « {id} ».", "There is no project '{id}'.").format(id=project))
        outcome = await self._outcome(project)
        if isinstance(outcome, SasError):
            raise outcome
        return outcome

    async def lasts(self) -> tuple[tuple[str, int], ...]:
        """The last entry of each project: another answer means that a journal moved."""
        await self.all()
        return tuple((project, shelved.last) for project, shelved in sorted(self._shelved.items()))

    async def verify(self) -> None:
        """Read and verify every chain again, one after the other."""
        for project in await self.journal.projects():
            await self._outcome(project, again=True)

    async def _outcome(self, project: str, *, again: bool = False) -> Book | SasError:
        shelved = self._shelved.setdefault(project, _Shelved())
        async with shelved.reading:
            if shelved.outcome is not None and not again and not await self.journal.read(project, shelved.last):
                return shelved.outcome
            entries = await self.journal.read(project)
            shelved.outcome = await asyncio.to_thread(_told, project, entries)
            shelved.last = entries[-1].number if entries else 0
            return shelved.outcome

    async def view(self, book: Book, now: datetime) -> View:
        """What a page says of a project now, or said a moment ago."""
        service = await self.service(book, now)
        shelved = self._shelved.setdefault(book.project.id, _Shelved())
        said = shelved.view
        same = said is not None and said.book is book and said.service is service
        if said is None or not same or not timedelta() <= now - said.now < _VIEW_FOR:
            said = shelved.view = await asyncio.to_thread(rules.view, book, now, service)
        return said

    async def service(self, book: Book, now: datetime) -> Service | None:
        """How the service stood in its last phase of service, of one still open three months at most; None before it.

        Two months of samples take seconds to read: nobody waits for them twice, a page tells what was so minutes ago.
        """
        state = next((each for each in reversed(book.project.phases) if each.id in _IN_SERVICE), None)
        if state is None or now <= state.opened_at:
            return None
        shelved = self._shelved.setdefault(book.project.id, _Shelved())
        of = (state, book.project.maintenance, dict(book.project.changes), book.project.flows)
        if shelved.service is None or shelved.service_of != of or now < shelved.service.standing.end:
            async with shelved.watching:
                if shelved.service is None or shelved.service_of != of or now < shelved.service.standing.end:
                    await self._watch_again(shelved, book, state, of, now)
        elif shelved.refreshing is None or shelved.refreshing.done():
            aged = shelved.service_at is None or self._clock.now() - shelved.service_at >= _SERVICE_FOR
            if aged:
                shelved.refreshing = asyncio.create_task(self._watch_again(shelved, book, state, of, now))
        return shelved.service

    async def _watch_again(self, shelved: _Shelved, book: Book, state: PhaseState, of: object, now: datetime) -> None:
        at = self._clock.now()
        try:
            shelved.service = await self._watched(book, state, now)
        except SasError as error:
            if shelved.service is None:
                raise
            _log.warning("%s", error.text.en)
        shelved.service_of, shelved.service_at = of, at

    async def aclose(self) -> None:
        """End what is still being read."""
        tasks = [each.refreshing for each in self._shelved.values() if each.refreshing is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _watched(self, book: Book, state: PhaseState, now: datetime) -> Service:
        start, end = state.opened_at, min(now, state.closed_at or now)
        if state.id is PhaseId.EXPLOITATION:
            start = max(start, end - _LONGEST_WATCH)
        samples = await reading.samples_of(self._samples, book.project.id, book.agreement, start, end)
        return await asyncio.to_thread(
            days.service,
            samples,
            start,
            end,
            maintenance=book.project.maintenance,
            promise=promised(book.agreement),
            levels=self._promised_of(book),
            zone=book.agreement.zone,
        )

    def _promised_of(self, book: Book) -> Mapping[str, ServiceLevel]:
        """A project goes by the response times of its flows."""
        flows = {flow.value for flow in book.project.flows}
        return {id: level for id, level in self._levels.items() if not flows or id.partition(".")[0] in flows}

    async def live(self, project: str | None = None) -> tuple[LiveRun, ...]:
        """The runs that are going on, that fell silent within a day, or that have just ended."""
        now = self._clock.now()
        runs = await self._live.read(now, project)
        return tuple(run for run in runs if run.finished_at is None or now - run.finished_at < _ENDED_FOR)

    async def report(self, book: Book, run: str) -> tuple[RunRecord, RunReport]:
        """A run of a project with its whole report; `NotFoundError` where there is none or nothing was kept."""
        record = next((each for each in book.runs if each.id == run), None)
        if record is None:
            raise NotFoundError(Text("Aucune exécution « {id} ».", "There is no run '{id}'.").format(id=run))
        kept = self._reports.get(record.sha256)
        if kept is None:
            document = await self.journal.document(record.sha256)
            if document is None:
                raise NotFoundError(
                    Text("Le rapport de {id} n’a pas été gardé.", "The report of {id} was not kept.").format(id=run)
                )
            kept = await asyncio.to_thread(json_report.loads, document.content)
            while len(self._reports) >= _MOST_REPORTS:
                del self._reports[next(iter(self._reports))]
            self._reports[record.sha256] = kept
        return record, kept

    async def document(self, book: Book, sha256: str) -> Document:
        """A document that an entry of this project names; no other is shown under its name."""
        named = any(sha256 in hashes(entry.payload) for entry in book.entries)
        document = await self.journal.document(sha256) if named else None
        if document is None:
            raise NotFoundError(Text("Aucun document « {h} ».", "There is no document '{h}'.").format(h=sha256))
        return document


def hashes(payload: object) -> set[str]:
    """Every SHA-256 that a payload holds, at any depth."""
    if isinstance(payload, Mapping):
        return {found for value in payload.values() for found in hashes(value)}
    if isinstance(payload, list | tuple):
        return {found for value in payload for found in hashes(value)}
    is_hash = isinstance(payload, str) and len(payload) == 64 and set(payload) <= set("0123456789abcdef")
    return {str(payload)} if is_hash else set()


def _told(project: str, entries: tuple[Entry, ...]) -> Book | SasError:
    try:
        return books.of(project, entries)
    except SasError as error:
        return error
