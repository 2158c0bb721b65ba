"""`run`, `list`, `check`, `compare`: judging a target, a saved answer, two runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recette.cli.options import DEFAULT_OUT, SETTINGS, LangOption, OutOption, said
from recette.model import ExitCode, Severity
from sas_kernel.errors import SasError
from sas_kernel.flows import Flow
from sas_kernel.text import Lang, Text

if TYPE_CHECKING:
    from recette.drivers.validators import AuthorityVerdict, Dialect, Question
    from recette.model import RunReport, Target

FORMATS = ("console", "json", "junit", "html", "md", "har", "sarif", "xlsx")

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
    flow: Annotated[
        list[Flow] | None, typer.Option("--flow", help=said("Flux à jouer (répétable).", "Flow to play (repeatable)."))
    ] = None,
    out: OutOption = DEFAULT_OUT,
    formats: Annotated[
        str, typer.Option("--format", help=said("Parmi ", "Among ") + ",".join(FORMATS))
    ] = "console,json,html",
    fail_on: Annotated[
        str,
        typer.Option(
            "--fail-on",
            help=said("Refuse à partir de : blocking, major ou minor.", "Refuse from: blocking, major or minor on."),
        ),
    ] = "minor",
    keep_evidence: Annotated[
        bool,
        typer.Option(
            "--keep-evidence",
            help=said(
                "Garde aussi un échange par exigence tenue ou à examiner.",
                "Keep an exchange of each requirement held or to be reviewed too.",
            ),
        ),
    ] = False,
    browser: Annotated[
        bool,
        typer.Option(
            "--browser",
            help=said(
                "Montre dans un vrai Chromium les pages construites par script (extra « browser »).",
                "Show pages built by script in a real Chromium (extra 'browser').",
            ),
        ),
    ] = False,
    browser_path: Annotated[
        str,
        typer.Option("--browser-path", help=said("Ce Chromium ; vaut --browser.", "This Chromium; implies --browser.")),
    ] = "",
    lang: LangOption = SETTINGS.lang,
) -> None:
    from recette.engine import target as targets

    if target is None and base_url is None:
        raise typer.BadParameter(
            said("donnez un fichier de cible ou --base-url", "give a target file or --base-url"),
            param_hint="TARGET.toml",
        )
    described = targets.read(target, base_url=base_url) if target else targets.parse({}, base_url=base_url)
    chromium = browser_path or SETTINGS.chromium if browser or browser_path else None
    report = judge(
        described,
        tuple(flow or ()),
        out,
        _formats(formats),
        _severity(fail_on),
        lang,
        chromium,
        target_file=target,
        keep_evidence=keep_evidence,
    )
    raise typer.Exit(report.exit_code)


def _formats(value: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in value.split(",") if name.strip()))
    unknown = [name for name in names if name not in FORMATS]
    if unknown or not names:
        raise typer.BadParameter(
            said("format inconnu {u} ; possibles : {k}", "unknown format {u}; possible: {k}").format(
                u=", ".join(unknown) or "''", k=", ".join(FORMATS)
            ),
            param_hint="--format",
        )
    return names


def _severity(value: str) -> Severity:
    try:
        return Severity(value.upper())
    except ValueError:
        raise typer.BadParameter(
            said("attendu : blocking, major ou minor", "expected blocking, major or minor"), param_hint="--fail-on"
        ) from None


def judge(
    target: Target,
    flows: tuple[Flow, ...],
    out: Path,
    formats: tuple[str, ...],
    fail_on: Severity,
    lang: Lang,
    chromium: str | None = None,
    *,
    target_file: Path | None = None,
    keep_evidence: bool = False,
) -> RunReport:
    """Run the catalogue, write the reports, return what was found. `chromium`: with a real browser, at this path or,
    empty, where one is found. `target_file` is where the target is described, if in a file."""
    from recette import catalogue, playing
    from recette.reports import write_reports
    from recette.reports.console import RichListener, console_listener

    files = tuple(name for name in formats if name != "console")
    listeners = [console_listener(lang=lang, plain=SETTINGS.ci)] if "console" in formats else []
    try:
        report = playing.play(
            target,
            catalogue.scenarios(flows or target.flows, target.actor),
            fail_on=fail_on,
            listeners=listeners,
            chromium=chromium,
            keep_evidence=keep_evidence,
        )
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


# --- list ------------------------------------------------------------------------------------------------------------


@app.command("list", help=said("Liste les scénarios et leurs exigences.", "List the scenarios and their requirements."))
def list_scenarios(
    flow: Annotated[
        list[Flow] | None, typer.Option("--flow", help=said("Flux (répétable).", "Flow (repeatable)."))
    ] = None,
    format_: Annotated[str, typer.Option("--format", help="table, json")] = "table",
    lang: LangOption = SETTINGS.lang,
) -> None:
    import json

    from recette import catalogue
    from recette.engine import requirements

    if format_ not in {"table", "json"}:
        raise typer.BadParameter(said("attendu : table ou json", "expected table or json"), param_hint="--format")
    known = requirements.load()
    scenarios = catalogue.scenarios(tuple(flow or ()), None)
    if format_ == "json":
        rows = [
            {
                "id": scenario.id,
                "flow": scenario.flow.value,
                "actor": scenario.actor.value,
                "title": scenario.title.to(lang),
                "needs": list(scenario.needs),
                "checks": [
                    {
                        "id": check.id,
                        "title": check.title.to(lang),
                        "requirement": check.requirement,
                        "level": known[check.requirement].level.value,
                        "severity": known[check.requirement].severity.value,
                        "source": known[check.requirement].source,
                    }
                    for check in scenario.checks
                ],
            }
            for scenario in scenarios
        ]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for scenario in scenarios:
        typer.echo(f"{scenario.id}  {scenario.title.to(lang)}")
        for check in scenario.checks:
            requirement = known[check.requirement]
            typer.echo(
                f"    {requirement.id:<10} {requirement.level.value:<6} {requirement.severity.value:<8} "
                f"{check.title.to(lang)}"
            )
    covered = {check.requirement for scenario in scenarios for check in scenario.checks}
    typer.echo(
        said("{s} scénarios, {c} contrôles, {r} exigences.", "{s} scenarios, {c} checks, {r} requirements.").format(
            s=len(scenarios), c=sum(len(scenario.checks) for scenario in scenarios), r=len(covered)
        )
    )


# --- check, compare --------------------------------------------------------------------------------------------------


@app.command(
    help=said(
        "Juge hors ligne une réponse enregistrée (« - » : entrée standard).",
        "Judge a saved answer offline ('-': standard input).",
    )
)
def check(
    file: Annotated[str, typer.Argument(metavar="FILE|-")],
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile",
            metavar="CANONICAL",
            help=said("Profil ; par défaut celui du type et de l’usage.", "Profile; by default that of type and use."),
        ),
    ] = None,
    ig_version: Annotated[
        str, typer.Option("--ig-version", help=said("Version du guide : 1.2.0, 1.1.0.", "Version of the guide."))
    ] = "1.2.0",
    ig: Annotated[
        Path | None,
        typer.Option(
            "--ig", metavar="PACKAGE.tgz", help=said("Paquet d’un guide FHIR en plus.", "A FHIR guide's package too.")
        ),
    ] = None,
    validator: Annotated[
        str | None,
        typer.Option("--validator", metavar="URL", help=said("Validateur externe en plus.", "External validator too.")),
    ] = None,
    dialect: Annotated[
        str, typer.Option("--validator-dialect", help="wrapper, validate, matchbox, gazelle")
    ] = "wrapper",
    format_: Annotated[str, typer.Option("--format", help="console, json")] = "console",
    lang: LangOption = SETTINGS.lang,
) -> None:
    from recette.checks import conformance
    from recette.drivers import validators
    from recette.engine import requirements
    from recette.profiles import facts
    from recette.profiles.checker import Checker
    from recette.reports import conformance as rendering

    renderers = {"console": rendering.to_console, "json": rendering.to_json}
    if format_ not in renderers:
        raise typer.BadParameter(said("attendu : console ou json", "expected console or json"), param_hint="--format")
    if dialect not in set(validators.Dialect):
        raise typer.BadParameter(
            said("attendu : {d}", "expected {d}").format(d=", ".join(validators.Dialect)),
            param_hint="--validator-dialect",
        )
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise SasError(
            Text("« {f} » n’est pas lisible : {e}.", "'{f}' cannot be read: {e}.").format(f=file, e=error)
        ) from error
    known = facts.load(ig_version) if ig is None else facts.with_package(facts.load(ig_version), ig)
    found = conformance.judge(content, Checker(known), requirements.load(), profile)
    authority = None
    if validator is not None and found.profile is not None:
        question = validators.Question(content.decode(), found.kind, found.profile, f"ans.fhir.fr.sas#{ig_version}")
        try:
            authority = _asked(validator, validators.Dialect(dialect), question)
        except validators.ValidatorError:
            typer.echo(renderers[format_](found, known.name, known.hash, requirements.rule_set(), None, lang))
            raise
    typer.echo(renderers[format_](found, known.name, known.hash, requirements.rule_set(), authority, lang))
    if not found.conforms:
        raise typer.Exit(ExitCode.REFUSED)


def _asked(url: str, dialect: Dialect, question: Question) -> AuthorityVerdict:
    import asyncio

    from recette.drivers import validators
    from sas_kit.http import new_client

    async def talk() -> AuthorityVerdict:
        async with new_client() as client:
            return await validators.ask(client, url, dialect, question)

    return asyncio.run(talk())


@app.command(
    help=said("Compare deux exécutions : nouveau, corrigé, inchangé.", "Compare two runs: new, fixed, unchanged.")
)
def compare(
    before: Annotated[Path, typer.Argument(metavar="A.json")],
    after: Annotated[Path, typer.Argument(metavar="B.json")],
    format_: Annotated[str, typer.Option("--format", help="console, md, json")] = "console",
    lang: LangOption = SETTINGS.lang,
) -> None:
    from recette.reports import compare as rendering
    from recette.reports import comparison, json_report

    renderers = {"console": rendering.to_console, "md": rendering.to_markdown, "json": rendering.to_json}
    if format_ not in renderers:
        raise typer.BadParameter(
            said("attendu : console, md ou json", "expected console, md or json"), param_hint="--format"
        )
    compared = comparison.compare(json_report.read(before), json_report.read(after))
    typer.echo(renderers[format_](compared, lang))
    raise typer.Exit(compared.exit_code)
