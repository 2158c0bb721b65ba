"""Each platform that searches wrongly breaks its own requirement and no other; the real one breaks none, twice."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from asgi_lifespan import LifespanManager

from recette import catalogue
from recette.drivers.inbox import listening
from recette.engine import requirements, runner
from recette.model import Actor, Inbox, PlatformTarget, RunReport, Target, Verdict
from sas_kernel.clock import SystemClock
from sas_kernel.contracts import service_levels
from sas_kernel.flows import Flow
from sas_kernel.identifiers import PRACTITIONER_SYSTEM
from sas_platform.app import create_app
from sas_platform.settings import Settings
from tests.faulty.parties import PLATFORM, Asgi, PartiesDriver, Party, Street
from tests.faulty.platform_accounts import TOKEN, MemoryInbox
from tests.faulty.wire import Asked, Reply

CLOCK = SystemClock()
SCENARIOS = catalogue.scenarios((Flow.SLOT_SEARCH,), Actor.PLATFORM)
_WHO = "schedule.actor:Practitioner.identifier"


def little_platform(inbox: MemoryInbox, bend: Callable[[str], str] = lambda query: query, lot: int = 25) -> Party:
    """Searches as it ought to, but for the query of each request, which is bent."""

    async def party(asked: Asked) -> Reply:
        ids = re.findall(rb"\d{12}", asked.body)
        now = CLOCK.now()
        for at in range(0, len(ids), lot):
            tokens = ",".join(f"{PRACTITIONER_SYSTEM}|{id.decode()}" for id in ids[at : at + lot])
            first, last = (quote(each.isoformat()) for each in (now, now + timedelta(hours=72)))
            query = f"start=ge{first}&start=le{last}&{_WHO}={quote(tokens)}&status=free"
            query += "&_include=Slot:schedule&_include:iterate=Schedule:actor"
            inbox.deliver("GET", f"/Slot?{bend(query)}", (), b"")
        return Reply(200, (), b"{}")

    return party


async def judged(party: Party, inbox: Inbox | None) -> RunReport:
    platform = PlatformTarget(wait=0.2, admin_token=TOKEN)
    target = Target(f"{PLATFORM}/fhir", actor=Actor.PLATFORM, platform=platform)
    plan = runner.Plan(target, SCENARIOS, requirements.load(), service_levels(), "rules", "0")
    driver = PartiesDriver(Street({PLATFORM: party}), CLOCK, target.base_url)
    return await runner.run(plan, driver, clock=CLOCK, run_id="run", inbox=inbox)


def _replacing(pattern: str, other: str) -> Callable[[str], str]:
    return lambda query: re.sub(pattern, other, query)


_LATE = quote((CLOCK.now() + timedelta(days=9)).isoformat())
FAULTS: tuple[tuple[str, str, Callable[[str], str]], ...] = (
    ("nine days", "SLOT-202", _replacing(r"start=le[^&]*", f"start=le{_LATE}")),
    ("no lower bound", "SLOT-205", _replacing(r"start=ge[^&]*&", "")),
    ("two upper bounds", "SLOT-206", _replacing(r"(start=le[^&]*)", r"\1&\1")),
    ("one parameter an id", "SLOT-207", lambda query: query.replace("%2C", f"&{_WHO}=")),
    ("no system", "SLOT-208", lambda query: query.replace(quote(f"{PRACTITIONER_SYSTEM}|"), "")),
    ("any status", "SLOT-209", _replacing(r"&status=free", "")),
    ("no schedules", "SLOT-210", _replacing(r"&_include=Slot:schedule", "")),
    ("no iteration", "SLOT-211", _replacing(r"_include:iterate", "_include")),
    ("forgets somebody", "SLOT-214", _replacing(r"%2C[^%&]*%3A[^&]*?(?=%2C|&)", "")),
)


@pytest.mark.parametrize(("requirement", "bend"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS])
async def test_a_fault_breaks_its_own_requirement_and_no_other(requirement: str, bend: Callable[[str], str]) -> None:
    inbox = MemoryInbox(CLOCK)
    report = await judged(little_platform(inbox, bend), inbox)
    assert {finding.requirement for finding in report.findings} == {requirement}, _shown(report)


async def test_thirty_ids_at_once_are_too_many() -> None:
    inbox = MemoryInbox(CLOCK)
    report = await judged(little_platform(inbox, lot=30), inbox)
    assert {finding.requirement for finding in report.findings} == {"SLOT-207"}, _shown(report)


async def test_a_platform_that_asks_nothing_is_told_so() -> None:
    report = await judged(little_platform(MemoryInbox(CLOCK)), MemoryInbox(CLOCK))
    assert {finding.requirement for finding in report.findings} == {"SLOT-214"}


async def test_a_right_platform_is_not_blamed() -> None:
    inbox = MemoryInbox(CLOCK)
    report = await judged(little_platform(inbox), inbox)
    assert {check.verdict for check in report.checks} == {Verdict.PASS}, _shown(report)


async def test_every_requirement_that_is_tested_has_its_wrong_platform() -> None:
    assert {check.requirement for scenario in SCENARIOS for check in scenario.checks} == {f[1] for f in FAULTS}


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
