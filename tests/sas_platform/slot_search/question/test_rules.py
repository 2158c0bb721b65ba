"""Whom a search asks, when, and how that is written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sas_kernel.clock import PARIS
from sas_kernel.contracts import service_levels
from sas_platform.editors.model import Editor, Environment, Search
from sas_platform.slot_search.model import Bounds, InvalidSearchError, SearchQuery
from sas_platform.slot_search.question import rules
from tests.sas_platform.conftest import NOW, instants

BOUNDS = Bounds(25, timedelta(hours=72), 2, 7, 1000, 100, 10, 50)
EDITORS = (
    Editor("a", "A", "https://a.example.org/fhir", Environment.RECETTE),
    Editor("b", "B", "https://b.example.org:8443", Environment.RECETTE),
)
NEAR = st.integers(-200, 200).map(lambda hours: NOW + timedelta(hours=hours))
IDS = st.from_regex(r"8[0-9]{11}|0[0-9A-Z]{9}", fullmatch=True)


def test_bounds_are_the_contracts_unless_an_operator_sets_them() -> None:
    levels = service_levels()
    promised = rules.bounds(levels, max_practitioners=100, max_associations=50)
    assert promised.answer == levels["slot_search.answer_timeout"].value
    assert promised.lot_size == levels["slot_search.practitioners_per_request"].value
    assert promised.association_lot_size == levels["slot_search.associations_per_request"].value
    assert promised.horizon == timedelta(hours=levels["slot_search.horizon"].value)
    assert rules.bounds(levels, max_practitioners=100, max_associations=50, answer=0.5).answer == 0.5


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
    assert all(1 <= len(lot.ids) <= BOUNDS.lot_size for lot in plan.lots)
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


# --- CPTS and SOS ----------------------------------------------------------------------------------------------------

PS, CPTS, SOS = Search
SIRETS = st.from_regex(r"3[0-9]{14}", fullmatch=True)


def editor(name: str, *searches: Search, associations: tuple[str, ...] = ()) -> Editor:
    return Editor(
        name,
        name,
        f"https://{name}.example.org/fhir",
        Environment.RECETTE,
        searches=frozenset(searches),
        associations=frozenset(associations),
    )


ALL = editor("all", *Search)


def test_int_r04_is_int_r01_with_two_more_includes() -> None:
    (plain,) = rules.plan(SearchQuery(("810123400017",)), [ALL], NOW, BOUNDS).requests
    (cpts,) = rules.plan(SearchQuery(("810123400017",), cpts=True), [ALL], NOW, BOUNDS).requests
    more = [
        ("_include", "Slot:service-type-reference"),
        ("_include:iterate", "HealthcareService:organization"),
    ]
    asked = parse_qsl(cpts.target.partition("?")[2], strict_parsing=True)
    assert [pair for pair in asked if pair not in more] == parse_qsl(plain.target.partition("?")[2])
    assert [pair for pair in asked if pair in more] == more
    assert (plain.search, cpts.search) == (PS, CPTS)


@given(st.lists(SIRETS, min_size=1, max_size=50), instants(2026, 2040))
def test_the_sos_query_reads_back_as_what_was_asked(sirets: list[str], now: datetime) -> None:
    requests = rules.plan(SearchQuery((), associations=tuple(sirets)), [ALL], now, BOUNDS).requests
    asked = []
    for request in requests:
        path, _, query = request.target.partition("?")
        assert path == "/fhir/Schedule"
        pairs = parse_qsl(query, strict_parsing=True)
        assert [pair for pair in pairs if pair[0].startswith("_") and not pair[0].startswith("_has")] == [
            ("_revinclude", "Slot:schedule"),
            ("_include", "Schedule:actor:Location"),
            ("_include:iterate", "Location:organization"),
        ]
        start, end = (value for name, value in pairs if name == "_has:Slot:schedule:start")
        assert now - timedelta(milliseconds=1) < datetime.fromisoformat(start.removeprefix("ge")) <= now
        assert datetime.fromisoformat(end.removeprefix("le")) <= now + BOUNDS.horizon
        assert ("_has:Slot:schedule:status", "free") in pairs
        tokens = dict(pairs)["actor:Location.organization.identifier"].split(",")
        assert 1 <= len(tokens) <= 10
        asked += [token.removeprefix("urn:oid:1.2.250.1.71.4.2.2|") for token in tokens]
    assert asked == list(dict.fromkeys(sirets))


def test_each_editor_is_asked_only_what_its_register_entry_says() -> None:
    editors = [ALL, editor("plain", PS), editor("only-cpts", CPTS), editor("only-sos", SOS)]
    whole = SearchQuery(("810123400017",), cpts=True, associations=("399000000000029",))
    plan = rules.plan(whole, editors, NOW, BOUNDS)
    assert sorted((r.editor.id, r.search) for r in plan.requests) == [
        ("all", CPTS),
        ("all", SOS),
        ("only-cpts", CPTS),
        ("only-sos", SOS),
        ("plain", PS),
    ]
    assert plan.awaited == {"all": 2, "only-cpts": 1, "only-sos": 1, "plain": 1}
    without = rules.plan(SearchQuery(("810123400017",)), editors, NOW, BOUNDS)
    assert [(r.editor.id, r.search) for r in without.requests] == [("all", PS), ("plain", PS)]
    assert [each.id for each in without.editors] == ["all", "plain"]


def test_an_association_whose_software_is_known_is_asked_there_only() -> None:
    known, unknown = "399000000000029", "399000000000037"
    first, second = editor("first", SOS, associations=(known,)), editor("second", SOS)
    plan = rules.plan(SearchQuery((), associations=(known, unknown)), [first, second], NOW, BOUNDS)
    assert {r.editor.id: r.lot.ids for r in plan.requests} == {"first": (known, unknown), "second": (unknown,)}


def test_after_a_refusal_of_int_r04_the_same_is_asked_by_int_r01() -> None:
    query = SearchQuery(("810123400017",), cpts=True, associations=("399000000000029",))
    cpts, sos = rules.plan(query, [ALL], NOW, BOUNDS).requests
    again = rules.without_cpts(cpts)
    assert again is not None
    assert (again.search, again.lot, again.window) == (PS, cpts.lot, cpts.window)
    assert again == rules.plan(SearchQuery(("810123400017",)), [ALL], NOW, BOUNDS).requests[0]
    assert rules.without_cpts(again) is None
    assert rules.without_cpts(sos) is None
    only = rules.plan(query, [editor("only-cpts", CPTS)], NOW, BOUNDS).requests[0]
    assert rules.without_cpts(only) is None


@pytest.mark.parametrize("written", ["399000000000029", "99000000000029", " 990 000 000 00029 "])
def test_a_siret_is_understood_with_and_without_prefix(written: str) -> None:
    assert rules.association_id(written) == "399000000000029"


@pytest.mark.parametrize("written", ["", "1234", "499000000000029", "3990000000000290", "810123400017"])
def test_what_is_not_a_siret_is_refused_and_masked(written: str) -> None:
    with pytest.raises(InvalidSearchError) as refused:
        rules.association_id(written)
    assert len(written) <= 4 or written not in refused.value.text.fr


def test_too_many_associations_are_refused() -> None:
    many = tuple(f"3{number:014d}" for number in range(51))
    with pytest.raises(InvalidSearchError) as refused:
        rules.plan(SearchQuery((), associations=many), [ALL], NOW, BOUNDS)
    assert "51" in refused.value.text.fr
