"""What came is held against what was written: what is lost, doubled or out of order is seen."""

from __future__ import annotations

import zlib
from dataclasses import asdict

import pytest

from benchmarks.delivered import Pending, compared
from benchmarks.receiver import Heard

PENDING = [Pending("a", 1, b"a1"), Pending("a", 2, b"a2"), Pending("b", 1, b"b1")]


def _heard(body: bytes, begun: float, *, acted: bool = True, fault: str = "", lasts: float = 0.5) -> Heard:
    return Heard(body[:1].decode(), zlib.crc32(body), "PUT", 200, acted, fault, begun, begun + lasts)


def _found(*heard: Heard) -> dict[str, object]:
    """What differs from each message taken once in its turn."""
    came = asdict(compared(PENDING, heard))
    return {name: came[name] for name in ("lost", "disordered", "together", "again", "twice") if came[name]}


@pytest.mark.parametrize(
    ("heard", "found"),
    [
        ([_heard(b"a1", 0), _heard(b"a2", 1), _heard(b"b1", 0)], {}),
        ([_heard(b"a1", 0), _heard(b"b1", 0)], {"lost": 1}),
        ([_heard(b"a1", 0, acted=False, fault="busy"), _heard(b"a1", 1), _heard(b"a2", 2), _heard(b"b1", 0)], {}),
        ([_heard(b"a2", 0), _heard(b"a1", 1), _heard(b"b1", 0)], {"disordered": 1}),
        ([_heard(b"a1", 0), _heard(b"a2", 1), _heard(b"a1", 2), _heard(b"b1", 0)], {"disordered": 1}),
        ([_heard(b"a1", 0), _heard(b"a2", 0.2), _heard(b"b1", 0)], {"together": 1}),
        ([_heard(b"a1", 0, fault="lost after"), _heard(b"a1", 1), _heard(b"a2", 2), _heard(b"b1", 0)], {"again": 1}),
        ([_heard(b"a1", 0), _heard(b"a1", 1), _heard(b"a2", 2), _heard(b"b1", 0)], {"twice": (0.5,)}),
        ([_heard(b"a1", 0, fault="late after", lasts=9), _heard(b"a1", 2), _heard(b"a2", 3), _heard(b"b1", 0)],
         {"again": 1}),
    ],
)  # fmt: skip
def test_each_way_of_going_wrong_is_told(heard: list[Heard], found: dict[str, object]) -> None:
    assert _found(*heard) == found


def test_what_nobody_wrote_is_an_error() -> None:
    with pytest.raises(ValueError, match="nobody wrote"):
        compared(PENDING, [_heard(b"c1", 0)])
