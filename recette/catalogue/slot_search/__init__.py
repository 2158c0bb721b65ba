"""Slot search, for practitioners (INT_R01), their CPTS (INT_R04) and SOS Médecins: its scenarios, in their order."""

from __future__ import annotations

from recette.catalogue.slot_search import (
    absence,
    associations,
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
    *associations.SCENARIOS,
    *service.LAST,
)
