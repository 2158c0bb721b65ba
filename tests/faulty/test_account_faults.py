"""Each wrong editor of accounts breaks its own requirement and no other; the reference agenda breaks none, twice."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from recette import catalogue
from recette.engine import requirements, runner
from recette.model import ExitCode, RunReport, Verdict
from recette.museum.accounts import Ledger, Wanted, afterwards, refused, without_header
from recette.museum.bending import Apply, Fault, faulty
from recette.museum.editors import ACCOUNT_FAULTS
from recette.museum.pieces import Stand
from recette.museum.wire import BASE, Agenda, Asked, Reply, demo_target
from sas_kernel.clock import PARIS, ManualClock
from sas_kernel.contracts import service_levels
from sas_kernel.flows import Flow
from tests.faulty.standing import ELSEWHERE, standing
from tests.faulty.wire import Reference, WireDriver, reference_agenda

CLOCK = ManualClock(datetime(2031, 3, 10, 8, 0, tzinfo=PARIS))
REQUIREMENTS = requirements.load()
SCENARIOS = catalogue.scenarios((Flow.REGULATORS,))

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def accounts(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Reference]:
    async with reference_agenda(tmp_path_factory.mktemp("accounts"), CLOCK) as agenda:
        yield agenda


async def judged(agenda: Agenda, base_url: str = BASE) -> RunReport:
    plan = runner.Plan(demo_target(base_url), SCENARIOS, REQUIREMENTS, service_levels(), "rules", "0")
    return await runner.run(plan, WireDriver(agenda, CLOCK, base_url), clock=CLOCK, run_id="run")


@pytest.mark.parametrize("fault", ACCOUNT_FAULTS, ids=lambda fault: fault.name)
async def test_a_fault_breaks_its_own_requirement_and_no_other(fault: Fault, accounts: Reference) -> None:
    there = standing(fault, Stand.AGENDA, CLOCK, reference=accounts)
    report = await judged(there.partner, f"{ELSEWHERE}/fhir")

    seen = {finding.requirement for finding in report.findings}
    assert seen == fault.requirements, [(f.check, f.scenario, f.path, f.actual, f.message.en) for f in report.findings]
    assert not [check for check in report.checks if check.verdict is Verdict.ERROR]
    if fault.check:
        assert fault.check in {finding.check for finding in report.findings}
    assert all(finding.exchange in {exchange.id for exchange in report.exchanges} for finding in report.findings)


async def test_the_reference_agenda_passes_everything_twice_on_one_base(tmp_path: Path) -> None:
    async with reference_agenda(tmp_path, CLOCK) as agenda:
        for _ in range(2):
            report = await judged(agenda)
            assert not report.findings, [(f.check, f.scenario, f.path, f.message.en) for f in report.findings]
            assert report.exit_code is ExitCode.ACCEPTED
            assert {scenario.verdict for scenario in report.scenarios} == {Verdict.PASS}
            assert {check.verdict for check in report.checks} == {Verdict.PASS}


async def test_every_account_a_run_makes_is_disabled_at_its_end(accounts: Reference) -> None:
    state: dict[str, object] = {}

    async def watched(asked: Asked) -> Reply:
        reply = await accounts(asked)
        wanted = Wanted(asked)
        if reply.status in {200, 201} and wanted.complete:
            state[reply.header("location") or ""] = wanted.active
        return reply

    await judged(watched)
    assert len(state) >= 25
    assert set(state.values()) == {False}


async def test_a_server_that_refuses_everything_proves_nothing_by_its_refusals() -> None:
    async def never(_asked: Asked) -> Reply:
        return refused(501, "not-supported")

    report = await judged(never)
    assert report.exit_code is ExitCode.REFUSED
    assert {finding.requirement for finding in report.findings} == {"ACCT-002", "ACCT-003", "ACCT-032"}
    passed = {check.check for check in report.checks if check.verdict is Verdict.PASS}
    assert passed == {"account.whole"}


async def test_a_server_that_accepts_everything_is_refused() -> None:
    async def always(asked: Asked) -> Reply:
        location = f"http://127.0.0.1:8081/fhir/Practitioner/{abs(hash(Wanted(asked).token))}"
        return Reply(201 if asked.method == "POST" else 200, (("Location", location),), b"")

    report = await judged(always)
    broken = {finding.requirement for finding in report.findings}
    assert broken >= {"ACCT-060", "ACCT-070", "ACCT-071", "ACCT-072", "ACCT-073", "ACCT-080"}


# --- odd and right ---------------------------------------------------------------------------------------------------


def _success(bend: Callable[[Reply], Reply]) -> Apply:
    return afterwards(lambda _w, _l, reply: bend(reply) if reply.status < 300 else reply)


def _with_history(reply: Reply) -> Reply:
    return reply.with_header("Location", f"{reply.header('location')}/_history/3")


def _outcome_of_success(reply: Reply) -> Reply:
    document = {"resourceType": "OperationOutcome", "issue": [{"severity": "information", "code": "informational"}]}
    return reply.with_json(document)


def _more_said(reply: Reply) -> Reply:
    document: Any = reply.json
    document["text"] = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Compte</div>'}
    document["meta"] = {**document.get("meta", {}), "versionId": "2"}
    own = {"type": {"text": "compte"}, "system": "https://agenda.example.org/comptes", "value": "17"}
    document["identifier"].append(own)
    return replace(reply, body=json.dumps(document, indent=2).encode())


def _french_only(wanted: Wanted, _ledger: Ledger, reply: Reply) -> Reply:
    words = {
        "identifier": "Identifiant absent",
        "name": "Nom absent",
        "telecom": "Courriel absent",
        "active": "actif ?",
    }
    return refused(400, "required", words[wanted.missing]) if reply.status >= 400 and wanted.missing else reply


def _created_by_update(wanted: Wanted, _ledger: Ledger, reply: Reply) -> Reply:
    return replace(reply, status=200) if wanted.updates and reply.status == 201 else reply


def _conflict(_wanted: Wanted, ledger: Ledger, reply: Reply) -> Reply:
    duplicate = _wanted.creates and ledger.enabled(_wanted.token)
    return replace(reply, status=409) if duplicate and reply.status >= 400 else reply


ODDITIES: tuple[tuple[str, Apply], ...] = (
    ("nothing in the body of a success", _success(lambda reply: replace(reply, body=b""))),
    ("a version in Location", _success(_with_history)),
    ("an OperationOutcome in a success", _success(_outcome_of_success)),
    ("a narrative, a version and an identifier of its own", _success(_more_said)),
    ("400 and the element named in French", afterwards(_french_only)),
    ("200 to a creation by update", afterwards(_created_by_update)),
    ("409 to a duplicate", afterwards(_conflict)),
)


@pytest.mark.parametrize(("name", "apply"), ODDITIES, ids=[name for name, _ in ODDITIES])
async def test_what_is_odd_and_right_is_not_blamed(name: str, apply: Apply, accounts: Reference) -> None:
    report = await judged(faulty(Fault(name, "", name, apply), accounts))
    assert not report.findings, [(f.check, f.scenario, f.path, f.message.en, f.actual) for f in report.findings]
    assert report.exit_code is ExitCode.ACCEPTED, report.explanation.en


async def test_an_editor_that_never_says_where_an_account_is_is_told_so_and_no_more(accounts: Reference) -> None:
    mute = Fault("mute", "", "mute", _success(lambda reply: without_header(reply, "Location")))
    report = await judged(faulty(mute, accounts))
    assert {finding.requirement for finding in report.findings} == {"ACCT-005", "ACCT-028"}
