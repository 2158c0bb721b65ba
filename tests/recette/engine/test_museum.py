from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from recette.engine import museum
from recette.model import Relation
from sas_kernel.errors import ContractError

_DECLARED = ("Test01a", "Test02a", "Test02", "hds", "mfa", "access_restriction")
_SETUPS = {"4.4.01", "4.5.01", "4.6.01", "4.7.01", "4.9.01", "4.8.1.01", "4.8.2.01", "6.1.01", "4.2.01", "4.3.01"}
"""The kit opens these groups alike; its catalogue lists some of them only."""
_ID = r"\d\.\d+(?:\.\d+)*"


def _ids_of_the_kit(text: str) -> set[str]:
    """The short ids of the tables and sentences of the catalogue (section 3 up to the development branch)."""
    catalogue = text.partition("\n## 3.")[2].partition("\n### 3.7")[0]
    found = set(_SETUPS) | {name for name in _DECLARED if f"`{name}`" in catalogue}
    found |= {name for name in ("capability_statement_read",) if f"`{name}`" in catalogue}
    for cell in re.findall(r"^\| ([^|]+) \|", catalogue, re.MULTILINE):
        last = ""
        for joint, id in re.findall(rf"([/–]?)\s*({_ID}|\.?\d\d)", cell):
            full = id if re.fullmatch(_ID, id) else f"{last.rpartition('.')[0]}.{id.removeprefix('.')}"
            first = int(last.rpartition(".")[2]) + 1 if joint == "–" else int(full.rpartition(".")[2])
            stem = full.rpartition(".")[0]
            found |= {f"{stem}.{number:02d}" for number in range(first, int(full.rpartition(".")[2]) + 1)}
            last = full
    sentences = catalogue.partition("CPTS-only groups")[2].partition("### 3.5")[0]
    for group in ("4.8.1", "4.8.2"):
        assert f"**{group}**" in sentences
        found |= {f"{group}.{number:02d}" for number in range(1, 8)}
    assert "**4.9**" in sentences
    found |= {f"4.9.{number:02d}" for number in range(1, 4)}
    return found | set(re.findall(r"\b6\.\d\.\d\d\b", catalogue))


@pytest.mark.reference
def test_every_test_of_the_ans_kit_has_its_row(reference: Path) -> None:
    theirs = _ids_of_the_kit((reference / "reference" / "test-kit.md").read_text(encoding="utf-8"))
    assert {row.id for row in museum.crosswalk()} == theirs


def test_the_crosswalk_has_as_many_rows_as_the_kit_has_tests_in_each_mode() -> None:
    rows = museum.crosswalk()
    modes = Counter(row.mode for row in rows)
    assert modes["both"] + modes["ps"] == 67
    assert modes["both"] + modes["cpts"] == 87


def test_what_the_kit_tests_of_practitioners_their_cpts_and_accounts_is_judged_here() -> None:
    missing = {row.id for row in museum.crosswalk() if row.relation is Relation.NOT_COVERED}
    assert missing == {"1.1.02", "1.1.03", "1.1.04", "1.1.05", "1.2.01", "hds", "mfa", "access_restriction"}


_FILES: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "museum.csv": (museum.exhibits, ",".join(museum.COLUMNS), "late,editor,slot_search,R-1,R-2 R-3,a.b c.d,8 s"),
    "unshown_checks.csv": (museum.exemptions, ",".join(museum.EXEMPTION_COLUMNS), "a.b,raison,reason"),
    "crosswalk_ans_kit.csv": (museum.crosswalk, ",".join(museum.KIT_COLUMNS), "1.1,ps,titre,title,R-1,looser,p,w"),
}


@pytest.mark.parametrize("name", _FILES)
def test_a_row_is_read_and_stands_once(name: str, tmp_path: Path) -> None:
    read, head, row = _FILES[name]
    (tmp_path / name).write_text(f"{head}\n{row}\n", encoding="utf-8")
    assert len(read(tmp_path)) == 1  # type: ignore[arg-type]  # each gives a tuple
    (tmp_path / name).write_text(f"{head}\n{row}\n{row}\n", encoding="utf-8")
    with pytest.raises(ContractError, match="twice") as refused:
        read(tmp_path)
    assert "line 3" in refused.value.text.en


@pytest.mark.parametrize(
    ("name", "row", "why"),
    [
        ("museum.csv", "late,nobody,slot_search,R-1,,a.b,8 s", "nobody"),
        ("museum.csv", "late,editor,slot_search,R-1,,,8 s", "neither"),
        ("museum.csv", "late,editor,slot_search,R-1,,a.b", "cells"),
        ("museum.csv", ",editor,slot_search,R-1,,a.b,8 s", "empty"),
        ("unshown_checks.csv", "a.b,,", "reason"),
        ("unshown_checks.csv", "a.b,raison,", "language"),
        ("crosswalk_ans_kit.csv", "1.1,ps,titre,title,R-1,same,p,w", "same"),
        ("crosswalk_ans_kit.csv", "1.1,ps,titre,title,R-1,looser,,", "why"),
        ("crosswalk_ans_kit.csv", "1.1,ps,titre,title,,same,,", "no requirement"),
        ("crosswalk_ans_kit.csv", "1.1,all,titre,title,R-1,same,,", "mode"),
        ("crosswalk_ans_kit.csv", "1.1,ps,titre,title,R-1,equal,,", "equal"),
    ],
)
def test_a_wrong_row_is_named_by_its_line(name: str, row: str, why: str, tmp_path: Path) -> None:
    read, head, _ = _FILES[name]
    (tmp_path / name).write_text(f"{head}\n{row}\n", encoding="utf-8")
    with pytest.raises(ContractError) as refused:
        read(tmp_path)
    assert why in refused.value.text.en
    assert "line 2" in refused.value.text.en


def test_other_columns_and_absent_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "museum.csv").write_text("name\nlate\n")
    with pytest.raises(ContractError, match="columns"):
        museum.exhibits(tmp_path)
    with pytest.raises(ContractError):
        museum.crosswalk(tmp_path)
