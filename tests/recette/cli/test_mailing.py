"""`recette mail` and `recette anomaly calendar`, as a user would call them. May 2026: Friday 22, Whit Monday 25."""

from __future__ import annotations

import asyncio
import json
import smtplib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import typer
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from click.testing import Result
from icalendar import Calendar
from typer.testing import CliRunner

from recette import cli
from recette.cli import mailing
from recette.drivers.services import free_port
from recette.journal.model import Draft, Kind
from recette.journal.repository import opened
from recette.mail.model import MailError, MailServerError
from recette.model import ExitCode
from recette.projects import book as books
from recette.projects.book import Book
from tests.recette.mail import replies
from tests.recette.mail.conftest import ANS, EDITOR, PROJECT, told_project

SENT = ("--clock", "2026-05-22T10:00", "--who", "Dominique Mirabel")


@dataclass
class Mailbox:
    """What the editor’s mail server took."""

    taken: list[bytes] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.taken.append(envelope.content)
        return "250 OK"


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A register on disk that holds the project of the other tests."""
    url = f"sqlite:///{tmp_path / 'register.sqlite'}"

    async def copy() -> None:
        memory = await told_project()
        async with opened(url) as journal:
            for each in memory.entries:
                draft = Draft(each.kind, each.subject, each.at, each.who, each.party, each.why, each.payload)
                await journal.append(PROJECT, [draft], each.recorded_at)

    asyncio.run(copy())
    return url


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    """A mail server that RECETTE_SMTP_URL names."""
    taken, port = Mailbox(), free_port()
    server = Controller(taken, hostname="127.0.0.1", port=port)
    server.start()
    monkeypatch.setattr(mailing, "SETTINGS", replace(mailing.SETTINGS, smtp_url=f"smtp://127.0.0.1:{port}"))
    yield taken
    server.stop()


def called(url: str, *arguments: str, **options: bytes) -> Result:
    return CliRunner().invoke(cli.app, [*arguments, "--database-url", url], catch_exceptions=True, **options)


def stands(url: str) -> Book:
    async def read() -> Book:
        async with opened(url) as journal:
            return await books.read(journal, PROJECT)

    return asyncio.run(read())


def test_the_whole_way_from_notification_to_acknowledgement(url: str, mailbox: Mailbox, tmp_path: Path) -> None:
    sent = called(url, "mail", "notify", PROJECT, "--all-open", *SENT, "--format", "json")
    assert sent.exit_code == 0, sent.output
    posted = json.loads(sent.output)
    assert (posted["recipient"], posted["anomalies"]) == (EDITOR, ["A-0001", "A-0002"])
    assert posted["message_id"].encode() in mailbox.taken[0]
    again = called(url, "mail", "notify", PROJECT, "A-0001", *SENT)
    assert isinstance(again.exception, MailError)
    assert len(mailbox.taken) == 1

    late = called(url, "mail", "remind", PROJECT, "--clock", "2026-05-26T10:00", "--who", "Dominique Mirabel")
    assert (late.exit_code, len(mailbox.taken)) == (0, 2)
    nothing = called(url, "mail", "remind", PROJECT, "--clock", "2026-05-26T10:01", "--who", "Dominique Mirabel")
    assert nothing.output == "Rien à rappeler.\n"

    answer = tmp_path / "reply.eml"
    answer.write_bytes(replies.reply(In_Reply_To=posted["message_id"]))
    clock = ("--clock", "2026-05-26T11:00")
    read = called(url, "mail", "ingest", PROJECT, str(answer), *clock)
    assert (read.exit_code, "A-0001, A-0002 : prise en compte" in read.output) == (0, True)
    before = stands(url)
    assert {each.acknowledged_at for each in before.register.open} == {replies.RECEIVED_AT}
    again = called(url, "mail", "ingest", PROJECT, "-", *clock, input=answer.read_bytes())
    assert "rien à écrire" in again.output
    assert stands(url).entries == before.entries


def test_a_maildir_is_read_whole_and_foreign_mail_in_it_is_no_failure(
    url: str, mailbox: Mailbox, tmp_path: Path
) -> None:
    called(url, "mail", "notify", PROJECT, "A-0001", *SENT)
    for folder in ("new", "cur", "tmp"):
        (tmp_path / folder).mkdir()
    subject = {"In_Reply_To": "", "References": "", "Subject": "[recette agenda-essai A-0001]"}
    (tmp_path / "new" / "1").write_bytes(replies.reply(**subject))
    (tmp_path / "cur" / "2:2,S").write_bytes(replies.reply(Subject="Menu", In_Reply_To="", References=""))
    (tmp_path / "tmp" / "3").write_bytes(b"unfinished")
    arguments = ("mail", "ingest", PROJECT, str(tmp_path), "--clock", "2026-05-22T11:00", "--format", "json")
    read = called(url, *arguments)
    rows = [(row["message"], row["disposition"], row["anomalies"]) for row in json.loads(read.output)]
    assert rows == [("1", "acknowledged", ["A-0001"]), ("2:2,S", "unrelated", [])]
    assert read.exit_code == 0
    (tmp_path / "new" / "4").write_bytes(replies.reply(**subject | {"From": "intrus@example.net"}))
    assert called(url, *arguments).exit_code == ExitCode.REFUSED


def test_a_dry_run_prints_the_message_and_needs_no_server(url: str) -> None:
    shown = called(url, "mail", "notify", PROJECT, "--all-open", "--dry-run", "--lang", "en", *SENT)
    assert shown.exit_code == 0
    assert shown.output.startswith("From: Dominique Mirabel <dominique@ans.example.org>\n")
    assert not [entry for entry in stands(url).entries if entry.kind is Kind.MAIL_SENT]


def test_what_comes_to_the_small_server_is_filed_at_once(
    url: str, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    called(url, "mail", "notify", PROJECT, "--all-open", *SENT)
    listening, said, port = threading.Event(), [], free_port()

    def echo(words: str) -> None:
        said.append(words)
        listening.set()

    def editor() -> None:
        assert listening.wait(20)
        with smtplib.SMTP("127.0.0.1", port, local_hostname="mx.agenda.example.org", timeout=5) as connection:
            connection.sendmail(EDITOR, [ANS], replies.reply(In_Reply_To="", References=""))

    monkeypatch.setattr(typer, "echo", echo)
    client = threading.Thread(target=editor)
    client.start()
    arguments = ("--listen", f"127.0.0.1:{port}", "--count", "1", "--clock", "2026-05-26T09:00")
    assert called(url, "mail", "serve", PROJECT, *arguments).exit_code == 0
    client.join()
    assert "prise en compte" in said[1]
    assert stands(url).register.find("A-0001").acknowledged_at is not None


def test_the_calendar_is_written_to_a_file_or_shown(url: str, mailbox: Mailbox, tmp_path: Path) -> None:
    called(url, "mail", "notify", PROJECT, "--all-open", *SENT)
    arguments = ("anomaly", "calendar", PROJECT, "--clock", "2026-05-22T11:00")
    shown = called(url, *arguments)
    assert called(url, *arguments, "--out", str(tmp_path / "dues.ics")).exit_code == 0
    content = (tmp_path / "dues.ics").read_bytes()
    # Of each anomaly the acknowledgement, and the correction that would follow from a silent editor.
    assert len(Calendar.from_ical(content).walk("VEVENT")) == 4
    assert content.decode().splitlines() == shown.output.splitlines()
    assert called(url, *arguments, "--out", str(tmp_path / "no" / "dues.ics")).exit_code == ExitCode.USAGE


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("notify", PROJECT, *SENT), "--all-open"),
        (("notify", PROJECT, "A-0001", "--all-open", *SENT), "--all-open"),
        (("notify", PROJECT, "A-0001", *SENT), "RECETTE_SMTP_URL"),
        (("remind", PROJECT, "--before", "demain", "--dry-run", *SENT), "12h, 1d"),
        (("ingest", PROJECT, "absent.eml"), "absent.eml"),
        (("serve", PROJECT, "--listen", "0.0.0.0:2525"), "127.0.0.1:2525"),
        (("serve", PROJECT, "--listen", "127.0.0.1"), "127.0.0.1:2525"),
    ],
)
def test_a_wrong_option_is_refused_with_what_to_write(arguments: tuple[str, ...], hint: str, tmp_path: Path) -> None:
    refused = called(f"sqlite:///{tmp_path / 'register.sqlite'}", "mail", *arguments)
    assert refused.exit_code == ExitCode.USAGE
    assert hint in refused.output


def test_a_mail_server_that_is_not_there_has_the_code_of_what_cannot_be_reached(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailing, "SETTINGS", replace(mailing.SETTINGS, smtp_url=f"smtp://127.0.0.1:{free_port()}"))
    failed = called(url, "mail", "notify", PROJECT, "--all-open", *SENT)
    assert isinstance(failed.exception, MailServerError)
    assert cli._exit_code(failed.exception) is ExitCode.UNREACHABLE
