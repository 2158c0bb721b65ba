"""INT_R02, regulators' accounts: its scenarios, in the order in which they are played."""

from __future__ import annotations

from recette.catalogue.regulators import creation, identifiers, refusals, updates
from recette.model import Scenario

SCENARIOS: tuple[Scenario, ...] = (
    *creation.SCENARIOS,
    *updates.SCENARIOS,
    *identifiers.SCENARIOS,
    *refusals.SCENARIOS,
)
