"""A load over time as drawings: percentiles, and searches with their errors. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from recette.model.load import Bucket, LoadReport
from recette.reports import words
from sas_kernel.text import Lang, Text

WIDTH, HEIGHT = 640.0, 190.0
LEFT, RIGHT, TOP, BASE = 64.0, 628.0, 14.0, 158.0
_STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Label:
    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    kind: str
    points: str


@dataclass(frozen=True, slots=True)
class Box:
    x: float
    y: float
    width: float
    height: float
    kind: str


@dataclass(frozen=True, slots=True)
class Chart:
    """In the units of the box: `warm_up` is where the measured time begins, `limit` the height of a level in sight."""

    times: tuple[Label, ...]
    values: tuple[Label, ...]
    lines: tuple[Line, ...]
    boxes: tuple[Box, ...]
    warm_up: float
    limit: Label | None


def latencies(report: LoadReport, level: float, lang: Lang) -> Chart | None:
    """p50, p95 and the slowest of each stretch of time, on a logarithmic scale in seconds; None without any."""
    buckets = [bucket for bucket in report.timeline if bucket.count]
    values = [v for b in buckets for v in (b.p50, b.max) if v is not None]
    if not values:
        return None
    low, high = math.log(max(min(values), 1e-4) / 1.3), math.log(max(values) * 1.3)

    def height(value: float) -> float:
        share = (math.log(max(value, 1e-4)) - low) / (high - low)
        return round(BASE - share * (BASE - TOP), 2)

    marks = [step * 10.0**power for power in range(-4, 3) for step in _STEPS]
    shown = [mark for mark in marks if low <= math.log(mark) <= high]
    lines = (
        Line("max", _points(report, buckets, lambda b: b.max, height)),
        Line("p95", _points(report, buckets, lambda b: b.p95, height)),
        Line("p50", _points(report, buckets, lambda b: b.p50, height)),
    )
    limit = Label(height(level), words.promised(level, "s", lang)) if low <= math.log(level) <= high else None
    return Chart(
        _times(report, lang),
        tuple(Label(height(mark), words.seconds(mark, lang)) for mark in shown[:: max(1, len(shown) // 5)]),
        lines,
        (),
        _x(report, report.profile.warm_up),
        limit,
    )


def throughput(report: LoadReport, lang: Lang) -> Chart | None:
    """Searches a second by when they were due, those that went wrong below; None when there is none."""
    rates = [bucket.count / bucket.seconds for bucket in report.timeline if bucket.seconds]
    if not rates or max(rates) == 0:
        return None
    top = max(rates)
    scale = (BASE - TOP) / top
    boxes: list[Box] = []
    for bucket in report.timeline:
        x, end = _x(report, bucket.start), _x(report, bucket.start + bucket.seconds)
        width = round(max(end - x - 0.8, 0.4), 2)
        wrong, right = bucket.errors / bucket.seconds * scale, (bucket.count - bucket.errors) / bucket.seconds * scale
        if wrong:
            boxes.append(Box(x, round(BASE - wrong, 2), width, round(wrong, 2), "wrong"))
        if right:
            boxes.append(Box(x, round(BASE - wrong - right, 2), width, round(right, 2), "right"))
    decimals = 0 if top >= 10 else 1 if top >= 1 else 2
    marks = tuple(Label(BASE - share * top * scale, words.number(share * top, lang, decimals)) for share in (0, 0.5, 1))
    return Chart(_times(report, lang), marks, (), tuple(boxes), _x(report, report.profile.warm_up), None)


def _x(report: LoadReport, at: float) -> float:
    return round(LEFT + at / report.profile.total * (RIGHT - LEFT), 2)


def _points(
    report: LoadReport,
    buckets: Sequence[Bucket],
    of: Callable[[Bucket], float | None],
    height: Callable[[float], float],
) -> str:
    """Through the middle of each stretch; one alone is drawn as wide as it lasts."""
    if len(buckets) == 1:
        only, value = buckets[0], of(buckets[0]) or 0.0
        return f"{_x(report, only.start)},{height(value)} {_x(report, only.start + only.seconds)},{height(value)}"
    return " ".join(f"{_x(report, b.start + b.seconds / 2)},{height(of(b) or 0.0)}" for b in buckets)


def _times(report: LoadReport, lang: Lang) -> tuple[Label, ...]:
    total = report.profile.total
    unit, name = (60.0, Text("min", "min")) if total > 180 else (1.0, Text("s", "s"))
    wanted = total / unit / 6
    power = 10.0 ** math.floor(math.log10(max(wanted, 1e-9)))
    step = max(next((s * power for s in (1, 2, 5, 10) if s * power >= wanted), wanted), 1.0)
    count = int(total / unit / step)
    return tuple(
        Label(_x(report, index * step * unit), f"{words.number(index * step, lang)} {name.to(lang)}")
        for index in range(count + 1)
    )
