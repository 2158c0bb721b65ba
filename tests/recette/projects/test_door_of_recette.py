"""Article 6: what shuts the door of the recette, each condition alone, and what opens it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recette.journal.model import Party
from recette.model import Severity, Verdict
from recette.projects.model import Door, Outcome, PhaseId
from recette.register import moves
from tests.recette.projects.conftest import OTHER, SCENARIO, Story, at, by, finding, run

RECETTE = PhaseId.RECETTE
NOW = "2026-05-18T12:00"


def only(door: Door) -> tuple[str, str, tuple[str, ...]]:
    """The one thing that is missing: its id, its article, what it is about."""
    assert not door.can_close
    assert door.proposal is Outcome.REFUSED
    (missing,) = door.missing
    assert door.reasons == (missing.text,)
    return missing.id, missing.article, missing.about


def test_a_recette_without_an_anomaly_closes_without_reserves(recette: Story) -> None:
    recette.record(run("r1", "2026-05-18T10:00"))
    door = recette.door(RECETTE, NOW)
    assert door.can_close
    assert door.proposal is Outcome.VALIDATED
    assert door.reserves == ()
    assert door.planned_end == at("2026-06-20T23:59:59")  # delivered on 20 April, two months


def test_a_phase_that_is_not_open_has_no_door(recette: Story) -> None:
    assert only(recette.door(PhaseId.VSR, NOW)) == ("phase", "annexe 1", ())
    assert "déjà close" in recette.door(PhaseId.CADRAGE, NOW).missing[0].text.fr


def test_no_whole_run_in_this_phase_shuts_it(recette: Story) -> None:
    recette.record(run("r0", "2026-04-20T10:00"))  # before the phase
    recette.record(run("r1", "2026-05-18T10:00", partial=True))
    assert only(recette.door(RECETTE, NOW)) == ("run", "6", ())


@pytest.mark.parametrize("verdict", [Verdict.SKIP, Verdict.REVIEW, Verdict.ERROR, Verdict.FAIL])
def test_a_scenario_that_is_not_validated_shuts_it(recette: Story, verdict: Verdict) -> None:
    recette.record(run("r1", "2026-05-18T10:00", scenarios={SCENARIO: Verdict.PASS, OTHER: verdict}))
    assert only(recette.door(RECETTE, NOW)) == ("scenario", "6", (OTHER, "r1"))


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.WARN, Verdict.OMIT])
def test_a_scenario_that_held_or_does_not_apply_is_validated(recette: Story, verdict: Verdict) -> None:
    recette.record(run("r1", "2026-05-18T10:00", scenarios={SCENARIO: Verdict.PASS, OTHER: verdict}))
    assert recette.door(RECETTE, NOW).can_close


def test_a_scenario_that_waits_for_a_person_is_validated_by_one_who_looked_after_the_run(recette: Story) -> None:
    recette.shown(f"review:{OTHER}", "2026-05-18T09:00")
    recette.record(run("r1", "2026-05-18T10:00", scenarios={SCENARIO: Verdict.PASS, OTHER: Verdict.REVIEW}))
    assert only(recette.door(RECETTE, NOW))[0] == "scenario"
    recette.shown(f"review:{OTHER}", "2026-05-18T11:00")
    assert recette.door(RECETTE, NOW).can_close


def test_the_last_run_of_a_scenario_counts_in_whatever_order_runs_were_recorded(recette: Story) -> None:
    recette.record(run("r2", "2026-05-18T11:00"))
    recette.record(run("r1", "2026-05-18T10:00", scenarios={SCENARIO: Verdict.SKIP, OTHER: Verdict.PASS}))
    assert recette.door(RECETTE, NOW).can_close


def test_only_runs_under_the_rules_of_the_last_one_count(recette: Story) -> None:
    recette.record(run("r1", "2026-05-18T10:00", rule_set="r1"))
    recette.record(run("r2", "2026-05-18T11:00", rule_set="r2", partial=True, scenarios={SCENARIO: Verdict.PASS}))
    assert only(recette.door(RECETTE, NOW)) == ("run", "6", ())


def test_a_flow_of_the_project_that_no_scenario_played_shuts_it(story: Story) -> None:
    story.in_recette(flows=["slot_search", "sso"])
    story.record(run("r1", "2026-05-18T10:00"))
    assert only(story.door(RECETTE, NOW)) == ("flow", "6", ("sso",))


def test_scenarios_of_other_flows_than_the_project_s_do_not_matter(story: Story) -> None:
    story.in_recette(flows=["slot_search"])
    story.record(run("r1", "2026-05-18T10:00", scenarios={SCENARIO: Verdict.PASS, "sso.sign_in": Verdict.SKIP}))
    assert story.door(RECETTE, NOW).can_close


def test_an_open_blocking_anomaly_shuts_it_even_with_workaround_and_plan(recette: Story) -> None:
    recette.record(run("r1", "2026-05-17T10:00", finding(severity=Severity.BLOCKING)))
    recette.made_a_reserve("2026-05-17T11:00")
    recette.record(run("r2", "2026-05-18T10:00"))
    assert only(recette.door(RECETTE, NOW)) == ("anomaly", "6", ("A-0001",))


def test_a_correction_that_is_delivered_and_not_verified_is_no_correction_yet(recette: Story) -> None:
    recette.record(run("r1", "2026-05-17T10:00", finding(severity=Severity.BLOCKING)))
    recette.delivered("2026-05-17T12:00")
    recette.record(run("r2", "2026-05-18T10:00"))  # passes, but did not judge its check
    assert only(recette.door(RECETTE, NOW)) == ("anomaly", "6", ("A-0001",))
    recette.record(run("r3", "2026-05-18T11:00", held=("f1",)))
    assert recette.door(RECETTE, NOW).can_close


@pytest.mark.parametrize("severity", [Severity.MAJOR, Severity.MINOR])
def test_an_open_anomaly_without_workaround_or_plan_shuts_it(recette: Story, severity: Severity) -> None:
    recette.record(run("r1", "2026-05-17T10:00", finding(severity=severity)))
    recette.record(run("r2", "2026-05-18T10:00"))
    door = recette.door(RECETTE, NOW)
    assert only(door) == ("anomaly", "6", ("A-0001",))
    assert "contournement validé par l’ANS ni plan de remédiation" in door.missing[0].text.fr


def test_each_half_of_a_reserve_is_named_while_it_is_missing(recette: Story) -> None:
    recette.record(run("r1", "2026-05-17T10:00", finding()))
    recette.record(run("r2", "2026-05-18T10:00"))
    recette.write(moves.propose_workaround(recette.anomaly(), by(Party.EDITOR, NOW, "Recompter.")))
    assert "contournement" in recette.door(RECETTE, NOW).missing[0].text.fr
    recette.write(moves.validate_workaround(recette.anomaly(), by(Party.ANS, NOW)))
    assert "contournement" not in recette.door(RECETTE, NOW).missing[0].text.fr
    planned = moves.propose_plan(recette.anomaly(), by(Party.EDITOR, NOW, "4.2"), at("2026-07-31").date())
    recette.write(planned)
    recette.write(moves.validate_plan(recette.anomaly(), by(Party.EDITOR, NOW)))
    assert only(recette.door(RECETTE, NOW)) == ("anomaly", "6", ("A-0001",))  # one party of two
    recette.write(moves.validate_plan(recette.anomaly(), by(Party.ANS, NOW)))
    assert recette.door(RECETTE, NOW).can_close


def test_it_closes_with_one_reserve_on_which_a_scenario_still_fails(recette: Story) -> None:
    recette.record(run("r1", "2026-05-18T10:00", finding()))
    assert {missing.id for missing in recette.door(RECETTE, NOW).missing} == {"scenario", "anomaly"}
    recette.made_a_reserve("2026-05-18T11:00")
    door = recette.door(RECETTE, NOW)
    assert door.can_close
    assert door.proposal is Outcome.VALIDATED_WITH_RESERVES
    assert door.reserves == ("A-0001",)
    assert "A-0001" in " ".join(reason.fr for reason in door.reasons)


def test_a_scenario_that_also_fails_on_something_else_stays_shut_and_names_it(recette: Story) -> None:
    recette.record(run("r1", "2026-05-18T10:00", finding(), finding("f2")))
    recette.made_a_reserve("2026-05-18T11:00")
    scenario, anomaly = recette.door(RECETTE, NOW).missing
    assert scenario.about == (SCENARIO, "r1", "A-0002")
    assert anomaly.about == ("A-0002",)


def test_what_both_parties_withdrew_keeps_no_scenario_from_being_validated(recette: Story) -> None:
    recette.record(run("r1", "2026-05-18T10:00", finding(severity=Severity.BLOCKING)))
    why = "Le jeu d’essai était faux."
    recette.write(moves.withdraw(recette.anomaly(), by(Party.ANS, "2026-05-18T11:00", why), "Camille Orfelin"))
    door = recette.door(RECETTE, NOW)
    assert door.can_close
    assert door.proposal is Outcome.VALIDATED


def test_a_correction_of_what_was_withdrawn_asks_for_no_new_run(recette: Story) -> None:
    recette.record(run("r1", "2026-05-18T10:00", finding()))
    recette.delivered("2026-05-18T10:30")
    assert "cycle" in {missing.id for missing in recette.door(RECETTE, NOW).missing}
    why = "Le jeu d’essai était faux."
    recette.write(moves.withdraw(recette.anomaly(), by(Party.ANS, "2026-05-18T11:00", why), "Camille Orfelin"))
    assert recette.door(RECETTE, NOW).can_close


def test_a_deviation_that_a_run_excused_is_validated_only_as_a_reserve(recette: Story) -> None:
    recette.record(run("r1", "2026-05-17T10:00", finding()))
    known = replace(run("r2", "2026-05-18T10:00", finding()), findings=(), excused=(replace(finding(), excuse="x"),))
    recette.record(known)
    assert {missing.id for missing in recette.door(RECETTE, NOW).missing} == {"scenario", "anomaly"}
    recette.made_a_reserve("2026-05-18T11:00")
    assert recette.door(RECETTE, NOW).proposal is Outcome.VALIDATED_WITH_RESERVES


def test_a_delivered_correction_asks_for_a_new_whole_run(recette: Story) -> None:
    recette.record(run("r1", "2026-05-17T10:00", finding()))
    recette.delivered("2026-05-17T12:00")
    again = {SCENARIO: Verdict.PASS}
    recette.record(run("r2", "2026-05-18T10:00", held=("f1",), partial=True, scenarios=again))
    assert only(recette.door(RECETTE, NOW)) == ("cycle", "6", ("A-0001",))
    recette.record(run("r3", "2026-05-18T11:00"))
    assert recette.door(RECETTE, NOW).can_close


@pytest.mark.parametrize(("proposed", "said"), [(Severity.MINOR, Severity.MAJOR), (Severity.MAJOR, Severity.BLOCKING)])
def test_a_severity_on_which_the_parties_differ_opens_no_door(
    recette: Story, proposed: Severity, said: Severity
) -> None:
    recette.record(run("r1", "2026-05-18T10:00", finding(severity=proposed)))
    recette.made_a_reserve("2026-05-18T11:00")
    recette.qualified("2026-05-18T11:10", said, Party.ANS)
    recette.qualified("2026-05-18T11:20", proposed, Party.EDITOR)
    assert only(recette.door(RECETTE, NOW)) == ("qualification", "6, 8.2", ("A-0001",))
    recette.qualified("2026-05-18T11:30", proposed, Party.ANS)
    assert recette.door(RECETTE, NOW).can_close


def test_a_severity_that_both_lowered_is_the_one_that_counts(recette: Story) -> None:
    recette.record(run("r1", "2026-05-18T10:00", finding(severity=Severity.BLOCKING)))
    recette.made_a_reserve("2026-05-18T11:00")
    assert not recette.door(RECETTE, NOW).can_close
    recette.qualified("2026-05-18T11:30", Severity.MAJOR, Party.ANS, Party.EDITOR)
    assert recette.door(RECETTE, NOW).can_close


def test_a_recette_past_its_end_can_still_close_and_says_so(recette: Story) -> None:
    recette.record(run("r1", "2026-06-22T10:00"))
    door = recette.door(RECETTE, "2026-06-22T12:00")
    assert door.can_close
    assert any("dépasse son terme, le 20/06/2026" in reason.fr for reason in door.reasons)


def test_the_summary_of_the_editor_s_tests_is_called_to_mind_until_it_is_shown(recette: Story) -> None:
    recette.record(run("r1", "2026-05-18T10:00"))
    assert any("synthèse" in reason.fr for reason in recette.door(RECETTE, NOW).reasons)
    recette.shown("tests-summary", "2026-05-18T11:00")
    assert not any("synthèse" in reason.fr for reason in recette.door(RECETTE, NOW).reasons)


def test_framing_closes_with_the_signature_and_development_with_the_delivery(story: Story) -> None:
    story.begin()
    story.open(PhaseId.CADRAGE, "2026-02-02T10:00")
    assert only(story.door(PhaseId.CADRAGE, "2026-02-03T10:00")) == ("signature", "2", ())
    story.milestone("signature", "2026-02-10T10:00")
    assert story.door(PhaseId.CADRAGE, "2026-02-10T11:00").can_close
    story.close(PhaseId.CADRAGE, "2026-02-10T12:00")
    story.open(PhaseId.DEVELOPPEMENT, "2026-02-10T12:00")
    door = story.door(PhaseId.DEVELOPPEMENT, "2026-04-20T10:00")
    assert only(door) == ("delivery", "6", ())
    assert door.planned_end == at("2026-05-10T23:59:59")  # three months of the signature
    story.milestone("delivery", "2026-04-20T12:00")
    assert story.door(PhaseId.DEVELOPPEMENT, "2026-04-20T12:00").can_close
