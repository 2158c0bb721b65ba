"""What `recette load` says of an agenda that misbehaves on purpose, from its command to its exit code.

The levels are a fraction of the real ones, so that a load takes a second; the generator's own bounds are out of reach
but where its saturation is the point.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from recette.drivers import services as processes
from recette.load import judging
from recette.model import ExitCode, RunReport
from recette.reports import json_report
from sas_kernel import contracts
from tests.recette.cli.test_exit_codes import recette

EMPTY = '{"resourceType": "Bundle", "type": "searchset", "total": 0}'
FAULTS = "".join(
    f'[[fault]]\nname = "{name}"\nby_header = true\n{what}\n'
    for name, what in {
        "slow": "delay = 0.6",
        "reset": 'reset = "before"',
        "empty": f"status = 200\ncontent_type = 'application/fhir+json'\nbody = '{EMPTY}'",
    }.items()
)
ALONE = '[slot_search.one_practitioner]\nvalue = {}\nunit = "s"\nstatistic = "p95"\nminimum_samples = {}\n'
QUICK = {
    "single_share = 0.25": "single_share = 1.0",
    "due_lag = 0.1\nloop_lag = 0.1\ncpu = 0.9": "due_lag = 600.0\nloop_lag = 600.0\ncpu = 100.0",
    "fewest = 20": "fewest = 1000",
    "drawn = 20\nslowest = 5": "drawn = 1\nslowest = 1",
}
TWENTY_AT_A_TIME = {"in_flight = 1000": "in_flight = 20"}
Loaded = Callable[[str, dict[str, str]], tuple[int, RunReport]]


def levels(answer: float, alone: float) -> dict[str, str]:
    """What to replace in the contracts for these levels in seconds, the second over thirty searches."""
    return {
        "[slot_search.answer_timeout]\nvalue = 7.0": f"[slot_search.answer_timeout]\nvalue = {answer}",
        ALONE.format(1.0, 100): ALONE.format(alone, 30),
    }


def changed_contracts(folder: Path, changes: dict[str, str]) -> Path:
    """The contracts, with these words replaced."""
    folder.mkdir()
    left = dict(changes)
    for entry in contracts.directory().iterdir():
        if entry.name not in {"service_levels.toml", "load_profiles.toml"}:
            (folder / entry.name).symlink_to(entry)
            continue
        text = entry.read_text(encoding="utf-8")
        for before in [words for words in left if words in text]:
            text = text.replace(before, left.pop(before))
        (folder / entry.name).write_text(text, encoding="utf-8")
    assert not left
    return folder


@pytest.fixture(scope="module")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("loaded")
    (folder / "faults.toml").write_text(FAULTS, encoding="utf-8")
    with processes.Services() as services:
        service, base = processes.agenda(
            services,
            port=processes.free_port(),
            database_url=f"sqlite:///{folder / 'agenda.sqlite'}",
            dataset="demo",
            faults=[str(folder / "faults.toml")],
        )
        service.wait_until_ready()
        yield base


@pytest.fixture
def loaded(base_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Loaded:
    """Load the agenda, each search asking for one fault; the exit code and `run.json`."""

    def load(fault: str, changes: dict[str, str]) -> tuple[int, RunReport]:
        folder = changed_contracts(tmp_path / "contracts", QUICK | changes)
        monkeypatch.setenv(contracts.ENVIRONMENT_VARIABLE, str(folder))
        monkeypatch.setattr(judging, "HEADERS", (*judging.HEADERS, ("X-Recette-Fault", fault)))
        (tmp_path / "target.toml").write_text(
            f'[target]\nbase_url = "{base_url}"\n[test_data]\npractitioner_one_place = "810123400017"\n', "utf-8"
        )
        speed = ("--rate", "60/s", "--duration", "1s", "--warm-up", "0.1s")
        done = recette("load", "target.toml", *speed, "--format", "json", "--out", "out", cwd=tmp_path)
        written = tmp_path / "out" / "run.json"
        assert written.exists(), done.stdout + done.stderr
        return done.returncode, json_report.loads(written.read_text(encoding="utf-8"))

    return load


def found(run: RunReport) -> set[tuple[str, str]]:
    return {(finding.requirement, finding.check) for finding in run.findings}


@pytest.mark.parametrize(
    ("fault", "changes", "code", "requirement", "check"),
    [
        ("slow", levels(60.0, 0.5), ExitCode.SERVICE_LEVEL_BROKEN, "SLOT-008", "load.one_practitioner"),
        ("slow", levels(0.5, 60.0), ExitCode.SERVICE_LEVEL_BROKEN, "SLOT-002", "load.in_time"),
        ("reset", levels(60.0, 60.0), ExitCode.REFUSED, "SLOT-001", "load.answered"),
    ],
    ids=["slow", "late", "reset"],
)
def test_a_fault_is_found_by_its_own_check_and_no_other(
    loaded: Loaded, fault: str, changes: dict[str, str], code: ExitCode, requirement: str, check: str
) -> None:
    ended, run = loaded(fault, changes)
    assert found(run) == {(requirement, check)}
    assert ended == code


def test_a_fast_wrong_answer_is_refused(loaded: Loaded) -> None:
    ended, run = loaded("empty", levels(60.0, 60.0))
    assert ended == ExitCode.REFUSED
    assert ("SLOT-166", "load.served") in found(run)


def test_a_broken_level_is_not_held_against_the_target_when_the_generator_was_saturated(loaded: Loaded) -> None:
    """Twenty searches in flight at a time, of 0.6 s each, where sixty a second are due."""
    ended, run = loaded("slow", levels(0.5, 0.5) | TWENTY_AT_A_TIME)
    assert ended == ExitCode.INCONCLUSIVE
    assert found(run) == set()
    assert "saturé" in run.explanation.fr
