"""The phases of a project on their way: opened, due and by which rule, prolonged by what, closed. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from recette.agreement.model import DueDate, Phase
from recette.projects import schedule
from recette.projects.book import Book
from recette.projects.model import PhaseId, PhaseState


@dataclass(frozen=True, slots=True)
class Line:
    """A phase that was opened (`state`), or that is to come.

    `due` is its end by the rule alone, with the choices that bore on it; `planned_end` the one that holds. Of a VSR,
    `earliest_end` is the day from which it may be closed, None while `prolonged_by`, the anomalies whose correction is
    awaited, does not let it be told.
    """

    phase: Phase
    state: PhaseState | None
    due: DueDate | None
    planned_end: datetime | None
    earliest_end: date | None
    prolonged_by: tuple[str, ...]

    def is_late(self, now: datetime) -> bool:
        """Whether it took or takes longer than planned; the VSR and operation have no such end."""
        if self.state is None or self.planned_end is None or self.phase.id in {PhaseId.VSR, PhaseId.EXPLOITATION}:
            return False
        return (self.state.closed_at or now) > self.planned_end


def timeline(book: Book) -> tuple[Line, ...]:
    """Every phase as often as it was opened, then those to come, in the order of the agreement."""
    lines = []
    for phase in book.agreement.phases:
        opened = [state for state in book.project.phases if state.id.value == phase.id]
        lines += [_line(book, phase, state) for state in opened]
        if not opened:
            lines.append(Line(phase, None, None, None, None, ()))
    return tuple(lines)


def _line(book: Book, phase: Phase, state: PhaseState) -> Line:
    return Line(
        phase=phase,
        state=state,
        due=schedule.planned(book, state),
        planned_end=schedule.planned_end(book, state),
        earliest_end=schedule.earliest_end(book, state) if state.is_open else None,
        prolonged_by=schedule.awaited(book) if state.id is PhaseId.VSR and state.is_open else (),
    )
