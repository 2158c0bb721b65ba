"""`recette faulty`, as a user runs it."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from recette.cli import _exit_code, app
from recette.cli.faulty_partner import Listening, UnknownPieceError, find, listen_at
from recette.drivers import services as processes
from recette.engine import museum, requirements
from recette.model import ExitCode
from recette.museum.pieces import HIDDEN, pieces
from recette.museum.serving import AddressError
from sas_kernel.text import Text

RUNNER = CliRunner()


def listed(*options: str) -> list[dict[str, object]]:
    shown = RUNNER.invoke(app, ["faulty", "list", "--format", "json", *options])
    assert shown.exit_code == 0, shown.output
    rows: list[dict[str, object]] = json.loads(shown.stdout)
    return rows


def test_everything_is_listed_with_what_it_breaks_in_both_languages() -> None:
    rows = listed()
    known = requirements.load()
    assert [row["name"] for row in rows] == [exhibit.name for exhibit in museum.exhibits()]
    for row in rows:
        text = known[str(row["requirement"])].text
        assert row["text"] == {"fr": text.fr, "en": text.en}
        assert row["what"]
        assert row["checks"]
    assert {row["name"] for row in rows if not row["shown"]} == set(HIDDEN)


def test_the_list_is_narrowed_by_flow_side_and_requirement() -> None:
    assert {row["flow"] for row in listed("--flow", "sso", "--flow", "appointments")} == {"sso", "appointments"}
    assert {row["side"] for row in listed("--side", "platform", "--flow", "sso")} == {"platform"}
    assert [row["name"] for row in listed("--requirement", "slot-051")] == ["total-wrong", "total-of-entries"]
    beside = listed("--requirement", "APPT-018")
    assert any("APPT-018" in str(row["also"]) for row in beside)


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_table_speaks_the_language_asked_for(lang: str) -> None:
    shown = RUNNER.invoke(app, ["faulty", "list", "--requirement", "SSO-085", "--lang", lang])
    assert requirements.load()["SSO-085"].text.to(lang) in shown.stdout
    assert HIDDEN["secure"].to(lang) in shown.stdout


@pytest.mark.parametrize("options", [("--requirement", "SLOT-9999"), ("--format", "xml"), ("--side", "patient")])
def test_an_option_that_means_nothing_is_a_usage_error(options: tuple[str, ...]) -> None:
    assert RUNNER.invoke(app, ["faulty", "list", *options]).exit_code == ExitCode.USAGE


@pytest.mark.parametrize(
    ("name", "near"),
    [("totl-wrong", "total-wrong"), ("nonce", "constant-nonce"), ("ACCT-116", "posts-again"), ("", "list")],
)
def test_an_unknown_name_is_answered_with_those_that_come_near(name: str, near: str) -> None:
    with pytest.raises(UnknownPieceError, match=near):
        find(name)


def test_a_name_is_understood_as_the_tests_write_it() -> None:
    assert find("no PKCE") is find("no-pkce") is pieces()["no-pkce"]


@pytest.mark.parametrize(
    ("option", "value"),
    [("--public-url", "agenda"), ("--public-url", "http://a.example.org/sous"), ("--platform-url", "ftp://x"),
     ("--port", "0"), ("--port", "70000")],
)  # fmt: skip
def test_an_address_that_is_none_is_a_usage_error(option: str, value: str) -> None:
    assert RUNNER.invoke(app, ["faulty", "serve", "no-pkce", option, value]).exit_code == ExitCode.USAGE


@pytest.mark.parametrize(
    ("host", "called"),
    [("127.0.0.1", "http://127.0.0.1:1"), ("0.0.0.0", "http://127.0.0.1:1"), ("::", "http://[::1]:1")],
)
def test_who_listens_everywhere_is_called_on_this_machine(host: str, called: str) -> None:
    assert Listening(host, 1, 2).called(1) == called


@pytest.mark.parametrize(
    ("other", "listen"),
    [("http://127.0.0.1:8079/fhir", "127.0.0.1:8079"), ("http://[::1]:9/fhir", "[::1]:9"),
     ("https://platform.example.org/fhir", "127.0.0.1:8079")],
)  # fmt: skip
def test_recette_listens_where_the_partner_sends_if_that_can_be(other: str, listen: str) -> None:
    assert listen_at(other) == listen


def test_a_served_partner_is_refused_by_the_run_it_prints_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    port, inbox = processes.free_port(), f"http://127.0.0.1:{processes.free_port()}/fhir"
    environment = {**os.environ, "CI": "1", "RECETTE_LANG": "en", "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "recette"]
    serve = [*command, "faulty", "serve", "no-lower-bound", "--port", str(port), "--editor-url", inbox]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True, env=environment, cwd=tmp_path) as partner:
        try:
            assert partner.stdout is not None
            label = ""
            while "Ctrl-C" not in label:
                line = partner.stdout.readline()
                assert line, label
                label += line
            assert "SLOT-205" in label
            shown = re.search(r"recette run (.*)", label)
            assert shown is not None
            run = [*command, "run", *shlex.split(shown[1]), "--format", "json", "--out", "out"]
            judged = subprocess.run(run, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
            assert judged.returncode == ExitCode.REFUSED, judged.stdout + judged.stderr
        finally:
            partner.send_signal(signal.SIGINT)
        assert partner.wait(15) == ExitCode.INTERRUPTED
    report = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    checks = [check for scenario in report["scenarios"] for check in scenario["checks"]]
    assert {check["requirement"] for check in checks if check["findings"]} == {"SLOT-205"}
    assert not Path(shlex.split(shown[1])[0]).exists()
    with socket.create_server(("127.0.0.1", port)):
        pass


def test_an_address_that_is_taken_is_the_user_s_to_change() -> None:
    assert _exit_code(AddressError(Text("", ""))) is ExitCode.USAGE
