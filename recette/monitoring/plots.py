"""Where the plots of a service report stand: a strip of days, response times, the error budget. Pure geometry."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from recette.monitoring import timeline
from recette.monitoring.service_report import Day, Point, ServiceReport
from recette.monitoring.standing import ANSWER_TIMEOUT, ONE_PRACTITIONER
from sas_kernel.text import Lang

WIDTH = 960.0
LEFT, RIGHT = 64.0, 16.0
STRIP_TOP, STRIP_HEIGHT = 8.0, 240.0
PLOT_TOP, PLOT_HEIGHT = 14.0, 190.0

_LEAST_SHOWN = 1.6
"""No outage is so short that it is not seen."""
_TICKS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
_SHORTEST = 1e-4
_FEWEST_BETWEEN_LABELS = 30.0


@dataclass(frozen=True, slots=True)
class Box:
    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Label:
    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A level across the plot."""

    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Strip:
    boxes: tuple[Box, ...]
    labels: tuple[Label, ...]
    hours: tuple[Label, ...]
    height: float = STRIP_TOP + STRIP_HEIGHT + 24


@dataclass(frozen=True, slots=True)
class Curves:
    """`p50` and `p95` are polylines (one a stretch of days with samples), `dots` the slowest answers."""

    p50: tuple[str, ...]
    p95: tuple[str, ...]
    dots: tuple[Box, ...]
    levels: tuple[Line, ...]
    ticks: tuple[Line, ...]
    labels: tuple[Label, ...]
    height: float = PLOT_TOP + PLOT_HEIGHT + 26


@dataclass(frozen=True, slots=True)
class Burn:
    """What was left of the error budget; `pace` is what would have been, spent evenly."""

    area: str
    left: str
    pace: str
    zero: float
    overspent: bool
    ticks: tuple[Line, ...]
    labels: tuple[Label, ...]
    height: float = PLOT_TOP + PLOT_HEIGHT + 26


def strip(report: ServiceReport) -> Strip:
    """One column a day, midnight on top: watched, down, in maintenance, not watched."""
    step = _step(len(report.days))
    boxes: list[Box] = []
    for position, day in enumerate(report.days):
        boxes += _column(day, LEFT + position * step, step)
    hours = tuple(Label(LEFT - 8, STRIP_TOP + STRIP_HEIGHT * hour / 24 + 4, f"{hour} h") for hour in (0, 6, 12, 18, 24))
    return Strip(tuple(boxes), _day_labels(report.days, step, STRIP_TOP + STRIP_HEIGHT + 18), hours)


def _column(day: Day, x: float, step: float) -> Iterator[Box]:
    # A day cut by the period, or by a clock change, fills its column as far as it lasts.
    line, scale = day.line, STRIP_HEIGHT / max(timedelta(hours=24), day.length).total_seconds() / 1e6
    gap = min(step * 0.12, 3.0)

    def box(kind: str, span: tuple[int, int]) -> Box:
        height = max((span[1] - span[0]) * scale, _LEAST_SHOWN if kind == "down" else 0.0)
        y = min(STRIP_TOP + (span[0] - line.start) * scale, STRIP_TOP + STRIP_HEIGHT - height)
        return Box(kind, _r(x + gap / 2), _r(y), _r(step - gap), _r(height))

    yield box("unwatched", (line.start, line.end))
    for kind, spans in (("up", line.watched), ("planned", line.maintenance), ("down", line.seen_down)):
        for span in timeline.without(spans, line.maintenance) if kind == "down" else spans:
            yield box(kind, span)


def curves(report: ServiceReport, lang: Lang) -> Curves | None:
    """Response times on a logarithmic axis, with the promised levels; None without a sample."""
    points = report.points
    slowest = [point.max for point in points if point.max is not None]
    fastest = [point.p50 for point in points if point.p50 is not None]
    if not slowest or not fastest:
        return None
    promised = [report.levels[id].value for id in (ONE_PRACTITIONER, ANSWER_TIMEOUT) if id in report.levels]
    low = math.log(max(min(*fastest, *promised), _SHORTEST) / 1.5)
    high = math.log(max(*slowest, *promised) * 1.3)

    def y(value: float) -> float:
        place = (math.log(max(value, _SHORTEST)) - low) / (high - low)
        return _r(PLOT_TOP + PLOT_HEIGHT * (1 - min(max(place, 0.0), 1.0)))

    step = _step(len(points))
    middles = [LEFT + (position + 0.5) * step for position in range(len(points))]
    shown = [tick for tick in _TICKS if math.exp(low) <= tick <= math.exp(high)]
    return Curves(
        p50=tuple(_polylines(points, middles, "p50", y)),
        p95=tuple(_polylines(points, middles, "p95", y)),
        dots=tuple(
            Box("over" if promised and point.max >= max(promised) else "dot", _r(x), y(point.max), 0, 0)
            for x, point in zip(middles, points, strict=True)
            if point.max is not None
        ),
        levels=tuple(Line(y(value), _duration(value, lang)) for value in promised),
        ticks=tuple(Line(y(tick), _duration(tick, lang)) for tick in shown),
        labels=_point_labels(report, step),
    )


