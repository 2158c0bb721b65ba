"""`recette record` and `recette anomaly`, as a user would call them. March 2031: Monday 10."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from recette import cli
from recette.cli.options import SETTINGS
from recette.model import RunReport
from recette.reports import json_report
from sas_kernel.errors import SasError
from tests.recette.reports import samples

LATER = samples.NOW + timedelta(days=4)


class Desk:
    """Somebody at a terminal, with a database of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = f"sqlite:///{folder / 'register.sqlite'}"
        self.file("red.json", samples.red())
        self.file("green.json", replace(samples.green(), started_at=LATER, finished_at=LATER + timedelta(minutes=1)))

    def file(self, name: str, report: RunReport) -> str:
        (self.folder / name).write_text(json_report.dumps(report), encoding="utf-8")
        return str(self.folder / name)

    def path(self, name: str) -> str:
        return str(self.folder / name)

    def call(self, *arguments: str, clock: str = "2031-03-20T10:00", who: str = "", code: int = 0) -> str:
        given = [*arguments, "--database-url", self.database, "--clock", clock]
        if who:
            given += ["--who", who]
        found = CliRunner().invoke(cli.app, given, catch_exceptions=False)
        assert found.exit_code == code, found.output
        return found.output

    def anomaly(self, *arguments: str, **options: Any) -> str:
        return self.call("anomaly", *arguments, **options)

    def listed(self, *options: str, clock: str = "2031-03-20T10:00") -> list[dict[str, Any]]:
        said: dict[str, Any] = json.loads(self.anomaly("list", "p", "--format", "json", *options, clock=clock))
        found: list[dict[str, Any]] = said["anomalies"]
        return found


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A project in VSR whose first run found three anomalies."""
    monkeypatch.chdir(tmp_path)
    desk = Desk(tmp_path)
    particulars = ("--editor", "Orfelin", "--environment", "production", "--use-case", "availability")
    desk.call("project", "open", "p", *particulars, clock="2031-03-01T09:00", who="Dominique Mirabel")
    desk.call("record", "p", desk.path("red.json"), clock="2031-03-10T09:30", who="Dominique Mirabel")
    return desk


def test_a_run_recorded_twice_adds_nothing_and_says_so(desk: Desk) -> None:
    assert [each["id"] for each in desk.listed()] == ["A-0001", "A-0002", "A-0003"]
    said = desk.call("record", "p", desk.path("red.json"), who="Dominique Mirabel")
    assert "déjà inscrite" in said
    assert len(desk.listed()) == 3


def test_a_run_of_another_target_is_refused_unless_forced(desk: Desk) -> None:
    other = replace(samples.green(), id="other", target=replace(samples.target(), name="Autre"))
    file = desk.file("other.json", other)
    with pytest.raises(SasError, match="--force"):
        desk.call("record", "p", file, who="Dominique Mirabel")
    assert "inscrite" in desk.call("record", "p", file, "--force", who="Dominique Mirabel")


def test_an_anomaly_is_led_from_its_notification_to_its_verification(desk: Desk) -> None:
    ans, editor = "Dominique Mirabel", "Camille Orfelin"
    said = desk.anomaly("notify", "p", "A-0001", "a-0002", clock="2031-03-10T12:00", who=ans)
    assert "11/03/2031 18:00" in said  # Monday 10 at noon, one working day
    desk.anomaly("acknowledge", "p", "A-0001", clock="2031-03-10T14:00", who=editor)
    desk.anomaly("qualify", "p", "A-0001", "--severity", "major", "--for", "ans", who=ans)
    desk.anomaly("qualify", "p", "A-0001", "--severity", "major", "--for", "editor", who=editor)
    desk.anomaly("workaround", "propose", "p", "A-0001", "--why", "Recharger.", who=editor)
    desk.anomaly("workaround", "validate", "p", "A-0001", who=ans)
    plan = ("plan", "propose", "p", "A-0001", "--why", "2.6", "--due-on", "2031-04-30")
    desk.anomaly(*plan, who=editor)
    for party, who in (("ans", ans), ("editor", editor)):
        desk.anomaly("plan", "validate", "p", "A-0001", "--for", party, who=who)
    agreed = ("--why", "Accès coupé.", "--agreed-with", editor, "--for", "ans", "--at", "2031-03-11T10:00")
    assert "Accès coupé." in desk.anomaly("pause", "p", "A-0001", *agreed, who=ans)
    desk.anomaly("resume", "p", "A-0001", "--for", "ans", "--at", "2031-03-12T10:00", who=ans)
    desk.anomaly("note", "p", "A-0001", "--why", "Vu ensemble.", "--for", "ans", who=ans)
    desk.anomaly("deliver", "p", "A-0001", "--version", "2.5", "--at", "2031-03-13T10:00", who=editor)
    reason = ("--why", "Conforme.", "--agreed-with", editor, "--for", "ans")
    desk.anomaly("withdraw", "p", "A-0003", *reason, who=ans)
    said = desk.call("record", "p", desk.path("green.json"), who=ans)
    assert "Corrections vérifiées : A-0001" in said
    assert "sans correction livrée : A-0002" in said
    first, *_ = (each for each in desk.listed() if each["id"] == "A-0001")
    assert (first["status"], first["severity"], first["proposed"]) == ("corrected", "MAJOR", "BLOCKING")
    assert (first["delivered_as"], first["verified_by"]) == ("2.5", samples.green().id)
    correction = next(due for due in first["dues"] if due["matter"] == "correction")
    # Fourteen working days from Monday 10 are Friday 28; the pause of Tuesday to Wednesday took one: Monday 31.
    assert correction["due_at"] == "2031-03-31T18:00:00+02:00"
    assert correction["met_at"] == "2031-03-13T10:00:00+01:00"
    shown = desk.anomaly("show", "p", "A-0001")
    for part in (
        "Vu ensemble.",
        "Camille Orfelin (éditeur)",
        "correction vérifiée par une exécution",
        "attendu : free",
        "curl ",
        "correction_start = acknowledgement",
        "31/03/2031 18:00 (art. 8.2)",
    ):
        assert part in shown
    document = json.loads(desk.anomaly("show", "p", "A-0001", "--format", "json"))
    assert document["entries"][0]["kind"] == "anomaly.opened"
    assert document["evidence"][0]["curl"].startswith("curl ")


def test_the_list_puts_first_what_falls_first_and_filters(desk: Desk) -> None:
    desk.anomaly("notify", "p", "A-0003", clock="2031-03-10T12:00", who="Dominique Mirabel")
    desk.anomaly("notify", "p", "A-0002", clock="2031-03-12T12:00", who="Dominique Mirabel")
    found = desk.listed(clock="2031-03-12T13:00")
    assert [each["id"] for each in found] == ["A-0003", "A-0002", "A-0001"]
    assert [each["id"] for each in desk.listed("--overdue", clock="2031-03-12T13:00")] == ["A-0003"]
    assert [each["id"] for each in desk.listed("--severity", "major")] == ["A-0002"]
    table = desk.anomaly("list", "p", clock="2031-03-12T13:00")
    assert "en retard de 19 h 00" in table
    assert "indicatif, art. 6" in table  # no phase was opened yet
    reason = ("--why", "Conforme.", "--agreed-with", "Camille", "--for", "ans")
    desk.anomaly("withdraw", "p", "A-0003", *reason, who="Dominique Mirabel")
    assert [each["id"] for each in desk.listed("--open")] == ["A-0002", "A-0001"]


def test_what_is_refused_says_why_and_writes_nothing(desk: Desk) -> None:
    desk.anomaly("notify", "p", "A-0001", who="Dominique Mirabel")
    for arguments, why in (
        (("notify", "p", "A-0002", "A-0001"), "A-0001"),
        (("notify", "p", "A-0009"), "A-0001, A-0002, A-0003"),
        (("notify", "q", "A-0001"), "project list"),
        (("deliver", "p", "A-0002", "--for", "ans"), "editor"),
    ):
        with pytest.raises(SasError, match=why):
            desk.anomaly(*arguments, who="Dominique Mirabel")
    assert {each["status"] for each in desk.listed()} == {"open", "notified"}
    for wrong in (
        ("qualify", "p", "A-0001", "--severity", "grave", "--for", "ans", "--who", "x"),
        ("plan", "propose", "p", "A-0001", "--why", "x", "--due-on", "demain", "--who", "x"),
        ("list", "p", "--severity", "grave"),
    ):
        desk.anomaly(*wrong, code=2)
    for command in (("import", "p"), ("export", "p", "--format", "json", "--out")):
        with pytest.raises(SasError, match="missing"):
            desk.anomaly(*command, desk.path("red.json/missing"))


def test_a_project_may_rule_pauses_out(desk: Desk) -> None:
    desk.call("project", "set", "p", "--set", "pause=never", "--why", "Convenu.", who="Dominique Mirabel")
    with pytest.raises(SasError, match="pause = never"):
        desk.anomaly(
            "pause", "p", "A-0001", "--why", "x", "--agreed-with", "y", "--for", "ans", who="Dominique Mirabel"
        )


def test_a_project_moves_whole_to_another_database(desk: Desk) -> None:
    desk.anomaly("export", "p", "--format", "json", "--out", desk.path("p.json"))
    here = desk.anomaly("show", "p", "A-0001", "--format", "json")
    assert "0 écritures ajoutées" in desk.anomaly("import", "p", desk.path("p.json"))
    with pytest.raises(SasError, match="not of 'q'"):
        desk.anomaly("import", "q", desk.path("p.json"))
    before = desk.database
    desk.database = f"sqlite:///{desk.folder / 'other.sqlite'}"
    assert "5 écritures seraient ajoutées" in desk.anomaly("import", "p", desk.path("p.json"), "--dry-run")
    assert "5 écritures ajoutées" in desk.anomaly("import", "p", desk.path("p.json"))
    assert desk.anomaly("show", "p", "A-0001", "--format", "json") == here
    desk.anomaly("note", "p", "A-0001", "--why", "Ici.", "--for", "ans", who="Dominique Mirabel")
    desk.anomaly("export", "p", "--format", "json", "--out", desk.path("other.json"))
    desk.database = before
    desk.anomaly("note", "p", "A-0001", "--why", "Là.", "--for", "ans", who="Dominique Mirabel")
    with pytest.raises(SasError, match="6"):
        desk.anomaly("import", "p", desk.path("other.json"))


def filled(desk: Desk, change: Callable[[Any], object]) -> str:
    book = load_workbook(desk.path("p.xlsx"))
    change(book["Registre"])
    book.save(desk.path("filled.xlsx"))
    return desk.path("filled.xlsx")


def test_what_was_filled_in_the_workbook_becomes_entries_all_or_none(desk: Desk) -> None:
    desk.anomaly("export", "p", "--format", "xlsx", "--out", desk.path("p.xlsx"))
    assert "0 écritures" in desk.anomaly("import", "p", desk.path("p.xlsx"), "--for", "ans", who="Dominique Mirabel")
    desk.anomaly("import", "p", desk.path("p.xlsx"), code=2)

    def fill(table: Any) -> None:
        heads = {cell.value: cell.column for cell in table[1]}
        table.cell(2, heads["✎ Prise en compte le"]).value = "11/03/2031 09:30"
        table.cell(3, heads["✎ Commentaire"]).value = "=1+1"

    with pytest.raises(SasError, match="U3"):
        desk.anomaly("import", "p", filled(desk, fill), "--for", "editor", who="Camille Orfelin")

    def mend(table: Any) -> None:
        fill(table)
        table["U3"].value = "Vu."

    file = filled(desk, mend)
    given = ("import", "p", file, "--for", "editor")
    assert "2 écritures seraient ajoutées" in desk.anomaly(*given, "--dry-run", who="Camille Orfelin")
    assert {each["status"] for each in desk.listed()} == {"open"}
    said = desk.anomaly(*given, who="Camille Orfelin")
    assert "J2  A-0001  Prise en compte le : — → 11/03/2031 09:30" in said
    assert "2 écritures ajoutées" in said
    assert desk.listed()[0]["acknowledged_at"] == "2031-03-11T09:30:00+01:00"
    assert "0 écritures ajoutées" in desk.anomaly(*given, who="Camille Orfelin")


def test_a_run_is_recorded_after_its_reports_and_keeps_its_exit_code(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recette.cli.project_options.SETTINGS", replace(SETTINGS, who="Dominique Mirabel"))
    # Without test data the scenario is skipped: nothing is sent, the run is inconclusive.
    target = ("--base-url", "http://127.0.0.1:9/fhir", "--scenario", "slot_search.one_practitioner")
    given = ("run", *target, "--format", "html", "--project")
    with pytest.raises(SasError, match="project list"):
        desk.call(*given, "q")
    refused = desk.call(*given, "p", code=3)
    particulars = ("--editor", "Orfelin", "--environment", "essai", "--use-case", "availability")
    desk.call("project", "open", "q", *particulars, who="Dominique Mirabel")
    recorded = desk.call(*given, "q", code=3)
    assert "--force" in refused
    assert "recette record p" in refused
    id = json_report.read(desk.folder / "recette-out" / "run.json").id
    assert f"Exécution {id} inscrite" in recorded
    again = desk.call("rerun", "recette-out/run.json", "--format", "html", "--project", "q", code=3)
    id = json_report.read(desk.folder / "recette-out" / "rerun" / "run.json").id
    assert f"Exécution {id} inscrite" in again
