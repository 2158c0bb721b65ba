"""A run, from what was asked for to its reports; no command of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from recette import __version__
from recette.cli.options import SETTINGS, said
from recette.model import Actor, Deviation, Selection, Severity
from sas_kernel.flows import Flow
from sas_kernel.text import Lang

if TYPE_CHECKING:
    from recette.engine.runner import Plan
    from recette.model import RunReport, Target

LISTENING_FLOWS = {Actor.EDITOR: (Flow.APPOINTMENTS,), Actor.PLATFORM: (Flow.SLOT_SEARCH, Flow.REGULATORS)}
"""The flows in which the target sends and we receive."""


def plan_of(
    target: Target,
    selection: Selection | None = None,
    *,
    fail_on: Severity = Severity.MINOR,
    deviations: Sequence[Deviation] = (),
) -> Plan:
    """What is to be played; raises `SelectionError` for a selection that names nothing."""
    from recette import catalogue
    from recette.engine import requirements, runner
    from recette.engine.selection import select
    from recette.profiles import facts
    from sas_kernel.contracts import service_levels

    known = requirements.load()
    guide = facts.load()
    chosen = select(catalogue.scenarios((), None), known, selection or Selection(), target.actor, target.flows)
    return runner.Plan(
        target=target,
        scenarios=chosen.scenarios,
        requirements=known,
        levels=service_levels(),
        rule_set=requirements.rule_set(),
        tool_version=__version__,
        fail_on=fail_on,
        guide=f"{guide.name} {guide.hash}",
        extent=chosen.extent,
        missed=chosen.missed,
        deviations=tuple(deviations),
    )


def deviations_in(path: Path | None) -> tuple[Deviation, ...]:
    """The entries of a file of known deviations, held against the catalogue."""
    if path is None:
        return ()
    from recette import catalogue
    from recette.engine import deviations, requirements

    checks = {check.id for each in catalogue.scenarios((), None) for check in each.checks}
    return deviations.read(path, requirements.load(), checks)


def tell(plan: Plan, formats: Sequence[str], lang: Lang) -> None:
    """Print what the plan would play; nothing is sent."""
    from recette.engine import deviations
    from recette.engine.dry_run import foresee
    from recette.engine.selection import reported
    from recette.model import DryRun
    from recette.reports import dry_run
    from recette.reports.masking import mask_target
    from sas_kernel.clock import SystemClock

    renderer = dry_run.to_console if "console" in formats else dry_run.to_json if "json" in formats else None
    if renderer is None:
        raise typer.BadParameter(
            said("--dry-run connaît console et json", "--dry-run knows console and json"), param_hint="--format"
        )
    dry = DryRun(
        target=mask_target(plan.target),
        scenarios=foresee(plan.scenarios, plan.target),
        requirements=reported(plan.requirements, plan.scenarios, plan.extent),
        extent=plan.extent,
        deviations=deviations.account(plan.deviations, (), (), deviations.today(SystemClock().now())),
    )
    typer.echo(renderer(dry, lang))


def judge(plan: Plan, out: Path, formats: Sequence[str], lang: Lang, chromium: str | None = None) -> RunReport:
    """Play the plan, write the reports, return what was found. `chromium`: with a real browser, at this path or, empty,
    where one is found."""
    import asyncio
    import uuid
    from contextlib import AsyncExitStack

    from recette.drivers.http import HttpDriver
    from recette.drivers.inbox import listening
    from recette.engine import runner
    from recette.reports import write_reports
    from recette.reports.console import RichListener, console_listener
    from recette.reports.masking import EvidenceMasks
    from sas_kernel.clock import SystemClock
    from sas_kit.http import HttpLimits, new_client

    target, levels = plan.target, plan.levels
    limits = HttpLimits(
        connect=levels["slot_search.connect_timeout"].value,
        answer=levels["slot_search.answer_timeout"].value,
        max_bytes=int(levels["slot_search.answer_size"].value),
    )
    files = tuple(name for name in formats if name != "console")
    listeners = [console_listener(lang=lang, plain=SETTINGS.ci)] if "console" in formats else []
    clock = SystemClock()

    async def play() -> RunReport:
        async with new_client() as client, AsyncExitStack() as open_while_playing:
            driver = HttpDriver(client, target.base_url, limits=limits, clock=clock)
            inbox = None
            ours = target.platform if target.actor is Actor.PLATFORM else target.appointments
            if ours is not None and any(s.flow in LISTENING_FLOWS[target.actor] for s in plan.scenarios):
                inbox = await open_while_playing.enter_async_context(listening(ours.listen, clock))
            renderer = None
            if chromium is not None:
                from recette.drivers.real_browser import real_browser

                renderer = await open_while_playing.enter_async_context(real_browser(chromium))
            return await runner.run(
                plan,
                driver,
                clock=clock,
                run_id=str(uuid.uuid4()),
                listeners=listeners,
                masks=EvidenceMasks(),
                inbox=inbox,
                renderer=renderer,
            )

    try:
        report = asyncio.run(play())
    finally:
        for listener in listeners:
            if isinstance(listener, RichListener):
                listener.stop()  # an interrupted progress bar would leave the terminal without its cursor
    written = write_reports(report, files, out, lang)
    if written:
        typer.echo(said("Rapports :", "Reports:"))
        for path in written:
            typer.echo(f"  {path}")
    return report
