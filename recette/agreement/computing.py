"""From what is given to what a term answers. Pure: nothing is read here, and no instant but those given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from recette.agreement.answers import Question, Result, Verdict
from recette.agreement.given import Given, read
from recette.agreement.methods import answer
from recette.agreement.model import Agreement, AgreementError, Choice, Consequence
from recette.agreement.terms import Rounding, RoundingMode, Term
from sas_kernel.text import Text

_EXACT_CENTS = Rounding(2, RoundingMode.HALF_UP, "")


@dataclass(frozen=True, slots=True)
class Computed:
    """The answer of a term: its results in the order to read them, and what bore on them."""

    term: Term
    given: Given
    results: tuple[Result, ...]
    verdict: Verdict | None
    rounding: Rounding | None
    footnotes: tuple[Choice, ...]
    consequences: tuple[Consequence, ...]


def compute(agreement: Agreement, name: str, written: Mapping[str, str]) -> Computed:
    """What the term `name` answers. `AgreementError` for an unknown term, and what is missing or cannot be read."""
    term = agreement.term(name)
    given = read(term, written, agreement.zone)
    rounding = _rounding(agreement, term)
    try:
        found = answer(Question(agreement, term, given, rounding or _EXACT_CENTS))
    except OverflowError as error:
        raise AgreementError(Text("Date hors du calendrier.", "Date off the calendar.")) from error
    return Computed(
        term=term,
        given=given,
        results=found.results,
        verdict=found.verdict,
        rounding=rounding,
        footnotes=tuple(agreement.choices[key] for key in term.choices),
        consequences=tuple(agreement.consequences[id] for id in term.consequences),
    )


def _rounding(agreement: Agreement, term: Term) -> Rounding | None:
    """How its amounts are rounded; the mode is a choice where the text names none."""
    found = term.rounding
    if found is None or not found.choice:
        return found
    choice = agreement.choices[found.choice]
    return replace(found, mode=RoundingMode(choice.value), article=choice.article)
