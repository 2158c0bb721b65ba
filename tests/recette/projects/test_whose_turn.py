"""Whose turn it is, and how each phase stands on its way."""

from __future__ import annotations

from datetime import date

import pytest

from recette.journal.model import Kind, Party
from recette.model import Severity, Verdict
from recette.monitoring.model import Standing
from recette.projects.acts import acts
from recette.projects.model import Outcome, PhaseId
from recette.projects.timeline import Line, timeline
from recette.register import moves
from tests.recette.projects.conftest import OTHER, SCENARIO, Story, at, by, finding, run, stood

NOW = "2026-05-18T12:00"


def turn(story: Story, now: str = NOW, standing: Standing | None = None) -> list[tuple[str, str]]:
    """Who, and what they have to do, in French."""
    return [("+".join(act.parties), act.text.fr) for act in acts(story.book, at(now), standing)]


def line(story: Story, phase: PhaseId) -> Line:
    return next(each for each in reversed(timeline(story.book)) if each.phase.id == phase.value)


def test_between_phases_the_next_one_is_to_be_opened(story: Story) -> None:
    story.begin()
    assert turn(story) == [("ans+editor", "ouvrir la phase « cadrage »")]
    story.in_recette().close(PhaseId.RECETTE, "2026-05-18T15:00", Outcome.REFUSED)
    assert turn(story) == [("ans+editor", "ouvrir la phase « recette »")]


def test_after_the_last_phase_nobody_has_to_act(vsr: Story) -> None:
    vsr.close(PhaseId.VSR, "2026-08-03T10:00")
    vsr.open(PhaseId.EXPLOITATION, "2026-08-03T10:00")
    assert turn(vsr) == []  # time has to pass
    assert turn(vsr, "2030-02-11T00:00") == [("ans+editor", "clore la phase « exploitation »")]
    vsr.close(PhaseId.EXPLOITATION, "2030-02-11T10:00")
    assert turn(vsr) == []


def test_an_anomaly_of_the_recette_goes_from_hand_to_hand(recette: Story) -> None:
    assert turn(recette) == [("ans", "exécuter le cahier de tests")]
    recette.record(run("r1", "2026-05-17T10:00", finding()))
    assert turn(recette) == [
        ("ans", "notifier l’anomalie"),
        ("editor", "ou proposer un contournement"),
        ("editor", "ou proposer un plan de remédiation"),
    ]
    recette.notified("2026-05-17T11:00")
    assert turn(recette)[0] == ("editor", "prendre en compte l’anomalie")
    recette.acknowledged("2026-05-17T12:00")
    recette.write(moves.propose_workaround(recette.anomaly(), by(Party.EDITOR, NOW, "Recompter.")))
    planned = moves.propose_plan(recette.anomaly(), by(Party.EDITOR, NOW, "4.2"), date(2026, 7, 31))
    recette.write(planned)
    recette.write(moves.validate_plan(recette.anomaly(), by(Party.EDITOR, NOW)))
    assert turn(recette) == [
        ("editor", "corriger l’anomalie"),
        ("ans", "valider le contournement, ou non"),
        ("ans", "valider le plan de remédiation, ou non"),
    ]
    recette.delivered("2026-05-18T13:00")
    assert turn(recette, "2026-05-18T14:00") == [
        ("ans", "exécuter le cahier de tests sur ce qui est livré"),
        ("ans", "vérifier la correction par une exécution"),
    ]
    recette.record(run("r2", "2026-05-18T15:00", held=("f1",)))
    assert turn(recette, "2026-05-18T16:00") == [("ans", "clore la phase « recette »")]


def test_one_act_names_all_that_it_is_about(recette: Story) -> None:
    recette.record(run("r1", "2026-05-17T10:00", finding("f1", Severity.BLOCKING), finding("f2", Severity.BLOCKING)))
    (act,) = acts(recette.book, at(NOW), None)
    assert act.about == ("A-0001", "A-0002")


def test_a_scenario_that_no_anomaly_explains_is_played_again_or_looked_at(recette: Story) -> None:
    recette.record(run("r1", "2026-05-17T10:00", scenarios={SCENARIO: Verdict.PASS, OTHER: Verdict.REVIEW}))
    assert turn(recette) == [("ans", "rejouer ou examiner le scénario")]


