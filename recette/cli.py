"""The command line: options in, exit codes out. Here, and only here, the parts of the harness meet.

Heavy parts are imported by the commands that need them, so that `--help` and `list` answer at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recette import __version__, settings
from recette.model import ExitCode, Severity
from sas_kernel.errors import SasError
from sas_kernel.flows import Flow
from sas_kernel.text import Lang, Text

if TYPE_CHECKING:
    from recette.model import RunReport, Target

SETTINGS = settings.read()


def _(fr: str, en: str) -> str:
    return en if SETTINGS.lang is Lang.EN else fr


app = typer.Typer(
    name="recette",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help=_(
        "Banc de recette des interfaces du SAS. Codes de sortie : 0 accepté, 1 refusé, 2 mauvais usage, "
        "3 non concluant, 4 niveau de service non tenu, 5 cible injoignable, 6 l’outil a échoué, 130 interrompu. "
        "RECETTE_LANG=en pour l’anglais.",
        "Acceptance bench for the SAS interfaces. Exit codes: 0 accepted, 1 refused, 2 usage, 3 inconclusive, "
        "4 service level broken, 5 target unreachable, 6 the tool failed, 130 interrupted. "
        "RECETTE_LANG=en for English.",
    ),
)
dataset_app = typer.Typer(no_args_is_help=True, help=_("Jeux de données d’essai.", "Test data sets."))
app.add_typer(dataset_app, name="dataset")

LangOption = Annotated[Lang, typer.Option("--lang", help=_("Langue des rapports.", "Language of the reports."))]
DatabaseOption = Annotated[
    str | None,
    typer.Option(
        "--database-url",
        help=_(
            "sqlite:///fichier ou postgresql://… (défaut : SQLite).",
            "sqlite:///file or postgresql://… (default: SQLite).",
        ),
    ),
]

FORMATS = ("console", "json", "junit", "html", "md")


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help=_("Affiche la version.", "Print the version."))] = False,
) -> None:
    if version:
        typer.echo(f"recette {__version__}")
        raise typer.Exit


# --- run -------------------------------------------------------------------------------------------------------------


@app.command(help=_("Joue le cahier de tests contre une cible.", "Play the test catalogue against a target."))
def run(
    target: Annotated[
        Path | None, typer.Argument(metavar="[TARGET.toml]", help=_("Description de la cible.", "Target description."))
    ] = None,
    base_url: Annotated[str | None, typer.Option("--base-url", help=_("URL de base FHIR.", "FHIR base URL."))] = None,
    flow: Annotated[
        list[Flow] | None, typer.Option("--flow", help=_("Flux à jouer (répétable).", "Flow to play (repeatable)."))
    ] = None,
    out: Annotated[Path, typer.Option("--out", help=_("Dossier des rapports.", "Folder of the reports."))] = Path(
        "recette-out"
    ),
    formats: Annotated[
        str, typer.Option("--format", help=_("Parmi ", "Among ") + ",".join(FORMATS))
    ] = "console,json,html",
    fail_on: Annotated[
        str,
        typer.Option(
            "--fail-on",
            help=_("Refuse à partir de : blocking, major ou minor.", "Refuse from: blocking, major or minor on."),
        ),
    ] = "minor",
    lang: LangOption = SETTINGS.lang,
) -> None:
    from recette.engine import target as targets  # noqa: PLC0415

    if target is None and base_url is None:
        raise typer.BadParameter(
            _("donnez un fichier de cible ou --base-url", "give a target file or --base-url"), param_hint="TARGET.toml"
        )
    described = targets.read(target, base_url=base_url) if target else targets.parse({}, base_url=base_url)
    report = _judge(described, tuple(flow or ()), out, _formats(formats), _severity(fail_on), lang)
    raise typer.Exit(report.exit_code)


def _formats(value: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in value.split(",") if name.strip()))
    unknown = [name for name in names if name not in FORMATS]
    if unknown or not names:
        raise typer.BadParameter(
            _("format inconnu {u} ; possibles : {k}", "unknown format {u}; possible: {k}").format(
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
            _("attendu : blocking, major ou minor", "expected blocking, major or minor"), param_hint="--fail-on"
        ) from None


def _judge(
    target: Target, flows: tuple[Flow, ...], out: Path, formats: tuple[str, ...], fail_on: Severity, lang: Lang
) -> RunReport:
    """Run the catalogue, write the reports, return what was found."""
    import asyncio  # noqa: PLC0415
    import uuid  # noqa: PLC0415

    from recette import catalogue  # noqa: PLC0415
    from recette.drivers.http import HttpDriver  # noqa: PLC0415
    from recette.engine import requirements, runner  # noqa: PLC0415
    from recette.reports import write_reports  # noqa: PLC0415
    from recette.reports.console import console_listener  # noqa: PLC0415
    from recette.reports.masking import mask_exchange  # noqa: PLC0415
    from sas_kernel.clock import SystemClock  # noqa: PLC0415
    from sas_kernel.contracts import service_levels  # noqa: PLC0415
    from sas_kit.http import HttpLimits, new_client  # noqa: PLC0415

    levels = service_levels()
    plan = runner.Plan(
        target=target,
        scenarios=catalogue.scenarios(flows or target.flows),
        requirements=requirements.load(),
        levels=levels,
        rule_set=requirements.rule_set(),
        tool_version=__version__,
        fail_on=fail_on,
    )
    limits = HttpLimits(
        connect=levels["slot_search.connect_timeout"].value,
        answer=levels["slot_search.answer_timeout"].value,
        max_bytes=int(levels["slot_search.answer_size"].value),
    )
    files = tuple(name for name in formats if name != "console")
    listeners = [console_listener(lang=lang, plain=SETTINGS.ci)] if "console" in formats else []
    clock = SystemClock()

    async def play() -> RunReport:
        async with new_client() as client:
            driver = HttpDriver(client, target.base_url, limits=limits, clock=clock)
            return await runner.run(
                plan, driver, clock=clock, run_id=str(uuid.uuid4()), listeners=listeners, mask=mask_exchange
            )

    report = asyncio.run(play())
    written = write_reports(report, files, out, lang)
    if written:
        typer.echo(_("Rapports :", "Reports:"))
        for path in written:
            typer.echo(f"  {path}")
    return report


# --- list ------------------------------------------------------------------------------------------------------------


@app.command("list", help=_("Liste les scénarios et leurs exigences.", "List the scenarios and their requirements."))
def list_scenarios(
    flow: Annotated[
        list[Flow] | None, typer.Option("--flow", help=_("Flux (répétable).", "Flow (repeatable)."))
    ] = None,
    format_: Annotated[str, typer.Option("--format", help="table, json")] = "table",
    lang: LangOption = SETTINGS.lang,
) -> None:
    import json  # noqa: PLC0415

    from recette import catalogue  # noqa: PLC0415
    from recette.engine import requirements  # noqa: PLC0415

    if format_ not in {"table", "json"}:
        raise typer.BadParameter(_("attendu : table ou json", "expected table or json"), param_hint="--format")
    known = requirements.load()
    scenarios = catalogue.scenarios(tuple(flow or ()))
    if format_ == "json":
        rows = [
            {
                "id": scenario.id,
                "flow": scenario.flow.value,
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
        _("{s} scénarios, {c} contrôles, {r} exigences.", "{s} scenarios, {c} checks, {r} requirements.").format(
            s=len(scenarios), c=sum(len(scenario.checks) for scenario in scenarios), r=len(covered)
        )
    )


# --- check, compare --------------------------------------------------------------------------------------------------


@app.command(
    help=_(
        "Juge hors ligne une réponse enregistrée (« - » : entrée standard).",
        "Judge a saved answer offline ('-': standard input).",
    )
)
def check(
    file: Annotated[str, typer.Argument(metavar="FILE|-")],
    lang: LangOption = SETTINGS.lang,
) -> None:
    from recette.checks import offline  # noqa: PLC0415
    from recette.engine import requirements  # noqa: PLC0415

    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise _usage(
            Text("« {f} » n’est pas lisible : {e}.", "'{f}' cannot be read: {e}.").format(f=file, e=error)
        ) from error
    known = requirements.load()
    judged = offline.judge_document(content)
    problems = 0
    for made, judgement in judged:
        requirement = known[made.requirement]
        for problem in judgement.problems:
            problems += 1
            typer.echo(f"{requirement.severity.value:<8} {requirement.id:<10} {problem.path}")
            typer.echo(f"         {problem.message.to(lang)}")
    examined = sum(1 for _made, judgement in judged if judgement.examined)
    if problems:
        typer.echo(_("Non conforme : {n} problème(s).", "Not conform: {n} problem(s).").format(n=problems))
        raise typer.Exit(ExitCode.REFUSED)
    typer.echo(_("Conforme : {n} contrôles tenus.", "Conform: {n} checks hold.").format(n=examined))


@app.command(
    help=_("Compare deux exécutions : nouveau, corrigé, inchangé.", "Compare two runs: new, fixed, unchanged.")
)
def compare(
    before: Annotated[Path, typer.Argument(metavar="A.json")],
    after: Annotated[Path, typer.Argument(metavar="B.json")],
    format_: Annotated[str, typer.Option("--format", help="console, md, json")] = "console",
    lang: LangOption = SETTINGS.lang,
) -> None:
    from recette.reports import compare as comparing  # noqa: PLC0415
    from recette.reports import json_report  # noqa: PLC0415

    renderers = {"console": comparing.to_console, "md": comparing.to_markdown, "json": comparing.to_json}
    if format_ not in renderers:
        raise typer.BadParameter(
            _("attendu : console, md ou json", "expected console, md or json"), param_hint="--format"
        )
    comparison = comparing.compare(json_report.read(before), json_report.read(after))
    typer.echo(renderers[format_](comparison, lang))
    raise typer.Exit(ExitCode.REFUSED if comparison.new else ExitCode.ACCEPTED)


def _usage(text: Text) -> SasError:
    return SasError(text)


# --- services --------------------------------------------------------------------------------------------------------


@app.command(
    help=_(
        "Démarre l’agenda de référence, la plateforme, ou les deux.",
        "Start the reference agenda, the platform, or both.",
    )
)
def up(
    what: Annotated[str, typer.Argument(metavar="[agenda|platform|all]")] = "all",
    agenda_port: Annotated[int, typer.Option("--agenda-port")] = 8081,
    platform_port: Annotated[int, typer.Option("--platform-port")] = 8080,
    dataset: Annotated[str, typer.Option("--dataset", help="demo, national, FILE")] = "demo",
    database_url: DatabaseOption = None,
    workers: Annotated[int, typer.Option("--workers", min=1)] = 1,
) -> None:
    from recette.drivers import services as processes  # noqa: PLC0415

    if what not in {"agenda", "platform", "all"}:
        raise typer.BadParameter(
            _("attendu : agenda, platform ou all", "expected agenda, platform or all"), param_hint="agenda|platform|all"
        )
    with processes.Services() as services:
        _stop_on_sigterm()
        started = []
        if what in {"agenda", "all"}:
            url = database_url or _default_database("agenda", dataset)
            service, base = processes.agenda(
                services, port=agenda_port, database_url=url, dataset=dataset, workers=workers
            )
            started.append((service, _("Agenda (base FHIR)", "Agenda (FHIR base)"), base))
        if what in {"platform", "all"}:
            url = database_url or _default_database("platform", dataset)
            editors = [("reference", f"http://127.0.0.1:{agenda_port}/fhir")] if what == "all" else []
            service, base = processes.platform(
                services, port=platform_port, database_url=url, dataset=dataset, editors=editors, workers=workers
            )
            started.append((service, _("Plateforme", "Platform"), base + "/"))
        for service, label, base in started:
            service.wait_until_ready()
            typer.echo(f"{label} : {base}")
        typer.echo(_("Ctrl-C pour arrêter.", "Ctrl-C to stop."))
        services.watch()


def _default_database(service: str, dataset: str) -> str:
    folder = Path(".recette").resolve()
    folder.mkdir(exist_ok=True)
    name = "".join(c if c.isalnum() else "-" for c in dataset)
    return f"sqlite:///{folder / f'{service}-{name}.sqlite'}"


def _stop_on_sigterm() -> None:
    import signal  # noqa: PLC0415

    def stop(_number: int, _frame: object) -> None:
        raise SystemExit(ExitCode.ACCEPTED)

    signal.signal(signal.SIGTERM, stop)


@app.command(
    help=_(
        "Tout en une fois : services, recherche, verdict, rapports.", "All at once: services, search, verdict, reports."
    )
)
def demo(
    out: Annotated[Path, typer.Option("--out", help=_("Dossier des rapports.", "Folder of the reports."))] = Path(
        "recette-out"
    ),
    lang: LangOption = SETTINGS.lang,
) -> None:
    from recette.drivers import platform_search  # noqa: PLC0415
    from recette.drivers import services as processes  # noqa: PLC0415
    from recette.engine import target as targets  # noqa: PLC0415
    from sas_kernel import datasets  # noqa: PLC0415

    with processes.Services() as services:
        _stop_on_sigterm()
        agenda_port, platform_port = processes.free_port(), processes.free_port()
        agenda, base = processes.agenda(
            services, port=agenda_port, database_url=f"sqlite:///{services.folder / 'agenda.sqlite'}", dataset="demo"
        )
        platform, home = processes.platform(
            services,
            port=platform_port,
            database_url=f"sqlite:///{services.folder / 'platform.sqlite'}",
            dataset="demo",
            editors=[("reference", base)],
        )
        for service, label, url in (
            (agenda, _("Agenda de référence", "Reference agenda"), base),
            (platform, _("Plateforme", "Platform"), home),
        ):
            service.wait_until_ready()
            typer.echo(f"{label} : {url}")
        described = datasets.load("demo")
        found = platform_search.search(home, [p.national_id for p in described.practitioners])
        typer.echo(found.sentence(lang))
        target = targets.parse(_target_document(described, base))
        report = _judge(target, (), out, ("console", "json", "junit", "html", "md"), Severity.MINOR, lang)
    raise typer.Exit(report.exit_code)


# --- data sets -------------------------------------------------------------------------------------------------------


@dataset_app.command(
    "describe", help=_("Imprime le fichier de cible d’un jeu de données.", "Print the target file of a data set.")
)
def describe(
    name: Annotated[str, typer.Argument(metavar="demo|FILE")] = "demo",
    base_url: Annotated[str, typer.Option("--base-url")] = "http://127.0.0.1:8081/fhir",
) -> None:
    from sas_kernel import datasets  # noqa: PLC0415

    typer.echo(_toml(_target_document(datasets.load(name), base_url)), nl=False)


@dataset_app.command(
    "generate",
    help=_("Remplit une base d’un jeu national inventé.", "Fill a database with an invented national data set."),
)
def generate(
    database_url: DatabaseOption = None,
    practitioners: Annotated[int, typer.Option("--practitioners", min=1)] = 20000,
    seed: Annotated[int, typer.Option("--seed")] = 1,
) -> None:
    import subprocess  # noqa: PLC0415

    url = database_url or _default_database("agenda", "national")
    command = [sys.executable, "-m", "agenda_editor", "generate", "--database-url", url]
    command += ["--practitioners", str(practitioners), "--seed", str(seed)]
    raise typer.Exit(subprocess.run(command, check=False).returncode)  # noqa: S603  our own module


def _target_document(dataset: object, base_url: str) -> dict[str, dict[str, object]]:
    from sas_kernel.datasets import Dataset  # noqa: PLC0415

    assert isinstance(dataset, Dataset)
    return {
        "target": {"base_url": base_url},
        "applicability": {
            "flows": ["slot_search"],
            "slot_types": ["PUBLIC", "PRO", "SNP"],
            "consultation_types": ["AMB", "VR", "HH"],
        },
        "test_data": {
            key: list(value) if isinstance(value, tuple) else value for key, value in dataset.test_data.items()
        },
    }


def _toml(document: dict[str, dict[str, object]]) -> str:
    """Only what a target file holds: tables of strings and of lists of strings."""
    import json  # noqa: PLC0415

    lines = []
    for table, values in document.items():
        lines.append(f"[{table}]")
        lines += [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
        lines.append("")
    return "\n".join(lines)


def main() -> None:
    """The entry point: whatever happens becomes a sentence and an exit code."""
    try:
        app()
    except SasError as error:
        typer.echo(error.text.to(SETTINGS.lang), err=True)
        sys.exit(ExitCode.USAGE)
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)
    except Exception as error:
        if SETTINGS.debug:
            raise
        typer.echo(
            _(
                "L’outil a échoué ({e}). RECETTE_DEBUG=1 en montre la trace.",
                "The tool failed ({e}). RECETTE_DEBUG=1 shows the trace.",
            ).format(e=f"{type(error).__name__}: {error}"),
            err=True,
        )
        sys.exit(ExitCode.HARNESS_FAILED)
