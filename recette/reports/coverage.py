"""What a run can say of each requirement. Pure.

A requirement is held only when an assertion about it ran and held; everything else carries its reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from recette.model import CheckResult, Requirement, RunReport, ScenarioResult, Verdict
from sas_kernel.text import Text


class Standing(StrEnum):
    """Where a requirement stands after a run."""

    BROKEN = "broken"
    UNDECIDED = "undecided"
    WARNED = "warned"
    HELD = "held"
    NOT_TESTED = "not_tested"
    NOT_APPLICABLE = "not_applicable"

    @property
    def tested(self) -> bool:
        """Whether at least one assertion about the requirement ran to its end."""
        return self in (Standing.BROKEN, Standing.WARNED, Standing.HELD)

    @property
    def verdict(self) -> Verdict:
        return _VERDICTS[self]


_VERDICTS = {
    Standing.BROKEN: Verdict.FAIL,
    Standing.UNDECIDED: Verdict.REVIEW,
    Standing.WARNED: Verdict.WARN,
    Standing.HELD: Verdict.PASS,
    Standing.NOT_TESTED: Verdict.SKIP,
    Standing.NOT_APPLICABLE: Verdict.OMIT,
}

JUDGED = frozenset({Verdict.PASS, Verdict.WARN, Verdict.FAIL})
"""The verdicts of a check that ran to its end: only these say anything of the target."""

_BY_VERDICT = (
    (Verdict.FAIL, Standing.BROKEN),
    (Verdict.ERROR, Standing.UNDECIDED),
    (Verdict.REVIEW, Standing.UNDECIDED),
    (Verdict.WARN, Standing.WARNED),
    (Verdict.PASS, Standing.HELD),
    (Verdict.SKIP, Standing.NOT_TESTED),
    (Verdict.OMIT, Standing.NOT_APPLICABLE),
)

_NOT_PLAYED = Text("Son scénario n’a pas été joué dans cette exécution.", "Its scenario was not played in this run.")
_NOT_JUDGED = Text("Aucun contrôle de cette exécution ne porte sur elle.", "No check of this run was about it.")


@dataclass(frozen=True, slots=True)
class RequirementResult:
    """A requirement and what the run says of it. `judged` of `announced` checks ran to their end."""

    requirement: Requirement
    standing: Standing
    reason: Text | None
    judged: int
    announced: int


def requirement_results(report: RunReport) -> tuple[RequirementResult, ...]:
    """One result a requirement, in the catalogue's order."""
    checks: dict[str, list[CheckResult]] = {}
    for check in report.checks:
        checks.setdefault(check.requirement, []).append(check)
    scenarios = {scenario.scenario: scenario for scenario in report.scenarios}
    return tuple(_result(requirement, checks.get(requirement.id, []), scenarios) for requirement in report.requirements)


def standings(results: tuple[RequirementResult, ...]) -> dict[Standing, int]:
    """How many requirements stand where, every standing present."""
    counts = Counter(result.standing for result in results)
    return {standing: counts[standing] for standing in Standing}


def _result(
    requirement: Requirement, checks: list[CheckResult], scenarios: Mapping[str, ScenarioResult]
) -> RequirementResult:
    if not checks:
        return RequirementResult(requirement, *_without_checks(requirement, scenarios), judged=0, announced=0)
    verdicts = {check.verdict for check in checks}
    standing = next(standing for verdict, standing in _BY_VERDICT if verdict in verdicts)
    reasons = [check.reason for check in checks if check.reason and _standing_of(check.verdict) is standing]
    return RequirementResult(
        requirement,
        standing,
        reason=reasons[0] if reasons and not standing.tested else None,
        judged=sum(check.verdict in JUDGED for check in checks),
        announced=len(checks),
    )


def _without_checks(requirement: Requirement, scenarios: Mapping[str, ScenarioResult]) -> tuple[Standing, Text]:
    if requirement.untested_reason is not None:
        return Standing.NOT_TESTED, requirement.untested_reason
    played = [scenarios[name] for name in requirement.scenarios if name in scenarios]
    if not played:
        return Standing.NOT_TESTED, _NOT_PLAYED
    omitted = all(scenario.verdict is Verdict.OMIT for scenario in played)
    reason = next((scenario.reason for scenario in played if scenario.reason), _NOT_JUDGED)
    return (Standing.NOT_APPLICABLE if omitted else Standing.NOT_TESTED), reason


def _standing_of(verdict: Verdict) -> Standing:
    return next(standing for known, standing in _BY_VERDICT if known is verdict)
