from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recette.model import ExitCode, Verdict
from recette.reports import markdown
from sas_kernel.text import Lang, Text
from tests.recette.reports import samples


def test_an_accepted_run_is_said_in_a_few_lines() -> None:
    text = markdown.render(samples.green(), Lang.EN)
    assert text.startswith("## ✅ Acceptance : Accepted\n\n6 requirements judged, all of them met.\n")
    assert "| 0 | 0 | 0 | 6 | 0 | 0 | 1 | 1 |" in text
    assert "No finding." in text
    assert "| p95 1 s | 120 |" in text


def test_a_refused_run_shows_its_findings_the_gravest_first() -> None:
    text = markdown.render(samples.red())
    rows = [line for line in text.splitlines() if line.startswith(("| Bloquante |", "| Majeure |", "| Mineure |"))]
    assert [row.split("|")[1].strip() for row in rows[1:]] == ["Bloquante", "Majeure", "Mineure", "Mineure"]
    assert "(× 1204)" in rows[2]
    assert "`Bundle.entry[1].resource.status`" in rows[1]


def test_nothing_found_is_not_said_to_be_an_acceptance() -> None:
    text = markdown.render(replace(samples.green(), exit_code=ExitCode.INCONCLUSIVE))
    assert "⚠️" in text
    assert "rien n’est accepté" in text


@pytest.mark.parametrize(
    "hostile",
    [
        "@everyone",
        "see #12 !3",
        "https://evil.example",
        "www.evil.example",
        "[a](http://b)",
        "<img src=x>",
        "a | b",
        "**a**",
    ],
)
def test_prose_from_the_target_neither_formats_nor_links_nor_calls(hostile: str) -> None:
    shown = markdown.escape(hostile)
    assert not re.search(r"[@#!]\w|://|www\.\w|(?<!\\)[\[<|*]", shown)
    assert shown.replace("\\", "").replace("\u200b", "") == hostile


@given(st.text(st.characters(), max_size=300))
def test_a_row_keeps_its_cells_whatever_they_hold(text: str) -> None:
    check = samples.check("SLOT-001", verdict=Verdict.FAIL)
    finding = samples.finding(check, Text(text, text), text, expected=text, actual=text)
    (row,) = markdown.table([], markdown.finding_rows([finding], Lang.FR))[2:-1]
    # As the dialects read it: a pipe parts cells unless a single backslash stands before it, even in a code span.
    assert len(re.split(r"(?<!\\)\|", row)) == 6 + 2
    assert "\n" not in row


@given(st.text("`a |\\", min_size=1, max_size=30))
def test_a_code_span_is_closed_by_its_own_fence_only(text: str) -> None:
    shown = markdown.code(text)
    if shown:
        fence = re.match("`+", shown)
        assert fence is not None
        assert re.findall(rf"(?<!`){fence.group()}(?!`)", shown) == [fence.group()] * 2


def test_a_summary_is_bounded_and_says_how_many_findings_it_leaves_out() -> None:
    check = samples.check("SLOT-001", verdict=Verdict.FAIL)
    findings = tuple(samples.finding(check, Text("x" * 9_000, "x"), f"p{n}", actual="y" * 90_000) for n in range(400))
    report = replace(
        samples.red(),
        scenarios=(samples.scenario("s", samples.ONE, Verdict.FAIL, [replace(check, findings=findings)]),),
    )
    text = markdown.render(report)
    assert len(text) < 65_536
    assert "… et 350 autres" in text
