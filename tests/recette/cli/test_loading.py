"""`load` as a user asks for it, where nothing is sent; what it sends is tested in `tests/recette/load`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from recette.cli import app, main
from recette.model import ExitCode

ENDS_US = "import os, signal, time; os.kill(os.getppid(), signal.SIGTERM); time.sleep(60)"
TARGET = '[target]\nbase_url = "{url}"\n\n[test_data]\npractitioner_one_place = "810123400017"\n'


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "target.toml"
    path.write_text(TARGET.format(url="https://agenda.example.org/fhir"), encoding="utf-8")
    return path


def failing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    monkeypatch.setattr("sys.argv", ["recette", "load", *arguments])
    with pytest.raises(SystemExit) as leaving:
        main()
    return int(leaving.value.code or 0), capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "--i-have-consent agenda.example.org"),
        (("--i-have-consent", "example.org"), "--i-have-consent agenda.example.org"),
        (("--i-have-consent", "agenda.example.org", "--profile", "journey"), "journey"),
        (("--i-have-consent", "agenda.example.org", "--rate", "1000/s"), "200"),
        (("--i-have-consent", "agenda.example.org", "--duration", "a day"), "10m"),
        (("--i-have-consent", "agenda.example.org", "--format", "pdf"), "openmetrics"),
        (("--i-have-consent", "agenda.example.org", "--listen", "here"), "HOST:PORT"),
        (("--i-have-consent", "agenda.example.org", "--deviations", "absent.toml"), "absent.toml"),
    ],
)
def test_a_load_that_must_not_be_made_is_refused_with_what_to_write(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    target: Path,
    arguments: tuple[str, ...],
    told: str,
) -> None:
    code, err = failing(monkeypatch, capsys, str(target), *arguments)
    assert code == ExitCode.USAGE
    assert told in err or told.replace("HOST", "HÔTE") in err


def test_a_target_that_is_not_there_is_unreachable_and_reported(tmp_path: Path) -> None:
    path = tmp_path / "target.toml"
    path.write_text(TARGET.format(url="http://127.0.0.1:9/fhir"), encoding="utf-8")
    out = tmp_path / "out"
    formats = "json,junit,html,k6,openmetrics"
    found = CliRunner().invoke(app, ["load", str(path), "--out", str(out), "--format", formats])
    assert found.exit_code == ExitCode.UNREACHABLE
    assert found.stderr == ""
    assert json.loads((out / "load.json").read_text(encoding="utf-8"))["exit_code"] == ExitCode.UNREACHABLE
    assert len(list(out.iterdir())) == 8


@pytest.mark.parametrize(
    ("lang", "told"),
    [("fr", "professionnels cherchés seuls, avant la charge"), ("en", "practitioners searched for alone, first")],
)
def test_how_far_it_is_is_told_in_the_language_of_the_reports(tmp_path: Path, lang: str, told: str) -> None:
    path = tmp_path / "target.toml"
    path.write_text(TARGET.format(url="http://127.0.0.1:9/fhir"), encoding="utf-8")
    arguments = ["load", str(path), "--out", str(tmp_path / "out"), "--format", "console", "--lang", lang]
    assert f"1 {told}…" in CliRunner().invoke(app, arguments).stderr


def test_a_worker_that_is_asked_to_end_is_interrupted_and_takes_its_generator_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By a signal, as by its keyboard."""
    before, pids = signal.getsignal(signal.SIGTERM), list[int]()

    class Ended(subprocess.Popen[bytes]):
        def __init__(self, _: object) -> None:
            super().__init__([sys.executable, "-c", ENDS_US])
            pids.append(self.pid)

    monkeypatch.setattr("recette.load.running.subprocess.Popen", Ended)
    try:
        assert CliRunner().invoke(app, ["load-worker", "127.0.0.1:5557"]).exit_code == ExitCode.INTERRUPTED
    finally:
        signal.signal(signal.SIGTERM, before)
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)
