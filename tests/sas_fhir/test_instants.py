from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sas_fhir import instants
from sas_kernel.clock import PARIS
from sas_kernel.errors import InvalidValueError

_INSTANTS = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
_WIRE = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}[+-]\d{2}:\d{2}")


def _utc(text: str) -> int:
    return instants.milliseconds(datetime.fromisoformat(text))


@given(_INSTANTS)
@example(datetime(2031, 10, 26, 0, 30, tzinfo=UTC))
@example(datetime(2031, 10, 26, 1, 30, tzinfo=UTC))
def test_an_instant_is_written_with_milliseconds_and_an_offset_and_reads_back_the_same(instant: datetime) -> None:
    held = instants.milliseconds(instant)
    written = instants.formatted(held)
    assert _WIRE.fullmatch(written)
    assert instants.first_instant(written) == held == instants.last_instant(written)


def test_winter_and_summer_have_their_own_offset() -> None:
    assert instants.formatted(_utc("2031-01-10T08:00:00+00:00")) == "2031-01-10T09:00:00.000+01:00"
    assert instants.formatted(_utc("2031-07-10T08:00:00+00:00")) == "2031-07-10T10:00:00.000+02:00"


@given(_INSTANTS, st.integers(-14 * 60, 14 * 60))
def test_an_offset_is_taken_literally(instant: datetime, minutes: int) -> None:
    elsewhere = instant.replace(microsecond=0).astimezone(timezone(timedelta(minutes=minutes)))
    assert instants.first_instant(elsewhere.isoformat()) == instants.milliseconds(elsewhere)


@given(st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001
def test_without_offset_the_value_is_paris_time(local: datetime) -> None:
    local = local.replace(microsecond=0)
    first, last = instants.first_instant(local.isoformat()), instants.last_instant(local.isoformat())
    occurrences = {instants.milliseconds(local.replace(tzinfo=PARIS, fold=fold)) for fold in (0, 1)}
    assert first in occurrences
    assert last - 999 in occurrences
    assert first <= last


@pytest.mark.parametrize(
    ("value", "first", "last"),
    [
        ("2031", "2030-12-31T23:00:00+00:00", "2031-12-31T22:59:59.999+00:00"),
        ("2031-02", "2031-01-31T23:00:00+00:00", "2031-02-28T22:59:59.999+00:00"),
        ("2032-02", "2032-01-31T23:00:00+00:00", "2032-02-29T22:59:59.999+00:00"),
        ("2031-07-14", "2031-07-13T22:00:00+00:00", "2031-07-14T21:59:59.999+00:00"),
        ("2031-03-30", "2031-03-29T23:00:00+00:00", "2031-03-30T21:59:59.999+00:00"),
        ("2031-03-10T08:00", "2031-03-10T07:00:00+00:00", "2031-03-10T07:00:59.999+00:00"),
        ("2031-03-10T08:00:00", "2031-03-10T07:00:00+00:00", "2031-03-10T07:00:00.999+00:00"),
        ("2031-03-10T08:00:00.5", "2031-03-10T07:00:00.500+00:00", "2031-03-10T07:00:00.599+00:00"),
        ("2031-03-10T08:00:00.123456+01:00", "2031-03-10T07:00:00.124+00:00", "2031-03-10T07:00:00.123+00:00"),
        ("2031-03-10T08:00:00Z", "2031-03-10T08:00:00+00:00", "2031-03-10T08:00:00.999+00:00"),
    ],
)
def test_a_partial_date_stands_for_its_whole_period(value: str, first: str, last: str) -> None:
    assert instants.first_instant(value) == _utc(first)
    assert instants.last_instant(value) == _utc(last)


def test_of_the_repeated_autumn_hour_a_lower_bound_takes_the_first_and_an_upper_bound_the_second() -> None:
    assert instants.first_instant("2031-10-26T02:30:00.000") == _utc("2031-10-26T00:30:00+00:00")
    assert instants.last_instant("2031-10-26T02:30:00.000") == _utc("2031-10-26T01:30:00+00:00")


def test_a_spring_time_that_does_not_exist_is_shifted_forward_for_both_bounds() -> None:
    assert instants.first_instant("2031-03-30T02:30:00.000") == _utc("2031-03-30T01:30:00+00:00")
    assert instants.last_instant("2031-03-30T02:30:00.000") == _utc("2031-03-30T01:30:00+00:00")


@pytest.mark.parametrize(
    "value",
    [
        "",
        "demain",
        "2031-13-01",
        "2031-02-30",
        "31-01-01",
        "2031-1-1",
        "2031-03-10T08",
        "2031-03-10T24:00:00",
        "2031-03-10T08:00:00+0100",
        "2031-03-10T08:00:00+15:00",
        "2031-03-10T08:00:60",
        "2031-03-10 08:00:00",
        "0000",
        "2031-03-10T08:00:00,5",
        "٢٠٣١",
    ],
)
def test_what_is_no_date_is_refused_with_a_sentence_that_quotes_it(value: str) -> None:
    with pytest.raises(InvalidValueError) as refused:
        instants.first_instant(value)
    assert value in refused.value.text.fr
    assert value in refused.value.text.en


@given(st.text(max_size=40))
@example("9999-12-31T23:59:59.999-14:00")
@example("0001-01-01T00:00:00+14:00")
@example("9999")
def test_any_text_is_either_a_date_or_refused(value: str) -> None:
    with contextlib.suppress(InvalidValueError):
        assert instants.first_instant(value) <= instants.last_instant(value) + 1


@given(_INSTANTS)
def test_rounding_up_never_goes_before_the_instant(instant: datetime) -> None:
    rounded = instants.to_datetime(instants.first_millisecond_from(instant))
    assert timedelta() <= rounded - instant < timedelta(milliseconds=1)
