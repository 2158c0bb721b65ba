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
from functools import cache

from recette import catalogue
from recette.engine import requirements
from recette.engine.museum import COLUMNS
from recette.model import Actor
from recette.museum import (
    appointment_faults,
    association_appointment_faults,
    associations,
    communities,
    platform_accounts,
    platform_appointment_faults,
    platform_associations,
    platform_communities,
    platform_searches,
    platform_sso_faults,
    transport,
)
from recette.museum.editors import ACCOUNT_FAULTS, SLOT_FAULTS
from recette.museum.pieces import AnyFault, Said, said
from recette.museum.sso_faults import SSO_FAULTS

PLAYED: dict[str, tuple[AnyFault, ...]] = {
    "test_faults": SLOT_FAULTS,
    "test_communities": communities.FAULTS,
    "test_associations": associations.FAULTS,
    "test_transport": transport.FAULTS,
    "test_account_faults": ACCOUNT_FAULTS,
    "test_sso_faults": SSO_FAULTS,
    "test_appointment_faults": appointment_faults.FAULTS,
    "test_association_appointments": association_appointment_faults.FAULTS,
    "test_platform_associations": platform_associations.FAULTS,
    "test_platform_searches": platform_searches.FAULTS,
    "test_platform_communities": platform_communities.FAULTS,
    "test_platform_accounts": platform_accounts.FAULTS,
    "test_platform_faults": (*platform_appointment_faults.FAULTS, *platform_sso_faults.FAULTS),
}
"""The faults, by the module of tests that plays them."""


@cache
def _checks() -> dict[str, set[str]]:
    by_requirement: dict[str, set[str]] = defaultdict(set)
    for scenario in catalogue.scenarios((), None):
        for check in scenario.checks:
            by_requirement[check.requirement].add(check.id)
    return by_requirement


def caught_by(fault: Said) -> tuple[str, ...]:
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
