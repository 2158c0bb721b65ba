from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recette.checks.response_time import ONE_PRACTITIONER, Timed
from recette.model import Measurement, percentile
from sas_kernel.contracts import ServiceLevel
from sas_kernel.text import Text

WORDS = Text("mot", "word")
LEVEL = ServiceLevel("slot_search.one_practitioner", 1.0, "s", "p95", 20, WORDS, "somewhere")


def judged(samples: list[float]) -> tuple[int, int]:
    judgement = ONE_PRACTITIONER.judge(Timed(Measurement.of("m", WORDS, LEVEL, samples), ()))
    return judgement.examined, len(judgement.problems)


def test_too_few_samples_conclude_nothing_however_fast_or_slow() -> None:
    assert judged([0.001] * 19) == (0, 0)
    assert judged([9.0] * 19) == (0, 0)


def test_one_slow_answer_in_twenty_is_borne_at_the_95th_percentile_and_two_are_not() -> None:
    assert judged([0.1] * 19 + [5.0]) == (20, 0)
    assert judged([0.1] * 18 + [5.0] * 2) == (20, 1)


def test_the_promised_value_itself_breaks_the_promise() -> None:
    assert judged([1.0] * 20) == (20, 1)


@given(st.lists(st.floats(0, 10), min_size=1), st.sampled_from([50, 95, 100]))
def test_a_percentile_is_a_sample_that_enough_samples_do_not_exceed(samples: list[float], percent: int) -> None:
    found = percentile(samples, percent)
    assert found in samples
    assert sum(sample <= found for sample in samples) * 100 >= percent * len(samples)


@pytest.mark.parametrize(("percent", "expected"), [(50, 2.0), (95, 4.0), (100, 4.0), (25, 1.0)])
def test_percentiles_are_by_nearest_rank(percent: float, expected: float) -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], percent) == expected
