"""How editors answered, told to a regulator."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sas_kernel.text import Lang
from sas_platform.editors.model import Editor, Environment, Search
from sas_platform.slot_search.model import Bounds, EditorStatus, Ignored, LotReport, SearchQuery
from sas_platform.slot_search.question.rules import plan
from sas_platform.slot_search.rules import Merge, editor_report
from sas_platform.web.outcomes import rules
from tests.sas_platform.conftest import NOW
from tests.sas_platform.fake_editor import ASSOCIATION, MAELLE, THEO

BOUNDS = Bounds(25, timedelta(hours=72), 2, 7, 1000, 100, 10, 50)
EDITOR = Editor("alize", "Agenda Alizé", "https://a.example.org", Environment.RECETTE)
PLAN = plan(SearchQuery((THEO, MAELLE)), [EDITOR], NOW, BOUNDS)


def test_an_editor_that_has_not_answered_is_awaited() -> None:
    (line,) = rules.editor_lines(PLAN, (), Lang.FR)
    assert (line.tone, line.state) == ("skip", "en attente de réponse…")
    assert rules.status_line(PLAN, (), Merge(), Lang.FR) == "Aucun créneau pour l’instant · 1 sur 1 réponses attendues"


@pytest.mark.parametrize("status", EditorStatus)
@pytest.mark.parametrize("lang", Lang)
def test_every_status_has_a_sentence(status: EditorStatus, lang: Lang) -> None:
    report = editor_report(EDITOR, [LotReport(1, status, 7001, None, 0, {}, "Maintenance", None)])
    (line,) = rules.editor_lines(PLAN, [report], lang)
    assert line.tone == ("pass" if status is EditorStatus.ANSWERED else line.tone)
    assert ("7,0" if lang is Lang.FR else "7.0") in line.state
    assert "Maintenance" in line.notes[0]
    failed = "n’a pas donné" in rules.status_line(PLAN, [report], Merge(), Lang.FR)
    assert failed is (status is not EditorStatus.ANSWERED)


@pytest.mark.parametrize("reason", Ignored)
def test_every_reason_for_leaving_a_slot_out_has_words(reason: Ignored) -> None:
    report = editor_report(EDITOR, [LotReport(1, EditorStatus.ANSWERED, 5, 200, 0, {reason: 3}, None, None)])
    (line,) = rules.editor_lines(PLAN, [report], Lang.FR)
    assert line.notes[0].startswith("Créneaux écartés : 3 ")


# --- several searches ------------------------------------------------------------------------------------------------

WHOLE = Editor("alize", "Agenda Alizé", "https://a.example.org", Environment.RECETTE, searches=frozenset(Search))
BOTH = plan(SearchQuery((THEO,), cpts=True, associations=(ASSOCIATION,)), [WHOLE], NOW, BOUNDS)
REFUSED = LotReport(1, EditorStatus.REFUSED, 90, 400, 0, {}, "inconnu", None, search=Search.CPTS, asked_again=True)
PLAIN = LotReport(1, EditorStatus.ANSWERED, 300, 200, 4, {}, None, None)
SITES = LotReport(1, EditorStatus.ANSWERED, 200, 200, 2, {}, None, None, search=Search.SOS)
LATE = LotReport(1, EditorStatus.TIMED_OUT, 7000, None, 0, {}, None, None, search=Search.SOS)


@pytest.mark.parametrize("known", [[SITES], [REFUSED], [REFUSED, PLAIN], [REFUSED, SITES]])
def test_an_editor_is_awaited_until_all_its_searches_have_ended(known: list[LotReport]) -> None:
    report = editor_report(WHOLE, known)
    (line,) = rules.editor_lines(BOTH, [report], Lang.FR)
    assert (line.tone, line.state) == ("skip", "en attente de réponse…")
    assert "1 sur 1 réponses attendues" in rules.status_line(BOTH, [report], Merge(), Lang.FR)


def test_a_refused_cpts_search_is_said_and_is_no_failure() -> None:
    report = editor_report(WHOLE, [REFUSED, PLAIN, SITES])
    (line,) = rules.editor_lines(BOTH, [report], Lang.FR)
    assert (line.tone, line.state) == (
        "warn",
        "a répondu en partie en 0,30\N{NO-BREAK SPACE}s, 6\N{NO-BREAK SPACE}créneaux",
    )
    assert line.notes == (
        "Professionnels : 4\N{NO-BREAK SPACE}créneaux.",
        "Professionnels et CPTS : a refusé la demande, redemandé sans les CPTS. Il dit : « inconnu »",
        "SOS Médecins : 2\N{NO-BREAK SPACE}créneaux.",
    )
    assert rules.status_line(BOTH, [report], Merge(), Lang.FR) == "Aucun créneau"


def test_slots_missing_of_one_search_are_said_to_be_missing() -> None:
    report = editor_report(WHOLE, [REFUSED, PLAIN, LATE])
    (line,) = rules.editor_lines(BOTH, [report], Lang.EN)
    assert line.tone == "warn"
    assert "SOS Médecins: did not answer in time." in line.notes
    assert rules.status_line(BOTH, [report], Merge(), Lang.FR).endswith("1 éditeur n’en a donné qu’une partie")
    nothing = editor_report(
        WHOLE, [LotReport(1, EditorStatus.TIMED_OUT, 1, None, 0, {}, None, None, Search.CPTS), LATE]
    )
    assert rules.editor_lines(BOTH, [nothing], Lang.FR)[0].tone == "fail"
    assert rules.status_line(BOTH, [nothing], Merge(), Lang.FR).endswith("1 éditeur n’a pas donné ses créneaux")
