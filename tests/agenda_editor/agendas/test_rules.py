from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenda_editor.agendas import rules
from agenda_editor.agendas.model import ConsultationType, InvalidSlotError, PublishedAgenda, SlotDetails, SlotType


@given(st.lists(st.integers(0, 50), max_size=20).map(sorted), st.integers(0, 50), st.integers(0, 50))
def test_within_keeps_exactly_the_slots_between_the_bounds(starts: list[int], first: int, last: int) -> None:
    numbered = [str(position).encode() for position in range(len(starts))]
    agenda = PublishedAgenda(1, 1, b"p", ((b"s", b"r"),), starts, [0] * len(starts), numbered)
    kept = rules.within(agenda, first, last)
    expected = [(s, f) for s, f in zip(starts, numbered, strict=True) if first <= s <= last]
    assert list(zip(kept.starts, kept.fragments, strict=True)) == expected
    assert len(kept.owners) == len(expected)


def test_the_weight_is_at_least_what_the_fragments_take() -> None:
    agenda = PublishedAgenda(1, 1, b"p" * 100, ((b"s" * 100, b"r" * 100),), [1, 2], [0, 0], [b"f" * 500, b"g" * 500])
    assert rules.weight(agenda) > 1300


@pytest.mark.parametrize(("start", "end", "kinds"), [(2, 2, ["AMB"]), (3, 2, ["AMB"]), (1, 2, [])])
def test_a_slot_that_could_not_be_told_truthfully_is_refused(start: int, end: int, kinds: list[str]) -> None:
    details = SlotDetails(start, end, (SlotType.PUBLIC,), tuple(map(ConsultationType, kinds)))
    with pytest.raises(InvalidSlotError):
        rules.check(details)
