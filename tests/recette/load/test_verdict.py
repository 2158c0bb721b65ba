from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recette import playing
from recette.checks import bundle, load
from recette.engine.runner import BARE, Plan
from recette.load import judging, verdict
from recette.load.stories import STORIES
from recette.model import (
    Deviation,
    DeviationState,
    Exchange,
    ExitCode,
    Judgement,
    Problem,
    Request,
    RunReport,
    Target,
    Timings,
    TransportFailure,
    Verdict,
)
from sas_kernel.clock import ManualClock
from sas_kernel.text import Text
from tests.recette.load.made import NOMINAL, STARTED, judged, outcome, recording, sample, samples

TARGET = Target("http://127.0.0.1:8081/fhir")


@pytest.fixture(scope="module")
def plan() -> Plan:
    return replace(playing.plan_for(TARGET, ()), extent=verdict.extent(NOMINAL, 30, 20, 170))


def concluded(made: verdict.Outcome, plan: Plan) -> RunReport:
    return asyncio.run(verdict.conclude(made, plan, clock=ManualClock(STARTED), run_id="r", masks=BARE))


def test_a_load_that_is_held_is_accepted_as_a_part_of_the_whole(plan: Plan) -> None:
    report = concluded(outcome(recording(samples([0.1] * 200))), plan)
    assert report.exit_code is ExitCode.ACCEPTED
    assert report.partial
    assert report.exchange_count == 200
    assert {m.id: m.verdict for m in report.measurements} == dict.fromkeys(
        (load.IN_TIME.id, load.ONE_PRACTITIONER.id), Verdict.PASS
    )


def test_a_slow_target_breaks_its_level(plan: Plan) -> None:
    report = concluded(outcome(recording(samples([1.5] * 200))), plan)
    assert report.exit_code is ExitCode.SERVICE_LEVEL_BROKEN
    assert [(f.requirement, f.check) for f in report.findings] == [("SLOT-008", "load.one_practitioner")]
    assert report.findings[0].actual == "1.500 s"


def test_a_known_deviation_excuses_a_level_and_ends_when_the_level_is_held(plan: Plan) -> None:
    ours = Deviation("Ed", "known", date(2031, 12, 31), check="load.one_practitioner")
    scenarios = Deviation("Ed", "known", date(2031, 12, 31), check="bundle.total")
    listed = replace(plan, deviations=(ours, scenarios), missed=verdict.elsewhere())
    excused = concluded(outcome(recording(samples([1.5] * 200))), listed)
    assert excused.exit_code is ExitCode.ACCEPTED
    assert [each.state for each in excused.deviations] == [DeviationState.USED, DeviationState.UNDECIDED]
    held = concluded(outcome(recording(samples([0.1] * 200))), listed)
    assert held.exit_code is ExitCode.REFUSED
    assert [each.state for each in held.deviations] == [DeviationState.UNUSED, DeviationState.UNDECIDED]


def test_every_check_of_a_load_is_the_scenarios_or_its_own_with_a_severity_and_a_source(plan: Plan) -> None:
    made = {*verdict.CHECKS, *(check for story in STORIES.values() for check in story.checks)}
    assert made - set(verdict.elsewhere()) == set(load.OWN)
    assert not set(load.OWN) & set(verdict.elsewhere())
    for check in load.OWN:
        requirement = plan.requirements[check.requirement]
        assert requirement.severity
        assert requirement.source


def test_one_answer_after_the_platform_gave_up_breaks_its_level(plan: Plan) -> None:
    late = replace(sample(201), done=sample(201).due + 7.2, status=0, failure="timeout", first_byte=None)
    report = concluded(outcome(recording((*samples([0.1] * 200), late))), plan)
    assert report.exit_code is ExitCode.SERVICE_LEVEL_BROKEN
    assert [(f.requirement, f.check, f.occurrences) for f in report.findings] == [("SLOT-002", "load.in_time", 1)]


def test_who_never_answers_in_time_is_not_said_to_answer_rightly(plan: Plan) -> None:
    late = [replace(one, status=0, failure="timeout", first_byte=None) for one in samples([7.2] * 200)]
    nothing = judged(judgements={check: Judgement(0) for check in judging.CONTENT_CHECKS}, count=0, deep=0)
    silent = concluded(outcome(recording(late), nothing), plan)
    assert silent.exit_code is ExitCode.SERVICE_LEVEL_BROKEN
    assert silent.explanation.en.startswith("A service level is broken")
    assert "nothing could be judged" in silent.explanation.en
    slow = concluded(outcome(recording(samples([1.5] * 200))), plan)
    assert slow.explanation.en.startswith("The functions hold, but a service level is broken")


