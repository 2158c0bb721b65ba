"""`anomaly calendar`: the deadlines of a project, for a calendar program."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recette.cli.options import SETTINGS, LangOption, said
from recette.cli.project_options import ClockOption, ProjectArgument, RegisterOption, present, with_journal

if TYPE_CHECKING:
    from recette.journal.repository import Journal

app = typer.Typer()


@app.command(
    help=said(
        "Écrit les échéances d’un projet pour un agenda (.ics, RFC 5545).",
        "Write the deadlines of a project for a calendar program (.ics, RFC 5545).",
    )
)
def calendar(
    project: ProjectArgument,
    out: Annotated[
        Path | None, typer.Option("--out", help=said("Fichier .ics (défaut : la sortie).", "The .ics file."))
    ] = None,
    clock: ClockOption = "",
    database_url: RegisterOption = "",
    lang: LangOption = SETTINGS.lang,
) -> None:
    from recette.projects import book as books
    from recette.projects.ends import planned_ends
    from recette.register.calendar import calendar as written

    now = present(clock)

    async def work(journal: Journal) -> bytes:
        book = await books.read(journal, project)
        ends = planned_ends(book)
        return written(book.project.title, book.agreement, book.register, book.entries, ends, now, lang)

    content = with_journal(database_url, work)
    if out is None:
        typer.echo(content.decode(), nl=False)
        return
    try:
        out.write_bytes(content)
    except OSError as error:
        raise typer.BadParameter(f"{out}: {error.strerror}", param_hint="--out") from None
