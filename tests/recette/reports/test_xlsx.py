from __future__ import annotations

import io
import zipfile
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.workbook.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from recette.model import RunReport, Verdict
from recette.reports import xlsx
from sas_kernel.text import Lang, Text
from tests.recette.reports import samples


def opened(report: RunReport, lang: Lang = Lang.FR, beside: tuple[str, ...] = ()) -> Workbook:
    return load_workbook(io.BytesIO(xlsx.render(report, lang, beside)))


def table(book: Workbook, title: str) -> list[dict[str, object]]:
    sheet = book[title]
    assert isinstance(sheet, Worksheet)
    head, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(map(str, head), row, strict=True)) for row in rows]


def hostile(text: str) -> RunReport:
    report = samples.red()
    first = report.scenarios[0]
    check = first.checks[1]
    finding = replace(check.findings[0], path=text, expected=text, actual=text)
    scenario = replace(first, checks=(replace(check, findings=(finding,)),))
    return replace(report, scenarios=(scenario,), target=replace(report.target, name=text))


def test_the_sheets_are_in_the_language_asked_for() -> None:
    assert opened(samples.red()).sheetnames == ["Synthèse", "Exigences", "Constats", "Mesures", "Non couvertes"]
    assert opened(samples.red(), Lang.EN).sheetnames == [
        "Summary",
        "Requirements",
        "Findings",
        "Measurements",
        "Not covered",
    ]


def test_each_requirement_has_its_status_its_scenarios_and_its_evidence() -> None:
    rows = {row["N°"]: row for row in table(opened(samples.red()), "Exigences")}
    assert {name: row["Statut"] for name, row in rows.items()} == {
        "SLOT-001": "Validé",
        "SLOT-012": "Refusé",
        "SLOT-020": "Refusé",
        "SLOT-031": "Recommandation non suivie",
        "SLOT-040": "Refusé",
        "SLOT-050": "Non joué",
        "SLOT-060": "Erreur de l’outil",
        "SLOT-070": "Non couvert",
    }
    assert rows["SLOT-040"]["Preuve"] == "x2"
    assert rows["SLOT-040"]["Scénario(s)"] == "slot_search.errors"
    assert rows["SLOT-001"]["Preuve"] == "x1"
    assert rows["SLOT-050"]["Preuve"] is None
    assert "48 mesures seulement" in str(rows["SLOT-050"]["Constat"])


@pytest.mark.parametrize(("verdict", "status"), [(Verdict.REVIEW, "À vérifier"), (Verdict.OMIT, "Non applicable")])
def test_what_a_person_must_see_and_what_does_not_apply_are_told_apart(verdict: Verdict, status: str) -> None:
    report = samples.green()
    scenario = replace(report.scenarios[0], checks=(samples.check("SLOT-001", verdict=verdict),))
    rows = {row["N°"]: row for row in table(opened(replace(report, scenarios=(scenario,))), "Exigences")}
    assert rows["SLOT-001"]["Statut"] == status


def test_the_summary_says_what_was_judged_with_what_and_how_it_ended() -> None:
    sheet = opened(samples.red(), beside=("run.har",))["Synthèse"]
    pairs = {row[0]: row[1] for row in sheet.iter_rows(values_only=True) if row[0]}
    assert pairs["Verdict"] == "Refusé"
    assert pairs["Règles (empreinte)"] == samples.red().rule_set
    assert pairs["Guide (faits)"] == samples.red().guide
    assert pairs["Échanges conservés comme preuves"] == "2 – run.har"
    assert (pairs["Bloquante"], pairs["Majeure"], pairs["Mineure"], pairs["Avertissements"]) == (1, 1, 1, 1)


def test_evidence_leads_to_the_html_report_when_it_is_there_and_to_the_finding_otherwise() -> None:
    finding = next(finding for finding in samples.red().findings if finding.requirement == "SLOT-040")
    beside, alone = (opened(samples.red(), beside=files)["Exigences"]["I6"] for files in (("report.html",), ()))
    assert beside.value == alone.value == "x2"
    assert beside.hyperlink.target == f"report.html#f-{finding.identity}"
    assert alone.hyperlink.location == "'Constats'!A4"
    assert opened(samples.red())["Constats"]["A4"].value == finding.identity


