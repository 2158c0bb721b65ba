"""`faulty`: the museum of partners that are wrong on purpose; to see a failure, or to try one's own tools on it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from recette.cli.options import SETTINGS, LangOption, said
from recette.cli.serving import stop_on_sigterm, target_document, toml_of
from recette.model import Actor, Exhibit, Requirement
from sas_kernel.errors import SasError
from sas_kernel.flows import Flow
from sas_kernel.text import Lang, Text

if TYPE_CHECKING:
    from pathlib import Path

    from recette.drivers.services import Service, Services
    from recette.museum.pieces import Piece
    from recette.museum.stands import Places

app = typer.Typer(
    no_args_is_help=True,
    help=said(
        "Éditeurs et plateformes fautifs exprès, une faute chacun.",
        "Editors and platforms that are wrong on purpose, one fault each.",
    ),
)

RECETTE = "http://127.0.0.1:8079/fhir"
"""Where recette itself listens, unless told otherwise: whom a served partner tells of things."""
SIDES = {Actor.EDITOR: Text("éditeur", "editor"), Actor.PLATFORM: Text("plateforme", "platform")}


class UnknownPieceError(SasError):
    """No fault has this name. The text names those that come near."""


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
    count = said("{n} partenaires fautifs.", "{n} faulty partners.").format(n=len(shown))
    typer.echo(f"{count} " + said("Pour en démarrer un :", "To start one:") + " recette faulty serve NAME")


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
    yield f"{exhibit.name:<32} {SIDES[exhibit.side].to(lang):<10} {exhibit.flow.value:<12} {broken}"
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
    ] = RECETTE,
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
    ] = RECETTE,
) -> None:
    import asyncio

    from recette.drivers import services as processes
    from recette.museum.stands import Places

    piece = _find(name)
    of_platform = piece.stand.is_platform
    port = port or (8080 if of_platform else 8081)
    called = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104  what the user chose to listen on
    places = Places(
        _address("--public-url", public_url or f"http://{called}:{port}"), f"http://{called}:{provider_port}"
    )
    other = _address("--editor-url", editor_url) if of_platform else _address("--platform-url", platform_url)
    with processes.Services() as services:
        stop_on_sigterm()
        reference = _reference(services, piece, places)
        target = services.folder / "target.toml"
        target.write_text(_target_of(piece, places, urlsplit(other).netloc), encoding="utf-8")
        if reference is not None:
            reference[0].wait_until_ready()
        behind = reference[1] if reference else places.partner
        asyncio.run(_serving(piece, places, services, behind, other, (host, port, provider_port), target))


def _find(name: str) -> Piece:
    """The piece of this name; `UnknownPieceError` tells those that come near, or break the requirement named."""
    import difflib

    from recette.museum.pieces import pieces, slug

    known = pieces()
    wanted = slug(name)
    if wanted in known:
        return known[wanted]
    near = [each.name for each in known.values() if slug(each.requirement) == wanted]
    near = near or [each for each in known if wanted and wanted in each]
    near = (near or difflib.get_close_matches(wanted, known, 5, 0.5))[:8]
    hint = Text(" Proches : {n}.", " Near: {n}.").format(n=", ".join(near)) if near else Text("", "")
    raise UnknownPieceError(
        Text(
            "Aucun partenaire fautif ne s’appelle « {name} ».{hint} `recette faulty list` les montre tous.",
            "No faulty partner is called '{name}'.{hint} `recette faulty list` shows them all.",
        ).format(name=name, hint=hint)
    )


def _address(option: str, url: str) -> str:
    try:
        parts = urlsplit(url)
        right = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        right = False
    if not right or any(character <= " " for character in url):
        raise typer.BadParameter(
            said("attendu : http(s)://HÔTE:PORT…", "expected http(s)://HOST:PORT…"), param_hint=option
        )
    return url.rstrip("/")


def _reference(services: Services, piece: Piece, places: Places) -> tuple[Service, str] | None:
    """The right partner that stands behind, started on a port of its own; None where the museum has its own partner."""
    from recette.drivers import services as processes
    from recette.museum.pieces import Stand
    from recette.museum.platform_sso import BACK, CLIENT, SECRET
    from recette.museum.targets import POST_LOGOUT

    port = processes.free_port()
    base = f"http://127.0.0.1:{port}"
    if piece.stand is Stand.AGENDA:
        database = f"sqlite:///{services.folder / 'agenda.sqlite'}"
        service, _ = processes.agenda(
            services, port=port, database_url=database, dataset="demo", public_url=places.partner
        )
        return service, base
    if piece.stand is Stand.PLATFORM:
        service, _ = processes.platform(
            services,
            port=port,
            database_url=f"sqlite:///{services.folder / 'platform.sqlite'}",
            dataset="demo",
            editors=(),
            sso_clients=[f"{CLIENT} {SECRET} {BACK} {POST_LOGOUT}"],
            settings=processes.Mirror("127.0.0.1:8079").settings,
            public_url=places.partner,
        )
        return service, base
    return None


def _target_of(piece: Piece, places: Places, listen: str) -> str:
    from recette.engine import requirements
    from recette.museum.targets import described
    from sas_kernel import datasets

    model = target_document(datasets.load("demo"), f"{places.partner}/fhir")
    flow = requirements.load()[piece.requirement].flow.value
    return toml_of(described(piece.stand, places, flow, model, listen))


async def _serving(
    piece: Piece,
    places: Places,
    services: Services,
    reference: str,
    other: str,
    listening: tuple[str, int, int],
    target: Path,
) -> None:
    import asyncio
    from contextlib import AsyncExitStack

    from recette.museum import neighbours, stands
    from sas_kernel.clock import SystemClock
    from sas_kit.http import new_client

    clock = SystemClock()
    host, port, provider_port = listening
    async with new_client() as client, AsyncExitStack() as stack:
        standing = stands.stand(
            piece,
            places,
            reference=neighbours.behind(client, reference),
            other_side=neighbours.other_side(client, other),
            clock=clock,
        )
        await stands.serve(standing, clock, stack, host=host, port=port, provider_port=provider_port)
        for line in _label(piece, places, target):
            typer.echo(line)
        while True:
            services.check_alive()
            await asyncio.sleep(0.3)


def _label(piece: Piece, places: Places, target: Path) -> Iterable[str]:
    """What stands beside the exhibit."""
    from recette.engine import museum, requirements

    lang = SETTINGS.lang
    exhibit = next(each for each in museum.exhibits() if each.name == piece.name)
    broken = requirements.load()[piece.requirement]
    side = SIDES[exhibit.side].to(lang)
    yield said("{n} ({s}, {f})", "{n} ({s}, {f})").format(n=piece.name, s=side, f=broken.flow.value)
    yield said("  Ce qui ne va pas : {t}", "  What is wrong: {t}").format(t=piece.text)
    yield said("  Exigence rompue : {i}, {t}", "  Requirement broken: {i}, {t}").format(
        i=broken.id, t=broken.text.to(lang)
    )
    if piece.also:
        yield said("  Et avec elle : {a}", "  And with it: {a}").format(a=", ".join(piece.also))
    yield said("  Contrôle qui l’attrape : {c}", "  Check that catches it: {c}").format(c=", ".join(exhibit.checks))
    yield said("  Adresse (base FHIR) : {a}/fhir", "  Address (FHIR base): {a}/fhir").format(a=places.partner)
    if piece.stand.has_provider:
        yield said("  Son fournisseur d’identité : {a}", "  Its identity provider: {a}").format(a=places.provider)
    if piece.hidden is not None and not places.partner.startswith("https:"):
        yield "  " + piece.hidden.to(lang)
    yield said("  Pour le voir : {c}", "  To see it: {c}").format(
        c=f"recette run {shlex.quote(str(target))} --flow {broken.flow.value}"
    )
    yield said("Ctrl-C pour arrêter.", "Ctrl-C to stop.")
