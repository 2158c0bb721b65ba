"""What a search may cost: its time whatever editors do, and its part of the memory that all searches share."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sas_kernel.clock import ManualClock
from sas_kit.room import STEP, Room, Visit
from sas_platform.app import create_app
from sas_platform.settings import Settings
from sas_platform.slot_search import endpoints
from tests.sas_platform.conftest import NOW, OpenPlatform, Platform, problem_of, served_app
from tests.sas_platform.fake_editor import (
    THEO,
    Behaviour,
    Call,
    agenda,
    answers,
    bundle,
    drips,
    fake_editor,
    hangs,
    knows,
    outcome,
    sends,
    slot,
)

SOON = NOW + timedelta(hours=2)
GOOD = knows([slot("a1", SOON), slot("a2", SOON + timedelta(hours=1)), *agenda()])
QUICK = {"answer_timeout": 0.25, "connect_timeout": 0.12}
# Where a busy machine that wakes late would be told apart from an editor that hangs.
UNHURRIED = {"answer_timeout": 0.8, "connect_timeout": 0.4}
ROOM = 1024 * 1024


async def drips_its_head(_call: Call, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-Still: here\r\n")
        await writer.drain()
        await asyncio.sleep(0.01)


HALF = sends(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{", close=False)
HANGING: dict[str, Behaviour] = {
    "Silent": hangs,
    "Drips its head": drips_its_head,
    "Half a body": HALF,
    "Drips": drips,
}


@contextmanager
def never_accepting() -> Iterator[str]:
    """The base URL of an editor whose queue of connections is full: whoever comes hears nothing, not even a refusal."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listening:
        queue = [socket.socket() for _ in range(4)]
        for each in queue:
            each.setblocking(False)
            each.connect_ex(listening.getsockname())
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/fhir"
        for each in queue:
            each.close()


@asynccontextmanager
async def some_that_hang() -> AsyncIterator[tuple[str, ...]]:
    """Editors that hang, each in its way, between two that answer."""
    async with AsyncExitStack() as stack:
        found = [f"First={(await stack.enter_async_context(fake_editor(GOOD))).base_url}"]
        for name, behaviour in HANGING.items():
            found.append(f"{name}={(await stack.enter_async_context(fake_editor(behaviour))).base_url}")
        found.append(f"Never accepts={stack.enter_context(never_accepting())}")
        yield (*found, f"Last={(await stack.enter_async_context(fake_editor(GOOD))).base_url}")


STATUSES = {
    "first": "answered",
    "silent": "timed_out",
    "drips-its-head": "timed_out",
    "half-a-body": "timed_out",
    "drips": "timed_out",
    "never-accepts": "unreachable",
    "last": "answered",
}


async def test_editors_that_hang_each_in_its_way_keep_no_slot_of_others(open_platform: OpenPlatform) -> None:
    async with some_that_hang() as editors, open_platform(editors=editors, **UNHURRIED) as platform:
        found = await platform.search(THEO)
        streamed = await platform.send("GET", f"/api/slots/search/stream?practitioner={THEO}")
        room = room_of(platform)
    assert {each["id"]: each["status"] for each in found["editors"]} == STATUSES
    assert all(each["explanation"] for each in found["editors"] if each["status"] != "answered")
    assert [each["editor"] for each in found["availabilities"][0]["slots"]] == ["first", "last"] * 2
    told = [json.loads(line[6:]) for line in streamed.body.splitlines() if line.startswith(b"data: ")]
    assert {each["id"]: each["status"] for each in told[-1]["editors"]} == STATUSES
    assert sum(len(each["slots"]) for lot in told[1:-1] for each in lot["availabilities"]) == 4
    assert room.held == 0


