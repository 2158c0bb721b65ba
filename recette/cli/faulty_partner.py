"""What `faulty serve` does: finds the piece, starts the right partner behind it, serves it, says what it is."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import typer

from recette.cli.options import SETTINGS, said
from recette.cli.serving import stop_on_sigterm
from recette.model import Actor
from sas_kernel.errors import SasError
from sas_kernel.text import Text

if TYPE_CHECKING:
    from pathlib import Path

    from recette.drivers.services import Service, Services
    from recette.museum.pieces import Piece
    from recette.museum.stands import Places

RECETTE = "http://127.0.0.1:8079/fhir"
"""Where recette itself listens, unless told otherwise: whom a served partner tells of things."""
SIDES = {Actor.EDITOR: Text("éditeur", "editor"), Actor.PLATFORM: Text("plateforme", "platform")}


class UnknownPieceError(SasError):
    """No fault has this name. The text names those that come near."""


@dataclass(frozen=True, slots=True)
class Listening:
    """Where a partner listens, and the provider that it may bring."""

    host: str
    port: int
    provider_port: int

    def called(self, port: int) -> str:
        """The address that others on this machine call."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104  the user's choice
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(piece: Piece, places: Places, listening: Listening, other: str, clock: Path | None = None) -> None:
    """Serve it until a signal comes. `other` is the FHIR base of the other side, `clock` the file of a test clock.

    Raises `recette.museum.serving.AddressError`, `recette.drivers.services.ServiceError`.
    """
    import asyncio

    from recette.drivers import services as processes

    with processes.Services() as services:
        stop_on_sigterm()
        target = services.folder / "target.toml"
        target.write_text(_target_of(piece, places, listen_at(other)), encoding="utf-8")
        behind = places.partner
        if piece.stand.bends:
            right, behind = reference_of(services, piece, places, clock)
            right.wait_until_ready()
        asyncio.run(_serving(piece, places, services, behind, other, listening, target, clock))


def listen_at(other: str) -> str:
    """HOST:PORT where recette receives what the partner sends to this FHIR base; the usual one where it has no port."""
    parts = urlsplit(other)
    return parts.netloc if parts.port else urlsplit(RECETTE).netloc


def find(name: str) -> Piece:
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


def address(option: str, url: str, *, path: bool = True) -> str:
    """The URL without its last slash; a usage error names the option where it is none, or has a path against `path`."""
    try:
        parts = urlsplit(url)
        right = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        right = right and not parts.query and not parts.fragment and (path or parts.path in {"", "/"})
    except ValueError:
        right = False
    if not right or any(character <= " " for character in url):
        raise typer.BadParameter(
            said("attendu : http(s)://HÔTE:PORT…", "expected http(s)://HOST:PORT…"), param_hint=option
        )
    return url.rstrip("/")


def reference_of(services: Services, piece: Piece, places: Places, clock: Path | None = None) -> tuple[Service, str]:
    """The right partner to stand behind one that bends it, on a port of its own, and its address there.

    It is told the served address, and writes itself so.
    """
    from recette.drivers import services as processes
    from recette.museum.platform_sso import BACK, CLIENT, SECRET
    from recette.museum.targets import POST_LOGOUT

    port = processes.free_port()
    if piece.stand.is_platform:
        service, _ = processes.platform(
            services,
            port=port,
            database_url=f"sqlite:///{services.folder / 'platform.sqlite'}",
            dataset="demo",
            editors=(),
            sso_clients=[f"{CLIENT} {SECRET} {BACK} {POST_LOGOUT}"],
            settings=processes.PUBLIC_PASSWORDS,
            public_url=places.partner,
            clock=clock,
        )
    else:
        service, _ = processes.agenda(
            services,
            port=port,
            database_url=f"sqlite:///{services.folder / 'agenda.sqlite'}",
            dataset="demo",
            public_url=places.partner,
            clock=clock,
        )
    return service, f"http://127.0.0.1:{port}"


def _target_of(piece: Piece, places: Places, listen: str) -> str:
    from recette.engine import requirements, target_file
    from recette.museum.targets import described
    from sas_kernel import datasets

    model = target_file.of_dataset(datasets.load("demo"), f"{places.partner}/fhir")
    flow = requirements.load()[piece.requirement].flow.value
    return target_file.toml(described(piece.stand, places, flow, model, listen))


async def _serving(
    piece: Piece,
    places: Places,
    services: Services,
    reference: str,
    other: str,
    listening: Listening,
    target: Path,
    clock_file: Path | None,
) -> None:
    import asyncio
    from contextlib import AsyncExitStack

    from recette.museum import neighbours, stands
    from sas_kernel.clock import chosen
    from sas_kit.http import new_client

    clock = chosen(clock_file)
    async with new_client() as client, AsyncExitStack() as stack:
        standing = stands.stand(
            piece,
            places,
            reference=neighbours.behind(client, reference),
            other_side=neighbours.other_side(client, other),
            clock=clock,
        )
        await stands.serve(
            standing,
            clock,
            stack,
            host=listening.host,
            port=listening.port,
            provider_port=listening.provider_port,
        )
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
    yield said("  Attrapée par : {c}", "  Caught by: {c}").format(c=", ".join(exhibit.checks))
    yield said("  Adresse (base FHIR) : {a}/fhir", "  Address (FHIR base): {a}/fhir").format(a=places.partner)
    if piece.stand.has_provider:
        yield said("  Son fournisseur d’identité : {a}", "  Its identity provider: {a}").format(a=places.provider)
    if piece.hidden is not None and not places.partner.startswith("https:"):
        yield "  " + piece.hidden.to(lang)
    yield said("  Pour le voir : {c}", "  To see it: {c}").format(
        c=f"recette run {shlex.quote(str(target))} --flow {broken.flow.value}"
        + (f" --tag {piece.stand.tag}" if piece.stand.tag else "")
    )
    yield said("Ctrl-C pour arrêter.", "Ctrl-C to stop.")
