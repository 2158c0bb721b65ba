"""Dates and amounts counted by hand. A civil half-year ends on 30 June and 31 December; the first one of 2026 has 181
days, of 2028 (a leap year) 182, the second always 184. Support: Monday to Friday, 8 to 20."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recette.agreement import amounts, arithmetic, reading
from recette.agreement.amounts import Formula
from recette.agreement.model import AgreementError
from recette.agreement.terms import RoundingMode
from tests.recette.agreement.conftest import Dates, Values

NAME = "mssante-sesan"
AGREEMENT = reading.load(NAME)
END_OF_JUNE, END_OF_YEAR = "2026-06-30T23:59:59+02:00", "2026-12-31T23:59:59+01:00"

CASES = [
    # --- support: five days from receipt while it is open -----------------------------------------------------
    ("support-answer", "2026-03-02T10:00", "2026-03-07T23:59:59+01:00"),  # Monday 2 -> Saturday 7, which stays
    ("support-answer", "2026-03-02T20:01", "2026-03-08T23:59:59+01:00"),  # after closing: received Tuesday 3
    ("support-answer", "2026-05-23T10:00", "2026-05-31T23:59:59+02:00"),  # Saturday, Whit Monday: received Tuesday 26
    ("support-answer", "2026-12-31T21:00", "2027-01-09T23:59:59+01:00"),  # received Monday 4 January
    ("support-answer", "2028-02-25T10:00", "2028-03-01T23:59:59+01:00"),  # 4 left of a leap February, 1 of March
    # --- invoices: thirty days --------------------------------------------------------------------------------
    ("invoice-payment", "2026-07-01T10:00", "2026-07-31T23:59:59+02:00"),
    ("invoice-payment", "2027-01-30T10:00", "2027-03-01T23:59:59+01:00"),  # 1 of January, 28 of February, 1 of March
    ("invoice-payment", "2028-01-30T10:00", "2028-02-29T23:59:59+01:00"),  # 1 of January, 29 of February
    ("invoice-payment", "2026-03-02T10:00", "2026-04-01T23:59:59+02:00"),  # over the short night
    ("invoice-payment", "2026-12-02T10:00", "2027-01-01T23:59:59+01:00"),  # onto New Year, which stays
    # --- what is billed in advance ----------------------------------------------------------------------------
    ("billed-period-end", "2026-05-22T10:00", END_OF_JUNE),
    ("billed-period-end", "2026-06-30T10:00", END_OF_JUNE),
    ("billed-period-end", "2026-07-01T00:00", END_OF_YEAR),
    # --- the revision: on 4 January, told before 31 December --------------------------------------------------
    ("price-revision", "2026-05-22T10:00", "2027-01-04T23:59:59+01:00"),
    ("price-revision", "2027-01-04T10:00", "2027-01-04T23:59:59+01:00"),
    ("price-revision", "2027-01-05T10:00", "2028-01-04T23:59:59+01:00"),
    ("price-revision-information", "2027-01-04", "2026-12-30T23:59:59+01:00"),
    ("price-revision-information", "2026-12-31", "2026-12-30T23:59:59+01:00"),
    ("price-revision-information", "2026-12-30", "2026-12-30T23:59:59+01:00"),
    ("price-revision-information", "2026-12-29", "2025-12-30T23:59:59+01:00"),
    # --- the term: each 3 January, at the latest in 2028 ------------------------------------------------------
    ("term-end", "2024-06-01", "2025-01-03T23:59:59+01:00"),
    ("term-end", "2026-01-28", "2027-01-03T23:59:59+01:00"),
    ("term-end", "2027-01-04", "2028-01-03T23:59:59+01:00"),
    ("term-end", "2028-01-03T18:00", "2028-01-03T23:59:59+01:00"),  # its last day
    # --- termination: end of the half-year, a month's notice --------------------------------------------------
    ("termination", "2026-02-10T10:00", END_OF_JUNE),
    ("termination", "2026-05-31T23:59", END_OF_JUNE),  # the whole of June is left
    ("termination", "2026-06-01T00:00", END_OF_YEAR),  # a day late: the next half-year
    ("termination", "2026-11-30T10:00", END_OF_YEAR),
    ("termination", "2026-12-01T10:00", "2027-06-30T23:59:59+02:00"),
    ("termination", "2026-05-31T21:59Z", END_OF_JUNE),  # 23:59 in Paris
    ("termination", "2026-05-31T22:30Z", END_OF_YEAR),  # already June in Paris
    ("termination-request", "2026-02-10", "2026-05-31T23:59:59+02:00"),
    ("termination-request", "2026-06-01", "2026-11-30T23:59:59+01:00"),
    ("termination-request", "2026-12-01", "2027-05-31T23:59:59+02:00"),
    ("reduction", "2026-06-30T18:00", END_OF_JUNE),  # no notice: the current half-year
    ("reduction", "2026-07-01T09:00", END_OF_YEAR),
    # --- thirty days of grace, two months to settle -----------------------------------------------------------
    ("mailbox-grace", "2026-05-22T10:00", "2026-06-21T23:59:59+02:00"),  # 9 left of May, 21 of June: a Sunday
    ("mailbox-grace", "2026-10-10T10:00", "2026-11-09T23:59:59+01:00"),  # over the long night
    ("amicable-settlement", "2026-12-31T10:00", "2027-02-28T23:59:59+01:00"),
    ("amicable-settlement", "2027-12-31T10:00", "2028-02-29T23:59:59+01:00"),
]


@pytest.mark.parametrize(("event", "at", "expected"), CASES)
def test_a_date_falls_where_it_was_counted_by_hand(dates: Dates, event: str, at: str, expected: str) -> None:
    assert dates(NAME, event, at) == [expected]


CHOSEN = [
    ("support-answer", "2026-05-22T10:00", {"support_days": "working"}, "2026-06-01T20:00:00+02:00"),  # 26-29, 1 June
    ("termination", "2026-06-15T10:00", {"late_notice": "same-half-year"}, END_OF_JUNE),
    ("billed-period-end", "2026-02-10", {"billing_period": "quarter"}, "2026-03-31T23:59:59+02:00"),
    ("invoice-payment", "2026-12-02", {"calendar_day_roll": "next"}, "2027-01-04T23:59:59+01:00"),  # New Year, Friday
    ("price-revision-information", "2027-01-04", {"information_day": "included"}, END_OF_YEAR),
    ("term-end", "2025-06-01", {"last_day": "2025-12-31"}, "2025-12-31T23:59:59+01:00"),
    ("term-end", "2029-06-01", {"last_day": ""}, "2030-01-03T23:59:59+01:00"),
]


@pytest.mark.parametrize(("event", "at", "changes", "expected"), CHOSEN)
def test_a_choice_moves_it_as_it_says(
    dates: Dates, event: str, at: str, changes: dict[str, str], expected: str
) -> None:
    assert dates(NAME, event, at, **changes) == [expected]


def test_nothing_counts_after_the_last_term_and_a_last_day_is_a_date(dates: Dates) -> None:
    with pytest.raises(AgreementError, match="2028-01-03"):
        dates(NAME, "term-end", "2028-01-04")
    with pytest.raises(AgreementError, match="last_day"):
        dates(NAME, "term-end", "2026-01-04", last_day="never")


@settings(max_examples=60)
@given(st.dates(date(2024, 1, 1), date(2040, 12, 31)))
def test_what_is_asked_for_by_its_last_day_takes_effect_a_month_later(day: date) -> None:
    latest = arithmetic.due(AGREEMENT, "termination-request", datetime.combine(day, time(10))).due_at
    end = arithmetic.due(AGREEMENT, "termination", latest).due_at
    assert (end.date() - latest.date()).days in {30, 31}
    assert arithmetic.due(AGREEMENT, "termination", latest + timedelta(days=1)).due_at > end


# --- half-year billing ------------------------------------------------------------------------------------------

BILLED = [
    ("110", "2026-01-01", "55.00"),  # the whole half-year
    ("110", "2026-04-01", "27.65"),  # 91 of 181 days: 27.6519
    ("110", "2026-03-29", "28.56"),  # 94 of 181 days, the short night is a day: 28.5635
    ("110", "2026-06-30", "0.30"),  # one day: 0.3039
    ("110", "2026-07-01", "55.00"),
    ("200", "2026-12-31", "0.54"),  # 1 of 184 days: 0.5435
    ("110", "2028-02-29", "37.17"),  # 123 of 182 days: 37.1703
    ("500", "2028-03-01", "167.58"),  # 122 of 182 days: 167.5824
    ("15,01", "2026-01-01", "7.51"),  # half a cent goes to the first half-year,
    ("15,01", "2026-07-01", "7.50"),  # and the year is 15.01
]


@pytest.mark.parametrize(("annual", "start", "expected"), BILLED)
def test_what_is_left_of_the_half_year_is_billed(values: Values, annual: str, start: str, expected: str) -> None:
    found = values(NAME, "half-year-billing", {"annual_price": annual, "from": start})
    assert found["billed"] == expected


def test_months_begun_and_quarters_are_choices(values: Values) -> None:
    asked = {"annual_price": "110", "from": "2026-05-22"}
    assert values(NAME, "half-year-billing", asked, pro_rata="month")["billed"] == "18.33"  # 2 of 6 months
    quarter = values(NAME, "half-year-billing", asked, billing_period="quarter")
    assert (quarter["period_start"], quarter["period_end"]) == ("2026-04-01", "2026-06-30")
    assert quarter["billed"] == "12.09"  # 40 of 91 days of 27.50: 12.0879


def test_the_cent_is_rounded_as_chosen_where_the_text_names_no_way(values: Values) -> None:
    asked = {"annual_price": "110", "from": "2026-04-01"}  # 27.6519
    assert values(NAME, "half-year-billing", asked, cent_rounding="down")["billed"] == "27.65"
    assert values(NAME, "half-year-billing", asked, cent_rounding="up")["billed"] == "27.66"


cents = st.integers(0, 10_000_000).map(lambda number: Fraction(number, 100))
days = st.dates(date(2024, 1, 1), date(2032, 12, 31))
lengths = st.sampled_from([3, 6])
modes = st.sampled_from(RoundingMode)


@settings(max_examples=100)
@given(cents, days, lengths, st.booleans(), modes)
def test_the_parts_of_a_period_make_up_its_price(
    annual: Fraction, day: date, months: int, by_month: bool, mode: RoundingMode
) -> None:
    found = amounts.billed(annual, day, months=months, by_month=by_month, places=2, mode=mode)
    assert found.billed + found.not_billed == found.period_price
    assert 0 <= found.billed <= found.period_price
    later = amounts.billed(annual, found.period.last, months=months, by_month=by_month, places=2, mode=mode)
    assert later.billed <= found.billed
    whole = amounts.billed(annual, found.period.first, months=months, by_month=by_month, places=2, mode=mode)
    assert whole.not_billed == 0


@settings(max_examples=60)
@given(cents, st.integers(2024, 2032), lengths, modes)
def test_the_periods_of_a_year_make_up_its_price(annual: Fraction, year: int, months: int, mode: RoundingMode) -> None:
    periods = [amounts.period(date(year, month, 1), months) for month in range(1, 13, months)]
    total = sum((amounts.period_price(annual, each, 2, mode) for each in periods), Decimal(0))
    assert total == annual
    assert sum(each.days for each in periods) == (date(year + 1, 1, 1) - date(year, 1, 1)).days


# --- revision of prices -----------------------------------------------------------------------------------------

REVISED = [
    # 310.2 / 297.5 = 1.04268.. -> 1.043; x 0.85 = 0.88655 -> 0.887; + 0.15 = 1.037; 110 x 1.037
    ({"base_price": "110", "index_base": "297.5", "index_now": "310.2"}, "114.070", "False"),
    # 330 / 297.5 = 1.10924.. -> 1.110; 0.9435 -> 0.944; 1.094; 120.34, above 110 x 1.05 = 115.5
    ({"base_price": "110", "index_base": "297.5", "index_now": "330"}, "115.500", "True"),
    ({"base_price": "110", "index_base": "297.5", "index_now": "297.5"}, "110.000", "False"),
    # 290 / 297.5 = 0.97478.. -> 0.975; 0.82875 -> 0.829; 0.979: prices may go down
    ({"base_price": "110", "index_base": "297,5", "index_now": "290"}, "107.690", "False"),
    # 300 / 297.5 = 1.00840.. -> 1.009; 0.85765 -> 0.858; 1.008; 78.333 x 1.008 = 78.959664 -> 78.960
    ({"base_price": "78.333", "index_base": "297.5", "index_now": "300"}, "78.960", "False"),
    # the second year: 120.34 by the formula, 5 % over the 114.07 in force are 119.7735, rounded down
    (
        {"base_price": "110", "current_price": "114.07", "index_base": "297.5", "index_now": "330"},
        "119.773",
        "True",
    ),
]


@pytest.mark.parametrize(("given", "price", "capped"), REVISED)
def test_a_revised_price_is_what_was_worked_out_by_hand(
    values: Values, given: dict[str, str], price: str, capped: str
) -> None:
    found = values(NAME, "price-revision", given)
    assert (found["price"], found["capped"]) == (price, capped)


def test_rounding_the_result_alone_or_capping_on_the_base_price_are_choices(values: Values) -> None:
    asked = {"base_price": "110", "index_base": "297.5", "index_now": "310.2"}
    # 110 x (0.15 + 0.85 x 310.2 / 297.5) = 113.99142.. -> 113.992
    assert values(NAME, "price-revision", asked, revision_steps="result")["price"] == "113.992"
    later = asked | {"current_price": "114.07", "index_now": "330"}
    assert values(NAME, "price-revision", later, cap_on="base")["price"] == "115.500"


prices = st.integers(1, 10_000_000).map(lambda number: Fraction(number, 1000))
indices = st.integers(500, 100_000).map(lambda number: Fraction(number, 100))


@settings(max_examples=100)
@given(prices, prices, indices, indices, indices, st.booleans())
def test_a_revision_never_passes_the_cap_and_follows_the_index(
    base: Fraction, current: Fraction, index: Fraction, one: Fraction, other: Fraction, stepwise: bool
) -> None:
    formula = Formula(Fraction(15, 100), Fraction(85, 100), Fraction(5), 3, RoundingMode.UP, stepwise)
    low, high = (amounts.revised(formula, base, current, (index, new)) for new in sorted((one, other)))
    assert high.price <= current * Fraction(105, 100)
    assert low.price <= high.price
    assert high.formula >= base * (formula.fixed + formula.indexed * max(one, other) / index)
    assert amounts.revised(formula, base, base, (index, index)).price == base


# --- prices -----------------------------------------------------------------------------------------------------


def test_prices_add_up(values: Values) -> None:
    asked = {"personal": "3", "organisational": "2", "application": "1"}
    # 3 x 150 + 2 x 200 + 500 + 250
    assert values(NAME, "setup-price", asked | {"domains": "1"})["total"] == "1600.00"
    # 3 x 110 + 2 x 200 + 500 + 2 x 15
    assert values(NAME, "annual-price", asked | {"additional_users": "2"})["total"] == "1260.00"


@pytest.mark.parametrize(
    ("users", "exempt", "total"), [(0, 0, "0.00"), (5, 0, "0.00"), (6, 0, "15.00"), (9, 1, "45.00")]
)
def test_five_users_are_included_and_those_with_a_personal_mailbox_exempt(
    values: Values, users: int, exempt: int, total: str
) -> None:
    found = values(NAME, "additional-users", {"users": str(users), "exempt": str(exempt)})
    assert found["total"] == total


def test_no_more_users_are_exempt_than_are_beyond_the_fifth(values: Values) -> None:
    with pytest.raises(AgreementError, match="exempt"):
        values(NAME, "additional-users", {"users": "6", "exempt": "2"})
