"""The museum is complete: no check is trusted until it has been seen to fail."""

from __future__ import annotations

from collections import defaultdict

from recette import catalogue
from recette.museum import appointment_faults, association_appointment_faults, associations, communities, transport
from recette.museum.appointment_ways import AppointmentFault
from recette.museum.bending import Fault
from recette.museum.editors import ACCOUNT_FAULTS, SLOT_FAULTS
from sas_kernel.flows import Flow

FAULTS: tuple[Fault | AppointmentFault, ...] = (
    *SLOT_FAULTS,
    *ACCOUNT_FAULTS,
    *appointment_faults.FAULTS,
    *communities.FAULTS,
    *associations.FAULTS,
    *association_appointment_faults.FAULTS,
)

FLOWS = (Flow.SLOT_SEARCH, Flow.REGULATORS, Flow.APPOINTMENTS)  # sign-on has its partners counted beside them


def test_every_check_is_seen_to_fail() -> None:
    by_requirement: dict[str, set[str]] = defaultdict(set)
    for scenario in catalogue.scenarios(FLOWS):
        for check in scenario.checks:
            by_requirement[check.requirement].add(check.id)
    seen = {"base_url.https", *(fault.check for fault in transport.FAULTS)}  # the first: a test of its own
    for fault in FAULTS:
        known = by_requirement[fault.requirement]
        assert fault.check in known if fault.check else len(known) == 1, f"{fault.name}: say which check, of {known}"
        seen |= {fault.check} if fault.check else known

    assert set().union(*by_requirement.values()) == seen


def test_no_two_faults_have_the_same_name() -> None:
    names = [fault.name for fault in FAULTS] + [fault.name for fault in transport.FAULTS]
    assert len(names) == len(set(names))
