"""When searches arrive and for whom: an open, seeded Poisson process. Nobody waits for an answer to ask. Pure."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

from recette.model.load import LoadProfile


def generator_of(seed: int, purpose: str) -> random.Random:
    """Repeatable draws; two purposes never share theirs, so that one may draw more without changing the other."""
    return random.Random(f"{seed} {purpose}")  # noqa: S311  meant to be repeated, not to be secret


def arrival_times(profile: LoadProfile, seed: int) -> tuple[float, ...]:
    """The seconds at which searches are due, in order, over warm-up and duration.

    Exact for a rate that changes in steps: gaps are drawn at rate 1 and stretched by the rate in force.
    """
    draws = generator_of(seed, "arrivals")
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
