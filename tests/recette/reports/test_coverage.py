from __future__ import annotations

from dataclasses import replace

import pytest

from recette.model import RunReport, Verdict
from recette.reports.coverage import RequirementResult, Standing, requirement_results, standings
from sas_kernel.text import Text
from tests.recette.reports import samples

REASON = Text("il manque quelque chose", "something is missing")


def report_with(*verdicts: Verdict) -> RunReport:
    checks = [samples.check("SLOT-001", verdict=verdict, reason=REASON) for verdict in verdicts]
    return replace(
        samples.green(),
        scenarios=(samples.scenario("slot_search.one_practitioner", samples.ONE, Verdict.PASS, checks),),
    )


def of(report: RunReport, id: str = "SLOT-001") -> RequirementResult:
    return next(result for result in requirement_results(report) if result.requirement.id == id)


@pytest.mark.parametrize(
    ("verdicts", "standing"),
    [
        ([Verdict.PASS], Standing.HELD),
        ([Verdict.PASS, Verdict.FAIL], Standing.BROKEN),
        ([Verdict.ERROR, Verdict.FAIL], Standing.BROKEN),
        ([Verdict.PASS, Verdict.ERROR], Standing.UNDECIDED),
        ([Verdict.PASS, Verdict.REVIEW], Standing.UNDECIDED),
        ([Verdict.PASS, Verdict.WARN], Standing.WARNED),
        ([Verdict.PASS, Verdict.SKIP], Standing.HELD),
        ([Verdict.SKIP], Standing.NOT_TESTED),
        ([Verdict.SKIP, Verdict.OMIT], Standing.NOT_TESTED),
        ([Verdict.OMIT], Standing.NOT_APPLICABLE),
    ],
)
def test_a_requirement_stands_where_its_checks_put_it(verdicts: list[Verdict], standing: Standing) -> None:
    result = of(report_with(*verdicts))
    assert result.standing is standing
    assert result.announced == len(verdicts)
    assert (result.reason == REASON) is (not standing.tested)


def test_nothing_ran_is_never_held() -> None:
    results = requirement_results(replace(samples.green(), scenarios=()))
    assert not any(result.standing.tested for result in results)
    assert all(result.reason for result in results)


def test_the_catalogue_says_why_a_requirement_has_no_scenario() -> None:
    result = of(samples.green(), "SLOT-070")
    assert result.standing is Standing.NOT_TESTED
    assert result.reason == samples.REQUIREMENTS[-1].untested_reason


def test_a_scenario_without_results_lends_its_reason() -> None:
    skipped = samples.scenario("slot_search.one_practitioner", samples.ONE, Verdict.OMIT, [], reason=REASON)
    result = of(replace(samples.green(), scenarios=(skipped,)))
    assert (result.standing, result.reason) == (Standing.NOT_APPLICABLE, REASON)


def test_the_counts_add_up_to_the_catalogue() -> None:
    counts = standings(requirement_results(samples.red()))
    assert sum(counts.values()) == len(samples.REQUIREMENTS)
    assert counts[Standing.BROKEN] == 3
