"""A single-page application is judged like any other editor once a real browser shows its pages; without, it is not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio
from typer.testing import CliRunner

from recette import catalogue
from recette.cli import app
from recette.drivers.chromium import ChromiumRenderer
from recette.drivers.http import HttpDriver
from recette.drivers.real_browser import real_browser
from recette.engine import requirements, runner
from recette.model import ExitCode, RunReport, SignOnTarget, Target, Verdict
from recette.museum.sso_application import Application
from recette.museum.sso_partner import CALLBACK, CLIENT, SECRET, Partner
from recette.museum.sso_provider import PASSWORD, Client, Provider, issuer_at
from recette.museum.wire import demo_target
from recette.reports.masking import EvidenceMasks
from sas_kernel.clock import SystemClock
from sas_kernel.contracts import service_levels
from sas_kernel.flows import Flow
from sas_kit.http import HttpLimits, new_client
from tests.faulty.parties import Street
from tests.faulty.sockets import on_a_socket

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

CLOCK = SystemClock()
REQUIREMENTS = requirements.load()
SCENARIOS = {scenario.id: scenario for scenario in catalogue.scenarios((Flow.SSO,))}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def renderer(chromium: str) -> AsyncIterator[ChromiumRenderer]:
    async with real_browser(chromium, quiet=0.04) as running:
        yield running


@dataclass(frozen=True)
class Town:
    """Two sockets: an application that signs on at a provider."""

    target: Target
    provider: Provider
    partner: Partner


@asynccontextmanager
async def town(wrong: str = "") -> AsyncIterator[Town]:
    async with on_a_socket() as (home, at_home), on_a_socket() as (address, at_address):
        street = Street()
        partner = Partner(street, CLOCK, wrong, address=address, home=home)
        provider = Provider(CLOCK, {CLIENT: Client(SECRET, (address + CALLBACK,))}, home=home)
        at_home.party = street.parties[home] = provider
        at_address.party = Application(partner)
        sso = SignOnTarget(issuer_at(home), client_id=CLIENT)
        yield Town(replace(demo_target(f"{address}/fhir"), sso=sso), provider, partner)


async def judged(where: Town, renderer: ChromiumRenderer | None, *names: str) -> RunReport:
    scenarios = tuple(SCENARIOS[f"sso.{name}"] for name in names) or tuple(SCENARIOS.values())
    plan = runner.Plan(where.target, scenarios, REQUIREMENTS, service_levels(), "rules", "0")
    async with new_client() as client:
        driver = HttpDriver(client, where.target.base_url, limits=HttpLimits(5, 5, 1 << 20), clock=CLOCK)
        return await runner.run(plan, driver, clock=CLOCK, run_id="run", masks=EvidenceMasks(), renderer=renderer)


def seen(report: RunReport) -> list[tuple[str, str, str, str | None, str]]:
    return [(f.check, f.scenario, f.path, f.actual, f.message.en) for f in report.findings]


PLAYED = ("first_login", "rights")


async def test_without_a_real_browser_nothing_is_concluded_and_nothing_blamed() -> None:
    async with town() as where:
        report = await judged(where, None, *PLAYED)
    assert not report.findings, seen(report)
    assert report.exit_code is ExitCode.INCONCLUSIVE
    # What is asked of every page does not need to see it.
    own = {check.check for check in report.checks if check.verdict is Verdict.PASS}
    assert own <= {"page.whole", "page.no_crash", "url.no_secret", "url.nobody", "accounts.disabled"}
    told = {check.reason.en for check in report.checks if check.reason is not None}
    assert any("real browser" in reason for reason in told)


async def test_with_one_a_right_application_passes_everything(renderer: ChromiumRenderer) -> None:
    async with town() as where:
        report = await judged(where, renderer, *PLAYED)
    assert not report.findings, seen(report)
    assert {check.verdict for check in report.checks} == {Verdict.PASS}
    assert report.exit_code is ExitCode.ACCEPTED, report.explanation.en


@pytest.mark.parametrize(
    ("wrong", "scenario", "requirements_broken"),
    [
        ("rights without origin", "rights", {"SSO-045", "SSO-046"}),
        ("books before the terms", "first_login", {"SSO-051"}),
        ("asks for the password again", "sign_in", {"SSO-042"}),
    ],
)
async def test_a_wrong_application_is_caught_as_any_other_editor(
    wrong: str, scenario: str, requirements_broken: set[str], renderer: ChromiumRenderer
) -> None:
    async with town(wrong) as where:
        report = await judged(where, renderer, scenario)
    assert {finding.requirement for finding in report.findings} == requirements_broken, seen(report)
    assert {check.verdict for check in report.checks} - {Verdict.FAIL} <= {Verdict.PASS, Verdict.SKIP}
    # It is on http here: that a cookie is Secure over https cannot be seen.
    assert {check.check for check in report.checks if check.verdict is Verdict.SKIP} <= {"cookie.secure"}
    kept = {exchange.id for exchange in report.exchanges}
    assert all(finding.exchange in kept for finding in report.findings)
    given = {*where.provider.secrets, *where.partner.sessions, PASSWORD, SECRET}
    assert not [secret for secret in given if secret in repr(report)]


async def test_the_command_line_plays_with_a_real_browser(
    chromium: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "scenarios", lambda flows, actor: (SCENARIOS["sso.entry"],))
    async with town() as where:
        target = tmp_path / "target.toml"
        sso = f'[sso]\nissuer = "{where.target.sso.issuer if where.target.sso else None}"\n'
        doctor = where.target.test_data["practitioner_one_place"]
        data = f'[test_data]\npractitioner_one_place = "{doctor}"\n'
        target.write_text(f'[target]\nbase_url = "{where.target.base_url}"\n{sso}{data}', encoding="utf-8")
        arguments = ["run", str(target), "--flow", "sso", "--format", "json", "--out", str(tmp_path)]
        for more, code in (([], ExitCode.INCONCLUSIVE), (["--browser-path", chromium], ExitCode.ACCEPTED)):
            done = await asyncio.to_thread(CliRunner().invoke, app, [*arguments, *more])
            assert done.exit_code == code, done.output
