"""Judging, merging and reporting, without any input or output."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sas_kernel.text import Text
from sas_platform.editors.model import Editor, Environment, Search
from sas_platform.slot_search import rules
from sas_platform.slot_search.model import (
    Association,
    Availability,
    EditorStatus,
    Ignored,
    LotReport,
    Place,
    Practitioner,
    Site,
    Slot,
)
from tests.sas_platform.conftest import NOW

EDITOR = Editor("a", "A", "https://a.example.org/fhir", Environment.RECETTE)


# --- booking URLs ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example.org/agenda", "https://a.example.org/agenda?origin=sas"),
        ("https://a.example.org/agenda?vue=semaine", "https://a.example.org/agenda?vue=semaine&origin=sas"),
        ("https://a.example.org/agenda#lundi", "https://a.example.org/agenda?origin=sas#lundi"),
        ("https://a.example.org/a?b=c#/d?e=f", "https://a.example.org/a?b=c&origin=sas#/d?e=f"),
        ("https://a.example.org/a?", "https://a.example.org/a?origin=sas"),
        ("https://a.example.org/a?b=c&", "https://a.example.org/a?b=c&origin=sas"),
        ("https://a.example.org/a?origin=else&b=c%20d", "https://a.example.org/a?b=c%20d&origin=sas"),
        ("https://a.example.org/a?originale=1", "https://a.example.org/a?originale=1&origin=sas"),
        ("http://127.0.0.1:8081", "http://127.0.0.1:8081?origin=sas"),
    ],
)
def test_origin_goes_into_the_query_before_the_fragment(url: str, expected: str) -> None:
    assert rules.with_origin(url, "sas") == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "   ",
        "/agenda",
        "agenda.example.org",
        "javascript:alert(1)",
        "JavaScript:alert(1)//https://a.example.org",
        "data:text/html,<script>alert(1)</script>",
        "ftp://a.example.org/",
        "https://",
        "https:///agenda",
        "https://[::1",
        "https://a.example.org:port/",
        'https://a.example.org/"onclick="x',
        "https://a.example.org/ a",
        "https://a.example.org/\nb",
        "https://a.example.org/\u202e",
        "https://a.example.org\\@b.example.org/",
        "https://a.example.org/" + "x" * 2000,
    ],
)
def test_anything_but_a_plain_http_url_is_no_link(url: str) -> None:
    assert rules.with_origin(url, "sas") is None


@given(st.text(max_size=60))
def test_a_link_is_always_http_with_one_origin(rest: str) -> None:
    linked = rules.with_origin("https://a.example.org/" + rest, "sas")
    if linked is not None:
        parts = urlsplit(linked)
        assert (parts.scheme, parts.hostname) == ("https", "a.example.org")
        assert [pair for pair in parts.query.split("&") if pair.startswith("origin=")] == ["origin=sas"]
        assert parts.query.endswith("origin=sas")


@given(
    st.lists(
        st.sampled_from(["?", "&", "=", "#", "origin", "origin=", "vue=semaine", "&creneau=cr-12", "é", "/", " ", "x"]),
        max_size=8,
    ),
    st.sampled_from(["", ":8080", ":46469", ":65536", ":99999", ":0", ":", ":x", ".", "..", "@b", "%41", "_", " "]),
)
def test_a_link_made_with_others_is_the_link_made_alone(pieces: list[str], port: str) -> None:
    links = rules.Links("sas")
    url = f"https://a.example.org{port}/agenda/ag-1" + "".join(pieces)
    for each in (url, url + "0", "HTTP" + url[5:], url + "=7", url):
        assert links.of(each) == rules.with_origin(each, "sas")


@pytest.mark.parametrize("port", ["", ":8080", ":46469", ":65535", ":65536", ":99999", ":0"])
@pytest.mark.parametrize(
    "query",
    ["origin", "origin&cr", "origin=x&cr", "vue=a&origin=b&cr", "vue=a&origin", "origins=a&cr", "a=%20&cr", "cr"],
)
def test_a_plain_link_made_with_others_is_the_link_made_alone(port: str, query: str) -> None:
    url = f"https://a.example.org{port}/agenda/ag-1?{query}=12"
    assert rules.Links("sas").of(url) == rules.with_origin(url, "sas")


@given(st.text(max_size=60))
def test_no_text_of_an_editor_becomes_another_kind_of_link(text: str) -> None:
    linked = rules.with_origin(text, "sas")
    assert linked is None or linked.startswith(("http://", "https://"))


# --- merging ---------------------------------------------------------------------------------------------------------

_PEOPLE = [Practitioner(f"81012340000{n}", f"NOM{n}") for n in range(3)]
_PLACES = [Place(f"place{n}", name=f"Cabinet {n}") for n in range(2)]


@st.composite
def answers_of_editors(draw: st.DrawFn) -> list[tuple[str, list[Availability]]]:
    answers = []
    for editor in draw(st.lists(st.sampled_from("abc"), max_size=5)):
        groups: dict[tuple[str, str], Availability] = {}
        for _ in range(draw(st.integers(0, 6))):
            who, where = draw(st.sampled_from(_PEOPLE)), draw(st.sampled_from(_PLACES))
            offset = draw(st.integers(0, 30))
            slot = Slot(editor, str(draw(st.integers(0, 8))), NOW + timedelta(minutes=offset), None, msgspec.Raw(b"{}"))
            groups.setdefault((who.national_id, where.key), Availability(who, where, [])).slots.append(slot)
        answers.append((editor, list(groups.values())))
    return answers


@given(answers_of_editors())
def test_merging_loses_no_slot_doubles_none_and_sorts(answers: list[tuple[str, list[Availability]]]) -> None:
    merged = rules.merge(answers).availabilities()
    offered = {(s.editor, s.id) for _, answer in answers for a in answer for s in a.slots}
    kept = [(s.editor, s.id) for a in merged for s in a.slots]
    assert len(kept) == len(set(kept))
    assert set(kept) == offered
    keys = [(a.practitioner.national_id, a.place.key) for a in merged]
    assert len(keys) == len(set(keys))
    for availability in merged:
        assert [s.start for s in availability.slots] == sorted(s.start for s in availability.slots)
    assert [a.slots[0].start for a in merged] == sorted(a.slots[0].start for a in merged)


@given(answers_of_editors(), st.randoms(use_true_random=False))
def test_the_order_of_answers_of_different_editors_does_not_matter(
    answers: list[tuple[str, list[Availability]]], random: object
) -> None:
    one_each = list({editor: (editor, answer) for editor, answer in answers}.values())
    assert rules.merge(one_each).availabilities() == rules.merge(reversed(one_each)).availabilities()


@given(answers_of_editors())
def test_merging_step_by_step_tells_what_changed(answers: list[tuple[str, list[Availability]]]) -> None:
    merged, known = rules.Merge(), {}
    for editor, answer in answers:
        for key in merged.add(editor, answer):
            known[key] = len(merged.offer(key).slots)
    assert sum(known.values()) == merged.slots
    assert {key[0] for key in known} == {p.national_id for p in _PEOPLE if merged.has(p.national_id)}
    assert merged.availabilities() == rules.merge(answers).availabilities()


def test_slots_of_one_instant_go_by_editor_then_by_id() -> None:
    def of(editor: str, *ids: str) -> tuple[str, list[Availability]]:
        slots = [Slot(editor, each, NOW, None, msgspec.Raw(b"{}")) for each in ids]
        return editor, [Availability(_PEOPLE[0], _PLACES[0], slots)]

    (merged,) = rules.merge([of("b", "2", "1"), of("a", "9", "3")]).availabilities()
    assert [(each.editor, each.id) for each in merged.slots] == [("a", "3"), ("a", "9"), ("b", "1"), ("b", "2")]


def test_merging_leaves_the_answers_as_they_were() -> None:
    first = [Availability(_PEOPLE[0], _PLACES[0], [Slot("a", "1", NOW, None, msgspec.Raw(b"{}"))])]
    second = [Availability(_PEOPLE[0], _PLACES[0], [Slot("b", "1", NOW, None, msgspec.Raw(b"{}"))])]
    rules.merge([("a", first), ("b", second)])
    assert len(first[0].slots) == len(second[0].slots) == 1


def test_the_sites_of_an_association_are_groups_of_their_own() -> None:
    sos = Association("399000000000029", "SOS Médecins Villefictive")

    def of(editor: str, slot_id: str, place: Place, minutes: int) -> Site:
        start = NOW + timedelta(minutes=minutes)
        return Site(sos, place, [Slot(editor, slot_id, start, None, msgspec.Raw(b"{}"))])

    doctor = Availability(_PEOPLE[0], _PLACES[0], [Slot("a", "9", NOW, None, msgspec.Raw(b"{}"))])
    merged = rules.merge(
        [
            ("a", [of("a", "1", _PLACES[0], 30), of("a", "2", _PLACES[1], 10), doctor]),
            ("b", [of("b", "1", _PLACES[0], 5), of("b", "1", _PLACES[0], 5)]),
        ]
    )
    assert [(each.place.key, [(s.editor, s.id) for s in each.slots]) for each in merged.sites()] == [
        ("place0", [("b", "1"), ("a", "1")]),
        ("place1", [("a", "2")]),
    ]
    assert merged.availabilities() == [doctor]
    assert (merged.slots, merged.practitioners, merged.associations) == (4, 1, 1)
    assert merged.has(sos.national_id)


# --- reporting -------------------------------------------------------------------------------------------------------


def test_an_editor_has_the_worst_status_of_its_lots_and_the_sum_of_their_slots() -> None:
    why = Text("trop tard", "too late")
    lots = [
        LotReport(2, EditorStatus.TIMED_OUT, 7000, None, 0, {}, None, why),
        LotReport(1, EditorStatus.ANSWERED, 300, 200, 4, {Ignored.PAST: 1}, None, None),
        LotReport(3, EditorStatus.ANSWERED, 400, 200, 2, {Ignored.PAST: 2}, "beware", None),
    ]
    report = rules.editor_report(EDITOR, lots)
    assert (report.status, report.elapsed_ms, report.slots) == (EditorStatus.TIMED_OUT, 7000, 6)
    assert report.ignored == {Ignored.PAST: 3}
    assert report.explanation == why
    assert [lot.lot for lot in report.lots] == [1, 2, 3]


def test_an_editor_is_reported_search_by_search() -> None:
    refused = LotReport(1, EditorStatus.REFUSED, 90, 400, 0, {}, "inconnu", None, search=Search.CPTS, asked_again=True)
    plain = LotReport(1, EditorStatus.ANSWERED, 300, 200, 4, {Ignored.PAST: 1}, None, None)
    late = LotReport(1, EditorStatus.TIMED_OUT, 7000, None, 0, {}, None, None, search=Search.SOS)
    report = rules.editor_report(EDITOR, [refused, late, plain])
    assert [(each.search, each.status, each.slots) for each in report.searches] == [
        (Search.PRACTITIONERS, EditorStatus.ANSWERED, 4),
        (Search.CPTS, EditorStatus.REFUSED, 0),
        (Search.SOS, EditorStatus.TIMED_OUT, 0),
    ]
    assert [each.search for each in report.lots] == [*Search]
    assert (report.status, report.slots, report.answered) == (EditorStatus.TIMED_OUT, 4, 2)
    assert rules.editor_report(EDITOR, [refused, plain]).status is EditorStatus.REFUSED
