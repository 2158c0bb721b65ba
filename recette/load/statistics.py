"""What samples add up to: exact percentiles, how far to trust them, how they went over time. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from recette.load.arrivals import generator_of
from recette.model import percentile
from recette.model.load import Bucket, ClientHealth, Interval, Limits, Recording, Sample
from sas_kernel.text import Text

PERCENTS = (50.0, 90.0, 95.0, 99.0, 100.0)
_MOST_BUCKETS = 60


def intervals(values: Sequence[float], limits: Limits, seed: int) -> tuple[Interval, ...]:
    """Each of `PERCENTS` with its interval; none when there is no value."""
    return tuple(interval(values, percent, limits, seed) for percent in PERCENTS) if values else ()


def interval(values: Sequence[float], percent: float, limits: Limits, seed: int) -> Interval:
    """A percentile by nearest rank, and the percentile bootstrap's interval around it.

    Resampling n of n values and taking the k-th is taking the value at the k-th smallest of n even draws, whose place
    follows a Beta(k, n + 1 - k): one draw a resample gives the same distribution as n. The maximum is its own bound: no
    resample says anything of values that were not seen.
    """
    ranked = sorted(values)
    held = percentile(ranked, percent)
    if held is None:
        raise ValueError("no value to take a percentile of")
    if percent == 100.0:
        return Interval(percent, held, held, held)
    count = len(ranked)
    rank = max(int(-(-count * percent // 100)), 1)
    draws = generator_of(seed, f"bootstrap {percent:g}")
    drawn = sorted(
        ranked[min(int(count * draws.betavariate(rank, count + 1 - rank)), count - 1)] for _ in range(limits.resamples)
    )
    tail = (1 - limits.confidence) / 2 * 100
    low, high = percentile(drawn, tail), percentile(drawn, 100 - tail)
    return Interval(percent, held, min(low or 0.0, held), max(high or 0.0, held))


def timeline(samples: Iterable[Sample], wrong: frozenset[int], total: float) -> tuple[Bucket, ...]:
    """The load in at most sixty stretches of whole seconds, by when searches were due; `wrong` are numbers."""
    width = max(1.0, float(-(-total // _MOST_BUCKETS)))
    groups: dict[int, list[Sample]] = {}
    for sample in samples:
        groups.setdefault(int(sample.due // width), []).append(sample)
    found = []
    for index in range(max(int(-(-total // width)), 1)):
        members = groups.get(index, [])
        latencies = [sample.latency for sample in members]
        found.append(
            Bucket(
                start=index * width,
                seconds=min(width, total - index * width),
                count=len(members),
                errors=sum(sample.number in wrong for sample in members),
                p50=percentile(latencies, 50),
                p95=percentile(latencies, 95),
                max=percentile(latencies, 100),
            )
        )
    return tuple(found)


def error_kinds(samples: Iterable[Sample], content: frozenset[int]) -> tuple[tuple[str, int], ...]:
    """How many searches went wrong in which way, the most frequent first; `content` are numbers of wrong answers."""
    counts = Counter(
        sample.failure or (f"http_{sample.status}" if sample.status != 200 else "content")
        for sample in samples
        if sample.failure or sample.status != 200 or sample.number in content
    )
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def client_health(recording: Recording, measured: Sequence[Sample], limits: Limits, warm_up: float) -> ClientHealth:
    """How the generator did while it measured, and why, if so, its figures say nothing of the target."""
    ticks = [tick for tick in recording.ticks if tick.at >= warm_up] or list(recording.ticks)
    due_lag = percentile([sample.lag for sample in measured], 99) or 0.0
    loop_lag = percentile([tick.loop_lag for tick in ticks], 90) or 0.0
    by_worker: dict[int, list[float]] = {}
    for tick in ticks:
        by_worker.setdefault(tick.worker, []).append(tick.cpu)
    cpu = max((sum(shares) / len(shares) for shares in by_worker.values()), default=0.0)
    saturated = []
    if due_lag > limits.due_lag:
        saturated.append(
            Text(
                "une recherche sur cent est partie avec plus de {v:.3f} s de retard (limite {m:g} s)",
                "one search in a hundred left over {v:.3f} s late (limit {m:g} s)",
            ).format(v=due_lag, m=limits.due_lag)
        )
    if loop_lag > limits.loop_lag:
        saturated.append(
            Text(
                "une seconde sur dix, la boucle du générateur s’est arrêtée {v:.3f} s ou plus (limite {m:g} s)",
                "one second in ten, the generator's loop stood still for {v:.3f} s or more (limit {m:g} s)",
            ).format(v=loop_lag, m=limits.loop_lag)
        )
    if cpu > limits.cpu:
        saturated.append(
            Text(
                "le générateur a pris {v:.0%} d’un cœur (limite {m:.0%})",
                "the generator took {v:.0%} of a core (limit {m:.0%})",
            ).format(v=cpu, m=limits.cpu)
        )
    if recording.overrun:
        saturated.append(
            Text(
                "plus de {n} recherches étaient en cours à la fois : les suivantes ont attendu",
                "over {n} searches were in flight at once: those that followed waited",
            ).format(n=limits.in_flight)
        )
    return ClientHealth(due_lag, loop_lag, cpu, max((t.in_flight for t in ticks), default=0), tuple(saturated))
