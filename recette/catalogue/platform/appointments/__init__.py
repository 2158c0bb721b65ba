"""INT_R03, appointments: the scenarios that judge a platform, in the order in which they are played."""

from __future__ import annotations

from recette.catalogue.platform.appointments import creation, refusals, service, updates
from recette.model import Scenario

SCENARIOS: tuple[Scenario, ...] = (
    *creation.SCENARIOS,
    *updates.SCENARIOS,
    *refusals.SCENARIOS,
    *service.SCENARIOS,
)
