"""`faults`: what our own two services can do wrong on purpose, for people who test their software against them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recette.cli.options import SETTINGS, LangOption, said
from sas_kernel.text import Lang, Text

if TYPE_CHECKING:
    from sas_kernel.faults.model import Fault

app = typer.Typer(
    no_args_is_help=True,
    help=said(
        "Les pannes volontaires de l’agenda et de la plateforme (up --fault).",
        "Faults that the agenda and the platform play on purpose (up --fault).",
    ),
)


@app.callback()
def faults() -> None:
    """A group even with one command."""


@app.command(
    "list", help=said("Liste les pannes fournies, ou celles d’un fichier.", "List built-in faults, or a file's.")
)
def list_faults(
    source: Annotated[str | None, typer.Argument(metavar="[FILE]")] = None,
    format_: Annotated[str, typer.Option("--format", help="table, json")] = "table",
    lang: LangOption = SETTINGS.lang,
) -> None:
    import json

    from sas_kernel.faults import reader

    if format_ not in {"table", "json"}:
        raise typer.BadParameter(said("attendu : table ou json", "expected table or json"), param_hint="--format")
    shown = reader.builtin() if source is None else reader.load(source)
    if format_ == "json":
        typer.echo(json.dumps([_row(fault) for fault in shown], ensure_ascii=False, indent=2))
        return
    for fault in shown:
        typer.echo("\n".join(_lines(fault, lang)))
    typer.echo(Text("{n} pannes", "{n} faults").format(n=len(shown)).to(lang))


def by_side(sources: Sequence[str], started: Collection[str]) -> dict[str, list[str]]:
    """What each service is told to play. Raises `InvalidFaultError`, also for a fault that nobody started plays."""
    from sas_kernel.faults import reader
    from sas_kernel.faults.model import InvalidFaultError, Side

    for fault in reader.loaded(sources):
        if not fault.sides & {*started}:
            raise InvalidFaultError(
                Text(
                    "La panne « {n} » est de : {s}, que cette commande ne démarre pas.",
                    "Fault '{n}' is played by: {s}, which this command does not start.",
                ).format(n=fault.name, s=", ".join(sorted(fault.sides)))
            )
    return {
        side: [source for source in sources if reader.of_side(reader.load(source), side)] if side in started else []
        for side in Side
    }


def announced(sources: Sequence[str], lang: Lang) -> Iterator[str]:
    """A line a fault that is being played, and where counts are."""
    from sas_kernel.faults import reader

    for fault in reader.loaded(sources):
        line = Text("Panne volontaire : {n} ({s}) {t}", "Fault on purpose: {n} ({s}) {t}")
        yield line.format(n=fault.name, s=", ".join(sorted(fault.sides)), t=fault.text).to(lang).rstrip()
    if sources:
        yield Text("Ce qui a été joué : /_faults sur chaque service.", "What was played: /_faults on each service.").to(
            lang
        )


def _row(fault: Fault) -> dict[str, Any]:
    return {
        "name": fault.name,
        "services": sorted(fault.sides),
        "direction": fault.direction.value,
        "interface": fault.interface,
        "path": fault.path,
        "kind": type(fault.effect).__name__,
        "text": {"fr": fault.text.fr, "en": fault.text.en},
    }


def _lines(fault: Fault, lang: Lang) -> Iterator[str]:
    where = fault.interface or fault.path or "*"
    way = {
        "answer": Text("réponses", "answers"),
        "send": Text("envois", "messages sent"),
    }[fault.direction.value]
    yield f"{fault.name:<24} {'+'.join(sorted(fault.sides)):<16} {way.to(lang):<14} {where}"
    if said_of := fault.text.to(lang):
        yield f"    {said_of}"
