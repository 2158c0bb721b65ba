"""Response times as a small histogram on a logarithmic axis, with the promised level: what the page draws. Pure."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from recette.model import Measurement
from recette.reports import words
from sas_kernel.text import Lang

WIDTH, HEIGHT = 640.0, 156.0
"""The drawing's box, in its own units."""
TOP, BASE = 38.0, 112.0
"""Between which heights the bars stand."""

_MARGIN = 18.0
_BINS = 48
_SHORTEST = 1e-4
# Powers of ten first: the others fill what room they leave.
_TICKS = tuple(step * 10.0**power for step in (1, 2, 5) for power in range(-4, 3))
_FEWEST_UNITS_BETWEEN_TICKS = 72.0


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    over: bool
    """Whether its samples are at or beyond the level."""


@dataclass(frozen=True, slots=True)
class Mark:
    x: float
    label: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Drawing:
    bars: tuple[Bar, ...]
    ticks: tuple[Mark, ...]
    level: Mark
    p95: Mark | None


def draw(measurement: Measurement, lang: Lang) -> Drawing | None:
    """The drawing of a measurement in seconds; None when it has no sample or another unit."""
    level = measurement.level
    if not measurement.samples or level.unit != "s" or level.value <= 0:
        return None
    samples = [max(sample, _SHORTEST) for sample in measurement.samples]
    low, high = math.log(min(*samples, level.value) / 1.4), math.log(max(*samples, level.value) * 1.4)

    def place(value: float) -> float:
        return _MARGIN + (math.log(value) - low) / (high - low) * (WIDTH - 2 * _MARGIN)

    # The level is an edge between bins, so that no bar mixes samples on both sides of it.
    step = (WIDTH - 2 * _MARGIN) / _BINS
    edge = place(level.value)
    bins = Counter(_bin(place(sample), edge, step, sample >= level.value) for sample in samples)
    tallest = max(bins.values())
    bars = tuple(
        Bar(
            x=round(edge + index * step + 0.5, 2),
            y=round(BASE - (BASE - TOP) * number / tallest, 2),
            width=round(step - 1, 2),
            height=round((BASE - TOP) * number / tallest, 2),
            over=index >= 0,
        )
        for index, number in sorted(bins.items())
    )
    ticks: list[Mark] = []
    for value in _TICKS:
        x = place(value)
        if _MARGIN <= x <= WIDTH - _MARGIN and all(abs(x - t.x) >= _FEWEST_UNITS_BETWEEN_TICKS for t in ticks):
            ticks.append(Mark(round(x, 2), _tick(value, lang), "middle"))
    promised = words.promised(level.value, level.unit, lang)
    p95 = None if measurement.p95 is None else _mark(place(max(measurement.p95, _SHORTEST)), "p95")
    return Drawing(bars, tuple(ticks), _mark(edge, promised), p95)


def _bin(x: float, edge: float, step: float, over: bool) -> int:
    index = math.floor((x - edge) / step)
    return max(index, 0) if over else min(index, -1)


def _mark(x: float, label: str) -> Mark:
    anchor = "start" if x < WIDTH * 0.2 else "end" if x > WIDTH * 0.8 else "middle"
    return Mark(round(x, 2), label, anchor)


def _tick(value: float, lang: Lang) -> str:
    if value >= 1:
        return words.promised(value, "s", lang)
    return words.promised(round(value * 1000, 6), "ms", lang)
