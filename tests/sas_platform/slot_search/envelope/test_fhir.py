"""The text of a whole answer is checked, a piece at a time."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from sas_platform.slot_search import fhir
from sas_platform.slot_search.envelope import fhir as envelope
from sas_platform.slot_search.model import InvalidAnswerError
from tests.sas_platform.fake_editor import agenda, bundle, slot

SOON = datetime(2031, 3, 10, 9, tzinfo=UTC)


@pytest.mark.parametrize("shift", range(4))
def test_text_is_checked_across_the_pieces_it_is_checked_in(shift: int) -> None:
    text = "é€𝄞" * (envelope.TEXT_AT_ONCE // 3)
    body = json.dumps(bundle(slot("a", SOON, x="x" * shift + text), *agenda()), ensure_ascii=False).encode()
    assert [each.id for each in fhir.to_slots(body).slots] == ["a"]
    cut = body.rindex("𝄞".encode()) + 1 + shift % 3
    with pytest.raises(InvalidAnswerError):
        fhir.to_slots(body[:cut] + body[cut + 1 :])


def test_text_that_ends_within_a_character_is_none() -> None:
    with pytest.raises(UnicodeDecodeError):
        envelope.check_text("é".encode()[:1])
