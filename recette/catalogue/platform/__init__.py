"""Scenarios that judge a platform, one module or package a flow: here we play the editor. Light to import."""

from __future__ import annotations

from collections.abc import Mapping

from recette.catalogue.platform import appointments, associations, communities, regulators, slot_search, sso
from recette.model import Scenario
from sas_kernel.flows import Flow

SCENARIOS: Mapping[Flow, tuple[Scenario, ...]] = {
    Flow.SLOT_SEARCH: (*slot_search.SCENARIOS, *communities.SCENARIOS, *associations.SCENARIOS),
    Flow.REGULATORS: regulators.SCENARIOS,
    Flow.SSO: sso.SCENARIOS,
    Flow.APPOINTMENTS: appointments.SCENARIOS,
}
