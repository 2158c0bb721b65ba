from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from recette.model import CheckResult, ExitCode, Finding, Measurement, RunReport, Severity, Target, Verdict
from recette.reports.compare import compare, to_console, to_json, to_markdown
from sas_kernel.text import Lang, Text
from tests.recette.reports import samples

SAID = Text("Un constat.", "A finding.")
SCENARIO = "slot_search.one_practitioner"


def seeing(verdict: Verdict = Verdict.FAIL, *paths: str, scenario: str = SCENARIO) -> CheckResult:
    check = samples.check("SLOT-012", scenario, verdict)
    return replace(check, findings=tuple(samples.finding(check, SAID, path) for path in paths))


def run(*checks: CheckResult, **others: object) -> RunReport:
    by_scenario: dict[str, list[CheckResult]] = {}
    for check in checks:
        by_scenario.setdefault(check.scenario, []).append(check)
    scenarios = tuple(samples.scenario(s, samples.ONE, Verdict.PASS, own) for s, own in by_scenario.items())
    known = replace(samples.green(), scenarios=scenarios, measurements=())
    return replace(known, **others)  # type: ignore[arg-type]  # a shorthand of the tests


def paths(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.path for finding in findings]


@pytest.mark.parametrize("now", [Verdict.PASS, Verdict.WARN, Verdict.FAIL])
def test_a_finding_is_fixed_when_its_check_ran_again_and_did_not_see_it(now: Verdict) -> None:
    comparison = compare(run(seeing(Verdict.FAIL, "a")), run(seeing(now)))
    assert paths(comparison.fixed) == ["a"]
    assert comparison.not_retested == ()


@pytest.mark.parametrize("now", [Verdict.SKIP, Verdict.OMIT, Verdict.REVIEW, Verdict.ERROR])
def test_a_finding_whose_check_did_not_run_is_not_retested_and_never_fixed(now: Verdict) -> None:
    comparison = compare(run(seeing(Verdict.FAIL, "a")), run(seeing(now)))
    assert comparison.fixed == ()
    assert paths(comparison.not_retested) == ["a"]
    assert comparison.exit_code is ExitCode.INCONCLUSIVE


def test_a_finding_whose_check_is_absent_is_not_retested() -> None:
    assert paths(compare(run(seeing(Verdict.FAIL, "a")), run(samples.check("SLOT-001"))).not_retested) == ["a"]


def test_a_finding_seen_in_two_scenarios_is_fixed_only_when_both_ran_again() -> None:
    before = run(seeing(Verdict.FAIL, "a", scenario="one"), seeing(Verdict.FAIL, "a", scenario="two"))
    half = compare(before, run(seeing(Verdict.PASS, scenario="one"), seeing(Verdict.SKIP, scenario="two")))
    assert (paths(half.fixed), paths(half.not_retested)) == ([], ["a"])
    both = compare(before, run(seeing(Verdict.PASS, scenario="one"), seeing(Verdict.PASS, scenario="two")))
    assert (paths(both.fixed), paths(both.not_retested)) == (["a"], [])


def test_a_check_that_passes_in_another_scenario_fixes_nothing() -> None:
    comparison = compare(run(seeing(Verdict.FAIL, "a", scenario="one")), run(seeing(Verdict.PASS, scenario="two")))
    assert paths(comparison.not_retested) == ["a"]


def test_a_new_finding_is_a_regression_when_its_check_ran_before() -> None:
    comparison = compare(run(seeing(Verdict.PASS)), run(seeing(Verdict.FAIL, "a")))
    assert paths(comparison.new) == paths(comparison.regressions) == ["a"]
    assert comparison.exit_code is ExitCode.REFUSED


def test_a_new_finding_is_no_regression_when_nobody_looked_before() -> None:
    comparison = compare(run(seeing(Verdict.SKIP)), run(seeing(Verdict.FAIL, "a")))
    assert (paths(comparison.new), comparison.regressions) == (["a"], ())


def test_what_both_saw_is_unchanged_wherever_it_stood_in_its_array() -> None:
    comparison = compare(run(seeing(Verdict.FAIL, "e[3].x", "b")), run(seeing(Verdict.FAIL, "b", "e[9].x")))
    assert [(each.before.path, each.after.path) for each in comparison.unchanged] == [("b", "b"), ("e[3].x", "e[9].x")]
    assert (comparison.new, comparison.fixed, comparison.exit_code) == ((), (), ExitCode.ACCEPTED)
    assert not any(each.changed for each in comparison.unchanged)


def test_a_finding_the_rules_weigh_otherwise_says_so() -> None:
    (each,) = compare(run(seeing(Verdict.WARN, "a")), run(seeing(Verdict.FAIL, "a"))).unchanged
    assert each.changed


def test_requirements_and_scenarios_no_longer_tested_are_named() -> None:
    comparison = compare(samples.green(), samples.red())
    assert comparison.lost_requirements == ("SLOT-050",)
    assert comparison.lost_scenarios == ("slot_search.response_time",)
    assert compare(samples.red(), samples.green()).gained_requirements == ("SLOT-050",)
    assert compare(samples.red(), samples.green()).gained_scenarios == ("slot_search.response_time",)


