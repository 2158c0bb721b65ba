"""What a page says of a project at an instant, from its book. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from recette.agreement.model import Choice
from recette.dashboard.model import Service
from recette.journal.model import Entry, Kind
from recette.model import Severity
from recette.projects import acts, doors, timeline
from recette.projects.acts import Act
from recette.projects.book import Book
from recette.projects.model import Door, Right
from recette.projects.timeline import Line
from recette.register import dues
from recette.register.model import Anomaly, Due


@dataclass(frozen=True, slots=True)
class View:
    """A project as it stands at `now`.

    `door` is that of the open phase. `dues` are those of open anomalies, not met yet, the least time left first;
    `counts` the open anomalies by severity. `rights` are shown, never taken.
    """

    book: Book
    now: datetime
    door: Door | None
    acts: tuple[Act, ...]
    rights: tuple[Right, ...]
    lines: tuple[Line, ...]
    dues: tuple[Due, ...]
    counts: Mapping[Severity, int]
    service: Service | None

    @property
    def overdue(self) -> tuple[Due, ...]:
        """Deadlines that passed unmet; those the agreement does not set in their phase are none."""
        return tuple(due for due in self.dues if due.is_overdue and not due.indicative)

    @property
    def choices(self) -> tuple[Choice, ...]:
        """What the text leaves open and this page’s dates rest on."""
        return footnotes((*self.dues, *self.lines))

    @property
    def certificates(self) -> tuple[Entry, ...]:
        """Those issued, the last first."""
        return tuple(entry for entry in reversed(self.book.entries) if entry.kind is Kind.CERTIFICATE)


def view(book: Book, now: datetime, service: Service | None = None) -> View:
    """What a page shows of a project."""
    standing = None if service is None else service.standing
    current = book.project.current
    pending = [due for due in dues.pending(book.dues(now)) if book.register.anomalies[due.anomaly].is_open]
    return View(
        book=book,
        now=now,
        door=None if current is None else doors.door(book, current.id, now, standing),
        acts=acts.acts(book, now, standing),
        rights=doors.rights(book, now, standing),
        lines=timeline.timeline(book),
        dues=tuple(sorted(pending, key=_urgency)),
        counts=Counter(anomaly.severity for anomaly in book.register.open),
        service=service,
    )


def most_pressing(views: Iterable[View]) -> list[View]:
    """Projects in the order in which somebody should look: what is overdue, open rights, blocking anomalies, names."""

    def pressure(each: View) -> tuple[int, int, int, str]:
        return (-len(each.overdue), -len(each.rights), -each.counts[Severity.BLOCKING], each.book.project.id)

    return sorted(views, key=pressure)


def first_due(views: Iterable[View], most: int) -> list[tuple[View, Due]]:
    """Of all projects, what is overdue or due next and really asked for."""
    found = [(view, due) for view in views for due in view.dues if not due.indicative]
    return sorted(found, key=lambda pair: _urgency(pair[1]))[:most]


def life(book: Book, anomaly: Anomaly) -> tuple[Entry, ...]:
    """Every entry about an anomaly, in order."""
    return tuple(entry for entry in book.entries if entry.subject == anomaly.id and entry.kind.value.startswith("anom"))


def footnotes(dated: Iterable[Due | Line]) -> tuple[Choice, ...]:
    """The choices that bore on these dates, each once."""
    found: dict[str, Choice] = {}
    for each in dated:
        date = each.date if isinstance(each, Due) else each.due
        if date is not None:
            found.update({choice.key: choice for choice in date.footnotes})
    return tuple(found.values())


def references(notes: Sequence[Choice], choices: Sequence[Choice]) -> list[tuple[str, str]]:
    """The numbers of these notes among all, neighbours as one (`1–5`), each with the key of its first."""
    numbers = {choice.key: number for number, choice in enumerate(choices, 1)}
    spans: list[tuple[int, int]] = []
    for number in sorted(numbers[note.key] for note in notes if note.key in numbers):
        if spans and spans[-1][1] == number - 1:
            spans[-1] = (spans[-1][0], number)
        else:
            spans.append((number, number))
    return [(f"{a}" if a == b else f"{a}–{b}", choices[a - 1].key) for a, b in spans]


def _urgency(due: Due) -> tuple[bool, float, str]:
    """A deadline that only tells what would be asked comes after those that are asked."""
    return (due.indicative, due.left.total_seconds(), due.anomaly)
