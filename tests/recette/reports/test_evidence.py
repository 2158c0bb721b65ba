from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recette.reports.evidence import Body, header_lines, readable_body
from recette.reports.masking import GAP, shorten_body
from tests.recette.reports import samples

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=15,
)


def test_a_body_is_indented_with_its_tokens_as_they_were() -> None:
    assert readable_body(b'{"a":1.10,"a":[ ],"b":[1,{"c":"x, {y}: \\"z\\""}]}').before == (
        '{\n  "a": 1.10,\n  "a": [],\n  "b": [\n    1,\n    {\n      "c": "x, {y}: \\"z\\""\n    }\n  ]\n}'
    )


@given(JSON)
def test_indenting_changes_no_value(document: object) -> None:
    text = json.dumps(document)
    assert json.loads(readable_body(text.encode()).before) == document


def test_the_place_of_the_finding_is_set_apart() -> None:
    body = readable_body(samples.bundle(), "Bundle.entry[1].resource.status")
    assert body.place == '"busy"'
    assert body.before.rstrip().endswith('"status":')
    assert json.loads(body.before + body.place + body.after) == json.loads(samples.bundle())


@pytest.mark.parametrize("path", ["", "header Content-Type", "Bundle.nowhere"])
def test_without_a_place_nothing_is_set_apart(path: str) -> None:
    body = readable_body(samples.bundle(), path)
    assert (body.place, body.after) == ("", "")


def test_bytes_that_are_no_text_are_hexadecimal() -> None:
    assert readable_body(b"\xff\x00a") == Body("ff 00 61")


def test_control_characters_become_visible_and_lines_and_tabs_stay() -> None:
    assert readable_body("<p>\r\n\ta\x1b[2J\u202eb".encode()) == Body("<p>\n\ta\\x1b[2J\\u202eb")


def test_nesting_without_end_is_shown_as_it_is() -> None:
    assert readable_body(b"[" * 20_000).before == "[" * 20_000


def test_heads_read_as_on_the_wire() -> None:
    asked, answered = header_lines(samples.exchange())
    assert asked.splitlines()[0] == f"GET {samples.SEARCH}"
    assert answered.splitlines() == ["200", "Content-Type: application/fhir+json; charset=utf-8", "Server: agenda"]
    assert header_lines(samples.exchange(response=None))[1] == ""


def test_a_long_body_shows_the_place_the_head_and_the_tail() -> None:
    body = readable_body(samples.bundle(400), "Bundle.entry[1].resource.status", 6_000)
    assert body.place == '"busy"'
    far = readable_body(samples.bundle(400), "Bundle.entry[300].resource.id", 6_000)
    assert far.place == '"s300"'
    assert '"id": "s299"' in far.before
    assert '"id": "s150"' not in far.before
    assert far.before.startswith("{\n")
    assert far.after.endswith("}")
    assert len(far.before) + len(far.place) + len(far.after) < 6_300


def test_what_is_not_shown_is_counted() -> None:
    whole = readable_body(samples.bundle(400)).before
    shown = readable_body(samples.bundle(400), limit=6_000).before
    first, left_out, last = re.split(r"\[… (\d+) caractères non affichés / characters not shown …\]\n", shown)
    assert len(first) + int(left_out) + len(last) == len(whole)
    assert (whole.startswith(first), whole.endswith(last)) == (True, True)


def test_a_body_that_was_shortened_is_indented_piece_by_piece() -> None:
    cut = shorten_body(samples.bundle(2_000), 8_000, ("Bundle.entry[1000].resource",))
    shown = readable_body(cut).before
    assert shown.count("octets omis") == 2
    assert '\n"id": "s1000",\n' in shown.replace("  ", "")
    assert max(len(line) for line in shown.splitlines()) < 100


@settings(max_examples=30)
@given(st.integers(2_000, 9_000), st.integers(0, 1_999))
def test_pieces_of_a_shortened_body_begin_and_end_between_tokens(limit: int, entry: int) -> None:
    cut = shorten_body(samples.bundle(2_000), limit, (f"Bundle.entry[{entry}].resource",)).decode()
    for piece in GAP.split(cut):
        quotes = len(re.findall(r'(?<!\\)"', piece))
        assert quotes % 2 == 0, piece
