"""Each platform that asks wrongly for CPTS breaks its own requirement and no other; the real one breaks none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from asgi_lifespan import LifespanManager

from recette import catalogue
from recette.drivers.inbox import listening
from recette.engine import requirements, runner
from recette.model import Actor, Inbox, PlatformTarget, RunReport, Target, Verdict
from recette.museum.pieces import Stand
from recette.museum.platform_accounts import TOKEN
from recette.museum.platform_communities import FAULTS
from recette.museum.platform_searches import CLOCK, SearchFault, little_platform
from recette.museum.street import Party
from sas_kernel.contracts import service_levels
from sas_kernel.flows import Flow
from sas_platform.app import create_app
from sas_platform.settings import Settings
from tests.faulty.inboxes import MemoryInbox
from tests.faulty.parties import PLATFORM, Asgi, PartiesDriver, Street
from tests.faulty.standing import standing

SCENARIOS = tuple(
    s for s in catalogue.scenarios((Flow.SLOT_SEARCH,), Actor.PLATFORM) if s.id == "slot_search.platform.asking_cpts"
)


async def judged(party: Party, inbox: Inbox | None, *, cpts: bool = True) -> RunReport:
    platform = PlatformTarget(wait=0.2, admin_token=TOKEN)
    target = Target(f"{PLATFORM}/fhir", actor=Actor.PLATFORM, platform=platform, cpts=cpts)
    plan = runner.Plan(target, SCENARIOS, requirements.load(), service_levels(), "rules", "0")
    driver = PartiesDriver(Street({PLATFORM: party}), CLOCK, target.base_url)
    return await runner.run(plan, driver, clock=CLOCK, run_id="run", inbox=inbox)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_a_fault_breaks_its_own_requirement_and_no_other(fault: SearchFault) -> None:
    inbox = MemoryInbox(CLOCK)
    report = await judged(standing(fault, Stand.SEARCHING_PLATFORM, CLOCK, other_side=inbox.deliver).partner, inbox)
    assert {finding.requirement for finding in report.findings} == {fault.requirement}, _shown(report)


async def test_a_right_platform_is_not_blamed() -> None:
    inbox = MemoryInbox(CLOCK)
    report = await judged(little_platform(inbox.deliver), inbox)
    assert {check.verdict for check in report.checks} == {Verdict.PASS}, _shown(report)


async def test_a_platform_that_also_asks_without_cpts_is_not_blamed() -> None:
    """Nothing forbids INT_R01 beside INT_R04, as long as nobody is left out of the latter."""
    inbox = MemoryInbox(CLOCK)
    party = little_platform(inbox.deliver)

    async def twice(asked: Any) -> Any:
        await party(type(asked)(asked.method, asked.target, asked.headers, asked.body.replace(b"true", b"false")))
        return await party(asked)

    report = await judged(twice, inbox)
    assert {check.verdict for check in report.checks} == {Verdict.PASS}, _shown(report)


async def test_a_platform_that_does_not_search_cpts_is_not_asked_to() -> None:
    inbox = MemoryInbox(CLOCK)
    report = await judged(little_platform(inbox.deliver), inbox, cpts=False)
    assert {scenario.verdict for scenario in report.scenarios} == {Verdict.OMIT}
    assert not inbox.arrivals


async def test_the_real_platform_asks_an_editor_that_answers_both_searches(tmp_path: Path) -> None:
    async with listening("127.0.0.1:0", CLOCK) as inbox:
        file = tmp_path / "editors.toml"
        told = {"id": "recette", "name": "recette", "base_url": inbox.url, "environment": "recette"}
        rows = [
            f"{key} = {json.dumps(value)}" for key, value in {**told, "searches": ["practitioners", "cpts"]}.items()
        ]
        file.write_text("\n".join(["[[editor]]", *rows]), encoding="utf-8")
        settings = Settings(
            database_url=f"sqlite+aiosqlite:///{tmp_path / 'platform.sqlite'}", dataset=None, editors_file=file
        )
        async with LifespanManager(app := create_app(settings, clock=CLOCK), startup_timeout=60):
            report = await judged(Asgi(app, PLATFORM), inbox)
    assert {check.verdict for check in report.checks} == {Verdict.PASS}, _shown(report)


def _shown(report: RunReport) -> list[Any]:
    return [(f.check, f.path, f.expected, f.actual, f.message.en) for f in report.findings]
