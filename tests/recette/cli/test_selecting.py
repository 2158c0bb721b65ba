"""Selecting, dry runs, known deviations and playing again, as a user asks for them; in this process, to be quick."""

from __future__ import annotations

import http.server
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from recette import cli
from recette.model import ExitCode

REPLY = b'{"resourceType": "Bundle"}'


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


Recette = Callable[..., Said]


@pytest.fixture
def recette(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Recette:
    monkeypatch.chdir(tmp_path)

    def ask(*arguments: str) -> Said:
        monkeypatch.setattr("sys.argv", ["recette", *arguments])
        code = 0
        try:
            cli.main()
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        told = capsys.readouterr()
        return Said(code, told.out, told.err)

    return ask


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a dry run opened a connection")

    monkeypatch.setattr(socket, "socket", refuse)


class _Wrong(http.server.BaseHTTPRequestHandler):
    """An editor that answers everything with a bundle that holds nothing."""

    paths: list[str]

    def do_GET(self) -> None:
        self.paths.append(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "application/fhir+json")
        self.send_header("Content-Length", str(len(REPLY)))
        self.end_headers()
        self.wfile.write(REPLY)

    def log_message(self, *_: object) -> None:
        """Silence."""


@dataclass(frozen=True)
class Editor:
    url: str
    paths: list[str]


@pytest.fixture
def wrong() -> Iterator[Editor]:
    asked: list[str] = []
    handler = type("Handler", (_Wrong,), {"paths": asked})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield Editor(f"http://127.0.0.1:{server.server_port}/fhir", asked)
        server.shutdown()
        thread.join()


DEVIATION = '[[deviation]]\n{names}\nowner = "Léa Martin"\nreason = "livré en 4.2"\nexpires = {day}\n'


def _deviations(path: Path, *names: str, day: str = "2999-12-31") -> str:
    path.write_text("".join(DEVIATION.format(names=name, day=day) for name in names), encoding="utf-8")
    return str(path)


# --- selecting -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--scenario", "slot_serch.metadata"), "slot_search.metadata"),
        (("--requirement", "SLT-001"), "SLOT-001"),
        (("--tag", "smok"), "smoke"),
        (("--exclude", "slot_search.metadta"), "slot_search.metadata"),
        (("--scenario", "regulators.creation"), "--flow"),
        (("--tag", "smoke", "--scenario", "slot_search.refusals"), "recette list"),
        (("--severity", "huge"), "blocking"),
        (("--deviations", "absent.toml"), "absent.toml"),
        (("--dry-run", "--format", "junit"), "json"),
    ],
)
def test_a_wrong_selection_is_a_usage_error_before_anything_is_sent(
    arguments: tuple[str, ...], told: str, recette: Recette, offline: None
) -> None:
    said = recette("run", "--base-url", "http://127.0.0.1:9/fhir", *arguments)
    assert said.code == ExitCode.USAGE
    assert told in said.err


def test_list_shows_the_same_selection_and_the_tags(recette: Recette) -> None:
    rows = json.loads(recette("list", "--format", "json", "--tag", "smoke", "--severity", "blocking").out)
    assert rows
    assert all("smoke" in row["tags"] for row in rows)
    assert {check["severity"] for row in rows for check in row["checks"]} == {"BLOCKING"}
    only = recette("list", "--requirement", "SLOT-008").out
    assert "slot_search.response_time_one_practitioner" in only
    assert "SLOT-003" not in only
    tags = json.loads(recette("list", "--tags", "--format", "json").out)
    assert {"smoke", "response-time"} <= {row["tag"] for row in tags}
    assert all(row["text"] and row["scenarios"] for row in tags)
    assert "response-time" in recette("list", "--tags").out
    assert recette("list", "--scenario", "nothing").code == ExitCode.USAGE


def test_a_dry_run_sends_nothing_and_says_what_keeps_scenarios_from_being_played(
    recette: Recette, offline: None, tmp_path: Path
) -> None:
    asked = ("run", "--base-url", "http://127.0.0.1:9/fhir", "--dry-run")
    told = recette(*asked)
    assert told.code == ExitCode.ACCEPTED
    assert "practitioner_one_place" in told.out
    document = json.loads(recette(*asked, "--format", "json").out)
    by_id = {each["id"]: each for each in document["scenarios"]}
    assert by_id["slot_search.metadata"]["played"] is True
    assert by_id["slot_search.one_practitioner"]["verdict"] == "SKIP"
    assert by_id["slot_search.address"]["verdict"] == "OMIT"
    assert document["partial"] is False
    assert not list(tmp_path.iterdir())


