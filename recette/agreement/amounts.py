"""Amounts, exact until they are rounded, and rounded as the text says. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

from recette.agreement.terms import RoundingMode
from sas_kernel.working_calendar import plus_months

_YEAR = 12
_HALF = Fraction(1, 2)


def rounded(value: Fraction, places: int, mode: RoundingMode) -> Decimal:
    """To so many decimals: `up` to the next one above, `down` to the one below, `half-up` to the nearest."""
    scaled = value * 10**places
    match mode:
        case RoundingMode.UP:
            units = ceil(scaled)
        case RoundingMode.DOWN:
            units = floor(scaled)
        case RoundingMode.HALF_UP:
            units = floor(scaled + _HALF)
    return Decimal(units).scaleb(-places)


@dataclass(frozen=True, slots=True)
class Period:
    """A part of a civil year, of so many months: its number in the year from 0, its first and last day."""

    number: int
    months: int
    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


def period(day: date, months: int) -> Period:
    """The quarter, half-year or year that a day lies in."""
    number = (day.month - 1) // months
    first = date(day.year, number * months + 1, 1)
    return Period(number, months, first, plus_months(first, months) - timedelta(days=1))


def period_price(annual: Fraction, of: Period, places: int, mode: RoundingMode) -> Decimal:
    """The share of a yearly price that falls to a period: the periods of a year make up the rounded price exactly."""
    upto = rounded(annual * (of.number + 1) * of.months / _YEAR, places, mode)
    return upto - rounded(annual * of.number * of.months / _YEAR, places, mode)


@dataclass(frozen=True, slots=True)
class Billed:
    """What a period costs from a day on (that day included), and what is not billed of it."""

    period: Period
    parts: int
    parts_billed: int
    period_price: Decimal
    billed: Decimal

    @property
    def not_billed(self) -> Decimal:
        return self.period_price - self.billed


def billed(annual: Fraction, start: date, *, months: int, by_month: bool, places: int, mode: RoundingMode) -> Billed:
    """What is billed of the period in which a subscription begins, by its days or by its months begun."""
    of = period(start, months)
    price = period_price(annual, of, places, mode)
    parts, left = (months, (of.last.month - start.month) + 1) if by_month else (of.days, (of.last - start).days + 1)
    return Billed(of, parts, left, price, rounded(Fraction(price) * left / parts, places, mode))


@dataclass(frozen=True, slots=True)
class Revised:
    """A revised price with the steps that led to it. `formula` is what the formula gives before the cap."""

    ratio: Decimal
    coefficient: Decimal
    formula: Decimal
    cap: Decimal
    price: Decimal

    @property
    def is_capped(self) -> bool:
        return self.formula > self.cap


@dataclass(frozen=True, slots=True)
class Formula:
    """P = Po x (fixed + indexed x new / base), at most `cap_percent` above a price; `stepwise` rounds each step."""

    fixed: Fraction
    indexed: Fraction
    cap_percent: Fraction
    places: int
    mode: RoundingMode
    stepwise: bool


def revised(formula: Formula, base_price: Fraction, capped_on: Fraction, indices: tuple[Fraction, Fraction]) -> Revised:
    """The price that follows from the indices (of the base month, of the revision).

    The cap itself is rounded down: rounded up, it would let a price pass it.
    """
    places, mode = formula.places, formula.mode

    def step(value: Fraction) -> Fraction:
        return Fraction(rounded(value, places, mode)) if formula.stepwise else value

    base, new = indices
    ratio = step(new / base)
    coefficient = step(formula.fixed + step(formula.indexed * ratio))
    by_formula = rounded(base_price * coefficient, places, mode)
    cap = rounded(capped_on * (1 + formula.cap_percent / 100), places, RoundingMode.DOWN)
    return Revised(
        ratio=rounded(ratio, places, mode),
        coefficient=rounded(coefficient, places, mode),
        formula=by_formula,
        cap=cap,
        price=min(by_formula, cap),
    )


def split(total: Fraction, percents: Sequence[Fraction], places: int, mode: RoundingMode) -> list[Decimal]:
    """An amount by percentages, none of them lost: the last part takes what rounding left over."""
    whole = rounded(total, places, mode)
    parts = [rounded(total * percent / 100, places, mode) for percent in percents[:-1]]
    return [*parts, whole - sum(parts, Decimal(0))]
