"""`certificate`: the procès-verbaux of a project, their signature, and whether they are what was issued."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypedDict

import typer

from recette.cli import attesting, issued
from recette.cli import project_particulars as particulars
from recette.cli.options import SETTINGS, LangOption, said
from recette.cli.project_options import ClockOption, ProjectArgument, RegisterOption, WhoOption, WhyOption
from recette.journal.model import Party

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recette.certificates.issuing import Files
    from recette.certificates.model import CertificateError
    from recette.journal.repository import Journal
    from recette.model import Requirement
    from recette.monitoring.model import Standing
    from recette.projects.book import Book
    from recette.projects.model import Contact, Outcome, PhaseId
    from sas_kernel.text import Lang

app = typer.Typer()
certificate_app = typer.Typer(
    no_args_is_help=True,
    help=said(
        "Procès-verbaux de recette, de mise en service et de VSR : l’outil propose, les parties décident.",
        "Certificates of acceptance, go-live and regular service: the tool proposes, the parties decide.",
    ),
)
app.add_typer(certificate_app, name="certificate")
certificate_app.add_typer(attesting.app)
certificate_app.add_typer(issued.app)


class Decision(StrEnum):
    """What people may decide."""

    VALIDATED = "validated"
    VALIDATED_WITH_RESERVES = "validated-with-reserves"
    REFUSED = "refused"


class _Given(TypedDict):
    """What a proposal and an issue are both made from."""

    decision: Outcome | None
    signatories: dict[Party, Contact]
    requirements: Iterable[Requirement]
    standing: Standing | None


_MOST_SAID = 12
"""How many of the things that are missing the console tells; the page has them all."""
_FORMATS = ("html", "pdf", "json")
DecisionOption = Annotated[
    Decision | None,
    typer.Option(
        "--decision",
        help=said(
            "Ce que les parties décident ; sans elle, le document porte la proposition de l’outil.",
            "What the parties decide; without it the document bears the tool’s proposal.",
        ),
    ),
]
IssueOption = Annotated[
    bool,
    typer.Option(
        "--issue",
        help=said(
            "Émet : numéro, documents conservés, entrée au journal. Sans elle, un projet filigrané.",
            "Issue it: number, documents kept, entry in the journal. Without it, a watermarked draft.",
        ),
    ),
]
FormatOption = Annotated[
    str,
    typer.Option("--format", help=said("html, pdf, json, séparés par des virgules.", "html, pdf, json, by commas.")),
]
OutOption = Annotated[Path, typer.Option("--out", help=said("Dossier des fichiers.", "Folder of the files."))]


def _command(kind: str, help_fr: str, help_en: str) -> None:
    @certificate_app.command(kind, help=said(help_fr, help_en))
    def make(
        project: ProjectArgument,
        decision: DecisionOption = None,
        issue: IssueOption = False,
        signatories: particulars.SignatoryOption = None,
        why: WhyOption = "",
        who: WhoOption = "",
        format_: FormatOption = "html,pdf,json",
        out: OutOption = Path("recette-out"),
        database: RegisterOption = "",
        clock: ClockOption = "",
        lang: LangOption = SETTINGS.lang,
    ) -> None:
        from recette.cli.project_options import name_of, present, with_journal
        from recette.projects.model import Outcome, PhaseId

        wanted = _formats(format_)
        people = particulars.people(signatories, "--signatory")
        decided = Outcome(decision.value) if decision is not None else None
        now = present(clock)
        writer = name_of(who) if issue else who or SETTINGS.who
        phase = PhaseId(kind)

        async def work(journal: Journal) -> Files:
            from recette.certificates import issuing
            from recette.certificates.proposing import propose
            from recette.engine import requirements
            from recette.projects import book as books

            book = await books.read(journal, project)
            given: _Given = {
                "decision": decided,
                "signatories": people,
                "requirements": requirements.load().values(),
                "standing": await _standing(database, book, phase, now),
            }
            if issue:
                return await issuing.issue(journal, project, phase, who=writer, now=now, why=why, lang=lang, **given)
            return issuing.files(propose(book, phase, now, decided_by=writer, **given), lang)

        _make(out)
        made = with_journal(database, work)
        paths = _write(made, wanted, out)
        _tell(made, paths, lang)


_command("recette", "Procès-verbal de recette, article 6.", "Acceptance certificate, article 6.")
_command("mise-en-service", "Procès-verbal de mise en service, article 7.", "Go-live certificate, article 7.")
_command("vsr", "Procès-verbal de VSR, article 8.1.", "Regular-service verification certificate, article 8.1.")


async def _standing(url: str, book: Book, kind: PhaseId, now: datetime) -> Standing | None:
    """How the service stood over the VSR, up to its closing where it is closed."""
    from recette.certificates.proposing import as_judged
    from recette.cli.standings import standing_of
    from recette.projects.model import PhaseId

    if kind is not PhaseId.VSR:
        return None
    judged, at, _ = as_judged(book, kind, now)
    return await standing_of(url, judged, at)


def _formats(written: str) -> tuple[str, ...]:
    wanted = tuple(dict.fromkeys(part.strip() for part in written.split(",") if part.strip()))
    if not wanted or not set(wanted) <= set(_FORMATS):
        raise typer.BadParameter(said("attendu : html, pdf, json", "expected: html, pdf, json"), param_hint="--format")
    return wanted


def _make(out: Path) -> None:
    """The folder, before anything is issued that could then not be written there."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(out, error) from error


def _write(made: Files, wanted: Iterable[str], out: Path) -> list[Path]:
    paths = []
    try:
        for ending in wanted:
            path = out / f"{made.name}.{ending}"
            path.write_bytes(made.content[ending])
            paths.append(path)
    except OSError as error:
        raise _unwritable(out, error) from error
    return paths


def _unwritable(out: Path, error: OSError) -> CertificateError:
    from recette.certificates.model import CertificateError
    from sas_kernel.text import Text

    return CertificateError(
        Text("{out} ne s’écrit pas : {why}.", "{out} cannot be written: {why}.").format(
            out=out, why=error.strerror or error
        )
    )


def _tell(made: Files, paths: Iterable[Path], lang: Lang) -> None:
    from recette.certificates import wording

    certificate = made.certificate
    outcomes = wording.OUTCOMES[certificate.kind]
    typer.echo(f"{wording.TITLES[certificate.kind].to(lang)} {certificate.number or said('(projet)', '(draft)')}")
    if certificate.decision is not None:
        typer.echo(said("Décision : ", "Decision: ") + outcomes[certificate.decision].to(lang))
    typer.echo(said("Proposition de l’outil : ", "Proposal of the tool: ") + outcomes[certificate.proposal].to(lang))
    for missing in certificate.missing[:_MOST_SAID]:
        typer.echo(f"  - {missing.text.to(lang)} (art. {missing.article})")
    if len(certificate.missing) > _MOST_SAID:
        typer.echo(said("  - et {n} autres", "  - and {n} more").format(n=len(certificate.missing) - _MOST_SAID))
    for path in paths:
        typer.echo(f"→ {path}")
    if certificate.number:
        typer.echo(f"SHA-256 (json) {made.sha256('json')}")
