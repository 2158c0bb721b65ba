"""Which requirements apply to a target, from what its file declares and what each scenario needs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from recette.model import Actor, Requirement, Scenario, Target
from recette.model.applicability import Applicability, Standing, Statement
from sas_kernel.flows import Flow
from sas_kernel.text import Text

_TABLES: Mapping[Actor, Mapping[Flow, tuple[str, ...]]] = {
    Actor.EDITOR: {Flow.SSO: ("sso",), Flow.APPOINTMENTS: ("appointments", "sso")},
    Actor.PLATFORM: {Flow.SLOT_SEARCH: ("platform",), Flow.REGULATORS: ("platform",), Flow.SSO: ("sso",)},
}
"""Tables of the target file without which no scenario of a flow can be played."""

_FLOW_NOT_DECLARED = Text("Le flux « {f} » n’est pas déclaré.", "The flow '{f}' is not declared.")
_LACKING = Text("Il manque au fichier de cible : {k}.", "The target file lacks: {k}.")


def state(
    target: Target,
    requirements: Iterable[Requirement],
    scenarios: Sequence[Scenario],
    *,
    rule_set: str,
    tool_version: str,
) -> Statement:
    """The statement about a target. `scenarios` is the whole catalogue: those of the other side are left out here."""
    playable = {one.id: one for one in scenarios if one.actor is target.actor}
    rows = tuple(_row(target, one, playable) for one in requirements if one.actor is target.actor)
    return Statement(target, rule_set, tool_version, rows)


def _row(target: Target, requirement: Requirement, playable: Mapping[str, Scenario]) -> Applicability:
    if requirement.flow not in target.flows:
        reason = _FLOW_NOT_DECLARED.format(f=requirement.flow.value)
        return Applicability(requirement, Standing.NOT_APPLICABLE, reason)
    if requirement.untested_reason is not None:
        return Applicability(requirement, Standing.UNTESTED, requirement.untested_reason)
    able: list[str] = []
    lacking: list[str] = []
    omitted: list[Text] = []
    for scenario in (playable[name] for name in requirement.scenarios if name in playable):
        not_met = scenario.omitted(target)
        lacks = _lacking(target, scenario)
        if not_met is not None:
            omitted.append(not_met)
        elif lacks:
            lacking += lacks
        else:
            able.append(scenario.id)
    if able:
        return Applicability(requirement, Standing.JUDGED, scenarios=tuple(able))
    if lacking:
        keys = tuple(dict.fromkeys(lacking))
        return Applicability(requirement, Standing.INCOMPLETE, _LACKING.format(k=", ".join(keys)), lacking=keys)
    told = tuple(dict.fromkeys(omitted))
    why = Text(" ".join(one.fr for one in told), " ".join(one.en for one in told))
    return Applicability(requirement, Standing.NOT_APPLICABLE, why)


def _lacking(target: Target, scenario: Scenario) -> list[str]:
    tables = _TABLES[target.actor].get(scenario.flow, ())
    return [f"[{table}]" for table in tables if getattr(target, table) is None] + [
        f"test_data.{key}" for key in scenario.needs if not target.test_data.get(key)
    ]
