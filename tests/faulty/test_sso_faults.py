"""Each wrong relying party breaks its own requirement and no other; a right one breaks none, twice in a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from recette import catalogue
from recette.engine import requirements, runner
from recette.model import Actor, ExitCode, RunReport, SignOnTarget, Target, Verdict
from recette.museum.pieces import Stand
from recette.museum.sso_faults import SSO_FAULTS, SsoFault
from recette.museum.sso_partner import CALLBACK, CLIENT, EDITOR, OTHER_CLIENT, SECRET, Partner
from recette.museum.sso_partner_sessions import Account
from recette.museum.sso_provider import HOME, IDENTITIES, ISSUER, PASSWORD, Client, Identity, Provider
from recette.museum.wire import Asked, Reply, demo_target
from recette.reports.masking import EvidenceMasks
from sas_kernel import datasets
from sas_kernel.clock import PARIS, ManualClock
from sas_kernel.contracts import service_levels
from sas_kernel.flows import Flow
from sas_kernel.identifiers import PRACTITIONER_SYSTEM
from tests.faulty.parties import AGENDA, AGENDA_CLIENT, PartiesDriver, Street, reference_street
from tests.faulty.parties import ISSUER as PLATFORM_ISSUER
from tests.faulty.standing import standing

CLOCK = ManualClock(datetime(2031, 3, 10, 8, 0, tzinfo=PARIS))
REQUIREMENTS = requirements.load()
SCENARIOS = catalogue.scenarios((Flow.SSO,))
REFERENCE = demo_target(f"{AGENDA}/fhir")
TARGET = replace(demo_target(f"{EDITOR}/fhir"), sso=SignOnTarget(ISSUER, client_id=CLIENT))


def street(wrong: str = "") -> Street:
    """A right provider, and a partner with one fault."""
    back = (EDITOR + CALLBACK, EDITOR.replace("https", "http") + CALLBACK)
    new = Street()
    partner = Partner(new, CLOCK, wrong)
    new.parties[HOME] = Provider(CLOCK, {CLIENT: Client(SECRET, back), OTHER_CLIENT: Client(SECRET, back)})
    new.parties[EDITOR] = new.parties[EDITOR.replace("https", "http")] = partner
    return new


async def judged(where: Street, target: Target = TARGET, masks: runner.Masks = runner.BARE) -> RunReport:
    plan = runner.Plan(target, SCENARIOS, REQUIREMENTS, service_levels(), "rules", "0")
    return await runner.run(plan, PartiesDriver(where, CLOCK, target.base_url), clock=CLOCK, run_id="run", masks=masks)


def seen(report: RunReport) -> list[tuple[str, str, str, str | None, str]]:
    return [(f.check, f.scenario, f.path, f.actual, f.message.en) for f in report.findings]


def test_only_editors_are_judged() -> None:
    assert {scenario.actor for scenario in SCENARIOS} == {Actor.EDITOR}


async def test_a_right_partner_passes_everything_twice_on_one_base() -> None:
    where = street()
    for _ in range(2):
        report = await judged(where)
        assert not report.findings, seen(report)
        assert {check.verdict for check in report.checks} == {Verdict.PASS}
        assert report.exit_code is ExitCode.ACCEPTED, report.explanation.en


async def test_the_reference_agenda_and_the_platform_pass_everything_twice_on_one_base(tmp_path: Path) -> None:
    listed = SignOnTarget(PLATFORM_ISSUER, client_id=AGENDA_CLIENT)
    technical = next(person for person in datasets.load("demo").regulators if person.kind == "INTRN")
    named = replace(listed, login=technical.email, password=technical.password)
    async with reference_street(tmp_path, CLOCK) as where:
        for sso in (listed, listed, named):
            report = await judged(where, replace(REFERENCE, sso=sso))
            assert not report.findings, seen(report)
            # They are on http here: that a cookie is Secure over https shows on the right partner above.
            unjudged = {check.check for check in report.checks if check.verdict is not Verdict.PASS}
            assert unjudged == {"cookie.secure"}
            assert report.exit_code is ExitCode.ACCEPTED, report.explanation.en


def _without(header: str, what: str) -> Callable[[Asked, Reply], Reply]:
    """Take some words out of every header of this name."""

    def bend(_asked: Asked, reply: Reply) -> Reply:
        bent = tuple((n, v.replace(what, "") if n.lower() == header else v) for n, v in reply.headers)
        return replace(reply, headers=bent)

    return bend


class _Kept:
    """Serves the first page that opened below a path to everybody who is sent away from it afterwards."""

    def __init__(self, below: str) -> None:
        self._below = below
        self._page: Reply | None = None

    def __call__(self, asked: Asked, reply: Reply) -> Reply:
        if asked.method != "GET" or not asked.target.startswith(self._below):
            return reply
        if reply.status == 200 and self._page is None:
            self._page = reply
        return self._page if self._page is not None and reply.status in {302, 303, 307} else reply


@pytest.mark.parametrize(
    ("requirement", "bend"),
    [
        ("SSO-012", _Kept("/reservation/")),
        ("SSO-027", _without("location", "scope_all")),
        ("SSO-083", _without("set-cookie", "HttpOnly")),
        ("SSO-086", _without("cache-control", "no-store")),
    ],
)
async def test_the_reference_agenda_made_wrong_on_the_wire_is_caught_too(
    requirement: str, bend: Callable[[Asked, Reply], Reply], tmp_path: Path
) -> None:
    async with reference_street(tmp_path, CLOCK) as where:
        agenda = where.parties[AGENDA]

        async def bent(asked: Asked) -> Reply:
            return bend(asked, await agenda(asked))

        where.parties[AGENDA] = bent
        report = await judged(where, replace(REFERENCE, sso=SignOnTarget(PLATFORM_ISSUER)))
    assert {finding.requirement for finding in report.findings} == {requirement}, seen(report)


@pytest.mark.parametrize("fault", SSO_FAULTS, ids=lambda fault: fault.wrong)
async def test_a_fault_breaks_its_own_requirement_and_no_other(fault: SsoFault) -> None:
    there = standing(fault, Stand.RELYING_PARTY, CLOCK, partner=EDITOR, provider=HOME)
    assert there.provider is not None
    over_http = EDITOR.replace("https", "http")
    report = await judged(Street({EDITOR: there.partner, over_http: there.partner, HOME: there.provider}))

    assert {finding.requirement for finding in report.findings} == set(fault.requirements), seen(report)
    if fault.check:
        assert fault.check in {finding.check for finding in report.findings}
    assert not [check for check in report.checks if check.verdict is Verdict.ERROR]
    assert all(finding.exchange in {exchange.id for exchange in report.exchanges} for finding in report.findings)


@pytest.mark.parametrize("odd", ["odd: no query", "odd: says no", "odd: newer attributes of cookies"])
async def test_what_is_odd_and_right_is_not_blamed(odd: str) -> None:
    report = await judged(street(odd))
    assert not report.findings, seen(report)
    assert report.exit_code is ExitCode.ACCEPTED, report.explanation.en


async def test_what_no_program_can_tell_is_left_to_a_person() -> None:
    report = await judged(street("odd: thanks first"))
    assert not report.findings, seen(report)
    assert [check.check for check in report.checks if check.verdict is Verdict.REVIEW] == ["terms.accepted"]
    assert report.exit_code is ExitCode.INCONCLUSIVE


async def test_who_is_named_in_the_target_file_takes_the_place_of_the_list() -> None:
    login = SignOnTarget(ISSUER, login=IDENTITIES[0].login, password=PASSWORD)
    report = await judged(street(), replace(TARGET, sso=login))
    assert not report.findings, seen(report)
    assert report.exit_code is ExitCode.ACCEPTED, report.explanation.en


@pytest.mark.parametrize("listed", [(), IDENTITIES[:1]], ids=["nobody listed", "only regulators listed"])
async def test_with_one_person_and_no_wrong_token_the_rest_is_left_open(listed: tuple[Identity, ...]) -> None:
    """Where the provider is a real one: the platform has told the account, and nobody has a token that is wrong."""
    where = street()
    provider, partner = where.parties[HOME], where.parties[EDITOR]
    assert isinstance(provider, Provider)
    assert isinstance(partner, Partner)
    provider.listed = listed
    known = Account(
        1, f"{PRACTITIONER_SYSTEM}|{IDENTITIES[0].value}", True, IDENTITIES[0].login, "KERVELLA", terms=True
    )
    partner.accounts.append(known)
    report = await judged(
        where, replace(TARGET, sso=SignOnTarget(ISSUER, login=IDENTITIES[0].login, password=PASSWORD))
    )
    assert not report.findings, seen(report)
    assert report.exit_code is ExitCode.INCONCLUSIVE
    assert partner.accounts == [known]
    assert known.active
    passed = {check.scenario for check in report.checks if check.verdict is Verdict.PASS}
    assert passed >= {f"sso.{name}" for name in ("without_origin", "entry", "sign_in", "rights", "callback", "session")}


@pytest.mark.parametrize(
    ("sso", "why"),
    [
        (None, "no section [sso]"),
        (SignOnTarget("https://personne.example.org/realms/x"), "authorization endpoint"),
    ],
)
async def test_without_a_provider_nothing_is_concluded(sso: SignOnTarget | None, why: str) -> None:
    report = await judged(street(), replace(TARGET, sso=sso))
    assert {check.verdict for check in report.checks} == {Verdict.SKIP}
    assert all(check.reason is not None and why in check.reason.en for check in report.checks)
    assert report.exit_code is ExitCode.INCONCLUSIVE


async def test_a_wrong_password_at_the_provider_is_not_the_editor_s_fault() -> None:
    report = await judged(street(), replace(TARGET, sso=SignOnTarget(ISSUER, login="personne", password="x")))
    assert not report.findings, seen(report)
    assert report.exit_code is ExitCode.INCONCLUSIVE


async def test_every_account_made_for_a_test_is_disabled_at_its_end() -> None:
    where = street()
    await judged(where)
    partner = where.parties[EDITOR]
    assert isinstance(partner, Partner)
    enabled = {account.token for account in partner.accounts if account.active}
    assert enabled == {f"{PRACTITIONER_SYSTEM}|{IDENTITIES[0].value}"}
    assert len(partner.accounts) > len(IDENTITIES) - 2


@pytest.mark.parametrize(
    "wrong",
    [
        *("a token in the address", "the secret in the request", "the code stays in the address", "no PKCE"),
        *("asks for the password again", "takes a return twice", "accepts a return without state", "pages may be kept"),
    ],
)
async def test_no_secret_is_left_in_the_evidence(wrong: str) -> None:
    where = street(wrong)
    provider, partner = where.parties[HOME], where.parties[EDITOR]
    assert isinstance(provider, Provider)
    assert isinstance(partner, Partner)
    target = replace(TARGET, sso=SignOnTarget(ISSUER, client_id=CLIENT, client_secret=SECRET))
    report = await judged(where, target, EvidenceMasks())
    kept = repr(report)
    assert report.findings
    assert any(exchange.request.headers for exchange in report.exchanges)
    given = {*provider.secrets, *partner.sessions, PASSWORD, SECRET}
    assert not [secret for secret in given if secret in kept]


def test_every_requirement_has_a_partner_that_breaks_it() -> None:
    tested = {check.requirement for scenario in SCENARIOS for check in scenario.checks}
    assert {fault.requirements[0] for fault in SSO_FAULTS} | {"SSO-093"} == tested
