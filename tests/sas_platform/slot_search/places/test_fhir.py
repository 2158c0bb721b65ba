"""What editors write about places, made fit to be shown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sas_platform.slot_search.places import fhir


@given(st.text(max_size=400))
def test_a_cleaned_text_is_one_printable_line(text: str) -> None:
    cleaned = fhir.clean(text)
    assert len(cleaned) <= fhir.MAX_TEXT
    assert cleaned == " ".join(cleaned.split())
    assert "\u202e" not in cleaned
    assert all(character.isprintable() or character == " " for character in cleaned) or not cleaned.isascii()
