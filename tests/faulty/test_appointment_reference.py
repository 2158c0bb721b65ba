"""The reference agenda tells the platform of appointments as it should: every scenario, then the busiest once more."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from recette import catalogue
from recette.drivers.inbox import ListeningInbox
from recette.engine import requirements, runner
from recette.model import (
    AppointmentsTarget,
    Booking,
    Dropped,
    ExitCode,
    Request,
    RunReport,
    Scenario,
    SignOnTarget,
    Verdict,
)
from recette.museum.wire import Asked, Reply, demo_target
from recette.reports.masking import EvidenceMasks
from sas_kernel import datasets
from sas_kernel.clock import SystemClock
from sas_kernel.contracts import service_levels
from sas_kernel.flows import Flow
from tests.faulty.parties import ISSUER, STAFF, PartiesDriver, Street, agenda_on, platform_on

INBOX = "http://127.0.0.1:8079"
SCENARIOS = catalogue.scenarios((Flow.APPOINTMENTS,))


async def test_the_reference_agenda_passes_everything_and_the_life_of_appointments_twice(tmp_path: Path) -> None:
    clock = SystemClock()  # attempts are spaced by a clock that goes
    inbox = ListeningInbox(f"{INBOX}/fhir", clock)
    street = Street()

    async def received(asked: Asked) -> Reply:
        request = Request(asked.method, INBOX + asked.target, asked.target, asked.headers, asked.body)
        answer = inbox.take(request, time.perf_counter(), clock.now())
        if isinstance(answer, Dropped):
            raise TimeoutError  # no socket here that could be cut: the answer does not come
        return Reply(answer.status, answer.headers, answer.body)

    street.parties[INBOX] = received
    appointments = AppointmentsTarget(booking=Booking.REFERENCE, wait=20, staff_login=STAFF[0], staff_password=STAFF[1])
    target = replace(demo_target(), sos=True, sso=SignOnTarget(ISSUER), appointments=appointments)

    async def judged(scenarios: tuple[Scenario, ...]) -> RunReport:
        plan = runner.Plan(target, scenarios, requirements.load(), service_levels(), "rules", "0")
        driver = PartiesDriver(street, clock)
        return await runner.run(plan, driver, clock=clock, run_id="run", inbox=inbox, masks=EvidenceMasks())

    async with agenda_on(street, tmp_path, clock, platform_url=f"{INBOX}/fhir"), platform_on(street, tmp_path, clock):
        for scenarios in (SCENARIOS, SCENARIOS[:2]):
            report = await judged(scenarios)
            assert not report.findings, [(f.check, f.scenario, f.path, f.actual) for f in report.findings]
            unsure = [(c.check, c.reason.en) for c in report.checks if c.verdict is not Verdict.PASS and c.reason]
            assert report.exit_code is ExitCode.ACCEPTED, unsure

    for arrival in inbox.arrivals:
        for secret in (*(regulator.password for regulator in datasets.load("demo").regulators), STAFF[1]):
            assert secret.encode() not in arrival.request.body
