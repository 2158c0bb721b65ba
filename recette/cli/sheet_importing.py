"""A workbook of the shared register, given back: what was changed in it is shown, then written; all or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import typer

from recette.cli.options import said
from recette.cli.project_options import with_journal
from recette.register.model import RegisterError
from recette.register.sheet import HEADINGS, Value
from sas_kernel.text import Lang, Text

if TYPE_CHECKING:
    from recette.journal.model import Draft
    from recette.journal.repository import Journal
    from recette.projects.book import Book
    from recette.register.edits import Edit, Refusal
    from recette.register.moves import Move
    from recette.reports.register_workbook import Filled, Origin, State


def import_sheet(
    project: str, content: bytes, done: Move, now: datetime, database: str, *, dry_run: bool, lang: Lang
) -> None:
    """Show what was changed and write it, on behalf of one party; `RegisterError` names every cell that is refused."""
    from recette.projects import book
    from recette.reports import register_workbook

    filled = register_workbook.read(content)

    async def work(journal: Journal) -> tuple[list[Edit], list[Draft]]:
        read = await book.read(journal, project)
        made, drafts = _decided(read, filled, done, now)
        if not dry_run and drafts:
            # Decided on this very state: whatever was written meanwhile may have changed the same cells.
            await journal.append(project, drafts, now, expecting=read.entries[-1].number)
        return made, drafts

    made, drafts = with_journal(database, work)
    for edit in made:
        heading = HEADINGS[edit.key].to(lang)
        typer.echo(
            f"{edit.address}  {edit.anomaly}  {heading}{said(' :', ':')} {_told(edit.before)} → {_told(edit.value)}"
        )
    text = (
        said("{n} écritures seraient ajoutées.", "{n} entries would be added.")
        if dry_run
        else said("{n} écritures ajoutées.", "{n} entries added.")
    )
    typer.echo(text.format(n=len(drafts)))


def _decided(read: Book, filled: Filled, done: Move, now: datetime) -> tuple[list[Edit], list[Draft]]:
    from recette.projects import book
    from recette.register import edits
    from recette.reports.register_workbook import as_read, rows_of

    origin = filled.origin
    _same_journal(read, origin)
    before = book.of(read.project.id, read.entries[: origin.number])
    base = as_read(rows_of(state_of(before), origin.made_at, origin.lang))
    strays = [edits.Refusal(address, _STRAY.format(id=id)) for address, id in filled.strays.items()]
    strays += [
        edits.Refusal(next(iter(row.values())).address, _STRAY.format(id=id))
        for id, row in filled.cells.items()
        if id not in base
    ]
    cells = {id: row for id, row in filled.cells.items() if id in base}
    current = as_read(rows_of(state_of(read), origin.made_at, origin.lang))
    made, refused = edits.edits(base, current, cells, read.register, origin.lang)
    drafts, impossible = edits.decide(read.register, made, done, now)
    _refuse([*strays, *refused, *impossible])
    return made, drafts


def state_of(read: Book) -> State:
    """What a workbook shows of a book, and what it remembers it was made from."""
    from recette.reports.register_workbook import State

    last = read.entries[-1]
    return State(read.agreement, read.register, last.number, last.hash)


def _same_journal(read: Book, origin: Origin) -> None:
    known = read.entries[origin.number - 1 : origin.number] if origin.number > 0 else ()
    if origin.project != read.project.id or not known or known[0].hash != origin.hash:
        raise RegisterError(
            Text(
                "Ce classeur vient d’un autre journal (projet « {o} », écriture {n}) que celui de « {p} ».",
                "This workbook comes from another journal (project '{o}', entry {n}) than that of '{p}'.",
            ).format(o=origin.project, n=origin.number, p=read.project.id)
        )


def _refuse(refused: Sequence[Refusal]) -> None:
    if not refused:
        return
    lines = [Text(f"  {each.address} : {each.why.fr}", f"  {each.address}: {each.why.en}") for each in refused]
    raise RegisterError(
        Text(
            "\n".join(("Rien n’a été importé :", *(line.fr for line in lines))),
            "\n".join(("Nothing was imported:", *(line.en for line in lines))),
        )
    )


_STRAY = Text(
    "« {id} » n’est pas une ligne de l’export (ou y est deux fois) : une anomalie naît d’une exécution",
    "'{id}' is no row of the export (or is in it twice): an anomaly is born of a run",
)


def _told(value: Value) -> str:
    if isinstance(value, datetime):
        return f"{value:%d/%m/%Y %H:%M}"
    return "—" if value is None else str(value)
