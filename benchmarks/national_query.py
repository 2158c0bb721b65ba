"""The national query: 25 practitioners, 50 places, 72 hours, 250 to 6 000 slots, against a raw ASGI floor.

The floor sends the very bytes the agenda answered, over the same server; the variants and the floor take turns, so that
the machine's moods fall on all alike. What is read is the ratio of the medians.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import stores, territory
from benchmarks.figures import TOLD
from benchmarks.processes import cpu_seconds, peak_memory_mb, server
from benchmarks.wire import Wire, slot_search

ROUNDS = int(os.environ.get("SAS_BENCH_ROUNDS", "150"))
PRACTITIONERS = int(os.environ.get("SAS_BENCH_PRACTITIONERS", "2000"))
# The figure of each variant, at 1 000 slots.
FIGURES = {"postgresql, index": "national_query.index", "postgresql, no index": "national_query.database"}


def target(slots: int, now: datetime, hours: float = 72) -> str:
    return slot_search(territory.practitioner_ids(slots), now, hours)


def databases(folder: Path, stack: ExitStack, name: str = "national") -> dict[str, str]:
    """A fresh database of each kind there is a server for."""
    urls = {"sqlite": f"sqlite:///{folder / 'bench.sqlite'}"}
    try:
        urls["postgresql"] = stack.enter_context(stores.postgresql(name))
    except OSError as error:
        print(f"no PostgreSQL server ({error}): SQLite only")
    return urls


def run() -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="recette-bench-")))
        dataset = folder / "bench.toml"
        territory.write(dataset)
        log = folder / "servers.log"
        _, floor_port = stack.enter_context(
            server(
                ["uvicorn", "benchmarks.floor:app", "--host", "127.0.0.1", "--no-access-log"],
                {"BENCH_FLOOR_DIR": str(folder)},
                log,
            )
        )
        variants: dict[str, tuple[int, int]] = {}
        for name, url in databases(folder, stack).items():
            stores.generate(url, PRACTITIONERS)
            stores.load(url, dataset)
            for label, settings in (("index", {}), ("no index", {"SAS_AGENDA_FRAGMENT_INDEX_BYTES": "0"})):
                variants[f"{name}, {label}"] = stack.enter_context(server(stores.serve(url), settings, log))
        _measure(variants, floor_port, folder)


def _measure(variants: dict[str, tuple[int, int]], floor_port: int, folder: Path) -> None:
    now = datetime.now(UTC)
    costs: dict[str, dict[int, float]] = {name: {} for name in variants}
    print(f"\nNational query, {ROUNDS} rounds, {PRACTITIONERS} other practitioners in the table")
    print(f"{'':24}{'slots':>6}{'kB':>7}{'median ms':>11}{'p95 ms':>9}{'times floor':>13}{'cpu ms':>8}")
    for slots in territory.GROUPS:
        wires = {name: Wire(port, target(slots, now)) for name, (_pid, port) in variants.items()}
        count = 0
        for name, wire in wires.items():
            _elapsed, status, body = wire.once()
            assert status == 200, (name, body[:300])
            count = json.loads(body)["total"]
            (folder / f"n{slots}.json").write_bytes(body)
        wires["floor"] = Wire(floor_port, f"/n{slots}")
        times: dict[str, list[float]] = {name: [] for name in wires}
        before = {name: cpu_seconds(pid) for name, (pid, _port) in variants.items()}
        size = 0
        for number in range(ROUNDS + 10):
            for name, wire in wires.items():
                elapsed, status, body = wire.once()
                assert status == 200
                size = len(body)
                if number >= 10:
                    times[name].append(elapsed)
        floor = statistics.median(times["floor"])
        for name, samples in times.items():
            middle = statistics.median(samples)
            p95 = sorted(samples)[int(len(samples) * 0.95)]
            cpu = ""
            if name in variants:
                costs[name][slots] = middle
                used = cpu_seconds(variants[name][0]) - before[name]
                cpu = f"{used * 1000 / (ROUNDS + 10):8.2f}"
            figures = f"{middle * 1000:>11.2f}{p95 * 1000:>9.2f}{middle / floor:>13.1f}{cpu}"
            print(f"{name:24}{count:>6}{size // 1000:>7}{figures}")
            if slots == 1000 and name in FIGURES:
                TOLD.tell(FIGURES[name], middle / floor)
        for wire in wires.values():
            wire.close()
    print(
        "\nWhat one more slot costs, from 1 000 to 3 000 and from 3 000 to 6 000 (constant: ratio within 0.7 and 1.3)"
    )
    print(f"{'':24}{'µs':>8}{'µs':>8}{'ratio':>8}{'peak MB':>10}")
    for name, cost in costs.items():
        first = (cost[3000] - cost[1000]) / 2000
        second = (cost[6000] - cost[3000]) / 3000
        figures = f"{first * 1e6:>8.2f}{second * 1e6:>8.2f}{second / first:>8.2f}"
        print(f"{name:24}{figures}{peak_memory_mb(variants[name][0]):>10.0f}")
