"""`service-report`: how a watched service stood over a month, for people and for machines."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recette import __version__
from recette.cli.options import SETTINGS, LangOption, OutOption, said
from recette.cli.project_options import (
    ClockOption,
    ProjectArgument,
    RegisterOption,
    WhoOption,
    database_url,
    instant,
    name_of,
    present,
    with_journal,
)
from recette.model import ExitCode
from sas_kernel.errors import SasError
from sas_kernel.text import Lang, Text

if TYPE_CHECKING:
    from recette.journal.repository import Journal
    from recette.monitoring.service_report import ServiceReport
    from recette.projects.book import Book

app = typer.Typer()

_CHOICES = ("availability", "watch_interval", "unavailable")


@app.command(
    "service-report",
    help=said(
        "Rapport de service d’un mois : disponibilité, temps de réponse, interruptions. Codes : 0 conforme, "
        "3 indécis, 4 niveau non tenu.",
        "Service report of a month: availability, response times, outages. Exit codes: 0 conforming, 3 undecided, "
        "4 a level is broken.",
    ),
)
def service_report(
    project: ProjectArgument,
    month: Annotated[
        str,
        typer.Option(
            "--month", metavar="YYYY-MM", help=said("Le mois (défaut : celui qui court).", "Default: the current one.")
        ),
    ] = "",
    from_: Annotated[
        str, typer.Option("--from", metavar="INSTANT", help=said("Depuis cet instant.", "From this instant on."))
    ] = "",
    to: Annotated[
        str, typer.Option("--to", metavar="INSTANT", help=said("Jusqu’à cet instant.", "Up to this instant."))
    ] = "",
    out: OutOption = Path("service-report"),
    record: Annotated[
        bool,
        typer.Option(
            "--record",
            help=said("Garde le rapport et l’inscrit au journal.", "Keep the report and write it to the journal."),
        ),
    ] = False,
    format_: Annotated[str, typer.Option("--format", help="console, json")] = "console",
    who: WhoOption = "",
    url: RegisterOption = "",
    clock: ClockOption = "",
    lang: LangOption = SETTINGS.lang,
) -> None:
    from recette.monitoring import document, html

    if format_ not in {"console", "json"}:
        raise typer.BadParameter(said("attendu : console ou json", "expected console or json"), param_hint="--format")
    if month and (from_ or to):
        raise typer.BadParameter(
            said("--month, ou --from et --to", "either --month, or --from and --to"), param_hint="--month"
        )
    if bool(from_) != bool(to):
        raise typer.BadParameter(said("--from et --to vont ensemble", "--from and --to go together"), param_hint="--to")
    now = present(clock)
    by = name_of(who) if record else ""

    async def work(journal: Journal) -> tuple[ServiceReport, bytes, str]:
        from recette.projects import book

        read = await book.read(journal, project)
        start, end = _period(read, month, from_, to, now)
        report = await _report(database_url(url), read, start, end, now)
        twin = (json.dumps(document.of(report), ensure_ascii=False, indent=2) + "\n").encode()
        sha256 = await _recorded(journal, read, report, twin, by, now) if record else ""
        return report, twin, sha256

    report, twin, sha256 = with_journal(url, work)
    page = html.render(report, _titles(), lang)
    paths = _write(out, {"service-report.html": page.encode(), "service-report.json": twin})
    if format_ == "json":
        typer.echo(twin.decode(), nl=False)
    else:
        typer.echo(_summary(report, lang))
        for path in paths:
            typer.echo(f"  {path}")
        if sha256:
            typer.echo(said("Inscrit au journal : {h}", "Written to the journal: {h}").format(h=sha256))
    raise typer.Exit(_exit_code(report))


def _period(book: Book, month: str, from_: str, to: str, now: datetime) -> tuple[datetime, datetime]:
    """In UTC, up to now at the latest: what has not passed is not watched yet."""
    from recette.monitoring import periods

    zone = book.agreement.zone
    if from_:
        start, end = instant(from_, "--from").astimezone(UTC), instant(to, "--to").astimezone(UTC)
    else:
        start, end = periods.month(month or periods.month_of(now, zone), zone)
    end = min(end, now.astimezone(UTC))
    if start >= end:
        raise typer.BadParameter(
            said(
                "cette période n’a pas commencé, ou finit avant de commencer", "this period has not begun, or is empty"
            ),
            param_hint="--from" if from_ else "--month",
        )
    return start, end


async def _report(url: str, book: Book, start: datetime, end: datetime, now: datetime) -> ServiceReport:
    from recette.monitoring import reading, service_report, standing
    from recette.monitoring.repository import opened
    from sas_kernel.contracts import service_levels

    project, agreement = book.project, book.agreement
    flows = {flow.value for flow in project.flows}
    levels = {id: level for id, level in service_levels().items() if not flows or id.partition(".")[0] in flows}
    async with opened(url) as samples:
        kept = await reading.samples_of(samples, project.id, agreement, start, end)
    about = service_report.About(
        project=project.id,
        editor=project.editor,
        interface=project.interface,
        environment=project.environment,
        agreement=agreement.name,
        zone=agreement.zone,
        choices=tuple(agreement.choices[key] for key in _CHOICES if key in agreement.choices),
    )
    return service_report.made(
        about,
        kept,
        start,
        end,
        maintenance=project.maintenance,
        promise=standing.promised(agreement),
        levels=levels,
        now=now,
        tool_version=__version__,
    )


async def _recorded(journal: Journal, book: Book, report: ServiceReport, twin: bytes, who: str, now: datetime) -> str:
    """Keep the JSON twin and name it in the journal; its SHA-256."""
    from recette.journal.model import Draft, Kind, Party

    sha256 = await journal.keep(twin, "application/json", now)
    standing = report.standing
    payload = {
        "sha256": sha256,
        "start": standing.start.isoformat(),
        "end": standing.end.isoformat(),
        "availability": standing.availability,
        "promised_availability": standing.promised_availability,
        "downtime": standing.downtime.total_seconds(),
        "budget_left": standing.budget_left.total_seconds(),
        "samples": standing.samples,
        "levels": {level.level: level.holds for level in standing.levels},
        "conforms": standing.conforms,
    }
    draft = Draft(
        Kind.SERVICE_REPORTED, f"{standing.start.astimezone(report.zone):%Y-%m}", now, who, Party.TOOL, "", payload
    )
    await journal.append(book.project.id, (draft,), now)
    return sha256


def _titles() -> dict[str, Text]:
    """What checks and scenarios are about, by their ids."""
    from recette import catalogue
    from recette.monitoring import rounds

    scenarios = catalogue.scenarios(())
    checks = {check.id: check.title for scenario in scenarios for check in scenario.checks}
    return {**checks, rounds.ANSWERS.id: rounds.ANSWERS.title, **{each.id: each.title for each in scenarios}}


def _write(out: Path, files: dict[str, bytes]) -> list[Path]:
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (out / name).write_bytes(content)
    except OSError as error:
        raise SasError(
            Text("« {out} » ne peut pas être écrit : {e}.", "'{out}' cannot be written: {e}.").format(out=out, e=error)
        ) from error
    return [out / name for name in files]


def _summary(report: ServiceReport, lang: Lang) -> str:
    from recette.monitoring import words

    standing = report.standing
    text = Text(
        "{period} : disponible {part} du temps surveillé ({promised} promis), "
        "indisponible {down}, budget restant {left}.",
        "{period}: available {part} of the time watched ({promised} promised), down {down}, budget left {left}.",
    )
    return text.to(lang).format(
        period=words.period(report, lang),
        part=words.part(standing.availability, lang),
        promised=words.part(standing.promised_availability, lang),
        down=words.duration(standing.downtime, lang),
        left=words.duration(standing.budget_left, lang),
    )


def _exit_code(report: ServiceReport) -> ExitCode:
    if report.standing.conforms is None:
        return ExitCode.INCONCLUSIVE
    return ExitCode.ACCEPTED if report.standing.conforms else ExitCode.SERVICE_LEVEL_BROKEN
