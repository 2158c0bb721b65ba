"""Twenty editors at once, 1 MB each after 50 ms: the platform's whole search against fetching the bytes alone."""

from __future__ import annotations

import asyncio
import gc
import os
import statistics
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from benchmarks import territory
from benchmarks.figures import TOLD
from benchmarks.national_query import target
from benchmarks.processes import server
from benchmarks.wire import Wire
from sas_kernel.contracts import service_levels
from sas_kit.database import Database, migrate
from sas_kit.http import HttpClient, HttpLimits, exchange, new_client
from sas_kit.room import Room
from sas_platform.app import MIGRATIONS
from sas_platform.editors.model import Editor, Environment
from sas_platform.editors.service import EditorRegister
from sas_platform.slot_search.client import EditorClients
from sas_platform.slot_search.model import SearchQuery
from sas_platform.slot_search.question import rules
from sas_platform.slot_search.service import SlotSearch

EDITORS = 20
WAIT_MS = 50
ROUNDS = int(os.environ.get("SAS_BENCH_ROUNDS", "150")) // 10 or 1
SLOTS = 1000
HOURS = 54  # of the 1 000 slots of 72 hours, as many as make one megabyte


def run() -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="recette-bench-")))
        log = folder / "servers.log"
        body = _national_answer(folder, log)
        (folder / "national.json").write_bytes(body)
        _, port = stack.enter_context(
            server(
                ["uvicorn", "benchmarks.floor:app", "--host", "127.0.0.1", "--no-access-log"],
                {"BENCH_FLOOR_DIR": str(folder)},
                log,
            )
        )
        url = f"sqlite:///{folder / 'platform.sqlite'}"
        migrate(url, MIGRATIONS)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # the loop the services run on
            runner.run(_compare(f"http://127.0.0.1:{port}/national/{WAIT_MS}", len(body), url))


def _national_answer(folder: Path, log: Path) -> bytes:
    """What the reference agenda answers to a national query of one megabyte."""
    dataset = folder / "bench.toml"
    territory.write(dataset)
    url = f"sqlite:///{folder / 'agenda.sqlite'}"
    arguments = ["agenda_editor", "serve", "--host", "127.0.0.1", "--dataset", str(dataset), "--database-url", url]
    with server(arguments, {}, log) as (_pid, port):
        wire = Wire(port, target(SLOTS, datetime.now(UTC), HOURS))
        _elapsed, status, body = wire.once()
        wire.close()
    assert status == 200, body[:300]
    return body


async def _compare(base_url: str, size: int, database_url: str) -> None:
    levels = service_levels()
    limits = HttpLimits(
        levels["slot_search.connect_timeout"].value,
        levels["slot_search.answer_timeout"].value,
        int(levels["slot_search.answer_size"].value),
    )
    editors = tuple(
        Editor(id=f"e{n}", name=f"Éditeur {n}", base_url=base_url, environment=Environment.RECETTE)
        for n in range(EDITORS)
    )
    bounds = rules.bounds(levels, max_practitioners=territory.PRACTITIONERS, max_associations=1)
    clients = EditorClients(bounds, per_editor=4)
    database = Database(database_url)
    room = Room(1 << 28, share=1 << 26)
    search = SlotSearch(EditorRegister(database, editors), clients, bounds, Environment.RECETTE, "sas", room)
    query = SearchQuery(practitioners=tuple(territory.practitioner_ids(SLOTS)))
    plain = [new_client() for _ in editors]
    gc.collect()
    gc.freeze()  # as the service does when it starts
    alone: list[float] = []
    whole: list[float] = []
    shown = 0
    for number in range(ROUNDS + 2):
        begun = time.perf_counter()
        await asyncio.gather(*(_fetch(client, base_url, limits) for client in plain))
        middle = time.perf_counter()
        with room.enter() as visit:
            result = await search.search(query, datetime.now(UTC), visit)
        done = time.perf_counter()
        shown = sum(len(each.slots) for each in result.availabilities)
        assert len(result.editors) == EDITORS
        if number >= 2:
            alone.append(middle - begun)
            whole.append(done - middle)
    for client in plain:
        await client.aclose()
    await clients.aclose()
    await database.close()
    ratios = sorted(w / a for w, a in zip(whole, alone, strict=True))
    print(f"\nAggregator, {EDITORS} editors of {size / 1e6:.2f} MB each after {WAIT_MS} ms, {ROUNDS} rounds")
    print(f"{'slots shown':24}{shown:>9}")
    print(f"{'fetch alone':24}{statistics.median(alone) * 1000:>9.0f} ms")
    print(f"{'fetch, judge, merge':24}{statistics.median(whole) * 1000:>9.0f} ms")
    TOLD.tell("aggregator.whole", statistics.median(ratios))


async def _fetch(client: HttpClient, url: str, limits: HttpLimits) -> int:
    return len((await exchange(client, "GET", url + "/Slot", limits=limits)).body)
