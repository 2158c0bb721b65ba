"""What a term answers: values with what they are, and a verdict where something is decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from recette.agreement import amounts
from recette.agreement.given import Given
from recette.agreement.model import Agreement
from recette.agreement.terms import Measure, Rounding, Term
from sas_kernel.text import Text


class Verdict(StrEnum):
    """What an answer decides, where it decides something."""

    HELD = "held"
    BROKEN = "broken"
    ALLOWED = "allowed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Result:
    """One value of an answer and what it is."""

    key: str
    value: Decimal | int | bool | date | datetime | str | Text
    measure: Measure
    text: Text


@dataclass(frozen=True, slots=True)
class Answer:
    """The results in the order to read them."""

    results: tuple[Result, ...]
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A term, what was given for it, and how its amounts are rounded."""

    agreement: Agreement
    term: Term
    given: Given
    rounding: Rounding

    def choice(self, key: str) -> str:
        return self.agreement.choices[key].value

    def money(self, value: Fraction) -> Decimal:
        return amounts.rounded(value, self.rounding.places, self.rounding.mode)


def euros(key: str, value: Decimal, text: Text) -> Result:
    return Result(key, value, Measure.EURO, text)
