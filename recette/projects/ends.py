"""When phases are to end, as a calendar of deadlines shows it. Pure."""

from __future__ import annotations

from collections import Counter

from recette.projects.book import Book
from recette.projects.timeline import timeline
from recette.register.calendar import PlannedEnd


def planned_ends(book: Book) -> tuple[PlannedEnd, ...]:
    """The planned end of each phase that was opened; of a VSR, the day from which it may be closed."""
    made = []
    opened: Counter[str] = Counter()
    for line in timeline(book):
        opened[line.phase.id] += 1
        if line.state is not None and line.planned_end is not None:
            rule = line.due.deadline.article if line.due is not None else line.phase.article
            made.append(
                PlannedEnd(
                    key=f"{line.phase.id}/{opened[line.phase.id]}",
                    phase=line.phase.id,
                    title=line.phase.title,
                    at=line.planned_end,
                    article=rule,
                    is_over=not line.state.is_open,
                )
            )
    return tuple(made)
