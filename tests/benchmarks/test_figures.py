"""The figures we promise of ourselves are readable, sourced and judged in the right direction."""

from __future__ import annotations

import math

import pytest

from benchmarks.figures import Told, promised


def test_every_figure_is_sourced_and_measured_by_something() -> None:
    figures = promised()

    assert figures
    assert not [each.id for each in figures.values() if not (each.source and each.text and each.measured_by)]


@pytest.mark.parametrize(
    ("figure", "factor", "held"),
    [
        ("national_query.index", 1.0, True),
        ("national_query.index", 1.01, False),
        ("national_query.two_workers", 1.0, True),
        ("national_query.two_workers", 0.99, False),
        ("national_query.two_workers", math.nan, False),
    ],
)
def test_a_figure_is_missed_on_the_wrong_side_of_its_bound(figure: str, factor: float, held: bool) -> None:
    told = Told()

    told.tell(figure, promised()[figure].value * factor)

    assert told.missed == ([] if held else [figure])
