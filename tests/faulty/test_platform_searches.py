"""Each platform that searches wrongly breaks its own requirement and no other; the real one breaks none, twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from asgi_lifespan import LifespanManager

from recette.catalogue.platform import slot_search
from recette.drivers.inbox import listening
from recette.engine import requirements, runner
from recette.model import Actor, Inbox, PlatformTarget, RunReport, Target, Verdict
from recette.museum.pieces import Stand
from recette.museum.platform_accounts import TOKEN
from recette.museum.platform_searches import CLOCK, FAULTS, SearchFault, little_platform
from recette.museum.street import Party
from sas_kernel.contracts import service_levels
from sas_platform.app import create_app
from sas_platform.settings import Settings
from tests.faulty.inboxes import MemoryInbox
from tests.faulty.parties import PLATFORM, Asgi, PartiesDriver, Street
from tests.faulty.standing import standing

SCENARIOS = slot_search.SCENARIOS


async def judged(party: Party, inbox: Inbox | None) -> RunReport:
    platform = PlatformTarget(wait=0.2, admin_token=TOKEN)
    target = Target(f"{PLATFORM}/fhir", actor=Actor.PLATFORM, platform=platform)
    plan = runner.Plan(target, SCENARIOS, requirements.load(), service_levels(), "rules", "0")
    driver = PartiesDriver(Street({PLATFORM: party}), CLOCK, target.base_url)
    return await runner.run(plan, driver, clock=CLOCK, run_id="run", inbox=inbox)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_a_fault_breaks_its_own_requirement_and_no_other(fault: SearchFault) -> None:
    inbox = MemoryInbox(CLOCK)
    there = standing(fault, Stand.SEARCHING_PLATFORM, CLOCK, other_side=inbox.deliver)
    report = await judged(there.partner, inbox)
    assert {finding.requirement for finding in report.findings} == {fault.requirement}, _shown(report)


async def test_a_platform_that_asks_nothing_is_told_so() -> None:
    report = await judged(little_platform(MemoryInbox(CLOCK).deliver), MemoryInbox(CLOCK))
    assert {finding.requirement for finding in report.findings} == {"SLOT-214"}


async def test_a_right_platform_is_not_blamed() -> None:
    inbox = MemoryInbox(CLOCK)
    report = await judged(little_platform(inbox.deliver), inbox)
    assert {check.verdict for check in report.checks} == {Verdict.PASS}, _shown(report)


async def test_every_requirement_that_is_tested_has_its_wrong_platform() -> None:
    assert {check.requirement for scenario in SCENARIOS for check in scenario.checks} == {
        fault.requirement for fault in FAULTS
    }


async def test_the_real_platform_passes_everything_twice(tmp_path: Path) -> None:
    async with listening("127.0.0.1:0", CLOCK) as inbox:
        settings = Settings(
            database_url=f"sqlite+aiosqlite:///{tmp_path / 'platform.sqlite'}",
            dataset=None,
            editors=(f"recette={inbox.url}",),
        )
        app = create_app(settings, clock=CLOCK)
        async with LifespanManager(app, startup_timeout=60):
            for _ in range(2):
                report = await judged(Asgi(app, PLATFORM), inbox)
                assert {check.verdict for check in report.checks} == {Verdict.PASS}, _shown(report)


def _shown(report: RunReport) -> list[Any]:
    return [(f.check, f.path, f.expected, f.actual, f.message.en) for f in report.findings]
