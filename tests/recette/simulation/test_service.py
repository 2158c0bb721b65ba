"""What a watch would have measured: the same samples each time, outages where the story says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from recette.model import percentile
from recette.monitoring.model import Sample
from recette.simulation.model import Service, Span
from recette.simulation.service import samples

START = datetime(2026, 10, 12, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def drawn(service: Service, start: datetime, end: datetime, seed: int = 1) -> list[Sample]:
    return list(samples(service, start, end, interval=MINUTE, seed=seed, first=START))


def test_two_months_are_a_sample_a_minute_as_slow_as_the_story_says() -> None:
    taken = drawn(Service(median=0.2, p95=0.45), START, START + timedelta(days=60))
    assert len(taken) == 86_400
    seconds = [sample.seconds for sample in taken if sample.seconds is not None]
    half, most = percentile(seconds, 50), percentile(seconds, 95)
    assert half is not None
    assert most is not None
    assert abs(half - 0.2) < 0.005
    assert abs(most - 0.45) < 0.01


@settings(max_examples=30)
@given(cuts=st.lists(st.integers(min_value=0, max_value=600 * 60), max_size=5), seed=st.integers(0, 9))
def test_a_period_gives_the_same_samples_in_one_piece_or_in_many(cuts: list[int], seed: int) -> None:
    end = START + timedelta(hours=10)
    instants = [START, *sorted(START + timedelta(seconds=cut) for cut in cuts), end]
    pieces = [each for a, b in pairwise(instants) for each in drawn(Service(), a, b, seed)]
    assert pieces == drawn(Service(), START, end, seed)


def test_another_seed_draws_other_times() -> None:
    end = START + timedelta(hours=1)
    assert drawn(Service(), START, end, 1) != drawn(Service(), START, end, 2)


def test_outages_are_down_gaps_are_empty_and_slow_times_are_slower() -> None:
    hour = timedelta(hours=1)
    service = Service(
        outages=(Span(START, START + hour, detail="disque plein"),),
        unwatched=(Span(START + hour, START + 2 * hour),),
        slow=(Span(START + 2 * hour, START + 3 * hour, factor=10.0),),
    )
    down, slow = drawn(service, START, START + hour), drawn(service, START + 2 * hour, START + 3 * hour)
    assert {(each.ok, each.seconds, each.detail) for each in down} == {(False, None, "disque plein")}
    assert drawn(service, START + hour, START + 2 * hour) == []
    usual = drawn(Service(), START + 2 * hour, START + 3 * hour)
    for late, quick in zip(slow, usual, strict=True):
        assert late.seconds is not None
        assert quick.seconds is not None
        assert abs(late.seconds - 10 * quick.seconds) < 1e-5