def test_a_new_failure_below_the_threshold_refuses_nothing() -> None:
    quiet = run(seeing(Verdict.FAIL, "a"), fail_on=Severity.BLOCKING)
    assert compare(run(seeing(Verdict.PASS)), quiet).exit_code is ExitCode.ACCEPTED


def test_a_level_that_breaks_is_an_answer_of_its_own() -> None:
    fast = Measurement.of("m", samples.TIMES, samples.ONE_PRACTITIONER, samples.samples(120, 0.1))
    slow = Measurement.of("m", samples.TIMES, samples.ONE_PRACTITIONER, samples.samples(120, 2))
    before, after = run(seeing(Verdict.PASS), measurements=(fast,)), run(seeing(Verdict.PASS), measurements=(slow,))
    assert compare(before, after).exit_code is ExitCode.SERVICE_LEVEL_BROKEN
    assert compare(after, after).exit_code is ExitCode.ACCEPTED
    (change,) = compare(before, run(seeing(Verdict.PASS))).measurements
    assert (change.before, change.after) == (fast, None)


def test_a_run_compared_with_itself_shows_nothing_to_do() -> None:
    comparison = compare(samples.red(), samples.red())
    assert (comparison.new, comparison.fixed, comparison.not_retested, comparison.warnings) == ((), (), (), ())
    assert len(comparison.unchanged) == len(samples.red().findings)
    assert not comparison.verdict_changed


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"rule_set": "another"}, "another"),
        ({"target": Target("http://other.example/fhir")}, "http://other.example/fhir"),
        ({"tool_version": "9.9.9"}, "9.9.9"),
        ({"started_at": samples.NOW - timedelta(days=1)}, "intervertis"),
    ],
)
def test_what_makes_two_runs_hard_to_compare_is_warned_of(changed: dict[str, object], said: str) -> None:
    after = replace(samples.green(), **changed)  # type: ignore[arg-type]  # a table of changes
    (warning,) = compare(samples.green(), after).warnings
    assert said in warning.fr


def test_the_console_tells_the_groups_in_the_order_to_look_at_them() -> None:
    text = to_console(compare(samples.green(), samples.red()))
    headings = [line for line in text.splitlines() if line.startswith("==")]
    assert [heading.partition(" (")[0] for heading in headings] == [
        "== Nouveaux constats",
        "== Exigences qui ne sont plus testées",
        "== Scénarios qui ne jugent plus rien",
        "== Niveaux de service ==",
    ]
    assert "4 nouveaux, 0 corrigé, 0 inchangé, 0 non retesté." in text
    assert "[régression]" in text


def test_the_console_says_that_nobody_knows_whether_a_finding_is_fixed() -> None:
    text = to_console(compare(run(seeing(Verdict.FAIL, "a")), run(seeing(Verdict.SKIP))), Lang.EN)
    assert "nothing says that they are fixed" in text
    assert "1 not re-tested" in text


def test_control_characters_of_a_finding_do_not_reach_the_console() -> None:
    check = seeing(Verdict.FAIL)
    nasty = replace(check, findings=(samples.finding(check, Text("\x1b[2J", "x"), "p\n", actual="\x1b]0;\x07"),))
    assert "\x1b" not in to_console(compare(run(seeing(Verdict.PASS)), run(nasty)))


def test_markdown_has_a_table_for_each_group() -> None:
    text = to_markdown(compare(samples.red(), samples.green()), Lang.EN)
    assert "### Fixed findings (4)" in text
    assert "| Blocking | `SLOT-020` | A busy slot is sent. |" in text
    assert "1 practitioner" not in text


def test_json_holds_everything_in_both_languages() -> None:
    document = json.loads(to_json(compare(samples.green(), samples.red())))
    assert document["exit_code"] == 1
    assert document["verdict_changed"] is True
    assert {each["requirement"] for each in document["new"]} == {"SLOT-012", "SLOT-020", "SLOT-031", "SLOT-040"}
    assert all(each["regression"] for each in document["new"])
    assert document["new"][0]["message"] == {"fr": "Un créneau occupé est transmis.", "en": "A busy slot is sent."}
    assert document["lost_requirements"] == ["SLOT-050"]


@pytest.mark.parametrize(
    "now", [[Verdict.PASS], [Verdict.PASS, Verdict.SKIP], [Verdict.PASS, Verdict.PASS, Verdict.ERROR]]
)
def test_a_check_made_on_fewer_answers_than_before_fixes_nothing(now: list[Verdict]) -> None:
    before = run(seeing(Verdict.PASS), seeing(Verdict.FAIL, "a"))
    comparison = compare(before, run(*(seeing(verdict) for verdict in now)))
    assert (paths(comparison.fixed), paths(comparison.not_retested)) == ([], ["a"])
    assert paths(compare(before, run(seeing(Verdict.PASS), seeing(Verdict.PASS))).fixed) == ["a"]
