"""The forms of the primitive types, at their edges."""

from __future__ import annotations

import math
from typing import Any

import pytest

from recette.profiles.primitives import fits

RIGHT: list[tuple[str, Any]] = [
    ("boolean", False),
    ("integer", -(2**31)),
    ("unsignedInt", 0),
    ("positiveInt", 2**31 - 1),
    ("decimal", 1),
    ("decimal", -1.5e3),
    ("decimal", 10**400),
    ("string", "a\tb\nc"),
    ("code", "a b"),
    ("id", "a" * 64),
    ("oid", "urn:oid:1.2.250"),
    ("uuid", "urn:uuid:0d5a3c1e-6f0b-4a7e-8a52-2f6f3f1c9b10"),
    ("uri", "urn:oid:1.2.250.1"),
    ("url", "https://x.example.org/é"),
    ("base64Binary", "aGVs bG8="),
    ("instant", "2031-03-11T09:00:00Z"),
    ("instant", "2031-03-11T23:59:60.123+14:00"),
    ("dateTime", "2031"),
    ("dateTime", "2031-03-11T09:00:00-05:00"),
    ("date", "2032-02-29"),
    ("time", "08:30:00.5"),
    ("xhtml", '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'),
]
WRONG: list[tuple[str, Any]] = [
    ("boolean", 0),
    ("boolean", "true"),
    ("integer", 2**31),
    ("integer", 1.0),
    ("integer", True),
    ("unsignedInt", -1),
    ("positiveInt", 0),
    ("decimal", "1"),
    ("decimal", True),
    ("decimal", math.nan),
    ("decimal", math.inf),
    ("string", ""),
    ("string", " \n"),
    ("string", "a\x00"),
    ("string", "\ud800"),
    ("string", "a" * (1024 * 1024 + 1)),
    ("code", " a"),
    ("code", "a  b"),
    ("id", "a_b"),
    ("id", "a" * 65),
    ("oid", "1.2.250"),
    ("uuid", "urn:uuid:x"),
    ("uri", "a b"),
    ("uri", "urn:oid:01.2"),
    ("canonical", "urn:uuid:x"),
    ("base64Binary", "aGVsbG8"),
    ("base64Binary", "a" * 3 + " " * 50_000 + "!"),
    ("instant", "2031-03-11T09:00Z"),
    ("instant", "2031-03-11T09:00:00"),
    ("instant", "2031-02-29T09:00:00Z"),
    ("instant", "0000-01-01T00:00:00Z"),
    ("dateTime", "2031-03-11T09:00:00"),
    ("dateTime", "2031-3-1"),
    ("date", "2031-02-30"),
    ("date", "2031-03-11T00:00:00Z"),
    ("time", "24:00:00"),
    ("time", "8:30"),
    ("xhtml", "<p>x</p>"),
]


@pytest.mark.parametrize(("kind", "value"), RIGHT)
def test_what_has_the_form_fits(kind: str, value: Any) -> None:
    assert fits(kind, value)


@pytest.mark.parametrize(("kind", "value"), [*WRONG, *((kind, None) for kind, _ in RIGHT), ("id", []), ("uri", {})])
def test_what_has_not_does_not(kind: str, value: Any) -> None:
    assert not fits(kind, value)
