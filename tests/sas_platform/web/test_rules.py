"""What the page prints of a search."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sas_kernel.clock import PARIS
from sas_kernel.text import Lang
from sas_platform.editors.model import Editor, Environment
from sas_platform.slot_search.model import (
    Availability,
    Bounds,
    EditorStatus,
    Ignored,
    LotReport,
    Place,
    Practitioner,
    SearchQuery,
    Slot,
)
from sas_platform.slot_search.rules import Merge, editor_report, plan
from sas_platform.web import rules
from sas_platform.web.model import Directory, DirectoryEntry, DirectoryPlace, SearchForm
from tests.sas_platform.conftest import NOW, instants
from tests.sas_platform.fake_editor import MAELLE, THEO, slot

HORIZON = timedelta(hours=72)
EDITOR = Editor("alize", "Agenda Alizé", "https://a.example.org", Environment.RECETTE)
PLAN = plan(SearchQuery((THEO, MAELLE)), [EDITOR], NOW, Bounds(25, HORIZON, 2, 7, 1000, 100))
WHO = Practitioner(THEO, "VASSELIN", "Théo", "DR")
WHERE = Place("k", "1990000017", "Cabinet", "4 allée des Peupliers", "99100", "Villefictive", "+33199000012")
ENTRY = DirectoryEntry(
    THEO,
    "VASSELIN",
    "Théo",
    "DR",
    "SM54",
    "Médecine générale",
    (DirectoryPlace("Cabinet", "4 allée des Peupliers", "99100", "Villefictive", "+33199000012"),),
)
DIRECTORY = Directory("Villefictive", {THEO: ENTRY}, (("SM54", "Médecine générale"),), ("Villefictive",))


def offered(
    start: datetime, slot_id: str = "a", url: str | None = "https://a.example.org/?origin=sas", **more: Any
) -> Slot:
    return Slot("alize", slot_id, start, url, msgspec.Raw(json.dumps(slot(slot_id, start, **more)).encode()))


def card(*slots: Slot, entry: DirectoryEntry | None = ENTRY, lang: Lang = Lang.FR) -> Any:
    availability = Availability(WHO, WHERE, list(slots))
    return rules.card(availability, entry, rules.days(NOW, lang), {"alize": "Agenda Alizé"}, lang)


# --- days and times --------------------------------------------------------------------------------------------------


def test_days_are_those_of_paris() -> None:
    just_before_midnight = datetime(2031, 3, 10, 22, 59, tzinfo=UTC)
    assert [d.date.day for d in rules.days(just_before_midnight, Lang.FR)] == [10, 11, 12]
    assert [d.date.day for d in rules.days(just_before_midnight + timedelta(minutes=1), Lang.FR)] == [11, 12, 13]


def test_days_have_names() -> None:
    first_of_march = datetime(2031, 2, 28, 12, tzinfo=UTC)
    french = [(d.name, d.detail) for d in rules.days(first_of_march, Lang.FR)]
    assert french == [("Aujourd’hui", "ven. 28 févr."), ("Demain", "sam. 1er mars"), ("Dimanche", "2 mars")]
    english = [(d.name, d.detail) for d in rules.days(first_of_march, Lang.EN)]
    assert english == [("Today", "Fri 28 Feb"), ("Tomorrow", "Sat 1 Mar"), ("Sunday", "2 Mar")]


@given(instants(2026, 2040))
def test_the_columns_end_within_the_third_day_and_the_horizon(now: datetime) -> None:
    end = rules.end_of_columns(now, HORIZON)
    assert now + timedelta(hours=46) < end <= now + HORIZON
    assert end.astimezone(PARIS).date() <= rules.days(now, Lang.FR)[-1].date


def test_the_hour_that_comes_twice_is_shown_for_both() -> None:
    autumn = datetime(2031, 10, 26, 0, 30, tzinfo=UTC)
    assert rules.clock_time(autumn, Lang.FR) == rules.clock_time(autumn + timedelta(hours=1), Lang.FR) == "02h30"
    assert rules.clock_time(autumn, Lang.EN) == "02:30"


# --- cards -----------------------------------------------------------------------------------------------------------


def test_a_card_says_who_where_and_when() -> None:
    shown = card(offered(NOW + timedelta(hours=2)), offered(NOW + timedelta(hours=26), "b"))
    assert (shown.name, shown.specialty) == ("Dr VASSELIN Théo", "Médecine générale")
    assert (shown.place, shown.address) == ("Cabinet", "4 allée des Peupliers, 99100 Villefictive")
    assert (shown.phone, shown.phone_href) == ("01 99 00 00 12", "tel:+33199000012")
    assert [[cell.time for cell in column.first] for column in shown.columns] == [["10h00"], ["10h00"], []]
    (cell,) = shown.columns[0].first
    assert (cell.editor, cell.note, cell.href) == (
        "Agenda Alizé",
        "Douleur récente",
        "https://a.example.org/?origin=sas",
    )


def test_a_practitioner_the_directory_does_not_know_is_named_by_the_editor() -> None:
    assert card(offered(NOW), entry=None).name == "Dr VASSELIN Théo"


def test_the_letters_are_those_regulators_know() -> None:
    types = [
        {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": c}]}
        for c in ("HH", "VR", "AMB", "XX")
    ]
    (cell,) = card(offered(NOW, serviceType=types)).columns[0].first
    assert [(kind.letter, kind.label) for kind in cell.kinds] == [
        ("C", "au cabinet"),
        ("T", "en téléconsultation"),
        ("D", "à domicile"),
    ]


def test_a_walk_in_slot_has_no_booking_link() -> None:
    (cell,) = card(offered(NOW, appointmentType={"coding": [{"code": "WALKIN"}]})).columns[0].first
    assert cell.walkin
    assert cell.href is None


def test_a_slot_without_url_is_shown_without_link() -> None:
    (cell,) = card(offered(NOW, url=None)).columns[0].first
    assert (cell.href, cell.walkin) == (None, False)


def test_the_slots_of_a_busy_day_are_all_there() -> None:
    slots = [offered(NOW + timedelta(minutes=10 * n), str(n)) for n in range(20)]
    column = card(*slots).columns[0]
    assert len(column.first) == rules.SHOWN_A_DAY
    assert len(column.first) + len(column.more) == 20
    assert len({cell.key for cell in (*column.first, *column.more)}) == 20


def test_cards_sort_by_their_earliest_slot() -> None:
    early, late = card(offered(NOW)), card(offered(NOW + timedelta(minutes=1)))
    assert early.order < late.order
    assert early.key == late.key
    assert THEO not in early.key + early.order


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+33199000012", "01 99 00 00 12"),
        ("0199000012", "01 99 00 00 12"),
        ("+262262000012", "+262262000012"),
        ("", ""),
    ],
)
def test_phones_are_printed_the_french_way(number: str, shown: str) -> None:
    assert rules.phone(number) == shown


# --- the directory ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "found"),
    [
        (SearchForm(specialty="SM54"), True),
        (SearchForm(specialty="SM40"), False),
        (SearchForm(where="villefictive"), True),
        (SearchForm(where="VILLE"), True),
        (SearchForm(where="991"), True),
        (SearchForm(where="99100", specialty="SM54"), True),
        (SearchForm(where="fictive"), False),
        (SearchForm(where="75"), False),
    ],
)
def test_the_directory_is_searched_by_specialty_and_place(form: SearchForm, found: bool) -> None:
    assert rules.found_in(DIRECTORY, form) == ((ENTRY,) if found else ())


@given(st.lists(st.from_regex(r"[0-9A-Z]{9,12}", fullmatch=True)), st.sampled_from([" ", ",", ";", "\n", ", ", "\t"]))
def test_ids_may_be_separated_in_many_ways(ids: list[str], separator: str) -> None:
    assert rules.written_ids(separator.join(ids)) == tuple(ids)


def test_whoever_has_no_slot_is_listed_with_a_phone() -> None:
    known, unknown = rules.without_slots((THEO, MAELLE), Merge(), DIRECTORY)
    assert known.name == "Dr VASSELIN Théo"
    assert known.places == (("4 allée des Peupliers, 99100 Villefictive", "01 99 00 00 12", "tel:+33199000012"),)
    assert (unknown.name, unknown.places) == (MAELLE, ())
    merged = Merge()
    merged.add("alize", [Availability(WHO, WHERE, [offered(NOW)])])
    assert [line.name for line in rules.without_slots((THEO, MAELLE), merged, DIRECTORY)] == [MAELLE]


# --- editors ---------------------------------------------------------------------------------------------------------


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
