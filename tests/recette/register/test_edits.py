"""What becomes of what people changed in the shared register."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import pytest

from recette.agreement import reading
from recette.journal.model import Draft, Kind, Party
from recette.model import Severity
from recette.register import edits, moves, sheet
from recette.register.edits import Edit, Refusal
from recette.register.model import Register
from recette.register.moves import Move
from recette.register.sheet import Cell, Key, Row
from sas_kernel.text import Lang
from tests.recette.register.conftest import Story, at, finding, run

AGREEMENT = reading.load("sas-agenda")
NOW = at("2026-05-20T12:00")
EDITOR = Move(NOW, "Camille Orfelin", Party.EDITOR)
ANS = Move(NOW, "Dominique Mirabel", Party.ANS)


def local(written: str) -> datetime:
    """As a spreadsheet gives instants: without an offset."""
    return at(written).replace(tzinfo=None)


@pytest.fixture
def shared(story: Story) -> Story:
    """Two anomalies, the first notified."""
    story.record(run("r1", "2026-05-18T09:00", finding(), finding("f2", Severity.MAJOR)), phase="vsr")
    story.write(moves.notify(story.anomaly(), Move(at("2026-05-18T10:00"), "Dominique Mirabel", Party.ANS)))
    return story


def rows(register: Register) -> dict[str, Row]:
    return {
        id: {key: sheet.plain(value, key) for key, value in sheet.row(register, each, AGREEMENT, NOW, Lang.FR).items()}
        for id, each in register.anomalies.items()
    }


def filled(base: Mapping[str, Row], id: str = "A-0001", **values: Any) -> dict[str, dict[Key, Cell]]:
    changed: dict[str, dict[Key, Any]] = {each: dict(row) for each, row in base.items()}
    changed[id].update({Key(key): value for key, value in values.items()})
    return {each: {key: Cell(f"{each}/{key}", value) for key, value in row.items()} for each, row in changed.items()}


def taken(
    story: Story, move: Move = EDITOR, base: Mapping[str, Row] | None = None, **values: Any
) -> tuple[list[Edit], list[Draft], list[Refusal]]:
    before = base if base is not None else rows(story.register)
    register = story.register
    made, refused = edits.edits(before, rows(register), filled(before, **values), register, Lang.FR)
    drafts, impossible = edits.decide(register, made, move, NOW)
    return made, drafts, [*refused, *impossible]


def refusal(story: Story, move: Move = EDITOR, **values: Any) -> tuple[str, str]:
    _, drafts, (refused,) = taken(story, move, **values)
    assert drafts == []
    return refused.address, refused.why.en


def test_a_table_that_nobody_changed_changes_nothing(shared: Story) -> None:
    assert taken(shared) == ([], [], [])


def test_what_the_editor_filled_in_becomes_what_it_would_have_done(shared: Story) -> None:
    _, drafts, refused = taken(
        shared,
        editor="bloquante",
        acknowledged=local("2026-05-18T15:00"),
        workaround="Recharger la page.",
        plan="Version 2.5",
        plan_due=datetime(2026, 6, 30),  # noqa: DTZ001  as a spreadsheet gives a day
        delivered="20/05/2026 11:30",
        version="2.5",
        comment="Vu ensemble.",
    )
    assert refused == []
    assert [draft.kind for draft in drafts] == [
        Kind.ANOMALY_QUALIFIED,
        Kind.ANOMALY_ACKNOWLEDGED,
        Kind.WORKAROUND_PROPOSED,
        Kind.PLAN_PROPOSED,
        Kind.CORRECTION_DELIVERED,
        Kind.NOTE,
    ]
    base = rows(shared.register)
    shared.write(*drafts)
    anomaly = shared.anomaly()
    assert (anomaly.acknowledged_at, anomaly.delivered_at) == (at("2026-05-18T15:00"), at("2026-05-20T11:30"))
    assert anomaly.plan is not None
    assert (anomaly.plan.due_on, anomaly.delivered_as) == (date(2026, 6, 30), "2.5")
    assert anomaly.notes[0].text == "Vu ensemble."
    again = taken(
        shared, base=base, editor="Bloquante", acknowledged=local("2026-05-18T15:00"), comment="Vu ensemble.\r\n"
    )
    assert again == ([], [], [])


def test_each_party_fills_in_its_own_columns(shared: Story) -> None:
    assert [draft.kind for draft in taken(shared, ANS, ans="MINOR")[1]] == [Kind.ANOMALY_QUALIFIED]
    assert "ans" in refusal(shared, EDITOR, ans="Mineure")[1]
    assert "editor" in refusal(shared, ANS, acknowledged=local("2026-05-18T15:00"))[1]


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"title": "autre"}, "title"),
        ({"correct_by": None, "left": "reste 9 j"}, "left"),
        ({"editor": "grave"}, "editor"),
        ({"acknowledged": "hier"}, "acknowledged"),
        ({"acknowledged": 12}, "acknowledged"),
        ({"acknowledged": local("2026-05-18T09:30")}, "acknowledged"),
        ({"acknowledged": local("2026-05-20T12:01")}, "acknowledged"),
        ({"acknowledged": "2026-03-29 02:30"}, "acknowledged"),
        ({"plan": "Version 2.5"}, "plan"),
        ({"plan_due": date(2026, 6, 30)}, "plan_due"),
        ({"plan": "Version 2.5", "plan_due": date(2026, 5, 1)}, "plan"),
        ({"plan": "Version 2.5", "plan_due": "bientôt"}, "plan_due"),
        ({"version": "2.5"}, "version"),
        ({"delivered": local("2026-05-18T08:00")}, "delivered"),
    ],
)
def test_what_cannot_be_taken_over_names_its_cell(shared: Story, values: dict[str, Any], key: str) -> None:
    _, _, refused = taken(shared, **values)
    assert f"A-0001/{key}" in {each.address for each in refused}


def test_a_formula_is_refused_even_where_it_looks_unchanged(shared: Story) -> None:
    base = rows(shared.register)
    cells = filled(base)
    cells["A-0001"][Key.COMMENT] = Cell("U2", None, formula=True)
    made, (refused,) = edits.edits(base, base, cells, shared.register, Lang.FR)
    assert (made, refused.address) == ([], "U2")


def test_what_is_in_the_register_is_neither_erased_nor_overruled_by_an_old_table(shared: Story) -> None:
    base = rows(shared.register)
    shared.write(moves.acknowledge(shared.anomaly(), Move(at("2026-05-18T16:00"), "Camille Orfelin", Party.EDITOR)))
    _, _, (moved,) = taken(shared, base=base, acknowledged=local("2026-05-18T15:00"))
    assert "since" in moved.why.en
    assert "erased" in refusal(shared, acknowledged=None)[1]
    _, _, (twice,) = taken(shared, acknowledged=local("2026-05-18T15:00"))
    assert "already" in twice.why.en


def test_a_time_told_twice_in_october_is_the_first() -> None:
    edit = Edit("J2", "A-0001", Key.ACKNOWLEDGED, None, local("2026-10-25T02:30"))
    story = Story()
    story.record(run("r1", "2026-10-24T09:00", finding()), phase="vsr")
    later = at("2026-10-26T12:00")
    (draft,), refused = edits.decide(story.register, [edit], Move(later, "Camille Orfelin", Party.EDITOR), later)
    assert refused == []
    assert draft.at.isoformat() == "2026-10-25T02:30:00+02:00"