def _polylines(
    points: Sequence[Point], middles: Sequence[float], name: str, y: Callable[[float], float]
) -> Iterator[str]:
    run: list[str] = []
    for x, point in zip(middles, points, strict=True):
        value = getattr(point, name)
        if value is None:
            if run:
                yield " ".join(run)
            run = []
        else:
            run.append(f"{_r(x)},{y(value)}")
    if run:
        yield " ".join(run if len(run) > 1 else [run[0], run[0]])


def burn(report: ServiceReport, lang: Lang) -> Burn | None:
    """The error budget from the first day to the last; None where there is none to spend."""
    total = report.budget.total_seconds() / 60
    if total <= 0 or not report.days:
        return None
    left = [total, *(day.budget_left.total_seconds() / 60 for day in report.days)]
    lowest = min(0.0, *left)
    span = (total - lowest) * 1.08

    def y(value: float) -> float:
        return _r(PLOT_TOP + PLOT_HEIGHT * (1 - (value - lowest) / span))

    step = _step(len(report.days))
    corners = [f"{_r(LEFT + position * step)},{y(value)}" for position, value in enumerate(left)]
    last = _r(LEFT + len(report.days) * step)
    return Burn(
        area=f"{LEFT},{y(0)} {' '.join(corners)} {last},{y(0)}",
        left=" ".join(corners),
        pace=f"{LEFT},{y(total)} {last},{y(0)}",
        zero=y(0),
        overspent=left[-1] < 0,
        ticks=tuple(Line(y(value), _minutes(value, lang)) for value in _nice(lowest, total)),
        labels=_day_labels(report.days, step, PLOT_TOP + PLOT_HEIGHT + 18),
    )


def _nice(lowest: float, highest: float) -> list[float]:
    """Three to six round numbers of minutes."""
    span = highest - lowest
    step = next((s for s in (1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 720, 1440, 2880) if span / s <= 6), span / 4)
    first = math.ceil(lowest / step)
    return [number * step for number in range(first, math.floor(highest / step) + 1)]


def _day_labels(days: Sequence[Day], step: float, y: float) -> tuple[Label, ...]:
    every = max(1, math.ceil(_FEWEST_BETWEEN_LABELS / step))
    return tuple(
        Label(_r(LEFT + (position + 0.5) * step), y, f"{day.day:%d}" if len(days) <= 31 else f"{day.day:%d/%m}")
        for position, day in enumerate(days)
        if position % every == 0
    )


def _point_labels(report: ServiceReport, step: float) -> tuple[Label, ...]:
    y = PLOT_TOP + PLOT_HEIGHT + 18
    if not report.by_hour:
        return _day_labels(report.days, step, y)
    every = max(1, math.ceil(2 * _FEWEST_BETWEEN_LABELS / step))
    return tuple(
        Label(_r(LEFT + (position + 0.5) * step), y, f"{point.start.astimezone(report.zone):%d %H h}")
        for position, point in enumerate(report.points)
        if position % every == 0
    )


def _step(count: int) -> float:
    return (WIDTH - LEFT - RIGHT) / max(count, 1)


def _duration(value: float, lang: Lang) -> str:
    written = f"{value:g} s" if value >= 1 else f"{value * 1000:g} ms"
    return written if lang is Lang.EN else written.replace(".", ",")


def _minutes(value: float, lang: Lang) -> str:
    sign, minutes = ("−" if value < 0 else ""), abs(value)
    if minutes < 120:
        return f"{sign}{minutes:g} min" if lang is Lang.EN else f"{sign}{minutes:g} min".replace(".", ",")
    return f"{sign}{minutes / 60:g} h" if lang is Lang.EN else f"{sign}{minutes / 60:g} h".replace(".", ",")


def _r(value: float) -> float:
    return round(value, 1)
