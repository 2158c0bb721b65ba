"""`anomaly export`, `anomaly import`: a whole journal as JSON, the shared register as a workbook."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recette.cli.options import SETTINGS, LangOption, said
from recette.cli.project_options import (
    AtOption,
    ClockOption,
    ProjectArgument,
    RegisterOption,
    WhoOption,
    move,
    present,
    with_journal,
)
from recette.journal.model import JournalError, Party
from sas_kernel.errors import SasError
from sas_kernel.text import Text

if TYPE_CHECKING:
    from recette.journal.exchange import Bundle
    from recette.journal.repository import Journal


exchange_app = typer.Typer()


class Exchange(StrEnum):
    """The whole journal with its documents, or the register that people share (art. 6)."""

    JSON = "json"
    XLSX = "xlsx"


ExchangeOption = Annotated[
    Exchange,
    typer.Option(
        "--format",
        help=said(
            "json : tout le journal et ses documents (sans les mesures de la surveillance) ; xlsx : le registre.",
            "json: the whole journal and its documents (without the samples of the watch); xlsx: the register.",
        ),
    ),
]


@exchange_app.command(
    "export",
    help=said(
        "Écrit le journal d’un projet (JSON) ou son registre partagé (XLSX).",
        "Write a project’s journal (JSON) or its shared register (XLSX).",
    ),
)
def export(
    project: ProjectArgument,
    format_: ExchangeOption,
    out: Annotated[Path | None, typer.Option("--out", help=said("Le fichier.", "The file."))] = None,
    clock: ClockOption = "",
    database: RegisterOption = "",
    lang: LangOption = SETTINGS.lang,
) -> None:
    now = present(clock)

    async def work(journal: Journal) -> bytes:
        from recette.projects import book

        read = await book.read(journal, project)
        if format_ is Exchange.XLSX:
            from recette.cli.sheet_importing import state_of
            from recette.reports import register_workbook

            return register_workbook.write(state_of(read), now, lang)
        return await _journal(journal, project)

    content = with_journal(database, work)
    path = out or Path(f"{_file_name(project)}.{format_.value}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise SasError(
            Text("« {f} » ne peut pas être écrit : {e}.", "'{f}' cannot be written: {e}.").format(f=path, e=error)
        ) from error
    typer.echo(path)


def _file_name(project: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in project).lstrip(".") or "export"


async def _journal(journal: Journal, project: str) -> bytes:
    from recette.journal import exchange

    entries = await journal.read(project)
    documents = [await journal.document(sha256) for sha256 in exchange.named(entries)]
    found = tuple(each for each in documents if each is not None)
    return exchange.dumps(exchange.Bundle(project, entries, found)).encode()


@exchange_app.command(
    "import",
    help=said(
        "Lit un fichier d’export. JSON : le journal, refusé s’il dit autre chose que celui d’ici. XLSX : ce qui y a "
        "été changé devient des écritures, toutes ou aucune. Deux fois n’ajoute rien.",
        "Read an exported file. JSON: the journal, refused where it says other things than the one here. XLSX: what "
        "was changed in it becomes entries, all or none. Twice adds nothing.",
    ),
)
def import_(
    project: ProjectArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="export.json, export.xlsx")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=said("Montre sans rien écrire.", "Show, write nothing."))
    ] = False,
    party: Annotated[
        Party | None,
        typer.Option("--for", help=said("XLSX : pour quelle partie (ans, editor).", "XLSX: for which party.")),
    ] = None,
    at: AtOption = "",
    who: WhoOption = "",
    clock: ClockOption = "",
    database: RegisterOption = "",
    lang: LangOption = SETTINGS.lang,
) -> None:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise SasError(
            Text("« {f} » n’est pas lisible : {e}.", "'{f}' cannot be read: {e}.").format(f=file, e=error.strerror)
        ) from error
    if not content.startswith(b"PK"):
        _import_journal(project, content, dry_run, clock, database)
        return
    if party is None:
        raise typer.BadParameter(
            said("dites pour quelle partie : ans ou editor", "say for which party: ans or editor"), param_hint="--for"
        )
    from recette.cli import sheet_importing

    done, now = move(who, party, "", at, clock)
    sheet_importing.import_sheet(project, content, done, now, database, dry_run=dry_run, lang=lang)


def _import_journal(project: str, content: bytes, dry_run: bool, clock: str, database: str) -> None:
    from recette.journal import exchange

    now, bundle = present(clock), exchange.loads(content)
    if bundle.project != project:
        raise JournalError(
            Text(
                "Ce fichier est le journal du projet « {f} », non de « {p} » ; son nom fait partie de ses empreintes.",
                "This file is the journal of project '{f}', not of '{p}'; its name is part of its hashes.",
            ).format(f=bundle.project, p=project)
        )
    _tellable(bundle)

    async def work(journal: Journal) -> int:
        there = await journal.read(project)
        fresh = exchange.missing(there, bundle.entries)
        if not dry_run:
            await journal.restore(project, fresh, bundle.documents, now, after=len(there))
        return len(fresh)

    count = with_journal(database, work)
    text = (
        said("{n} écritures seraient ajoutées.", "{n} entries would be added.")
        if dry_run
        else said("{n} écritures ajoutées.", "{n} entries added.")
    )
    typer.echo(text.format(n=count))


def _tellable(bundle: Bundle) -> None:
    """`JournalError` for entries that are well chained and yet tell no project: nobody could read it any more."""
    from recette.projects import book

    try:
        book.of(bundle.project, bundle.entries)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise JournalError(
            Text(
                "Les écritures de ce fichier ne racontent pas un projet ({e}).",
                "The entries of this file do not tell a project ({e}).",
            ).format(e=f"{type(error).__name__}: {error}")
        ) from error
