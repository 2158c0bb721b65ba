"""`coverage`: what the catalogue tests, and whether each test was itself seen to fail."""

from __future__ import annotations

from typing import Annotated

import typer

from recette.cli.options import SETTINGS, LangOption, said
from recette.model import CoverageLayout, ExitCode
from sas_kernel.flows import Flow

app = typer.Typer()


@app.command(
    help=said(
        "Montre, par exigence, les scénarios, les contrôles et les partenaires fautifs qu’ils attrapent. "
        "Code 1 s’il y a un trou.",
        "Show, by requirement, the scenarios, the checks and the faulty partners they catch. Exit code 1 on a hole.",
    )
)
def coverage(
    flow: Annotated[
        list[Flow] | None,
        typer.Option("--flow", help=said("Flux à montrer (répétable).", "Flow to show (repeatable).")),
    ] = None,
    kit: Annotated[
        bool,
        typer.Option("--kit", help=said("Les tests du kit de l’ANS et les nôtres.", "The ANS kit's tests and ours.")),
    ] = False,
    layout: Annotated[
        CoverageLayout, typer.Option("--format", help=said("Présentation.", "Layout."))
    ] = CoverageLayout.TABLE,
    lang: LangOption = SETTINGS.lang,
) -> None:
    from recette import catalogue
    from recette.engine import museum, requirements
    from recette.engine.coverage import cover
    from recette.reports.coverage_of_catalogue import render, render_kit

    if kit and flow:
        raise typer.BadParameter(
            said("--kit montre tous les tests du kit, sans --flow", "--kit shows all tests of the kit, without --flow"),
            param_hint="--flow",
        )
    rows = requirements.load(with_holes=True)
    crosswalk = museum.crosswalk()
    found = cover(rows, catalogue.scenarios((), None), museum.exhibits(), museum.exemptions(), crosswalk)
    found = found.of(flow or ())
    text = render_kit(crosswalk, rows, found, layout, lang) if kit else render(found, layout, lang)
    typer.echo(text, nl=False)
    raise typer.Exit(ExitCode.REFUSED if found.holes else ExitCode.ACCEPTED)
