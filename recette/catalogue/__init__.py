"""The scenarios, one package a flow. Light to import: listing them costs no HTTP library and no service."""

from __future__ import annotations

from collections.abc import Collection

from recette.catalogue import appointments, platform, regulators, slot_search, sso
from recette.model import Actor, Scenario
from sas_kernel.flows import Flow

_BY_FLOW: dict[Flow, tuple[Scenario, ...]] = {
    Flow.SLOT_SEARCH: slot_search.SCENARIOS,
    Flow.REGULATORS: regulators.SCENARIOS,
    Flow.SSO: sso.SCENARIOS,
    Flow.APPOINTMENTS: appointments.SCENARIOS,
}


def scenarios(flows: Collection[Flow], actor: Actor | None = Actor.EDITOR) -> tuple[Scenario, ...]:
    """The scenarios of these flows that judge this side, in the order in which they are played.

    No flow means all of them, and None both sides.
    """
    return tuple(
        scenario
        for flow in Flow
        if flow in flows or not flows
        for scenario in (*_BY_FLOW.get(flow, ()), *platform.SCENARIOS.get(flow, ()))
        if actor is None or scenario.actor is actor
    )
