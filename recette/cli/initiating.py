"""`init`: a target file and its statement of applicability, from answers."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recette import __version__
from recette.cli.options import SETTINGS, said
from recette.model import ExitCode
from sas_kernel.errors import SasError
from sas_kernel.text import Text

if TYPE_CHECKING:
    from recette.engine.questions import Question, Value

app = typer.Typer()


@app.command(
    help=said(
        "Écrit le fichier de cible en posant des questions, et la déclaration d’applicabilité à côté.",
        "Write the target file by asking questions, and the statement of applicability beside it.",
    )
)
def init(
    file: Annotated[Path, typer.Argument(metavar="TARGET.toml")] = Path("target.toml"),
    answers: Annotated[
        Path | None,
        typer.Option(
            "--answers",
            metavar="FILE",
            help=said(
                "Réponses : un fichier de cible, entier ou non (TOML ou JSON).",
                "Answers: a target file, whole or in part (TOML or JSON).",
            ),
        ),
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help=said("Une réponse (répétable).", "An answer (repeatable).")),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help=said("Prend les réponses proposées.", "Take the proposed answers."))
    ] = False,
    force: Annotated[bool, typer.Option("--force", help=said("Remplace les fichiers.", "Replace the files."))] = False,
    probe: Annotated[
        bool,
        typer.Option(
            "--probe",
            help=said("Demande /metadata à la cible pour proposer.", "Ask the target's /metadata to propose answers."),
        ),
    ] = False,
) -> None:
    from recette import catalogue
    from recette.engine import applicability, questions, requirements, target_file
    from recette.reports import applicability as rendering

    paths = (file, file.with_suffix(".applicability.md"), file.with_suffix(".applicability.json"))
    _require_writable(paths, force)
    known = questions.of_document(_read(answers)) if answers is not None else {}
    known.update(_given(given or ()))
    proposed: dict[str, Value] = {}
    while (question := questions.next_question(known)) is not None:
        if probe and known.get("target.base_url"):
            proposed, probe = _probed(str(known["target.base_url"])), False
        known[question.key] = _answer(question, proposed.get(question.key, question.default), yes)
    described = questions.described(known)
    document = questions.document(known)
    lang = SETTINGS.lang
    stated = applicability.state(
        described,
        requirements.load().values(),
        catalogue.scenarios((), None),
        rule_set=requirements.rule_set(),
        tool_version=__version__,
    )
    contents = (
        target_file.toml(document, questions.comments(known, lang)),
        rendering.to_markdown(stated, lang),
        rendering.to_json(stated),
    )
    _write(dict(zip(paths, contents, strict=True)), secret=questions.has_secret(known))
    for path in paths:
        typer.echo(str(path))
    typer.echo(said("Ensuite : recette run {f}", "Next: recette run {f}").format(f=file))


def _require_writable(paths: tuple[Path, ...], force: bool) -> None:
    there = [str(path) for path in paths if path.exists()]
    if there and not force:
        raise SasError(
            Text(
                "Déjà là : {f}. Donnez un autre nom, ou --force pour remplacer.",
                "Already there: {f}. Give another name, or --force to replace.",
            ).format(f=", ".join(there))
        )
    if not paths[0].parent.is_dir():
        raise SasError(
            Text("Le dossier « {d} » n’existe pas.", "The folder '{d}' does not exist.").format(d=paths[0].parent)
        )


def _read(path: Path) -> dict[str, object]:
    import json
    import tomllib

    try:
        text = path.read_text(encoding="utf-8")
        read = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise SasError(
            Text("« {f} » n’est pas lisible : {e}.", "'{f}' cannot be read: {e}.").format(f=path, e=error)
        ) from error
    if not isinstance(read, dict):
        raise SasError(Text("« {f} » n’est pas un objet JSON.", "'{f}' is no JSON object.").format(f=path))
    return read


def _given(pairs: list[str] | tuple[()]) -> dict[str, Value]:
    from recette.engine import questions

    found: dict[str, Value] = {}
    for pair in pairs:
        key, equals, typed = pair.partition("=")
        if not equals:
            raise typer.BadParameter(said("attendu : CLÉ=VALEUR", "expected KEY=VALUE"), param_hint="--set")
        question = questions.question(key.strip())
        found[question.key] = questions.understood(question, typed)
        questions.require(question, found[question.key])
    return found


def _answer(question: Question, default: Value, yes: bool) -> Value:
    """The default where it is wanted and there is one; else what somebody types, asked again until it is right."""
    from recette.engine import questions

    if yes and (default is not None or not question.required):
        return default
    if not sys.stdin.isatty():
        raise questions.missing(question)
    typer.echo(f"\n{question.help.to(SETTINGS.lang)}")
    while True:
        typed = _prompted(question, default)
        try:
            value = questions.understood(question, typed)
            questions.require(question, value)
        except SasError as error:
            typer.echo(error.text.to(SETTINGS.lang), err=True)
        else:
            return value


def _prompted(question: Question, default: Value) -> str:
    title = question.title.to(SETTINGS.lang)
    if question.choices:
        title += f" ({', '.join(question.choices)})"
    try:
        typed: str = typer.prompt(
            title, default=_shown(default), show_default=default is not None, hide_input=question.kind.value == "secret"
        )
    except typer.Abort:
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    # A dash answers "none" where an empty line would take the proposed answer.
    return "" if typed.strip() == "-" else typed


def _shown(default: Value) -> str:
    if default is None:
        return ""
    if isinstance(default, bool):
        return said("oui", "yes") if default else said("non", "no")
    if isinstance(default, list):
        return ", ".join(default)
    return f"{default:g}" if isinstance(default, float) else str(default)


def _probed(base_url: str) -> dict[str, Value]:
    """What the target says of itself, when it answers; a sentence when it does not."""
    import asyncio
    import json

    from recette.drivers.http import HttpDriver
    from recette.engine import questions
    from sas_kernel.clock import SystemClock
    from sas_kit.http import HttpLimits, new_client

    async def fetched() -> bytes | None:
        async with new_client() as client:
            limits = HttpLimits(connect=5.0, answer=7.0, max_bytes=4 * 1024 * 1024)
            driver = HttpDriver(client, base_url.rstrip("/"), limits=limits, clock=SystemClock())
            exchange = await driver.send("/metadata", headers=(("Accept", "application/fhir+json"),))
            return exchange.response.body if exchange.response is not None else None

    body = asyncio.run(fetched())
    try:
        found = questions.proposals(json.loads(body)) if body is not None else {}
    except (ValueError, RecursionError):
        found = {}
    if not found:
        sentence = said(
            "{u}/metadata ne dit rien d’utile : rien n’est proposé de plus.",
            "{u}/metadata says nothing of use: no more is proposed.",
        )
        typer.echo(sentence.format(u=base_url), err=True)
    return found


def _write(contents: dict[Path, str], *, secret: bool) -> None:
    """All of them or, when one cannot be written, none. A file with passwords is its owner's only."""
    import os
    import tempfile

    with ExitStack() as undone:
        ready: list[tuple[Path, Path]] = []
        try:
            for position, (path, content) in enumerate(contents.items()):
                handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
                undone.callback(Path(name).unlink, missing_ok=True)
                with os.fdopen(handle, "w", encoding="utf-8") as stream:
                    stream.write(content)
                if position or not secret:
                    Path(name).chmod(0o644)
                ready.append((Path(name), path))
            for temporary, path in ready:
                temporary.replace(path)
        except (OSError, UnicodeEncodeError) as error:
            raise SasError(Text("Rien n’a été écrit : {e}.", "Nothing was written: {e}.").format(e=error)) from error