def test_a_measure_is_shown_as_measured_and_never_above_itself() -> None:
    slow, few = table(opened(samples.red()), "Mesures")
    known = samples.red().measurements[0]
    assert known.p95 is not None
    assert isinstance(slow["95e centile (ms)"], float)
    assert known.p95 * 1000 - 0.1 < slow["95e centile (ms)"] <= known.p95 * 1000
    assert few["Verdict"] == "Non exécuté"
    assert (few["Mesures"], few["Mesures requises"]) == (48, 100)


def test_what_no_scenario_covers_is_listed_with_the_reason() -> None:
    (row,) = table(opened(samples.red(), Lang.EN), "Not covered")
    assert row["No."] == "SLOT-070"
    assert str(row["Why no scenario covers it"]).startswith("It cannot be seen from outside")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0", "\t=1", "#N/A", " =1"])
def test_no_text_of_the_target_is_ever_a_formula(text: str) -> None:
    book = opened(hostile(text))
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    written = [cell for cell in cells if str(cell.value) == text]
    assert len(written) >= 3
    assert all(cell.quotePrefix for cell in written) or text == "#N/A"


def test_characters_that_xml_cannot_hold_are_shown() -> None:
    (row,) = table(opened(hostile("a\x00b\x1b[31m\ufffe\ud800_x0041_")), "Constats")
    assert row["Obtenu"] == "a\\x00b\\x1b[31m\\ufffe\\ud800_x005F_x0041_"


@settings(max_examples=10, deadline=None)
@given(st.text(alphabet=st.characters(), max_size=60))
def test_whatever_the_target_says_the_workbook_opens(text: str) -> None:
    assert len(table(opened(hostile(text)), "Constats")) == 1


def test_a_very_long_value_is_cut_and_says_so() -> None:
    (row,) = table(opened(hostile("é" * 40_000)), "Constats")
    assert str(row["Obtenu"]).endswith("… (+32000)")


def test_the_same_report_gives_the_same_bytes() -> None:
    first = xlsx.render(samples.red())
    assert first == xlsx.render(samples.red())
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert b"2031-03-10T08:18:06Z" in archive.read("docProps/core.xml")


def test_every_table_filters_prints_and_keeps_its_head_in_sight() -> None:
    for sheet in opened(samples.red()).worksheets[1:]:
        assert sheet.freeze_panes == "B2"
        assert sheet.auto_filter.ref == sheet.dimensions
        assert sheet.print_title_rows == "$1:$1"
        assert sheet.page_setup.orientation == "landscape"
        assert all(cell.alignment.wrap_text for row in sheet.iter_rows() for cell in row)


def test_a_requirement_with_many_findings_names_the_first_and_counts_the_others() -> None:
    report = samples.red()
    check = report.scenarios[0].checks[1]
    many = tuple(
        replace(check.findings[0], identity=f"{n:016x}", message=Text(f"Constat {n}.", f"Finding {n}."))
        for n in range(9)
    )
    scenario = replace(report.scenarios[0], checks=(replace(check, findings=many),))
    rows = {row["N°"]: row for row in table(opened(replace(report, scenarios=(scenario,))), "Exigences")}
    told = str(rows["SLOT-012"]["Constat"]).splitlines()
    assert len(told) == 4
    assert told[-1] == "… et 6 autre(s)"


def test_evidence_of_what_held_is_named_when_it_was_kept_and_counted_otherwise() -> None:
    reports = (replace(samples.green(), exchanges=(samples.exchange(),)), samples.green())
    kept, gone = ({row["N°"]: row for row in table(opened(report), "Exigences")} for report in reports)
    assert kept["SLOT-001"]["Statut"] == gone["SLOT-001"]["Statut"] == "Validé"
    assert kept["SLOT-001"]["Preuve"] == "x1"
    assert gone["SLOT-001"]["Preuve"] == "1 échange jugé, non conservé"
