"""Plays a story: moves a clock from one instant to the next, does what people did, and tells what follows."""

from __future__ import annotations

import heapq
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from recette.certificates import issuing, proposing
from recette.certificates.issuing import Files
from recette.certificates.model import PREFIXES
from recette.journal.model import Entry, Party
from recette.journal.repository import Journal
from recette.model import Measurement, Requirement, Verdict
from recette.monitoring import standing as standings
from recette.monitoring.model import Sample, Standing
from recette.monitoring.repository import Samples
from recette.projects import book as books
from recette.projects import conduct
from recette.projects.book import Book
from recette.projects.model import Outcome, PhaseId, ShutDoorError
from recette.register.model import Status
from recette.register.moves import Move
from recette.simulation import acting, following, telling
from recette.simulation.acting import Bench, act
from recette.simulation.following import State
from recette.simulation.model import DONE, Do, Event, Line, Story, UnexpectedError
from recette.simulation.service import samples
from sas_kernel.clock import ManualClock
from sas_kernel.contracts import ServiceLevel
from sas_kernel.errors import SasError
from sas_kernel.text import Lang, Text

_IN_SERVICE = frozenset({PhaseId.VSR, PhaseId.EXPLOITATION})
_LATELY = timedelta(hours=24)
_HOUR = timedelta(hours=1)
_WATCH = -1
"""Before the events of the same instant, which are counted from 0."""


class Watch(Protocol):
    """A round of the watch at the present instant, written to the journal where it is news; the anomalies touched."""

    async def __call__(self, number: int, lately: Sequence[float]) -> tuple[str, ...]: ...


