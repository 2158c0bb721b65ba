"""What goes wrong on a real socket is said of the exchange, and of nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from recette import catalogue
from recette.drivers.http import HttpDriver
from recette.engine import requirements, runner
from recette.model import ExitCode, RunReport
from recette.museum.serving import serving
from recette.museum.transport import FAULTS, TransportFault
from recette.museum.wire import demo_target
from sas_kernel.clock import PARIS, ManualClock
from sas_kernel.contracts import service_levels
from sas_kernel.flows import Flow
from sas_kit.http import HttpLimits, new_client
from tests.faulty.wire import reference_agenda

CLOCK = ManualClock(datetime(2031, 3, 10, 8, 0, tzinfo=PARIS))
SHORT = 0.15


async def judged(base_url: str, scenarios: int | None, seconds: float) -> RunReport:
    levels = service_levels()
    levels["slot_search.answer_timeout"] = replace(levels["slot_search.answer_timeout"], value=seconds)
    levels["slot_search.one_practitioner"] = replace(levels["slot_search.one_practitioner"], minimum_samples=3)
    plan = runner.Plan(
        demo_target(base_url),
        catalogue.scenarios((Flow.SLOT_SEARCH, Flow.REGULATORS))[:scenarios],
        requirements.load(),
        levels,
        "rules",
        "0",
    )
    async with new_client() as client:
        limits = HttpLimits(connect=2.0, answer=seconds, max_bytes=4_000_000)
        driver = HttpDriver(client, base_url, limits=limits, clock=CLOCK)
        return await runner.run(plan, driver, clock=CLOCK, run_id="run")


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_a_broken_connection_is_the_exchange_s_fault(fault: TransportFault, tmp_path: Path) -> None:
    async with reference_agenda(tmp_path, CLOCK) as reference, serving(reference, CLOCK, fault.speak) as address:
        report = await judged(f"{address}/fhir", 3, SHORT)

    assert {finding.requirement for finding in report.findings} == {fault.requirement}
    assert {finding.check for finding in report.findings} == {fault.check}
    late = fault.requirement == "SLOT-002"
    assert report.exit_code is (ExitCode.SERVICE_LEVEL_BROKEN if late else ExitCode.REFUSED)


async def test_the_reference_agenda_passes_everything_on_a_real_socket(tmp_path: Path) -> None:
    async with reference_agenda(tmp_path, CLOCK) as reference, serving(reference, CLOCK) as address:
        report = await judged(f"{address}/fhir", None, 7.0)

    assert not report.findings, [(f.check, f.path, f.expected, f.actual) for f in report.findings]
    assert report.exit_code is ExitCode.ACCEPTED
