"""Dates and levels counted by hand. 2028 is a leap year; in 2026 clocks change on 29 March and 25 October."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recette.agreement.availability import year_of_service
from recette.agreement.given import Outages
from recette.agreement.model import AgreementError
from sas_kernel.clock import PARIS
from tests.recette.agreement.conftest import Dates, Values, computed

NAME = "atomes"
BREACH, HEARD, LIFTED = "breach-repair", "restriction-arguments", "immediate-restriction-arguments"

CASES = [
    # --- notices of fifteen days ------------------------------------------------------------------------------
    (BREACH, "2026-05-22T10:00", ["2026-06-06T23:59:59+02:00"]),  # 9 left of May, 6 of June; a Saturday stays
    (BREACH, "2026-12-20T10:00", ["2027-01-04T23:59:59+01:00"]),  # 11 of December, 4 of January
    (BREACH, "2026-04-30T10:00", ["2026-05-15T23:59:59+02:00"]),  # the bridge after Ascension
    (BREACH, "2026-10-12T10:00", ["2026-10-27T23:59:59+01:00"]),  # over the long night: still fifteen days
    (HEARD, "2028-02-15T10:00", ["2028-03-01T23:59:59+01:00"]),  # 14 left of a leap February, 1 of March
    (HEARD, "2027-02-15T10:00", ["2027-03-02T23:59:59+01:00"]),  # 13 left, 2 of March
    (LIFTED, "2026-03-20T18:00", ["2026-04-04T23:59:59+02:00"]),  # over the short night: 11 + 4
    (LIFTED, "2026-04-29T23:30", ["2026-05-14T23:59:59+02:00"]),  # onto Ascension, which stays
    ("breach-beyond-repair", "2026-07-14T15:00", ["2026-07-14T23:59:59+02:00"]),
    # --- accounts: twelve months after the last sign-in, then archived for five years -------------------------
    ("account-retention", "2026-05-22T10:00", ["2027-05-22T23:59:59+02:00", "2032-05-22T23:59:59+02:00"]),
    ("account-retention", "2028-02-29T10:00", ["2029-02-28T23:59:59+01:00", "2034-02-28T23:59:59+01:00"]),  # no 29 Feb
    ("account-retention", "2027-02-28T10:00", ["2028-02-28T23:59:59+01:00", "2033-02-28T23:59:59+01:00"]),  # not the 29
    # --- traces: six months -----------------------------------------------------------------------------------
    ("trace-retention", "2026-08-31T10:00", ["2027-02-28T23:59:59+01:00", "2032-02-28T23:59:59+01:00"]),  # no 31 Feb
    ("trace-retention", "2027-08-31T10:00", ["2028-02-29T23:59:59+01:00", "2033-02-28T23:59:59+01:00"]),  # leap day
    ("trace-retention", "2026-04-30T22:30Z", ["2026-11-01T23:59:59+01:00", "2031-11-01T23:59:59+01:00"]),  # 1 May here
    # --- the year measured, disputes --------------------------------------------------------------------------
    ("availability-period", "2026-05-22", ["2026-12-31T23:59:59+01:00"]),
    ("availability-period", "2026-12-31T22:30Z", ["2026-12-31T23:59:59+01:00"]),  # 23:30 in Paris
    ("availability-period", "2026-12-31T23:30Z", ["2027-12-31T23:59:59+01:00"]),  # already 2027 in Paris
    ("amicable-settlement", "2026-01-31T10:00", ["2026-02-28T23:59:59+01:00"]),
    ("amicable-settlement", "2027-12-31T10:00", ["2028-01-31T23:59:59+01:00"]),
]


@pytest.mark.parametrize(("event", "at", "expected"), CASES)
def test_a_date_falls_where_it_was_counted_by_hand(dates: Dates, event: str, at: str, expected: list[str]) -> None:
    assert dates(NAME, event, at) == expected


def test_what_the_text_leaves_open_moves_a_date_as_it_says(dates: Dates) -> None:
    assert dates(NAME, BREACH, "2026-05-22T10:00", calendar_day_roll="next") == ["2026-06-08T23:59:59+02:00"]  # Monday
    assert dates(NAME, BREACH, "2026-05-22T10:00", breach_notice="window") == ["2026-05-22T23:59:59+02:00"]
    assert dates(NAME, "trace-retention", "2026-05-22", archive="10-years")[1] == "2036-11-22T23:59:59+01:00"


LEVELS = [
    # 8760 h, 2 % of which are 175.2 h = 175 h 12 min
    ({"year": "2026"}, {"year_seconds": "31536000", "allowed_seconds": "630720", "verdict": "held"}),
    # a leap year has 8784 h; 175.68 h = 175 h 40 min 48 s
    ({"year": "2028"}, {"year_seconds": "31622400", "allowed_seconds": "632448"}),
    # 100 h of maintenance leave 8660 h; 2 % are 173.2 h
    ({"year": "2026", "maintenance": "100"}, {"service_seconds": "31176000", "allowed_seconds": "623520"}),
    # just in time, then 3.6 s too long
    ({"year": "2026", "downtime": "175.2"}, {"availability": "98.000", "left_seconds": "0", "verdict": "held"}),
    ({"year": "2026", "downtime": "175.201"}, {"availability": "97.999", "left_seconds": "0", "verdict": "broken"}),
    # from 1 to 4 in the short night: two hours; in the long one: four
    ({"year": "2026", "downtime": "2026-03-29T01:00/2026-03-29T04:00"}, {"down_seconds": "7200"}),
    ({"year": "2026", "downtime": "2026-10-25T01:00/2026-10-25T04:00"}, {"down_seconds": "14400"}),
    # what is planned is not counted: 22 to 2, planned from 23 to 1, leaves two hours
    (
        {
            "year": "2026",
            "downtime": "2026-05-22T22:00/2026-05-23T02:00",
            "maintenance": "2026-05-22T23:00/2026-05-23T01:00",
        },
        {"down_seconds": "7200", "service_seconds": "31528800"},
    ),
    # twice the same hour is one hour, and of a New Year's night only what lies in the year
    (
        {"year": "2026", "downtime": "2025-12-31T23:00/2026-01-01T01:00, 2026-01-01T00:30/2026-01-01T01:00"},
        {"down_seconds": "3600"},
    ),
    # an hour within a longer outage adds nothing
    (
        {"year": "2026", "downtime": "2026-05-01T00:00/2026-05-01T10:00,2026-05-01T02:00/2026-05-01T03:00"},
        {"down_seconds": "36000"},
    ),
    # down all year
    ({"year": "2026", "downtime": "8760"}, {"availability": "0.000", "verdict": "broken"}),
    # periods and hours told without a when add up; UTC is read as such
    ({"year": "2026", "downtime": "1.5,2026-07-01T00:00Z/2026-07-01T00:30Z"}, {"down_seconds": "7200"}),
    # an outage over the end of February of a leap year: the 28th at noon to 1 March at noon are 48 h
    ({"year": "2028", "downtime": "2028-02-28T12:00/2028-03-01T12:00"}, {"down_seconds": "172800"}),
]


@pytest.mark.parametrize(("given", "expected"), LEVELS)
def test_a_level_is_what_was_counted_by_hand(values: Values, given: dict[str, str], expected: dict[str, str]) -> None:
    assert values(NAME, "availability", given).items() >= expected.items()


def test_about_98_per_cent_may_be_read_as_what_rounds_to_it(values: Values) -> None:
    # 2.5 % of 8760 h are 219 h.
    found = values(NAME, "availability", {"year": "2026", "downtime": "219"}, availability_reading="about")
    assert found.items() >= {"allowed_seconds": "788400", "availability": "97.500", "verdict": "held"}.items()


def test_more_outage_than_there_is_service_is_refused(values: Values) -> None:
    for given_ in ({"maintenance": "8760"}, {"maintenance": "8000", "downtime": "761"}):
        with pytest.raises(AgreementError, match="2026"):
            values(NAME, "availability", {"year": "2026", **given_})


@settings(max_examples=60)
@given(st.integers(1990, 2200))
def test_the_two_nights_never_change_the_length_of_a_year(year: int) -> None:
    days = 366 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 365
    assert year_of_service(year, PARIS, Outages(), Outages()).year == days * 86400


@settings(max_examples=60)
@given(st.integers(0, 8000), st.integers(0, 700))
def test_the_verdict_is_that_of_the_allowance(down: int, maintenance: int) -> None:
    found = computed(NAME, "availability", {"year": "2026", "downtime": str(down), "maintenance": str(maintenance)})
    held = Fraction(down) <= Fraction(8760 - maintenance) / 50
    assert (found.verdict is not None and found.verdict.value == "held") is held