def test_a_late_warm_up_breaks_nothing(plan: Plan) -> None:
    cold = sample(201, 9.0, due=2.0)
    assert concluded(outcome(recording((*samples([0.1] * 200), cold))), plan).exit_code is ExitCode.ACCEPTED


def test_too_few_samples_conclude_nothing(plan: Plan) -> None:
    report = concluded(outcome(recording(samples([0.1] * 99))), plan)
    assert report.exit_code is ExitCode.INCONCLUSIVE
    assert "99" in report.explanation.en
    assert "100" in report.explanation.en


def test_a_level_within_the_interval_concludes_nothing(plan: Plan) -> None:
    """Ten in two hundred at or beyond a second: the 95th percentile is on its edge."""
    report = concluded(outcome(recording(samples([0.5] * 190 + [1.2] * 10))), plan)
    assert report.exit_code is ExitCode.INCONCLUSIVE
    assert "confidence interval" in report.explanation.en
    assert report.measurements[1].verdict is Verdict.SKIP


def test_a_saturated_generator_is_never_the_editors_fault(plan: Plan) -> None:
    late = tuple(replace(each, sent=each.due + 5.0) for each in samples([8.0] * 200))
    report = concluded(outcome(recording(late)), plan)
    assert report.exit_code is ExitCode.INCONCLUSIVE
    assert "saturated" in report.explanation.en
    assert report.findings == ()


def test_a_wrong_answer_is_refused_however_fast_and_whatever_the_generator_did(plan: Plan) -> None:
    wrong = Problem(Text("faux", "wrong"), path="Bundle.total", exchange="x1")
    bad = judged(wrong=frozenset({1}))
    bad.judgements[bundle.TOTAL_COUNTS_SLOTS] = Judgement(200, (wrong, wrong))
    late = tuple(replace(each, sent=each.due + 0.5) for each in samples([0.6] * 200))
    for made in (samples([0.001] * 200), late):
        report = concluded(outcome(recording(made), bad), plan)
        assert report.exit_code is ExitCode.REFUSED
        assert [(f.check, f.occurrences) for f in report.findings] == [(bundle.TOTAL_COUNTS_SLOTS.id, 2)]


def test_a_lost_connection_is_refused_with_its_exchange(plan: Plan) -> None:
    lost = replace(sample(201), status=0, failure="connection_lost", detail="reset", first_byte=None)
    kept = Exchange(
        "x201",
        STARTED,
        Request("GET", TARGET.base_url, "/"),
        Timings(None, 0.1),
        None,
        TransportFailure.CONNECTION_LOST,
    )
    report = concluded(outcome(recording((*samples([0.1] * 200), lost)), judged(kept={"x201": kept})), plan)
    assert report.exit_code is ExitCode.REFUSED
    assert [(f.check, f.exchange) for f in report.findings] == [("load.answered", "x201")]
    assert [exchange.id for exchange in report.exchanges] == ["x201"]


def test_a_load_cut_short_says_so_and_judges_what_it_saw(plan: Plan) -> None:
    report = concluded(outcome(recording(samples([7.5] * 120), aborted=True)), plan)
    assert report.exit_code is ExitCode.SERVICE_LEVEL_BROKEN
    assert "cut short" in report.explanation.en


def test_answers_that_were_not_judged_keep_a_load_from_being_accepted(plan: Plan) -> None:
    report = concluded(replace(outcome(recording(samples([0.1] * 200))), unkept=3), plan)
    assert report.exit_code is ExitCode.INCONCLUSIVE
    assert "3 answer(s) not judged" in report.explanation.en


def test_who_is_not_reached_is_not_loaded(plan: Plan) -> None:
    refused = Exchange(
        "x1", STARTED, Request("GET", TARGET.base_url, "/"), Timings(None, 0.0), None, TransportFailure.UNREACHABLE
    )
    report = asyncio.run(
        verdict.unreachable(refused, NOMINAL, plan, clock=ManualClock(STARTED), run_id="r", masks=BARE)
    )
    assert report.exit_code is ExitCode.UNREACHABLE


@settings(max_examples=10)
@given(st.lists(st.floats(0.001, 3), min_size=100, max_size=150))
def test_a_level_is_never_broken_by_a_percentile_within_it(plan: Plan, latencies: list[float]) -> None:
    made = outcome(recording(samples(latencies)))
    found = verdict.alone_interval(made, "p95")
    assert found is not None
    report = concluded(made, plan)
    expected = (
        ExitCode.INCONCLUSIVE
        if found.low < 1.0 <= found.high
        else ExitCode.ACCEPTED
        if found.value < 1.0
        else ExitCode.SERVICE_LEVEL_BROKEN
    )
    assert report.exit_code is expected
