"""Availability, error budget and response times of a period, by hand and for any samples at all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recette.agreement import reading
from recette.agreement.model import AgreementError
from recette.monitoring import standing as standings
from recette.monitoring import timeline
from recette.monitoring.model import Sample, Standing
from sas_kernel.clock import PARIS
from sas_kernel.contracts import service_levels

START = datetime(2026, 10, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LEVELS = service_levels()
ONE, METADATA = "slot_search.one_practitioner", "slot_search.metadata"


@dataclass(frozen=True)
class Interruption:
    start: datetime
    end: datetime
    announced_at: datetime


def sample(minute: float, ok: bool = True, seconds: float | None = 0.2, probe: str = ONE, detail: str = "") -> Sample:
    return Sample(probe, START + minute * MINUTE, ok, seconds, detail)


def planned(first: float, last: float, announced: float = -1440) -> Interruption:
    return Interruption(START + first * MINUTE, START + last * MINUTE, START + announced * MINUTE)


def told(
    samples: Iterable[Sample],
    first: float = 0,
    last: float = 100,
    maintenance: Iterable[Interruption] = (),
    promised: float = 0.99,
) -> Standing:
    return standings.standing(
        samples,
        START + first * MINUTE,
        START + last * MINUTE,
        maintenance=maintenance,
        interval=MINUTE,
        levels=LEVELS,
        promised_availability=promised,
    )


# --- by hand ---------------------------------------------------------------------------------------------------------


def test_one_wrong_minute_of_a_hundred_holds_99_percent_exactly_and_two_do_not() -> None:
    one = told(sample(minute, ok=minute != 40) for minute in range(100))
    assert (one.watched, one.downtime, one.availability) == (100 * MINUTE, MINUTE, 0.99)
    assert one.budget_left == timedelta()
    assert one.availability_holds is True
    two = told(sample(minute, ok=minute not in {40, 41}) for minute in range(100))
    assert (two.downtime, two.budget_left, two.availability_holds) == (2 * MINUTE, -MINUTE, False)


def test_a_sample_stands_until_the_next_but_for_two_intervals_at_most() -> None:
    gap = told([sample(0), sample(1), sample(50, ok=False)])
    assert gap.watched == 5 * MINUTE  # minute 0, then 1 to 3, then 50 to 52
    assert gap.downtime == 2 * MINUTE
    assert gap.availability == 0.6


def test_what_was_not_watched_is_neither_up_nor_down() -> None:
    nothing = told([])
    assert (nothing.availability, nothing.availability_holds, nothing.conforms) == (None, None, None)
    assert (nothing.watched, nothing.downtime, nothing.budget_left) == (timedelta(), timedelta(), timedelta())


def test_the_last_sample_before_the_period_stands_for_its_first_moments() -> None:
    assert told([sample(-0.5, ok=False), sample(1)], 0, 2).downtime == MINUTE
    assert told([sample(-3, ok=False)], 0, 2).downtime == timedelta()
    assert told([sample(-0.5, ok=False), sample(1)], 0, 2).samples == 1


def test_the_service_is_down_while_any_of_its_probes_is() -> None:
    both = told(
        [sample(minute, ok=minute != 3) for minute in range(10)]
        + [sample(minute + 0.5, ok=minute != 3, probe=METADATA) for minute in range(10)],
        0,
        10,
    )
    assert both.downtime == 1.5 * MINUTE
    assert both.watched == 10 * MINUTE


def test_planned_maintenance_is_excluded_if_it_was_announced_before_it_began() -> None:
    samples = [sample(minute, ok=not 10 <= minute < 30) for minute in range(100)]
    excluded = told(samples, maintenance=[planned(10, 25)])
    assert (excluded.maintenance, excluded.watched, excluded.downtime) == (15 * MINUTE, 85 * MINUTE, 5 * MINUTE)
    assert excluded.samples == 85
    for announced in (10, 12, 40):
        late = told(samples, maintenance=[planned(10, 25, announced=announced)])
        assert (late.maintenance, late.downtime) == (timedelta(), 20 * MINUTE)
    overlapping = told(samples, maintenance=[planned(10, 25), planned(20, 30), planned(90, 200)])
    assert (overlapping.maintenance, overlapping.downtime) == (30 * MINUTE, timedelta())


def test_response_times_are_exact_percentiles_of_the_probe_that_measures_them() -> None:
    samples = [sample(minute, seconds=0.2 if minute < 95 else 1.5) for minute in range(100)]
    samples += [sample(minute, seconds=9.0, probe=METADATA) for minute in range(100)]
    held = {level.level: level for level in told(samples).levels}
    assert held[ONE].measured == 0.2
    assert (held[ONE].samples, held[ONE].holds) == (100, True)
    assert (held["slot_search.answer_timeout"].measured, held["slot_search.answer_timeout"].holds) == (1.5, True)
    slower = [replace(each, seconds=1.0) if each.at == START else each for each in samples]
    broken = {level.level: level for level in told(slower).levels}
    assert (broken[ONE].measured, broken[ONE].holds) == (1.0, False)
    assert told(slower).conforms is False


def test_too_few_samples_say_nothing_and_one_answer_too_late_breaks_the_limit() -> None:
    few = told([sample(minute, seconds=7.0 if minute == 5 else 0.1) for minute in range(99)])
    levels = {level.level: level.holds for level in few.levels}
    assert levels == {ONE: None, "slot_search.answer_timeout": False}
    assert told([sample(minute) for minute in range(99)]).conforms is None


def test_response_times_in_planned_maintenance_do_not_count() -> None:
    samples = [sample(minute, seconds=8.0 if minute == 15 else 0.1) for minute in range(100)]
    levels = {level.level: level.holds for level in told(samples, maintenance=[planned(10, 20)]).levels}
    assert levels["slot_search.answer_timeout"] is True


def test_a_day_of_25_hours_is_watched_for_25_hours() -> None:
    start, end = datetime(2026, 10, 25, tzinfo=PARIS), datetime(2026, 10, 26, tzinfo=PARIS)
    samples = [Sample(ONE, start.astimezone(UTC) + minute * MINUTE, True, 0.1) for minute in range(25 * 60)]
    autumn = standings.standing(
        samples, start, end, maintenance=(), interval=MINUTE, levels=LEVELS, promised_availability=0.99
    )
    assert autumn.watched == timedelta(hours=25)
    spring = timeline.of(
        [],
        datetime(2026, 3, 29, tzinfo=PARIS),
        datetime(2026, 3, 30, tzinfo=PARIS),
        maintenance=[],
        interval=MINUTE,
    )
    assert spring.end - spring.start == 23 * 3_600_000_000


def test_an_outage_has_a_start_an_end_a_cause_and_what_of_it_was_planned() -> None:
    samples = [sample(minute) for minute in range(60)]
    samples[10] = sample(10, ok=False, detail="HTTP 503")
    samples[11] = sample(11, ok=False, detail="HTTP 503")
    samples[12] = sample(12, ok=False, detail="timeout", seconds=7.0)
    samples[40] = sample(40, ok=False, detail="HTTP 500")
    found = timeline.outages(samples, START, START + 60 * MINUTE, maintenance=[planned(12, 20)], interval=MINUTE)
    assert [(each.start - START, each.end - START) for each in found] == [
        (10 * MINUTE, 13 * MINUTE),
        (40 * MINUTE, 41 * MINUTE),
    ]
    assert (found[0].causes, found[0].planned, found[0].counted) == (("HTTP 503", "timeout"), MINUTE, 2 * MINUTE)
    assert (found[1].causes, found[1].probes, found[1].samples) == (("HTTP 500",), (ONE,), 1)


def test_a_period_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="period"):
        told([], 10, 5)


def test_ten_days_of_a_sample_a_minute_and_two_probes_are_told_from_each_sample() -> None:
    minutes = 10 * 24 * 60
    samples = [sample(minute, ok=minute % 1000 != 0, seconds=minute % 100 / 100) for minute in range(minutes)]
    samples += [sample(minute, probe=METADATA) for minute in range(minutes)]
    whole = told(samples, 0, minutes)
    assert (whole.samples, whole.downtime) == (2 * minutes, 15 * MINUTE)
    assert {level.level: level.measured for level in whole.levels}[ONE] == 0.94


# --- what is promised ------------------------------------------------------------------------------------------------


def test_the_promise_is_a_choice_of_the_agreement_which_a_project_may_change() -> None:
    assert standings.promised(reading.load("sas-agenda")) == standings.Promise(0.99, MINUTE)
    changed = reading.load("sas-agenda", changes={"availability": "99.9", "watch_interval": "300"})
    assert standings.promised(changed) == standings.Promise(0.999, 5 * MINUTE)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("availability", "much"),
        ("availability", "101"),
        ("availability", "nan"),
        ("watch_interval", "0"),
        ("unavailable", "GRAVE"),
    ],
)
def test_a_promise_that_is_no_such_number_is_refused_by_its_name(key: str, value: str) -> None:
    with pytest.raises(AgreementError, match=key):
        standings.promised(reading.load("sas-agenda", changes={key: value}))


# --- for any samples -------------------------------------------------------------------------------------------------

_SAMPLES = st.lists(
    st.builds(
        sample,
        st.integers(-300, 6300).map(lambda second: second / 60),
        st.booleans(),
        st.none() | st.floats(0, 10),
        st.sampled_from([ONE, METADATA]),
    ),
    max_size=60,
)
_MAINTENANCE = st.lists(
    st.builds(lambda first, more, told_at: planned(first, first + more, told_at), *[st.integers(0, 90)] * 3), max_size=3
)
_PROMISE = st.sampled_from([0.0, 0.5, 0.9, 0.99, 0.999, 1.0])


@settings(max_examples=60)
@given(_SAMPLES, _MAINTENANCE, _PROMISE)
def test_availability_is_a_part_and_the_budget_is_overspent_exactly_when_the_promise_is_broken(
    samples: list[Sample], maintenance: list[Interruption], promise: float
) -> None:
    found = told(samples, maintenance=maintenance, promised=promise)
    assert timedelta() <= found.downtime <= found.watched <= 100 * MINUTE - found.maintenance
    if found.availability is None:
        assert found.watched == timedelta()
    else:
        assert 0 <= found.availability <= 1
        assert found.availability_holds is (found.budget_left >= timedelta())


@settings(max_examples=60)
@given(_SAMPLES, _MAINTENANCE, st.integers(0, 6000))
def test_the_parts_of_a_period_add_up_to_it(
    samples: list[Sample], maintenance: list[Interruption], second: int
) -> None:
    whole = told(samples, maintenance=maintenance)
    parts = [told(samples, 0, second / 60, maintenance), told(samples, second / 60, 100, maintenance)]
    for name in ("watched", "downtime", "maintenance"):
        assert sum((getattr(part, name) for part in parts), timedelta()) == getattr(whole, name)
    assert sum(part.samples for part in parts) == whole.samples


@settings(max_examples=60)
@given(_SAMPLES, st.integers(0, 100), st.integers(0, 100))
def test_planned_maintenance_never_adds_downtime_and_never_lowers_availability_over_what_was_down(
    samples: list[Sample], first: int, more: int
) -> None:
    before = told(samples)
    after = told(samples, maintenance=[planned(first, first + more)])
    assert after.downtime <= before.downtime
    assert after.watched <= before.watched
    line = timeline.of(samples, START, START + 100 * MINUTE, maintenance=(), interval=MINUTE)
    down = line.down
    around = [Interruption(timeline.instant_of(a), timeline.instant_of(b), START - MINUTE) for a, b in down[:2]]
    spared = told(samples, maintenance=around)
    if before.availability is not None and spared.availability is not None:
        assert spared.availability >= before.availability


@settings(max_examples=60)
@given(_SAMPLES)
def test_a_gap_never_counts(samples: list[Sample]) -> None:
    found = told(samples)
    assert found.watched <= 2 * MINUTE * len(samples)
    right = [each for each in samples if each.ok]
    assert found.watched - found.downtime <= 2 * MINUTE * len(right)
    assert found.downtime <= 2 * MINUTE * (len(samples) - len(right))


@settings(max_examples=60)
@given(_SAMPLES, st.data())
def test_an_answer_that_turns_wrong_never_helps(samples: list[Sample], data: st.DataObject) -> None:
    if not samples:
        return
    position = data.draw(st.integers(0, len(samples) - 1))
    worse = [replace(each, ok=False) if n == position else each for n, each in enumerate(samples)]
    assert told(worse).downtime >= told(samples).downtime
    assert told(worse).watched == told(samples).watched
