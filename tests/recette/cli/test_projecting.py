"""`recette project` and `recette phase`, as a user would call them, under a clock that stands still.

2026: Tuesday 10 February signature, Monday 20 April delivery, Monday 18 May recette, Tuesday 2 June go-live
certificate, hence a VSR until Sunday 2 August.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from recette import cli
from recette.journal.model import Draft, Party
from recette.journal.repository import opened
from recette.model import Severity
from recette.monitoring import repository
from recette.monitoring.model import Sample
from recette.projects.model import ProjectError
from recette.register import moves, recording, runs, telling
from recette.register.model import Register
from recette.register.moves import Move
from tests.recette.projects.conftest import Story, by, finding, run
from tests.recette.projects.conftest import at as instant

P = "agenda-essai"


class Bench:
    """The command line on one database."""

    def __init__(self, url: str) -> None:
        self.url = url

    def call(self, *arguments: str, clock: str | None = None, code: int = 0) -> str:
        found = self.result(*arguments, clock=clock)
        if found.exception is not None and not isinstance(found.exception, SystemExit):
            raise found.exception
        assert found.exit_code == code, found.output
        return found.output

    def result(self, *arguments: str, clock: str | None = None) -> Result:
        given = [*arguments, "--database-url", self.url, *(("--clock", clock) if clock else ())]
        writing = arguments[1] not in {"list", "show", "history", "verify", "status", "can-close"}
        return CliRunner().invoke(cli.app, [*given, *(("--who", "Dominique Essai") if writing else ())])

    def json(self, *arguments: str, clock: str | None = None, code: int = 0) -> Any:
        return json.loads(self.call(*arguments, "--format", "json", clock=clock, code=code))

    def write(self, decide: Callable[[Register], list[Draft]]) -> None:
        """Entries of runs and anomalies, whose commands are tested beside theirs."""

        async def written() -> None:
            async with opened(self.url) as journal:
                drafts = decide(telling.told(P, await journal.read(P)))
                await journal.append(P, drafts, max(draft.at for draft in drafts))

        asyncio.run(written())

    def record(self, made: runs.RunRecord, phase: str) -> None:
        """A run with the document of its report."""

        async def kept() -> str:
            async with opened(self.url) as journal:
                return await journal.keep(made.id.encode(), "application/json", made.finished_at)

        known = replace(made, sha256=asyncio.run(kept()))
        self.record_only(known, phase)

    def record_only(self, made: runs.RunRecord, phase: str) -> None:
        self.write(
            lambda register: [
                runs.draft(made, "recette"),
                *recording.drafts(register, made, phase=phase, who="recette"),
            ]
        )

    def validate_plan(self, move: Move) -> None:
        self.write(lambda register: [moves.validate_plan(register.find("A-0001"), move)])

    def watch(self, start: datetime, end: datetime, every: timedelta = timedelta(minutes=60)) -> None:
        """Samples that all hold, from a moment on and before another."""

        async def watched() -> None:
            count = (end - start) // every
            taken = [Sample("slot_search.one_practitioner", start + n * every, True, 0.2) for n in range(count)]
            async with repository.opened(self.url) as samples:
                await samples.add(P, taken)

        asyncio.run(watched())

    def begin(self, *more: str) -> None:
        terms = ("--editor", "Éditions Exemple", "--use-case", "availability", "--environment", "recette")
        self.call("project", "open", P, *terms, *more, clock="2026-02-02T09:00")

    def in_recette(self) -> None:
        """What a hand-told project goes through until its recette is open."""
        told = Story().in_recette(flows=["slot_search"]).entries
        drafts = [Draft(e.kind, e.subject, e.at, e.who, e.party, e.why, e.payload) for e in told]
        self.write(lambda _: drafts)


@pytest.fixture
def bench(sqlite_url: str) -> Bench:
    return Bench(sqlite_url)


@pytest.mark.postgresql
def test_a_project_goes_through_its_phases_to_the_end_of_its_vsr(postgresql_url: str, tmp_path: Path) -> None:
    bench = Bench(postgresql_url)
    bench.begin("--set", "watch_interval=3600")
    bench.call("phase", "open", P, "cadrage", clock="2026-02-02T10:00")
    bench.call("project", "milestone", P, "signature", clock="2026-02-10T10:00")
    bench.call("phase", "close", P, "cadrage", "--outcome", "validated", clock="2026-02-10T12:00")
    bench.call("phase", "open", P, "developpement", clock="2026-02-10T12:00")
    bench.call("project", "milestone", P, "delivery", "--for", "editor", clock="2026-04-20T12:00")
    bench.call("phase", "close", P, "developpement", "--outcome", "validated", clock="2026-04-20T12:00")
    bench.call("phase", "open", P, "recette", clock="2026-04-21T09:00")

    # The recette: a fault, first without, then with workaround and plan; it closes with one réserve.
    bench.record(run("r1", "2026-05-17T10:00", finding()), "recette")
    shut = bench.json("phase", "can-close", P, "recette", clock="2026-05-17T11:00", code=1)
    assert [missing["id"] for missing in shut["missing"]] == ["scenario", "anomaly"]
    assert [missing["about"][-1] for missing in shut["missing"]] == ["A-0001", "A-0001"]
    words, when = by(Party.EDITOR, "2026-05-17T12:00", "Recompter."), "2026-05-17T12:00"
    bench.write(lambda register: [moves.propose_workaround(register.find("A-0001"), words)])
    bench.write(lambda register: [moves.validate_workaround(register.find("A-0001"), by(Party.ANS, when))])
    bench.write(lambda register: [moves.propose_plan(register.find("A-0001"), words, instant("2026-07-31").date())])
    for party in (Party.ANS, Party.EDITOR):
        bench.validate_plan(by(party, when))
    assert "validée avec réserves" in bench.call("phase", "can-close", P, "recette", clock="2026-05-18T14:00")
    signed = tmp_path / "pv.pdf"
    signed.write_bytes(b"%PDF-1.7 signed")
    arguments = ("phase", "close", P, "recette", "--outcome", "validated-with-reserves", "--pv", str(signed))
    bench.call(*arguments, clock="2026-05-18T15:00")

    # Mise en service: two weeks from 18 May.
    bench.call("phase", "open", P, "mise-en-service", clock="2026-05-20T09:00")
    bench.call("phase", "close", P, "mise-en-service", "--outcome", "validated", clock="2026-05-26T09:00", code=1)
    for what in ("connectivity", "exchanges"):
        bench.call("phase", "shown", P, what, clock="2026-05-26T10:00")
    bench.call("phase", "close", P, "mise-en-service", "--outcome", "validated", clock="2026-06-02T14:00")

    # VSR: watched every hour; the réserve is lifted on 20 July.
    bench.call("phase", "open", P, "vsr", clock="2026-06-02T14:00")
    bench.watch(instant("2026-06-02T14:00"), instant("2026-08-02T12:00"))
    shut = bench.json("phase", "can-close", P, "vsr", clock="2026-07-01T09:00", code=1)
    assert [missing["id"] for missing in shut["missing"]] == ["duration", "reserve"]
    assert shut["planned_end"] == "2026-08-02T23:59:59+02:00"
    fixed = by(Party.EDITOR, "2026-07-20T10:00")
    bench.write(lambda register: [moves.deliver(register.find("A-0001"), fixed)])
    bench.record(run("r2", "2026-07-20T12:00", held=("f1",)), "vsr")
    bench.call("phase", "close", P, "vsr", "--outcome", "validated", clock="2026-08-02T10:00")

    status = bench.json("phase", "status", P, clock="2026-08-03T09:00")
    told = {each["phase"]: each for each in status["timeline"]}
    assert told["recette"]["certificate"] == hashlib.sha256(signed.read_bytes()).hexdigest()
    assert told["recette"]["reserves"] == ["A-0001"]
    assert told["mise-en-service"]["planned_end"] == "2026-06-01T23:59:59+02:00"
    assert told["mise-en-service"]["late"] is True  # closed on 2 June
    assert [told[phase]["outcome"] for phase in ("cadrage", "vsr", "exploitation")] == ["validated", "validated", None]
    assert "3 documents" in bench.call("project", "verify", P)  # two reports and the signed certificate


def test_the_status_of_a_recette_tells_its_end_its_rule_and_whose_turn_it_is(bench: Bench) -> None:
    bench.in_recette()
    said = bench.call("phase", "status", P, clock="2026-05-02T09:00")
    assert "✓ Développement : 10/02/2026 12:00 → 20/04/2026 12:00, validée" in said
    assert "▶ Recette : ouverte le 21/04/2026 09:00" in said
    assert "Terme : 20/06/2026. La recette dure au plus deux mois" in said
    assert "· Mise en service" in said
    assert "- ANS : exécuter le cahier de tests" in said
    assert "month_end = clip" in said
    english = bench.call("phase", "status", P, "--lang", "en", clock="2026-06-21T09:00")
    assert "End: 2026-06-20, passed." in english
    assert "- ANS: run the test book" in english


def test_an_extension_tells_who_agreed(bench: Bench) -> None:
    bench.in_recette()
    agreed = ("--agreed", "ans=Alix Modèle", "--agreed", "editor=Camille Orfelin")
    bench.call("phase", "extend", P, "recette", "--until", "2026-07-31", *agreed, clock="2026-06-15T09:00")
    said = bench.call("phase", "status", P, clock="2026-06-15T10:00")
    assert "Prolongée jusqu’au 31/07/2026 (au lieu du 20/06/2026)" in said
    assert "Alix Modèle (ANS), Camille Orfelin (éditeur)" in said
    with pytest.raises(ProjectError, match="both parties"):
        bench.call("phase", "extend", P, "recette", "--until", "2026-08-31", *agreed[:2], clock="2026-06-15T09:00")


def test_a_right_is_shown_and_never_taken(bench: Bench) -> None:
    bench.in_recette()
    bench.record(run("r1", "2026-05-18T10:00"), "recette")
    bench.call("phase", "close", P, "recette", "--outcome", "validated", clock="2026-05-18T15:00")
    bench.call("phase", "open", P, "mise-en-service", clock="2026-05-20T09:00")
    bench.record(run("r2", "2026-05-26T09:00", finding(severity=Severity.BLOCKING)), "mise-en-service")
    notice = by(Party.ANS, "2026-05-26T10:00")
    bench.write(lambda register: [moves.notify(register.find("A-0001"), notice)])
    # Acknowledgement was due on Wednesday 27 at 18, hence the correction on Friday 29 at 18.
    assert bench.json("phase", "status", P, clock="2026-05-29T18:00")["rights"] == []
    (right,) = bench.json("phase", "status", P, clock="2026-05-29T18:01")["rights"]
    assert (right["id"], right["since"], right["about"]) == (
        "suspension-blocking",
        "2026-05-29T18:00:00+02:00",
        ["A-0001"],
    )
    said = bench.call("phase", "status", P, clock="2026-06-01T09:00")
    assert "Droits ouverts (montrés, jamais exercés) :" in said
    assert bench.json("project", "show", P)["suspended_at"] is None
    assert "suspension-blocking" in bench.call("project", "suspend", P, clock="2026-06-01T10:00")
    assert "arrêtée depuis le 01/06/2026 10:00" in bench.call("phase", "status", P, clock="2026-06-01T11:00")
    bench.call("project", "resume", P, clock="2026-06-02T10:00")
    assert bench.json("project", "show", P)["suspended_at"] is None


def test_a_refusal_takes_a_reason_and_the_phase_opens_again(bench: Bench) -> None:
    bench.in_recette()
    with pytest.raises(ProjectError, match="--why"):
        bench.call("phase", "close", P, "recette", "--outcome", "refused", clock="2026-05-18T15:00")
    refused = ("--outcome", "refused", "--why", "Les jeux d’essai sont à revoir.")
    assert "refusée" in bench.call("phase", "close", P, "recette", *refused, clock="2026-05-18T15:00")
    bench.call("phase", "open", P, "recette", clock="2026-05-19T09:00")
    assert "✗ Recette" in bench.call("phase", "status", P, clock="2026-05-19T10:00")


def test_a_shut_door_says_what_is_missing_and_exits_with_one(bench: Bench) -> None:
    bench.in_recette()
    said = bench.call("phase", "can-close", P, "recette", clock="2026-05-18T12:00", code=1)
    assert "Aucune exécution entière du cahier de tests dans cette phase. (art. 6)" in said
    validated = ("--outcome", "validated", "--lang", "en")
    english = bench.result("phase", "close", P, "recette", *validated, clock="2026-05-18T12:00")
    assert english.exit_code == 1
    assert "No whole run of the test book" in english.output
    assert bench.call("phase", "can-close", P, "vsr", clock="2026-05-18T12:00", code=1)


@pytest.mark.parametrize(
    "arguments",
    [
        ("phase", "can-close", P, "garantie"),
        ("phase", "can-close", P, "vsr", "--format", "xml"),
        ("phase", "can-close", P, "vsr", "--clock", "tomorrow"),
        ("phase", "close", P, "recette"),
        ("phase", "close", P, "recette", "--outcome", "accepted"),
        ("phase", "close", P, "recette", "--outcome", "refused", "--pv", "no-such-file.pdf"),
        ("phase", "extend", P, "recette", "--until", "next week"),
        ("phase", "extend", P, "recette", "--until", "2026-08-31", "--agreed", "tool=x"),
        ("project", "open", P, "--set", "region"),
        ("project", "open", P, "--contact", "editor=<camille@example.org>"),
        ("project", "open", P, "--use-case", "both"),
        ("project", "open", P, "--for", "tool"),
        ("project", "maintenance", P, "--from", "x", "--to", "y"),
    ],
)
def test_a_wrong_option_is_a_usage_error(bench: Bench, arguments: tuple[str, ...]) -> None:
    assert bench.result(*arguments).exit_code == 2


def test_nobody_writes_without_a_name(bench: Bench) -> None:
    found = CliRunner().invoke(cli.app, ["project", "milestone", P, "signature", "--who", " "])
    assert found.exit_code == 2
    assert "RECETTE_WHO" in found.output


def test_a_project_is_shown_listed_and_changed(bench: Bench) -> None:
    assert "Aucun projet" in bench.call("project", "list")
    camille = "editor=Camille Orfelin <camille@example.org>, cheffe de projet"
    bench.begin("--contact", camille, "--signatory", "ans=Alix Modèle", "--product", "Agenda d’essai")
    changed = ("--version", "4.2", "--set", "closed=2026-05-15", "--why", "Pont.")
    bench.call("project", "set", P, *changed, clock="2026-02-03T09:00")
    window = ("--from", "2026-07-10T22:00", "--to", "2026-07-11T02:00", "--why", "Mise à jour.")
    bench.call("project", "maintenance", P, *window, clock="2026-02-03T10:00")
    said = bench.call("project", "show", P)
    assert "éditeur : Camille Orfelin <camille@example.org>, cheffe de projet" in said
    assert "Agenda d’essai 4.2" in said
    assert "closed = 2026-05-15 (modifié)" in said
    assert "Maintenance du 10/07/2026 22:00 au 11/07/2026 02:00 : Mise à jour." in said
    shown = bench.json("project", "show", P)
    assert shown["flows"] == ["slot_search"]
    assert shown["contacts"]["editor"] == {
        "name": "Camille Orfelin",
        "email": "camille@example.org",
        "role": "cheffe de projet",
    }
    assert [each["id"] for each in bench.json("project", "list")] == [P]
    with pytest.raises(ProjectError, match="There is no project 'autre'"):
        bench.call("project", "show", "autre")
    with pytest.raises(ProjectError, match="There is no project 'autre'"):
        bench.call("project", "history", "autre")


def test_the_history_tells_every_entry_and_verifying_finds_what_was_altered(bench: Bench, tmp_path: Path) -> None:
    bench.begin()
    bench.call("phase", "open", P, "cadrage", clock="2026-02-02T10:00")
    assert [each["kind"] for each in bench.json("project", "history", P)] == ["project.opened", "phase.opened"]
    assert "2026-02-02 10:00:00  phase.opened" in bench.call("project", "history", P)
    assert "Journal intact : 2 écritures" in bench.call("project", "verify", P)
    bench.record_only(run("r1", "2026-02-03T10:00"), "cadrage")
    assert "manque" in bench.call("project", "verify", P, code=1)  # the run's report was not kept

    with sqlite3.connect(tmp_path / "test.sqlite") as database:
        (trigger,) = database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'journal_entry' "
            "AND sql LIKE '%UPDATE%'"
        ).fetchone()
        database.execute(f"DROP TRIGGER {trigger}")
        database.execute("UPDATE journal_entry SET who = 'Personne' WHERE number = 2")
    assert "altéré à partir de l’écriture 2" in bench.call("project", "verify", P, code=1)
    assert "a été altéré" in bench.call("project", "list")
    assert "Personne" in bench.call("project", "history", P)
