"""How many connections a worker is to have: searches a second without the index, by the size of its pool.

One worker and 32 clients, each of whose searches asks the database twice; the sizes take turns. No figure is
promised: the default of `sas_kit.pooling` is read here.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import national_query, stores, territory
from benchmarks.crowd import Slice, crowd
from benchmarks.processes import server

ROUNDS = int(os.environ.get("SAS_BENCH_SLICES", "8"))
SIZES = (1, 2, 4, 10, 20)
CLIENTS = 32
_A_SLICE = 128  # requests


def run() -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="recette-bench-")))
        dataset = folder / "bench.toml"
        territory.write(dataset)
        url = stack.enter_context(stores.postgresql("pools"))
        stores.load(url, dataset)
        target = national_query.target(1000, datetime.now(UTC))
        ports: dict[int, int] = {}
        for size in SIZES:
            settings = {"SAS_AGENDA_FRAGMENT_INDEX_BYTES": "0", "SAS_AGENDA_DATABASE_POOL": str(size)}
            _pid, ports[size] = stack.enter_context(server(stores.serve(url), settings, folder / "servers.log"))
        clients = stack.enter_context(crowd())
        slices: dict[int, list[Slice]] = {size: [] for size in SIZES}
        for turn in range(ROUNDS + 1):
            for size, port in ports.items():
                played = clients.play(port, target, CLIENTS, _A_SLICE)
                if turn:
                    slices[size].append(played)
        print(f"\nConnections of one worker: {CLIENTS} clients, 1 000 slots from the database at each search")
        print(f"{'pool':>6}{'a second':>10}{'p99 ms':>9}")
        for size, rows in slices.items():
            times = sorted(t for one in rows for t in one.times)
            rate = statistics.median(one.per_second for one in rows)
            print(f"{size:>6}{rate:>10.0f}{times[len(times) * 99 // 100] * 1000:>9.0f}")


if __name__ == "__main__":
    run()
