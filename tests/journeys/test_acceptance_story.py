"""The whole of an acceptance, as the command line tells it: from the first run to the last certificate.

Every date is computed by hand beside the command it follows from, with the agreement in hand and a calendar of 2027:
Easter Monday is 29 March, Ascension Thursday 6 May, Whit Monday 17 May; clocks go forward in the night of 28 March.
The agenda and its faults are real, on a socket; mail goes through a real server; the watch is drawn, two months of it.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from recette import cli
from recette.cli import mailing
from recette.model import ExitCode
from recette.monitoring import repository
from recette.settings import Settings
from recette.simulation.model import Service
from recette.simulation.service import samples
from sas_kernel.clock import PARIS
from tests.journeys.acceptance_agenda import agenda, target

PROJECT = "agenda-essai"
ANS, EDITOR = "camille@ans.example.org", "dominique@agenda.example.org"


@dataclass
class Postbox:
    """The editor’s mail server."""

    taken: list[bytes] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.taken.append(envelope.content)
        return "250 OK"


@dataclass
class Told:
    code: int
    out: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Story:
    """Says things at instants, and reads what is answered."""

    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    folder: Path
    port: int
    editor: Postbox

    @property
    def database(self) -> str:
        return f"sqlite:///{self.folder / 'register.sqlite'}"

    def at(self, clock: str, *arguments: str, code: int = ExitCode.ACCEPTED) -> Told:
        """`recette ARGUMENTS` with this clock, which has to end with this exit code."""
        said = ("recette", *arguments, "--clock", clock, "--database-url", self.database)
        self.monkeypatch.setattr("sys.argv", list(said))
        ended = 0
        try:
            cli.main()
        except SystemExit as leaving:
            ended = int(leaving.code or 0)
        told = self.capsys.readouterr()
        assert ended == code, f"{' '.join(arguments)}: {ended}\n{told.out}\n{told.err}"
        return Told(ended, told.out)

    def run(self, clock: str, *faults: str, code: int) -> None:
        """Judge the agenda as it is that day, and record the run."""
        with agenda(self.port, faults, instant(clock)):
            self.at(clock, "run", "target.toml", "--project", PROJECT, "--format", "json", code=code)

    def reply(self, clock: str) -> None:
        """The editor answers the last notification, and the ANS reads the answer."""
        notified = message_from_bytes(self.editor.taken[-1])
        answer = EmailMessage(policy=WIRE)
        answer["Received"] = f"from mx.agenda.example.org by mx.ans.example.org; {rfc5322(clock)}"
        answer["From"], answer["To"] = f"Dominique Essai <{EDITOR}>", ANS
        answer["Date"], answer["Message-ID"] = rfc5322(clock), f"<{clock.replace(':', '')}@agenda.example.org>"
        answer["Subject"] = "RE: " + str(notified["Subject"]).replace("\n", "")
        answer["In-Reply-To"] = answer["References"] = str(notified["Message-ID"])
        answer.set_content("Bien reçu, nous prenons en compte.\n")
        (self.folder / "reply.eml").write_bytes(answer.as_bytes())
        self.at(clock, "mail", "ingest", PROJECT, "reply.eml")

    def dues(self, clock: str) -> dict[tuple[str, str], str]:
        """What is due of each anomaly at an instant, as machines read it."""
        rows = self.at(clock, "anomaly", "list", PROJECT, "--format", "json").json
        return {(row["id"], due["matter"]): due["due_at"] for row in rows["anomalies"] for due in row["dues"]}

    def watch(self, start: str, end: str) -> None:
        """What a watch would have measured every ten minutes, the choice of this project."""
        first, last, every = instant(start), instant(end), timedelta(minutes=10)
        taken = list(samples(Service(), first, last, interval=every, seed=7, first=first))

        async def keep() -> None:
            async with repository.opened(self.database) as kept:
                await kept.add(PROJECT, taken)

        asyncio.run(keep())


def instant(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=PARIS)


def rfc5322(written: str) -> str:
    return instant(written).strftime("%a, %d %b %Y %H:%M:%S %z")


@pytest.fixture
def story(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Iterator[Story]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CI", "1")
    ports = []
    for _ in range(2):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            ports.append(probe.getsockname()[1])
    editor = Postbox()
    server = Controller(editor, hostname="127.0.0.1", port=ports[1])
    monkeypatch.setattr(mailing, "SETTINGS", Settings(smtp_url=f"smtp://127.0.0.1:{ports[1]}", who="Camille Orfelin"))
    for module in ("project_options",):
        monkeypatch.setattr(f"recette.cli.{module}.SETTINGS", Settings(who="Camille Orfelin"))
    (tmp_path / "target.toml").write_text(target(f"http://127.0.0.1:{ports[0]}/fhir"), encoding="utf-8")
    server.start()
    try:
        yield Story(monkeypatch, capsys, tmp_path, ports[0], editor)
    finally:
        server.stop()


def test_from_the_first_run_to_the_certificate_of_regular_service(story: Story) -> None:
    at = story.at

    # --- Framing and development -------------------------------------------------------------------------------------
    at(
        "2026-12-01T10:00",
        *("project", "open", PROJECT, "--editor", "Éditeur d’essai", "--environment", "recette"),
        *("--use-case", "availability", "--set", "watch_interval=600"),
        *("--contact", f"ans=Camille Orfelin <{ANS}>", "--contact", f"editor=Dominique Essai <{EDITOR}>"),
    )
    at("2026-12-01T10:00", "phase", "open", PROJECT, "cadrage")
    at("2026-12-01T10:00", "project", "milestone", PROJECT, "signature")
    at("2026-12-01T11:00", "phase", "close", PROJECT, "cadrage", "--outcome", "validated")
    at("2026-12-01T11:00", "phase", "open", PROJECT, "developpement")
    at("2027-01-11T09:00", "project", "milestone", PROJECT, "delivery", "--for", "editor")
    at("2027-01-11T09:30", "phase", "close", PROJECT, "developpement", "--outcome", "validated")
    at("2027-01-11T10:00", "phase", "open", PROJECT, "recette")

    # --- The first run finds a blocking, a major and a minor anomaly -------------------------------------------------
    story.run("2027-01-14T10:00", "busy-leaked", "total-wrong", "no-self-link", code=ExitCode.REFUSED)
    print(story.at("2027-01-14T11:00", "anomaly", "list", PROJECT, "--format", "json").out)
    at("2027-01-15T18:30", "mail", "notify", PROJECT, "--all-open")
    story.reply("2027-01-19T09:10")
    print(story.at("2027-01-19T11:00", "anomaly", "list", PROJECT, "--format", "json").out)
    assert 0
