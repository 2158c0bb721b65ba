"""What is given to a rule is read as what it says it is, and what is not is refused in a sentence."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction

import pytest

from recette.agreement import given
from recette.agreement.model import AgreementError
from recette.agreement.terms import Input, Majority, Measure, Term
from sas_kernel.clock import PARIS
from sas_kernel.text import Text

ABOUT = Text("ce que c’est", "what it is")


def term(*inputs: Input) -> Term:
    return Term("a-rule", "majority", ABOUT, "1", inputs, Majority("votes", "present"))


def asked(measure: Measure, default: str | None = None, words: tuple[str, ...] = ()) -> Input:
    return Input("it", measure, ABOUT, default, words)


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("110", "110"),
        ("110.5", "110.5"),
        ("110,50", "110.5"),
        ("24 000", "24000"),
        ("1\u202f234\u202f567,89", "1234567.89"),
        ("1\u00a0000", "1000"),
    ],
)
def test_an_amount_is_read_as_the_french_or_the_english_write_it(written: str, amount: str) -> None:
    found = given.read(term(asked(Measure.EURO)), {"it": written}, PARIS)
    assert found.amount("it") == Fraction(amount)


@pytest.mark.parametrize(
    ("measure", "written"),
    [
        (Measure.EURO, "-1"),
        (Measure.EURO, "1,234.56"),
        (Measure.EURO, "1 23"),
        (Measure.EURO, "NaN"),
        (Measure.EURO, "1e9"),
        (Measure.EURO, "٣"),
        (Measure.EURO, ""),
        (Measure.INDEX, "0"),
        (Measure.COUNT, "2.5"),
        (Measure.COUNT, "99999999999"),
        (Measure.DAY, "31/12/2026"),
        (Measure.DAY, "2026-02-29"),
        (Measure.DAYS, "2026-01-01;2026-02-01"),
        (Measure.YEAR, "1026"),
        (Measure.YEAR, "9999"),
        (Measure.OUTAGES, "2026-01-02T00:00/2026-01-01T00:00"),
        (Measure.OUTAGES, "2026-01-02T00:00/"),
        (Measure.OUTAGES, "0001-01-01T00:00+14:00/2026-01-01T00:00"),
        (Measure.OUTAGES, "a while"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_unit(measure: Measure, written: str) -> None:
    with pytest.raises(AgreementError) as refused:
        given.read(term(asked(measure)), {"it": written}, PARIS)
    assert given.UNITS[measure].fr in refused.value.text.fr
    assert given.UNITS[measure].en in refused.value.text.en


def test_a_word_is_one_of_those_there_are() -> None:
    one = asked(Measure.WORD, words=("reached", "missed"))
    assert given.read(term(one), {"it": "missed"}, PARIS).word("it") == "missed"
    with pytest.raises(AgreementError, match=r"reached \| missed"):
        given.read(term(one), {"it": "almost"}, PARIS)


def test_every_missing_input_is_named_at_once_with_its_unit_and_how_to_give_it() -> None:
    wanted = term(Input("grant", Measure.EURO, ABOUT), Input("bodies", Measure.COUNT, ABOUT))
    with pytest.raises(AgreementError) as refused:
        given.read(wanted, {}, PARIS)
    assert "grant (what it is, euros" in refused.value.text.en
    assert "bodies (ce que c’est, nombre entier)" in refused.value.text.fr
    assert "--given grant=… --given bodies=…" in refused.value.text.fr


def test_an_input_that_is_not_asked_for_is_refused_with_those_that_are() -> None:
    with pytest.raises(AgreementError, match="Inputs: it"):
        given.read(term(asked(Measure.COUNT)), {"it": "1", "that": "2"}, PARIS)


def test_a_default_may_be_the_value_of_another_input() -> None:
    both = term(Input("base", Measure.EURO, ABOUT), Input("current", Measure.EURO, ABOUT, "base"))
    assert given.read(both, {"base": "110"}, PARIS).amount("current") == 110
    told = given.read(both, {"base": "110", "current": "114.07"}, PARIS)
    assert (told.amount("current"), told.written["current"]) == (Fraction("114.07"), "114.07")


def test_days_and_outages_are_read_on_the_wall_of_the_agreement() -> None:
    days = given.read(term(asked(Measure.DAYS)), {"it": "2026-12-31, 2027-08-31"}, PARIS).days("it")
    assert days == (date(2026, 12, 31), date(2027, 8, 31))
    found = given.read(term(asked(Measure.OUTAGES)), {"it": "1.5, 2026-07-01T02:00/2026-07-01T01:00Z"}, PARIS)
    midnight = datetime(2026, 7, 1, tzinfo=UTC)
    assert found.outages("it") == given.Outages(((midnight, midnight.replace(hour=1)),), Fraction(5400))
