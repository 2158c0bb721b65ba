"""Runs of the catalogue without a target: every check holds but those that a named fault is known to be caught by.

Scenarios, requirements, verdicts and anomalies are those of the catalogue; only the wire is missing. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from recette.model import Check, Evidence, Exchange, Exhibit, Judgement, Problem, Scenario, Stage
from recette.simulation.model import StoryError
from sas_kernel.text import Text

_TIMED = "response_time."
"""The checks that hold response times against a level."""


@dataclass(frozen=True)
class NoWire:
    """Nothing was sent."""

    exchanges: tuple[Exchange, ...] = ()


NOTHING_SENT: Evidence = NoWire()


def caught_by(faults: Iterable[str], exhibits: Iterable[Exhibit], checks: Collection[str]) -> dict[str, Text]:
    """The checks that fail, and why: a fault is a partner of the museum, or the id of a check. `StoryError`."""
    museum = {each.name: each for each in exhibits}
    failing: dict[str, Text] = {}
    for name in faults:
        exhibit = museum.get(name)
        if exhibit is not None:
            said = Text("Faute simulée « {n} » : {t}", "Simulated fault '{n}': {t}").format(n=name, t=exhibit.text)
            failing.update(dict.fromkeys(exhibit.checks, said))
        elif name in checks:
            failing[name] = Text("Faute simulée.", "Simulated fault.")
        else:
            raise StoryError(
                Text(
                    "Récit : la faute « {n} » n’est ni un partenaire fautif (`recette faulty list`) ni un contrôle "
                    "(`recette list`).",
                    "Story: the fault '{n}' is neither a faulty partner (`recette faulty list`) nor a check "
                    "(`recette list`).",
                ).format(n=name)
            )
    return failing


def staged(
    scenarios: Iterable[Scenario], failing: Mapping[str, Text], seconds: Callable[[str, int], tuple[float, ...]]
) -> tuple[Scenario, ...]:
    """These scenarios, played on nothing. `seconds` gives so many response times for a service level."""
    return tuple(_staged(scenario, failing, seconds) for scenario in scenarios)


def _staged(
    scenario: Scenario, failing: Mapping[str, Text], seconds: Callable[[str, int], tuple[float, ...]]
) -> Scenario:
    checks = tuple(replace(check, judge=_judge(failing.get(check.id))) for check in scenario.checks)

    async def play(stage: Stage) -> None:
        for check in checks:
            if check.service_level is not None and check.id.startswith(_TIMED):
                _measure(stage, check, seconds)
            stage.judge(check, NOTHING_SENT)

    return replace(scenario, checks=checks, play=play)


def _measure(stage: Stage, check: Check, seconds: Callable[[str, int], tuple[float, ...]]) -> None:
    assert check.service_level is not None
    level = stage.levels[check.service_level]
    stage.measure(check.id, check.title, level, seconds(check.id, max(level.minimum_samples, 1)))


def _judge(wrong: Text | None) -> Callable[[object], Judgement]:
    if wrong is None:
        return lambda _: Judgement(1)
    return lambda _: Judgement(1, (Problem(wrong),))
