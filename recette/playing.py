"""Puts the parts of the harness together and plays the catalogue: what the command line and pytest both ask for."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from contextlib import AsyncExitStack

from recette import __version__
from recette.drivers.http import HttpDriver, new_client
from recette.drivers.inbox import listening
from recette.engine import requirements, runner
from recette.engine.runner import Plan
from recette.model import Actor, Check, Deviation, Extent, Listener, RunReport, Scenario, Severity, Target
from recette.profiles import facts
from recette.reports.masking import EvidenceMasks
from sas_kernel.clock import Clock, SystemClock
from sas_kernel.contracts import service_levels
from sas_kernel.flows import Flow
from sas_kit.http import HttpLimits
from sas_kit.observing.tracing import RUN_ID

LISTENING_FLOWS = {Actor.EDITOR: (Flow.APPOINTMENTS,), Actor.PLATFORM: (Flow.SLOT_SEARCH, Flow.REGULATORS)}
"""The flows in which the target sends and we receive."""


def plan_for(
    target: Target,
    scenarios: Sequence[Scenario],
    *,
    fail_on: Severity = Severity.MINOR,
    extent: Extent | None = None,
    missed: Sequence[Check] = (),
    deviations: Sequence[Deviation] = (),
    keep_evidence: bool = False,
) -> Plan:
    """A run of these scenarios, by the rules in force. `keep_evidence`: an exchange of every requirement, not only of
    what is wrong."""
    guide = facts.load()
    return Plan(
        target=target,
        scenarios=tuple(scenarios),
        requirements=requirements.load(),
        levels=service_levels(),
        rule_set=requirements.rule_set(),
        tool_version=__version__,
        fail_on=fail_on,
        guide=f"{guide.name} {guide.hash}",
        evidence_of_every_requirement=keep_evidence,
        extent=extent,
        missed=tuple(missed),
        deviations=tuple(deviations),
    )


def play(
    plan: Plan,
    *,
    listeners: Sequence[Listener] = (),
    chromium: str | None = None,
    clock: Clock | None = None,
    tell_run: bool = False,
) -> RunReport:
    """Play a plan over HTTP, one scenario after the other; secrets and bulk are masked in what comes back.

    `chromium`: with a real browser, at this path or, empty, where one is found. `tell_run`: requests, a real browser's
    excepted, say in `X-Recette-Run` which run they are of, for whoever reads the logs of our own services.
    Blocks, and runs an event loop of its own: not to be called from a running one.
    """
    target, levels = plan.target, plan.levels
    limits = HttpLimits(
        connect=levels["slot_search.connect_timeout"].value,
        answer=levels["slot_search.answer_timeout"].value,
        max_bytes=int(levels["slot_search.answer_size"].value),
    )
    time = clock or SystemClock()
    run_id = str(uuid.uuid4())
    always = ((RUN_ID, run_id),) if tell_run else ()

    async def playing() -> RunReport:
        async with new_client() as client, AsyncExitStack() as open_while_playing:
            driver = HttpDriver(client, target.base_url, limits=limits, clock=time, always=always)
            inbox = None
            ours = target.platform if target.actor is Actor.PLATFORM else target.appointments
            if ours is not None and any(s.flow in LISTENING_FLOWS[target.actor] for s in plan.scenarios):
                inbox = await open_while_playing.enter_async_context(listening(ours.listen, time))
            renderer = None
            if chromium is not None:
                from recette.drivers.real_browser import real_browser

                renderer = await open_while_playing.enter_async_context(real_browser(chromium))
            return await runner.run(
                plan,
                driver,
                clock=time,
                run_id=run_id,
                listeners=listeners,
                masks=EvidenceMasks(),
                inbox=inbox,
                renderer=renderer,
            )

    return asyncio.run(playing())
