"""Each platform that tells editors wrongly breaks its own requirement and no other; the real one breaks none, twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from asgi_lifespan import LifespanManager

from recette import catalogue
from recette.drivers.inbox import listening
from recette.engine import requirements, runner
from recette.model import (
    Actor,
    ExitCode,
    Inbox,
    PlatformTarget,
    RunReport,
    SignOnTarget,
    Target,
    TransportFailure,
    Verdict,
    Waiting,
)
from recette.museum.pieces import Stand
from recette.museum.platform_accounts import FAULTS, TOKEN, AccountFault, LittlePlatform
from recette.museum.street import Party
from recette.museum.wire import Asked, Reply
from sas_kernel.clock import SystemClock
from sas_kernel.contracts import service_levels
from sas_kernel.flows import Flow
from sas_kernel.identifiers import REGULATOR_SYSTEM
from sas_platform.app import create_app
from sas_platform.settings import Settings
from tests.faulty.inboxes import MemoryInbox
from tests.faulty.parties import PLATFORM, Asgi, PartiesDriver, Street
from tests.faulty.standing import standing

CLOCK = SystemClock()
REQUIREMENTS = requirements.load()
SCENARIOS = catalogue.scenarios((Flow.REGULATORS,), Actor.PLATFORM)


def target_of(wait: float = 0.2, token: str = TOKEN) -> Target:
    platform = PlatformTarget(wait=wait, admin_token=token)
    return Target(f"{PLATFORM}/fhir", flows=(Flow.REGULATORS,), actor=Actor.PLATFORM, platform=platform)


async def judged(
    party: Party, inbox: Inbox | None, target: Target, told: Callable[[Any], None] = lambda event: None
) -> RunReport:
    plan = runner.Plan(target, SCENARIOS, REQUIREMENTS, service_levels(), "rules", "0")
    driver = PartiesDriver(Street({PLATFORM: party}), CLOCK, target.base_url)
    return await runner.run(plan, driver, clock=CLOCK, run_id="run", inbox=inbox, listeners=(told,))


def _shown(report: RunReport) -> list[Any]:
    return [(f.check, f.scenario, f.path, f.actual, f.message.en) for f in report.findings]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_a_fault_breaks_its_own_requirement_and_no_other(fault: AccountFault) -> None:
    inbox = MemoryInbox(CLOCK)
    there = standing(fault, Stand.TELLING_PLATFORM, CLOCK, other_side=inbox.deliver)
    report = await judged(there.partner, inbox, target_of())
    assert {finding.requirement for finding in report.findings} == {fault.requirement, *fault.also}, _shown(report)
    if fault.check:
        assert fault.check in {finding.check for finding in report.findings}
    assert not [check for check in report.checks if check.verdict is Verdict.ERROR]


async def test_every_requirement_that_is_tested_has_its_wrong_platform() -> None:
    tested = {check.requirement for scenario in SCENARIOS for check in scenario.checks}
    assert tested == {fault.requirement for fault in FAULTS}


async def test_a_right_platform_is_not_blamed() -> None:
    inbox = MemoryInbox(CLOCK)
    report = await judged(LittlePlatform(inbox.deliver), inbox, target_of())
    assert not report.findings, _shown(report)
    assert {check.verdict for check in report.checks} == {Verdict.PASS}


async def test_the_real_platform_passes_everything_twice_on_one_base(tmp_path: Path) -> None:
    async with listening("127.0.0.1:0", CLOCK) as inbox:
        settings = Settings(
            database_url=f"sqlite+aiosqlite:///{tmp_path / 'platform.sqlite'}",
            public_url=PLATFORM,
            dataset=None,
            editors=(f"recette={inbox.url}",),
            admin_token=TOKEN,  # type: ignore[arg-type]  # pydantic makes the secret of it
            password_rounds=1,
            password_memory=8,
            regulator_retry_first=0.05,
        )
        app = create_app(settings, clock=CLOCK)
        async with LifespanManager(app, startup_timeout=60):
            for _ in range(2):
                report = await judged(Asgi(app, PLATFORM), inbox, target_of(wait=15))
                assert not report.findings, _shown(report)
                assert {check.verdict for check in report.checks} == {Verdict.PASS}, report.explanation.en
                assert report.exit_code is ExitCode.ACCEPTED


async def test_without_an_inbox_nothing_is_judged() -> None:
    report = await judged(LittlePlatform(MemoryInbox(CLOCK).deliver), None, target_of())
    assert report.exit_code is ExitCode.INCONCLUSIVE
    assert {check.verdict for check in report.checks} == {Verdict.SKIP}
    assert all("[platform]" in str(check.reason) for check in report.checks)


async def test_an_operator_does_what_he_is_told_and_his_platform_is_judged() -> None:
    """Without a token the harness asks; somebody signs regulators in, changes and deactivates them."""
    inbox = MemoryInbox(CLOCK)
    platform = LittlePlatform(inbox.deliver)
    asked: list[str] = []
    people: list[int] = []
    doing: list[asyncio.Future[None]] = []

    def operator(event: Any) -> None:
        if not isinstance(event, Waiting) or event.seconds_left < 4.9:
            return  # not the first time that this is asked
        asked.append(event.what.en)
        doing.append(asyncio.ensure_future(act(event.what.en)))

    async def act(what: str) -> None:
        if "does not know yet" in what:
            body = {"family": "NOM", "given": "Ysée", "email": f"{len(people)}@x.example.org", "password": "x"}
            if "national" in what:
                body["national_id"] = f"3990000058/OP{len(people)}"
            people.append((await platform._enrol(body))["id"])
        account = platform.accounts[people[-1]]
        if "name" in what:
            account.family = "AUTRE"
        elif "Give" in what:
            account.code, account.value = "IDNPS", f"3990000058/NEW{len(people)}"
        elif "Deactivate" in what:
            account.active = False
        if "try again" not in what:
            await platform._tell(account)

    report = await judged(platform, inbox, target_of(wait=5.0, token=""), operator)
    assert not report.findings, _shown(report)
    assert any("Deactivate" in what for what in asked)
    passed = {check.check for check in report.checks if check.verdict is Verdict.PASS}
    assert passed >= {
        "provisioning.creation_message",
        "provisioning.change_message",
        "provisioning.change_identifier",
        "provisioning.deactivation_message",
    }


# --- nonsense --------------------------------------------------------------------------------------------------------

_HTML = (("content-type", "text/html"),)
_FORM = b'<form method="post"><input type="password" name="p"></form>'
_ENDPOINTS = (
    *("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"),
    *("introspection_endpoint", "end_session_endpoint"),
)
_PROVIDER = json.dumps({"issuer": 3, **{name: f"{PLATFORM}/{name}" for name in _ENDPOINTS}}).encode()
NONSENSE: dict[str, Reply] = {
    "a page": Reply(200, _HTML, b"<p>Bonjour</p>"),
    "a form": Reply(200, _HTML, _FORM),
    "a list": Reply(200, (("content-type", "application/json"),), b"[[], 3, null]"),
    "a discovery everywhere": Reply(200, (("content-type", "application/json"),), _PROVIDER),
    "a circle": Reply(302, (("location", "/encore"),), b""),
    "an odd redirect": Reply(302, (("location", "http://[::1/x"),), b""),
    "no text": Reply(200, (("content-type", "application/fhir+json"), ("location", "\x80")), b"\xff\xfe{"),
    "addresses nobody is at": Reply(
        200,
        (("content-type", "application/json"),),
        json.dumps(dict.fromkeys(_ENDPOINTS, "http://127.0.0.1:99999999/x")).encode(),
    ),
    "nothing": Reply(0, (), b"", failure=TransportFailure.CONNECTION_LOST),
    "created": Reply(201, (("Location", "Appointment/1"),), b"{}"),
}


@pytest.mark.parametrize("discovered", [False, True])
@pytest.mark.parametrize("name", NONSENSE)
async def test_nonsense_breaks_no_check(name: str, discovered: bool) -> None:
    async def party(asked: Asked) -> Reply:
        found = discovered and "/.well-known/" in asked.target
        return NONSENSE["a discovery everywhere"] if found else NONSENSE[name]

    inbox = MemoryInbox(CLOCK)
    sso = SignOnTarget(
        f"{PLATFORM}/realms/sas", login="a@x.example.org", password="x", client_id="r", client_secret="s"
    )
    data = {"regulator": "1234", "regulator_technical": f"{REGULATOR_SYSTEM}|u"}
    target = replace(target_of(wait=0.01), sso=sso, test_data=data)
    plan = runner.Plan(target, catalogue.scenarios((), Actor.PLATFORM), REQUIREMENTS, service_levels(), "rules", "0")
    driver = PartiesDriver(Street({PLATFORM: party}), CLOCK, target.base_url)
    report = await runner.run(plan, driver, clock=CLOCK, run_id="run", inbox=inbox)
    broken = [(c.check, c.reason and c.reason.en) for c in report.checks if c.verdict is Verdict.ERROR]
    assert not broken
    assert not [(s.scenario, s.reason) for s in report.scenarios if s.verdict is Verdict.ERROR]
    assert report.exit_code in {ExitCode.REFUSED, ExitCode.INCONCLUSIVE}
