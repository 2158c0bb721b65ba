"""What each kind of editor costs the others: nothing. Over real connections, against editors that misbehave."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest

from tests.sas_platform.conftest import NOW, TOKEN, OpenPlatform, Platform
from tests.sas_platform.fake_editor import (
    ASSOCIATION,
    LISANDRE,
    MAELLE,
    THEO,
    Behaviour,
    Call,
    agenda,
    answers,
    bundle,
    by_search,
    cpts,
    cpts_slot,
    drips,
    fake_editor,
    hangs,
    http,
    knows,
    never_ends,
    outcome,
    resets,
    sends,
    site,
    slot,
)

SOON = NOW + timedelta(hours=2)
GOOD = knows([slot("a1", SOON), slot("a2", SOON + timedelta(hours=1)), *agenda()])
DEEP = b'{"resourceType":"Bundle","type":"searchset","entry":[{"resource":' + b"[" * 60_000 + b"]" * 60_000 + b"}]}"
BOMB = gzip.compress(b" " * 30_000_000)

FAULTS: dict[str, tuple[Behaviour, str]] = {
    "hangs": (hangs, "timed_out"),
    "drips": (drips, "timed_out"),
    "answers too late": (answers(bundle(slot("late", SOON), *agenda()), after=1.2), "timed_out"),
    "never ends": (never_ends, "too_large"),
    "announces too much": (sends(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n{"), "too_large"),
    "sends a compressed bomb": (sends(http(BOMB, "200 OK", "Content-Encoding: gzip")), "too_large"),
    "sends HTML": (sends(http(b"<!doctype html><p>Bonjour", media_type="text/html")), "invalid"),
    "redirects": (sends(http(b"", "302 Found", "Location: http://127.0.0.1:1/fhir/Slot")), "invalid"),
    "says no content": (sends(b"HTTP/1.1 204 No Content\r\n\r\n"), "invalid"),
    "sends broken JSON": (sends(http(b'{"resourceType": "Bundle", "entry": [')), "invalid"),
    "sends an empty body": (sends(http(b"")), "invalid"),
    "sends text that is not UTF-8": (sends(http(b'{"resourceType":"Bundle","x":"\xe9"}')), "invalid"),
    "nests too deep": (sends(http(DEEP)), "invalid"),
    "sends another resource": (answers({"resourceType": "Patient"}), "invalid"),
    "names a format field": (answers({"resourceType": "{0}{x}"}), "invalid"),
    "sends another Bundle": (answers(bundle(type="collection")), "invalid"),
    "sends a list": (answers([1, 2, 3]), "invalid"),
    "resets": (resets, "connection_lost"),
    "stops in the middle": (sends(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{"), "connection_lost"),
    "speaks another protocol": (sends(b"220 mail.example.org ESMTP\r\n\r\n"), "invalid"),
    "is overloaded": (answers(outcome("Maintenance jusqu’à midi"), "503 Service Unavailable"), "refused"),
    "fails in HTML": (sends(http(b"<h1>500</h1>", "500 Oops", media_type="text/html")), "refused"),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_faulty_editor_shows_and_costs_the_others_nothing(fault: str, open_platform: OpenPlatform) -> None:
    behaviour, status = FAULTS[fault]
    async with fake_editor(behaviour) as faulty, fake_editor(GOOD) as good:
        editors = (f"Faulty={faulty.base_url}", f"Good={good.base_url}")
        async with open_platform(editors=editors) as platform:
            begun = time.perf_counter()
            found = await platform.search(THEO)
            assert time.perf_counter() - begun < 5
    reports = {report["id"]: report for report in found["editors"]}
    assert reports["faulty"]["status"] == status, reports["faulty"]
    assert reports["faulty"]["slots"] == 0
    assert reports["faulty"]["explanation"]["fr"]
    assert reports["good"]["status"] == "answered"
    assert reports["good"]["slots"] == 2
    assert shown(found) == ["a1", "a2"]


async def test_an_editor_that_nobody_can_connect_to_is_unreachable(open_platform: OpenPlatform) -> None:
    async with fake_editor(GOOD) as closed:
        base_url = closed.base_url
    async with open_platform(editors=(f"Gone={base_url}",)) as platform:
        found = await platform.search(THEO)
    assert [report["status"] for report in found["editors"]] == ["unreachable"]


async def test_the_operation_outcome_of_a_refusal_is_reported(open_platform: OpenPlatform) -> None:
    behaviour = answers(outcome("Maintenance\njusqu’à midi\u202e"), "503 Service Unavailable")
    async with fake_editor(behaviour) as faulty, open_platform(editors=(f"F={faulty.base_url}",)) as platform:
        found = await platform.search(THEO)
    report = found["editors"][0]
    assert report["issue"] == "Maintenance jusqu’à midi"
    assert report["lots"][0]["http_status"] == 503


async def test_a_warning_beside_slots_is_reported(open_platform: OpenPlatform) -> None:
    behaviour = answers(bundle(slot("a1", SOON), *agenda(), outcome("Agenda partiel")))
    async with fake_editor(behaviour) as editor, open_platform(editors=(f"E={editor.base_url}",)) as platform:
        found = await platform.search(THEO)
    assert found["editors"][0]["issue"] == "Agenda partiel"
    assert found["editors"][0]["slots"] == 1


async def test_what_may_not_be_shown_is_left_out_and_counted(open_platform: OpenPlatform) -> None:
    resources = [
        slot("shown", SOON),
        slot("busy", SOON, status="busy"),
        slot("past", NOW - timedelta(minutes=1)),
        slot("beyond", NOW + timedelta(hours=73)),
        slot("before the calendar", "0001-01-01T00:00:00.000+14:00"),
        slot("after the calendar", "9999-12-31T23:59:59.999-14:00"),
        slot("lost", SOON, "nowhere"),
        slot("other", SOON, "s2"),
        slot("shown", SOON),
        slot("vague", "2031-03-10T12:00:00"),
        slot("unreadable", "demain"),
        *agenda(),
        *agenda("s2", MAELLE),
        {**agenda("s3")[0], "actor": [{"reference": f"Practitioner/ps-{THEO}"}]},
        slot("homeless", SOON, "s3"),
    ]
    async with (
        fake_editor(answers(bundle(*resources))) as editor,
        open_platform(editors=(f"E={editor.base_url}",)) as platform,
    ):
        found = await platform.search(THEO)
    assert shown(found) == ["shown"]
    assert found["editors"][0]["ignored"] == {
        "unreadable": 1,
        "not_free": 1,
        "past": 1,
        "outside_window": 3,
        "no_practitioner": 1,
        "practitioner_not_asked": 1,
        "duplicate": 1,
        "no_offset": 1,
        "no_place": 1,
    }


async def test_every_lot_goes_to_every_editor_at_the_same_time(open_platform: OpenPlatform) -> None:
    ids = [f"8101234{number:05d}" for number in range(60)]
    all_six = asyncio.Barrier(6)
    empty = answers(bundle(entry=None))

    async def together(call: Call, writer: asyncio.StreamWriter) -> None:
        """Answer no request before all of them are there."""
        await all_six.wait()
        await empty(call, writer)

    async with AsyncExitStack() as stack:
        editors = [await stack.enter_async_context(fake_editor(together)) for _ in "ab"]
        options = tuple(f"Editor {n}={editor.base_url}" for n, editor in enumerate(editors))
        platform = await stack.enter_async_context(open_platform(editors=options))
        found = await platform.search(*ids)
        asked = [[call.practitioners for call in editor.calls] for editor in editors]
    assert [report["status"] for report in found["editors"]] == ["answered", "answered"]
    for lots in asked:
        assert sorted(map(len, lots)) == [10, 25, 25]
        assert sorted(p for lot in lots for p in lot) == ids
    assert [len(report["lots"]) for report in found["editors"]] == [3, 3]


async def test_one_late_lot_leaves_the_slots_of_the_others(open_platform: OpenPlatform) -> None:
    ids = [THEO, *(f"8101234{number:05d}" for number in range(100, 126))]

    async def slow_without_theo(call: Any, writer: asyncio.StreamWriter) -> None:
        if THEO not in call.practitioners:
            await asyncio.sleep(1)
        await GOOD(call, writer)

    async with fake_editor(slow_without_theo) as editor, open_platform(editors=(f"E={editor.base_url}",)) as platform:
        found = await platform.search(*ids)
    report = found["editors"][0]
    assert report["status"] == "timed_out"
    assert [lot["status"] for lot in report["lots"]] == ["answered", "timed_out"]
    assert shown(found) == ["a1", "a2"]


async def test_the_request_is_the_one_of_the_guide(open_platform: OpenPlatform) -> None:
    async with fake_editor(GOOD) as editor, open_platform(editors=(f"E={editor.base_url}",)) as platform:
        await platform.search(THEO, MAELLE, THEO)
    (call,) = editor.calls
    assert call.headers["accept"] == "application/json+fhir"
    assert "accept-encoding" not in call.headers
    assert call.target == (
        "/fhir/Slot?_include=Slot:schedule&_include:iterate=Schedule:actor"
        "&start=ge2031-03-10T08:00:00.000%2B01:00&start=le2031-03-13T08:00:00.000%2B01:00"
        "&schedule.actor:Practitioner.identifier="
        "urn:oid:1.2.250.1.71.4.2.1%7C810123400017,urn:oid:1.2.250.1.71.4.2.1%7C810123400025&status=free"
    )


async def test_slots_of_several_editors_are_merged_by_practitioner_and_place(open_platform: OpenPlatform) -> None:
    first = knows([slot("a1", SOON + timedelta(hours=3)), *agenda(line="4 allée des Peupliers")])
    second = knows(
        [
            slot("b1", SOON),
            slot("b2", SOON + timedelta(hours=1), "s9"),
            *agenda(line="4, ALLEE DES PEUPLIERS"),
            *agenda("s9", LISANDRE, family="ORFELIN", structure=None, line="1 rue du Lavoir"),
        ]
    )
    async with (
        fake_editor(first) as one,
        fake_editor(second) as two,
        open_platform(editors=(f"One={one.base_url}", f"Two={two.base_url}")) as platform,
    ):
        found = await platform.search(THEO, LISANDRE)
    cards = [
        (each["practitioner"]["family"], [(slot["editor"], slot["resource"]["id"]) for slot in each["slots"]])
        for each in found["availabilities"]
    ]
    assert cards == [("VASSELIN", [("two", "b1"), ("one", "a1")]), ("ORFELIN", [("two", "b2")])]


async def test_an_editor_with_too_many_requests_under_way_is_not_asked_again(open_platform: OpenPlatform) -> None:
    async with (
        fake_editor(hangs) as editor,
        open_platform(editors=(f"E={editor.base_url}",), requests_per_editor=2) as platform,
    ):
        found = await asyncio.gather(*(platform.search(THEO) for _ in range(4)))
    statuses = sorted(each["editors"][0]["status"] for each in found)
    assert statuses == ["saturated", "saturated", "timed_out", "timed_out"]
    assert len(editor.calls) == 2


async def test_editors_of_other_environments_and_disabled_ones_are_not_asked(
    open_platform: OpenPlatform, tmp_path: Any
) -> None:
    async with fake_editor(GOOD) as editor:
        rows: list[dict[str, Any]] = [
            {"id": "asked"},
            {"id": "off", "enabled": False},
            {"id": "elsewhere", "environment": "production", "base_url": "https://agenda.example.org/fhir"},
            {"id": "accounts-only", "flows": ["regulators"]},
        ]
        lines = []
        for row in rows:
            whole = {"name": row["id"], "base_url": editor.base_url, "environment": "recette", **row}
            lines += ["[[editor]]", *(f"{key} = {json.dumps(value)}" for key, value in whole.items())]
        file = tmp_path / "editors.toml"
        file.write_text("\n".join(lines))
        async with open_platform(editors_file=file) as platform:
            found = await platform.search(THEO)
    assert [report["id"] for report in found["editors"]] == ["asked"]
    assert len(editor.calls) == 1


def shown(found: dict[str, Any]) -> list[str]:
    return [each["resource"]["id"] for availability in found["availabilities"] for each in availability["slots"]]


# --- CPTS and SOS ----------------------------------------------------------------------------------------------------

PLAIN = answers(bundle(slot("a1", SOON), *agenda()))
BY_CPTS = answers(bundle(slot("a1", SOON), cpts_slot("c1", SOON), *agenda(), *cpts()))
SITES = answers(bundle(slot("g1", SOON, "g1"), slot("g2", SOON, "g2"), *site(), *site("g2", name="Point Sud")))
EVERYTHING = by_search(practitioners=PLAIN, cpts=BY_CPTS, sos=SITES)


async def ask(platform: Platform, **body: Any) -> dict[str, Any]:
    answer = await platform.send("POST", "/api/slots/search", body)
    assert answer.status == 200, answer.body
    found: dict[str, Any] = json.loads(answer.body)
    return found


def by_query(report: dict[str, Any]) -> dict[str, tuple[str, int]]:
    return {each["search"]: (each["status"], each["slots"]) for each in report["searches"]}


async def test_slots_of_practitioners_of_cpts_and_of_associations_are_brought_together(
    open_platform: OpenPlatform,
) -> None:
    async with fake_editor(EVERYTHING) as editor, open_platform(editors=(f"E={editor.base_url}",)) as platform:
        found = await ask(platform, practitioners=[THEO], cpts=True, sos=[ASSOCIATION])
    assert sorted(call.search for call in editor.calls) == ["cpts", "sos"]
    assert shown(found) == ["a1", "c1"]
    plain, by_cpts = found["availabilities"][0]["slots"]
    assert "cpts" not in plain
    assert by_cpts["cpts"] == [{"structure_id": "1990000033", "name": "CPTS des Deux Rives", "phone": "+33199000021"}]
    assert [(each["association"]["name"], each["place"]["name"]) for each in found["sites"]] == [
        ("SOS Médecins Villefictive", "Point Nord"),
        ("SOS Médecins Villefictive", "Point Sud"),
    ]
    assert found["sites"][0]["association"]["national_id"] == ASSOCIATION
    assert found["sites"][0]["place"]["phone"] == "+33199000032"
    assert (found["practitioners"], found["associations"]) == (1, 1)
    (report,) = found["editors"]
    assert (report["status"], report["slots"]) == ("answered", 4)
    assert by_query(report) == {"cpts": ("answered", 2), "sos": ("answered", 2)}


async def test_without_being_asked_nothing_but_int_r01_is_sent(open_platform: OpenPlatform) -> None:
    async with fake_editor(EVERYTHING) as editor, open_platform(editors=(f"E={editor.base_url}",)) as platform:
        found = await platform.search(THEO)
    assert [call.search for call in editor.calls] == ["practitioners"]
    assert found["sites"] == []


async def test_an_editor_that_knows_neither_query_keeps_its_own_slots(open_platform: OpenPlatform) -> None:
    async with (
        fake_editor(by_search(practitioners=PLAIN)) as old,
        fake_editor(by_search(sos=SITES)) as sos,
        open_platform(editors=(f"Old={old.base_url}", f"Sos={sos.base_url}")) as platform,
    ):
        found = await ask(platform, practitioners=[THEO], cpts=True, sos=[ASSOCIATION])
    assert [call.search for call in old.calls if call.search != "sos"] == ["cpts", "practitioners"]
    reports = {each["id"]: each for each in found["editors"]}
    assert by_query(reports["old"]) == {"practitioners": ("answered", 1), "cpts": ("refused", 0), "sos": ("refused", 0)}
    assert [lot["asked_again"] for lot in reports["old"]["lots"]] == [False, True, False]
    assert reports["old"]["searches"][2]["issue"] == "recherche inconnue"
    assert by_query(reports["sos"])["sos"] == ("answered", 2)
    assert shown(found) == ["a1"]
    assert len(found["sites"]) == 2


@pytest.mark.parametrize("fault", ["hangs", "sends HTML", "is overloaded", "resets"])
async def test_a_faulty_search_costs_the_other_one_nothing(fault: str, open_platform: OpenPlatform) -> None:
    behaviour, status = FAULTS[fault]
    async with (
        fake_editor(by_search(cpts=behaviour, sos=SITES)) as editor,
        open_platform(editors=(f"E={editor.base_url}",)) as platform,
    ):
        found = await ask(platform, practitioners=[THEO], cpts=True, sos=[ASSOCIATION])
    assert by_query(found["editors"][0]) == {"cpts": (status, 0), "sos": ("answered", 2)}
    assert len(found["sites"]) == 2


async def test_editors_are_asked_what_the_register_says(open_platform: OpenPlatform) -> None:
    async with (
        fake_editor(EVERYTHING) as plain,
        fake_editor(EVERYTHING) as known,
        fake_editor(EVERYTHING) as other,
        open_platform() as platform,
    ):
        rows: list[dict[str, Any]] = [
            {"id": "plain", "base_url": plain.base_url},
            {"id": "known", "base_url": known.base_url, "searches": ["sos"], "associations": [ASSOCIATION[1:]]},
            {"id": "other", "base_url": other.base_url, "searches": ["practitioners", "cpts", "sos"]},
        ]
        for row in rows:
            body = {"name": row["id"], "environment": "recette", **row}
            added = await platform.send("POST", "/api/admin/editors", body, token=TOKEN)
            assert added.status == 201, added.body
        await ask(platform, practitioners=[THEO], cpts=True, sos=[ASSOCIATION, "99000000000037"])
    assert [call.search for call in plain.calls] == ["practitioners"]
    assert [(call.search, call.practitioners) for call in known.calls] == [("sos", [ASSOCIATION, "399000000000037"])]
    assert sorted((call.search, tuple(call.practitioners)) for call in other.calls) == [
        ("cpts", (THEO,)),
        ("sos", ("399000000000037",)),
    ]


async def test_associations_go_in_lots_of_ten(open_platform: OpenPlatform) -> None:
    sirets = [f"399{number:012d}" for number in range(23)]
    async with fake_editor(EVERYTHING) as editor, open_platform(editors=(f"E={editor.base_url}",)) as platform:
        await ask(platform, sos=sirets)
    assert sorted(len(call.practitioners) for call in editor.calls) == [3, 10, 10]
    assert sorted(siret for call in editor.calls for siret in call.practitioners) == sirets


async def test_what_of_an_association_may_not_be_shown_is_left_out_and_counted(open_platform: OpenPlatform) -> None:
    resources = [
        slot("shown", SOON, "g1"),
        slot("busy", SOON, "g1", status="busy"),
        slot("other", SOON, "g2"),
        slot("lost", SOON, "nowhere"),
        slot("a doctor's", SOON),
        *site(),
        *site("g2", "399000000000037"),
        *agenda(),
    ]
    behaviour = by_search(sos=answers(bundle(*resources)))
    async with fake_editor(behaviour) as editor, open_platform(editors=(f"E={editor.base_url}",)) as platform:
        found = await ask(platform, sos=[ASSOCIATION])
    assert [each["resource"]["id"] for each in found["sites"][0]["slots"]] == ["shown"]
    assert found["editors"][0]["ignored"] == {"not_free": 1, "association_not_asked": 1, "no_association": 2}
