"""The terms of an agreement that are not dates, as data: what each needs to be told, and how its answer is found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from sas_kernel.text import Text


class Measure(StrEnum):
    """What an input or a result is counted in."""

    EURO = "EUR"
    COUNT = "count"
    INDEX = "index"
    PERCENT = "percent"
    DAY = "date"
    DAYS = "dates"
    YEAR = "year"
    OUTAGES = "outages"
    SECONDS = "seconds"
    WORD = "word"
    YES_NO = "yes-no"


class RoundingMode(StrEnum):
    UP = "up"
    DOWN = "down"
    HALF_UP = "half-up"


@dataclass(frozen=True, slots=True)
class Rounding:
    """How an amount is rounded, and where that is written. Where the text is silent, `choice` holds the mode."""

    places: int
    mode: RoundingMode
    article: str
    choice: str = ""


@dataclass(frozen=True, slots=True)
class Input:
    """Something a term must be told. Without `default` it is wanted. `words` are what a `WORD` may be."""

    key: str
    measure: Measure
    text: Text
    default: str | None = None
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bracket:
    """Up to and with this size (None: any larger one), this many."""

    upto: int | None
    value: int


@dataclass(frozen=True, slots=True)
class Brackets:
    """A table by size, from `least` on."""

    input: str
    least: int
    rows: tuple[Bracket, ...]
    text: Text


@dataclass(frozen=True, slots=True)
class Line:
    """A price for each of a number of things, beyond those `included` and those that `less` counts."""

    input: str
    price: Decimal
    included: int = 0
    less: str = ""
    at_most: int | None = None


@dataclass(frozen=True, slots=True)
class Sum:
    """Prices by quantities, added up, within the amount that the input `limit` gives where there is one."""

    lines: tuple[Line, ...]
    limit: str = ""


@dataclass(frozen=True, slots=True)
class ProRata:
    """What a yearly price makes for the rest of the period in which it begins.

    The choice `period` says `half-year` or `quarter`, the choice `share` whether `day`s or `month`s begun are counted.
    """

    price: str
    start: str
    period: str
    share: str


@dataclass(frozen=True, slots=True)
class Revision:
    """P = Po x (fixed + indexed x now / base), and never more than `cap_percent` above what the choice `cap_on` names.

    The choice `steps` says whether each step is rounded or the result alone.
    """

    fixed: Decimal
    indexed: Decimal
    cap_percent: Decimal
    base_price: str
    current_price: str
    base_index: str
    new_index: str
    steps: str
    cap_on: str


@dataclass(frozen=True, slots=True)
class Availability:
    """A share of a calendar year outside planned maintenance; the choice `reading` says how exactly it is meant."""

    percent: Decimal
    year: str
    downtime: str
    maintenance: str
    reading: str


@dataclass(frozen=True, slots=True)
class Part:
    """A percentage of an amount, paid where each input of `conditions` says the word it wants."""

    id: str
    percent: Decimal
    text: Text
    conditions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Split:
    """An amount in parts; the last one takes what rounding left over."""

    input: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """What is owed in one case: the sum of these inputs, no more than `at_most`, to whom."""

    id: str
    sums: tuple[str, ...]
    to: Text
    article: str
    at_most: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Cases:
    input: str
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Latest:
    """The last of several days, and the deadlines that open on it."""

    first: str
    others: str
    first_text: Text
    last_text: Text
    then: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AtLeast:
    """What remains of `plus` without `minus` must not be less than `least`."""

    plus: tuple[str, ...]
    minus: tuple[str, ...]
    least: int


@dataclass(frozen=True, slots=True)
class Majority:
    """More than half of those present."""

    votes: str
    present: str


Method = Brackets | Sum | ProRata | Revision | Availability | Split | Cases | Latest | AtLeast | Majority


@dataclass(frozen=True, slots=True)
class Term:
    """A term that is computed: its inputs and method, its rounding, the choices and consequences that go with it."""

    id: str
    kind: str
    text: Text
    article: str
    inputs: tuple[Input, ...]
    method: Method
    rounding: Rounding | None = None
    choices: tuple[str, ...] = ()
    consequences: tuple[str, ...] = ()
