from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recette.checks.json_document import ABSENT, Node, read

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(st.binary())
def test_any_bytes_are_read_or_said_to_be_unreadable(body: bytes) -> None:
    document = read(body)
    assert (document.fault is None) is (document.root.value is not ABSENT)
    assert isinstance(document.repeated_keys, tuple)


@given(JSON)
def test_what_is_read_is_what_was_written(value: Any) -> None:
    document = read(json.dumps(value).encode())
    assert document.fault is None
    assert document.root.value == value
    assert document.repeated_keys == ()


@given(JSON, st.lists(st.text(max_size=5), max_size=4))
def test_accessors_survive_any_value(value: Any, keys: list[str]) -> None:
    node = Node("$", value)
    for key in keys:
        node = node[key]
        assert isinstance(node.elements, tuple)
        assert node.string is None or isinstance(node.string, str)
    assert all(isinstance(found, Node) for found in Node("$", value).walk())


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "line 1, column 1"),
        (b"\xff\xfe", "byte 0"),
        (b"<html>", "line 1, column 1"),
        (b'{"a": NaN}', "NaN"),
        (b"[" * 100_000, "deeply"),
        (b'{"a": ' + b"9" * 5000 + b"}", "digits"),
        ("\ufeff{}".encode(), "BOM"),
    ],
)
def test_a_fault_says_what_and_where(body: bytes, words: str) -> None:
    fault = read(body).fault
    assert fault is not None
    assert words in fault.en


def test_a_key_that_stands_twice_is_named_by_its_path() -> None:
    document = read(b'{"resourceType":"Bundle","entry":[{"a":1},{"b":1,"b":2,"b":3}],"total":1,"total":1}')
    assert document.repeated_keys == ("Bundle.total", "Bundle.entry[1].b")


def test_a_document_is_walked_in_its_order() -> None:
    root = read(b'{"resourceType":"Slot","meta":{"profile":["x","y"]},"id":"1"}').root
    assert [node.path for node in root.walk()] == [
        "Slot",
        "Slot.resourceType",
        "Slot.meta",
        "Slot.meta.profile",
        "Slot.meta.profile[0]",
        "Slot.meta.profile[1]",
        "Slot.id",
    ]
