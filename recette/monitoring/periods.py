"""Months, days and hours as instants: a day begins at local midnight, be it 23, 24 or 25 hours long. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from recette.monitoring.model import MonitoringError
from sas_kernel.text import Text

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


def month(written: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The first instant of a month `YYYY-MM` and that of the next one; `MonitoringError` for anything else."""
    read = _MONTH.fullmatch(written)
    if read is None or not 1970 < int(read[1]) < 9999:
        raise MonitoringError(
            Text("« {m} » n’est pas un mois : AAAA-MM.", "'{m}' is no month: YYYY-MM.").format(m=written)
        )
    year, number = int(read[1]), int(read[2])
    following = date(year + number // 12, number % 12 + 1, 1)
    return _midnight(date(year, number, 1), zone), _midnight(following, zone)


def month_of(at: datetime, zone: ZoneInfo) -> str:
    """The month `YYYY-MM` in which an instant falls."""
    return f"{at.astimezone(zone):%Y-%m}"


def days(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[tuple[date, datetime, datetime]]:
    """Each local day of a period with its first instant and that of the next, cut to the period."""
    day = start.astimezone(zone).date()
    while _midnight(day, zone) < end:
        following = day + timedelta(days=1)
        yield day, max(_midnight(day, zone), start), min(_midnight(following, zone), end)
        day = following


def hours(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Each hour of a period, from its start on."""
    at = start.astimezone(UTC)
    while at < end:
        yield at, min(at + timedelta(hours=1), end)
        at += timedelta(hours=1)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """In UTC: sums and comparisons of instants in one zone would ignore its clock changes."""
    return datetime.combine(day, time(), zone).astimezone(UTC)
