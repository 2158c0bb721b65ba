"""`mail`: what is written to the editor, and what comes back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recette.cli.mail_telling import document, is_turned_away, messages, told
from recette.cli.options import SETTINGS, LangOption, said
from recette.cli.project_options import (
    ClockOption,
    Layout,
    LayoutOption,
    ProjectArgument,
    RegisterOption,
    WhoOption,
    name_of,
    present,
    with_journal,
)
from recette.model import ExitCode

if TYPE_CHECKING:
    from recette.journal.repository import Journal
    from recette.mail.conduct import Send
    from recette.mail.model import Outcome, Posted

app = typer.Typer()
mail_app = typer.Typer(
    no_args_is_help=True,
    help=said(
        "Les courriels de l’article 8.2 : notification, rappels, accusés de réception.",
        "The e-mails of article 8.2: notification, reminders, acknowledgements.",
    ),
)
app.add_typer(mail_app, name="mail")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}

DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help=said("Montre le message sans l’envoyer.", "Print the message, send nothing."))
]
CopyOption = Annotated[
    list[str] | None,
    typer.Option("--copy", metavar="ADDRESS", help=said("En copie (répétable).", "Who gets a copy (repeatable).")),
]


@mail_app.command(
    help=said(
        "Notifie des anomalies à l’éditeur, en un seul courriel (serveur : RECETTE_SMTP_URL).",
        "Notify the editor of anomalies, in one e-mail (server: RECETTE_SMTP_URL).",
    )
)
def notify(
    project: ProjectArgument,
    anomalies: Annotated[
        list[str] | None, typer.Argument(metavar="[A-0001 …]", help=said("Les anomalies.", "The anomalies."))
    ] = None,
    all_open: Annotated[
        bool,
        typer.Option(
            "--all-open",
            help=said("Toutes celles qui restent à notifier.", "All that are left to be notified."),
        ),
    ] = False,
    copy: CopyOption = None,
    dry_run: DryRunOption = False,
    who: WhoOption = "",
    clock: ClockOption = "",
    database_url: RegisterOption = "",
    layout: LayoutOption = Layout.CONSOLE,
    lang: LangOption = SETTINGS.lang,
) -> None:
    from recette.mail import conduct

    if bool(anomalies) == all_open:
        raise typer.BadParameter(said("nommez des anomalies, ou --all-open", "name anomalies, or --all-open"))
    named, send = name_of(who), _send(dry_run)

    async def work(journal: Journal) -> Posted:
        return await conduct.notify(
            journal,
            project,
            anomalies or (),
            clock=lambda: present(clock),
            who=named,
            lang=lang,
            send=send,
            copies=copy or (),
        )

    typer.echo(told(with_journal(database_url, work), layout, lang), nl=False)


@mail_app.command(
    help=said(
        "Rappelle à l’éditeur ce qui échoit bientôt ou est échu ; une fois avant, une fois après.",
        "Remind the editor of what falls due soon or is overdue; once before, once after.",
    )
)
def remind(
    project: ProjectArgument,
    before: Annotated[
        str, typer.Option("--before", metavar="1d", help=said("Avance : 12h, 1d, 1w.", "Ahead: 12h, 1d, 1w."))
    ] = "1d",
    copy: CopyOption = None,
    dry_run: DryRunOption = False,
    who: WhoOption = "",
    clock: ClockOption = "",
    database_url: RegisterOption = "",
    layout: LayoutOption = Layout.CONSOLE,
    lang: LangOption = SETTINGS.lang,
) -> None:
    from recette.mail import conduct

    named, send, ahead = name_of(who), _send(dry_run), _duration(before)

    async def work(journal: Journal) -> Posted | None:
        return await conduct.remind(
            journal,
            project,
            ahead,
            clock=lambda: present(clock),
            who=named,
            lang=lang,
            send=send,
            copies=copy or (),
        )

    posted = with_journal(database_url, work)
    if posted is None:
        typer.echo("null" if layout is Layout.JSON else said("Rien à rappeler.", "Nothing to remind of."))
    else:
        typer.echo(told(posted, layout, lang), nl=False)


@mail_app.command(
    help=said(
        "Lit des messages reçus : un .eml, un Maildir ou « - » ; la réponse de l’éditeur vaut prise en compte.",
        "Read messages that came: an .eml, a Maildir or '-'; the editor’s reply acknowledges.",
    )
)
def ingest(
    project: ProjectArgument,
    source: Annotated[str, typer.Argument(metavar="FILE.eml|MAILDIR|-", help=said("Où les lire.", "Where they are."))],
    clock: ClockOption = "",
    database_url: RegisterOption = "",
    layout: LayoutOption = Layout.CONSOLE,
    lang: LangOption = SETTINGS.lang,
) -> None:
    import json

    from recette.mail import conduct

    async def work(journal: Journal) -> list[tuple[str, Outcome]]:
        return [
            (name, await conduct.ingest(journal, project, content, clock=lambda: present(clock)))
            for name, content in messages(source)
        ]

    found = with_journal(database_url, work)
    if layout is Layout.JSON:
        rows = [{"message": name, **document(outcome)} for name, outcome in found]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        for name, outcome in found:
            typer.echo(f"{name}{said(' : ', ': ')}{outcome.text.to(lang)}")
    if any(is_turned_away(outcome, alone=not Path(source).is_dir()) for _, outcome in found):
        raise typer.Exit(ExitCode.REFUSED)


@mail_app.command(
    help=said(
        "Reçoit sur cette machine les courriels adressés à l’ANS, et les lit aussitôt (démonstrations, CI).",
        "Receive on this machine the e-mails written to the ANS, and read them at once (demos, CI).",
    )
)
def serve(
    project: ProjectArgument,
    listen: Annotated[str, typer.Option("--listen", metavar="HOST:PORT")] = "127.0.0.1:2525",
    count: Annotated[
        int, typer.Option("--count", min=0, help=said("S’arrête après tant de messages.", "Stop after that many."))
    ] = 0,
    clock: ClockOption = "",
    database_url: RegisterOption = "",
    lang: LangOption = SETTINGS.lang,
) -> None:
    import asyncio

    from recette.journal.model import Party
    from recette.mail import conduct, receiving
    from recette.mail.messages import correspondents
    from recette.projects import book as books

    host, port = _loopback(listen)

    async def work(journal: Journal) -> None:
        book = await books.read(journal, project)
        correspondents(book.project)  # says which address is missing before anything listens
        address = book.project.contacts[Party.ANS].email
        done, left = asyncio.Event(), count

        async def take(content: bytes) -> Outcome:
            nonlocal left
            outcome = await conduct.ingest(journal, project, content, clock=lambda: present(clock), arrived=True)
            typer.echo(outcome.text.to(lang))
            left -= 1
            if left == 0:
                done.set()
            return outcome

        async with receiving.serving(host, port, frozenset({address}), take, lambda: present(clock)) as bound:
            typer.echo(
                said(
                    "Reçoit le courrier de {a} sur {h}:{p} (Ctrl-C pour finir).", "Receives mail of {a} at {h}:{p}."
                ).format(a=address, h=host, p=bound)
            )
            await done.wait()

    with_journal(database_url, work)


def _send(dry_run: bool) -> Send | None:
    """What sends, to the server that the environment names; its URL may hold a password and is never shown."""
    from functools import partial

    from recette.mail import smtp

    if dry_run:
        return None
    if not SETTINGS.smtp_url:
        raise typer.BadParameter(
            said(
                "RECETTE_SMTP_URL ne nomme aucun serveur (smtps://utilisateur:motdepasse@hote:465), ou --dry-run",
                "RECETTE_SMTP_URL names no server (smtps://user:password@host:465), or --dry-run",
            )
        )
    return partial(smtp.send, smtp.server(SETTINGS.smtp_url))


def _duration(written: str) -> timedelta:
    number, unit = written[:-1], written[-1:]
    if unit not in _UNITS or not number.isdecimal() or len(number) > 4:
        raise typer.BadParameter(said("attendu : 12h, 1d ou 1w", "expected 12h, 1d or 1w"), param_hint="--before")
    return timedelta(**{_UNITS[unit]: int(number)})


def _loopback(listen: str) -> tuple[str, int]:
    from recette.mail.smtp import is_loopback

    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    if not port.isdecimal() or int(port) > 65535 or not is_loopback(host):
        raise typer.BadParameter(
            said("attendu : une adresse de cette machine, 127.0.0.1:2525", "expected this machine, 127.0.0.1:2525"),
            param_hint="--listen",
        )
    return host, int(port)
