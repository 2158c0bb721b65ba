"""What is done to a project: read its book, decide, write what was decided after what the decision rests on.

Where somebody else wrote meanwhile, most decisions are made again on the new book, which may refuse them. Closing a
phase is not: people decided on a door they had seen, and another anomaly would put a réserve on their certificate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime

from recette.journal.model import Draft, Entry, JournalMovedError, Party
from recette.journal.repository import Journal
from recette.monitoring.model import Standing
from recette.projects import book as books
from recette.projects import decisions, phases
from recette.projects.book import Book
from recette.projects.model import Outcome, Particulars, PhaseId
from recette.register.moves import Move

_ATTEMPTS = 5


async def open_project(
    journal: Journal, project: str, particulars: Particulars, move: Move, *, now: datetime
) -> tuple[Entry, ...]:
    """Open a project; `ProjectError` where there is one of this name or something is left out."""
    before = await journal.read(project)
    draft = decisions.open_project(project, particulars, move, exists=bool(before))
    return await journal.append(project, (draft,), now, expecting=0)


async def change_project(
    journal: Journal, project: str, particulars: Particulars, move: Move, *, now: datetime
) -> tuple[Entry, ...]:
    """Change what is said of it: only what `particulars` says."""
    return await _decided(journal, project, lambda book: decisions.change_project(book, particulars, move), now)


async def milestone(journal: Journal, project: str, name: str, move: Move, *, now: datetime) -> tuple[Entry, ...]:
    """Date an event (`decisions.MILESTONES`); said again, the later word holds."""
    return await _decided(journal, project, lambda book: decisions.milestone(book, name, move), now)


async def show(journal: Journal, project: str, what: str, move: Move, *, now: datetime) -> tuple[Entry, ...]:
    """Say that something was shown (`decisions.SHOWN`, or `review:SCENARIO`)."""
    return await _decided(journal, project, lambda book: decisions.show(book, what, move), now)


async def open_phase(journal: Journal, project: str, phase: PhaseId, move: Move, *, now: datetime) -> tuple[Entry, ...]:
    """Open the phase that comes next, or once more one whose certificate refused it."""
    return await _decided(journal, project, lambda book: phases.open_phase(book, phase, move), now)


async def extend_phase(
    journal: Journal, project: str, what: str, until: date, agreed: Mapping[Party, str], move: Move, *, now: datetime
) -> tuple[Entry, ...]:
    """Put a later date in place of a computed one; `what` is a phase or `breach-repair`, `agreed` who agreed to it."""
    return await _decided(journal, project, lambda book: phases.extend(book, what, until, agreed, move), now)


async def close_phase(
    journal: Journal,
    project: str,
    phase: PhaseId,
    outcome: Outcome,
    move: Move,
    *,
    now: datetime,
    standing: Standing | None = None,
    certificate: str = "",
) -> tuple[Entry, ...]:
    """Close a phase as people decided. `certificate` is the SHA-256 of the signed document, kept in the journal.

    `ProjectError` says what is missing where it is to be validated and its door is shut; `JournalMovedError` where
    somebody wrote since the book was read.
    """
    if certificate and await journal.document(certificate) is None:
        raise decisions.unknown_document(certificate)

    def decide(book: Book) -> Draft:
        return phases.close_phase(book, phase, outcome, move, standing=standing, certificate=certificate)

    return await _decided(journal, project, decide, now, again=False)


async def suspend(
    journal: Journal, project: str, move: Move, *, now: datetime, standing: Standing | None = None
) -> tuple[Entry, ...]:
    """Record that the ANS stopped the transmission of data, with the rights it had to."""
    return await _decided(journal, project, lambda book: decisions.suspend(book, move, standing=standing), now)


async def resume(journal: Journal, project: str, move: Move, *, now: datetime) -> tuple[Entry, ...]:
    """Record that data are transmitted again."""
    return await _decided(journal, project, lambda book: decisions.resume(book, move), now)


async def maintenance(
    journal: Journal, project: str, start: datetime, end: datetime, move: Move, *, now: datetime
) -> tuple[Entry, ...]:
    """Announce a planned interruption, which does not count against availability."""
    return await _decided(journal, project, lambda book: decisions.maintenance(book, start, end, move), now)


async def _decided(
    journal: Journal, project: str, decide: Callable[[Book], Draft], now: datetime, *, again: bool = True
) -> tuple[Entry, ...]:
    left = _ATTEMPTS if again else 1
    while True:
        book = await books.read(journal, project)
        left -= 1
        try:
            return await journal.append(project, (decide(book),), now, expecting=book.entries[-1].number)
        except JournalMovedError:
            if not left:
                raise
