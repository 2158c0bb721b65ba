"""`up`, `demo`, `dataset`: starting the services and giving them something to say."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recette.cli.clocks import ClockFileOption
from recette.cli.options import (
    DEFAULT_OUT,
    SETTINGS,
    DatabaseOption,
    FaultOption,
    LangOption,
    OutOption,
    said,
)
from recette.cli.playing import judge, plan_of
from recette.model import ExitCode

if TYPE_CHECKING:
    from recette.drivers.services import Mirror

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
    platform_url: Annotated[
        str | None,
        typer.Option(
            "--platform-url",
            help=said(
                "Où l’agenda annonce les rendez-vous (base FHIR) ; défaut : la plateforme démarrée avec lui.",
                "Where the agenda tells of appointments (FHIR base); default: the platform started with it.",
            ),
        ),
    ] = None,
    editor: Annotated[
        list[str] | None,
        typer.Option(
            "--editor",
            metavar="NAME=URL",
            help=said("Un éditeur de plus pour la plateforme.", "One more editor for the platform."),
        ),
    ] = None,
    sso_client: Annotated[
        list[str] | None,
        typer.Option(
            "--sso-client",
            metavar="'ID SECRET REDIRECT_URI [LOGOUT_URI]'",
            help=said("Un client de plus pour le fournisseur d’identité.", "One more client of the identity provider."),
        ),
    ] = None,
    clock: ClockFileOption = None,
    fault: FaultOption = None,
) -> None:
    from recette.cli import faults
    from recette.drivers import services as processes

    if what not in {"agenda", "platform", "all"}:
        raise typer.BadParameter(
            said("attendu : agenda, platform ou all", "expected agenda, platform or all"),
            param_hint="agenda|platform|all",
        )
    editors = [tuple(value.split("=", 1)) for value in editor or ()]
    if any(len(pair) != 2 for pair in editors):
        raise typer.BadParameter(said("attendu : NOM=URL", "expected NAME=URL"), param_hint="--editor")
    played = faults.by_side(fault or (), {"agenda", "platform"} if what == "all" else {what})
    home = f"http://127.0.0.1:{platform_port}"
    with processes.Services() as services:
        stop_on_sigterm()
        started = []
        if what in {"agenda", "all"}:
            url = database_url or _default_database("agenda", dataset)
            service, base = processes.agenda(
                services,
                port=agenda_port,
                database_url=url,
                dataset=dataset,
                workers=workers,
                platform_url=platform_url or (f"{home}/fhir" if what == "all" else None),
                issuer=f"{home}/realms/sas",
                clock=clock,
                faults=played["agenda"],
            )
            started.append((service, said("Agenda (base FHIR)", "Agenda (FHIR base)"), base))
        if what in {"platform", "all"}:
            url = database_url or _default_database("platform", dataset)
            own = [("Agenda de référence", f"http://127.0.0.1:{agenda_port}/fhir")] if what == "all" else []
            service, base = processes.platform(
                services,
                port=platform_port,
                database_url=url,
                dataset=dataset,
                editors=[*own, *((name, base_url) for name, base_url in editors)],
                workers=workers,
                sso_clients=[processes.sso_client_of(agenda_port), *(sso_client or ())],
                clock=clock,
                faults=played["platform"],
            )
            started.append((service, said("Plateforme", "Platform"), base + "/"))
        for service, label, base in started:
            service.wait_until_ready()
            typer.echo(f"{label} : {base}")
        if what in {"platform", "all"}:
            typer.echo(
                said("Qui peut se connecter : {u}", "Who can sign in: {u}").format(u=f"{home}/identites-d-essai")
            )
        for line in faults.announced(fault or (), SETTINGS.lang):
            typer.echo(line)
        where = said("Journaux, jusqu’à l’arrêt : {d}", "Logs, until it stops: {d}")
        typer.echo(where.format(d=services.folder))
        typer.echo(said("Ctrl-C pour arrêter.", "Ctrl-C to stop."))
        services.watch()


def _default_database(service: str, dataset: str) -> str:
    folder = Path(".recette").resolve()
    folder.mkdir(exist_ok=True)
    name = "".join(c if c.isalnum() else "-" for c in dataset)
    return f"sqlite:///{folder / f'{service}-{name}.sqlite'}"


def stop_on_sigterm() -> None:
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
    from recette.engine import target_file
    from sas_kernel import datasets

    described = datasets.load("demo")
    with processes.Services() as services:
        stop_on_sigterm()
        agenda_port, platform_port, inbox_port = (processes.free_port() for _ in range(3))
        home = f"http://127.0.0.1:{platform_port}"
        agenda, base = processes.agenda(
            services,
            port=agenda_port,
            database_url=f"sqlite:///{services.folder / 'agenda.sqlite'}",
            dataset="demo",
            platform_url=f"http://127.0.0.1:{inbox_port}/fhir",  # its messages come to the harness, which judges them
            issuer=f"{home}/realms/sas",
            settings=processes.PUBLIC_PASSWORDS,
        )
        platform, _ = processes.platform(
            services,
            port=platform_port,
            database_url=f"sqlite:///{services.folder / 'platform.sqlite'}",
            dataset="demo",
            editors=[("Agenda de référence", base)],
            sso_clients=[processes.sso_client_of(agenda_port)],
            settings=processes.PUBLIC_PASSWORDS,
        )
        mirror = processes.Mirror(f"127.0.0.1:{processes.free_port()}")
        judged, judged_home = processes.platform(
            services,
            port=processes.free_port(),
            database_url=f"sqlite:///{services.folder / 'judged.sqlite'}",
            dataset="demo",
            editors=[("recette", f"http://{mirror.listen}/fhir")],
            sso_clients=[mirror.client],
            settings=mirror.settings,
        )
        for service, label, url in (
            (agenda, said("Agenda de référence", "Reference agenda"), base),
            (platform, said("Plateforme", "Platform"), home),
            (judged, said("Plateforme à juger, dont recette est l’éditeur", "Platform to judge"), judged_home),
        ):
            service.wait_until_ready()
            typer.echo(f"{label} : {url}")
        found = platform_search.search(home, [p.national_id for p in described.practitioners])
        typer.echo(found.sentence(lang))
        staff = described.staff[0]
        document = target_file.of_dataset(described, base, ("slot_search", "regulators", "sso", "appointments"))
        document["sso"] = {"issuer": f"{home}/realms/sas", "client_id": processes.Partner().client_id}
        document["appointments"] = {
            "listen": f"127.0.0.1:{inbox_port}",
            "booking": "reference",
            "wait": 20,
            "staff_login": staff.login,
            "staff_password": staff.password,
        }
        target = targets.parse(document)
        formats = ("console", "json", "junit", "html", "md")
        report = judge(plan_of(target), out, formats, lang)
        other = targets.parse(_platform_document(judged_home, mirror))
        mirrored = judge(plan_of(other), out / "platform", formats, lang)
    raise typer.Exit(report.exit_code or mirrored.exit_code)


def _platform_document(home: str, mirror: Mirror) -> dict[str, dict[str, object]]:
    return {
        "target": {"base_url": f"{home}/fhir", "actor": "platform", "name": said("Plateforme", "Platform")},
        "applicability": {"flows": ["slot_search", "regulators", "sso", "appointments"], "cpts": True, "sos": True},
        "sso": {
            "issuer": f"{home}/realms/sas",
            "client_id": "recette",
            "client_secret": mirror.secret,
            "redirect_uri": mirror.redirect_uri,
            "post_logout_uri": mirror.post_logout_uri,
        },
        "platform": {"listen": mirror.listen, "wait": 15, "admin_token": mirror.admin_token},
    }


# --- data sets -------------------------------------------------------------------------------------------------------


@dataset_app.command(
    "describe", help=said("Imprime le fichier de cible d’un jeu de données.", "Print the target file of a data set.")
)
def describe(
    name: Annotated[str, typer.Argument(metavar="demo|FILE")] = "demo",
    base_url: Annotated[str, typer.Option("--base-url")] = "http://127.0.0.1:8081/fhir",
) -> None:
    from recette.engine import target_file
    from sas_kernel import datasets

    typer.echo(target_file.toml(target_file.of_dataset(datasets.load(name), base_url)), nl=False)


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
