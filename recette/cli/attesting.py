"""`certificate sign` and `certificate verify`: who stands for a certificate, and whether it is what was issued."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recette.cli.options import SETTINGS, LangOption, said
from recette.cli.project_options import RegisterOption
from recette.model import ExitCode

if TYPE_CHECKING:
    from recette.certificates.document import Document
    from recette.certificates.verifying import Found
    from recette.journal.repository import Journal

app = typer.Typer()

FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE.json", help=said("Le procès-verbal en JSON.", "The certificate as JSON."))
]


@app.command(
    "sign",
    help=said(
        "Signe le JSON avec votre clé (PEM) : une signature détachée JWS à côté.",
        "Sign the JSON with your key (PEM): a detached JWS beside it.",
    ),
)
def sign(
    file: FileArgument,
    key: Annotated[Path, typer.Option("--key", help=said("Clé privée, en PEM.", "Private key, as PEM."))],
    password_file: Annotated[
        Path | None,
        typer.Option("--password-file", help=said("Fichier du mot de passe de la clé.", "File of the key’s password.")),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help=said("Signature (défaut : FILE.json.jws).", "Default: FILE.json.jws."))
    ] = None,
) -> None:
    from recette.certificates import document, signing

    content = _read(file)
    document.read(content)
    password = _read(password_file).rstrip(b"\r\n") if password_file is not None else None
    signature = signing.sign(content, _read(key), password)
    target = out or file.with_name(f"{file.name}.jws")
    _save(target, signature + "\n")
    typer.echo(f"→ {target}")


@app.command(
    "verify",
    help=said(
        "Vérifie contenu, fichiers, journal, exécutions et signature ; sort à 1 dès qu’une chose ne tient pas.",
        "Verify content, files, journal, runs and signature; exits with 1 when one thing does not hold.",
    ),
)
def verify(
    file: FileArgument,
    signature: Annotated[
        Path | None, typer.Option("--signature", help=said("Signature détachée.", "Detached signature."))
    ] = None,
    public_key: Annotated[
        Path | None, typer.Option("--public-key", help=said("Clé publique, en PEM.", "Public key, as PEM."))
    ] = None,
    database: RegisterOption = "",
    format_: Annotated[str, typer.Option("--format", help="console, json")] = "console",
    lang: LangOption = SETTINGS.lang,
) -> None:
    from recette.certificates import signing, verifying

    if (signature is None) is not (public_key is None):
        raise typer.BadParameter(
            said("--signature et --public-key vont ensemble", "--signature and --public-key go together")
        )
    if format_ not in {"console", "json"}:
        raise typer.BadParameter(said("attendu : console ou json", "expected console or json"), param_hint="--format")
    content = _read(file)
    made, found = verifying.of_content(content)
    found += tuple(verifying.of_files(made, {each.name: _beside(file, each.name) for each in made.files}))
    found += _journal(database, content, made)
    held = None
    if signature is not None and public_key is not None:
        held = signing.holds(content, _read(signature).decode("utf-8", "replace"), _read(public_key))
    found += (verifying.of_signature(held),)
    _tell(found, format_, lang)
    if any(each.holds is False for each in found):
        raise typer.Exit(ExitCode.REFUSED)


def _journal(database: str, content: bytes, made: Document) -> tuple[Found, ...]:
    """What the journal says, where there is one: looking makes none."""
    from recette.certificates import verifying
    from recette.cli.project_options import database_url, with_journal

    default = database_url("").removeprefix("sqlite:///")
    if not database and not SETTINGS.database_url and not Path(default).is_file():
        return _unverified()

    async def work(journal: Journal) -> tuple[Found, ...]:
        from recette.journal.model import JournalError

        chain = made.certificate.chain
        entries = await journal.read(chain.project)
        if not entries and not database:
            return _unverified()
        reports: dict[str, bytes | None] = {}
        for run in chain.runs:
            try:
                kept = await journal.document(run.sha256)
            except JournalError:
                reports[run.sha256] = b""
            else:
                reports[run.sha256] = kept.content if kept is not None else None
        return (*verifying.of_journal(content, made, entries), *verifying.of_reports(made, reports))

    return with_journal(database, work)


def _unverified() -> tuple[Found, ...]:
    """Nobody named a register, and the one at hand, if any, does not have the project."""
    from recette.certificates.verifying import Found
    from sas_kernel.text import Text

    text = Text(
        "Aucun registre ici pour ce projet : journal et exécutions non vérifiés (--database-url).",
        "No register here for this project: journal and runs not verified (--database-url).",
    )
    return (Found("journal", None, text),)


def _tell(found: tuple[Found, ...], format_: str, lang: str) -> None:
    import json

    if format_ == "json":
        rows = [
            {"id": each.id, "holds": each.holds, "text": {"fr": each.text.fr, "en": each.text.en}} for each in found
        ]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    from recette.reports import words

    marks = {True: "✓", False: "✗", None: "–"}
    for each in found:
        typer.echo(f"{marks[each.holds]} {words.visible(each.text.to(lang))}")


def _beside(file: Path, name: str) -> bytes | None:
    """A page in the folder of the JSON; a name that leads elsewhere is not followed."""
    path = file.parent / name
    if Path(name).name != name or not path.is_file():
        return None
    return _read(path)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror or error}") from None


def _save(path: Path, content: str) -> None:
    try:
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror or error}", param_hint="--out") from None
