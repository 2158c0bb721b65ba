"""Dates and debts counted by hand. 2028 is a leap year; in 2026 clocks change on 29 March and 25 October."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recette.agreement import amounts
from recette.agreement.model import AgreementError
from recette.agreement.terms import RoundingMode
from tests.recette.agreement.conftest import Dates, Values

NAME = "esms-numerique"
MISSED, DEFAULT = "repayment-targets-missed", "repayment-default"

CASES = [
    # --- conciliation: three months ---------------------------------------------------------------------------
    ("conciliation", "2026-05-22T10:00", ["2026-08-22T23:59:59+02:00"]),  # a Saturday stays
    ("conciliation", "2026-11-30T10:00", ["2027-02-28T23:59:59+01:00"]),  # no 30 February
    ("conciliation", "2027-11-30T10:00", ["2028-02-29T23:59:59+01:00"]),  # a leap year has a 29th
    ("conciliation", "2026-10-31T10:00", ["2027-01-31T23:59:59+01:00"]),  # over the year end
    ("conciliation", "2026-01-15T10:00", ["2026-04-15T23:59:59+02:00"]),  # over the short night
    ("conciliation", "2026-08-14T10:00", ["2026-11-14T23:59:59+01:00"]),  # over the long night
    ("conciliation", "2026-02-14T23:30Z", ["2026-05-15T23:59:59+02:00"]),  # 15 February in Paris; bridge of Ascension
    ("conciliation", "2026-04-11T10:00", ["2026-07-11T23:59:59+02:00"]),
    # --- leaving: conciliation first, then everything is repaid at once ---------------------------------------
    ("withdrawal", "2026-12-31T10:00", ["2027-03-31T23:59:59+02:00", "2027-03-31T23:59:59+02:00"]),
    ("withdrawal", "2027-11-30T10:00", ["2028-02-29T23:59:59+01:00", "2028-02-29T23:59:59+01:00"]),
    ("repayment-withdrawal", "2026-05-22T10:00", ["2026-05-22T23:59:59+02:00"]),
    # --- repaid at once, the text sets no delay ---------------------------------------------------------------
    (MISSED, "2028-02-29T10:00", ["2028-02-29T23:59:59+01:00"]),
    (MISSED, "2026-12-31T23:30Z", ["2027-01-01T23:59:59+01:00"]),  # already New Year in Paris
    ("advance-payment", "2026-10-25T02:30", ["2026-10-25T23:59:59+01:00"]),  # an hour that comes twice
    ("balance-payment", "2028-02-29T10:00", ["2028-02-29T23:59:59+01:00"]),
    (DEFAULT, "2026-03-29T02:30", ["2026-03-29T23:59:59+02:00"]),  # an hour that does not exist
]

CHOSEN = [
    (MISSED, "2026-05-22", {"repayment_delay": "30-days"}, ["2026-06-21T23:59:59+02:00"]),  # 9 of May, 21 of June
    (DEFAULT, "2026-12-31", {"repayment_delay": "2-months"}, ["2027-02-28T23:59:59+01:00"]),  # no 31 February
    (
        "withdrawal",
        "2027-11-30",
        {"repayment_delay": "30-days"},
        ["2028-02-29T23:59:59+01:00", "2028-03-30T23:59:59+02:00"],  # thirty days of March
    ),
    (
        "withdrawal",
        "2026-05-22",
        {"withdrawal_conciliation": "none"},
        ["2026-05-22T23:59:59+02:00", "2026-05-22T23:59:59+02:00"],
    ),
]


@pytest.mark.parametrize(("event", "at", "expected"), CASES)
def test_a_date_falls_where_it_was_counted_by_hand(dates: Dates, event: str, at: str, expected: list[str]) -> None:
    assert dates(NAME, event, at) == expected


@pytest.mark.parametrize(("event", "at", "changes", "expected"), CHOSEN)
def test_a_choice_moves_it_as_it_says(
    dates: Dates, event: str, at: str, changes: dict[str, str], expected: list[str]
) -> None:
    assert dates(NAME, event, at, **changes) == expected


def test_half_is_paid_at_once_and_half_when_the_targets_are_reached(values: Values) -> None:
    assert values(NAME, "payments", {"grant": "70000"}) == {
        "advance": "35000.00",
        "balance": "35000.00",
        "withheld": "0.00",
    }
    for short in ({"targets": "missed"}, {"evidence": "missing"}):
        found = values(NAME, "payments", {"grant": "10000,01", **short})
        # half a cent goes to the advance: 5000.01; the balance of 5000.00 is withheld
        assert found == {"advance": "5000.01", "balance": "0.00", "withheld": "5000.00"}


@settings(max_examples=60)
@given(st.integers(0, 10**9), st.lists(st.integers(1, 99), min_size=0, max_size=4), st.sampled_from(RoundingMode))
def test_no_cent_is_lost_between_the_parts(cents: int, percents: list[int], mode: RoundingMode) -> None:
    total = Fraction(cents, 100)
    shares = [*(Fraction(percent) / (len(percents) + 1) for percent in percents), Fraction(1)]
    parts = amounts.split(total, shares, 2, mode)
    assert sum(parts, Decimal(0)) == total


OWED = [
    ("targets-missed", "9000.00", "le porteur", "3"),  # usage and packages
    ("withdrawal", "33000.00", "l’ARS", "6"),  # everything received
    ("default", "34500.50", "le porteur", "7"),  # everything received, and the assistance it cost
]


@pytest.mark.parametrize(("case", "amount", "to", "article"), OWED)
def test_who_owes_what_to_whom(values: Values, case: str, amount: str, to: str, article: str) -> None:
    received = {"usage": "7000", "packages": "2000", "other": "24 000", "assistance": "1500,50"}
    found = values(NAME, "repayment", {"case": case, **received})
    assert found == {"amount": amount, "to": to, "article": article}


def test_the_ceilings_add_up_and_the_assistance_is_one_for_the_project(values: Values) -> None:
    asked = {"new_solution": "5", "upgrade": "4", "software": "9", "equipment": "9", "assistance": "1"}
    # 5 x 7000 + 4 x 5000 + 9 x 14000 + 9 x 10000 + 100000
    assert values(NAME, "funding-ceiling", asked)["total"] == "371000.00"
    with pytest.raises(AgreementError, match="at most 1"):
        values(NAME, "funding-ceiling", asked | {"assistance": "2"})


def test_the_share_of_the_assistance_stays_within_its_grant(values: Values) -> None:
    assert values(NAME, "assistance-share", {"bodies": "5", "grant": "100000"})["total"] == "10000.00"
    short = values(NAME, "assistance-share", {"bodies": "5", "grant": "8000"})
    assert (short["total"], short["beyond_limit"]) == ("8000.00", "2000.00")


def test_the_agreement_takes_effect_with_the_last_formality(values: Values) -> None:
    asked = {"signature": "2025-09-25", "formalities": "2025-09-26,2025-10-02"}
    assert values(NAME, "effect", asked)["last"] == "2025-10-02"
    assert values(NAME, "effect", asked | {"formalities": "2025-09-19"})["last"] == "2025-09-25"


@pytest.mark.parametrize(
    ("votes", "present", "verdict"), [(3, 5, "allowed"), (2, 5, "refused"), (2, 4, "refused"), (3, 4, "allowed")]
)
def test_the_annex_wants_more_than_half_of_those_present(
    values: Values, votes: int, present: int, verdict: str
) -> None:
    assert values(NAME, "annex-vote", {"votes": str(votes), "present": str(present)})["verdict"] == verdict


def test_no_more_people_vote_than_are_present(values: Values) -> None:
    with pytest.raises(AgreementError, match="at most 4"):
        values(NAME, "annex-vote", {"votes": "5", "present": "4"})
