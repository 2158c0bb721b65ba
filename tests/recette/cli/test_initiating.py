"""`recette init` as somebody uses it: on a terminal, from a file, and interrupted."""

from __future__ import annotations

import io
import json
import os
import pty
import select
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from recette.cli import main
from recette.engine import target, target_file
from recette.model import ExitCode
from sas_kernel import datasets

CTRL_C = "Ctrl-C"


def init(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "recette", "init", *arguments],
        cwd=folder,
        env={**os.environ, "RECETTE_LANG": "fr", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_demonstrations_answers_give_the_demonstrations_target(tmp_path: Path) -> None:
    described = target_file.of_dataset(datasets.load("demo"), "http://127.0.0.1:8081/fhir")
    (tmp_path / "answers.json").write_text(json.dumps(described), encoding="utf-8")
    done = init(tmp_path, "--answers", "answers.json", "--yes")
    assert done.returncode == 0, done.stderr
    assert target.read(tmp_path / "target.toml") == target.parse(described)
    assert "Applicables et jugées" in (tmp_path / "target.applicability.md").read_text(encoding="utf-8")
    rows = json.loads((tmp_path / "target.applicability.json").read_text(encoding="utf-8"))["requirements"]
    assert {row["standing"] for row in rows} == {"judged", "untested", "not_applicable"}

    before = (tmp_path / "target.toml").read_bytes()
    again = init(tmp_path, "--set", "target.base_url=http://127.0.0.1:1/fhir", "--yes")
    assert again.returncode == ExitCode.USAGE
    assert "--force" in again.stderr
    assert (tmp_path / "target.toml").read_bytes() == before
    forced = init(tmp_path, "--set", "target.base_url=http://127.0.0.1:1/fhir", "--yes", "--force", "--probe")
    assert forced.returncode == 0, forced.stderr
    assert "rien n’est proposé" in forced.stderr, "nobody answers there"
    assert target.read(tmp_path / "target.toml").base_url == "http://127.0.0.1:1/fhir"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "target.actor"),
        (("--yes",), "target.base_url"),
        (("--set", "target.base_url=agenda"), "target.base_url"),
        (("--set", "sso.isuer=x"), "issuer"),
        (("--set", "x"), "="),
        (("--answers", "absent.toml"), "absent.toml"),
        (("absent/target.toml",), "absent"),
    ],
)
def test_what_is_missing_or_wrong_is_named_and_nothing_written(
    arguments: tuple[str, ...],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["recette", "init", *arguments])
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == ExitCode.USAGE
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def _typed(folder: Path, lines: list[str], *arguments: str) -> tuple[int, str]:
    """Run on a terminal; each line is typed once a question waits for it."""
    mine, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "recette", "init", *arguments],
        cwd=folder,
        env={**os.environ, "RECETTE_LANG": "en"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown, asked, waiting = "", 0, list(lines)
    try:
        while select.select([mine], [], [], 30)[0]:
            try:
                shown += os.read(mine, 4096).decode("utf-8", "replace")
            except OSError:
                break
            if waiting and shown.endswith(": ") and len(shown) > asked:
                asked = len(shown)
                line = waiting.pop(0)
                if line == CTRL_C:
                    process.send_signal(signal.SIGINT)
                else:
                    os.write(mine, line.encode())
    finally:
        os.close(mine)
    return process.wait(30), shown


def test_a_person_is_asked_again_until_the_answer_is_right(tmp_path: Path) -> None:
    lines = ["\n", "agenda\n", "https://agenda.example.org/fhir\n", "Ours\n", "sso\n", "810123400017\n"]
    lines += ["https://sas.example.org/realms/sas\n", "\n", "nurse\n", "s3cret-of-a-test\n", "-\n"]
    code, shown = _typed(tmp_path, lines, "ours.toml")
    assert code == 0, shown
    assert "expected the FHIR base URL" in shown
    assert "s3cret" not in shown
    described = target.read(tmp_path / "ours.toml")
    assert described.sso is not None
    assert (described.name, described.sso.login, described.sso.password) == ("Ours", "nurse", "s3cret-of-a-test")
    assert stat.S_IMODE((tmp_path / "ours.toml").stat().st_mode) == 0o600, "it holds a password"
    assert stat.S_IMODE((tmp_path / "ours.applicability.md").stat().st_mode) == 0o644


def test_an_interruption_leaves_nothing(tmp_path: Path) -> None:
    code, shown = _typed(tmp_path, ["\n", CTRL_C])
    assert code == ExitCode.INTERRUPTED, shown
    assert "Traceback" not in shown
    assert list(tmp_path.iterdir()) == []
