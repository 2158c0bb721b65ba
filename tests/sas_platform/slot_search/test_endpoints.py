"""The search API: what it refuses, what it answers, and what it says while it searches."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from sas_kernel.clock import ManualClock
from sas_platform.settings import Settings
from tests.sas_platform.conftest import NOW, OpenPlatform, problem_of, served
from tests.sas_platform.fake_editor import (
    ASSOCIATION,
    THEO,
    agenda,
    answers,
    bundle,
    by_search,
    fake_editor,
    hangs,
    knows,
    site,
    slot,
)

SOON = NOW + timedelta(hours=2)
GOOD = knows([slot("a1", SOON), *agenda()])


async def test_an_answer_tells_the_window_the_slots_and_the_editors(open_platform: OpenPlatform) -> None:
    async with fake_editor(GOOD) as editor, open_platform(editors=(f"Agenda É={editor.base_url}",)) as platform:
        found = await platform.search(THEO)
    assert found["searched_at"] == "2031-03-10T07:00:00Z"
    assert found["window"] == {"start": "2031-03-10T07:00:00Z", "end": "2031-03-13T07:00:00Z"}
    (availability,) = found["availabilities"]
    assert availability["practitioner"] == {
        "national_id": THEO,
        "family": "VASSELIN",
        "given": "Théo",
        "prefix": "DR",
    }
    assert availability["place"] == {
        "structure_id": "1990000017",
        "name": "Cabinet s1",
        "line": "4 allée des Peupliers",
        "postal_code": "99100",
        "city": "Villefictive",
        "phone": "+33199000012",
    }
    (found_slot,) = availability["slots"]
    assert found_slot["start"] == "2031-03-10T09:00:00Z"
    assert found_slot["booking_url"] == "https://agenda.example.org/s1?vue=semaine&origin=sas"
    assert found_slot["resource"] == slot("a1", SOON)
    (report,) = found["editors"]
    assert (report["id"], report["name"], report["status"]) == ("agenda-e", "Agenda É", "answered")


async def test_slots_may_not_be_kept_by_caches(open_platform: OpenPlatform) -> None:
    async with open_platform() as platform:
        answer = await platform.send("POST", "/api/slots/search", {"practitioners": [THEO]})
        page = await platform.send("GET", f"/?ids={THEO}&wait=1")
        stream = await platform.send("GET", f"/api/slots/search/stream?practitioner={THEO}")
    assert {each.header("cache-control") for each in (answer, page, stream)} == {"no-store"}


@pytest.mark.parametrize(
    "written", [THEO, THEO[1:], {"rpps": THEO}, {"rpps": THEO[1:], "adeli": ""}, {"adeli": None, "rpps": THEO}]
)
async def test_practitioners_may_be_written_in_several_ways(written: object, open_platform: OpenPlatform) -> None:
    async with fake_editor(GOOD) as editor, open_platform(editors=(f"E={editor.base_url}",)) as platform:
        found = await platform.search(written, THEO)
    assert found["practitioners"] == 1
    assert editor.calls[0].practitioners == [THEO]


async def test_a_given_window_is_asked_as_it_is(open_platform: OpenPlatform) -> None:
    async with fake_editor(GOOD) as editor, open_platform(editors=(f"E={editor.base_url}",)) as platform:
        await platform.search(THEO, start="2031-03-10T09:30:00", end="2031-03-10T12:00:00Z")
    assert "start=ge2031-03-10T09:30:00.000%2B01:00&start=le2031-03-10T13:00:00.000%2B01:00" in editor.calls[0].target


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff", 400),
        (b"[]", 422),
        (b"{}", 422),
        (b'{"practitioners": []}', 422),
        (b'{"practitioners": "810123400017"}', 422),
        (b'{"practitioners": ["12345"]}', 422),
        (b'{"practitioners": [{}]}', 422),
        (b'{"practitioners": [{"finess": "990000017"}]}', 422),
        (b'{"practitioners": ["810123400017"], "start": "demain"}', 422),
        (b'{"practitioners": ["810123400017"], "end": "2031-03-13T07:00:01Z"}', 422),
        (b'{"practitioners": ["810123400017"], "end": "2031-03-10T06:00:00Z"}', 422),
        (b'{"practitioners": ["810123400017"], "duration": 3}', 422),
        (b'{"practitioners": ["810123400017"], "cpts": "oui"}', 422),
        (b'{"sos": []}', 422),
        (b'{"sos": "99000000000029"}', 422),
        (b'{"practitioners": ["810123400017"], "sos": ["810123400017"]}', 422),
        (b'{"sos": [' + b",".join(b'"3%014d"' % n for n in range(51)) + b"]}", 422),
        (b'{"practitioners": [' + b",".join(b'"8%011d"' % n for n in range(101)) + b"]}", 422),
        (b'{"practitioners": ["' + b"8" * 70_000 + b'"]}', 413),
        (b"[" * 60_000, 422),
        (b'{"practitioners": ["\xff"]}', 400),
        (b'{"practitioners": [{"rpps": "\xff"}]}', 400),
    ],
)
@pytest.mark.parametrize("path", ["/api/slots/search", "/api/slots/search/stream"])
async def test_a_bad_body_is_a_problem(body: bytes, status: int, path: str, open_platform: OpenPlatform) -> None:
    async with open_platform() as platform:
        answer = await platform.send("POST", path, raw=body)
    assert answer.status == status
    problem_of(answer)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "practitioner=12345",
        "sos=12345",
        f"practitioner={THEO}&cpts=oh",
        f"practitioner={THEO}&start=demain",
        f"practitioner={THEO}&end=2031-04-01T00:00:00Z",
    ],
)
async def test_a_bad_stream_query_is_a_problem(query: str, open_platform: OpenPlatform) -> None:
    async with open_platform() as platform:
        answer = await platform.send("GET", f"/api/slots/search/stream?{query}")
    assert answer.status == 422
    problem_of(answer)


async def test_sentences_are_french_and_english_on_request(open_platform: OpenPlatform) -> None:
    async with open_platform() as platform:
        french = await platform.send("POST", "/api/slots/search", {"practitioners": ["12345"]})
        english = await platform.send("POST", "/api/slots/search?lang=en", {"practitioners": ["12345"]})
    assert problem_of(french)["title"] == "Recherche impossible"
    assert problem_of(english)["title"] == "Search refused"


async def test_a_search_without_editors_finds_nothing_and_says_so(open_platform: OpenPlatform) -> None:
    async with open_platform() as platform:
        found = await platform.search(THEO)
    assert (found["availabilities"], found["editors"]) == ([], [])


# --- streams ---------------------------------------------------------------------------------------------------------


def events_of(body: bytes) -> list[tuple[str, Any]]:
    events = []
    for block in body.decode().strip().split("\n\n"):
        name, data = block.split("\n")
        events.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return events


@pytest.mark.parametrize("verb", ["GET", "POST"])
async def test_a_stream_tells_the_plan_each_lot_and_the_end(verb: str, open_platform: OpenPlatform) -> None:
    ids = [THEO, *(f"8101234{number:05d}" for number in range(100, 130))]
    async with fake_editor(GOOD) as editor, open_platform(editors=(f"E={editor.base_url}",)) as platform:
        if verb == "POST":
            answer = await platform.send("POST", "/api/slots/search/stream", {"practitioners": ids})
        else:
            query = f"practitioner={ids[0]}&practitioner={','.join(ids[1:])}&end=2031-03-11T08:00:00+01:00"
            answer = await platform.send("GET", f"/api/slots/search/stream?{query}")
    assert (
        answer.header(
            "content-type",
        )
        == "text/event-stream; charset=utf-8"
    )
    events = events_of(answer.body)
    assert [name for name, _ in events] == ["plan", "lot", "lot", "done"]
    assert (events[0][1]["practitioners"], events[0][1]["lots"]) == (31, 2)
    slots = [s for name, data in events if name == "lot" for a in data["availabilities"] for s in a["slots"]]
    assert [s["resource"]["id"] for s in slots] == ["a1"]
    assert events[-1][1]["editors"][0]["status"] == "answered"


@pytest.mark.parametrize("verb", ["GET", "POST"])
async def test_a_stream_tells_each_search(verb: str, open_platform: OpenPlatform) -> None:
    behaviour = by_search(
        practitioners=answers(bundle(slot("a1", SOON), *agenda()), after=0.05),
        sos=answers(bundle(slot("g1", SOON, "g1"), *site())),
    )
    async with (
        fake_editor(behaviour) as editor,
        open_platform(editors=(f"E={editor.base_url}",), connect_timeout=5, answer_timeout=5) as platform,
    ):
        if verb == "POST":
            body = {"practitioners": [THEO], "cpts": True, "sos": [ASSOCIATION]}
            answer = await platform.send("POST", "/api/slots/search/stream", body)
        else:
            query = f"practitioner={THEO}&cpts=true&sos={ASSOCIATION[1:]}"
            answer = await platform.send("GET", f"/api/slots/search/stream?{query}")
    (_, planned), *lots, (_, done) = events_of(answer.body)
    assert (planned["practitioners"], planned["associations"], planned["requests"]) == (1, 1, 2)
    told = {data["report"]["search"]: data for _, data in lots}
    assert {search: data["report"]["status"] for search, data in told.items()} == {
        "practitioners": "answered",
        "cpts": "refused",
        "sos": "answered",
    }
    assert told["cpts"]["report"]["asked_again"]
    assert [each["association"]["national_id"] for each in told["sos"]["sites"]] == [ASSOCIATION]
    assert told["sos"]["availabilities"] == told["practitioners"]["sites"] == []
    assert [each["search"] for each in done["editors"][0]["searches"]] == ["practitioners", "cpts", "sos"]


async def test_a_quick_editor_is_told_before_a_slow_one_has_answered(open_platform: OpenPlatform) -> None:
    slow = answers(bundle(slot("b1", SOON), *agenda()), after=0.2)
    async with (
        fake_editor(slow) as one,
        fake_editor(GOOD) as two,
        open_platform(editors=(f"Slow={one.base_url}", f"Quick={two.base_url}")) as platform,
    ):
        answer = await platform.send("GET", f"/api/slots/search/stream?practitioner={THEO}")
    told = [data["editor"]["id"] for name, data in events_of(answer.body) if name == "lot"]
    assert told == ["quick", "slow"]


async def test_a_caller_who_leaves_a_stream_stops_the_requests_to_editors(tmp_path: Any) -> None:
    async with fake_editor(hangs) as editor, fake_editor(GOOD) as good:
        settings = Settings(
            database_url=f"sqlite:///{tmp_path / 'platform.sqlite'}",
            dataset=None,
            editors=(f"Hangs={editor.base_url}", f"Good={good.base_url}"),
        )
        async with served(settings, ManualClock(NOW)) as base_url:
            port = int(base_url.rpartition(":")[2])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            path = f"/api/slots/search/stream?practitioner={THEO}"
            writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            async with asyncio.timeout(2):
                assert b"event: plan" in await reader.readuntil(b"event: plan")
                assert b'"a1"' in await reader.readuntil(b'"a1"')  # the good editor is shown while the other hangs
                assert not editor.disconnected.is_set()
                writer.close()
                await editor.disconnected.wait()
