"""What a run would do, as far as it can be told without sending anything. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from recette.model import Actor, Foreseen, Scenario, Target, Verdict
from sas_kernel.text import Text


def foresee(scenarios: Sequence[Scenario], target: Target) -> tuple[Foreseen, ...]:
    """The scenarios in their order, each with the reason that keeps it from being played."""
    return tuple(Foreseen(each, *(unplayable(each, target) or ())) for each in scenarios)


def unplayable(scenario: Scenario, target: Target) -> tuple[Verdict, Text] | None:
    """Why a scenario cannot be played against a target, when that is known beforehand: OMIT or SKIP, and the reason."""
    reason = scenario.omitted(target) if scenario.actor is target.actor else _other_side(scenario)
    if reason is not None:
        return Verdict.OMIT, reason
    missing = [key for key in scenario.needs if not target.test_data.get(key)]
    if missing:
        return Verdict.SKIP, Text(
            "Donnée de test absente du fichier de cible : {keys}.", "Test data missing from the target file: {keys}."
        ).format(keys=", ".join(missing))
    return None


def _other_side(scenario: Scenario) -> Text:
    return {
        Actor.EDITOR: Text("Ce scénario juge un éditeur.", "This scenario judges an editor."),
        Actor.PLATFORM: Text("Ce scénario juge une plateforme.", "This scenario judges a platform."),
    }[scenario.actor]
