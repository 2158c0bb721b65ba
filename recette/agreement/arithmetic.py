"""From an event to a date. Nothing here reads a clock: every instant is an argument.

Dates are counted on the wall calendar of the agreement's zone and become instants at the end, so that the two nights on
which the clocks change neither add nor take an hour of anybody's time.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from recette.agreement.model import Agreement, AgreementError, Deadline, DueDate, Unit
from sas_kernel.errors import InvalidValueError
from sas_kernel.text import Text
from sas_kernel.working_calendar import Region, WorkingCalendar, plus_months

_MONTHS = {Unit.MONTH: 1, Unit.YEAR: 12}
_DAYS = {Unit.DAY: 1, Unit.WEEK: 7}
_PERIODS = {"quarter": "03-31 06-30 09-30 12-31", "half-year": "06-30 12-31", "year": "12-31"}


def due(agreement: Agreement, event: str, at: datetime) -> DueDate:
    """When the deadline `event` falls if its clock starts at `at` (a naive instant is the wall time of the agreement).

    Raises `AgreementError` for an unknown event, and for a choice whose value cannot be read.
    """
    deadline = agreement.deadline(event)
    given = localized(agreement, at)
    counted_from = receipt(agreement, given) if deadline.support_hours else given
    last = _last_day(agreement, deadline, counted_from.date())
    return DueDate(
        deadline=deadline,
        at=given,
        counted_from=counted_from,
        due_at=end_of(agreement, deadline, last),
        footnotes=tuple(agreement.choices[key] for key in deadline.choices),
        consequences=tuple(agreement.consequences[id] for id in deadline.consequences),
    )


def dues(agreement: Agreement, event: str, at: datetime) -> tuple[DueDate, ...]:
    """The deadline of `event`, those that the same instant opens, and those that open when it is reached."""
    first = due(agreement, event, at)
    found = [first]
    for id in first.deadline.also:
        found += dues(agreement, id, at)
    for id in first.deadline.then:
        found += dues(agreement, id, first.due_at)
    return tuple(found)


def localized(agreement: Agreement, at: datetime) -> datetime:
    """An instant in the agreement's zone."""
    try:
        return at.replace(tzinfo=agreement.zone) if at.tzinfo is None else at.astimezone(agreement.zone)
    except (OverflowError, ValueError) as error:
        raise _off_the_calendar(at) from error


def receipt(agreement: Agreement, at: datetime) -> datetime:
    """When something that comes at `at` counts as received: at once while support is open, else when it next opens."""
    at, days = localized(agreement, at), working_calendar(agreement)
    opening, cut_off = _clock_time(agreement, "opening"), _clock_time(agreement, "cut_off")
    today = at.date()
    if not days.is_working_day(today) or at.time() > cut_off:
        try:
            return _at(agreement, days.next_working_day(today), opening)
        except OverflowError as error:
            raise _off_the_calendar(today) from error
    return _at(agreement, today, opening) if at.time() < opening else at


def working_calendar(agreement: Agreement) -> WorkingCalendar:
    """The calendar its choices name; one without them counts on metropolitan France."""
    try:
        region = Region(_value(agreement, "region", Region.METROPOLE.value))
    except ValueError:
        raise _unreadable(agreement, "region", ", ".join(Region)) from None
    written = _value(agreement, "closed", "")
    try:
        closed = frozenset(date.fromisoformat(day.strip()) for day in written.split(",") if day.strip())
    except ValueError:
        raise _unreadable(agreement, "closed", "2026-12-24, 2026-12-31") from None
    return WorkingCalendar(region, closed)


def end_of(agreement: Agreement, deadline: Deadline, day: date) -> datetime:
    """The last instant of a day that is still in time for this deadline."""
    key = "working_day_end" if deadline.unit is Unit.WORKING_DAY else "calendar_day_end"
    return _at(agreement, day, _clock_time(agreement, key))


def _last_day(agreement: Agreement, deadline: Deadline, start: date) -> date:
    amount = -deadline.amount if deadline.before else deadline.amount
    try:
        day = _aligned(deadline, _moved(agreement, deadline.unit, start, amount))
    except (OverflowError, ValueError, InvalidValueError) as error:
        raise _off_the_calendar(start) from error
    if deadline.no_later_than:
        day = _bounded(agreement, deadline.no_later_than, start, day)
    if deadline.unit is not Unit.DAY or "calendar_day_roll" not in deadline.choices:
        return day
    roll = _value(agreement, "calendar_day_roll", "none")
    if roll not in {"none", "next"}:
        raise _unreadable(agreement, "calendar_day_roll", "none, next")
    return working_calendar(agreement).on_or_after(day) if roll == "next" else day


def _bounded(agreement: Agreement, key: str, start: date, day: date) -> date:
    """The day, or the last one that the choice allows (empty: any); nothing counts from a later one."""
    written = agreement.choices[key].value
    if not written:
        return day
    try:
        last = date.fromisoformat(written)
    except ValueError:
        raise _unreadable(agreement, key, "2028-01-03") from None
    if start > last:
        raise AgreementError(
            Text(
                "« {name} » ne court plus après le {last} (choix « {key} »).",
                "'{name}' no longer runs after {last} (choice '{key}').",
            ).format(name=agreement.name, last=last.isoformat(), key=key)
        )
    return min(day, last)


def _moved(agreement: Agreement, unit: Unit, start: date, amount: int) -> date:
    match unit:
        case Unit.WORKING_DAY:
            return working_calendar(agreement).plus(start, amount)
        case Unit.DAY | Unit.WEEK:
            return start + timedelta(days=amount * _DAYS[unit])
        case Unit.MONTH | Unit.YEAR:
            if _value(agreement, "month_end", "clip") != "clip":
                raise _unreadable(agreement, "month_end", "clip")
            return plus_months(start, amount * _MONTHS[unit])


def _aligned(deadline: Deadline, day: date) -> date:
    """The next of the days of the year at which the deadline falls, this day included; the last one where `before`."""
    named = _PERIODS.get(deadline.align, deadline.align).split()
    if not named:
        return day
    years = (day.year - 1, day.year) if deadline.before else (day.year, day.year + 1)
    found = sorted(date.fromisoformat(f"{year:04}-{each}") for year in years for each in named)
    if deadline.before:
        return max(each for each in found if each <= day)
    return min(each for each in found if each >= day)


def _at(agreement: Agreement, day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, agreement.zone)


def _clock_time(agreement: Agreement, key: str) -> time:
    default = {"opening": "09:00", "cut_off": "18:00", "working_day_end": "18:00", "calendar_day_end": "23:59:59"}[key]
    try:
        read = time.fromisoformat(_value(agreement, key, default))
    except ValueError:
        raise _unreadable(agreement, key, default) from None
    if read.tzinfo is not None:
        raise _unreadable(agreement, key, default)
    return read


def _value(agreement: Agreement, key: str, default: str) -> str:
    choice = agreement.choices.get(key)
    return default if choice is None else choice.value


def _unreadable(agreement: Agreement, key: str, expected: str) -> AgreementError:
    return AgreementError(
        Text(
            "Le choix « {key} » de « {name} » vaut « {value} » ; attendu : {expected}.",
            "The choice '{key}' of '{name}' is '{value}'; expected: {expected}.",
        ).format(key=key, name=agreement.name, value=agreement.choices[key].value, expected=expected)
    )


def _off_the_calendar(at: date) -> AgreementError:
    return AgreementError(
        Text("Date hors du calendrier : {at}.", "Date off the calendar: {at}.").format(at=at.isoformat())
    )
