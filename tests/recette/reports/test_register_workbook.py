"""The shared register as a workbook, given back."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from recette.agreement import reading
from recette.journal.model import Party
from recette.model import Severity
from recette.register import edits, moves
from recette.register.model import RegisterError
from recette.register.moves import Move
from recette.register.sheet import FILLED_BY, HEADINGS, Key
from recette.reports import register_workbook
from recette.reports.register_workbook import State
from sas_kernel.text import Lang
from tests.recette.register.conftest import Story, at, finding, run

NOW = at("2026-05-20T12:00").replace(microsecond=654321)


def shared(*said: str) -> State:
    """A register whose texts are these."""
    story = Story()
    story.record(run("r1", "2026-05-18T09:00", finding(), finding("f2", Severity.MINOR)), phase="vsr")
    when = at("2026-05-19T10:00:01.999999")
    story.write(moves.acknowledge(story.anomaly(), Move(when, "Camille Orfelin", Party.EDITOR)))
    for text in said:
        if text.strip():
            move = Move(at("2026-05-19T11:00"), "Camille Orfelin", Party.EDITOR, text)
            story.write(moves.propose_workaround(story.anomaly(), move))
            story.write(moves.propose_plan(story.anomaly(), move, datetime(2026, 6, 30, tzinfo=NOW.tzinfo).date()))
    last = story.entries[-1]
    return State(reading.load("sas-agenda"), story.register, last.number, last.hash)


def edited(content: bytes, change: Callable[[Any], object]) -> bytes:
    found = load_workbook(io.BytesIO(content))
    change(found)
    written = io.BytesIO()
    found.save(written)
    return written.getvalue()


def unchanged(read: State, content: bytes, lang: Lang) -> None:
    filled = register_workbook.read(content)
    assert (filled.origin.project, filled.origin.number) == ("p", read.number)
    assert (filled.origin.hash, filled.origin.made_at) == (read.hash, NOW)
    assert filled.origin.lang is lang
    base = register_workbook.as_read(register_workbook.rows_of(read, NOW, lang))
    assert edits.edits(base, base, filled.cells, read.register, lang) == ([], [])
    assert {id: set(row) for id, row in filled.cells.items()} == {id: set(Key) for id in ("A-0001", "A-0002")}


@pytest.mark.parametrize("lang", list(Lang))
def test_given_back_untouched_it_changes_nothing_even_saved_again(lang: Lang) -> None:
    read = shared("Recharger la page.")
    content = register_workbook.write(read, NOW, lang)
    unchanged(read, content, lang)
    unchanged(read, edited(content, lambda _: None), lang)


@settings(max_examples=15, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30))
def test_any_text_comes_back_as_it_was_shown_and_never_as_a_formula(text: str) -> None:
    read = shared(text)
    unchanged(read, register_workbook.write(read, NOW, Lang.FR), Lang.FR)


@pytest.mark.parametrize("text", ["=1+1", "+33", "-x", "@y", "#N/A", "a_x0041_b", "\tx\r\ny", "12", "x" * 9000, "'q"])
def test_what_a_spreadsheet_would_take_for_something_else_stays_a_text(text: str) -> None:
    read = shared(text)
    content = register_workbook.write(read, NOW, Lang.FR)
    unchanged(read, content, Lang.FR)
    table = load_workbook(io.BytesIO(content))["Registre"]
    assert {cell.data_type for row in table.iter_rows() for cell in row} <= {"inlineStr", "s", "n", "d"}
    unchanged(read, edited(content, lambda _: None), Lang.FR)


def test_columns_may_be_moved_and_those_to_fill_in_are_marked() -> None:
    read = shared("Recharger.")
    content = register_workbook.write(read, NOW, Lang.FR)
    table = load_workbook(io.BytesIO(content))["Registre"]
    heads = {str(cell.value) for cell in table[1]}
    marked = {HEADINGS[key].fr for key in FILLED_BY}
    assert {head.removeprefix("✎ ") for head in heads if head.startswith("✎ ")} == marked
    assert table["P2"].number_format == "dd/mm/yyyy"
    moved = edited(content, lambda found: found["Registre"].delete_cols(2, 3))
    filled = register_workbook.read(moved)
    assert filled.cells["A-0001"][Key.WORKAROUND].value == "Recharger."
    assert filled.cells["A-0001"][Key.WORKAROUND].address == "J2"


def test_rows_that_belong_to_no_anomaly_are_told_apart() -> None:
    content = register_workbook.write(shared(), NOW, Lang.FR)

    def add(found: Any) -> None:
        table = found["Registre"]
        table["D4"] = "sans numéro"
        table["A5"] = "A-0001"
        table["A6"] = "A-0009"
        table["C7"] = "   "

    filled = register_workbook.read(edited(content, add))
    assert filled.strays == {"A4": "—", "A5": "A-0001"}
    assert set(filled.cells) == {"A-0001", "A-0002", "A-0009"}


def other_workbook() -> bytes:
    written = io.BytesIO()
    Workbook().save(written)
    return written.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04",
        b"x",
        other_workbook(),
        edited(register_workbook.write(shared(), NOW, Lang.FR), lambda found: found.remove(found["Lisez-moi"])),
        edited(register_workbook.write(shared(), NOW, Lang.FR), lambda found: found["Lisez-moi"].delete_rows(9, 9)),
        edited(register_workbook.write(shared(), NOW, Lang.FR), lambda found: found["Registre"].delete_cols(1)),
    ],
)
def test_what_is_not_the_register_is_refused_in_a_sentence(content: bytes) -> None:
    with pytest.raises(RegisterError):
        register_workbook.read(content)
