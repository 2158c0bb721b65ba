"""A run of a part of the catalogue, told beforehand, and played again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recette.engine import rerun
from recette.engine.dry_run import foresee
from recette.model import (
    Actor,
    ExitCode,
    Extent,
    Judgement,
    Level,
    Problem,
    Scenario,
    Selection,
    SelectionError,
    SignOnTarget,
    Stage,
    Target,
    TargetError,
    Verdict,
)
from recette.reports.masking import EvidenceMasks
from sas_kernel.flows import Flow
from sas_kernel.text import Text
from tests.recette.engine.little_catalogue import LEVEL, WORDS, Looked, check, one_exchange, run

HELD, NOTHING = Judgement(1), Judgement(0)
WRONG = Judgement(1, (Problem(Text("faux", "wrong")),))
EXTENT = Extent(Selection(tags=("smoke",), exclude=("R-MINOR",)), 1, 3, 1, 4)
BASE = "http://agenda.example.org/fhir"


def narrowed(scenario: Scenario, *kept: str) -> Scenario:
    checks = tuple(each for each in scenario.checks if each.id in kept)
    return replace(scenario, checks=checks, left_out=tuple(each for each in scenario.checks if each not in checks))


# --- what is left out ------------------------------------------------------------------------------------------------


async def test_a_check_that_is_left_out_is_neither_judged_nor_reported() -> None:
    whole = one_exchange("s", check("good", HELD), check("bad", WRONG), check("none", NOTHING))
    report = await run(narrowed(whole, "good"), extent=EXTENT)
    assert [result.check for result in report.checks] == ["good"]
    assert report.exit_code is ExitCode.ACCEPTED


async def test_a_measurement_goes_with_the_check_that_holds_it_against_its_level() -> None:
    speed, other = check("speed", HELD, "R-SPEED", LEVEL.id), check("other", HELD)

    async def play(stage: Stage) -> None:
        stage.measure("speed", WORDS, LEVEL, [0.1])
        stage.skip(speed, WORDS)
        stage.judge(other, Looked((await stage.send("/Slot"),)))

    timed = Scenario("s", Flow.SLOT_SEARCH, WORDS, (speed, other), play)
    assert len((await run(timed)).measurements) == 1
    assert len((await run(narrowed(timed, "speed"))).measurements) == 1
    report = await run(narrowed(timed, "other"))
    assert (report.measurements, [result.check for result in report.checks]) == ((), ["other"])


async def test_a_partial_run_that_holds_exits_0_and_is_not_called_accepted() -> None:
    report = await run(one_exchange("s", check("one", HELD)), extent=EXTENT)
    assert (report.partial, report.verdict, report.exit_code) == (True, Verdict.PASS, ExitCode.ACCEPTED)
    assert "partielle" in report.explanation.fr
    assert "Accept" not in report.explanation.fr + report.explanation.en
    assert [each.id for each in report.requirements] == ["R-SHALL"]


@pytest.mark.parametrize(
    ("judgement", "code"),
    [(WRONG, ExitCode.REFUSED), (NOTHING, ExitCode.INCONCLUSIVE), (ValueError(), ExitCode.HARNESS_FAILED)],
)
async def test_a_partial_run_refuses_and_doubts_like_a_whole_one(judgement: Judgement, code: ExitCode) -> None:
    assert (await run(one_exchange("s", check("one", judgement)), extent=EXTENT)).exit_code is code


# --- told beforehand -------------------------------------------------------------------------------------------------


async def test_a_dry_run_foresees_what_the_run_then_says() -> None:
    omitted = replace(one_exchange("omitted", check("a", HELD)), omitted=lambda _: WORDS)
    skipped = one_exchange("skipped", check("b", HELD), needs=("practitioner_one_place",))
    other = replace(one_exchange("other", check("c", HELD)), actor=Actor.PLATFORM)
    played = one_exchange("played", check("d", HELD))
    scenarios = (omitted, skipped, other, played)
    foreseen = foresee(scenarios, Target(BASE))
    assert [each.verdict for each in foreseen] == [Verdict.OMIT, Verdict.SKIP, Verdict.OMIT, None]
    report = await run(*scenarios, target=Target(BASE))
    assert [(r.verdict, r.reason) for r in report.scenarios[:3]] == [(f.verdict, f.reason) for f in foreseen[:3]]


# --- again -----------------------------------------------------------------------------------------------------------


async def _mixed() -> tuple[Scenario, ...]:
    return (
        one_exchange("held", check("a", HELD)),
        one_exchange("failed", check("b", WRONG)),
        one_exchange("broken", check("c", ValueError("ours"))),
        one_exchange("skipped", check("d", HELD), needs=("practitioner_one_place",)),
        one_exchange("advised", check("e", WRONG, "R-SHOULD")),
    )


async def test_what_failed_is_played_again_and_on_request_what_was_skipped() -> None:
    report = await run(*(await _mixed()))
    assert rerun.scenarios(report, failed=True, skipped=False) == ("failed", "broken")
    assert rerun.scenarios(report, failed=True, skipped=True) == ("failed", "broken", "skipped")
    assert rerun.scenarios(report, failed=False, skipped=True) == ("skipped",)
    assert len(rerun.scenarios(report, failed=False, skipped=False)) == 5


async def test_a_mandatory_check_that_could_not_be_made_counts_as_skipped() -> None:
    report = await run(one_exchange("s", check("a", WRONG), check("b", NOTHING, "R-MINOR")))
    assert rerun.scenarios(report, failed=False, skipped=True) == ("s",)
    advice = replace(report.checks[1], level=Level.SHOULD)
    report = replace(report, scenarios=(replace(report.scenarios[0], checks=(report.checks[0], advice)),))
    with pytest.raises(SelectionError, match="--failed"):
        rerun.scenarios(report, failed=False, skipped=True)


async def test_the_checks_that_were_left_out_stay_out() -> None:
    report = await run(one_exchange("s", check("a", WRONG)), extent=EXTENT)
    assert rerun.selection(report, ("s",)) == Selection(scenarios=("s",), exclude=("R-MINOR",))
    assert rerun.selection(replace(report, extent=None), ("s",)) == Selection(scenarios=("s",))


async def test_a_report_that_says_all_of_its_target_is_enough() -> None:
    target = Target(BASE, test_data={"practitioner_one_place": "810123400017"})
    report = await run(one_exchange("s", check("a", HELD)), target=target, masks=EvidenceMasks())
    assert report.withheld == ()
    assert rerun.target(report) == target


@pytest.mark.parametrize(
    ("target", "key"),
    [
        (Target(BASE, sso=SignOnTarget("https://sas.example.org", password="secret-1")), "sso.password"),
        (Target("http://us:secret-2@agenda.example.org/fhir"), "target.base_url"),
    ],
)
async def test_what_was_withheld_has_to_be_given_again(target: Target, key: str) -> None:
    scenario = one_exchange("s", check("a", HELD))
    report = await run(scenario, target=target, masks=EvidenceMasks())
    assert report.withheld == (key,)
    with pytest.raises(TargetError, match=key):
        rerun.target(report)


async def test_an_older_report_is_trusted_only_where_there_can_be_no_secret() -> None:
    report = replace(await run(one_exchange("s", check("a", HELD))), withheld=None)
    assert rerun.target(report) == report.target
    signed = replace(report, target=replace(report.target, sso=SignOnTarget("https://sas.example.org")))
    with pytest.raises(TargetError, match="--target"):
        rerun.target(signed)
