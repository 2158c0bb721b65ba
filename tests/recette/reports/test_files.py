from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from openpyxl import load_workbook

from recette.cli.options import FORMATS
from recette.reports import files, json_report, make_folder, write_reports
from recette.reports.files import ReportWriteError
from sas_kernel.text import Lang
from tests.recette.reports import samples


def test_each_format_has_its_file_in_the_order_asked_for(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    written = write_reports(samples.red(), ["html", "json", "junit", "md"], folder, Lang.FR)
    assert written == [folder / name for name in ("report.html", "run.json", "junit.xml", "summary.md")]
    assert sorted(path.name for path in folder.iterdir()) == sorted(path.name for path in written)
    assert json_report.read(folder / "run.json") == samples.red()
    assert stat.S_IMODE((folder / "run.json").stat().st_mode) == 0o644


def test_the_language_reaches_the_files(tmp_path: Path) -> None:
    (page,) = write_reports(samples.red(), ["html"], tmp_path, Lang.EN)
    assert '<html lang="en">' in page.read_text(encoding="utf-8")


def test_an_earlier_report_is_replaced_whole(tmp_path: Path) -> None:
    write_reports(samples.red(), ["json"], tmp_path, Lang.FR)
    write_reports(samples.green(), ["json"], tmp_path, Lang.FR)
    assert json_report.read(tmp_path / "run.json") == samples.green()


def test_a_write_that_breaks_leaves_the_earlier_report_and_no_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_reports(samples.red(), ["json"], tmp_path, Lang.FR)

    def full(path: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ReportWriteError) as error:
        write_reports(samples.green(), ["json"], tmp_path, Lang.FR)
    assert "No space left" in error.value.text.fr
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]
    assert json_report.read(tmp_path / "run.json") == samples.red()


def test_the_folder_is_known_to_take_files_before_anything_is_played(tmp_path: Path) -> None:
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ReportWriteError, match="--out"):
        make_folder(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "in the way"


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ReportWriteError) as error:
        write_reports(samples.green(), ["md"], tmp_path / "file" / "out", Lang.FR)
    assert "summary.md" in error.value.text.en
    assert "--out" in error.value.text.en


def test_every_format_of_the_command_line_that_is_a_file_is_known() -> None:
    assert set(files.FILES) == set(FORMATS) - {"console"}


def test_a_workbook_is_written_as_bytes_and_knows_what_was_written_beside(tmp_path: Path) -> None:
    _, _, workbook = write_reports(samples.red(), ["html", "har", "xlsx"], tmp_path, Lang.FR)
    assert workbook.name == "run.xlsx"
    book = load_workbook(workbook)
    assert book["Exigences"]["A2"].hyperlink.target == "report.html#r-SLOT-001"
    assert 'id="r-SLOT-001"' in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_the_findings_of_code_hosts_stand_in_the_target_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    target = tmp_path / "ci" / "target.toml"
    target.parent.mkdir()
    target.write_text('[target]\nbase_url = "http://agenda.example.org/fhir"\n', encoding="utf-8")
    (path,) = write_reports(samples.red(), ["sarif"], tmp_path / "out", Lang.FR, target_file=Path("ci/target.toml"))
    place = json.loads(path.read_text(encoding="utf-8"))["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("ci/target.toml", 2)


def test_the_exchanges_the_other_reports_name_are_in_the_har(tmp_path: Path) -> None:
    page, har, workbook = write_reports(samples.red(), ["html", "har", "xlsx"], tmp_path, Lang.FR)
    entries = json.loads(har.read_text(encoding="utf-8"))["log"]["entries"]
    held = {entry["_recette"]["exchange"] for entry in entries}
    named = {row[9] for row in load_workbook(workbook)["Constats"].iter_rows(min_row=2, values_only=True)}
    assert named == held == {"x1", "x2"}
    assert set(re.findall(r"Échange (\w+) ·", page.read_text(encoding="utf-8"))) <= held


def test_nothing_loads_openpyxl_until_a_workbook_is_asked_for() -> None:
    script = "import sys, recette.cli.judging, recette.reports; sys.exit('openpyxl' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