# --- known deviations and playing again ------------------------------------------------------------------------------


def test_what_failed_is_played_again_against_the_same_target(recette: Recette, wrong: Editor, tmp_path: Path) -> None:
    asked = ("--scenario", "slot_search.metadata", "--scenario", "slot_search.unknown_practitioner")
    first = recette("run", "--base-url", wrong.url, *asked, "--format", "json,console")
    assert first.code == ExitCode.REFUSED
    before = json.loads((tmp_path / "recette-out" / "run.json").read_text(encoding="utf-8"))
    assert before["extent"]["selection"]["scenarios"] == list(asked[1::2])
    wrong.paths.clear()

    again = recette("rerun", "--failed", "--format", "console,json")
    assert again.code == ExitCode.REFUSED
    assert wrong.paths
    after = json.loads((tmp_path / "recette-out" / "rerun" / "run.json").read_text(encoding="utf-8"))
    assert [each["scenario"] for each in after["scenarios"]] == ["slot_search.unknown_practitioner"]
    assert "inchang" in again.out or "unchanged" in again.out

    told = recette("rerun", "--dry-run")
    assert told.code == ExitCode.ACCEPTED
    assert "slot_search.metadata" in told.out


def test_a_run_in_which_nothing_failed_is_not_played_again(recette: Recette, wrong: Editor) -> None:
    recette("run", "--base-url", wrong.url, "--scenario", "slot_search.address", "--format", "json")
    said = recette("rerun", "--failed")
    assert said.code == ExitCode.USAGE
    assert "--failed" in said.err
    assert recette("rerun", "absent.json").code == ExitCode.USAGE


def test_a_target_with_secrets_has_to_be_given_again(recette: Recette, wrong: Editor, tmp_path: Path) -> None:
    target = tmp_path / "target.toml"
    text = f'[target]\nbase_url = "{wrong.url}"\n[sso]\nissuer = "{wrong.url}"\nlogin = "a"\npassword = "s3cret-word"\n'
    target.write_text(text, encoding="utf-8")
    recette("run", str(target), "--scenario", "slot_search.unknown_practitioner", "--format", "json")
    written = (tmp_path / "recette-out" / "run.json").read_text(encoding="utf-8")
    assert "s3cret-word" not in written
    said = recette("rerun", "--failed")
    assert said.code == ExitCode.USAGE
    assert "sso.password" in said.err
    assert recette("rerun", "--failed", "--target", str(target), "--format", "json").code == ExitCode.REFUSED


def test_known_deviations_excuse_until_they_expire_and_a_useless_one_refuses(
    recette: Recette, wrong: Editor, tmp_path: Path
) -> None:
    broken = ('requirement = "SLOT-050"', 'check = "bundle.link.self"')
    selected = (f"--requirement={name}" for name in ("SLOT-050", "SLOT-053", "SLOT-054", "SLOT-167"))
    asked = ("run", "--base-url", wrong.url, "--scenario=*.unknown_practitioner", *selected, "--format=console,json")
    assert recette(*asked).code == ExitCode.REFUSED
    file = tmp_path / "deviations.toml"

    excused = recette(*asked, "--deviations", _deviations(file, *broken))
    assert excused.code == ExitCode.ACCEPTED, excused.out
    assert "Léa Martin" in excused.out
    # An entry stays with its run: it is not asked for again.
    assert recette("rerun", "--failed", "--format", "console").code == ExitCode.ACCEPTED
    assert recette("rerun", "--deviations", _deviations(file), "--format", "json").code == ExitCode.REFUSED

    over = recette(*asked, "--deviations", _deviations(file, *broken, day="2020-01-31"))
    assert over.code == ExitCode.REFUSED
    useless = recette(*asked, "--deviations", _deviations(file, *broken, 'check = "unknown.accepted"'))
    assert useless.code == ExitCode.REFUSED
    assert "unknown.accepted" in useless.out
    # This check is made in other scenarios too, which were not played: nobody can tell.
    undecided = recette(*asked, "--deviations", _deviations(file, *broken, 'check = "bundle.entry.absent"'))
    assert undecided.code == ExitCode.ACCEPTED, undecided.out
    assert "bundle.entry.absent" in undecided.out
    unknown = recette(*asked, "--deviations", _deviations(file, 'requirement = "SLOT-9999"'))
    assert unknown.code == ExitCode.USAGE
    assert "SLOT-9999" in unknown.err
