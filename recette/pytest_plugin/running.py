"""Plays the catalogue for a test, which may itself be inside an event loop."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from recette import catalogue, playing
from recette.engine import target as targets
from recette.model import RunReport, Scenario, Severity, Target
from sas_kernel.clock import Clock
from sas_kernel.flows import Flow


def judged(
    target: Target | str | Path,
    *,
    flows: Sequence[str],
    scenarios: Sequence[str],
    fail_on: str,
    clock: Clock | None,
) -> RunReport:
    """See `recette.pytest_plugin.judged`."""
    described = target if isinstance(target, Target) else targets.read(Path(target))
    plan = playing.plan_for(described, _chosen(described, flows, scenarios), fail_on=Severity(fail_on.upper()))
    play = partial(playing.play, plan, clock=clock)
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return play()
    with ThreadPoolExecutor(1, thread_name_prefix="recette") as thread:
        return thread.submit(play).result()


def _chosen(target: Target, flows: Sequence[str], names: Sequence[str]) -> tuple[Scenario, ...]:
    if not names:
        return catalogue.scenarios(tuple(Flow(flow) for flow in flows) or target.flows, target.actor)
    known = {scenario.id: scenario for scenario in catalogue.scenarios((), target.actor)}
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, 3)
            raise ValueError(f"there is no scenario {name!r}" + (f"; near: {', '.join(near)}" if near else ""))
    return tuple(known[name] for name in names)
