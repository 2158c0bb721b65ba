"""INT_R01 and INT_R04, slot search for practitioners and their CPTS: its scenarios, in the order they are played."""

from __future__ import annotations

from recette.catalogue.slot_search import (
    absence,
    bounds,
    communities,
    media_types,
    practitioners,
    query_forms,
    refusals,
    service,
)
from recette.model import Scenario

SCENARIOS: tuple[Scenario, ...] = (
    *service.FIRST,
    *practitioners.SCENARIOS,
    *absence.SCENARIOS,
    *bounds.SCENARIOS,
    *query_forms.SCENARIOS,
    *media_types.SCENARIOS,
    *refusals.SCENARIOS,
    *communities.SCENARIOS,
    *service.LAST,
)
