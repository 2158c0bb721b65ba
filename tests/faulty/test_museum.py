"""The museum as data says what the tests show, and nothing else."""

from __future__ import annotations

from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest

from recette.engine import museum as catalogue
from recette.museum.bending import Fault, html, on_reply
from recette.museum.pieces import said
from sas_kernel import contracts
from tests.faulty import museum


def test_the_exported_file_is_current() -> None:
    kept = (contracts.directory() / "museum.csv").read_text(encoding="utf-8")
    assert kept == museum.export(), "make museum"


@pytest.mark.parametrize("module", museum.PLAYED)
def test_every_fault_is_played_by_the_tests_of_its_module(module: str) -> None:
    tests = [thing for name, thing in vars(import_module(f"tests.faulty.{module}")).items() if name.startswith("test_")]
    marks = [mark for test in tests for mark in getattr(test, "pytestmark", ()) if mark.name == "parametrize"]
    played = [said(fault) for mark in marks if mark.args[0] == "fault" for fault in mark.args[1]]
    assert played == [said(fault) for fault in museum.PLAYED[module]]


def test_no_list_of_faults_is_forgotten() -> None:
    here = Path(__file__).parent
    tests = [file for file in here.glob("test_*.py") if file != Path(__file__)]
    playing = {file.stem for file in tests if 'parametrize("fault"' in file.read_text("utf-8")}
    assert playing == museum.PLAYED.keys()


def test_what_is_exported_can_be_read_and_has_distinct_names() -> None:
    read = catalogue.exhibits()
    assert len(read) == sum(map(len, museum.PLAYED.values())) >= 80
    assert {exhibit.side.value for exhibit in read} == {"editor", "platform"}


def test_the_readme_counts_them_right() -> None:
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    sides = Counter(exhibit.side.value for exhibit in catalogue.exhibits())
    assert f"lists {sides['editor']} editors and {sides['platform']} platforms" in text


@pytest.mark.parametrize(("requirement", "check"), [("APPT-111", ""), ("SLOT-004", "base_url.https")])
def test_a_fault_of_which_nobody_knows_what_catches_it_is_refused(requirement: str, check: str) -> None:
    fault = Fault("vague", requirement, "vague", on_reply(lambda asked, reply: html(500)), check)
    with pytest.raises(ValueError, match="vague"):
        museum.caught_by(said(fault))
