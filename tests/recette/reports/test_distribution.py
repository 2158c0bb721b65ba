from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recette.model import Measurement
from recette.reports.distribution import BASE, WIDTH, Drawing, draw
from sas_kernel.text import Lang
from tests.recette.reports import samples


def drawing(*times: float) -> Drawing:
    drawn = draw(Measurement.of("m", samples.TIMES, samples.ONE_PRACTITIONER, times), Lang.FR)
    assert drawn is not None
    return drawn


@given(st.lists(st.floats(0, 100), min_size=1, max_size=200))
def test_everything_drawn_is_inside_the_box(times: list[float]) -> None:
    drawn = drawing(*times)
    for bar in drawn.bars:
        assert 0 <= bar.x <= bar.x + bar.width <= WIDTH
        assert bar.height > 0
        assert bar.y + bar.height == pytest.approx(BASE, abs=0.02)
    for mark in (*drawn.ticks, drawn.level):
        assert 0 <= mark.x <= WIDTH


@given(st.lists(st.floats(0, 100), min_size=1, max_size=200))
def test_a_bar_is_over_the_level_exactly_when_its_samples_are(times: list[float]) -> None:
    drawn = drawing(*times)
    assert any(bar.over for bar in drawn.bars) is any(time >= 1.0 for time in times)
    assert any(not bar.over for bar in drawn.bars) is any(time < 1.0 for time in times)
    for bar in drawn.bars:
        assert (bar.x >= drawn.level.x) is bar.over


def test_the_level_and_the_ticks_are_labelled_in_the_language() -> None:
    drawn = drawing(0.01, 0.02, 0.5)
    assert drawn.level.label == "1 s"
    assert {"10 ms", "100 ms", "1 s"} <= {tick.label for tick in drawn.ticks}


def test_without_samples_or_in_another_unit_nothing_is_drawn() -> None:
    empty = Measurement.of("m", samples.TIMES, samples.ONE_PRACTITIONER, ())
    assert draw(empty, Lang.FR) is None
    rate = replace(samples.ONE_PRACTITIONER, unit="1/h")
    assert draw(Measurement.of("m", samples.TIMES, rate, (1.0,)), Lang.FR) is None