def test_a_disputed_severity_is_for_both(vsr: Story) -> None:
    vsr.record(run("r2", "2026-07-16T09:00", finding(severity=Severity.MINOR)))
    vsr.qualified("2026-07-16T10:00", Severity.MAJOR, Party.ANS)
    assert turn(vsr, "2026-08-02T09:00", stood()) == [("ans+editor", "qualifier l’anomalie")]


def test_while_the_vsr_lasts_nobody_has_to_act_but_to_show_the_service(vsr: Story) -> None:
    assert turn(vsr, "2026-06-10T09:00", stood()) == []
    assert turn(vsr, "2026-06-10T09:00") == [("editor", "tenir et montrer les niveaux de service")]
    assert turn(vsr, "2026-08-02T09:00", stood()) == [("ans", "clore la phase « vsr »")]


def test_go_live_is_for_both_to_show(go_live: Story) -> None:
    assert [who for who, _ in turn(go_live, "2026-05-26T10:00")] == ["ans+editor", "ans+editor"]


@pytest.mark.parametrize(
    ("phase", "end"),
    [
        (PhaseId.CADRAGE, None),
        (PhaseId.DEVELOPPEMENT, "2026-05-10T23:59:59"),  # signed on 10 February, three months
        (PhaseId.RECETTE, "2026-06-20T23:59:59"),  # delivered on 20 April, two months
        (PhaseId.MISE_EN_SERVICE, "2026-06-01T23:59:59"),  # validated on 18 May, two weeks
        (PhaseId.VSR, "2026-08-02T23:59:59"),  # go-live on 2 June, two months
    ],
)
def test_each_phase_tells_its_end_and_the_rule_it_comes_from(vsr: Story, phase: PhaseId, end: str | None) -> None:
    found = line(vsr, phase)
    assert found.planned_end == (None if end is None else at(end))
    assert (found.due is None) is (end is None)
    if found.due is not None:
        assert {choice.key for choice in found.due.footnotes} >= {"calendar_day_end"}


def test_phases_to_come_are_shown_without_dates(recette: Story) -> None:
    assert [each.phase.id for each in timeline(recette.book)] == list(PhaseId)
    assert line(recette, PhaseId.VSR) == Line(line(recette, PhaseId.VSR).phase, None, None, None, None, ())


def test_a_phase_opened_twice_has_two_lines(recette: Story) -> None:
    recette.close(PhaseId.RECETTE, "2026-05-18T15:00", Outcome.REFUSED)
    recette.open(PhaseId.RECETTE, "2026-05-19T09:00")
    assert [each.phase.id for each in timeline(recette.book)].count("recette") == 2


def test_a_phase_is_late_once_its_end_is_past_and_as_it_was_closed(recette: Story) -> None:
    assert not line(recette, PhaseId.RECETTE).is_late(at("2026-06-20T23:59:59"))
    assert line(recette, PhaseId.RECETTE).is_late(at("2026-06-21T00:00"))
    recette.close(PhaseId.RECETTE, "2026-06-19T10:00", Outcome.REFUSED)
    assert not line(recette, PhaseId.RECETTE).is_late(at("2026-12-01T00:00"))


def test_the_end_of_a_vsr_is_no_lateness_and_says_what_prolongs_it(vsr: Story) -> None:
    assert line(vsr, PhaseId.VSR).earliest_end == date(2026, 8, 2)
    vsr.record(run("r2", "2026-07-16T09:00", finding(), finding("f2", Severity.MINOR)))
    found = line(vsr, PhaseId.VSR)
    assert (found.prolonged_by, found.earliest_end) == (("A-0001",), None)
    assert not found.is_late(at("2026-09-01T00:00"))
    vsr.delivered("2026-08-05T10:00")
    assert (line(vsr, PhaseId.VSR).prolonged_by, line(vsr, PhaseId.VSR).earliest_end) == ((), date(2026, 8, 5))


def test_development_counts_from_the_specifications_where_that_was_chosen(story: Story) -> None:
    story.in_recette(changes={"development_start": "specifications"})
    assert line(story, PhaseId.DEVELOPPEMENT).planned_end is None
    story.milestone("specifications", "2026-02-28T10:00")
    assert line(story, PhaseId.DEVELOPPEMENT).planned_end == at("2026-05-28T23:59:59")


def test_without_a_dated_delivery_the_recette_counts_from_its_opening(story: Story) -> None:
    story.begin()
    story.say(Kind.PHASE_OPENED, "recette", "2026-04-21T09:00")
    assert line(story, PhaseId.RECETTE).planned_end == at("2026-06-21T23:59:59")
