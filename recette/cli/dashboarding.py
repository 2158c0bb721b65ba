"""`dashboard`: what the journals tell, on pages that change nothing."""

from __future__ import annotations

from typing import Annotated

import typer

from recette.cli.clocks import ClockOption, running
from recette.cli.options import SETTINGS, LangOption, said
from recette.cli.project_options import RegisterOption

app = typer.Typer()


@app.command(
    help=said(
        "Tableau de bord des projets : phases, échéances, exécutions en direct, service, procès-verbaux.",
        "Dashboard of the projects: phases, deadlines, live runs, service, certificates.",
    )
)
def dashboard(
    host: Annotated[
        str,
        typer.Option(
            "--host",
            help=said(
                "Adresse d’écoute ; hors de cette machine, un jeton est exigé.",
                "Address to listen on; beyond this machine a token is required.",
            ),
        ),
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65_535)] = 8090,
    database: RegisterOption = "",
    token: Annotated[
        str,
        typer.Option(
            "--token",
            envvar="RECETTE_DASHBOARD_TOKEN",
            show_envvar=False,
            help=said(
                "Jeton demandé aux lecteurs, 20 caractères au moins (plutôt RECETTE_DASHBOARD_TOKEN).",
                "Token asked of readers, 20 characters at least (rather RECETTE_DASHBOARD_TOKEN).",
            ),
        ),
    ] = "",
    lang: LangOption = SETTINGS.lang,
    clock: ClockOption = "",
) -> None:
    from pydantic import SecretStr

    from recette.cli.project_options import database_url
    from recette.dashboard.app import create_app
    from recette.dashboard.serving import serve
    from recette.dashboard.settings import Settings

    settings = Settings(host=host, port=port, token=SecretStr(token) if token else None, lang=lang)
    application = create_app(settings, database_url=database_url(database), clock=running(clock))
    shown = f"[{host}]" if ":" in host else host
    typer.echo(said("Tableau de bord : {u}", "Dashboard: {u}").format(u=f"http://{shown}:{port}/"))
    if not settings.is_loopback:
        typer.echo(
            said(
                "Le jeton et les pages passent en clair : mettez un mandataire TLS devant.",
                "Token and pages travel unencrypted: put a TLS proxy in front.",
            ),
            err=True,
        )
    typer.echo(said("Ctrl-C pour arrêter.", "Ctrl-C to stop."))
    serve(application, host, port)
