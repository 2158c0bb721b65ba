"""Each editor who answers the SOS search wrongly breaks its own requirement and no other; the reference breaks none.

The whole flow is played for these faults only: to a target that does not declare SOS the scenarios do not apply.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from recette.catalogue.slot_search import associations
from recette.model import Verdict
from recette.museum.associations import FAULTS
from recette.museum.bending import Fault, faulty
from recette.museum.wire import demo_target
from tests.faulty.test_faults import CLOCK, judged
from tests.faulty.wire import Reference, reference_agenda

TARGET = replace(demo_target(), sos=True)

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def reference(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Reference]:
    async with reference_agenda(tmp_path_factory.mktemp("associations"), CLOCK) as agenda:
        yield agenda


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_a_fault_breaks_its_own_requirement_and_no_other(fault: Fault, reference: Reference) -> None:
    report = await judged(faulty(fault, reference), target=TARGET, scenarios=associations.SCENARIOS)

    seen = {finding.requirement for finding in report.findings}
    assert seen == fault.requirements, [(f.check, f.scenario, f.path, f.actual, f.message.en) for f in report.findings]
    assert not [check for check in report.checks if check.verdict is Verdict.ERROR]
    if fault.check:
        assert fault.check in {finding.check for finding in report.findings}
    assert all(finding.exchange in {exchange.id for exchange in report.exchanges} for finding in report.findings)


async def test_a_target_that_does_not_declare_sos_is_told_why_nothing_is_played(reference: Reference) -> None:
    report = await judged(reference, target=replace(TARGET, sos=False), scenarios=associations.SCENARIOS)

    assert {s.verdict for s in report.scenarios} == {Verdict.OMIT}
    assert all("sos = true" in str(s.reason) for s in report.scenarios)
    assert not report.exchanges
