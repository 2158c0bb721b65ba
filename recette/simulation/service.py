"""What a watch would have measured: samples drawn by a seed. Pure; the same story gives the same samples."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from recette.monitoring.model import Sample
from recette.simulation.model import Service, Span

_Z95 = 1.6448536269514722
"""The 95th percentile of a standard normal variable."""

UNREACHABLE = "watch.answers [unreachable]"
"""What the watch says of a service that does not answer (`recette.monitoring.rounds`)."""


_BLOCK = 60
"""How many samples are drawn from one seed."""


def seconds(service: Service, deviate: float, at: datetime) -> float:
    """A response time, from a standard normal deviate: log-normal, slower while the story says so."""
    spread = math.log(service.p95 / service.median) / _Z95 if service.p95 > service.median else 0.0
    drawn = service.median * math.exp(spread * deviate)
    for span in service.slow:
        if span.holds(at):
            drawn *= span.factor
    return round(drawn, 6)


def outage(service: Service, at: datetime) -> Span | None:
    """The outage that an instant lies in."""
    return next((span for span in service.outages if span.holds(at)), None)


def samples(
    service: Service, start: datetime, end: datetime, *, interval: timedelta, seed: int, first: datetime
) -> Iterator[Sample]:
    """The samples from `start` on and before `end`, one a probe every `interval` since `first`.

    Each is drawn by its number: a period gives the same samples in one piece or in many.
    """
    drawn: dict[str, tuple[int, list[float]]] = {}
    number = max(0, -((first - start) // interval))
    while (at := first + number * interval) < end:
        block, place = divmod(number, _BLOCK)
        number += 1
        if at < start or any(span.holds(at) for span in service.unwatched):
            continue
        down = outage(service, at)
        for probe in service.probes:
            if down is not None:
                yield Sample(probe, at, ok=False, seconds=None, detail=down.detail or UNREACHABLE)
                continue
            if probe not in drawn or drawn[probe][0] != block:
                drawn[probe] = block, deviates(f"{seed} {probe} {block}", _BLOCK)
            yield Sample(probe, at, ok=True, seconds=seconds(service, drawn[probe][1][place], at))


def deviates(seed: str, count: int) -> list[float]:
    """So many standard normal deviates, the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311  a simulation, no secret
    return [chance.gauss(0.0, 1.0) for _ in range(count)]
