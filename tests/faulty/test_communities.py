"""Each editor that is wrong about CPTS breaks its own requirement and no other; the other faults are not told twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime

import pytest
import pytest_asyncio

from recette import catalogue
from recette.engine import requirements, runner
from recette.model import ExitCode, RunReport, Scenario, Target, Verdict
from recette.museum.bending import Fault, faulty
from recette.museum.communities import FAULTS
from recette.museum.editors import SLOT_FAULTS
from recette.museum.wire import Agenda, demo_target
from sas_kernel.clock import PARIS, ManualClock
from sas_kernel.contracts import service_levels
from sas_kernel.flows import Flow
from tests.faulty.wire import Reference, WireDriver, reference_agenda

CLOCK = ManualClock(datetime(2031, 3, 10, 8, 0, tzinfo=PARIS))
SCENARIOS = tuple(s for s in catalogue.scenarios((Flow.SLOT_SEARCH,)) if s.id.startswith("slot_search.cpts_"))
"""All that a fault of these can reach: INT_R01 is answered as by the reference, which passes (`test_faults`)."""
REQUIREMENTS = requirements.load()
LEVELS = service_levels()
LEVELS["slot_search.horizon"] = replace(LEVELS["slot_search.horizon"], value=6)  # a few slots show as much as many

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def reference(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Reference]:
    async with reference_agenda(tmp_path_factory.mktemp("reference"), CLOCK) as agenda:
        yield agenda


async def judged(
    agenda: Agenda, target: Target | None = None, scenarios: tuple[Scenario, ...] = SCENARIOS
) -> tuple[RunReport, int]:
    """The report, and how many requests it took."""
    driver = WireDriver(agenda, CLOCK)
    plan = runner.Plan(target or demo_target(cpts=True), scenarios, REQUIREMENTS, LEVELS, "rules", "0")
    return await runner.run(plan, driver, clock=CLOCK, run_id="run"), driver.count


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_a_fault_breaks_its_own_requirement_and_no_other(fault: Fault, reference: Reference) -> None:
    report, _ = await judged(faulty(fault, reference))

    seen = {finding.requirement for finding in report.findings}
    assert seen == fault.requirements, [(f.check, f.scenario, f.path, f.message.en) for f in report.findings]
    assert not [check for check in report.checks if check.verdict is Verdict.ERROR]
    if fault.check:
        assert fault.check in {finding.check for finding in report.findings}


async def test_the_reference_passes_everything_in_few_requests(reference: Reference) -> None:
    report, requests = await judged(reference)

    assert not report.findings, [(f.check, f.scenario, f.path, f.message.en) for f in report.findings]
    assert {check.verdict for check in report.checks} == {Verdict.PASS}
    assert report.exit_code is ExitCode.ACCEPTED
    assert requests <= 11


async def test_a_target_without_cpts_is_not_asked_for_them(reference: Reference) -> None:
    report, requests = await judged(reference, demo_target())

    assert {scenario.verdict for scenario in report.scenarios} == {Verdict.OMIT}
    assert all(scenario.reason and "applicability.cpts" in scenario.reason.en for scenario in report.scenarios)
    assert requests == 0


async def test_a_target_that_names_no_member_of_a_cpts_is_told_so(reference: Reference) -> None:
    report, _ = await judged(reference, replace(demo_target(cpts=True), test_data={}))

    skipped = {scenario.scenario for scenario in report.scenarios if scenario.verdict is Verdict.SKIP}
    assert skipped == {f"slot_search.cpts_{name}" for name in ("one", "two", "together", "declared_types")}
    assert report.exit_code is ExitCode.INCONCLUSIVE


async def test_other_faults_are_not_told_a_second_time(reference: Reference) -> None:
    """In the scenario that makes all the checks of content; the one exception puts CPTS where there is none."""
    told: dict[str, set[str]] = {}
    for fault in SLOT_FAULTS:
        report, _ = await judged(faulty(fault, reference), scenarios=SCENARIOS[:1])
        twice = {finding.requirement for finding in report.findings} - fault.requirements
        if twice:
            told[fault.name] = twice
    assert told == {"type-undeclared": {"CPTS-010"}}
