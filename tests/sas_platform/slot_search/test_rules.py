"""Planning, judging and merging, without any input or output."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sas_kernel.clock import PARIS
from sas_kernel.contracts import service_levels
from sas_kernel.text import Text
from sas_platform.editors.model import Editor, Environment
from sas_platform.slot_search import rules
from sas_platform.slot_search.model import (
    Availability,
    Bounds,
    EditorStatus,
    Ignored,
    InvalidSearchError,
    LotReport,
    Place,
    Practitioner,
    SearchQuery,
    Slot,
)
from tests.sas_platform.conftest import NOW, instants

BOUNDS = Bounds(25, timedelta(hours=72), 2, 7, 1000, 100)
EDITORS = (
    Editor("a", "A", "https://a.example.org/fhir", Environment.RECETTE),
    Editor("b", "B", "https://b.example.org:8443", Environment.RECETTE),
)
NEAR = st.integers(-200, 200).map(lambda hours: NOW + timedelta(hours=hours))
IDS = st.from_regex(r"8[0-9]{11}|0[0-9A-Z]{9}", fullmatch=True)


# --- the question ----------------------------------------------------------------------------------------------------


def test_bounds_are_the_contracts_unless_an_operator_sets_them() -> None:
    levels = service_levels()
    promised = rules.bounds(levels, max_practitioners=100)
    assert promised.answer == levels["slot_search.answer_timeout"].value
    assert promised.lot_size == levels["slot_search.practitioners_per_request"].value
    assert promised.horizon == timedelta(hours=levels["slot_search.horizon"].value)
    assert rules.bounds(levels, max_practitioners=100, answer=0.5).answer == 0.5


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("810123400017", "810123400017"),
        ("10123400017", "810123400017"),
        (" 8 10123400017 ", "810123400017"),
        ("0991234567", "0991234567"),
        ("991234567", "0991234567"),
        ("99123456a", "099123456A"),
    ],
)
def test_ids_are_understood_with_and_without_prefix(written: str, expected: str) -> None:
    assert rules.practitioner_id(written) == expected


@pytest.mark.parametrize("written", ["", "12345", "810123400017|x", "8101234000177", "810123400017,810123400025", "é"])
def test_what_is_not_an_id_is_refused(written: str) -> None:
    with pytest.raises(InvalidSearchError):
        rules.practitioner_id(written)


def test_a_refused_id_is_masked() -> None:
    with pytest.raises(InvalidSearchError) as refused:
        rules.practitioner_id("8101234000179999")
    assert "8101234000179999" not in refused.value.text.fr + refused.value.text.en


@given(st.lists(IDS, min_size=1, max_size=100))
def test_lots_hold_each_id_once_and_never_too_many(ids: list[str]) -> None:
    plan = rules.plan(SearchQuery(tuple(ids)), EDITORS, NOW, BOUNDS)
    assert plan.practitioners == tuple(dict.fromkeys(ids))
    assert all(1 <= len(lot.practitioners) <= BOUNDS.lot_size for lot in plan.lots)
    assert [lot.number for lot in plan.lots] == list(range(1, len(plan.lots) + 1))
    assert {(request.editor.id, request.lot.number) for request in plan.requests} == {
        (editor.id, lot.number) for editor in EDITORS for lot in plan.lots
    }


def test_nobody_and_too_many_are_refused() -> None:
    with pytest.raises(InvalidSearchError):
        rules.plan(SearchQuery(()), EDITORS, NOW, BOUNDS)
    many = tuple(f"8{number:011d}" for number in range(101))
    with pytest.raises(InvalidSearchError) as refused:
        rules.plan(SearchQuery(many), EDITORS, NOW, BOUNDS)
    assert "101" in refused.value.text.fr


def test_the_window_is_the_next_72_hours_unless_given() -> None:
    assert rules.window(SearchQuery(()), NOW, BOUNDS.horizon).end == NOW + timedelta(hours=72)
    given_end = NOW + timedelta(hours=5)
    assert rules.window(SearchQuery((), end=given_end), NOW, BOUNDS.horizon).end == given_end


@given(
    NEAR,
    NEAR,
)
def test_no_window_leaves_the_next_72_hours(start: datetime, end: datetime) -> None:
    try:
        window = rules.window(SearchQuery((), start, end), NOW, BOUNDS.horizon)
    except InvalidSearchError:
        assert end > NOW + BOUNDS.horizon or end <= max(start, NOW)
    else:
        assert NOW <= window.start < window.end <= NOW + BOUNDS.horizon
        assert window.start == max(start, NOW)
        assert window.end == end


def test_a_window_beyond_72_hours_says_why_it_is_refused() -> None:
    with pytest.raises(InvalidSearchError) as refused:
        rules.window(SearchQuery((), end=NOW + timedelta(hours=72, seconds=1)), NOW, BOUNDS.horizon)
    assert "72" in refused.value.text.fr
    assert "ANS-CONV-001" in refused.value.text.en


def test_a_time_without_offset_is_paris_time() -> None:
    naive = datetime(2031, 3, 10, 12)  # noqa: DTZ001  that is the point
    assert rules.window(SearchQuery((), naive), NOW, BOUNDS.horizon).start == datetime(2031, 3, 10, 11, tzinfo=UTC)


@given(
    st.lists(IDS, min_size=1, max_size=25, unique=True),
    instants(2026, 2040),
)
def test_the_request_reads_back_as_what_was_asked(ids: list[str], now: datetime) -> None:
    request = rules.plan(SearchQuery(tuple(ids)), EDITORS, now, BOUNDS).requests[0]
    path, _, query = request.target.partition("?")
    assert path == "/fhir/Slot"
    assert "|" not in query
    assert "+" not in query
    pairs = parse_qsl(query, strict_parsing=True)
    assert pairs[:2] == [("_include", "Slot:schedule"), ("_include:iterate", "Schedule:actor")]
    bounds = [datetime.fromisoformat(value[2:]) for name, value in pairs if name == "start"]
    millisecond = timedelta(milliseconds=1)
    assert now - millisecond < bounds[0] <= now
    assert bounds[0] <= bounds[1] <= now + BOUNDS.horizon
    assert bounds[0].utcoffset() == now.astimezone(PARIS).utcoffset()
    asked = dict(pairs)["schedule.actor:Practitioner.identifier"].split(",")
    assert asked == [f"urn:oid:1.2.250.1.71.4.2.1|{each}" for each in ids]
    assert pairs[-1] == ("status", "free")


def test_a_base_url_without_path_is_asked_at_its_root() -> None:
    request = rules.plan(SearchQuery(("810123400017",)), EDITORS, NOW, BOUNDS).requests[1]
    assert request.target.startswith("/Slot?")


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
    merged = rules.merge(answers)
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
    assert rules.merge(one_each) == rules.merge(reversed(one_each))


@given(answers_of_editors())
def test_merging_step_by_step_tells_what_changed(answers: list[tuple[str, list[Availability]]]) -> None:
    merged, known = rules.Merge(), {}
    for editor, answer in answers:
        for key in merged.add(editor, answer):
            known[key] = len(merged.availability(key).slots)
    assert sum(known.values()) == merged.slots
    assert {key[0] for key in known} == {p.national_id for p in _PEOPLE if merged.has(p.national_id)}
    assert merged.availabilities() == rules.merge(answers)


def test_merging_leaves_the_answers_as_they_were() -> None:
    first = [Availability(_PEOPLE[0], _PLACES[0], [Slot("a", "1", NOW, None, msgspec.Raw(b"{}"))])]
    second = [Availability(_PEOPLE[0], _PLACES[0], [Slot("b", "1", NOW, None, msgspec.Raw(b"{}"))])]
    rules.merge([("a", first), ("b", second)])
    assert len(first[0].slots) == len(second[0].slots) == 1


# --- reporting -------------------------------------------------------------------------------------------------------


def test_an_editor_has_the_worst_status_of_its_lots_and_the_sum_of_their_slots() -> None:
    why = Text("trop tard", "too late")
    lots = [
        LotReport(2, EditorStatus.TIMED_OUT, 7000, None, 0, {}, None, why),
        LotReport(1, EditorStatus.ANSWERED, 300, 200, 4, {Ignored.PAST: 1}, None, None),
        LotReport(3, EditorStatus.ANSWERED, 400, 200, 2, {Ignored.PAST: 2}, "beware", None),
    ]
    report = rules.editor_report(EDITORS[0], lots)
    assert (report.status, report.elapsed_ms, report.slots) == (EditorStatus.TIMED_OUT, 7000, 6)
    assert report.ignored == {Ignored.PAST: 3}
    assert report.explanation == why
    assert [lot.lot for lot in report.lots] == [1, 2, 3]
