"""`record`, `anomaly list`, `anomaly show`: runs in the register, and what the register holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recette.cli import calendar, exchanging, moving
from recette.cli.moving import anomaly_app
from recette.cli.options import SETTINGS, LangOption, said
from recette.cli.project_options import (
    ClockOption,
    ProjectArgument,
    RegisterOption,
    WhoOption,
    database_url,
    name_of,
    present,
    with_journal,
)
from recette.journal.model import Kind
from recette.model import Severity
from sas_kernel.errors import SasError

if TYPE_CHECKING:
    from recette.cli.anomaly_telling import Line, Sight
    from recette.journal.repository import Journal
    from recette.model import Listener, RunReport
    from recette.projects.book import Book
    from recette.register.conduct import Recorded
    from sas_kernel.clock import Clock

app = typer.Typer()
app.add_typer(anomaly_app, name="anomaly")
anomaly_app.add_typer(exchanging.exchange_app)
anomaly_app.add_typer(calendar.calendar_app)


class Table(StrEnum):
    """For people, or for machines."""

    TABLE = "table"
    JSON = "json"


TableOption = Annotated[Table, typer.Option("--format", help=said("Présentation.", "Layout."))]
ForceOption = Annotated[
    bool,
    typer.Option(
        "--force", help=said("Même si la cible n’est plus la même.", "Even though the target is another than before.")
    ),
]
RecordInOption = Annotated[
    str,
    typer.Option(
        "--project",
        metavar="PROJECT",
        help=said(
            "Inscrit l’exécution au registre de ce projet ; le code de sortie reste le sien.",
            "Record the run in this project’s register; the exit code stays the run’s.",
        ),
    ),
]


@app.command(
    help=said(
        "Inscrit une exécution au registre d’un projet et en tire les anomalies ; deux fois n’ajoute rien.",
        "Record a run in a project’s register, and what follows for its anomalies; twice adds nothing.",
    )
)
def record(
    project: ProjectArgument,
    run: Annotated[Path, typer.Argument(metavar="RUN.json", help=said("Le rapport en JSON.", "The report in JSON."))],
    force: ForceOption = False,
    who: WhoOption = "",
    clock: ClockOption = "",
    database: RegisterOption = "",
) -> None:
    from recette.reports import json_report

    report = json_report.read(run)
    recorded(project, report, run.read_bytes(), who=name_of(who), now=present(clock), database=database, force=force)


def recorded(
    project: str, report: RunReport, content: bytes, *, who: str, now: datetime, database: str, force: bool = False
) -> None:
    """Record a run and say what became of the register."""
    from recette.register.conduct import record_run

    async def work(journal: Journal) -> Recorded:
        return await record_run(journal, project, report, content, who=who, now=now, force=force)

    _tell(with_journal(database, work))


@contextmanager
def followed(project: str, database: str) -> Iterator[tuple[Listener, ...]]:
    """While a run of a project is played, the dashboard is told how far it has come."""
    if not project:
        yield ()
        return
    from recette.dashboard.live import listener

    told = listener(database_url(database), project)
    try:
        yield (told,)
    finally:
        told.close()


def keeper(project: str, database: str, clock: Clock) -> Callable[[RunReport, Path], None] | None:
    """What records a run that is about to be played, from its JSON report; None without a project.

    That the project is there and somebody writes is seen before the run, for which an error comes too late: it is told
    then, with the command to record it by, and changes no exit code.
    """
    if not project:
        return None
    who = name_of("")

    async def look(journal: Journal) -> None:
        from recette.projects import book

        await book.read(journal, project)

    with_journal(database, look)

    def keep(report: RunReport, file: Path) -> None:
        try:
            recorded(project, report, file.read_bytes(), who=who, now=clock.now(), database=database)
        except SasError as error:
            typer.echo(error.text.to(SETTINGS.lang), err=True)
            text = said("Non inscrite ; ensuite : recette record {p} {f}", "Not recorded; then: recette record {p} {f}")
            typer.echo(text.format(p=project, f=file), err=True)

    return keep


def _tell(done: Recorded) -> None:
    if not done.is_new:
        text = said("Exécution {id} déjà inscrite : rien à ajouter.", "Run {id} is recorded already: nothing to add.")
        typer.echo(text.format(id=done.run.id))
        return
    typer.echo(said("Exécution {id} inscrite.", "Run {id} recorded.").format(id=done.run.id))
    for kind, text in (
        (Kind.ANOMALY_OPENED, said("Anomalies ouvertes", "Anomalies opened")),
        (Kind.ANOMALY_SEEN, said("Vues encore", "Seen again")),
        (Kind.ANOMALY_REOPENED, said("Rouvertes", "Re-opened")),
        (Kind.CORRECTION_VERIFIED, said("Corrections vérifiées", "Corrections verified")),
    ):
        _ids(text, done.anomalies(kind))
    gone = said("N’y sont plus, sans correction livrée", "Seen no more, though no correction was delivered")
    _ids(gone, done.gone)
    if done.run.excused:
        known = said("Déviations connues, notées sans ouvrir d’anomalie", "Known deviations, noted, no anomaly opened")
        _ids(known, tuple(sorted({found.requirement for found in done.run.excused})))


def _ids(text: str, ids: tuple[str, ...]) -> None:
    if ids:
        typer.echo(f"{text}{said(' :', ':')} {', '.join(ids)}")


@anomaly_app.command(
    "list",
    help=said(
        "Montre les anomalies, la première à échoir d’abord, avec ce qui reste de délai.",
        "Show the anomalies, the first to fall due first, with the time left.",
    ),
)
def list_anomalies(
    project: ProjectArgument,
    only_open: Annotated[bool, typer.Option("--open", help=said("Les ouvertes.", "Those open."))] = False,
    overdue: Annotated[bool, typer.Option("--overdue", help=said("Celles en retard.", "Those overdue."))] = False,
    severity: Annotated[
        list[str] | None,
        typer.Option("--severity", help=said("blocking, major, minor (répétable).", "blocking, … (repeatable).")),
    ] = None,
    layout: TableOption = Table.TABLE,
    clock: ClockOption = "",
    database: RegisterOption = "",
    lang: LangOption = SETTINGS.lang,
) -> None:
    from recette.cli import anomaly_telling
    from recette.projects import book

    wanted = {moving.severity_of(each) for each in severity or ()} or set(Severity)
    now = present(clock)

    async def work(journal: Journal) -> Book:
        return await book.read(journal, project)

    read = with_journal(database, work)
    found = [
        line
        for line in anomaly_telling.lines(read, now)
        if line.anomaly.severity in wanted
        and (line.anomaly.is_open or not only_open)
        and (line.is_overdue or not overdue)
    ]
    if layout is Table.JSON:
        typer.echo(anomaly_telling.listed_document(found, now))
    else:
        typer.echo(anomaly_telling.table(read, found, lang))


@anomaly_app.command(
    help=said(
        "Montre la vie d’une anomalie, ses échéances et leurs règles, et ses preuves.",
        "Show an anomaly’s life, its deadlines with their rules, and its evidence.",
    )
)
def show(
    project: ProjectArgument,
    anomaly: Annotated[str, typer.Argument(metavar="ANOMALY", help="A-0001")],
    layout: TableOption = Table.TABLE,
    clock: ClockOption = "",
    database: RegisterOption = "",
    lang: LangOption = SETTINGS.lang,
) -> None:
    from recette.cli import anomaly_telling
    from recette.projects import book

    now = present(clock)

    async def work(journal: Journal) -> tuple[Book, Line, list[Sight]]:
        read = await book.read(journal, project)
        found = read.register.find(anomaly)
        line = anomaly_telling.Line(found, read.dues_of(found, now))
        return read, line, await _seen(journal, read, line)

    read, line, seen = with_journal(database, work)
    if layout is Table.JSON:
        typer.echo(anomaly_telling.life_document(read, line, seen, now))
    else:
        typer.echo(anomaly_telling.life(read, line, seen, lang))


async def _seen(journal: Journal, book: Book, line: Line) -> list[Sight]:
    """What each run kept of it; a report that an older version wrote is told without its finding."""
    from recette.cli.anomaly_telling import Sight
    from recette.reports import curl, json_report

    found = []
    for run in book.runs:
        if run.id not in line.anomaly.runs:
            continue
        kept = await journal.document(run.sha256)
        try:
            report = json_report.loads(kept.content) if kept is not None else None
        except json_report.ReportFormatError:
            report = None
        finding = exchange = None
        if report is not None:
            finding = next((each for each in report.findings if each.identity == line.anomaly.identity), None)
            exchange = next((each for each in report.exchanges if finding and each.id == finding.exchange), None)
        found.append(Sight(run.id, run.finished_at, finding, curl.curl_line(exchange.request) if exchange else ""))
    return found
