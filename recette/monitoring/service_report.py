"""The service report of a period: how the service stood, day by day, with its outages and planned maintenance. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from recette.agreement.model import Choice
from recette.model import percentile
from recette.monitoring import periods, standing, timeline
from recette.monitoring.model import Sample, Standing
from recette.monitoring.standing import ONE_PRACTITIONER, Promise
from recette.monitoring.timeline import Outage, Planned, Timeline
from sas_kernel.contracts import ServiceLevel

_BY_HOUR_UP_TO = timedelta(days=4)


@dataclass(frozen=True, slots=True)
class Window:
    """A planned interruption within the period; `counts`: it was announced before it began, and is excluded."""

    start: datetime
    end: datetime
    announced_at: datetime
    why: str
    counts: bool


@dataclass(frozen=True, slots=True)
class Day:
    """A local day, or what of it lies in the period. `budget_left` is what was left of the period’s at its end."""

    day: date
    line: Timeline
    watched: timedelta
    downtime: timedelta
    maintenance: timedelta
    availability: float | None
    budget_left: timedelta

    @property
    def length(self) -> timedelta:
        return timedelta(microseconds=self.line.end - self.line.start)

    @property
    def unwatched(self) -> timedelta:
        return self.length - self.watched - self.maintenance


@dataclass(frozen=True, slots=True)
class Point:
    """Response times of the search for one practitioner over a day or an hour, in seconds; None without any."""

    start: datetime
    end: datetime
    samples: int
    p50: float | None
    p95: float | None
    max: float | None


@dataclass(frozen=True, slots=True)
class ServiceReport:
    """`budget` is the error budget of the time watched; `by_hour`: `points` are hours, else days."""

    project: str
    editor: str
    interface: str
    environment: str
    agreement: str
    zone: ZoneInfo
    generated_at: datetime
    tool_version: str
    promise: Promise
    standing: Standing
    budget: timedelta
    days: tuple[Day, ...]
    points: tuple[Point, ...]
    by_hour: bool
    outages: tuple[Outage, ...]
    windows: tuple[Window, ...]
    choices: tuple[Choice, ...]
    levels: Mapping[str, ServiceLevel]

    @property
    def length(self) -> timedelta:
        """How long the period lasts."""
        return timedelta(microseconds=timeline.micros(self.standing.end) - timeline.micros(self.standing.start))

    @property
    def unwatched(self) -> timedelta:
        """The time that no sample stands for, outside planned maintenance."""
        return self.length - self.standing.watched - self.standing.maintenance


class PlannedWithReason(Planned, Protocol):
    """Planned maintenance with what was said of it."""

    @property
    def why(self) -> str: ...


@dataclass(frozen=True, slots=True)
class About:
    """Whose service it is."""

    project: str
    editor: str
    interface: str
    environment: str
    agreement: str
    zone: ZoneInfo
    choices: tuple[Choice, ...]


def made(
    about: About,
    samples: Iterable[Sample],
    start: datetime,
    end: datetime,
    *,
    maintenance: Sequence[PlannedWithReason],
    promise: Promise,
    levels: Mapping[str, ServiceLevel],
    now: datetime,
    tool_version: str,
) -> ServiceReport:
    """The report of `start` to `end`. Give the samples from `timeline.REACH` intervals before the start on."""
    kept = sorted(samples, key=lambda sample: sample.at)
    line = timeline.of(kept, start, end, maintenance=maintenance, interval=promise.interval)
    told = standing.of(line, kept, start, end, levels=levels, promised_availability=promise.availability)
    by_hour = end - start <= _BY_HOUR_UP_TO
    spans = (
        tuple(periods.hours(start, end))
        if by_hour
        else tuple((first, last) for _, first, last in periods.days(start, end, about.zone))
    )
    budget = told.budget_left + told.downtime
    return ServiceReport(
        project=about.project,
        editor=about.editor,
        interface=about.interface,
        environment=about.environment,
        agreement=about.agreement,
        zone=about.zone,
        generated_at=now,
        tool_version=tool_version,
        promise=promise,
        standing=told,
        budget=budget,
        days=_days(line, start, end, about.zone, budget),
        points=_points(standing.within(kept, line), spans),
        by_hour=by_hour,
        outages=timeline.outages(kept, start, end, maintenance=maintenance, interval=promise.interval),
        windows=tuple(
            Window(each.start, each.end, each.announced_at, each.why, each.announced_at < each.start)
            for each in sorted(maintenance, key=lambda each: each.start)
            if each.start < end and each.end > start
        ),
        choices=about.choices,
        levels=levels,
    )


def _days(line: Timeline, start: datetime, end: datetime, zone: ZoneInfo, budget: timedelta) -> tuple[Day, ...]:
    made: list[Day] = []
    left = budget
    for day, first, last in periods.days(start, end, zone):
        part = line.within(timeline.micros(first), timeline.micros(last))
        watched, down = timeline.length(part.watched), timeline.length(part.down)
        left -= timedelta(microseconds=down)
        made.append(
            Day(
                day=day,
                line=part,
                watched=timedelta(microseconds=watched),
                downtime=timedelta(microseconds=down),
                maintenance=timedelta(microseconds=timeline.length(part.maintenance)),
                availability=(watched - down) / watched if watched else None,
                budget_left=left,
            )
        )
    return tuple(made)


def _points(samples: Sequence[Sample], spans: Sequence[tuple[datetime, datetime]]) -> tuple[Point, ...]:
    timed = [each for each in samples if each.probe == ONE_PRACTITIONER and each.seconds is not None]
    instants = [each.at for each in timed]
    made: list[Point] = []
    for start, end in spans:
        part = timed[bisect_left(instants, start) : bisect_left(instants, end)]
        taken = [each.seconds for each in part if each.seconds is not None]
        made.append(Point(start, end, len(taken), percentile(taken, 50), percentile(taken, 95), percentile(taken, 100)))
    return tuple(made)
