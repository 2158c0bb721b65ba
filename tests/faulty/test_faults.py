"""Each wrong editor breaks its own requirement and surprises with no other; the reference agenda breaks none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
import pytest_asyncio

from recette import catalogue
from recette.catalogue.tags import Tag
from recette.engine import requirements, runner
from recette.model import ExitCode, RunReport, Scenario, Target, Verdict
from recette.museum.bending import Fault, outcome
from recette.museum.editors import SLOT_FAULTS
from recette.museum.pieces import Stand
from recette.museum.wire import Agenda, Asked, Reply, demo_target
from sas_kernel.clock import PARIS, ManualClock
from sas_kernel.contracts import service_levels
from sas_kernel.flows import Flow
from tests.faulty.standing import ELSEWHERE, standing
from tests.faulty.wire import Reference, WireDriver, reference_agenda

CLOCK = ManualClock(datetime(2031, 3, 10, 8, 0, tzinfo=PARIS))
REQUIREMENTS = requirements.load()
LEVELS = {key: replace(level, minimum_samples=min(level.minimum_samples, 3)) for key, level in service_levels().items()}
LEVELS["slot_search.horizon"] = replace(
    LEVELS["slot_search.horizon"], value=48
)  # two days of slots show as much as three
EVERYTHING = catalogue.scenarios((Flow.SLOT_SEARCH,))

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def reference(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Reference]:
    async with reference_agenda(tmp_path_factory.mktemp("reference"), CLOCK) as agenda:
        yield agenda


async def judged(
    agenda: Agenda,
    *,
    scenarios: tuple[Scenario, ...] = EVERYTHING,
    target: Target | None = None,
    clock: ManualClock = CLOCK,
) -> RunReport:
    plan = runner.Plan(target or demo_target(), scenarios, REQUIREMENTS, LEVELS, "rules", "0")
    driver = WireDriver(agenda, clock, plan.target.base_url)
    return await runner.run(plan, driver, clock=clock, run_id="run")


@pytest.mark.parametrize("fault", SLOT_FAULTS, ids=lambda fault: fault.name)
async def test_a_fault_breaks_its_own_requirement_and_no_other(fault: Fault, reference: Reference) -> None:
    there = standing(fault, Stand.AGENDA, CLOCK, reference=reference)
    report = await judged(there.partner, target=demo_target(f"{ELSEWHERE}/fhir"))

    seen = {finding.requirement for finding in report.findings}
    assert seen == fault.requirements, [(f.check, f.scenario, f.path, f.message.en) for f in report.findings]
    assert not [check for check in report.checks if check.verdict is Verdict.ERROR]
    if fault.check:
        assert fault.check in {finding.check for finding in report.findings}
    assert all(finding.exchange in {exchange.id for exchange in report.exchanges} for finding in report.findings)


@pytest.mark.parametrize(
    "now",
    [
        datetime(2031, 3, 10, 8, 0, tzinfo=PARIS),
        datetime(2031, 3, 29, 14, 20, 31, 457_000, tzinfo=PARIS),  # the night on which summer time begins is ahead
        datetime(2031, 10, 25, 23, 59, 59, 999_000, tzinfo=PARIS),  # the night on which it ends is here
        datetime(2031, 7, 14, 3, 7, tzinfo=PARIS),
        datetime(2031, 12, 31, 23, 30, tzinfo=PARIS),
    ],
    ids=lambda now: f"{now:%m-%d}",
)
async def test_the_reference_agenda_passes_everything_at_any_time_of_the_year(now: datetime, tmp_path: Path) -> None:
    clock = ManualClock(now)
    async with reference_agenda(tmp_path, clock) as agenda:
        report = await judged(agenda, clock=clock, target=replace(demo_target(cpts=True), sos=True))

    assert not report.findings, [(f.check, f.scenario, f.path, f.message.en) for f in report.findings]
    assert report.exit_code is ExitCode.ACCEPTED
    assert {s.verdict for s in report.scenarios if s.scenario != "slot_search.address"} == {Verdict.PASS}


async def test_an_agenda_that_fails_under_repetition_is_seen_while_it_is_timed(reference: Reference) -> None:
    asked_before: list[str] = []

    async def pressed(asked: Asked) -> Reply:
        asked_before.append(asked.target)
        return outcome(503, "transient") if asked_before[-4:].count(asked.target) == 4 else await reference(asked)

    report = await judged(pressed, scenarios=tuple(s for s in EVERYTHING if Tag.RESPONSE_TIME in s.tags))

    assert {(finding.check, finding.requirement) for finding in report.findings} == {("exchange.status", "SLOT-003")}


async def test_a_functional_run_stays_small(reference: Reference) -> None:
    driver = WireDriver(reference, CLOCK)
    functional = tuple(scenario for scenario in EVERYTHING if Tag.RESPONSE_TIME not in scenario.tags)
    plan = runner.Plan(demo_target(), functional, REQUIREMENTS, LEVELS, "rules", "0")
    await runner.run(plan, driver, clock=CLOCK, run_id="run")

    assert driver.count <= 80


async def test_a_public_address_without_tls_is_reported(reference: Reference) -> None:
    report = await judged(reference, target=demo_target("http://agenda.example.org/fhir"), scenarios=EVERYTHING[:1])

    assert {finding.requirement for finding in report.findings} == {"SLOT-007"}


async def test_a_target_without_declared_types_omits_their_comparison(reference: Reference) -> None:
    report = await judged(reference, target=replace(demo_target(), slot_types=(), consultation_types=()))

    omitted = {s.scenario for s in report.scenarios if s.verdict is Verdict.OMIT}
    assert omitted >= {"slot_search.declared_slot_types", "slot_search.declared_consultation_types"}


async def test_a_target_of_which_only_the_url_is_known_is_judged_as_far_as_can_be(reference: Reference) -> None:
    report = await judged(reference, target=replace(demo_target(), test_data={}))

    passed = {s.scenario for s in report.scenarios if any(check.verdict is Verdict.PASS for check in s.checks)}
    assert passed == {f"slot_search.{name}" for name in ("metadata", "unknown_practitioner", "media_types", "refusals")}
    assert not report.findings
    assert report.exit_code is ExitCode.INCONCLUSIVE
