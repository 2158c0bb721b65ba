"""The plugin as an editor's own suite meets it: in a pytest process of its own."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PLUGINS = ("-p", "recette.pytest_plugin", "-p", "no:cacheprovider")

EDITORS_SUITE = """
import datetime, json, os, pathlib, signal, socket, urllib.request
import pytest
from recette.pytest_plugin import assert_accepted

NOTES = pathlib.Path({notes!r})

def note(agenda, stand):
    folder = str(stand._services.folder)
    (NOTES / str(os.getpid())).write_text(json.dumps([agenda.url, folder]))

def test_clock(sas_agenda, sas_clock, sas_recette, _sas_stand):
    note(sas_agenda, _sas_stand)
    before = sas_clock.now()
    sas_clock.advance(datetime.timedelta(days=30))
    sas_agenda.reload()
    report = sas_recette(sas_agenda.target, scenarios=["slot_search.one_practitioner"], clock=sas_clock)
    assert_accepted(report)
    with pytest.raises(pytest.fail.Exception, match="Refus"):  # it answers for next month, as its clock says
        assert_accepted(sas_recette(sas_agenda.target, scenarios=["slot_search.one_practitioner"]))
    sas_clock.freeze()
    assert sas_clock.now() == sas_clock.now() > before + datetime.timedelta(days=29)
    with pytest.raises(ValueError, match="near: slot_search.two_places"):
        sas_recette(sas_agenda.target, scenarios=["slot_search.two_place"])

def test_crash(sas_agenda, sas_platform, sas_clock, _sas_stand):
    note(sas_agenda, _sas_stand)
    sas_platform.register_editor("ours", "Ours", "http://127.0.0.1:1/fhir")
    with pytest.raises(Exception, match="409"):
        sas_platform.register_editor("ours", "Ours", "http://127.0.0.1:1/fhir")
    sas_platform.remove_editor("ours")
    login = sas_platform.regulators[0].login
    with urllib.request.urlopen(sas_platform.issuer + "/test-identities") as answer:
        assert any(one["login"] == login for one in json.load(answer)["identities"])
    os.kill(os.getpid(), signal.SIGKILL)
"""


def environment() -> dict[str, str]:
    path = os.pathsep.join(str(ROOT / name) for name in ("services", "shared", "."))
    return {**os.environ, "PYTHONPATH": path, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "RECETTE_LANG": "fr"}


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", *PLUGINS, "-W", "error", "--strict-markers", "--strict-config", *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def test_two_workers_share_nothing_and_a_crash_leaves_nothing_behind(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    suite = tmp_path / "suite"
    suite.mkdir()
    (suite / "test_ours.py").write_text(EDITORS_SUITE.format(notes=str(notes)), encoding="utf-8")
    done = run(suite, "-p", "xdist", "-n", "2", "--max-worker-restart=0")
    assert "1 failed, 1 passed" in done.stdout, done.stdout + done.stderr
    assert "crashed while running 'test_ours.py::test_crash'" in done.stdout
    started = [json.loads(note.read_text(encoding="utf-8")) for note in notes.iterdir()]
    assert len({url for url, _ in started}) == len({folder for _, folder in started}) == 2
    for url, folder in started:
        _wait_until_gone(url, Path(folder))


def _wait_until_gone(url: str, folder: Path) -> None:
    import socket
    import time
    from urllib.parse import urlsplit

    port, deadline = urlsplit(url).port or 0, time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if not folder.exists() and probe.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.05)
    pytest.fail(f"{url} or {folder} is still there")


class _Wrong(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b'{"resourceType": "Bundle", "type": "collection"}'
        self.send_response(200)
        self.send_header("Content-Type", "application/fhir+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Silence."""


@pytest.fixture(scope="module")
def wrong() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Wrong) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/fhir"
        server.shutdown()
        thread.join()


def _target(folder: Path, url: str) -> None:
    (folder / "t.toml").write_text(
        f'[target]\nbase_url = "{url}"\n[test_data]\npractitioner_one_place = "810123400017"\n', encoding="utf-8"
    )


def test_a_target_is_a_test_a_check_with_its_evidence_and_one_verdict(wrong: str, tmp_path: Path) -> None:
    _target(tmp_path, wrong)
    (tmp_path / "test_own.py").write_text("def test_own() -> None: ...\n", encoding="utf-8")
    wanted = "own or verdict or two_places or slot_search.one_practitioner"
    done = run(
        tmp_path, "--recette-target", "t.toml", "-p", "xdist", "-n", "1", "-k", wanted, "--junitxml=j.xml", "-rA"
    )
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "PASSED test_own.py::test_own" in done.stdout
    assert "PASSED t.toml::slot_search.one_practitioner[exchange.status]" in done.stdout
    assert "FAILED t.toml::slot_search.one_practitioner[bundle.searchset]" in done.stdout
    assert "collection" in done.stdout
    assert "curl " in done.stdout
    assert "SLOT-" in done.stdout
    assert "SKIPPED" in done.stdout
    assert "practitioner_two_places" in done.stdout
    assert "FAILED t.toml::verdict" in done.stdout
    assert "Refusé" in done.stdout
    assert '<property name="requirement"' in (tmp_path / "j.xml").read_text(encoding="utf-8")


def test_what_only_skips_is_no_success(wrong: str, tmp_path: Path) -> None:
    _target(tmp_path, wrong)
    done = run(tmp_path, "--recette-target", "t.toml", "-k", "two_places or verdict")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "SKIP (3)" in done.stdout
    nothing = run(tmp_path, "--recette-target", "t.toml", "-k", "verdict")
    assert nothing.returncode == pytest.ExitCode.TESTS_FAILED
    assert "n’a été joué" in nothing.stdout


def test_a_target_that_nobody_answers_at_fails_every_check(tmp_path: Path) -> None:
    _target(tmp_path, "http://127.0.0.1:1/fhir")
    done = run(tmp_path, "--recette-target", "t.toml", "-k", "practitioner or verdict", "-q")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert " passed" not in done.stdout
    assert "ERROR (5)" in done.stdout


@pytest.mark.parametrize(
    ("content", "arguments", "said"),
    [
        (None, (), "n’existe pas"),
        ('[target]\nbase_url = "agenda"\n', (), "target.base_url"),
        ('[target]\nbase_url = "http://127.0.0.1:1/"\n', ("--recette-flow", "postal"), "slot_search"),
        ('[target]\nbase_url = "http://127.0.0.1:1/"\n', ("-p", "xdist", "-n1", "--dist=worksteal"), "worksteal"),
        (
            '[target]\nbase_url = "http://127.0.0.1:1/"\n[applicability]\nflows = ["appointments"]\n[appointments]\n',
            ("-p", "xdist", "-n1"),
            "operator",
        ),
    ],
)
def test_what_cannot_be_used_is_told(
    content: str | None, arguments: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "t.toml").write_text(content, encoding="utf-8")
    done = run(tmp_path, "--recette-target", "t.toml", *arguments)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert said in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def test_who_does_not_use_it_loads_nothing_but_pytest() -> None:
    code = (
        "import pytest, sys; before = set(sys.modules); import recette.pytest_plugin; print(set(sys.modules) - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True, timeout=60
    )
    assert set(eval(done.stdout)) == {"recette", "recette.pytest_plugin"}


def test_the_distribution_announces_it() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]
    assert declared["pytest11"] == {"recette": "recette.pytest_plugin"}
