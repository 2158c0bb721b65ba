"""The scenarios, one package a flow. Light to import: listing them costs no HTTP library and no service."""

from __future__ import annotations

from collections.abc import Collection

from recette.catalogue import regulators, slot_search
from recette.model import Scenario
from sas_kernel.flows import Flow

_BY_FLOW: dict[Flow, tuple[Scenario, ...]] = {
    Flow.SLOT_SEARCH: slot_search.SCENARIOS,
    Flow.REGULATORS: regulators.SCENARIOS,
}


def scenarios(flows: Collection[Flow]) -> tuple[Scenario, ...]:
    """The scenarios of these flows, in the order in which they are played; no flow means all."""
    return tuple(scenario for flow in Flow if flow in flows or not flows for scenario in _BY_FLOW.get(flow, ()))
