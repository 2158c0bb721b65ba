from pathlib import Path

import pytest

from recette.engine import requirements
from sas_kernel.errors import ContractError

HEADER = ",".join(requirements.COLUMNS)
GOOD = "R-1,slot_search,editor,SHALL,MAJOR,texte,text,source,scenario.a scenario.b,,"


def write(folder: Path, *lines: str) -> Path:
    (folder / "requirements.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_a_row_is_read(tmp_path: Path) -> None:
    (read,) = requirements.load(write(tmp_path, HEADER, GOOD)).values()
    assert read.scenarios == ("scenario.a", "scenario.b")
    assert read.untested_reason is None
    assert read.text.en == "text"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (GOOD.replace("scenario.a scenario.b", ""), "reason"),
        (GOOD + "raison,", "cells"),
        (GOOD[:-2] + ",raison,reason", "reason"),
        (GOOD.replace("SHALL", "MUST"), "MUST"),
        (GOOD.replace("MAJOR", "HUGE"), "HUGE"),
        (GOOD.replace(",source,", ", ,"), "source"),
        ("R-1,slot_search", "cells"),
    ],
)
def test_a_wrong_row_is_named_by_its_line(tmp_path: Path, line: str, why: str) -> None:
    with pytest.raises(ContractError) as refused:
        requirements.load(write(tmp_path, HEADER, line))
    assert why in refused.value.text.en
    assert "line 2" in refused.value.text.en


def test_an_id_stands_once(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="twice"):
        requirements.load(write(tmp_path, HEADER, GOOD, GOOD))


def test_other_columns_and_absent_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="columns"):
        requirements.load(write(tmp_path, "id,text", "R-1,x"))
    with pytest.raises(ContractError):
        requirements.load(tmp_path / "absent")


def test_the_rule_set_changes_with_a_requirement(tmp_path: Path) -> None:
    write(tmp_path, HEADER, GOOD)
    (tmp_path / "service_levels.toml").write_text("")
    before = requirements.rule_set(tmp_path)
    assert before == requirements.rule_set(tmp_path)
    write(tmp_path, HEADER, GOOD.replace("text,", "other,"))
    assert requirements.rule_set(tmp_path) != before


def test_who_counts_the_holes_may_read_a_row_with_neither_scenario_nor_reason(tmp_path: Path) -> None:
    write(tmp_path, HEADER, GOOD.replace("scenario.a scenario.b", ""))
    (read,) = requirements.load(tmp_path, with_holes=True).values()
    assert not read.scenarios
    assert read.untested_reason is None
    write(tmp_path, HEADER, GOOD[:-2] + ",raison,reason")
    with pytest.raises(ContractError, match="reason"):
        requirements.load(tmp_path, with_holes=True)
