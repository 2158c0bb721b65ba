"""What a party may do now (ANS-CONV-001, art. 8.2, 8.4, 14). Pure. Shown, never taken."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from recette.monitoring.model import Standing
from recette.projects import schedule
from recette.projects.book import Book
from recette.projects.model import BREACH_REPAIRED, SUSPENSION_REQUESTED, PhaseId, Right
from recette.register.model import Matter

BLOCKING, SERVICE_LEVELS, REQUESTED = "suspension-blocking", "suspension-service-levels", "suspension-requested"
TERMINATION = "termination-right"
_IN_OPERATION = frozenset({PhaseId.VSR, PhaseId.EXPLOITATION})


def rights(book: Book, now: datetime, standing: Standing | None) -> tuple[Right, ...]:
    """The rights there are now; `standing` is how the service stood, where it was watched."""
    return (*_overdue(book, now), *_service(book, standing), *_requested(book), *_breach(book, now))


def _overdue(book: Book, now: datetime) -> Iterator[Right]:
    """A blocking anomaly that is not corrected in time gives the ANS a right until it is (art. 8.2)."""
    for due in book.dues(now):
        late = due.matter is Matter.CORRECTION and due.met_at is None and due.is_overdue
        if late and not due.indicative:
            for each in due.date.consequences:
                if each.id == BLOCKING:
                    yield Right(each.id, each.text, each.article, due.date.due_at, (due.anomaly,))


def _service(book: Book, standing: Standing | None) -> Iterator[Right]:
    current = book.project.current
    if standing is None or standing.conforms is not False or current is None or current.id not in _IN_OPERATION:
        return
    broken = book.agreement.consequences.get(SERVICE_LEVELS)
    if broken is not None:
        levels = tuple(level.level for level in standing.levels if level.holds is False)
        about = (*(("availability",) if standing.availability_holds is False else ()), *levels)
        yield Right(broken.id, broken.text, broken.article, standing.end, about)


def _requested(book: Book) -> Iterator[Right]:
    """The editor may ask for the stop itself; its request is spent once transmission was resumed (art. 8.4)."""
    asked, resumed = book.project.milestones.get(SUSPENSION_REQUESTED), book.project.resumed_at
    right = book.agreement.consequences.get(REQUESTED)
    if right is not None and asked is not None and (resumed is None or resumed < asked):
        yield Right(right.id, right.text, right.article, asked)


def _breach(book: Book, now: datetime) -> Iterator[Right]:
    """A breach not repaired when its time was up: a later repair leaves the right, a later agreed date takes it."""
    end = schedule.repair_end(book)
    repaired = book.project.milestones.get(BREACH_REPAIRED)
    notice = schedule.repair_due(book)
    if end is None or notice is None or now <= end:
        return
    in_time = repaired is not None and notice.at <= repaired <= end
    right = book.agreement.consequences.get(TERMINATION)
    if right is not None and not in_time:
        yield Right(right.id, right.text, right.article, end)
