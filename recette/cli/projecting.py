"""`project`: who, what and under which agreement; dated events, maintenance, suspension, and the journal itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from recette.cli import project_particulars as given
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
    instant,
    move,
    with_journal,
)
from recette.journal.model import Party
from recette.model import ExitCode

if TYPE_CHECKING:
    from recette.journal.model import Entry
    from recette.journal.repository import Journal
    from recette.monitoring.model import Standing

app = typer.Typer()
project_app = typer.Typer(
    no_args_is_help=True,
    help=said(
        "Les projets : un éditeur, une interface, un environnement.",
        "Projects: an editor, an interface, an environment.",
    ),
)
app.add_typer(project_app, name="project")


@project_app.command("open", help=said("Ouvre un projet.", "Open a project."))
def open_(
    project: ProjectArgument,
    editor: given.EditorOption = "",
    interface: given.InterfaceOption = "",
    environment: given.EnvironmentOption = "",
    agreement: given.AgreementOption = "",
    use_case: given.UseCaseOption = None,
    flows: given.FlowsOption = None,
    changes: given.SetOption = None,
    contacts: given.ContactOption = None,
    signatories: given.SignatoryOption = None,
    product: given.ProductOption = "",
    version: given.VersionOption = "",
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

    told = given.particulars(
        editor, interface, environment, agreement, use_case, flows, changes, contacts, signatories, product, version
    )
    done, now = move(who, party, why, at, clock)
    with_journal(database, lambda journal: conduct.open_project(journal, project, told, done, now=now))
    typer.echo(Text("Projet « {p} » ouvert.", "Project '{p}' opened.").to(lang).format(p=project))


@project_app.command("set", help=said("Change ce qui est dit d’un projet.", "Change what is said of a project."))
def set_(
    project: ProjectArgument,
    editor: given.EditorOption = "",
    interface: given.InterfaceOption = "",
    environment: given.EnvironmentOption = "",
    agreement: given.AgreementOption = "",
    use_case: given.UseCaseOption = None,
    flows: given.FlowsOption = None,
    changes: given.SetOption = None,
    contacts: given.ContactOption = None,
    signatories: given.SignatoryOption = None,
    product: given.ProductOption = "",
    version: given.VersionOption = "",
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

    told = given.particulars(
        editor, interface, environment, agreement, use_case, flows, changes, contacts, signatories, product, version
    )
    done, now = move(who, party, why, at, clock)
    with_journal(database, lambda journal: conduct.change_project(journal, project, told, done, now=now))
    typer.echo(Text("Projet « {p} » modifié.", "Project '{p}' changed.").to(lang).format(p=project))


@project_app.command(
    help=said(
        "Date un événement : signature, specifications, delivery, breach-notice, breach-repaired, termination-notice, "
        "terminated, suspension-requested.",
        "Date an event: signature, specifications, delivery, breach-notice, breach-repaired, termination-notice, "
        "terminated, suspension-requested.",
    )
)
def milestone(
    project: ProjectArgument,
    name: Annotated[str, typer.Argument(metavar="EVENT", help="signature, delivery, …")],
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
    with_journal(database, lambda journal: conduct.milestone(journal, project, name, done, now=now))
    typer.echo(Text("« {n} » daté.", "'{n}' dated.").to(lang).format(n=name))


@project_app.command(
    help=said(
        "Annonce une interruption planifiée, que la disponibilité ne compte pas.",
        "Announce a planned interruption, which availability does not count.",
    )
)
def maintenance(
    project: ProjectArgument,
    start: Annotated[str, typer.Option("--from", metavar="INSTANT", help=said("Début.", "Start."))],
    end: Annotated[str, typer.Option("--to", metavar="INSTANT", help=said("Fin.", "End."))],
    at: AtOption = "",
    who: WhoOption = "",
    party: PartyOption = Party.EDITOR,
    why: WhyOption = "",
    clock: ClockOption = "",
    database: RegisterOption = "",
    lang: LangOption = SETTINGS.lang,
) -> None:
    from recette.projects import conduct
    from sas_kernel.text import Text

    begin, stop = instant(start, "--from"), instant(end, "--to")
    done, now = move(who, party, why, at, clock)
    with_journal(database, lambda journal: conduct.maintenance(journal, project, begin, stop, done, now=now))
    typer.echo(Text("Maintenance annoncée.", "Maintenance announced.").to(lang))


@project_app.command(
    help=said(
        "Note que l’ANS a arrêté la transmission des données, et les droits qu’elle en avait.",
        "Record that the ANS stopped the transmission of data, and the rights it had to.",
    )
)
def suspend(
    project: ProjectArgument,
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
    from sas_kernel.text import Text

    done, now = move(who, party, why, at, clock)

    async def suspended(journal: Journal) -> tuple[Entry, ...]:
        standing: Standing | None = await standing_of(database, await book.read(journal, project), done.at)
        return await conduct.suspend(journal, project, done, now=now, standing=standing)

    (entry,) = with_journal(database, suspended)
    rights = ", ".join(entry.payload["rights"]) or "—"
    typer.echo(Text("Arrêt noté ; droits : {r}.", "Stop recorded; rights: {r}.").to(lang).format(r=rights))


@project_app.command(help=said("Note que les données sont de nouveau transmises.", "Record that data flow again."))
def resume(
    project: ProjectArgument,
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
    with_journal(database, lambda journal: conduct.resume(journal, project, done, now=now))
    typer.echo(Text("Reprise notée.", "Resumption recorded.").to(lang))


@project_app.command("list", help=said("Liste les projets.", "List the projects."))
def list_projects(
    database: RegisterOption = "", layout: LayoutOption = Layout.CONSOLE, lang: LangOption = SETTINGS.lang
) -> None:
    from recette.cli import project_telling

    typer.echo(project_telling.listed(with_journal(database, project_telling.read_all), layout, lang))


@project_app.command(help=said("Montre un projet.", "Show a project."))
def show(
    project: ProjectArgument,
    database: RegisterOption = "",
    layout: LayoutOption = Layout.CONSOLE,
    lang: LangOption = SETTINGS.lang,
) -> None:
    from recette.cli import project_telling
    from recette.projects import book

    read = with_journal(database, lambda journal: book.read(journal, project))
    typer.echo(project_telling.shown(read, layout, lang))


@project_app.command(help=said("Montre toutes les écritures du journal.", "Show every entry of the journal."))
def history(
    project: ProjectArgument,
    database: RegisterOption = "",
    layout: LayoutOption = Layout.CONSOLE,
    lang: LangOption = SETTINGS.lang,
) -> None:
    from recette.cli import project_telling

    entries = with_journal(database, lambda journal: journal.read(project))
    if not entries:
        raise project_telling.unknown(project)
    typer.echo(project_telling.history(entries, layout, lang))


@project_app.command(
    help=said(
        "Vérifie la chaîne du journal et les documents qu’il nomme. Codes : 0 intacts, 1 altérés.",
        "Verify the chain of the journal and the documents it names. Exit codes: 0 intact, 1 altered.",
    )
)
def verify(project: ProjectArgument, database: RegisterOption = "", lang: LangOption = SETTINGS.lang) -> None:
    from recette.cli import project_telling

    text, intact = with_journal(database, lambda journal: project_telling.verified(journal, project))
    typer.echo(text.to(lang))
    raise typer.Exit(ExitCode.ACCEPTED if intact else ExitCode.REFUSED)
