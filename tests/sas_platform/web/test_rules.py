"""What the page prints of a search."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sas_kernel.clock import PARIS
from sas_kernel.text import Lang
from sas_platform.slot_search.model import (
    Association,
    Availability,
    Cpts,
    Place,
    Practitioner,
    Site,
    Slot,
)
from sas_platform.slot_search.rules import Merge
from sas_platform.web import rules
from sas_platform.web.model import Directory, DirectoryAssociation, DirectoryEntry, DirectoryPlace, SearchForm
from tests.sas_platform.conftest import NOW, instants
from tests.sas_platform.fake_editor import ASSOCIATION, MAELLE, THEO, slot

HORIZON = timedelta(hours=72)
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
    directory = replace(DIRECTORY, entries={THEO: entry} if entry else {})
    return rules.card(availability, directory, rules.days(NOW, lang), {"alize": "Agenda Alizé"}, lang)


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


# --- CPTS and SOS ----------------------------------------------------------------------------------------------------

SITE = DirectoryPlace("Point Nord", "7 quai de l’Écluse", "99200", "Port-Chimère", "+33199000032")
SOS = DirectoryAssociation(ASSOCIATION, "SOS Médecins Villefictive", "+33199000031", (SITE,))
WITH_SOS = replace(DIRECTORY, associations={ASSOCIATION: SOS})
POINT = Place("k", None, SITE.name, SITE.line, SITE.postal_code, SITE.city, SITE.phone)
RIVES = Cpts("1990000033", "CPTS des Deux Rives", "+33199000021")


def test_a_slot_names_its_cpts_and_the_card_says_where_to_call_them() -> None:
    by_cpts = msgspec.structs.replace(
        offered(NOW + timedelta(minutes=5), "b"), cpts=(RIVES, Cpts("1990000041", "Pays Fictif"))
    )
    found = card(offered(NOW), by_cpts)
    plain, named = found.columns[0].first
    assert (plain.cpts, named.cpts) == ((), ("CPTS des Deux Rives", "CPTS Pays Fictif"))
    assert [(each.name, each.phone, each.phone_href) for each in found.cpts] == [
        ("CPTS des Deux Rives", "01 99 00 00 21", "tel:+33199000021"),
        ("CPTS Pays Fictif", "", ""),
    ]
    assert not found.sos


def test_a_slot_of_type_cpts_says_so_even_when_no_name_came() -> None:
    unnamed = offered(NOW, meta={"security": [{"code": "CPTS"}]})
    assert card(unnamed).columns[0].first[0].cpts == ("CPTS",)
    nameless = msgspec.structs.replace(offered(NOW), cpts=(Cpts("1990000033"),))
    assert card(nameless).columns[0].first[0].cpts == ("CPTS 1990000033",)


@pytest.mark.parametrize(("directory", "name"), [(WITH_SOS, SOS.name), (DIRECTORY, "SOS de l’éditeur")])
def test_a_site_has_a_card_of_its_own(directory: Directory, name: str) -> None:
    of_site = Site(Association(ASSOCIATION, "SOS de l’éditeur", "+33199000031"), POINT, [offered(NOW)])
    found = rules.card(of_site, directory, rules.days(NOW, Lang.FR), {"alize": "Alizé"}, Lang.FR)
    assert (found.sos, found.name, found.place, found.phone) == (True, name, "Point Nord", "01 99 00 00 32")
    assert found.specialty == "médecin de garde, confirmé par l’association"
    assert found.address == "7 quai de l’Écluse, 99200 Port-Chimère"
    assert ASSOCIATION not in found.key + found.order
    silent = msgspec.structs.replace(of_site, place=msgspec.structs.replace(POINT, phone=""))
    assert rules.card(silent, directory, rules.days(NOW, Lang.FR), {}, Lang.FR).phone == "01 99 00 00 31"


@pytest.mark.parametrize(
    ("form", "found"),
    [
        (SearchForm(where="port-chimere"), True),
        (SearchForm(where="992", specialty="SM54"), True),
        (SearchForm(where="991"), False),
        (SearchForm(specialty="SM40"), False),
    ],
)
def test_associations_are_found_by_the_place_of_a_site(form: SearchForm, found: bool) -> None:
    assert rules.associations_in(WITH_SOS, form) == ((SOS,) if found else ())


@pytest.mark.parametrize(
    ("written", "siret"), [("99000000000029", True), (ASSOCIATION, True), (THEO, False), (THEO[1:], False), ("", False)]
)
def test_a_siret_is_told_from_a_practitioners_id(written: str, siret: bool) -> None:
    assert rules.is_siret(written) is siret


def test_an_association_without_slot_is_listed_with_its_phones() -> None:
    (line,) = rules.without_slots((ASSOCIATION,), Merge(), WITH_SOS)
    assert (line.name, line.places) == (
        "SOS Médecins Villefictive",
        (
            ("", "01 99 00 00 31", "tel:+33199000031"),
            ("Point Nord, 7 quai de l’Écluse, 99200 Port-Chimère", "01 99 00 00 32", "tel:+33199000032"),
        ),
    )
