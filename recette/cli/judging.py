"""`check`, `compare`: judging a saved answer, comparing two runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recette.cli.options import SETTINGS, LangOption, said
from recette.model import ExitCode
from sas_kernel.errors import SasError
from sas_kernel.text import Text

if TYPE_CHECKING:
    from recette.drivers.validators import AuthorityVerdict, Dialect, Question

app = typer.Typer()


@app.command(
    help=said(
        "Juge hors ligne une réponse enregistrée (« - » : entrée standard).",
        "Judge a saved answer offline ('-': standard input).",
    )
)
def check(
    file: Annotated[str, typer.Argument(metavar="FILE|-")],
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile",
            metavar="CANONICAL",
            help=said("Profil ; par défaut celui du type et de l’usage.", "Profile; by default that of type and use."),
        ),
    ] = None,
    ig_version: Annotated[
        str, typer.Option("--ig-version", help=said("Version du guide : 1.2.0, 1.1.0.", "Version of the guide."))
    ] = "1.2.0",
    ig: Annotated[
        Path | None,
        typer.Option(
            "--ig", metavar="PACKAGE.tgz", help=said("Paquet d’un guide FHIR en plus.", "A FHIR guide's package too.")
        ),
    ] = None,
    validator: Annotated[
        str | None,
        typer.Option("--validator", metavar="URL", help=said("Validateur externe en plus.", "External validator too.")),
    ] = None,
    dialect: Annotated[
        str, typer.Option("--validator-dialect", help="wrapper, validate, matchbox, gazelle")
    ] = "wrapper",
    format_: Annotated[str, typer.Option("--format", help="console, json")] = "console",
    lang: LangOption = SETTINGS.lang,
) -> None:
    from recette.checks import conformance
    from recette.drivers import validators
    from recette.engine import requirements
    from recette.profiles import facts
    from recette.profiles.checker import Checker
    from recette.reports import conformance as rendering

    renderers = {"console": rendering.to_console, "json": rendering.to_json}
    if format_ not in renderers:
        raise typer.BadParameter(said("attendu : console ou json", "expected console or json"), param_hint="--format")
    if dialect not in set(validators.Dialect):
        raise typer.BadParameter(
            said("attendu : {d}", "expected {d}").format(d=", ".join(validators.Dialect)),
            param_hint="--validator-dialect",
        )
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise SasError(
            Text("« {f} » n’est pas lisible : {e}.", "'{f}' cannot be read: {e}.").format(f=file, e=error)
        ) from error
    known = facts.load(ig_version) if ig is None else facts.with_package(facts.load(ig_version), ig)
    found = conformance.judge(content, Checker(known), requirements.load(), profile)
    authority = None
    if validator is not None and found.profile is not None:
        question = validators.Question(content.decode(), found.kind, found.profile, f"ans.fhir.fr.sas#{ig_version}")
        try:
            authority = _asked(validator, validators.Dialect(dialect), question)
        except validators.ValidatorError:
            typer.echo(renderers[format_](found, known.name, known.hash, requirements.rule_set(), None, lang))
            raise
    typer.echo(renderers[format_](found, known.name, known.hash, requirements.rule_set(), authority, lang))
    if not found.conforms:
        raise typer.Exit(ExitCode.REFUSED)


def _asked(url: str, dialect: Dialect, question: Question) -> AuthorityVerdict:
    import asyncio

    from recette.drivers import validators
    from sas_kit.http import new_client

    async def talk() -> AuthorityVerdict:
        async with new_client() as client:
            return await validators.ask(client, url, dialect, question)

    return asyncio.run(talk())


@app.command(
    help=said("Compare deux exécutions : nouveau, corrigé, inchangé.", "Compare two runs: new, fixed, unchanged.")
)
def compare(
    before: Annotated[Path, typer.Argument(metavar="A.json")],
    after: Annotated[Path, typer.Argument(metavar="B.json")],
    format_: Annotated[str, typer.Option("--format", help="console, md, json")] = "console",
    lang: LangOption = SETTINGS.lang,
) -> None:
    from recette.reports import compare as rendering
    from recette.reports import comparison, json_report

    renderers = {"console": rendering.to_console, "md": rendering.to_markdown, "json": rendering.to_json}
    if format_ not in renderers:
        raise typer.BadParameter(
            said("attendu : console, md ou json", "expected console, md or json"), param_hint="--format"
        )
    compared = comparison.compare(json_report.read(before), json_report.read(after))
    typer.echo(renderers[format_](compared, lang))
    raise typer.Exit(compared.exit_code)
