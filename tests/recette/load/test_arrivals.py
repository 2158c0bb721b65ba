from __future__ import annotations

import itertools
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from recette.load.arrivals import arrival_times, journey_times, lots
from recette.model.load import JourneyKind
from sas_kernel.text import Text
from tests.recette.load.made import NOMINAL

seeds = st.integers(0, 2**32)


@given(seeds, st.floats(0.01, 20), st.floats(1, 120), st.floats(0, 30))
def test_arrivals_are_in_order_and_within_the_load(seed: int, rate: float, duration: float, warm_up: float) -> None:
    profile = replace(NOMINAL, rate=rate, duration=duration, warm_up=warm_up)
    times = arrival_times(profile, seed)
    assert list(times) == sorted(times)
    assert all(0 < at <= profile.total for at in times)


@given(seeds)
def test_a_seed_gives_the_same_load_again(seed: int) -> None:
    assert arrival_times(NOMINAL, seed) == arrival_times(NOMINAL, seed)
    known = [f"8101234{number:05d}" for number in range(25)]
    drawn = [lots(known, 20, most=25, single_share=0.25, seed=seed) for _ in range(2)]
    assert drawn[0] == drawn[1]


def test_arrivals_are_as_frequent_as_asked_for_and_as_irregular_as_chance() -> None:
    profile = replace(NOMINAL, rate=10.0, duration=2000.0, warm_up=0.0)
    times = arrival_times(profile, 1)
    gaps = [after - before for before, after in itertools.pairwise(times)]
    mean = sum(gaps) / len(gaps)
    spread = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    assert abs(mean - 0.1) < 0.003  # 20 000 gaps: four standard errors
    assert abs(spread / mean - 1) < 0.04  # exponential gaps vary as much as they last


def test_a_burst_comes_when_the_profile_says_and_nothing_comes_at_rate_zero() -> None:
    profile = replace(NOMINAL, rate=1.0, duration=600.0, warm_up=0.0, shape=((50.0, 0.0), (10.0, 20.0)))
    times = arrival_times(profile, 1)
    assert times
    assert all(at % 60 >= 50 for at in times)
    assert abs(len(times) - 2000) < 4 * 2000**0.5


@given(seeds, st.integers(1, 25), st.integers(1, 25))
def test_lots_are_of_distinct_ids_the_known_ones_first(seed: int, known: int, most: int) -> None:
    people = [f"8101234{number:05d}" for number in range(known)]
    for lot in lots(people, 30, most=most, single_share=0.25, seed=seed):
        assert 1 <= len(lot) <= most
        assert len(set(lot)) == len(lot)
        assert len(set(lot) & set(people)) == min(len(lot), known)


def test_a_quarter_of_the_lots_is_for_one_practitioner() -> None:
    people = [f"8101234{number:05d}" for number in range(25)]
    alone = sum(len(lot) == 1 for lot in lots(people, 4000, most=25, single_share=0.25, seed=1))
    assert abs(alone - 1000) < 4 * (4000 * 0.25 * 0.75) ** 0.5


KIND = JourneyKind("some", 0.1, 0.0, 6, 500, Text("", ""), "")


def test_a_short_run_has_the_fewest_journeys_and_a_long_one_its_volume() -> None:
    short = journey_times(replace(NOMINAL, rate=0.8, duration=30.0, warm_up=5.0), KIND, 1)
    assert len(short) == 6
    long = journey_times(replace(NOMINAL, rate=0.8, duration=36_000.0, warm_up=5.0), replace(KIND, most=10_000), 1)
    assert abs(len(long) - 2880) < 4 * 2880**0.5
    for times in (short, long):
        assert list(times) == sorted(times)
        assert times[0] >= 5.0


def test_journeys_never_exceed_their_most_nor_the_room_there_is() -> None:
    profile = replace(NOMINAL, rate=10.0, duration=6000.0)
    assert len(journey_times(profile, KIND, 1)) == 500
    assert len(journey_times(profile, KIND, 1, room=4)) == 4
    assert len(journey_times(replace(profile, duration=10.0, rate=0.1), KIND, 1, room=4)) == 4


def test_a_few_accounts_a_day_need_no_search() -> None:
    accounts = replace(KIND, factor=0.0, a_day=12.0, fewest=0)
    assert len(journey_times(replace(NOMINAL, rate=0.8, duration=86_400.0), accounts, 1)) in range(1, 30)
    assert journey_times(replace(NOMINAL, duration=1.0), accounts, 1) == ()
