"""`faulty`: the museum of partners that are wrong on purpose; to see a failure, or to try one's own tools on it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import typer

from recette.cli import faulty_partner
from recette.cli.clocks import ClockFileOption
from recette.cli.options import SETTINGS, LangOption, said
from recette.model import Actor, Exhibit, Requirement
from sas_kernel.flows import Flow
from sas_kernel.text import Lang, Text

app = typer.Typer(
    no_args_is_help=True,
    help=said(
        "Éditeurs et plateformes fautifs exprès, une faute chacun.",
        "Editors and platforms that are wrong on purpose, one fault each.",
    ),
)

_COUNT = Text(
    "Partenaires fautifs : {n}. Pour en démarrer un : recette faulty serve NAME",
    "Faulty partners: {n}. To start one: recette faulty serve NAME",
)


# --- list ------------------------------------------------------------------------------------------------------------


@app.command("list", help=said("Liste les partenaires fautifs.", "List the faulty partners."))
def list_pieces(
    flow: Annotated[
        list[Flow] | None, typer.Option("--flow", help=said("Flux (répétable).", "Flow (repeatable)."))
    ] = None,
    side: Annotated[Actor | None, typer.Option("--side", help=said("De quel côté.", "On which side."))] = None,
    requirement: Annotated[
        list[str] | None,
        typer.Option("--requirement", metavar="ID", help=said("Exigence (répétable).", "Requirement (repeatable).")),
    ] = None,
    format_: Annotated[str, typer.Option("--format", help="table, json")] = "table",
    lang: LangOption = SETTINGS.lang,
) -> None:
    import json

    from recette.engine import museum, requirements
    from recette.museum.pieces import pieces

    if format_ not in {"table", "json"}:
        raise typer.BadParameter(said("attendu : table ou json", "expected table or json"), param_hint="--format")
    known = requirements.load()
    wanted = {id.upper() for id in requirement or ()}
    unknown = sorted(wanted - known.keys())
    if unknown:
        raise typer.BadParameter(
            said("exigence inconnue : {u}", "unknown requirement: {u}").format(u=", ".join(unknown)),
            param_hint="--requirement",
        )
    shown = [
        each
        for each in museum.exhibits()
        if (not flow or each.flow in flow)
        and side in {None, each.side}
        and (not wanted or wanted & {each.requirement, *each.also})
    ]
    hidden = {name: piece.hidden for name, piece in pieces().items()}
    if format_ == "json":
        rows = [_row(each, known, hidden[each.name]) for each in shown]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for each in shown:
        typer.echo("\n".join(_lines(each, known, hidden[each.name], lang)))
    typer.echo(_COUNT.format(n=len(shown)).to(lang))


def _row(exhibit: Exhibit, known: dict[str, Requirement], hidden: Text | None) -> dict[str, Any]:
    broken = known[exhibit.requirement]
    return {
        "name": exhibit.name,
        "side": exhibit.side.value,
        "flow": exhibit.flow.value,
        "what": exhibit.text,
        "requirement": exhibit.requirement,
        "severity": broken.severity.value,
        "text": {"fr": broken.text.fr, "en": broken.text.en},
        "also": list(exhibit.also),
        "checks": list(exhibit.checks),
        "shown": hidden is None,
        "why_not_shown": None if hidden is None else {"fr": hidden.fr, "en": hidden.en},
    }


def _lines(exhibit: Exhibit, known: dict[str, Requirement], hidden: Text | None, lang: Lang) -> Iterable[str]:
    broken = " ".join((exhibit.requirement, *exhibit.also))
    yield f"{exhibit.name:<32} {faulty_partner.SIDES[exhibit.side].to(lang):<10} {exhibit.flow.value:<12} {broken}"
    yield f"    {exhibit.text}"
    yield f"    {known[exhibit.requirement].text.to(lang)}"
    yield "    " + Text("contrôle : {c}", "check: {c}").format(c=", ".join(exhibit.checks)).to(lang)
    if hidden is not None:
        yield "    " + hidden.to(lang)


# --- serve -----------------------------------------------------------------------------------------------------------


@app.command(help=said("Démarre un partenaire fautif.", "Start a faulty partner."))
def serve(
    name: Annotated[str, typer.Argument(metavar="NAME", help=said("Voir « list ».", "See 'list'."))],
    host: Annotated[str, typer.Option("--host", help=said("Où écouter.", "Where to listen."))] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            min=1,
            max=65535,
            help=said("Défaut : 8081, ou 8080 pour une plateforme.", "Default: 8081, or 8080 for a platform."),
        ),
    ] = None,
    provider_port: Annotated[
        int,
        typer.Option(
            "--provider-port",
            min=1,
            max=65535,
            help=said(
                "Port du fournisseur d’identité, pour les éditeurs qui en ont un.",
                "Port of the identity provider, for the editors that have one.",
            ),
        ),
    ] = 8080,
    public_url: Annotated[
        str | None,
        typer.Option(
            "--public-url",
            metavar="URL",
            help=said("Son adresse vue d’ailleurs ; défaut : http://HOST:PORT.", "As others call it."),
        ),
    ] = None,
    platform_url: Annotated[
        str,
        typer.Option(
            "--platform-url",
            metavar="URL",
            help=said(
                "Où un éditeur annonce les rendez-vous (base FHIR) ; défaut : recette.",
                "Where an editor tells of appointments (FHIR base); default: recette.",
            ),
        ),
    ] = faulty_partner.RECETTE,
    editor_url: Annotated[
        str,
        typer.Option(
            "--editor-url",
            metavar="URL",
            help=said(
                "L’éditeur d’une plateforme (base FHIR) ; défaut : recette.",
                "A platform's editor (FHIR base); default: recette.",
            ),
        ),
    ] = faulty_partner.RECETTE,
    clock: ClockFileOption = None,
) -> None:
    from recette.museum.stands import Places

    piece = faulty_partner.find(name)
    of_platform = piece.stand.is_platform
    port = port or (8080 if of_platform else 8081)
    listening = faulty_partner.Listening(host, port, provider_port)
    partner = faulty_partner.address("--public-url", public_url or listening.called(port), path=False)
    option, url = ("--editor-url", editor_url) if of_platform else ("--platform-url", platform_url)
    other = faulty_partner.address(option, url)
    faulty_partner.serve(piece, Places(partner, listening.called(provider_port)), listening, other, clock)
