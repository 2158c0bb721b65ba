"""Where things stand on a drawing, and what they are called."""

from __future__ import annotations

from datetime import timedelta

import pytest

from recette.agreement.model import Choice
from recette.dashboard import drawing, rules, words
from recette.dashboard.drawing import Bar
from recette.projects import timeline
from sas_kernel.text import Lang, Text
from tests.recette.dashboard import demo


def bars(story: demo.Story) -> tuple[tuple[Bar, ...], tuple[Bar, ...], drawing.Axis]:
    lines = timeline.timeline(story.book())
    axis = drawing.axis((lines,), demo.NOW)
    row = drawing.row(lines, axis, Lang.FR)
    return row.actual, row.planned, axis


@pytest.mark.parametrize("story", demo.stories(), ids=lambda story: story.project)
def test_phases_stand_in_order_within_the_axis_and_the_open_one_ends_today(story: demo.Story) -> None:
    actual, planned, axis = bars(story)
    assert [bar.x for bar in actual] == sorted(bar.x for bar in actual)
    assert all(0 <= bar.x <= 100 and bar.x + bar.width <= 100.5 for bar in (*actual, *planned))
    last = actual[-1]
    end = 100 if last.label == "Exploitation" else axis.today
    assert last.x + last.width == pytest.approx(end, abs=0.1)


def test_a_phase_extended_by_agreement_is_hatched_from_its_rule_to_the_date_agreed_on() -> None:
    _, planned, axis = bars(demo.nova())
    ruled, later = planned[-2:]
    # Delivered on 27 March: two months end on 27 May; extended to 19 June.
    assert (ruled.kind, later.kind) == ("planned", "prolonged")
    assert later.x == pytest.approx(axis.at(demo.at("2026-05-27T23:59")), abs=0.1)
    assert later.x + later.width == pytest.approx(axis.at(demo.at("2026-06-19T23:59")), abs=0.1)


def test_a_vsr_that_waits_for_a_correction_is_prolonged_until_today() -> None:
    _, planned, axis = bars(demo.calliope())
    assert planned[-1].kind == "prolonged"
    assert planned[-1].x + planned[-1].width == pytest.approx(axis.today, abs=0.4)


def test_a_phase_past_its_end_is_told_from_one_that_is_not() -> None:
    assert [bar.kind for bar in bars(demo.tournesol())[0]] == ["done", "late"]
    assert bars(demo.nova())[0][-1].kind == "current"


def test_an_axis_has_few_ticks_however_long_it_is() -> None:
    for days in (10, 60, 200, 500):
        axis = drawing.Axis(demo.NOW - timedelta(days=days), demo.NOW + timedelta(days=20), demo.NOW)
        assert len(axis.ticks(Lang.FR)) <= 7
        assert all(0 <= tick.x <= 100 for tick in axis.ticks(Lang.EN))


@pytest.mark.parametrize(
    ("left", "fr", "en"),
    [
        (timedelta(days=3, hours=4, minutes=59), "reste 3 j 4 h", "3 d 4 h left"),
        (timedelta(days=3), "reste 3 j", "3 d left"),
        (timedelta(hours=2, minutes=5), "reste 2 h 05 min", "2 h 05 min left"),
        (timedelta(minutes=4, seconds=59), "reste 4 min", "4 min left"),
        (timedelta(), "reste 0 s", "0 s left"),
        (timedelta(seconds=-12), "en retard de 12 s", "overdue by 12 s"),
        (-timedelta(days=1, hours=1), "en retard de 1 j 1 h", "overdue by 1 d 1 h"),
    ],
)
def test_time_that_is_left_is_told_in_its_two_largest_units(left: timedelta, fr: str, en: str) -> None:
    assert (words.left(left, Lang.FR), words.left(left, Lang.EN)) == (fr, en)


def test_a_part_below_a_promise_never_reads_as_if_it_held() -> None:
    assert words.percent(0.989999, Lang.FR) == "98,99\u202f%"
    assert words.percent(0.99, Lang.EN) == "99.00%"
    assert words.percent(1.0, Lang.EN, 1) == "100.0%"
    assert words.percent(None, Lang.FR) == "–"


def test_every_kind_of_entry_status_and_phase_has_a_name() -> None:
    for texts in (words.KINDS, words.STATUSES, words.PHASES, words.CODES, words.MATTERS, words.PARTIES, words.OUTCOMES):
        kinds = type(next(iter(texts)))
        assert set(texts) == set(kinds)


def test_notes_that_are_neighbours_are_told_as_one() -> None:
    choices = [Choice(key, "", Text("", ""), "") for key in "abcdefg"]
    assert rules.references([choices[i] for i in (4, 0, 2, 1, 6)], choices) == [("1–3", "a"), ("5", "e"), ("7", "g")]
    assert rules.references([], choices) == []


def test_anomalies_and_words_of_time_are_those_of_the_book() -> None:
    view = rules.view(demo.calliope().book(), demo.NOW)
    assert [(due.anomaly, due.matter.value) for due in view.overdue] == [
        ("A-0001", "correction"),
        ("A-0002", "acknowledgement"),
    ]
    assert [right.about for right in view.rights] == [("A-0001",)]
    assert [anomaly.id for anomaly in view.book.register.open] == ["A-0001", "A-0002", "A-0003"]
