"""INT_R03, appointments told to the platform: its scenarios, in the order in which they are played."""

from __future__ import annotations

from recette.catalogue.appointments import associations, failures, life
from recette.model import Scenario

SCENARIOS: tuple[Scenario, ...] = (*life.SCENARIOS, *failures.SCENARIOS, *associations.SCENARIOS)
