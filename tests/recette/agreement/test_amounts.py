from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recette.agreement.amounts import rounded
from recette.agreement.terms import RoundingMode


@pytest.mark.parametrize(
    ("value", "mode", "expected"),
    [
        (Fraction(1, 3), RoundingMode.UP, "0.334"),
        (Fraction(1, 3), RoundingMode.DOWN, "0.333"),
        (Fraction(1, 3), RoundingMode.HALF_UP, "0.333"),
        (Fraction(5, 10_000), RoundingMode.HALF_UP, "0.001"),
        (Fraction(1), RoundingMode.UP, "1.000"),
        (1 + Fraction(1, 10**40), RoundingMode.UP, "1.001"),  # a decimal context would have lost it
    ],
)
def test_an_amount_is_rounded_from_its_exact_value(value: Fraction, mode: RoundingMode, expected: str) -> None:
    assert str(rounded(value, 3, mode)) == expected


@settings(max_examples=60)
@given(st.fractions(0, 10**9), st.integers(0, 6))
def test_the_three_ways_enclose_the_value(value: Fraction, places: int) -> None:
    down, near, up = (
        rounded(value, places, mode) for mode in (RoundingMode.DOWN, RoundingMode.HALF_UP, RoundingMode.UP)
    )
    assert down <= near <= up
    assert down <= value <= up
    assert up - down in {0, Decimal(1).scaleb(-places)}
