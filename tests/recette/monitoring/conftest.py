"""The reference agenda under watch: in process, in virtual time, behind a wire that a test may cut or bend."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from recette import catalogue
from recette.cli.playing import plan_of
from recette.cli.watcher import Round, Store, Watcher
from recette.journal.model import Draft, Kind, Party
from recette.model import Selection, TransportFailure
from recette.monitoring import rounds
from recette.monitoring.standing import Promise
from recette.projects import book
from recette.projects.book import Book
from sas_kernel.clock import PARIS, ManualClock
from tests.faulty.wire import Agenda, Asked, Reference, Reply, WireDriver, demo_target, reference_agenda

START = datetime(2026, 10, 20, 9, 0, tzinfo=PARIS)
MINUTE = timedelta(minutes=1)


@dataclass
class Wire:
    """`status` takes the place of that of a search, `failure` of any answer; `seconds` is how long it takes."""

    agenda: Agenda
    status: int = 200
    failure: TransportFailure | None = None
    seconds: float = 0.1

    async def __call__(self, asked: Asked) -> Reply:
        if self.failure is not None:
            return Reply(0, (), b"", self.seconds, self.failure)
        reply = replace(await self.agenda(asked), seconds=self.seconds)
        return replace(reply, status=self.status) if asked.is_search and self.status != 200 else reply


@dataclass
class Watched:
    """A project in VSR whose agenda is watched."""

    watcher: Watcher
    wire: Wire
    clock: ManualClock
    store: Store

    async def round(self) -> Round:
        """One round, kept and written as the command does; then a minute passes."""
        await self.watcher.remember()
        taken = await self.watcher.take()
        await self.watcher.add(taken.samples)
        await self.watcher.write(taken.report)
        self.clock.advance(MINUTE)
        return taken

    async def book(self) -> Book:
        return await book.read(await self.store.journal(), "p")

    async def write(self, kind: Kind, subject: str, **payload: object) -> None:
        journal = await self.store.journal()
        await journal.append("p", [draft(kind, subject, self.clock.now(), **payload)], self.clock.now())


def draft(kind: Kind, subject: str, at: datetime, **payload: object) -> Draft:
    return Draft(kind, subject, at, "Camille Orfelin", Party.ANS, "", payload)


def opening(at: datetime) -> tuple[Draft, ...]:
    """A project of an invented editor, whose VSR opens."""
    return (
        draft(
            Kind.PROJECT_OPENED,
            "",
            at,
            editor="Éditions Soleil",
            interface="Disponibilités",
            environment="production",
            agreement="sas-agenda",
        ),
        draft(Kind.PHASE_OPENED, "vsr", at),
    )


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def agenda(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Reference, ManualClock]]:
    clock = ManualClock(START)
    async with reference_agenda(tmp_path_factory.mktemp("agenda"), clock) as reference:
        yield reference, clock


@pytest_asyncio.fixture(loop_scope="module")
async def watched(agenda: tuple[Reference, ManualClock], tmp_path: Path) -> AsyncIterator[Watched]:
    reference, clock = agenda
    clock.at = START
    wire = Wire(reference)
    store = Store(f"sqlite:///{tmp_path / 'register.sqlite'}")
    probes = [each.id for each in rounds.chosen(catalogue.scenarios(()))]
    plan = plan_of(demo_target(), Selection(scenarios=tuple(probes[:2])))

    @asynccontextmanager
    async def driver() -> AsyncIterator[WireDriver]:
        wire.agenda = Reference(reference.app)  # the answers it knows are those of an instant that has passed
        yield WireDriver(wire, clock)

    watcher = Watcher("p", plan, driver, store, clock, "recette monitor", Promise(0.99, MINUTE), print)
    await (await store.journal()).append("p", opening(START - MINUTE), START)
    try:
        yield Watched(watcher, wire, clock, store)
    finally:
        await store.close()
