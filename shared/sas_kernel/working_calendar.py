"""Working days in France: Monday to Friday without the public holidays of the place."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache

from sas_kernel.errors import InvalidValueError
from sas_kernel.text import Text

_DAY = timedelta(days=1)
_SATURDAY = 5


class Region(StrEnum):
    """Where the public holidays are those of the Code du travail (art. L. 3133-1), and where there are more."""

    METROPOLE = "metropole"
    ALSACE_MOSELLE = "alsace-moselle"
    GUADELOUPE = "guadeloupe"
    MARTINIQUE = "martinique"
    GUYANE = "guyane"
    LA_REUNION = "la-reunion"
    MAYOTTE = "mayotte"
    SAINT_BARTHELEMY = "saint-barthelemy"
    SAINT_MARTIN = "saint-martin"
    NOUVELLE_CALEDONIE = "nouvelle-caledonie"
    POLYNESIE = "polynesie"
    WALLIS_ET_FUTUNA = "wallis-et-futuna"


_SUBDIVISION = {
    Region.METROPOLE: None,
    Region.ALSACE_MOSELLE: "57",
    Region.GUADELOUPE: "971",
    Region.MARTINIQUE: "972",
    Region.GUYANE: "973",
    Region.LA_REUNION: "974",
    Region.MAYOTTE: "976",
    Region.SAINT_BARTHELEMY: "BL",
    Region.SAINT_MARTIN: "MF",
    Region.NOUVELLE_CALEDONIE: "NC",
    Region.POLYNESIE: "PF",
    Region.WALLIS_ET_FUTUNA: "WF",
}


@lru_cache(maxsize=512)
def public_holidays(year: int, region: Region) -> dict[date, str]:
    """The public holidays of a year by date, with their French names."""
    import holidays  # noqa: PLC0415  a tenth of a second, which a command that counts no day need not wait for

    found = holidays.country_holidays("FR", subdiv=_SUBDIVISION[region], years=year, language="fr")
    return {day: name for day, name in found.items() if day.year == year}


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """The working days of a region, less the days on which the parties agreed to close."""

    region: Region = Region.METROPOLE
    closed: frozenset[date] = field(default_factory=frozenset)

    def holiday(self, day: date) -> str | None:
        """The French name of the public holiday of this day."""
        return public_holidays(day.year, self.region).get(day)

    def is_working_day(self, day: date) -> bool:
        return day.weekday() < _SATURDAY and day not in self.closed and self.holiday(day) is None

    def next_working_day(self, day: date) -> date:
        """The first working day after this one."""
        day += _DAY
        while not self.is_working_day(day):
            day += _DAY
        return day

    def on_or_after(self, day: date) -> date:
        return day if self.is_working_day(day) else self.next_working_day(day)

    def plus(self, day: date, working_days: int) -> date:
        """The n-th working day after this one, or before it where n is negative; with 0, the day itself."""
        step = _DAY if working_days > 0 else -_DAY
        for _ in range(abs(working_days)):
            day += step
            while not self.is_working_day(day):
                day += step
        return day

    def between(self, after: date, upto: date) -> int:
        """How many working days lie after the first day and not after the second; 0 where the second is not later."""
        return sum(1 for day in _days(after, upto) if self.is_working_day(day))


def _days(after: date, upto: date) -> Iterator[date]:
    while after < upto:
        after += _DAY
        yield after


def plus_months(day: date, months: int) -> date:
    """The same day number so many months later or earlier, cut to the last day of that month."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    if not 1 <= year <= 9998:
        raise InvalidValueError(
            Text("Date hors du calendrier : {d} + {m} mois.", "Date off the calendar: {d} + {m} months.").format(
                d=day, m=months
            )
        )
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
