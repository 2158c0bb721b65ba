"""`recette coverage`, as a user would call it."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from recette import cli
from recette.model import ExitCode
from sas_kernel import contracts


def coverage(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The command; a process of its own where the folder of contracts is another, which is read once at its start."""
    return _process(arguments, folder) if folder else _here(arguments)


def _process(arguments: tuple[str, ...], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "recette", "coverage", *arguments],
        env={**os.environ, "CI": "1", "RECETTE_LANG": "en", "SAS_CONTRACTS_DIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _here(arguments: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    done = CliRunner().invoke(cli.app, ["coverage", *arguments], catch_exceptions=False)
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(contracts.directory(), tmp_path / "contracts"))


def rewrite(path: Path, id: str, change: dict[str, str] | None) -> None:
    """Change the row of this id, or leave it out."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    assert any(id in row.values() for row in rows)
    kept = [{**row, **(change or {})} if id in row.values() else row for row in rows]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, reader.fieldnames or ())
        writer.writeheader()
        writer.writerows(row for row in kept if change is not None or id not in row.values())


@pytest.mark.parametrize("arguments", [(), ("--flow", "sso", "--format", "md"), ("--kit",)], ids=" ".join)
def test_the_catalogue_is_whole(arguments: tuple[str, ...]) -> None:
    done = coverage(*arguments)
    assert done.returncode == ExitCode.ACCEPTED, done.stdout[-2000:] + done.stderr
    assert done.stdout


def test_json_holds_every_requirement_of_the_flow() -> None:
    document = json.loads(coverage("--format", "json", "--flow", "regulators").stdout)
    assert {row["flow"] for row in document["requirements"]} == {"regulators"}
    assert all(row["checks"] or row["untested_reason"] for row in document["requirements"])


@pytest.mark.parametrize(
    ("name", "id", "change", "hole"),
    [
        (
            "requirements.csv",
            "SLOT-014",
            {"untested_reason_fr": "", "untested_reason_en": ""},
            "SLOT-014 has neither scenario nor reason.",
        ),
        ("requirements.csv", "SLOT-007", None, "The scenario slot_search.address has no requirement."),
        ("museum.csv", "glued origin ignored", None, "The check entry.glued catches no faulty partner of the museum."),
        ("unshown_checks.csv", "base_url.https", None, "The check base_url.https catches no faulty partner"),
    ],
)
def test_what_is_missing_is_named(name: str, id: str, change: dict[str, str] | None, hole: str, copy: Path) -> None:
    rewrite(copy / name, id, change)
    done = coverage(folder=copy)
    assert done.returncode == ExitCode.REFUSED
    assert hole in done.stdout


def test_a_hole_of_another_flow_is_not_this_one_s(copy: Path) -> None:
    rewrite(copy / "museum.csv", "glued origin ignored", None)
    assert coverage("--flow", "regulators", folder=copy).returncode == ExitCode.ACCEPTED
    assert coverage("--flow", "sso", folder=copy).returncode == ExitCode.REFUSED


def test_an_unreadable_file_and_wrong_options_are_no_verdict(copy: Path) -> None:
    (copy / "museum.csv").unlink()
    done = coverage(folder=copy)
    assert done.returncode == ExitCode.HARNESS_FAILED
    assert "museum.csv" in done.stderr
    assert coverage("--kit", "--flow", "sso").returncode == ExitCode.USAGE
    assert coverage("--format", "xlsx").returncode == ExitCode.USAGE
