from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recette.model import ExitCode, Severity, TransportFailure, Verdict
from recette.reports import words
from sas_kernel.flows import Flow
from sas_kernel.text import Lang, Text
from tests.recette.reports import samples


def test_everything_has_its_words() -> None:
    assert set(words.VERDICTS) == set(Verdict) == set(words.BY_GRAVITY)
    assert set(words.SEVERITIES) == set(Severity)
    assert set(words.FLOWS) == set(Flow)
    assert set(words.FAILURES) == set(TransportFailure)
    assert set(words.HEADLINES) == set(words.EXIT_MEANINGS) == set(words.TONES) == set(ExitCode)


def test_only_an_acceptance_is_green() -> None:
    assert [code for code, tone in words.TONES.items() if tone is Verdict.PASS] == [ExitCode.ACCEPTED]


@pytest.mark.parametrize(
    ("value", "fr", "en"),
    [
        (None, "–", "–"),
        (0.0, "0,0 ms", "0.0 ms"),
        (0.00056, "0,5 ms", "0.5 ms"),
        (0.0312, "31 ms", "31 ms"),
        (0.029, "29 ms", "29 ms"),
        (0.9999, "999 ms", "999 ms"),
        (1.0, "1\u202f000 ms", "1,000 ms"),
        (1.0494, "1\u202f049 ms", "1,049 ms"),
        (12.39, "12,3 s", "12.3 s"),
    ],
)
def test_a_measured_time_is_written_in_the_language(value: float | None, fr: str, en: str) -> None:
    assert words.seconds(value, Lang.FR) == fr
    assert words.seconds(value, Lang.EN) == en


@given(st.integers(1, 9_990), st.integers(-3_000, 3_000))
def test_what_is_shown_is_on_the_same_side_of_a_level_as_what_was_measured(level: int, microseconds: int) -> None:
    measured = max(0.0, (level * 1000 + microseconds) / 1e6)
    shown = float(words.seconds(measured, Lang.EN).removesuffix(" ms").replace(",", ""))
    assert (shown < level) is (round(measured * 1e6) < level * 1000)


def test_a_date_is_in_paris_time_and_in_words() -> None:
    moment = datetime(2031, 7, 31, 22, 30, tzinfo=UTC)
    assert words.instant(moment, Lang.FR) == "1er août 2031 à 00:30:00 (heure de Paris)"
    assert words.instant(moment, Lang.EN) == "1 August 2031 at 00:30:00 (Paris time)"


@pytest.mark.parametrize(("value", "shown"), [(0.1234, "123 ms"), (9.4, "9,4 s"), (143.9, "2 min 24 s")])
def test_how_long_something_took(value: float, shown: str) -> None:
    assert words.elapsed(value, Lang.FR) == shown


def test_a_promise_is_never_rounded() -> None:
    assert words.promised(7.0, "s", Lang.FR) == "7 s"
    assert words.promised(0.25, "s", Lang.FR) == "0,25 s"
    assert words.promised(3000, "1/h", Lang.EN) == "3,000 1/h"


def test_zero_is_singular_in_french_only() -> None:
    one, many = Text("constat", "finding"), Text("constats", "findings")
    assert words.count(0, one, many, Lang.FR) == "0 constat"
    assert words.count(0, one, many, Lang.EN) == "0 findings"
    assert words.count(2, one, many, Lang.FR) == "2 constats"


def test_control_and_direction_characters_become_visible() -> None:
    assert words.visible("a\x1b[31mb\r\n\tc\u202ed\ud800\x00é") == "a\\x1b[31mb\\r\\n\\tc\\u202ed\\ud800\\x00é"


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Refusé : trois exigences.", ("Refusé", "Trois exigences.")),
        ("Refusé avec éclat : voilà.", ("Refusé avec éclat", "Voilà.")),
        ("Tout est rompu : voilà.", ("Refusé", "Tout est rompu : voilà.")),
        ("Refusé.", ("Refusé", "Refusé.")),
    ],
)
def test_the_headline_is_not_said_twice(sentence: str, expected: tuple[str, str]) -> None:
    report = replace(samples.red(), explanation=Text(sentence, sentence))
    assert words.conclusion(report, Lang.FR) == expected
