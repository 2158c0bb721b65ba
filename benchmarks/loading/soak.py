"""Does memory grow? The agenda's processes, and the platform's that searches there, over twenty minutes of load."""

from __future__ import annotations

import json
import math
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from urllib.parse import quote

from benchmarks.figures import TOLD
from benchmarks.loading import country, memory
from benchmarks.loading.runs import failed
from benchmarks.loading.stage import READY_WITHIN, Running, Served, agenda, load
from recette.drivers import services as processes

_LOT = 25
_SYSTEM = "urn:oid:1.2.250.1.71.4.2.1%7C"
_MOST_PASSES = 6
_SETTLED = 1 << 20
"""Bytes: a pass over all practitioners that no worker grows by as much has filled the caches."""
_PLATFORM_EVERY = 2.0
_PLATFORM_MOST = 100
"""Practitioners: more are refused by the platform (`max_practitioners`)."""


def run(served: Served, minutes: float) -> None:
    with agenda(served) as running, _platform(running, served) as (platform, platform_url):
        ours = memory.serving(running.agenda.process.pid if running.agenda.process else 0)
        theirs = memory.serving(platform.process.pid if platform.process else 0)
        names = {pid: f"agenda {number}" for number, pid in enumerate(ours)}
        names |= {pid: f"platform {number}" for number, pid in enumerate(theirs)}
        _fill(running.base_url, ours)
        with memory.watching(list(names)) as watch, _searching(platform_url) as asked:
            options = ("--profile", "soak", "--duration", f"{minutes * 60:g}s")
            document = load(served, "report", *options)
    watch.write(served.out / "memory.csv", names)
    print(f"  besides, {asked[0]} searches through the platform, {asked[1]} of them failed")
    begin = datetime.fromisoformat(document["started_at"]).timestamp() + document["profile"]["warm_up"]
    slopes = _slopes(watch.within(begin, begin + minutes * 60), names)
    why = failed(document) or ("searches through the platform failed" if asked[1] else "")
    if why:
        print(f"  no figure: {why}")
    grown = [slopes[pid].value for pid in ours if pid in slopes]
    TOLD.tell("load.soak_memory", max(grown) if grown and not why else math.nan)


def _slopes(sampled: Mapping[int, list[memory.Sampled]], names: Mapping[int, str]) -> dict[int, memory.Slope]:
    print(f"  {'':14}{'first MB':>10}{'last MB':>10}{'MB/min':>9}   95 %")
    found = {}
    for pid, samples in sampled.items():
        try:
            found[pid] = grown = memory.slope(samples)
        except ValueError as error:
            print(f"  {names[pid]:14}{error}")
            continue
        sizes = [size / (1 << 20) for _, size in samples]
        interval = f"{grown.low:.3f} to {grown.high:.3f}"
        print(f"  {names[pid]:14}{sizes[0]:>10.1f}{sizes[-1]:>10.1f}{grown.value:>9.3f}   {interval}")
    return found


@contextmanager
def _platform(running: Running, served: Served) -> Iterator[tuple[processes.Service, str]]:
    """The platform, with the loaded agenda as its editor."""
    port = served.port + 1
    database = f"sqlite:///{running.services.folder / 'platform.sqlite'}"
    editors = [("Agenda", running.base_url)]
    service, url = processes.platform(
        running.services, port=port, database_url=database, dataset="none", editors=editors
    )
    service.wait_until_ready(READY_WITHIN)
    yield service, url


@contextmanager
def _searching(platform_url: str) -> Iterator[list[int]]:
    """Search through the platform's API every other second until the block ends; how many, and how many failed."""
    counts, over, draws = [0, 0], threading.Event(), Random(2)
    ids = country.practitioner_ids()

    def follow() -> None:
        while not over.wait(_PLATFORM_EVERY):
            body = json.dumps({"practitioners": draws.sample(ids, draws.randint(1, _PLATFORM_MOST))}).encode()
            asked = urllib.request.Request(
                f"{platform_url}/api/slots/search", body, {"Content-Type": "application/json"}
            )
            counts[0] += 1
            try:
                with urllib.request.urlopen(asked, timeout=20) as answer:
                    counts[1] += not json.load(answer)["availabilities"]
            except (OSError, ValueError, KeyError):
                counts[1] += 1

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield counts
    finally:
        over.set()
        thread.join()


def _fill(base_url: str, pids: list[int]) -> None:
    """Ask for everybody, on new connections so that each worker gets its share, until no worker grows any more."""
    everybody = country.practitioner_ids()
    for number in range(1, _MOST_PASSES + 1):
        before = {pid: memory.resident(pid) for pid in pids}
        begun = time.monotonic()
        for first in range(0, len(everybody), _LOT):
            lot = everybody[first : first + _LOT]
            with urllib.request.urlopen(base_url + _query(lot), timeout=60) as answer:
                answer.read()
        grown = max(memory.resident(pid) - before[pid] for pid in pids)
        print(
            f"  pass {number} over everybody: {time.monotonic() - begun:.0f} s, {grown / (1 << 20):+.1f} MB", flush=True
        )
        if grown < _SETTLED:
            return


def _query(lot: list[str]) -> str:
    now = datetime.now(UTC)

    def bound(instant: datetime) -> str:
        return quote(instant.isoformat(timespec="milliseconds"), safe=":")

    ids = ",".join(_SYSTEM + one for one in lot)
    return (
        "/Slot?_include=Slot:schedule&_include:iterate=Schedule:actor"
        f"&start=ge{bound(now)}&start=le{bound(now + timedelta(hours=72))}"
        f"&schedule.actor:Practitioner.identifier={ids}&status=free"
    )
