"""`anomaly notify`, `acknowledge`, …: what people do to anomalies."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from recette.cli.options import SETTINGS, said
from recette.cli.project_options import (
    AtOption,
    ClockOption,
    PartyOption,
    ProjectArgument,
    RegisterOption,
    WhoOption,
    WhyOption,
    move,
    with_journal,
)
from recette.journal.model import Draft, Party
from recette.model import Severity
from sas_kernel.text import Text

if TYPE_CHECKING:
    from recette.journal.model import Entry
    from recette.journal.repository import Journal
    from recette.projects.book import Book
    from recette.register.model import Anomaly
    from recette.register.moves import Move

anomaly_app = typer.Typer(
    no_args_is_help=True,
    help=said(
        "Le registre des anomalies (convention, art. 6 et 8.2). Codes : 0 fait, 2 refusé, et le message dit pourquoi.",
        "The register of anomalies (agreement, art. 6 and 8.2). Exit codes: 0 done, 2 refused, and it says why.",
    ),
)
workaround_app = typer.Typer(no_args_is_help=True, help=said("Le contournement.", "The workaround."))
plan_app = typer.Typer(no_args_is_help=True, help=said("Le plan de remédiation.", "The remediation plan."))
anomaly_app.add_typer(workaround_app, name="workaround")
anomaly_app.add_typer(plan_app, name="plan")

IdsArgument = Annotated[list[str], typer.Argument(metavar="ANOMALY…", help="A-0001 A-0002")]
SeverityOption = Annotated[str, typer.Option("--severity", help="blocking, major, minor")]
AgreedOption = Annotated[
    str,
    typer.Option("--agreed-with", help=said("Qui l’accepte pour l’autre partie.", "Who agrees for the other party.")),
]
DueOnOption = Annotated[
    str, typer.Option("--due-on", metavar="AAAA-MM-JJ", help=said("Échéance du plan.", "When the plan is due."))
]
VersionOption = Annotated[str, typer.Option("--version", help=said("La version livrée.", "The version delivered."))]


@anomaly_app.command(
    help=said("Note qu’elles ont été notifiées à l’éditeur.", "Record that the editor was notified of them.")
)
def notify(
    project: ProjectArgument,
    ids: IdsArgument,
    at: AtOption = "",
    party: PartyOption = Party.ANS,
    who: WhoOption = "",
    why: WhyOption = "",
    clock: ClockOption = "",
    database: RegisterOption = "",
) -> None:
    from recette.register import moves

    _do(project, ids, moves.notify, (who, party, why, at, clock), database)


@anomaly_app.command(help=said("Note que l’éditeur les prend en compte.", "Record that the editor acknowledges them."))
def acknowledge(
    project: ProjectArgument,
    ids: IdsArgument,
    at: AtOption = "",
    party: PartyOption = Party.EDITOR,
    who: WhoOption = "",
    why: WhyOption = "",
    clock: ClockOption = "",
    database: RegisterOption = "",
) -> None:
    from recette.register import moves

    _do(project, ids, moves.acknowledge, (who, party, why, at, clock), database)


@anomaly_app.command(
    help=said(
        "Dit la gravité selon une partie ; elle tient quand l’autre dit la même.",
        "Say the severity a party sees; it holds once the other says the same.",
    )
)
def qualify(
    project: ProjectArgument,
    ids: IdsArgument,
    severity: SeverityOption,
    party: PartyOption,
    at: AtOption = "",
    who: WhoOption = "",
    why: WhyOption = "",
    clock: ClockOption = "",
    database: RegisterOption = "",
) -> None:
    from recette.register import moves

    chosen = severity_of(severity)
    make = partial(moves.qualify, severity=chosen)
    _do(project, ids, make, (who, party, why, at, clock), database)


@workaround_app.command("propose", help=said("Propose un contournement (--why).", "Propose a workaround (--why)."))
def propose_workaround(
    project: ProjectArgument,
    ids: IdsArgument,
    why: WhyOption,
    at: AtOption = "",
    party: PartyOption = Party.EDITOR,
    who: WhoOption = "",
    clock: ClockOption = "",
    database: RegisterOption = "",
) -> None:
    from recette.register import moves

    _do(project, ids, moves.propose_workaround, (who, party, why, at, clock), database)


@workaround_app.command("validate", help=said("L’ANS valide le contournement.", "The ANS validates the workaround."))
def validate_workaround(
    project: ProjectArgument,
    ids: IdsArgument,
    at: AtOption = "",
    party: PartyOption = Party.ANS,
    who: WhoOption = "",
    why: WhyOption = "",
    clock: ClockOption = "",
    database: RegisterOption = "",
) -> None:
    from recette.register import moves

    _do(project, ids, moves.validate_workaround, (who, party, why, at, clock), database)


@plan_app.command("propose", help=said("Propose un plan (--why, --due-on).", "Propose a plan (--why, --due-on)."))
def propose_plan(
    project: ProjectArgument,
    ids: IdsArgument,
    why: WhyOption,
    due_on: DueOnOption,
    at: AtOption = "",
    party: PartyOption = Party.EDITOR,
    who: WhoOption = "",
    clock: ClockOption = "",
    database: RegisterOption = "",
) -> None:
    from recette.register import moves

    day = _day(due_on)
    make = partial(moves.propose_plan, due_on=day)
    _do(project, ids, make, (who, party, why, at, clock), database)


@plan_app.command("validate", help=said("Une partie valide le plan.", "A party validates the plan."))
def validate_plan(
    project: ProjectArgument,
    ids: IdsArgument,
    party: PartyOption,
    at: AtOption = "",
    who: WhoOption = "",
    why: WhyOption = "",
    clock: ClockOption = "",
    database: RegisterOption = "",
) -> None:
    from recette.register import moves

    _do(project, ids, moves.validate_plan, (who, party, why, at, clock), database)


@anomaly_app.command(
    help=said(
        "Suspend leur délai, par accord des deux parties (--why, --agreed-with).",
        "Pause their deadline, both parties agreeing (--why, --agreed-with).",
    )
)
def pause(
    project: ProjectArgument,
    ids: IdsArgument,
    why: WhyOption,
    agreed_with: AgreedOption,
    party: PartyOption,
    at: AtOption = "",
    who: WhoOption = "",
    clock: ClockOption = "",
    database: RegisterOption = "",
) -> None:
    from recette.register import moves

    make = partial(moves.pause, agreed_with=agreed_with)
    _do(project, ids, make, (who, party, why, at, clock), database, allowed=_pauses_are_known)


@anomaly_app.command(help=said("Reprend leur délai.", "Resume their deadline."))
def resume(
    project: ProjectArgument,
    ids: IdsArgument,
    party: PartyOption,
    at: AtOption = "",
    who: WhoOption = "",
    why: WhyOption = "",
    clock: ClockOption = "",
    database: RegisterOption = "",
) -> None:
    from recette.register import moves

    _do(project, ids, moves.resume, (who, party, why, at, clock), database)


@anomaly_app.command(
    help=said(
        "Note que leur correction est livrée ; l’exécution suivante la vérifie.",
        "Record that their correction is delivered; the next run verifies it.",
    )
)
def deliver(
    project: ProjectArgument,
    ids: IdsArgument,
    version: VersionOption = "",
    at: AtOption = "",
    party: PartyOption = Party.EDITOR,
    who: WhoOption = "",
    why: WhyOption = "",
    clock: ClockOption = "",
    database: RegisterOption = "",
) -> None:
    from recette.register import moves

    make = partial(moves.deliver, version=version)
    _do(project, ids, make, (who, party, why, at, clock), database)


@anomaly_app.command(
    help=said(
        "Les écarte : les deux parties disent que ce n’en sont pas (--why, --agreed-with).",
        "Withdraw them: both parties say that they are none (--why, --agreed-with).",
    )
)
def withdraw(
    project: ProjectArgument,
    ids: IdsArgument,
    why: WhyOption,
    agreed_with: AgreedOption,
    party: PartyOption,
    at: AtOption = "",
    who: WhoOption = "",
    clock: ClockOption = "",
    database: RegisterOption = "",
) -> None:
    from recette.register import moves

    make = partial(moves.withdraw, agreed_with=agreed_with)
    _do(project, ids, make, (who, party, why, at, clock), database)


@anomaly_app.command(help=said("Note quelque chose (--why).", "Note something (--why)."))
def note(
    project: ProjectArgument,
    ids: IdsArgument,
    why: WhyOption,
    party: PartyOption,
    at: AtOption = "",
    who: WhoOption = "",
    clock: ClockOption = "",
    database: RegisterOption = "",
) -> None:
    from recette.register import moves

    _do(project, ids, moves.note, (who, party, why, at, clock), database)


def _do(
    project: str,
    ids: list[str],
    make: Callable[[Anomaly, Move], Draft],
    given: tuple[str, Party, str, str, str],
    database: str,
    *,
    allowed: Callable[[Book], None] | None = None,
) -> None:
    """Do it to all of them or to none, and say what is due now. `given`: who, for whom, why, when, the clock."""
    from recette.cli import anomaly_telling
    from recette.projects import book
    from recette.register.conduct import act_on

    done, now = move(*given)

    def made(anomaly: Anomaly) -> Draft:
        return make(anomaly, done)

    async def work(journal: Journal) -> tuple[tuple[Entry, ...], Book]:
        if allowed is not None:
            allowed(await book.read(journal, project))
        written = await act_on(journal, project, ids, made, now)
        return written, await book.read(journal, project)

    entries, read = with_journal(database, work)
    touched = {entry.subject for entry in entries}
    lines = [line for line in anomaly_telling.lines(read, now) if line.anomaly.id in touched]
    for entry in entries:
        typer.echo(f"{entry.subject} {anomaly_telling.KINDS[entry.kind].to(SETTINGS.lang)}.")
    typer.echo(anomaly_telling.table(read, lines, SETTINGS.lang))


def _pauses_are_known(book: Book) -> None:
    from recette.register.model import RegisterError

    choice = book.agreement.choices.get("pause")
    if choice is not None and choice.value == "never":
        raise RegisterError(
            Text(
                "Ce projet exclut les suspensions de délai (choix « pause = never », art. {a}).",
                "This project rules pauses out (choice 'pause = never', art. {a}).",
            ).format(a=choice.article)
        )


def severity_of(written: str) -> Severity:
    """The severity that an option names."""
    try:
        return Severity(written.upper())
    except ValueError:
        raise typer.BadParameter(
            said("attendu : blocking, major ou minor", "expected blocking, major or minor"), param_hint="--severity"
        ) from None


def _day(written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise typer.BadParameter(
            said("attendu : un jour, par exemple 2026-06-30", "expected a day, for example 2026-06-30"),
            param_hint="--due-on",
        ) from None
