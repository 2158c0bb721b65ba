from __future__ import annotations

import stat
from pathlib import Path

import pytest

from recette.reports import files, json_report, write_reports
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


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ReportWriteError) as error:
        write_reports(samples.green(), ["md"], tmp_path / "file" / "out", Lang.FR)
    assert "summary.md" in error.value.text.en
    assert "--out" in error.value.text.en


def test_every_format_of_the_command_line_that_is_a_file_is_known() -> None:
    assert set(files.FILES) == {"json", "junit", "html", "md"}
