"""A regulator comes from the platform and signs on at the editor (INT_SSO): the editor as relying party."""

from __future__ import annotations

from recette.catalogue.sso import callback, entry, people, refusals
from recette.model import Scenario

SCENARIOS: tuple[Scenario, ...] = (
    *entry.SCENARIOS,
    *people.SCENARIOS,
    *refusals.SCENARIOS,
    *callback.SCENARIOS,
)
