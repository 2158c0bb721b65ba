"""The phases of projects on one axis of time, as places in percent of its width. Pure.

Places in percent keep letters at their size on any screen: a drawing that is scaled cannot be read on a phone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from recette.dashboard.words import CODES, PHASES
from recette.projects.model import Outcome, PhaseId
from recette.projects.timeline import Line
from sas_kernel.clock import PARIS
from sas_kernel.text import Lang

_LONGEST = timedelta(days=550)
_AHEAD = timedelta(days=21)
_MONTHS_FR = ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc.")
_MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MOST_TICKS = 7


@dataclass(frozen=True, slots=True)
class Tick:
    x: float
    label: str


@dataclass(frozen=True, slots=True)
class Axis:
    """From `start` to `end`, with the first days of months on it and today."""

    start: datetime
    end: datetime
    now: datetime

    def at(self, instant: datetime) -> float:
        """Where an instant is, in percent; what lies outside is at the edge."""
        whole = (self.end - self.start).total_seconds()
        return round(min(max((instant - self.start).total_seconds() / whole, 0), 1) * 100, 2)

    @property
    def today(self) -> float:
        return self.at(self.now)

    def ticks(self, lang: Lang) -> tuple[Tick, ...]:
        """First days of months, so few that they can be read."""
        months = list(_months(self.start, self.end))
        step = next(step for step in (1, 2, 3, 6, 12, 24) if len(months) / step <= _MOST_TICKS or step == 24)
        names = _MONTHS_EN if lang is Lang.EN else _MONTHS_FR
        kept = [month for month in months if (month.month - 1) % min(step, 12) == 0]
        return tuple(
            Tick(
                self.at(month),
                f"{names[month.month - 1]} {month.year}" if _named(month, place) else names[month.month - 1],
            )
            for place, month in enumerate(kept)
        )


def _named(month: datetime, place: int) -> bool:
    return place == 0 or month.month == 1


@dataclass(frozen=True, slots=True)
class Bar:
    """A phase as it went (`kind`: done, refused, current, late), what was planned of it, or what prolonged it."""

    x: float
    width: float
    kind: str
    label: str
    short: str
    title: str
    level: int = 0
    """Planned bars of neighbours lie on two levels: a phase may be closed long before its end."""


@dataclass(frozen=True, slots=True)
class Row:
    actual: tuple[Bar, ...]
    planned: tuple[Bar, ...]


def axis(rows: Iterable[Sequence[Line]], now: datetime) -> Axis:
    """One axis for these timelines: from the first phase, a year and a half ago at most, to after the last end."""
    begun, ends = [now - _AHEAD], [now + _AHEAD]
    for line in (line for lines in rows for line in lines):
        if line.state is None:
            continue
        begun.append(line.state.opened_at)
        if line.state.is_open and line.state.id is not PhaseId.EXPLOITATION and line.planned_end is not None:
            ends.append(line.planned_end + timedelta(days=7))
    return Axis(max(min(begun), now - _LONGEST), max(ends), now)


def row(lines: Sequence[Line], on: Axis, lang: Lang) -> Row:
    """The bars of one project. Of operation nothing is planned here: it ends years later."""
    actual: list[Bar] = []
    planned: list[Bar] = []
    for number, line in enumerate(lines):
        state = line.state
        if state is None:
            continue
        label = (PHASES[state.id].to(lang), CODES[state.id].to(lang))
        end = state.closed_at or on.now
        if state.id is PhaseId.EXPLOITATION and state.is_open:
            end = on.end
        actual.append(_bar(on, state.opened_at, end, _kind(line, on.now), label))
        if line.planned_end is None or state.id is PhaseId.EXPLOITATION:
            continue
        ruled = line.planned_end if line.due is None else min(line.due.due_at, line.planned_end)
        planned.append(_bar(on, state.opened_at, ruled, "planned", label, number % 2))
        later = _later_end(line, on.now)
        if later > ruled:
            planned.append(_bar(on, ruled, later, "prolonged", label, number % 2))
    return Row(tuple(actual), tuple(planned))


def _later_end(line: Line, now: datetime) -> datetime:
    """Until when a phase was prolonged: a date that was agreed on, the VSR’s computed end or close, or today."""
    assert line.planned_end is not None
    later = line.planned_end
    if line.state is not None and line.state.id is PhaseId.VSR:
        if line.state.closed_at is not None:
            later = max(later, line.state.closed_at)
        elif line.prolonged_by:
            later = max(later, now)
        elif line.earliest_end is not None:
            later = max(later, datetime.combine(line.earliest_end, time(23, 59), PARIS))
    return later


def _kind(line: Line, now: datetime) -> str:
    assert line.state is not None
    if line.state.outcome is Outcome.REFUSED:
        return "refused"
    if not line.state.is_open:
        return "done"
    return "late" if line.is_late(now) else "current"


def _bar(on: Axis, start: datetime, end: datetime, kind: str, label: tuple[str, str], level: int = 0) -> Bar:
    x, to = on.at(start), on.at(end)
    title = f"{label[0]} : {start.astimezone(PARIS):%d/%m/%Y} – {end.astimezone(PARIS):%d/%m/%Y}"
    return Bar(x, max(round(to - x, 2), 0.4), kind, *label, title, level)


def _months(start: datetime, end: datetime) -> Iterator[datetime]:
    month = start.astimezone(PARIS).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while month <= end:
        if month >= start:
            yield month
        month = (month + timedelta(days=32)).replace(day=1)
