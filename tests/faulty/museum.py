"""The museum of partners that are wrong on purpose, as data: `make museum` writes contracts/museum.csv.

Which checks catch a fault follows from what its test asserts: the check it names, else the only check of the
requirement it breaks; and the only check of each requirement it cannot but break besides. A fault of which that is not
certain is refused here, so that no row says more than a test shows.
"""

from __future__ import annotations

import csv
import io
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from recette import catalogue
from recette.engine import requirements
from recette.engine.museum import COLUMNS
from recette.model import Actor
from tests.faulty import (
    appointment_faults,
    association_appointment_faults,
    associations,
    platform_accounts,
    platform_appointment_faults,
    platform_associations,
    platform_searches,
    platform_sso_faults,
    transport,
)
from tests.faulty.appointment_ways import AppointmentFault
from tests.faulty.bending import Fault
from tests.faulty.editors import ACCOUNT_FAULTS, SLOT_FAULTS
from tests.faulty.platform_accounts import AccountFault
from tests.faulty.platform_associations import AssociationSearchFault
from tests.faulty.platform_searches import SearchFault
from tests.faulty.sso_faults import SSO_FAULTS, SsoFault
from tests.faulty.transport import TransportFault

AnyFault = Fault | AppointmentFault | SsoFault | TransportFault | AccountFault | SearchFault | AssociationSearchFault
PLAYED: dict[str, tuple[AnyFault, ...]] = {
    "test_faults": SLOT_FAULTS,
    "test_associations": associations.FAULTS,
    "test_transport": transport.FAULTS,
    "test_account_faults": ACCOUNT_FAULTS,
    "test_sso_faults": SSO_FAULTS,
    "test_appointment_faults": appointment_faults.FAULTS,
    "test_association_appointments": association_appointment_faults.FAULTS,
    "test_platform_associations": platform_associations.FAULTS,
    "test_platform_searches": platform_searches.FAULTS,
    "test_platform_accounts": platform_accounts.FAULTS,
    "test_platform_faults": (*platform_appointment_faults.FAULTS, *platform_sso_faults.FAULTS),
}
"""The faults, by the module of tests that plays them."""


@dataclass(frozen=True, slots=True)
class _Said:
    name: str
    requirement: str
    text: str
    check: str
    also: tuple[str, ...]


def said(fault: AnyFault) -> _Said:
    """What any kind of fault says of itself; where it has no text, its name is one."""
    match fault:
        case Fault() | AppointmentFault():
            return _Said(fault.name, fault.requirement, fault.text, fault.check, fault.also)
        case TransportFault():
            return _Said(fault.name, fault.requirement, fault.text, fault.check, ())
        case SsoFault():
            return _Said(fault.wrong, fault.requirements[0], fault.wrong, fault.check, fault.requirements[1:])
        case AccountFault():
            return _Said(fault.name, fault.requirement, fault.name.replace("-", " "), fault.check, fault.also)
        case SearchFault() | AssociationSearchFault():
            return _Said(fault.name, fault.requirement, fault.name, "", ())


@cache
def _checks() -> dict[str, set[str]]:
    by_requirement: dict[str, set[str]] = defaultdict(set)
    for scenario in catalogue.scenarios((), None):
        for check in scenario.checks:
            by_requirement[check.requirement].add(check.id)
    return by_requirement


def caught_by(fault: _Said) -> tuple[str, ...]:
    """The checks that surely catch it; `ValueError` where its own cannot be told."""
    own = _checks()[fault.requirement]
    if fault.check not in own and (fault.check or len(own) != 1):
        raise ValueError(f"{fault.name}: say which check of {fault.requirement} catches it, of {sorted(own)}")
    certain = [fault.check] if fault.check else list(own)
    return (*certain, *(check for other in fault.also if len(_checks()[other]) == 1 for check in _checks()[other]))


def rows(faults: Iterable[AnyFault]) -> Iterator[dict[str, str]]:
    """The cells of `COLUMNS` for each fault."""
    known = requirements.load()
    for fault in map(said, faults):
        broken = known[fault.requirement]
        yield {
            "name": fault.name,
            "side": "platform" if broken.actor is Actor.PLATFORM else "editor",
            "flow": broken.flow.value,
            "requirement": fault.requirement,
            "also": " ".join(fault.also),
            "checks": " ".join(caught_by(fault)),
            "text": fault.text,
        }


def export() -> str:
    """The whole file."""
    written = io.StringIO()
    writer = csv.DictWriter(written, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for faults in PLAYED.values():
        writer.writerows(rows(faults))
    return written.getvalue()


if __name__ == "__main__":
    sys.stdout.write(export())
