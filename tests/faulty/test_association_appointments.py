"""Each editor of SOS Médecins who tells of appointments wrongly breaks its own requirement and no other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recette.catalogue.appointments import associations, life
from recette.drivers.inbox import ListeningInbox
from recette.engine import runner
from recette.model import ExitCode, RunReport, Verdict
from recette.museum.appointment_partner import HOME, PROVIDER, Ways
from recette.museum.appointment_ways import AppointmentFault
from recette.museum.association_appointment_faults import FAULTS
from recette.museum.association_partner import AssociationPartner
from tests.faulty.inboxes import into
from tests.faulty.parties import PartiesDriver, Street
from tests.faulty.test_appointment_faults import LEVELS, MORNING, REQUIREMENTS, target, told
from tests.faulty.virtual_time import LoopClock, run


def judged(ways: Ways, *, sos: bool = True) -> RunReport:
    async def play() -> RunReport:
        clock = LoopClock(MORNING)
        inbox = ListeningInbox("http://127.0.0.1:8079/fhir", clock)
        partner = AssociationPartner(clock, into(inbox, clock), ways)
        driver = PartiesDriver(Street({HOME: partner, PROVIDER: partner.provider}), clock)
        plan = runner.Plan(replace(target(), sos=sos), associations.SCENARIOS, REQUIREMENTS, LEVELS, "rules", "0")
        report = await runner.run(plan, driver, clock=clock, run_id="run", inbox=inbox)
        await partner.close()
        assert not sos or {rdv.status for rdv in partner.rdvs.values()} <= {"cancelled"}, "nothing is left behind"
        return report

    return run(play())


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_breaks_its_own_requirement_and_no_other(fault: AppointmentFault) -> None:
    report = judged(fault.ways)
    assert {finding.requirement for finding in report.findings} == fault.requirements, told(report)
    assert not [check for check in report.checks if check.verdict is Verdict.ERROR]
    if fault.check:
        assert fault.check in {finding.check for finding in report.findings}


def test_who_is_right_passes_everything() -> None:
    report = judged(Ways())
    assert not report.findings, told(report)
    assert report.exit_code is ExitCode.ACCEPTED, report.explanation.en
    assert {check.verdict for check in report.checks} == {Verdict.PASS}


def test_an_editor_that_does_not_declare_sos_is_not_asked() -> None:
    assert {scenario.verdict for scenario in judged(Ways(), sos=False).scenarios} == {Verdict.OMIT}


def test_what_is_said_of_associations_only_has_its_wrong_editor() -> None:
    usual = {check.requirement for scenario in life.SCENARIOS for check in scenario.checks}
    own = {check.requirement for scenario in associations.SCENARIOS for check in scenario.checks} - usual
    assert own == {fault.requirement for fault in FAULTS}
