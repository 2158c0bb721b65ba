"""The whole of an acceptance, as the command line tells it: from the first run to the last certificate.

Every date is computed by hand beside the command it follows from, with the agreement in hand and a calendar of 2027:
Easter Monday is 29 March, Ascension Thursday 6 May, Whit Monday 17 May; clocks go forward in the night of 28 March.
The agenda and its faults are real, on a socket; mail goes through a real server; the watch is drawn, two months of it.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator, Sequence
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
TIMED = ("slot_search.response_time_*",)
"""What takes long and is not what a correction is about."""
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
        return self.timeless(*arguments, "--clock", clock, code=code)

    def timeless(self, *arguments: str, code: int = ExitCode.ACCEPTED) -> Told:
        said = ("recette", *arguments, "--database-url", self.database)
        self.monkeypatch.setattr("sys.argv", list(said))
        ended = 0
        try:
            cli.main()
        except SystemExit as leaving:
            ended = int(leaving.code or 0)
        told = self.capsys.readouterr()
        assert ended == code, f"{' '.join(arguments)}: {ended}\n{told.out}\n{told.err}"
        return Told(ended, told.out)

    def run(self, clock: str, *faults: str, code: int, without: Sequence[str] = ()) -> None:
        """Judge the agenda as it is that day, and record the run; `without` some scenarios, where a part will do."""
        left_out = [f"--exclude={each}" for each in without]
        with agenda(self.port, faults, instant(clock)):
            self.at(clock, "run", "target.toml", "--project", PROJECT, "--format", "json", *left_out, code=code)

    def reply(self, clock: str) -> None:
        """The editor answers the last notification, and the ANS reads the answer."""
        notified = message_from_bytes(self.editor.taken[-1], policy=WIRE)
        answer = EmailMessage(policy=WIRE)
        answer["Received"] = f"from mx.agenda.example.org by mx.ans.example.org; {rfc5322(clock)}"
        answer["From"], answer["To"] = f"Dominique Essai <{EDITOR}>", ANS
        answer["Date"], answer["Message-ID"] = rfc5322(clock), f"<{clock.replace(':', '')}@agenda.example.org>"
        answer["Subject"] = f"RE: {notified['Subject']}"
        answer["In-Reply-To"] = answer["References"] = str(notified["Message-ID"])
        answer.set_content("Bien reçu, nous prenons en compte.\n")
        (self.folder / "reply.eml").write_bytes(answer.as_bytes())
        self.at(clock, "mail", "ingest", PROJECT, "reply.eml")

    def dues(self, clock: str) -> dict[tuple[str, str], str]:
        """What is due of each anomaly at an instant, as machines read it."""
        rows = self.at(clock, "anomaly", "list", PROJECT, "--format", "json").json
        return {(row["id"], due["matter"]): due["due_at"] for row in rows["anomalies"] for due in row["dues"]}

    def statuses(self, clock: str) -> dict[str, str]:
        rows = self.at(clock, "anomaly", "list", PROJECT, "--format", "json").json
        return {row["id"]: row["status"] for row in rows["anomalies"]}

    def status(self, clock: str) -> Any:
        return self.at(clock, "phase", "status", PROJECT, "--format", "json").json

    def phase(self, clock: str, id: str) -> Any:
        return next(line for line in self.status(clock)["timeline"] if line["phase"] == id)

    def certificate(self, clock: str, kind: str, number: str, decision: str) -> Any:
        """Issue the certificate of a closed phase: a page, a PDF, and their twin in JSON, which is returned."""
        self.at(clock, "certificate", kind, PROJECT, "--issue", "--out", "certificates")
        made = self.folder / "certificates" / f"{PROJECT}-{number}.fr"
        assert made.with_suffix(".fr.pdf").read_bytes().startswith(b"%PDF-")
        document = json.loads(made.with_suffix(".fr.json").read_text(encoding="utf-8"))["certificate"]
        assert document["decision"] == decision
        return document

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
    for module in ("project_options", "clocks"):
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
    # Article 6 sets no deadline in the recette; dates tell what article 8.2 would ask. Notified on Friday 15 January at
    # 18:30, after support has closed: received on Monday 18 at 9:00, one working day later is Tuesday 19, 18:00.
    at("2027-01-15T18:30", "mail", "notify", PROJECT, "--all-open")
    assert EDITOR in story.editor.taken[-1].decode()
    found = story.dues("2027-01-15T18:31")
    assert {due for (_, matter), due in found.items() if matter == "acknowledgement"} == {"2027-01-19T18:00:00+01:00"}
    # Acknowledged by mail on Tuesday 19 at 9:10. Blocking: 2 working days, Wednesday 20 and Thursday 21 January, 18:00.
    # Major: 14, of which 20-22 (3), 25-29 (8), 1-5 February (13), Monday 8 (14). Minor: 30 days, Thursday 18 February.
    story.reply("2027-01-19T09:10")
    found = story.dues("2027-01-19T11:00")
    assert found["A-0001", "correction"] == "2027-01-21T18:00:00+01:00"
    assert found["A-0002", "correction"] == "2027-02-08T18:00:00+01:00"
    assert found["A-0003", "correction"] == "2027-02-18T23:59:59+01:00"
    shut = at("2027-01-20T10:00", "phase", "can-close", PROJECT, "recette", "--format", "json", code=ExitCode.REFUSED)
    missing = [each for each in shut.json["missing"] if each["id"] == "anomaly"]
    assert [each["about"] for each in missing] == [["A-0001"], ["A-0002"], ["A-0003"]]
    # Two months of the delivery on Monday 11 January: Thursday 11 March, end of day.
    assert shut.json["planned_end"] == "2027-03-11T23:59:59+01:00"

    # --- Corrections come, a run verifies two, and the third becomes a réserve ---------------------------------------
    at("2027-01-21T16:00", "anomaly", "deliver", PROJECT, "A-0001", "--version", "4.1.1")
    at("2027-02-05T12:00", "anomaly", "deliver", PROJECT, "A-0002", "--version", "4.1.2")
    story.run("2027-02-08T10:00", "no-self-link", code=ExitCode.REFUSED)
    assert story.statuses("2027-02-08T11:00") == {
        "A-0001": "corrected",
        "A-0002": "corrected",
        "A-0003": "acknowledged",
    }
    why = ("--why", "La plateforme ne se sert pas de ce lien ; corrigé en 4.2.")
    at("2027-02-09T10:00", "anomaly", "workaround", "propose", PROJECT, "A-0003", *why)
    at("2027-02-09T10:00", "anomaly", "plan", "propose", PROJECT, "A-0003", "--due-on", "2027-04-30", *why)
    at("2027-02-10T10:00", "anomaly", "workaround", "validate", PROJECT, "A-0003")
    for party in ("ans", "editor"):
        at("2027-02-10T10:00", "anomaly", "plan", "validate", PROJECT, "A-0003", "--for", party)
    opened = at("2027-03-09T14:00", "phase", "can-close", PROJECT, "recette", "--format", "json").json
    assert (opened["proposal"], opened["reserves"]) == ("validated-with-reserves", ["A-0003"])
    at("2027-03-09T15:00", "phase", "close", PROJECT, "recette", "--outcome", "validated-with-reserves")
    story.certificate("2027-03-09T15:30", "recette", "PV-R-2027-0001", "validated-with-reserves")

    # --- Go-live: two weeks of Tuesday 9 March, Tuesday 23 -----------------------------------------------------------
    at("2027-03-09T16:00", "phase", "open", PROJECT, "mise-en-service")
    assert story.phase("2027-03-09T16:00", "mise-en-service")["planned_end"] == "2027-03-23T23:59:59+01:00"
    at("2027-03-15T10:00", "phase", "shown", PROJECT, "tests-summary", "--for", "editor")
    at("2027-03-16T10:00", "phase", "shown", PROJECT, "connectivity")
    at("2027-03-17T10:00", "phase", "shown", PROJECT, "exchanges")
    at("2027-03-19T11:00", "phase", "close", PROJECT, "mise-en-service", "--outcome", "validated")
    story.certificate("2027-03-19T11:30", "mise-en-service", "PV-MES-2027-0001", "validated")

    # --- VSR: two months of Friday 19 March, Wednesday 19 May, over the night of 28 March ----------------------------
    at("2027-03-19T12:00", "phase", "open", PROJECT, "vsr")
    vsr = story.phase("2027-03-19T12:00", "vsr")
    assert (vsr["planned_end"], vsr["earliest_end"]) == ("2027-05-19T23:59:59+02:00", "2027-05-19")
    story.watch("2027-03-19T12:00", "2027-05-24T12:00")
    at("2027-04-16T17:00", "anomaly", "deliver", PROJECT, "A-0003", "--version", "4.2")
    story.run("2027-05-12T10:00", "doctors-mixed", code=ExitCode.REFUSED, without=TIMED)
    # The réserve is lifted, a blocking anomaly opens.
    assert story.statuses("2027-05-12T11:00") == {
        "A-0001": "corrected",
        "A-0002": "corrected",
        "A-0003": "corrected",
        "A-0004": "open",
    }
    # Notified on Thursday 13 May at 17:30, in time: one working day later is Friday 14, 18:00.
    at("2027-05-13T17:30", "mail", "notify", PROJECT, "--all-open")
    found = story.dues("2027-05-13T17:31")
    assert found["A-0004", "acknowledgement"] == "2027-05-14T18:00:00+02:00"
    # Acknowledged on Friday 14. Monday 17 is Whit Monday: 2 working days are Tuesday 18 and Wednesday 19, 18:00.
    story.reply("2027-05-14T10:00")
    assert story.dues("2027-05-14T11:00")["A-0004", "correction"] == "2027-05-19T18:00:00+02:00"
    assert story.status("2027-05-19T17:59")["rights"] == []
    (right,) = story.status("2027-05-19T18:01")["rights"]
    assert (right["id"], right["since"]) == ("suspension-blocking", "2027-05-19T18:00:00+02:00")
    shut = at("2027-05-20T09:00", "phase", "can-close", PROJECT, "vsr", "--format", "json", code=ExitCode.REFUSED)
    assert [(each["id"], each["about"]) for each in shut.json["missing"]] == [("anomaly", ["A-0004"])]
    refused = ("phase", "close", PROJECT, "vsr", "--outcome", "validated")
    at("2027-05-20T09:00", *refused, code=ExitCode.REFUSED)
    vsr = story.phase("2027-05-20T09:00", "vsr")
    assert (vsr["prolonged_by"], vsr["earliest_end"]) == (["A-0004"], None)

    # Delivered two days late, on Friday 21: the right ends with it, and the VSR lasts until that day, not until the 19.
    at("2027-05-21T16:00", "anomaly", "deliver", PROJECT, "A-0004", "--version", "4.2.1")
    assert story.status("2027-05-21T16:01")["rights"] == []
    story.run("2027-05-21T17:00", code=ExitCode.ACCEPTED, without=TIMED)
    assert story.phase("2027-05-21T18:00", "vsr")["earliest_end"] == "2027-05-21"
    opened = at("2027-05-24T10:00", "phase", "can-close", PROJECT, "vsr", "--format", "json").json
    assert opened["proposal"] == "validated"
    at("2027-05-24T11:00", "phase", "close", PROJECT, "vsr", "--outcome", "validated")
    certificate = story.certificate("2027-05-24T11:30", "vsr", "PV-VSR-2027-0001", "validated")
    assert certificate["earliest_end"] == "2027-05-21"
    assert [each["anomaly"] for each in certificate["earlier_reserves"]] == ["A-0003"]
    (right,) = certificate["rights"]
    assert (right["id"], right["since"]) == ("suspension-blocking", "2027-05-19T18:00:00+02:00")
    assert certificate["service"]["availability"] == 1.0
    story.timeless("project", "verify", PROJECT)
