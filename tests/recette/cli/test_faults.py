"""`recette faults`, and what `up --fault` refuses before it starts anything."""

from __future__ import annotations

import json
from pathlib import Path

from recette.model import ExitCode
from tests.recette.cli.test_exit_codes import recette


def test_built_in_faults_are_listed_in_both_languages(tmp_path: Path) -> None:
    french = recette("faults", "list", "--lang", "fr", cwd=tmp_path)
    english = recette("faults", "list", "--lang", "en", cwd=tmp_path)
    for done in (french, english):
        assert done.returncode == ExitCode.ACCEPTED
        assert "reset-half-way" in done.stdout
    assert "coupée au milieu du corps" in french.stdout
    assert "reset in the middle of its body" in english.stdout


def test_a_file_is_listed_as_data(tmp_path: Path) -> None:
    (tmp_path / "f.toml").write_text('[[fault]]\nname = "mine"\nstatus = 503\npath = "/fhir"\n', encoding="utf-8")
    (row,) = json.loads(recette("faults", "list", "f.toml", "--format", "json", cwd=tmp_path).stdout)
    assert (row["name"], row["services"], row["path"], row["kind"]) == (
        "mine",
        ["agenda", "platform"],
        "/fhir",
        "Status",
    )


def test_a_file_that_is_wrong_is_refused_by_its_key(tmp_path: Path) -> None:
    (tmp_path / "f.toml").write_text('[[fault]]\nname = "mine"\nstatus = 99\n', encoding="utf-8")
    for command in (("faults", "list", "f.toml"), ("up", "--fault", "f.toml")):
        done = recette(*command, cwd=tmp_path)
        assert done.returncode == ExitCode.USAGE
        assert "f.toml" in done.stderr
        assert "status" in done.stderr


def test_a_fault_that_nobody_started_would_play_is_refused(tmp_path: Path) -> None:
    done = recette("up", "agenda", "--fault", "duplicate-push", cwd=tmp_path)
    assert done.returncode == ExitCode.USAGE
    assert "platform" in done.stderr
