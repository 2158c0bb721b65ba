"""Decisions written to a journal: once on each database, and what becomes of those made on an old book."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime

import pytest

from recette.journal.model import Draft, Entry, JournalMovedError, Kind, Party, first_broken
from recette.journal.repository import Journal, opened
from recette.projects import book, conduct
from recette.projects.model import Outcome, Particulars, PhaseId, ProjectError, ShutDoorError, UseCase
from recette.register import runs
from tests.recette.projects.conftest import at, by, run, stood

TERMS = Particulars(editor="Éditions Exemple", environment="recette", use_case=UseCase.AVAILABILITY)


@pytest.fixture
async def journal(database_url: str) -> AsyncIterator[Journal]:
    async with opened(database_url) as journal:
        yield journal


@pytest.fixture
async def sqlite(sqlite_url: str) -> AsyncIterator[Journal]:
    async with opened(sqlite_url) as journal:
        await conduct.open_project(journal, "p", TERMS, by(Party.ANS, "2026-02-02T09:00"), now=at("2026-02-02T09:00"))
        yield journal


class Interrupted(Journal):
    """A journal to which somebody else writes between a decision and its entry, `times` over."""

    def __init__(self, journal: Journal, times: int) -> None:
        super().__init__(journal._database)
        self.times = times

    async def append(
        self, project: str, drafts: Sequence[Draft], recorded_at: datetime, *, expecting: int | None = None
    ) -> tuple[Entry, ...]:
        if self.times:
            self.times -= 1
            other = Draft(Kind.NOTE, "A-0001", recorded_at, "Quelqu’un d’autre", Party.TOOL, "x")
            await super().append(project, [other], recorded_at)
        return await super().append(project, drafts, recorded_at, expecting=expecting)


async def test_a_project_goes_from_its_opening_to_its_last_phase(journal: Journal) -> None:
    async def phase(which: PhaseId, opens: str, closes: str) -> None:
        await conduct.open_phase(journal, "p", which, by(Party.ANS, opens), now=at(opens))
        if which is PhaseId.DEVELOPPEMENT:
            await conduct.milestone(journal, "p", "delivery", by(Party.EDITOR, closes), now=at(closes))
        if which is PhaseId.RECETTE:
            agreed = {Party.ANS: "Alix Modèle", Party.EDITOR: "Camille Orfelin"}
            until, move = date(2026, 7, 31), by(Party.ANS, "2026-05-02T09:00")
            await conduct.extend_phase(journal, "p", "recette", until, agreed, move, now=move.at)
            made = run("r1", "2026-05-18T10:00")
            await journal.append("p", [runs.draft(made, "recette")], made.finished_at)
        if which is PhaseId.MISE_EN_SERVICE:
            for what in ("connectivity", "exchanges"):
                await conduct.show(journal, "p", what, by(Party.ANS, "2026-05-26T10:00"), now=at(closes))
        if which is PhaseId.VSR:
            when = at("2026-06-10T22:00"), at("2026-06-10T23:00")
            move = by(Party.EDITOR, "2026-06-08T09:00", "Mise à jour.")
            await conduct.maintenance(journal, "p", *when, move, now=move.at)
            for change in (conduct.suspend, conduct.resume):
                move = by(Party.ANS, "2026-06-15T09:00", "À la demande de l’éditeur.")
                await change(journal, "p", move, now=move.at)
        await conduct.close_phase(
            journal, "p", which, Outcome.VALIDATED, by(Party.ANS, closes), now=at(closes), standing=stood()
        )

    start = by(Party.ANS, "2026-02-02T09:00")
    await conduct.open_project(journal, "p", TERMS, start, now=start.at)
    await conduct.change_project(journal, "p", Particulars(version="4.1"), start, now=start.at)
    await conduct.milestone(journal, "p", "signature", by(Party.ANS, "2026-02-02T10:00"), now=at("2026-02-02T10:00"))
    await phase(PhaseId.CADRAGE, "2026-02-02T10:00", "2026-02-10T12:00")
    await phase(PhaseId.DEVELOPPEMENT, "2026-02-10T12:00", "2026-04-20T12:00")
    await phase(PhaseId.RECETTE, "2026-04-21T09:00", "2026-05-18T15:00")
    await phase(PhaseId.MISE_EN_SERVICE, "2026-05-20T09:00", "2026-06-02T14:00")
    await phase(PhaseId.VSR, "2026-06-02T14:00", "2026-08-02T10:00")
    read = await book.read(journal, "p")
    assert [state.outcome for state in read.project.phases] == [Outcome.VALIDATED] * 5
    assert read.project.version == "4.1"
    assert len(read.project.maintenance) == 1
    assert read.project.resumed_at == at("2026-06-15T09:00")
    assert first_broken(read.entries) is None


async def test_a_refused_decision_writes_nothing(sqlite: Journal) -> None:
    before = await sqlite.read("p")
    move = by(Party.ANS, "2026-02-03T09:00")
    with pytest.raises(ProjectError):
        await conduct.open_phase(sqlite, "p", PhaseId.VSR, move, now=move.at)
    with pytest.raises(ProjectError, match="exists already"):
        await conduct.open_project(sqlite, "p", TERMS, move, now=move.at)
    with pytest.raises(ProjectError, match="There is no project"):
        await conduct.open_phase(sqlite, "q", PhaseId.CADRAGE, move, now=move.at)
    assert await sqlite.read("p") == before


async def test_what_somebody_else_wrote_meanwhile_is_taken_into_account(sqlite: Journal) -> None:
    move = by(Party.ANS, "2026-02-03T09:00")
    (written,) = await conduct.open_phase(Interrupted(sqlite, 2), "p", PhaseId.CADRAGE, move, now=move.at)
    assert written.number == 4
    with pytest.raises(JournalMovedError):
        await conduct.milestone(Interrupted(sqlite, 9), "p", "signature", move, now=move.at)


async def test_a_phase_is_closed_on_the_book_that_people_saw_or_not_at_all(sqlite: Journal) -> None:
    move = by(Party.ANS, "2026-02-03T09:00")
    await conduct.milestone(sqlite, "p", "signature", move, now=move.at)
    await conduct.open_phase(sqlite, "p", PhaseId.CADRAGE, move, now=move.at)
    cadrage, validated = PhaseId.CADRAGE, Outcome.VALIDATED
    with pytest.raises(JournalMovedError):
        await conduct.close_phase(Interrupted(sqlite, 1), "p", cadrage, validated, move, now=move.at)
    assert (await book.read(sqlite, "p")).phase == "cadrage"
    await conduct.close_phase(sqlite, "p", cadrage, validated, move, now=move.at)
    assert (await book.read(sqlite, "p")).phase == ""


async def test_a_shut_door_is_not_closed_and_a_certificate_that_is_not_kept_not_attached(sqlite: Journal) -> None:
    move = by(Party.ANS, "2026-02-03T09:00")
    await conduct.open_phase(sqlite, "p", PhaseId.CADRAGE, move, now=move.at)
    cadrage, validated = PhaseId.CADRAGE, Outcome.VALIDATED
    with pytest.raises(ShutDoorError, match="not signed"):
        await conduct.close_phase(sqlite, "p", cadrage, validated, move, now=move.at)
    await conduct.milestone(sqlite, "p", "signature", move, now=move.at)
    with pytest.raises(ProjectError, match="keeps no document"):
        await conduct.close_phase(sqlite, "p", cadrage, validated, move, now=move.at, certificate="ab" * 32)
    sha256 = await sqlite.keep(b"%PDF-1.7", "application/pdf", move.at)
    await conduct.close_phase(sqlite, "p", cadrage, validated, move, now=move.at, certificate=sha256)
    state = (await book.read(sqlite, "p")).project.phase(PhaseId.CADRAGE)
    assert state is not None
    assert state.certificate == sha256