async def test_an_editor_asked_a_second_time_has_what_is_left_of_the_search(open_platform: OpenPlatform) -> None:
    async def refuses_late_then_hangs(call: Call, writer: asyncio.StreamWriter) -> None:
        if call.search == "cpts":
            await answers(outcome("inconnue"), "400 Bad Request", after=0.5)(call, writer)
        else:
            await asyncio.Event().wait()

    async with (
        fake_editor(refuses_late_then_hangs) as editor,
        open_platform(editors=(f"E={editor.base_url}",), **UNHURRIED) as platform,
    ):
        begun = time.perf_counter()
        answer = await platform.send("POST", "/api/slots/search", {"practitioners": [THEO], "cpts": True})
        elapsed = time.perf_counter() - begun
    report = json.loads(answer.body)["editors"][0]
    assert [(each["search"], each["status"]) for each in report["searches"]] == [
        ("practitioners", "timed_out"),
        ("cpts", "refused"),
    ]
    assert report["lots"][0]["elapsed_ms"] < 500, "the second request had the time of a first one"
    assert elapsed < 2 * UNHURRIED["answer_timeout"]


# --- memory ----------------------------------------------------------------------------------------------------------


def wide(after: float) -> Behaviour:
    return answers(bundle(slot("a1", SOON, x="y" * 100_000), *agenda()), after=after)


