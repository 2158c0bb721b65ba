from __future__ import annotations

from datetime import date

import pytest

from sas_kernel.errors import InvalidValueError
from sas_kernel.working_calendar import Region, WorkingCalendar, plus_months, public_holidays

PARIS = WorkingCalendar()


def test_metropolitan_france_has_the_eleven_holidays_of_the_labour_code() -> None:
    assert sorted(public_holidays(2026, Region.METROPOLE)) == [
        date(2026, 1, 1),
        date(2026, 4, 6),
        date(2026, 5, 1),
        date(2026, 5, 8),
        date(2026, 5, 14),
        date(2026, 5, 25),
        date(2026, 7, 14),
        date(2026, 8, 15),
        date(2026, 11, 1),
        date(2026, 11, 11),
        date(2026, 12, 25),
    ]
    assert PARIS.holiday(date(2026, 5, 14)) == "Ascension"


@pytest.mark.parametrize(
    ("region", "day"),
    [
        (Region.ALSACE_MOSELLE, date(2026, 4, 3)),
        (Region.ALSACE_MOSELLE, date(2025, 12, 26)),
        (Region.GUADELOUPE, date(2026, 5, 27)),
        (Region.MARTINIQUE, date(2026, 5, 22)),
        (Region.GUYANE, date(2026, 6, 10)),
        (Region.LA_REUNION, date(2027, 12, 20)),
        (Region.MAYOTTE, date(2026, 4, 27)),
    ],
)
def test_other_places_have_theirs_besides(region: Region, day: date) -> None:
    assert PARIS.is_working_day(day)
    assert not WorkingCalendar(region).is_working_day(day)


def test_working_days_are_counted_both_ways() -> None:
    assert PARIS.plus(date(2026, 5, 22), 2) == date(2026, 5, 27)
    assert PARIS.plus(date(2026, 5, 27), -2) == date(2026, 5, 22)
    assert PARIS.plus(date(2026, 5, 23), 0) == date(2026, 5, 23)
    assert PARIS.between(date(2026, 5, 22), date(2026, 5, 27)) == 2
    assert PARIS.between(date(2026, 5, 27), date(2026, 5, 22)) == 0
    assert PARIS.on_or_after(date(2026, 5, 25)) == date(2026, 5, 26)


def test_months_are_cut_to_the_length_of_theirs() -> None:
    assert plus_months(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert plus_months(date(2026, 12, 31), -1) == date(2026, 11, 30)
    assert plus_months(date(2026, 3, 15), -3) == date(2025, 12, 15)
    with pytest.raises(InvalidValueError):
        plus_months(date(2026, 1, 1), 100_000)
