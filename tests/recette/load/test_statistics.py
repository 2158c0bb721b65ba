from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from recette.load import statistics
from recette.model import percentile
from recette.model.load import Tick
from tests.recette.load.made import LIMITS, recording, sample, samples

values = st.lists(st.floats(0.001, 10), min_size=1, max_size=200)


@given(values, st.sampled_from(statistics.PERCENTS), st.integers(0, 100))
def test_an_interval_holds_its_exact_percentile_and_only_values_that_were_seen(
    seen: list[float], percent: float, seed: int
) -> None:
    found = statistics.interval(seen, percent, replace(LIMITS, resamples=100), seed)
    assert found.value == percentile(seen, percent)
    assert found.low <= found.value <= found.high
    assert {found.low, found.high} <= set(seen)


def test_the_short_cut_is_the_bootstrap() -> None:
    """Against resampling as the books describe it, on the same values."""
    draws = random.Random(3)
    seen = sorted(draws.lognormvariate(-2, 0.5) for _ in range(200))
    short = statistics.interval(seen, 95.0, LIMITS, 1)
    drawn = sorted(percentile(draws.choices(seen, k=len(seen)), 95.0) or 0.0 for _ in range(1500))
    low, high = percentile(drawn, 2.5), percentile(drawn, 97.5)
    assert low is not None
    assert high is not None
    ranks = [seen.index(each) for each in (short.low, low, short.high, high)]
    assert abs(ranks[0] - ranks[1]) <= 1  # both are drawn: neighbours among 200
    assert abs(ranks[2] - ranks[3]) <= 1


def test_more_samples_narrow_the_interval() -> None:
    draws = random.Random(1)
    few, many = ([draws.random() for _ in range(count)] for count in (100, 2000))
    wide, narrow = (statistics.interval(each, 95.0, LIMITS, 1) for each in (few, many))
    assert narrow.high - narrow.low < wide.high - wide.low


def test_nothing_is_computed_of_nothing() -> None:
    assert statistics.intervals([], LIMITS, 1) == ()


@given(st.lists(st.floats(0, 99.9), max_size=100), st.floats(1, 5000))
def test_every_search_is_in_one_stretch_of_the_timeline(dues: list[float], total: float) -> None:
    made = [sample(number, due=due / 100 * total) for number, due in enumerate(dues, start=1)]
    found = statistics.timeline(made, frozenset({1}), total)
    assert len(found) <= 60
    assert sum(bucket.count for bucket in found) == len(made)
    assert sum(bucket.errors for bucket in found) == (1 if made else 0)


def test_latency_counts_from_when_the_search_was_due() -> None:
    late = sample(1, 0.5, sent=10.6)
    assert late.latency == 0.5
    assert round(late.lag, 6) == 0.4


def test_errors_are_counted_by_kind() -> None:
    made = [
        sample(1),
        sample(2, status=503),
        sample(3, status=503),
        sample(4, status=0, failure="timeout"),
        sample(5),
    ]
    assert statistics.error_kinds(made, frozenset({5})) == (("http_503", 2), ("content", 1), ("timeout", 1))


def test_an_easy_generator_is_not_saturated() -> None:
    found = recording(samples([0.1] * 200))
    assert statistics.client_health(found, found.samples, LIMITS, 10.0).saturated == ()


def test_a_generator_that_sends_late_is_saturated() -> None:
    late = tuple(replace(each, sent=each.due + 0.2) for each in samples([0.5] * 200))
    found = recording(late)
    health = statistics.client_health(found, late, LIMITS, 10.0)
    assert len(health.saturated) == 1
    assert health.due_lag > LIMITS.due_lag


def test_a_generator_whose_loop_stands_still_is_saturated() -> None:
    ticks = tuple(Tick(float(second), 1, 0.3 if second % 5 == 0 else 0.0, 0.05, 2) for second in range(70))
    found = recording(samples([0.1] * 200), ticks=ticks)
    assert len(statistics.client_health(found, found.samples, LIMITS, 10.0).saturated) == 1


def test_a_generator_that_takes_its_whole_core_is_saturated_even_beside_an_idle_one() -> None:
    ticks = tuple(
        Tick(float(second), worker, 0.0, share, 2) for second in range(70) for worker, share in ((1, 0.95), (2, 0.1))
    )
    found = recording(samples([0.1] * 200), ticks=ticks, workers=2)
    assert len(statistics.client_health(found, found.samples, LIMITS, 10.0).saturated) == 1


def test_too_many_in_flight_is_the_generators_limit() -> None:
    found = recording(samples([0.1] * 200), overrun=True)
    assert len(statistics.client_health(found, found.samples, LIMITS, 10.0).saturated) == 1


def test_what_the_generator_did_while_warming_up_does_not_count() -> None:
    ticks = tuple(Tick(float(second), 1, 1.0 if second < 10 else 0.0, 0.05, 2) for second in range(70))
    found = recording(samples([0.1] * 200), ticks=ticks)
    assert statistics.client_health(found, found.samples, LIMITS, 10.0).saturated == ()
