"""Searches a second of two workers against one, under the same sixteen clients, taking turns.

Clients and PostgreSQL need their part of the same two cores. What each takes is accounted for, from /proc, and with it
the most that two workers could reach here is told beside what they reach; the figure is what was measured. Clients on
machines of their own would take nothing of these cores: here they at least leave the bodies unread.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import national_query, stores, territory
from benchmarks.crowd import crowd
from benchmarks.figures import TOLD
from benchmarks.processes import cpu_seconds, descendants, server

ROUNDS = int(os.environ.get("SAS_BENCH_SLICES", "8"))
CLIENTS = 16
SLOTS = int(os.environ.get("SAS_BENCH_SLOTS", "1000"))
_A_SLICE = 400  # requests
_CORES = len(os.sched_getaffinity(0))


def run() -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="recette-bench-")))
        dataset, log = folder / "bench.toml", folder / "servers.log"
        territory.write(dataset)
        url = stack.enter_context(stores.postgresql("workers"))
        stores.load(url, dataset)
        target = national_query.target(SLOTS, datetime.now(UTC))
        served = {number: stack.enter_context(server(stores.serve(url, workers=number), {}, log)) for number in (1, 2)}
        clients = stack.enter_context(crowd())
        rates: dict[int, list[float]] = {1: [], 2: []}
        costs: dict[int, list[tuple[float, float, float]]] = {1: [], 2: []}
        for turn in range(ROUNDS + 1):
            for number, (pid, port) in served.items():
                workers, database = [pid, *descendants(pid)], stores.backends(url)
                before = sum(map(cpu_seconds, workers)), sum(map(cpu_seconds, database))
                played = clients.play(port, target, CLIENTS, _A_SLICE, unread=True)
                if turn:
                    rates[number].append(played.per_second)
                    service = sum(map(cpu_seconds, workers)) - before[0]
                    costs[number].append((service, sum(map(cpu_seconds, database)) - before[1], played.cpu))
        print(f"\nOne worker and two: {CLIENTS} clients, {SLOTS} slots, {ROUNDS} slices of {_A_SLICE} searches each")
        print(f"{'workers':>8}{'a second':>10}{'service ms':>12}{'database ms':>13}{'clients ms':>12}")
        for number, rows in costs.items():
            service, database_, client = (statistics.mean(each) * 1000 / _A_SLICE for each in zip(*rows, strict=True))
            rate = statistics.median(rates[number])
            print(f"{number:>8}{rate:>10.0f}{service:>12.2f}{database_:>13.2f}{client:>12.2f}")
        service, database_, client = (statistics.mean(each) for each in zip(*costs[2], strict=True))
        most = _CORES * _A_SLICE / (service + database_ + client)
        one = statistics.median(rates[1])
        print(
            f"  {_CORES} cores would give {most:.0f} searches a second if none were ever idle: {most / one:.2f} times"
        )
        TOLD.tell("national_query.two_workers", statistics.median(rates[2]) / one)


if __name__ == "__main__":
    run()
