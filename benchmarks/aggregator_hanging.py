"""Fifty editors, five of which hang, and the platform as a process: one search, then twenty at once.

Everything goes over HTTP as it will: the platform's own process, its register, its API in one answer and as a stream.
What is read: when the answer was there, whether it holds every slot of the 45, whom it names, and the most memory.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import uvloop

from benchmarks import territory
from benchmarks.figures import TOLD
from benchmarks.hanging_editors import HANGING, UNACCEPTING_PORT
from benchmarks.national_query import target
from benchmarks.processes import cpu_seconds, peak_memory_mb, server
from benchmarks.wire import Wire

ANSWERING = 45
AT_ONCE = 20
SLOTS = 1000
HOURS = 54  # of the 1 000 slots of 72 hours, as many as make one megabyte
CASES = {  # clients at once; as a stream
    "usual": ((1, False), (1, True), (AT_ONCE, False), (AT_ONCE, True)),
    "large": ((AT_ONCE, False), (AT_ONCE, True)),
    "largest": ((1, False), (AT_ONCE, False), (AT_ONCE, True)),
}
TOKEN = "benchmark"
SAID = {  # how each hangs, and what the platform is to say of it
    "silent": "timed_out",
    "dripping-head": "timed_out",
    "half-a-body": "timed_out",
    "dripping-body": "timed_out",
    "unaccepting": "unreachable",
}

# How large the 45 answers are. A practitioner's agenda is kept at one editor: what is usual is that the slots of 25
# practitioners come from 25 editors at most, the others having none of them. Larger is what may not be lost either.
SIZES = {
    "usual": "1 MB in all: each of 25 practitioners at one editor",
    "large": "0.1 to 1 MB each",
    "largest": "1 MB each",
}


@dataclass(frozen=True)
class Got:
    """One search as its client saw it: seconds, the status, slots, and what was said of whom."""

    seconds: float
    status: int
    slots: int
    size: int
    said: dict[str, str]
    retry_after: str | None = None


def run() -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="recette-bench-")))
        log = folder / "servers.log"
        slots = _write_bodies(folder, log)
        _, port = stack.enter_context(server(["benchmarks.hanging_editors"], {"BENCH_EDITORS_DIR": str(folder)}, log))
        held: list[bool] = []
        hanging: list[float] = []
        memory: list[float] = []
        beyond: list[Got] = []
        print(f"\n{ANSWERING} editors after 50 ms and {len(HANGING)} that hang: the platform as a process, over HTTP")
        print(f"{'':34} first s  last s  answered  refused  MB each  cpu s  peak MB")
        for size in SIZES:
            with ExitStack() as case:
                pid, platform = case.enter_context(_platform(folder, log, size))
                _register(platform, port, folder, size)
                for clients, stream in CASES[size]:
                    got, cpu = _ask(platform, pid, clients, stream=stream)
                    whole = [each for each in got if each.status == 200]
                    refused = [each for each in got if each.status != 200]
                    assert all(each.status == 503 and each.retry_after for each in refused), refused
                    assert whole, "every search was refused"
                    complete = all(each.slots == slots[size] and _named(each) for each in whole)
                    label = f"{size}, {clients} at once, {'stream' if stream else 'whole'}"
                    times = sorted(each.seconds for each in whole)
                    print(
                        f"{label:34}{times[0]:>8.2f}{times[-1]:>8.2f}{len(whole):>10}{len(refused):>9}"
                        f"{whole[0].size / 1e6:>9.1f}{cpu:>7.1f}{peak_memory_mb(pid):>9.0f}"
                        f"{'' if complete else '   INCOMPLETE: ' + _missing(whole, slots[size])}"
                    )
                    if clients == 1 or size == "usual":  # what is promised; the others show what overload does
                        hanging.append(times[-1])
                        held.append(complete and len(whole) == clients)
                    else:
                        beyond.extend(got)
                memory.append(peak_memory_mb(pid))
        print(_told_of(beyond))
        TOLD.tell("aggregator.hanging", max(hanging, default=0.0) if all(held) else float("nan"))
        TOLD.tell("aggregator.memory", max(memory))


def _told_of(beyond: Sequence[Got]) -> str:
    """What no figure promises: several searches at once whose answers are larger than usual."""
    whole = [each.seconds for each in beyond if each.status == 200]
    refused = [each.seconds for each in beyond if each.status != 200]
    return (
        f"not promised, {AT_ONCE} at once of larger answers: "
        f"{len(whole)} of {len(beyond)} answered, the last after {max(whole, default=0.0):.2f} s; "
        f"{len(refused)} refused (503), the last after {max(refused, default=0.0):.2f} s"
    )


def _named(got: Got) -> bool:
    return {name: got.said.get(name) for name in SAID} == SAID


def _missing(got: Sequence[Got], slots: int) -> str:
    seen = Counter((each.slots, *sorted(Counter(each.said.values()).items())) for each in got)
    return f"of {slots}, " + "; ".join(f"{count} x {what}" for what, count in seen.most_common(3))


# --- what the editors have -------------------------------------------------------------------------------------------


def _write_bodies(folder: Path, log: Path) -> dict[str, int]:
    """One answer a size and editor, made from what the reference agenda answers; the slots of all of them by size."""
    dataset = folder / "bench.toml"
    territory.write(dataset)
    url = f"sqlite:///{folder / 'agenda.sqlite'}"
    arguments = ["agenda_editor", "serve", "--host", "127.0.0.1", "--dataset", str(dataset), "--database-url", url]
    with server(arguments, {}, log) as (_pid, port):
        # From an hour hence, so that none of them is past before the end.
        wire = Wire(port, target(SLOTS, datetime.now(UTC) + timedelta(hours=1), HOURS))
        _elapsed, status, body = wire.once()
        wire.close()
    assert status == 200, body[:300]
    bundle = json.loads(body)
    people = _by_person(bundle)
    (folder / "half.json").write_bytes(body)
    counts = dict.fromkeys(SIZES, 0)
    for number in range(ANSWERING):
        chosen = {
            "usual": people[number : number + 1],
            "large": people[: max(2, round(len(people) * (number % 10 + 1) / 10))],
            "largest": people,
        }
        for size, of in chosen.items():
            entries = [entry for person in of for entry in person]
            content = msgspec.json.encode({**bundle, "total": len(entries), "entry": entries})
            (folder / f"{size}-{number}.json").write_bytes(content)
            counts[size] += sum(entry["resource"]["resourceType"] == "Slot" for entry in entries)
    return counts


def _by_person(bundle: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """The entries of each practitioner: slots, schedules, roles, and the practitioner."""
    schedules: dict[str, str] = {}
    people: dict[str, list[dict[str, Any]]] = {}
    for entry in bundle["entry"]:
        resource = entry["resource"]
        if resource["resourceType"] == "Schedule":
            actors = [actor["reference"].split("/")[-2:] for actor in resource["actor"]]
            schedules[resource["id"]] = next(id for kind, id in actors if kind == "Practitioner")
    for entry in bundle["entry"]:
        resource = entry["resource"]
        kind = resource["resourceType"]
        if kind == "Slot":
            person = schedules[resource["schedule"]["reference"].rpartition("/")[2]]
        elif kind == "Schedule":
            person = schedules[resource["id"]]
        elif kind == "PractitionerRole":
            person = resource["practitioner"]["reference"].rpartition("/")[2]
        else:
            person = resource["id"]
        people.setdefault(person, []).append(entry)
    assert len(people) == territory.PRACTITIONERS, len(people)
    return list(people.values())


# --- the platform ----------------------------------------------------------------------------------------------------


def _platform(folder: Path, log: Path, size: str) -> Any:
    url = f"sqlite:///{folder / f'platform-{size}.sqlite'}"
    arguments = ["sas_platform", "serve", "--host", "127.0.0.1", "--dataset", "demo", "--database-url", url]
    return server(arguments, {"SAS_PLATFORM_ADMIN_TOKEN": TOKEN, "SAS_PLATFORM_SIGN_IN_REQUIRED": "false"}, log)


def _register(platform: int, port: int, folder: Path, size: str) -> None:
    base_urls = {f"{size}-{number}": f"http://127.0.0.1:{port}/{size}-{number}/fhir" for number in range(ANSWERING)}
    for name in HANGING:
        at = (folder / UNACCEPTING_PORT).read_text() if name == "unaccepting" else port
        base_urls[name] = f"http://127.0.0.1:{at}/{name}/fhir"
    for name, base_url in base_urls.items():
        body = {"id": name, "name": name, "base_url": base_url, "environment": "recette", "flows": ["slot_search"]}
        request = urllib.request.Request(
            f"http://127.0.0.1:{platform}/api/admin/editors",
            json.dumps(body).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"},
        )
        urllib.request.urlopen(request, timeout=10).close()


def _ask(platform: int, pid: int, clients: int, *, stream: bool) -> tuple[list[Got], float]:
    async def all_at_once() -> list[tuple[float, bytes]]:
        return await asyncio.gather(*(_search(platform, stream=stream) for _ in range(clients)))

    before = cpu_seconds(pid)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        raw = runner.run(all_at_once())
    return [_read(seconds, answer, stream=stream) for seconds, answer in raw], cpu_seconds(pid) - before


async def _search(platform: int, *, stream: bool) -> tuple[float, bytes]:
    """Seconds to the last byte, and all bytes of the answer; nothing is read of them before all have come."""
    path = "/api/slots/search/stream" if stream else "/api/slots/search"
    body = json.dumps({"practitioners": territory.practitioner_ids(SLOTS)}).encode()
    begun = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", platform, limit=1 << 20)
    writer.write(
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n".encode()
        + body
    )
    pieces = []
    while piece := await reader.read(1 << 20):
        pieces.append(piece)
    writer.close()
    return time.perf_counter() - begun, b"".join(pieces)


class _Slots(msgspec.Struct):
    slots: list[msgspec.Raw]


class _Editor(msgspec.Struct):
    id: str
    status: str


class _Answer(msgspec.Struct):
    availabilities: list[_Slots] = []
    editors: list[_Editor] = []


def _read(seconds: float, raw: bytes, *, stream: bool) -> Got:
    head, _, body = raw.partition(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1])
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    if fields.get(b"transfer-encoding") == b"chunked":
        body = _unchunked(body)
    if status != 200:
        return Got(seconds, status, 0, len(body), {}, fields.get(b"retry-after", b"").decode() or None)
    parts = [part.partition(b"\ndata: ")[2] for part in body.split(b"\n\n")] if stream else [body]
    answers = [msgspec.json.decode(part, type=_Answer) for part in parts[stream:] if part]
    said = {editor.id: editor.status for answer in answers for editor in answer.editors}
    slots = sum(len(each.slots) for answer in answers for each in answer.availabilities)
    return Got(seconds, status, slots, len(body), said)


def _unchunked(body: bytes) -> bytes:
    pieces, at = [], 0
    while at < len(body):
        line = body.index(b"\r\n", at)
        size = int(body[at:line], 16)
        pieces.append(body[line + 2 : line + 2 + size])
        at = line + 4 + size
    return b"".join(pieces)
