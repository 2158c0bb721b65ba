"""How long an answer takes: a fixed time, or one drawn from a distribution. Seconds everywhere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist
from typing import Final

LONGEST: Final = 600.0
"""Whatever is drawn, nobody waits longer."""


@dataclass(frozen=True, slots=True)
class Delay:
    """The inverse of a distribution function, by straight lines between points of (share below, seconds)."""

    points: tuple[tuple[float, float], ...]

    def at(self, share: float) -> float:
        """The delay that this share (0 to 1) of all delays lies below."""
        for (low, least), (high, most) in pairwise(self.points):
            if share <= high:
                return least + (most - least) * max(0.0, share - low) / (high - low)
        return self.points[-1][1]


def fixed(seconds: float) -> Delay:
    return Delay(((0.0, seconds), (1.0, seconds)))


def uniform(least: float, most: float) -> Delay:
    return Delay(((0.0, least), (1.0, most)))


def percentiles(given: Sequence[tuple[float, float]]) -> Delay:
    """From (percentile, seconds), ascending in both: from 0 s to the first, nothing beyond the last."""
    known = [(percentile / 100, seconds) for percentile, seconds in given]
    start = [] if known[0][0] == 0 else [(0.0, 0.0)]
    end = [] if known[-1][0] == 1 else [(1.0, known[-1][1])]
    return Delay((*start, *known, *end))


def lognormal(median: float, p99: float) -> Delay:
    """The long tail of real services: half below `median`, one in a hundred above `p99`; none above `LONGEST`."""
    spread = math.log(p99 / median) / NormalDist().inv_cdf(0.99)
    shares = [n / 200 for n in range(1, 200)] + [0.996, 0.997, 0.998, 0.999, 0.9995, 0.9999]
    drawn = [
        (share, min(LONGEST, median * math.exp(spread * NormalDist().inv_cdf(share)))) for share in sorted(set(shares))
    ]
    return Delay(((0.0, drawn[0][1]), *drawn, (1.0, drawn[-1][1])))
