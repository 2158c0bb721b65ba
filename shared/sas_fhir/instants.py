"""Instants on the wire: how they are written in an answer and how the bounds of a search are read.

An instant is held as whole milliseconds since 1970-01-01T00:00:00Z, which both databases compare quickly and exactly.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from typing import Final

from sas_kernel.clock import PARIS
from sas_kernel.errors import InvalidValueError
from sas_kernel.text import Text

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)

_DATE: Final = re.compile(
    r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2})"
    r"(?:T(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]{1,9}))?)?"
    r"(?P<offset>Z|[+-][0-9]{2}:[0-9]{2})?)?)?)?"
)

_NOT_A_DATE: Final = Text(
    "« {value} » n’est pas une date : attendu par exemple 2031-03-10T08:00:00.000+01:00 (le + peut s’écrire %2B).",
    "'{value}' is not a date: expected for instance 2031-03-10T08:00:00.000+01:00 (the + may be written %2B).",
)


def milliseconds(instant: datetime) -> int:
    """Whole milliseconds since the epoch, rounded down; `instant` must carry an offset."""
    return (instant - _EPOCH) // _MILLISECOND


def first_millisecond_from(instant: datetime) -> int:
    """The first whole millisecond that is not before `instant`."""
    return -((_EPOCH - instant) // _MILLISECOND)


def to_datetime(instant: int) -> datetime:
    """The instant in Europe/Paris time."""
    return (_EPOCH + timedelta(milliseconds=instant)).astimezone(PARIS)


def formatted(instant: int) -> str:
    """`2031-03-10T08:00:00.000+01:00`: milliseconds and the numeric offset of Europe/Paris, never `Z` (kit check)."""
    return to_datetime(instant).isoformat(timespec="milliseconds")


def first_instant(value: str) -> int:
    """The first millisecond of the period a search date names (used with `ge`).

    Without an offset the value is Europe/Paris time; of a repeated autumn hour the first occurrence counts, and a
    spring time that does not exist is shifted forward. Raises `InvalidValueError` when `value` is no FHIR date.
    """
    return _bounds(value)[0]


def last_instant(value: str) -> int:
    """The last millisecond of the period a search date names (used with `le`); a repeated hour counts to its end."""
    return _bounds(value)[1]


def _bounds(value: str) -> tuple[int, int]:
    match = _DATE.fullmatch(value)
    if match is None:
        raise InvalidValueError(_NOT_A_DATE.format(value=value))
    part = match.groupdict()
    try:
        if part["hour"] is None:
            return _calendar_bounds(int(part["year"]), part["month"], part["day"])
        return _clock_bounds(part)
    except (ValueError, OverflowError) as error:
        raise InvalidValueError(_NOT_A_DATE.format(value=value)) from error


def _calendar_bounds(year: int, month: str | None, day: str | None) -> tuple[int, int]:
    first = date(year, int(month or 1), int(day or 1))
    last = first
    if day is None:
        last = first.replace(month=int(month or 12))
        last = last.replace(day=monthrange(last.year, last.month)[1])
    start = datetime(first.year, first.month, first.day, tzinfo=PARIS)
    end = datetime(last.year, last.month, last.day, 23, 59, 59, 999_000, tzinfo=PARIS)
    return milliseconds(start), milliseconds(end)


def _clock_bounds(part: dict[str, str | None]) -> tuple[int, int]:
    year, month, day, hour, minute = (int(part[name] or 0) for name in ("year", "month", "day", "hour", "minute"))
    fraction = part["fraction"]
    if fraction is not None:
        kept = fraction[:3]
        # What is finer than a millisecond cannot be stored: a lower bound goes up to the next one, an upper bound down.
        finer = fraction[3:].strip("0") != ""
        begin, length = int(kept.ljust(3, "0")), 10 ** (3 - len(kept))
        shift = 1 if finer else 0
    else:
        begin, length, shift = 0, 1000 if part["second"] is not None else 60_000, 0
    local = datetime(year, month, day, hour, minute, int(part["second"] or 0))  # noqa: DTZ001  the offset comes next
    if part["offset"] is not None:
        base = milliseconds(local.replace(tzinfo=UTC)) - _offset(part["offset"])
        return base + begin + shift, base + begin + length - 1
    first, second = _paris_occurrences(local)
    return first + begin + shift, second + begin + length - 1


def _offset(written: str) -> int:
    """Milliseconds east of UTC."""
    if written == "Z":
        return 0
    hours, minutes = int(written[1:3]), int(written[4:6])
    if hours > 14 or minutes > 59:
        raise ValueError(written)
    value = (hours * 60 + minutes) * 60_000
    return -value if written[0] == "-" else value


def _paris_occurrences(local: datetime) -> tuple[int, int]:
    """The instants a Paris wall-clock time stands for: twice the same, but for the repeated hour of autumn."""
    before, after = local.replace(tzinfo=PARIS, fold=0), local.replace(tzinfo=PARIS, fold=1)
    first, second = milliseconds(before), milliseconds(after)
    # In the gap of spring the second reading is the earlier one; the first reading is the one shifted forward.
    return first, max(first, second)
