"""INT_R02, regulators' accounts: the scenarios that judge a platform, in the order in which they are played."""

from __future__ import annotations

from recette.catalogue.platform.regulators import accounts, failures
from recette.model import Scenario

SCENARIOS: tuple[Scenario, ...] = (*accounts.SCENARIOS, *failures.SCENARIOS)
