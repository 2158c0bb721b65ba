"""`up`, `demo`, `dataset`: starting the services and giving them something to say."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from recette.cli.judging import judge
from recette.cli.options import DEFAULT_OUT, SETTINGS, DatabaseOption, LangOption, OutOption, said
from recette.model import ExitCode, Severity

app = typer.Typer()
dataset_app = typer.Typer(no_args_is_help=True, help=said("Jeux de données d’essai.", "Test data sets."))
app.add_typer(dataset_app, name="dataset")


@app.command(
    help=said(
        "Démarre l’agenda de référence, la plateforme, ou les deux.",
        "Start the reference agenda, the platform, or both.",
    )
)
def up(
    what: Annotated[str, typer.Argument(metavar="agenda|platform|all")] = "all",
    agenda_port: Annotated[int, typer.Option("--agenda-port")] = 8081,
    platform_port: Annotated[int, typer.Option("--platform-port")] = 8080,
    dataset: Annotated[str, typer.Option("--dataset", help="demo, national, FILE")] = "demo",
    database_url: DatabaseOption = None,
    workers: Annotated[int, typer.Option("--workers", min=1)] = 1,
) -> None:
    from recette.drivers import services as processes

    if what not in {"agenda", "platform", "all"}:
        raise typer.BadParameter(
            said("attendu : agenda, platform ou all", "expected agenda, platform or all"),
            param_hint="agenda|platform|all",
        )
    with processes.Services() as services:
        _stop_on_sigterm()
        started = []
        if what in {"agenda", "all"}:
            url = database_url or _default_database("agenda", dataset)
            service, base = processes.agenda(
                services, port=agenda_port, database_url=url, dataset=dataset, workers=workers
            )
            started.append((service, said("Agenda (base FHIR)", "Agenda (FHIR base)"), base))
        if what in {"platform", "all"}:
            url = database_url or _default_database("platform", dataset)
            editors = [("Agenda de référence", f"http://127.0.0.1:{agenda_port}/fhir")] if what == "all" else []
            service, base = processes.platform(
                services, port=platform_port, database_url=url, dataset=dataset, editors=editors, workers=workers
            )
            started.append((service, said("Plateforme", "Platform"), base + "/"))
        for service, label, base in started:
            service.wait_until_ready()
            typer.echo(f"{label} : {base}")
        typer.echo(said("Ctrl-C pour arrêter.", "Ctrl-C to stop."))
        services.watch()


def _default_database(service: str, dataset: str) -> str:
    folder = Path(".recette").resolve()
    folder.mkdir(exist_ok=True)
    name = "".join(c if c.isalnum() else "-" for c in dataset)
    return f"sqlite:///{folder / f'{service}-{name}.sqlite'}"


def _stop_on_sigterm() -> None:
    import signal

    def stop(_number: int, _frame: object) -> None:
        raise SystemExit(ExitCode.ACCEPTED)

    signal.signal(signal.SIGTERM, stop)


@app.command(
    help=said(
        "Tout en une fois : services, recherche, verdict, rapports.", "All at once: services, search, verdict, reports."
    )
)
def demo(
    out: OutOption = DEFAULT_OUT,
    lang: LangOption = SETTINGS.lang,
) -> None:
    from recette.drivers import platform_search
    from recette.drivers import services as processes
    from recette.engine import target as targets
    from sas_kernel import datasets

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
            editors=[("Agenda de référence", base)],
        )
        for service, label, url in (
            (agenda, said("Agenda de référence", "Reference agenda"), base),
            (platform, said("Plateforme", "Platform"), home),
        ):
            service.wait_until_ready()
            typer.echo(f"{label} : {url}")
        described = datasets.load("demo")
        found = platform_search.search(home, [p.national_id for p in described.practitioners])
        typer.echo(found.sentence(lang))
        target = targets.parse(_target_document(described, base, ("slot_search", "regulators")))
        report = judge(target, (), out, ("console", "json", "junit", "html", "md"), Severity.MINOR, lang)
    raise typer.Exit(report.exit_code)


# --- data sets -------------------------------------------------------------------------------------------------------


@dataset_app.command(
    "describe", help=said("Imprime le fichier de cible d’un jeu de données.", "Print the target file of a data set.")
)
def describe(
    name: Annotated[str, typer.Argument(metavar="demo|FILE")] = "demo",
    base_url: Annotated[str, typer.Option("--base-url")] = "http://127.0.0.1:8081/fhir",
) -> None:
    from sas_kernel import datasets

    typer.echo(_toml(_target_document(datasets.load(name), base_url)), nl=False)


@dataset_app.command(
    "generate",
    help=said("Remplit une base d’un jeu national inventé.", "Fill a database with an invented national data set."),
)
def generate(
    database_url: DatabaseOption = None,
    practitioners: Annotated[int, typer.Option("--practitioners", min=1)] = 20000,
    seed: Annotated[int, typer.Option("--seed")] = 1,
) -> None:
    import subprocess

    url = database_url or _default_database("agenda", "national")
    command = [sys.executable, "-m", "agenda_editor", "generate", "--database-url", url]
    command += ["--practitioners", str(practitioners), "--seed", str(seed)]
    raise typer.Exit(subprocess.run(command, check=False).returncode)  # noqa: S603  our own module


def _target_document(
    dataset: object, base_url: str, flows: tuple[str, ...] = ("slot_search",)
) -> dict[str, dict[str, object]]:
    """A model of a target file. Only what reads is declared unless asked: another flow creates accounts."""
    from sas_kernel.datasets import Dataset

    assert isinstance(dataset, Dataset)
    return {
        "target": {"base_url": base_url},
        "applicability": {
            "flows": list(flows),
            "slot_types": ["PUBLIC", "PRO", "SNP"],
            "consultation_types": ["AMB", "VR", "HH"],
        },
        "test_data": {
            key: list(value) if isinstance(value, tuple) else value for key, value in dataset.test_data.items()
        },
    }


def _toml(document: dict[str, dict[str, object]]) -> str:
    """Only what a target file holds: tables of strings and of lists of strings."""
    import json

    lines = []
    for table, values in document.items():
        lines.append(f"[{table}]")
        lines += [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
        lines.append("")
    return "\n".join(lines)
