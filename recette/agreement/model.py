"""The terms of an agreement, as data (`contracts/agreements/NAME.toml`), and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from recette.agreement.terms import Term
from recette.model import Severity
from sas_kernel.errors import SasError
from sas_kernel.text import Text


class AgreementError(SasError):
    """Something asked of an agreement that it does not hold: the text says what it does hold."""


class Unit(StrEnum):
    """What a deadline counts."""

    WORKING_DAY = "working-day"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class When(StrEnum):
    """What makes a consequence real: the deadline passed unmet or was reached, its matter is open, a level broken."""

    OVERDUE = "overdue"
    DUE = "due"
    OPEN = "open"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Choice:
    """What the text leaves open: the value taken, and why. `is_default` is false once a project changed it.

    `possible` are the values it may take, where they are few; without them what uses it says what it cannot read.
    """

    key: str
    value: str
    reason: Text
    article: str
    is_default: bool = True
    possible: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Consequence:
    id: str
    when: When
    text: Text
    article: str


@dataclass(frozen=True, slots=True)
class Variant:
    """What a deadline counts instead where a choice has another value."""

    choice: str
    value: str
    amount: int
    unit: Unit
    align: str


@dataclass(frozen=True, slots=True)
class Deadline:
    """A rule that makes a date of an event: `amount` of `unit` after it, or before it where `before`.

    `support_hours` says that an event outside of them counts as received when they next begin. `choices` are the keys
    of the choices that bear on it. `align` moves the date to the next end of a quarter, half-year or year (`quarter`,
    `half-year`, `year`) or to the next of some days of the year (`01-04`, `05-31 11-30`); to the last one where
    `before`. `no_later_than` is the choice whose date bounds it. `also` are the deadlines that the same event opens,
    `then` those that open when this one is reached.
    """

    id: str
    amount: int
    unit: Unit
    start: Text
    text: Text
    article: str
    support_hours: bool = False
    before: bool = False
    align: str = ""
    severity: Severity | None = None
    extendable: str = ""
    choices: tuple[str, ...] = ()
    consequences: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    then: tuple[str, ...] = ()
    no_later_than: str = ""
    variants: tuple[Variant, ...] = ()


@dataclass(frozen=True, slots=True)
class SeverityTerm:
    """How the agreement defines a severity."""

    severity: Severity
    title: Text
    definition: Text
    article: str


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase and the deadline that bounds it; `deadline` is empty where none does."""

    id: str
    title: Text
    deadline: str
    responsible: Text
    deliverable: Text
    article: str


@dataclass(frozen=True, slots=True)
class Agreement:
    name: str
    title: Text
    reference: str
    zone: ZoneInfo
    choices: Mapping[str, Choice]
    severities: Mapping[Severity, SeverityTerm]
    deadlines: Mapping[str, Deadline]
    consequences: Mapping[str, Consequence]
    phases: tuple[Phase, ...]
    terms: Mapping[str, Term] = field(default_factory=dict)

    def deadline(self, id: str) -> Deadline:
        """The deadline as the choices now have it; `AgreementError` names the deadlines there are."""
        try:
            found = self.deadlines[id]
        except KeyError:
            raise AgreementError(
                Text(
                    "« {name} » ne connaît pas l’événement « {id} ». Possibles : {known}.",
                    "'{name}' does not know the event '{id}'. Possible: {known}.",
                ).format(name=self.name, id=id, known=", ".join(sorted(self.deadlines)))
            ) from None
        for variant in found.variants:
            if self.choices[variant.choice].value == variant.value:
                found = replace(found, amount=variant.amount, unit=variant.unit, align=variant.align)
        return found

    def term(self, id: str) -> Term:
        """`AgreementError` names the terms that are computed."""
        try:
            return self.terms[id]
        except KeyError:
            raise AgreementError(
                Text(
                    "« {name} » ne connaît pas la règle « {id} ». Possibles : {known}.",
                    "'{name}' does not know the rule '{id}'. Possible: {known}.",
                ).format(name=self.name, id=id, known=", ".join(sorted(self.terms)) or "—")
            ) from None

    def correction(self, severity: Severity) -> Deadline:
        """The deadline by which an anomaly of this severity is corrected."""
        for deadline in self.deadlines.values():
            if deadline.severity is severity:
                return deadline
        raise AgreementError(
            Text(
                "« {name} » ne fixe aucun délai de correction pour {severity}.",
                "'{name}' sets no correction deadline for {severity}.",
            ).format(name=self.name, severity=severity.value)
        )


@dataclass(frozen=True, slots=True)
class DueDate:
    """A date and where it comes from.

    `at` is the event as it was given, `counted_from` the instant from which it counts (the same, or when support next
    opens), `due_at` the last instant that is in time. `footnotes` are the choices that bore on it.
    """

    deadline: Deadline
    at: datetime
    counted_from: datetime
    due_at: datetime
    footnotes: tuple[Choice, ...]
    consequences: tuple[Consequence, ...]
