"""When searches arrive and for whom: an open, seeded Poisson process. Nobody waits for an answer to ask. Pure."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import replace

from recette.model.load import JourneyKind, LoadProfile


def generator_of(seed: int, purpose: str) -> random.Random:
    """Repeatable draws; two purposes never share theirs, so that one may draw more without changing the other."""
    return random.Random(f"{seed} {purpose}")  # noqa: S311  meant to be repeated, not to be secret


def journey_times(profile: LoadProfile, kind: JourneyKind, seed: int, *, room: int | None = None) -> tuple[float, ...]:
    """The seconds at which journeys of a kind are due, in order, over the measured time; `room`: no more than these.

    A Poisson process like the searches'. Where it gives fewer than the kind's fewest, those come at even draws instead;
    of more than its most, a drawn part.
    """
    rate = kind.rate(profile.rate)
    alike = replace(profile, rate=rate, warm_up=0.0)
    times = list(arrival_times(alike, seed, f"arrivals of {kind.name}"))
    draws = generator_of(seed, f"{kind.name} to the number")
    if len(times) < kind.fewest:
        times = sorted(draws.uniform(0.0, profile.duration) for _ in range(kind.fewest))
    most = kind.most if room is None else min(kind.most, room)
    if len(times) > most:
        times = sorted(draws.sample(times, most))
    return tuple(profile.warm_up + at for at in times)


def arrival_times(profile: LoadProfile, seed: int, purpose: str = "arrivals") -> tuple[float, ...]:
    """The seconds at which searches are due, in order, over warm-up and duration.

    Exact for a rate that changes in steps: gaps are drawn at rate 1 and stretched by the rate in force.
    """
    draws = generator_of(seed, purpose)
    found: list[float] = []
    begin, needed = 0.0, draws.expovariate(1.0)
    for seconds, factor in itertools.cycle(profile.shape):
        end = min(begin + seconds, profile.total)
        rate, at = profile.rate * factor, begin
        while rate > 0 and needed <= rate * (end - at):
            at += needed / rate
            found.append(at)
            needed = draws.expovariate(1.0)
        needed -= rate * (end - at)
        begin = end
        if begin >= profile.total:
            return tuple(found)
    return tuple(found)


def lots(known: Sequence[str], count: int, *, most: int, single_share: float, seed: int) -> tuple[tuple[str, ...], ...]:
    """For whom each of `count` searches asks: 1 to `most` ids, of `known` first and padded with ids nobody bears.

    `single_share` of them ask for one of the known alone; the sizes of the others are drawn evenly.
    """
    draws = generator_of(seed, "lots")
    found: list[tuple[str, ...]] = []
    for _ in range(count):
        size = 1 if most < 2 or draws.random() < single_share else draws.randint(2, most)
        asked = draws.sample(list(known), min(size, len(known)))
        asked += [f"80000000{number:04d}" for number in range(1, size + 1 - len(asked))]
        draws.shuffle(asked)
        found.append(tuple(asked))
    return tuple(found)
