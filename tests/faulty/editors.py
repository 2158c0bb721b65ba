"""The museum of wrong editors: one fault each."""

from __future__ import annotations

from tests.faulty import bundles, exchanges, people, queries, slots
from tests.faulty.bending import Fault

FAULTS: tuple[Fault, ...] = (
    *exchanges.FAULTS,
    *bundles.FAULTS,
    *slots.FAULTS,
    *people.FAULTS,
    *queries.FAULTS,
)
