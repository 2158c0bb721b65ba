"""`phase`: the phases of a project, their doors, and what people decide about them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recette.cli.options import SETTINGS, LangOption, said
from recette.cli.project_options import (
    AtOption,
    ClockOption,
    Layout,
    LayoutOption,
    PartyOption,
    ProjectArgument,
    RegisterOption,
    WhoOption,
    WhyOption,
    move,
    present,
    with_journal,
)
from recette.journal.model import Party
from recette.model import ExitCode
from recette.projects.model import Outcome, PhaseId

if TYPE_CHECKING:
    from recette.journal.model import Entry
    from recette.journal.repository import Journal

app = typer.Typer()
phase_app = typer.Typer(
    no_args_is_help=True,
    help=said("Les phases d’un projet et ce qui permet de les clore.", "The phases of a project and their doors."),
)
app.add_typer(phase_app, name="phase")

PhaseArgument = Annotated[PhaseId, typer.Argument(metavar="PHASE", help=", ".join(PhaseId))]
OutcomeOption = Annotated[
    Outcome, typer.Option("--outcome", help=said("Ce que les parties décident.", "What the parties decide."))
]
PvOption = Annotated[
    Path | None,
    typer.Option(
        "--pv",
        exists=True,
        dir_okay=False,
        help=said("Le procès-verbal signé, gardé au registre.", "The signed certificate, kept in the register."),
    ),
]
_MEDIA = {".pdf": "application/pdf", ".html": "text/html", ".json": "application/json"}
_UNKNOWN_MEDIA = "application/octet-stream"


@phase_app.command(
    help=said(
        "Montre la frise des phases : termes et règles, prolongations, à qui d’agir, droits ouverts.",
        "Show the timeline of phases: ends and rules, prolongations, whose turn it is, open rights.",
    )
)
def status(
    project: ProjectArgument,
    clock: ClockOption = "",
    database: RegisterOption = "",
    layout: LayoutOption = Layout.CONSOLE,
    lang: LangOption = SETTINGS.lang,
) -> None:
    from recette.cli import phase_telling
    from recette.cli.standings import standing_of
    from recette.projects import acts, book, doors, timeline

    now = present(clock)

    async def told(journal: Journal) -> str:
        read = await book.read(journal, project)
        standing = await standing_of(database, read, now)
        lines = timeline.timeline(read)
        turn, open_rights = acts.acts(read, now, standing), doors.rights(read, now, standing)
        if layout is Layout.JSON:
            return phase_telling.written(phase_telling.status_document(read, lines, turn, open_rights, now))
        return phase_telling.status(read, lines, turn, open_rights, now, lang)

    typer.echo(with_journal(database, told))


@phase_app.command(
    "can-close",
    help=said(
        "Dit si une phase peut être validée, sinon exactement ce qui manque. Codes : 0 oui, 1 non.",
        "Say whether a phase can be validated, else exactly what is missing. Exit codes: 0 yes, 1 no.",
    ),
)
def can_close(
    project: ProjectArgument,
    phase: PhaseArgument,
    clock: ClockOption = "",
    database: RegisterOption = "",
    layout: LayoutOption = Layout.CONSOLE,
    lang: LangOption = SETTINGS.lang,
) -> None:
    from recette.cli import phase_telling
    from recette.cli.standings import standing_of
    from recette.projects import book, doors

    now = present(clock)

    async def told(journal: Journal) -> tuple[str, bool]:
        read = await book.read(journal, project)
        standing = await standing_of(database, read, now)
        door, open_rights = doors.door(read, phase, now, standing), doors.rights(read, now, standing)
        if layout is Layout.JSON:
            return phase_telling.written(phase_telling.door_document(read, door, open_rights)), door.can_close
        return phase_telling.opening(read, door, open_rights, lang), door.can_close

    text, opens = with_journal(database, told)
    typer.echo(text)
    raise typer.Exit(ExitCode.ACCEPTED if opens else ExitCode.REFUSED)


@phase_app.command("open", help=said("Ouvre la phase suivante.", "Open the next phase."))
def open_(
    project: ProjectArgument,
    phase: PhaseArgument,
    at: AtOption = "",
    who: WhoOption = "",
    party: PartyOption = Party.ANS,
    why: WhyOption = "",
    clock: ClockOption = "",
    database: RegisterOption = "",
    lang: LangOption = SETTINGS.lang,
) -> None:
    from recette.projects import conduct
    from sas_kernel.text import Text

    done, now = move(who, party, why, at, clock)
    with_journal(database, lambda journal: conduct.open_phase(journal, project, phase, done, now=now))
    typer.echo(Text("Phase « {p} » ouverte.", "Phase '{p}' opened.").to(lang).format(p=phase.value))


@phase_app.command(
    help=said(
        "Prolonge la recette (art. 6) ou la réparation d’un manquement (breach-repair, art. 14), par accord des deux "
        "parties.",
        "Extend the acceptance phase (art. 6) or the repair of a breach (breach-repair, art. 14), if both agree.",
    )
)
def extend(
    project: ProjectArgument,
    what: Annotated[str, typer.Argument(metavar="PHASE", help="recette, breach-repair")],
    until: Annotated[str, typer.Option("--until", metavar="DATE", help=said("Jusqu’à ce jour.", "Until this day."))],
    agreed: Annotated[
        list[str] | None,
        typer.Option(
            "--agreed",
            metavar="PARTY=NAME",
            help=said("Qui l’accepte : ans=… et editor=….", "Who agrees: ans=… and editor=…."),
        ),
    ] = None,
    at: AtOption = "",
    who: WhoOption = "",
    party: PartyOption = Party.ANS,
    why: WhyOption = "",
    clock: ClockOption = "",
    database: RegisterOption = "",
    lang: LangOption = SETTINGS.lang,
) -> None:
    from datetime import date

    from recette.cli.project_particulars import by_party
    from recette.projects import conduct
    from sas_kernel.text import Text

    try:
        last = date.fromisoformat(until)
    except ValueError:
        raise typer.BadParameter(
            said("attendu : une date, par exemple 2026-08-31", "expected a date, for example 2026-08-31"),
            param_hint="--until",
        ) from None
    names = by_party(agreed, "--agreed")
    done, now = move(who, party, why, at, clock)
    with_journal(database, lambda journal: conduct.extend_phase(journal, project, what, last, names, done, now=now))
    typer.echo(Text("« {w} » prolongé jusqu’au {d}.", "'{w}' extended to {d}.").to(lang).format(w=what, d=last))


@phase_app.command(
    help=said(
        "Clôt une phase comme les parties l’ont décidé. Valider quand il manque quelque chose est refusé (code 1).",
        "Close a phase as the parties decided. To validate while something is missing is refused (exit code 1).",
    )
)
def close(
    project: ProjectArgument,
    phase: PhaseArgument,
    outcome: OutcomeOption,
    pv: PvOption = None,
    at: AtOption = "",
    who: WhoOption = "",
    party: PartyOption = Party.ANS,
    why: WhyOption = "",
    clock: ClockOption = "",
    database: RegisterOption = "",
    lang: LangOption = SETTINGS.lang,
) -> None:
    from recette.cli.standings import standing_of
    from recette.projects import book, conduct
    from recette.projects.model import ShutDoorError
    from recette.projects.words import OUTCOMES
    from sas_kernel.text import Text

    done, now = move(who, party, why, at, clock)
    content = pv.read_bytes() if pv is not None else None
    media_type = _MEDIA.get(pv.suffix.lower(), _UNKNOWN_MEDIA) if pv is not None else ""

    async def closed(journal: Journal) -> tuple[Entry, ...]:
        standing = await standing_of(database, await book.read(journal, project), done.at)
        sha256 = await journal.keep(content, media_type, now) if content is not None else ""
        return await conduct.close_phase(
            journal, project, phase, outcome, done, now=now, standing=standing, certificate=sha256
        )

    try:
        with_journal(database, closed)
    except ShutDoorError as shut:
        typer.echo(shut.text.to(lang), err=True)
        raise typer.Exit(ExitCode.REFUSED) from None
    text = Text("Phase « {p} » {outcome}.", "Phase '{p}' {outcome}.").format(p=phase.value, outcome=OUTCOMES[outcome])
    typer.echo(text.to(lang))


@phase_app.command(
    help=said(
        "Note ce qui a été montré : connectivity, exchanges, tests-summary, test-book, review:SCÉNARIO.",
        "Record what was shown: connectivity, exchanges, tests-summary, test-book, review:SCENARIO.",
    )
)
def shown(
    project: ProjectArgument,
    what: Annotated[str, typer.Argument(metavar="WHAT", help="connectivity, exchanges, …")],
    at: AtOption = "",
    who: WhoOption = "",
    party: PartyOption = Party.ANS,
    why: WhyOption = "",
    clock: ClockOption = "",
    database: RegisterOption = "",
    lang: LangOption = SETTINGS.lang,
) -> None:
    from recette.projects import conduct
    from sas_kernel.text import Text

    done, now = move(who, party, why, at, clock)
    with_journal(database, lambda journal: conduct.show(journal, project, what, done, now=now))
    typer.echo(Text("« {w} » noté.", "'{w}' recorded.").to(lang).format(w=what))
