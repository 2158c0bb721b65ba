"""Each wrong platform breaks its own requirement and no other; the real platform breaks none, twice on one base."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from recette import catalogue
from recette.engine import requirements, runner
from recette.model import Actor, ExitCode, RunReport, SignOnTarget, Target, Verdict
from recette.museum import platform_appointment_faults, platform_sso_faults
from recette.museum.bending import Apply, Fault, faulty
from recette.museum.pieces import Stand
from recette.museum.platform_appointments import Sent, answering, without_location
from recette.museum.platform_sso import BACK, CLIENT, SECRET
from recette.museum.street import Party
from recette.museum.wire import Reply
from recette.reports.masking import EvidenceMasks
from sas_kernel.clock import PARIS, ManualClock
from sas_kernel.contracts import service_levels
from sas_kernel.flows import Flow
from sas_kernel.identifiers import PRACTITIONER_SYSTEM, REGULATOR_SYSTEM
from tests.faulty.parties import ISSUER, PLATFORM, Asgi, PartiesDriver, Street, platform_on
from tests.faulty.standing import standing

_END = "http://127.0.0.1:8079/fin"
CLOCK = ManualClock(datetime(2031, 3, 10, 8, 0, tzinfo=PARIS))
REQUIREMENTS = requirements.load()
SCENARIOS = catalogue.scenarios((Flow.SSO, Flow.APPOINTMENTS), Actor.PLATFORM)
TARGET = Target(
    f"{PLATFORM}/fhir",
    flows=(Flow.SSO, Flow.APPOINTMENTS),
    test_data={
        "regulator": f"{PRACTITIONER_SYSTEM}|3990000058/REG0001",
        "regulator_technical": f"{REGULATOR_SYSTEM}|0d5a3c1e-6f0b-4a7e-8a52-2f6f3f1c9b10",
    },
    actor=Actor.PLATFORM,
    sso=SignOnTarget(ISSUER, client_id=CLIENT, client_secret=SECRET, redirect_uri=BACK, post_logout_uri=_END),
)
SETTINGS: dict[str, Any] = {"editors": (), "sso_clients": (f"{CLIENT} {SECRET} {BACK} {_END}",)}
FAULTS = (*platform_appointment_faults.FAULTS, *platform_sso_faults.FAULTS)

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Asgi]:
    async with platform_on(Street(), tmp_path_factory.mktemp("platform"), CLOCK, **SETTINGS) as party:
        yield party


async def judged(
    party: Party, target: Target = TARGET, about: Collection[str] = (), masks: runner.Masks = runner.BARE
) -> RunReport:
    """Play all scenarios, or those that judge one of these requirements."""
    chosen = tuple(s for s in SCENARIOS if not about or any(check.requirement in about for check in s.checks))
    plan = runner.Plan(target, chosen, REQUIREMENTS, service_levels(), "rules", "0")
    driver = PartiesDriver(Street({PLATFORM: party}), CLOCK, target.base_url)
    return await runner.run(plan, driver, clock=CLOCK, run_id="run", masks=masks)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_a_fault_breaks_its_own_requirement_and_no_other(fault: Fault, platform: Asgi) -> None:
    there = standing(fault, Stand.PLATFORM, CLOCK, partner=PLATFORM, reference=platform)
    report = await judged(there.partner, about=fault.requirements)

    seen = {finding.requirement for finding in report.findings}
    assert seen == fault.requirements, [(f.check, f.scenario, f.path, f.actual, f.message.en) for f in report.findings]
    assert not [check for check in report.checks if check.verdict is Verdict.ERROR]
    if fault.check:
        assert fault.check in {finding.check for finding in report.findings}
    assert all(finding.exchange in {exchange.id for exchange in report.exchanges} for finding in report.findings)


@pytest.mark.parametrize(
    "name", ["any-password", "verifier-ignored", "wrong-audience", "refresh-reused", "provider-drops"]
)
async def test_no_secret_is_left_in_what_is_reported(name: str, platform: Asgi) -> None:
    fault = next(fault for fault in FAULTS if fault.name == name)
    report = await judged(faulty(fault, platform), about=fault.requirements, masks=EvidenceMasks())
    assert report.exchanges
    kept = repr((report.exchanges, report.findings, report.target))
    for secret in (SECRET, "Regulation-2031", "eyJ"):
        assert secret not in kept


async def test_every_requirement_that_is_tested_has_its_wrong_platform() -> None:
    tested = {check.requirement for scenario in SCENARIOS for check in scenario.checks}
    assert tested == {fault.requirement for fault in FAULTS}


async def test_the_real_platform_passes_everything_twice_on_one_base(tmp_path: Path) -> None:
    async with platform_on(Street(), tmp_path, CLOCK, **SETTINGS) as party:
        for _ in range(2):
            report = await judged(party)
            assert not report.findings, [(f.check, f.scenario, f.path, f.actual, f.message.en) for f in report.findings]
            assert report.exit_code is ExitCode.ACCEPTED, report.explanation.en
            # An address of this machine says nothing of TLS.
            assert {check.check for check in report.checks if check.verdict is not Verdict.PASS} == {
                "provider.discovery_https"
            }


async def test_who_the_platform_knows_has_to_be_told(platform: Asgi) -> None:
    report = await judged(platform, replace(TARGET, test_data={}, sso=None))
    assert report.exit_code is ExitCode.INCONCLUSIVE
    assert all(
        "[test_data]" in str(check.reason) for check in report.checks if check.check == "reception.creation_accepted"
    )


async def test_an_editor_is_not_judged_as_a_platform(platform: Asgi) -> None:
    report = await judged(platform, replace(TARGET, actor=Actor.EDITOR))
    assert {scenario.verdict for scenario in report.scenarios} == {Verdict.OMIT}


async def test_every_appointment_a_run_makes_is_cancelled_at_its_end(platform: Asgi) -> None:
    state: dict[str, str] = {}

    async def watched(asked: object) -> Reply:
        reply = await platform(asked)  # type: ignore[arg-type]  # what the street hands on
        sent = Sent(asked)  # type: ignore[arg-type]  # as above
        if sent.ours and reply.status in {200, 201}:
            state[sent.key] = sent.status
        return reply

    await judged(watched)
    assert len(state) >= 20
    assert set(state.values()) == {"cancelled"}


async def test_a_platform_that_refuses_everything_proves_nothing_by_its_refusals() -> None:
    async def never(_asked: object) -> Reply:
        return Reply(501, (), b"")

    report = await judged(never)
    assert {finding.requirement for finding in report.findings} == {
        "APPT-101",
        "APPT-108",
        "APPT-116",
        "SSO-101",
        "SSO-102",
    }


# --- odd and right ---------------------------------------------------------------------------------------------------

ODDITIES: tuple[tuple[str, Apply], ...] = (
    (
        "a version in Location",
        answering(
            lambda s, k, r: r.status < 300,
            lambda reply: reply.with_header("Location", f"{reply.header('location')}/_history/3"),
        ),
    ),
    (
        "the appointment in the body of a success",
        answering(lambda s, k, r: r.status < 300, lambda reply: reply.with_json({"resourceType": "Appointment"})),
    ),
    (
        "409 to a creation that comes again",
        answering(
            lambda s, k, r: s.creates and r.status == 200, lambda reply: replace(without_location(reply), status=409)
        ),
    ),
)


@pytest.mark.parametrize(("name", "apply"), ODDITIES, ids=[name for name, _ in ODDITIES])
async def test_what_is_odd_and_right_is_not_blamed(name: str, apply: Apply, platform: Asgi) -> None:
    report = await judged(faulty(Fault(name, "", name, apply), platform))
    assert not report.findings, [(f.check, f.scenario, f.path, f.message.en, f.actual) for f in report.findings]
    assert report.exit_code is ExitCode.ACCEPTED, report.explanation.en
