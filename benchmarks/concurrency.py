"""The national query of 1 000 slots for 1, 8 and 32 clients at once, against the floor under the same clients.

The floor, the agenda with its index and the agenda without take turns, a slice each. The two cores are shared by one
server, one process of clients (`benchmarks.crowd`) and PostgreSQL: what the clients take, they take from all alike, and
their share of a core is told; above nine tenths it is they who were measured.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import national_query, stores, territory
from benchmarks.crowd import Crowd, Slice, crowd
from benchmarks.figures import TOLD
from benchmarks.processes import server
from benchmarks.wire import Wire

ROUNDS = int(os.environ.get("SAS_BENCH_SLICES", "8"))
CLIENTS = (1, 8, 32)
SLOTS = 1000
_A_SLICE = 96  # requests


def run() -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="recette-bench-")))
        dataset, log = folder / "bench.toml", folder / "servers.log"
        territory.write(dataset)
        url = stack.enter_context(stores.postgresql("concurrency"))
        stores.load(url, dataset)
        target = national_query.target(SLOTS, datetime.now(UTC))
        served: dict[str, tuple[int, str]] = {}
        for label, settings in (("index", {}), ("no index", {"SAS_AGENDA_FRAGMENT_INDEX_BYTES": "0"})):
            _pid, port = stack.enter_context(server(stores.serve(url), settings, log))
            served[label] = (port, target)
        _elapsed, status, body = Wire(port, target).once()
        assert status == 200, body[:300]
        (folder / "floor.json").write_bytes(body)
        arguments = ["uvicorn", "benchmarks.floor:app", "--host", "127.0.0.1", "--no-access-log"]
        _pid, port = stack.enter_context(server(arguments, {"BENCH_FLOOR_DIR": str(folder)}, log))
        served["floor"] = (port, "/floor")
        clients = stack.enter_context(crowd())
        print(f"\nThe national query under concurrency: {SLOTS} slots, {len(body) // 1000} kB, {ROUNDS} slices each")
        print(
            f"{'':12}{'clients':>8}{'a second':>10}{'median ms':>11}{'p99 ms':>9}{'times floor':>13}{'client cpu':>12}"
        )
        for number in CLIENTS:
            ratios = _measure(clients, served, number)
            if number > 1:
                TOLD.tell(f"national_query.concurrent_{number}", ratios["index"])
                TOLD.tell(f"national_query.concurrent_{number}_database", ratios["no index"])


def _measure(clients: Crowd, served: dict[str, tuple[int, str]], number: int) -> dict[str, float]:
    """The time of a search over the floor's: seconds a slice takes, for each client, shared by its searches.

    That is the mean time of a search. The median is shown and not compared: a server that answers some of its clients
    first has a small one and serves nobody sooner.
    """
    slices: dict[str, list[Slice]] = {label: [] for label in served}
    for turn in range(ROUNDS + 1):
        for label, (port, target) in served.items():
            played = clients.play(port, target, number, _A_SLICE)
            if turn:
                slices[label].append(played)
    means = {label: statistics.median(number / one.per_second for one in rows) for label, rows in slices.items()}
    for label, rows in slices.items():
        times = sorted(t for one in rows for t in one.times)
        share = sum(one.cpu for one in rows) / sum(one.seconds for one in rows)
        middle, p99 = statistics.median(times) * 1000, times[len(times) * 99 // 100] * 1000
        print(
            f"{label:12}{number:>8}{number / means[label]:>10.0f}{middle:>11.2f}{p99:>9.2f}"
            f"{means[label] / means['floor']:>13.1f}{share:>12.0%}"
        )
    return {label: mean / means["floor"] for label, mean in means.items()}


if __name__ == "__main__":
    run()
