"""`run`, `rerun`: judging a target, and what failed once more."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recette.cli import playing, registering
from recette.cli.clocks import ClockOption, present, running
from recette.cli.options import (
    DEFAULT_OUT,
    FAIL_ON_HELP,
    SETTINGS,
    BrowserOption,
    BrowserPathOption,
    DeviationsOption,
    DryRunOption,
    ExcludeOption,
    FlowOption,
    FormatOption,
    KeepEvidenceOption,
    LangOption,
    OutOption,
    RequirementOption,
    ScenarioOption,
    SeverityOption,
    TagOption,
    TellRunOption,
    formats_of,
    said,
    selection,
    severity_of,
)
from recette.cli.project_options import RegisterOption
from recette.cli.registering import RecordInOption
from sas_kernel.text import Lang

if TYPE_CHECKING:
    from recette.model import RunReport

app = typer.Typer()


@app.command(help=said("Joue le cahier de tests contre une cible.", "Play the test catalogue against a target."))
def run(
    target: Annotated[
        Path | None,
        typer.Argument(metavar="TARGET.toml", help=said("Description de la cible.", "Target description.")),
    ] = None,
    base_url: Annotated[
        str | None, typer.Option("--base-url", help=said("URL de base FHIR.", "FHIR base URL."))
    ] = None,
    flow: FlowOption = None,
    scenario: ScenarioOption = None,
    requirement: RequirementOption = None,
    tag: TagOption = None,
    severity: SeverityOption = None,
    exclude: ExcludeOption = None,
    dry_run: DryRunOption = False,
    deviations: DeviationsOption = None,
    out: OutOption = DEFAULT_OUT,
    formats: FormatOption = "console,json,html",
    fail_on: Annotated[str, typer.Option("--fail-on", help=FAIL_ON_HELP)] = "minor",
    keep_evidence: KeepEvidenceOption = False,
    tell_run: TellRunOption = False,
    browser: BrowserOption = False,
    browser_path: BrowserPathOption = "",
    project: RecordInOption = "",
    clock: ClockOption = "",
    database: RegisterOption = "",
    lang: LangOption = SETTINGS.lang,
) -> None:
    from recette.engine import target as targets

    if target is None and base_url is None:
        raise typer.BadParameter(
            said("donnez un fichier de cible ou --base-url", "give a target file or --base-url"),
            param_hint="TARGET.toml",
        )
    described = targets.read(target, base_url=base_url) if target else targets.parse({}, base_url=base_url)
    names = formats_of(formats)
    plan = playing.plan_of(
        described,
        selection(flow, scenario, requirement, tag, severity, exclude),
        fail_on=severity_of(fail_on, "--fail-on"),
        deviations=playing.deviations_in(deviations),
        keep_evidence=keep_evidence,
    )
    if dry_run:
        playing.tell(plan, names, lang, present(clock))
        return
    time = running(clock)
    keep = registering.keeper(project, database, time)
    names = names if keep is None else tuple(dict.fromkeys((*names, "json")))
    with registering.followed(project, database) as also:
        chromium = _chromium(browser, browser_path)
        report = playing.judge(
            plan, out, names, lang, chromium, target_file=target, clock=time, also=also, tell_run=tell_run
        )
    if keep is not None:
        keep(report, out / "run.json")
    raise typer.Exit(report.exit_code)


def _chromium(browser: bool, path: str) -> str | None:
    return path or SETTINGS.chromium if browser or path else None


@app.command(
    help=said(
        "Rejoue une exécution, ou ce qui y a échoué, et montre ce qui est corrigé. Codes de « run ».",
        "Play a run again, or what failed in it, and show what is fixed. Exit codes of 'run'.",
    )
)
def rerun(
    before: Annotated[
        Path, typer.Argument(metavar="RUN.json", help=said("L’exécution à rejouer.", "The run to play again."))
    ] = DEFAULT_OUT / "run.json",
    failed: Annotated[
        bool, typer.Option("--failed", help=said("Les scénarios FAIL ou ERROR.", "The scenarios in FAIL or ERROR."))
    ] = False,
    skipped: Annotated[
        bool, typer.Option("--skipped", help=said("Ceux qui n’ont pas pu juger.", "Those that could not judge."))
    ] = False,
    target: Annotated[
        Path | None,
        typer.Option(
            "--target",
            metavar="TARGET.toml",
            help=said("Sa cible, quand elle a des secrets.", "Its target, when that has secrets."),
        ),
    ] = None,
    dry_run: DryRunOption = False,
    deviations: DeviationsOption = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help=said("Défaut : rerun, à côté de RUN.json.", "Default: rerun, beside RUN.json.")),
    ] = None,
    formats: FormatOption = "console,json,html",
    fail_on: Annotated[str | None, typer.Option("--fail-on", help=FAIL_ON_HELP)] = None,
    keep_evidence: KeepEvidenceOption = False,
    tell_run: TellRunOption = False,
    browser: BrowserOption = False,
    browser_path: BrowserPathOption = "",
    project: RecordInOption = "",
    clock: ClockOption = "",
    database: RegisterOption = "",
    lang: LangOption = SETTINGS.lang,
) -> None:
    from recette import catalogue
    from recette.engine import rerun as again
    from recette.engine import target as targets
    from recette.reports import json_report

    names = formats_of(formats)
    report = json_report.read(before)
    wanted = again.scenarios(report, failed=failed, skipped=skipped)
    existing = {each.id for each in catalogue.scenarios((), None)}
    gone = [name for name in wanted if name not in existing]
    if gone:
        sentence = said("N’existe plus au cahier : {n}.", "No longer in the catalogue: {n}.")
        typer.echo(sentence.format(n=", ".join(gone)), err=True)
    kept = tuple(name for name in wanted if name in existing) or wanted
    plan = playing.plan_of(
        targets.read(target) if target else again.target(report),
        again.selection(report, kept),
        fail_on=report.fail_on if fail_on is None else severity_of(fail_on, "--fail-on"),
        deviations=playing.deviations_in(deviations)
        if deviations is not None
        else [each.deviation for each in report.deviations],
        keep_evidence=keep_evidence,
    )
    if dry_run:
        playing.tell(plan, names, lang, present(clock))
        return
    time = running(clock)
    keep = registering.keeper(project, database, time)
    names = names if keep is None else tuple(dict.fromkeys((*names, "json")))
    folder = out or before.parent / "rerun"
    with registering.followed(project, database) as also:
        chromium = _chromium(browser, browser_path)
        found = playing.judge(
            plan, folder, names, lang, chromium, target_file=target, clock=time, also=also, tell_run=tell_run
        )
    if keep is not None:
        keep(found, folder / "run.json")
    if "console" in names:
        _show_change(report, found, wanted, lang)
    raise typer.Exit(found.exit_code)


def _show_change(before: RunReport, after: RunReport, wanted: tuple[str, ...], lang: Lang) -> None:
    from recette.reports import compare, comparison

    typer.echo()
    typer.echo(compare.to_console(comparison.compare(comparison.part_of(before, wanted, after), after), lang))
