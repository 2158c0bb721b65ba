"""A run, from what was asked for to its reports; no command of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from recette.cli.options import SETTINGS, said
from recette.model import Deviation, Selection, Severity
from sas_kernel.text import Lang

if TYPE_CHECKING:
    from recette.engine.runner import Plan
    from recette.model import Listener, RunReport, Target
    from sas_kernel.clock import Clock


def plan_of(
    target: Target,
    selection: Selection | None = None,
    *,
    fail_on: Severity = Severity.MINOR,
    deviations: Sequence[Deviation] = (),
    keep_evidence: bool = False,
) -> Plan:
    """What is to be played; raises `SelectionError` for a selection that names nothing."""
    from recette import catalogue, playing
    from recette.engine import requirements
    from recette.engine.selection import select

    chosen = select(
        catalogue.scenarios((), None),
        requirements.load(),
        selection or Selection(),
        target.actor,
        target.flows,
        applies=lambda scenario: scenario.omitted(target) is None,
    )
    return playing.plan_for(
        target,
        chosen.scenarios,
        fail_on=fail_on,
        extent=chosen.extent,
        missed=chosen.missed,
        deviations=deviations,
        keep_evidence=keep_evidence,
    )


def deviations_in(path: Path | None) -> tuple[Deviation, ...]:
    """The entries of a file of known deviations, held against the catalogue and the checks of a load."""
    if path is None:
        return ()
    from recette import catalogue
    from recette.checks import load
    from recette.engine import deviations, requirements

    checks = {check.id for each in catalogue.scenarios((), None) for check in each.checks}
    checks |= {check.id for check in load.OWN}
    return deviations.read(path, requirements.load(), checks)


def tell(plan: Plan, formats: Sequence[str], lang: Lang, now: datetime) -> None:
    """Print what the plan would play at `now`; nothing is sent."""
    from recette.engine import deviations
    from recette.engine.dry_run import foresee
    from recette.engine.selection import reported
    from recette.model import DryRun
    from recette.reports import dry_run
    from recette.reports.masking import mask_target

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
        deviations=deviations.account(plan.deviations, (), (), deviations.today(now)),
    )
    typer.echo(renderer(dry, lang))


def judge(
    plan: Plan,
    out: Path,
    formats: Sequence[str],
    lang: Lang,
    chromium: str | None = None,
    *,
    target_file: Path | None = None,
    clock: Clock | None = None,
    also: Sequence[Listener] = (),
    tell_run: bool = False,
) -> RunReport:
    """Play the plan, write the reports, return what was found. `chromium`: with a real browser, at this path or, empty,
    where one is found. `target_file` is where the target is described, if in a file; `also` are told what happens;
    `tell_run`: requests say which run they are of."""
    from recette import playing
    from recette.reports import make_folder, write_reports
    from recette.reports.console import RichListener, console_listener

    files = tuple(name for name in formats if name != "console")
    if files:
        make_folder(out)
    listeners = [console_listener(lang=lang, plain=SETTINGS.ci)] if "console" in formats else []
    try:
        report = playing.play(plan, listeners=[*listeners, *also], chromium=chromium, clock=clock, tell_run=tell_run)
    finally:
        for listener in listeners:
            if isinstance(listener, RichListener):
                listener.stop()  # an interrupted progress bar would leave the terminal without its cursor
    written = write_reports(report, files, out, lang, target_file=target_file)
    if written:
        typer.echo(said("Rapports :", "Reports:"))
        for path in written:
            typer.echo(f"  {path}")
    return report
