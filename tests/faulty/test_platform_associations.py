"""Each platform that asks wrongly for associations breaks its own requirement only; the real one breaks none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from asgi_lifespan import LifespanManager
from pydantic import SecretStr

from recette.catalogue.platform import associations
from recette.drivers.inbox import listening
from recette.engine import requirements, runner
from recette.model import Actor, Inbox, PlatformTarget, RunReport, Target, Verdict
from recette.museum.pieces import Stand
from recette.museum.platform_accounts import TOKEN
from recette.museum.platform_associations import CLOCK, FAULTS, AssociationSearchFault, little_platform
from recette.museum.street import Party
from recette.museum.wire import Asked, Reply
from sas_kernel.contracts import service_levels
from sas_platform.app import create_app
from sas_platform.settings import Settings
from tests.faulty.inboxes import MemoryInbox
from tests.faulty.parties import PLATFORM, Asgi, PartiesDriver, Street
from tests.faulty.standing import standing

SCENARIOS = associations.SCENARIOS


async def judged(party: Party, inbox: Inbox | None, *, token: str = TOKEN, sos: bool = True) -> RunReport:
    platform = PlatformTarget(wait=0.2, admin_token=token)
    target = Target(f"{PLATFORM}/fhir", actor=Actor.PLATFORM, platform=platform, sos=sos)
    plan = runner.Plan(target, SCENARIOS, requirements.load(), service_levels(), "rules", "0")
    driver = PartiesDriver(Street({PLATFORM: party}), CLOCK, target.base_url)
    return await runner.run(plan, driver, clock=CLOCK, run_id="run", inbox=inbox)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_a_fault_breaks_its_own_requirement_and_no_other(fault: AssociationSearchFault) -> None:
    inbox = MemoryInbox(CLOCK)
    report = await judged(standing(fault, Stand.ASSOCIATION_PLATFORM, CLOCK, other_side=inbox.deliver).partner, inbox)
    assert {finding.requirement for finding in report.findings} == {fault.requirement}, _shown(report)


async def test_a_right_platform_is_not_blamed_and_keeps_no_editor_of_ours() -> None:
    inbox = MemoryInbox(CLOCK)
    party, gone = little_platform(inbox.deliver), []

    async def watched(asked: Asked) -> Reply:
        if asked.method == "DELETE":
            gone.append(asked.target)
        return await party(asked)

    for _ in range(2):
        report = await judged(watched, inbox)
        assert {check.verdict for check in report.checks} == {Verdict.PASS}, _shown(report)
    assert len(gone) == 4


async def test_a_platform_that_asks_nothing_is_told_so() -> None:
    report = await judged(little_platform(MemoryInbox(CLOCK).deliver), MemoryInbox(CLOCK))
    assert {finding.requirement for finding in report.findings} == {"SOS-064"}


async def test_what_only_its_operator_knows_is_not_judged() -> None:
    report = await judged(little_platform(MemoryInbox(CLOCK).deliver), MemoryInbox(CLOCK), token="")
    assert {check.verdict for check in report.checks} == {Verdict.SKIP}


async def test_a_platform_that_does_not_declare_sos_is_not_asked() -> None:
    report = await judged(little_platform(MemoryInbox(CLOCK).deliver), MemoryInbox(CLOCK), sos=False)
    assert {scenario.verdict for scenario in report.scenarios} == {Verdict.OMIT}


async def test_every_requirement_that_is_tested_has_its_wrong_platform() -> None:
    tested = {check.requirement for scenario in SCENARIOS for check in scenario.checks}
    assert tested == {fault.requirement for fault in FAULTS}


async def test_the_real_platform_passes_everything_twice(tmp_path: Path) -> None:
    async with listening("127.0.0.1:0", CLOCK) as inbox:
        settings = Settings(
            database_url=f"sqlite+aiosqlite:///{tmp_path / 'platform.sqlite'}",
            dataset=None,
            editors=(f"recette={inbox.url}",),
            admin_token=SecretStr(TOKEN),
        )
        app = create_app(settings, clock=CLOCK)
        async with LifespanManager(app, startup_timeout=60):
            for _ in range(2):
                report = await judged(Asgi(app, PLATFORM), inbox)
                assert {check.verdict for check in report.checks} == {Verdict.PASS}, _shown(report)


def _shown(report: RunReport) -> list[Any]:
    return [(f.check, f.path, f.expected, f.actual, f.message.en) for f in report.findings]
