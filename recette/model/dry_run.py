"""What a run would do."""

from __future__ import annotations

from dataclasses import dataclass

from recette.model.deviations import DeviationResult
from recette.model.selection import Extent
from recette.model.staging import Scenario, Target
from recette.model.words import Requirement, Verdict
from sas_kernel.text import Text


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A scenario in its place; `verdict` and `reason` when it is known now that it will not be played (OMIT, SKIP)."""

    scenario: Scenario
    verdict: Verdict | None = None
    reason: Text | None = None


@dataclass(frozen=True, slots=True)
class DryRun:
    """What would be played against a target, in order; `requirements` are those the checks are about."""

    target: Target
    scenarios: tuple[Foreseen, ...]
    requirements: tuple[Requirement, ...]
    extent: Extent | None = None
    deviations: tuple[DeviationResult, ...] = ()
