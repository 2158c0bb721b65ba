"""docs/performance.md tells every figure we promise, with its bound as the contract has it."""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.figures import promised

_ROW = re.compile(r"^\| `(?P<id>[a-z0-9_.]+)` \| (?P<bound>[≤≥]) (?P<value>[0-9.]+) (?P<unit>[^|]+) \|", re.MULTILINE)


def test_every_figure_is_told_once_with_its_bound() -> None:
    text = (Path(__file__).parents[2] / "docs" / "performance.md").read_text(encoding="utf-8")
    told = [(row["id"], row["bound"], float(row["value"]), row["unit"]) for row in _ROW.finditer(text)]
    assert sorted(told) == sorted(
        (each.id, "≤" if each.at_most else "≥", each.value, each.unit) for each in promised().values()
    )