@dataclass(slots=True)
class Simulation:
    """One playing of a story on `clock`, which starts where the story does. `certificates` are those issued so far."""

    story: Story
    clock: ManualClock
    journal: Journal
    samples: Samples
    bench: Bench
    watch: Watch
    levels: Mapping[str, ServiceLevel]
    requirements: tuple[Requirement, ...] = ()
    lang: Lang = Lang.FR
    certificates: list[Files] = field(default_factory=list)
    taken: list[Sample] = field(default_factory=list)
    _state: State = field(default_factory=State)
    _stood: Standing | None = None
    _read: Book | None = None
    _slow: bool = False

    async def lines(self, *, until: datetime | PhaseId | None = None) -> AsyncIterator[Line]:
        """The chronicle, line by line. `until`: an instant, or the phase whose closing ends it.

        `UnexpectedError` where an event ends otherwise than the story says.
        """
        story = self.story
        who = story.particulars.contacts.get(Party.ANS)
        move = Move(story.starts, who.name if who is not None else acting.TOOL, Party.ANS)
        await conduct.open_project(self.journal, story.project, story.particulars, move, now=story.starts)
        yield Line(story.starts, DONE, Text("Projet « {p} » ouvert.", "Project '{p}' opened.").format(p=story.project))
        end = min(until, story.ends) if isinstance(until, datetime) else story.ends
        moments = _moments(story)
        number = 0
        while moments and moments[0][0] <= end:
            at, _, event = heapq.heappop(moments)
            number += 1
            async for line in self._pass(at):
                yield line
            if event is None:
                async for line in self._round(number):
                    yield line
                continue
            async for line in self._event(event):
                yield line
            if event.do is Do.CLOSE and event.values["phase"] == until and not event.refused:
                return
            if event.do is Do.DELIVER:  # the next round of the watch shows whether it holds
                following_round = (at + await self._interval(), _WATCH, None)
                if following_round[:2] not in {moment[:2] for moment in moments}:
                    heapq.heappush(moments, following_round)
        async for line in self._pass(end):
            yield line

    async def proposal(self) -> Line | None:
        """What the certificate of the phase that is still open would say now; None where none has one."""
        book = await self._book()
        current = book.project.current
        if current is None or current.id not in PREFIXES:
            return None
        made = proposing.propose(
            book, current.id, self.clock.now(), self._standing(book, exact=True), requirements=self.requirements
        )
        return telling.proposed(made, self.clock.now())

    # --- time passes -------------------------------------------------------------------------------------------------

    async def _pass(self, end: datetime) -> AsyncIterator[Line]:
        """Time passes until `end`; what follows of itself on the way is told when it does."""
        while True:
            book = await self._book()
            at = following.next_instant(book, self.clock.now())
            if at is None or at > end:
                break
            await self._move(book, at)
            for line in self._follows(book):
                yield line
        await self._move(book, end)

    async def _move(self, book: Book, at: datetime) -> None:
        """Move the clock; a service in operation was watched meanwhile."""
        before, self.clock.at = self.clock.now(), at
        current = book.project.current
        if current is None or current.id not in _IN_SERVICE or at <= before:
            return
        interval = standings.promised(book.agreement).interval
        start = max(before, current.opened_at)
        made = list(
            samples(self.story.service, start, at, interval=interval, seed=self.story.seed, first=current.opened_at)
        )
        await self.samples.add(book.project.id, made)
        self.taken += made

    def _follows(self, book: Book) -> Iterator[Line]:
        now, standing = self.clock.now(), self._standing(book)
        found = following.state(book, now, standing)
        before, self._state = self._state, found
        yield from following.lines(book, now, before, found, standing)

    def _standing(self, book: Book, *, exact: bool = False) -> Standing | None:
        """How the service stood since the open phase was opened.

        Two months are 86 400 samples: unless `exact`, what was counted stands while all that was promised holds and
        nothing has happened to the service since.
        """
        current, now = book.project.current, self.clock.now()
        if current is None or current.id not in _IN_SERVICE or now <= current.opened_at:
            return None
        before = self._stood
        if before is not None and before.start == current.opened_at and before.end <= now:
            quiet = before.conforms is True and not self._happened(before.end, now)
            if before.end == now or (quiet and not exact):
                return before
        promise = standings.promised(book.agreement)
        self._stood = standings.standing(
            self.taken,
            current.opened_at,
            now,
            maintenance=book.project.maintenance,
            interval=promise.interval,
            levels=self.levels,
            promised_availability=promise.availability,
        )
        return self._stood

    def _happened(self, start: datetime, end: datetime) -> bool:
        """Whether the service was otherwise than usual at any moment between two instants."""
        told = self.story.service
        spans = (*told.outages, *told.slow, *told.unwatched)
        return any(span.start <= end and span.end > start for span in spans)

    # --- things happen -----------------------------------------------------------------------------------------------

    async def _event(self, event: Event) -> AsyncIterator[Line]:
        book = await self._book()
        standing = self._standing(book, exact=event.do in {Do.CLOSE, Do.SUSPEND})
        try:
            entries = await act(event, book, self.journal, self.bench, standing, runs=len(book.runs))
        except SasError as error:
            if not event.refused:
                raise _unexpected(event, error) from error
            yield _refusal(event, error)
            return
        if event.refused:
            raise UnexpectedError(
                Text(
                    "Récit, {key} ({at}) : « {do} » a été accepté, et le récit l’attendait refusé.",
                    "Story, {key} ({at}): '{do}' was accepted, and the story expected a refusal.",
                ).format(key=event.key, at=event.at.isoformat(), do=event.do.value)
            )
        self._read = None
        book = await self._book()
        yield telling.done(event, entries, book)
        if event.do is Do.CLOSE and event.values["phase"] in PREFIXES:
            yield await self._issue(event.values["phase"], entries)
            book = await self._book()
        for line in self._follows(book):
            yield line

    async def _issue(self, phase: PhaseId, entries: Sequence[Entry]) -> Line:
        book = await self._book()
        before = books.of(book.project.id, book.entries[:-1])
        made = await issuing.issue(
            self.journal,
            self.story.project,
            phase,
            decision=Outcome(entries[-1].payload["outcome"]),
            who=entries[-1].who,
            now=self.clock.now(),
            standing=self._standing(before, exact=True),
            requirements=self.requirements,
            lang=self.lang,
        )
        self.certificates.append(made)
        self._read = None
        return telling.issued(made, self.clock.now())

    async def _round(self, number: int) -> AsyncIterator[Line]:
        book = await self._book()
        current = book.project.current
        if current is None or current.id not in _IN_SERVICE:
            return
        now = self.clock.now()
        lately = [
            sample.seconds
            for sample in reversed(self.taken[-2 * int(_LATELY / standings.promised(book.agreement).interval) :])
            if sample.at >= now - _LATELY and sample.seconds is not None and sample.probe == standings.ONE_PRACTITIONER
        ]
        slow = self._too_slow(lately)
        if slow == self._slow and not self._awaits_round(book, now):
            return
        self._slow = slow
        touched = await self.watch(number, lately)
        self._read = None
        book = await self._book()
        if touched:
            yield telling.watched(touched, book, now)
        for line in self._follows(book):
            yield line

    def _awaits_round(self, book: Book, now: datetime) -> bool:
        """Whether an outage begins or ends now, or a correction that was delivered is to be shown to hold."""
        if any(now in {span.start, span.end} for span in self.story.service.outages):
            return True
        return any(anomaly.status is Status.DELIVERED for anomaly in book.register.open)

    def _too_slow(self, lately: Sequence[float]) -> bool:
        level = self.levels.get(standings.ONE_PRACTITIONER)
        if level is None:
            return False
        return Measurement.of(level.id, level.text, level, lately).verdict is Verdict.FAIL

    async def _interval(self) -> timedelta:
        return standings.promised((await self._book()).agreement).interval

    async def _book(self) -> Book:
        """The book as it stands: read again once something was written."""
        if self._read is None:
            self._read = await books.read(self.journal, self.story.project)
        return self._read


def _moments(story: Story) -> list[tuple[datetime, int, Event | None]]:
    """Events in their order, and the instants at which a watch would notice something: None. Of two at once the watch
    comes first. A heap."""
    moments: list[tuple[datetime, int, Event | None]] = [(event.at, n, event) for n, event in enumerate(story.events)]
    rounds = {at for span in story.service.outages for at in (span.start, span.end)}
    for span in story.service.slow:
        hours = int((span.end + _LATELY - span.start) / _HOUR) + 1
        rounds |= {span.start + hour * _HOUR for hour in range(1, hours + 1)}
    moments += [(at, _WATCH, None) for at in rounds if story.starts <= at <= story.ends]
    heapq.heapify(moments)
    return moments


def _unexpected(event: Event, error: SasError) -> UnexpectedError:
    return UnexpectedError(
        Text(
            'Récit, {key} ({at}), « {do} » est impossible : {why}\nSi c’est voulu, écrivez expect = "refused".',
            "Story, {key} ({at}), '{do}' is not possible: {why}\nIf this is meant, write expect = \"refused\".",
        ).format(key=event.key, at=event.at.isoformat(), do=event.do.value, why=error.text)
    )


def _refusal(event: Event, error: SasError) -> Line:
    details = following.shut(error.door) if isinstance(error, ShutDoorError) else (error.text,)
    return telling.refused(event, details)
