"""The museum of wrong editors: one fault each."""

from __future__ import annotations

from recette.museum import (
    account_changes,
    account_refusals,
    bundles,
    conformance,
    exchanges,
    people,
    profiles,
    queries,
    slots,
)
from recette.museum.bending import Fault

SLOT_FAULTS: tuple[Fault, ...] = (
    *exchanges.FAULTS,
    *bundles.FAULTS,
    *slots.FAULTS,
    *people.FAULTS,
    *queries.FAULTS,
    *profiles.FAULTS,
    *conformance.SLOT_FAULTS,
)
ACCOUNT_FAULTS: tuple[Fault, ...] = (
    *account_changes.FAULTS,
    *account_refusals.FAULTS,
    *conformance.ACCOUNT_FAULTS,
)
