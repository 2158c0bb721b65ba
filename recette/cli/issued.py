"""`certificate list` and `certificate export`: the certificates that were issued, from the register that keeps them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recette.cli.options import SETTINGS, LangOption, said
from recette.cli.project_options import ProjectArgument, RegisterOption

if TYPE_CHECKING:
    from recette.journal.model import Entry
    from recette.journal.repository import Journal

app = typer.Typer()


@app.command("list", help=said("Liste les procès-verbaux émis.", "List the certificates that were issued."))
def list_issued(project: ProjectArgument, database: RegisterOption = "", lang: LangOption = SETTINGS.lang) -> None:
    from recette.certificates import wording
    from recette.cli.project_options import with_journal
    from recette.projects.model import Outcome, PhaseId
    from recette.reports import words

    for entry in with_journal(database, lambda journal: _issued(journal, project)):
        outcome = wording.OUTCOMES[PhaseId(entry.payload["kind"])][Outcome(entry.payload["decision"])]
        typer.echo(words.visible(f"{entry.subject}  {entry.at:%Y-%m-%d}  {outcome.to(lang)}  {entry.who}"))


@app.command(
    "export",
    help=said("Rend les fichiers d’un procès-verbal émis.", "Give back the files of a certificate that was issued."),
)
def export(
    project: ProjectArgument,
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="PV-R-2026-0001")],
    out: Annotated[Path, typer.Option("--out", help=said("Dossier des fichiers.", "Folder of the files."))] = Path(
        "recette-out"
    ),
    database: RegisterOption = "",
) -> None:
    from recette.certificates.issuing import file_name
    from recette.certificates.model import CertificateError
    from recette.cli.project_options import with_journal
    from sas_kernel.text import Lang, Text

    async def work(journal: Journal) -> dict[str, bytes]:
        entries = {entry.subject: entry for entry in await _issued(journal, project)}
        if number not in entries:
            raise CertificateError(
                Text("« {n} » n’a pas été émis. Émis : {known}.", "'{n}' was not issued. Issued: {known}.").format(
                    n=number, known=", ".join(entries) or "–"
                )
            )
        payload = entries[number].payload
        name = file_name(project, number, Lang(payload["lang"]))
        kept = {ending: await journal.document(sha256) for ending, sha256 in payload["documents"].items()}
        return {f"{name}.{ending}": document.content for ending, document in kept.items() if document is not None}

    contents = with_journal(database, work)
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            (out / name).write_bytes(content)
            typer.echo(f"→ {out / name}")
    except OSError as error:
        raise typer.BadParameter(f"{out}: {error.strerror or error}", param_hint="--out") from None


async def _issued(journal: Journal, project: str) -> tuple[Entry, ...]:
    from recette.journal.model import Kind
    from recette.projects import book as books

    book = await books.read(journal, project)
    return tuple(entry for entry in book.entries if entry.kind is Kind.CERTIFICATE)