async def fill(visit: Visit) -> None:
    """Hold all that one may, in one whole answer."""
    lease = visit.lease()
    await lease.up_to(ROOM // 4)
    lease.keep(ROOM // 4)


def room_of(platform: Platform) -> Room:
    room: Room = platform.app.state.platform.slot_search.room
    return room


async def test_a_search_that_would_find_no_room_is_refused_at_once(open_platform: OpenPlatform) -> None:
    async with fake_editor(GOOD) as editor:
        options = {"editors": (f"E={editor.base_url}",), "answers_held_bytes": ROOM}
        async with open_platform(**options) as platform:
            others = [room_of(platform).enter() for _ in range(3)]
            for each in others:
                await fill(each)
            refused = await platform.send("POST", "/api/slots/search", {"practitioners": [THEO]})
            for each in others:
                each.leave()
            accepted = await platform.send("POST", "/api/slots/search", {"practitioners": [THEO]})
    assert problem_of(refused)["title"] == "Trop de recherches"
    assert (refused.status, refused.header("retry-after")) == (503, "1")  # the time-out of these tests, rounded up
    assert accepted.status == 200
    assert len(editor.calls) == 1


async def test_the_latest_search_leaves_for_one_that_goes_on(open_platform: OpenPlatform) -> None:
    """One that already began, and asks an editor that hangs, is refused as soon as its room is needed."""
    async with fake_editor(GOOD) as editor, fake_editor(hangs) as hanging:
        options = {
            "editors": (f"E={editor.base_url}", f"H={hanging.base_url}"),
            "answers_held_bytes": ROOM,
            "answer_timeout": 5.0,
        }
        async with open_platform(**options) as platform:
            room = room_of(platform)
            others = [room.enter() for _ in range(3)]
            searching = asyncio.create_task(platform.send("POST", "/api/slots/search", {"practitioners": [THEO]}))
            await until(lambda: 0 < room.held < STEP)
            for each in others[:2]:
                await fill(each)
            waiting = asyncio.create_task(others[2].lease().up_to(ROOM // 4))
            refused = await searching
            await waiting
            held = room.held
    assert refused.status == 503
    assert held == 3 * (ROOM // 4)
    assert hanging.disconnected.is_set()


async def test_a_stream_waits_for_room_and_says_what_it_could_not_read(open_platform: OpenPlatform) -> None:
    async with fake_editor(GOOD) as editor:
        options = {"editors": (f"E={editor.base_url}",), "answers_held_bytes": ROOM, **QUICK}
        async with open_platform(**options) as platform:
            others = [room_of(platform).enter() for _ in range(3)]
            for each in others:
                await fill(each)
            streamed = await platform.send("GET", f"/api/slots/search/stream?practitioner={THEO}")
            for each in others:
                each.leave()
            left = room_of(platform).held
    done = json.loads(streamed.body.splitlines()[-2][6:])
    assert done["editors"][0]["status"] == "saturated"
    assert "plateforme" in done["editors"][0]["explanation"]["fr"]
    assert left == 0


async def test_answers_beyond_the_share_of_one_search_are_named(open_platform: OpenPlatform) -> None:
    async with AsyncExitStack() as stack:
        editors = [await stack.enter_async_context(fake_editor(wide(after=0.05 * n))) for n in range(3)]
        options = tuple(f"E{n}={editor.base_url}" for n, editor in enumerate(editors))
        platform = await stack.enter_async_context(open_platform(editors=options, answers_held_bytes=ROOM))
        found = await platform.search(THEO)
        left = room_of(platform).held
    assert sorted(each["status"] for each in found["editors"]) == ["answered", "answered", "saturated"]
    assert left == 0


async def test_what_a_stream_has_sent_is_held_no_more(open_platform: OpenPlatform) -> None:
    """As much again as one search may hold goes through it, one answer after the other."""

    async with AsyncExitStack() as stack:
        editors = [await stack.enter_async_context(fake_editor(wide(after=0.05 * n))) for n in range(5)]
        options = tuple(f"E{n}={editor.base_url}" for n, editor in enumerate(editors))
        platform = await stack.enter_async_context(open_platform(editors=options, answers_held_bytes=ROOM))
        streamed = await platform.send("GET", f"/api/slots/search/stream?practitioner={THEO}")
    done = json.loads(streamed.body.splitlines()[-2][6:])
    assert [each["status"] for each in done["editors"]] == ["answered"] * 5


@pytest.mark.parametrize("path", ["/api/slots/search", "/api/slots/search/stream"])
async def test_a_search_ends_with_its_client_and_gives_back_its_room(path: str, tmp_path: Path) -> None:
    body = json.dumps({"practitioners": [THEO]}).encode()
    async with fake_editor(GOOD) as good, fake_editor(hangs) as hanging:
        settings = Settings(
            database_url=f"sqlite:///{tmp_path / 'p.sqlite'}",
            dataset=None,
            editors=(f"G={good.base_url}", f"H={hanging.base_url}"),
            password_rounds=1,
            password_memory=8,
        )
        app = create_app(settings, clock=ManualClock(NOW))
        async with served_app(app) as base_url:
            room: Room = app.state.platform.slot_search.room
            _reader, writer = await asyncio.open_connection("127.0.0.1", int(base_url.rpartition(":")[2]))
            head = f"POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
            await until(lambda: bool(hanging.calls) and bool(good.calls))
            if path.endswith("search"):
                await until(lambda: room.held > 0)
            writer.close()
            await asyncio.wait_for(hanging.disconnected.wait(), 3)
            await until(lambda: room.held == 0)


async def test_an_answer_in_pieces_is_the_same_answer(
    open_platform: OpenPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = knows([slot("b1", SOON, "s2"), *agenda("s2", line="1 rue du Lavoir")])

    async def found(platform: Platform) -> tuple[Any, bool]:
        answer = await platform.send("POST", "/api/slots/search", {"practitioners": [THEO]})
        content = json.loads(answer.body)
        for each in (content, *content["editors"], *(lot for e in content["editors"] for lot in e["lots"])):
            del each["elapsed_ms"]
        return {**content, "editors": len(content["editors"])}, answer.header("content-length") is None

    async with (
        fake_editor(GOOD) as one,
        fake_editor(other) as two,
        open_platform(editors=(f"One={one.base_url}", f"Two={two.base_url}")) as platform,
    ):
        at_once = await found(platform)
        monkeypatch.setattr(endpoints, "ONE_BODY", 1)
        monkeypatch.setattr(endpoints, "PIECE", 1)
        in_pieces = await found(platform)
        left = room_of(platform).held
    assert at_once[0] == in_pieces[0]
    assert len(at_once[0]["availabilities"]) == 2
    assert (at_once[1], in_pieces[1]) == (False, True)
    assert left == 0


async def until(holds: Any) -> None:
    async with asyncio.timeout(3):
        while not holds():  # noqa: ASYNC110  what is awaited offers nothing to wait for
            await asyncio.sleep(0.005)
