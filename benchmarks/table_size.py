"""Ten times the slots in the table: the same search, without the index of fragments, from PostgreSQL at each request.

Two databases that `generate` filled, alike but for their size, each behind a service of its own; they take turns. The
searches are for practitioners from all over the table. What they touch was read before: what is measured is what the
planner and the indexes make of a bigger table, not the memory of the machine (the last line tells that, unjudged).
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from benchmarks import stores
from benchmarks.figures import TOLD
from benchmarks.processes import server
from benchmarks.wire import Wire, slot_search

PRACTITIONERS = int(os.environ.get("SAS_BENCH_SMALL_TABLE", "500"))
FACTOR = 10
GROUPS = 20
SPREAD = 200
ROUNDS = 12


def run() -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="recette-bench-")))
        wires: list[Wire] = []
        searches: list[list[str]] = []
        now = datetime.now(UTC)
        print(f"\nSize of the table: {GROUPS} searches of 25 practitioners, {ROUNDS} rounds, without the index")
        for name, practitioners in (("small", PRACTITIONERS), ("large", FACTOR * PRACTITIONERS)):
            url = stack.enter_context(stores.postgresql(name))
            stores.generate(url, practitioners)
            _pid, port = stack.enter_context(
                server(stores.serve(url), {"SAS_AGENDA_FRAGMENT_INDEX_BYTES": "0"}, folder / "servers.log")
            )
            wires.append(Wire(port))
            people = [row[0] for row in stores.rows(url, "SELECT national_id FROM practitioners ORDER BY id")]
            random = Random(1)
            groups = [random.sample(people, 25) for _ in range(GROUPS + SPREAD)]
            searches.append([slot_search(group, now) for group in groups])
            ((slots, size),) = stores.rows(
                url, "SELECT count(*), pg_size_pretty(pg_total_relation_size('slots')) FROM slots"
            )
            print(f"  {name}: {practitioners} practitioners, {slots} slots, {size}")
        warm = _compared(wires, [each[:GROUPS] for each in searches], ROUNDS, warm_up=2)
        TOLD.tell("national_query.table_size", warm)
        spread = _compared(wires, [each[GROUPS:] for each in searches], 1, warm_up=0)
        print(f"  {spread:.2f} times where each search is for others (no server holds the large table in its buffers)")


def _compared(wires: Sequence[Wire], searches: Sequence[Sequence[str]], rounds: int, *, warm_up: int) -> float:
    """Median time of a search in the second database, over that in the first."""
    times: list[list[float]] = [[] for _ in wires]
    found = [0 for _ in wires]
    for number in range(warm_up + rounds):
        for group in zip(*searches, strict=True):
            for rank, (wire, search) in enumerate(zip(wires, group, strict=True)):
                elapsed, status, body = wire.once(search)
                assert status == 200, body[:300]
                if number == 0:
                    found[rank] += json.loads(body)["total"]
                if number >= warm_up:
                    times[rank].append(elapsed)
    # Slots are as dense in both, or the comparison would be of answers of unlike sizes.
    assert 0.97 < found[1] / found[0] < 1.03, found
    small, large = (statistics.median(each) for each in times)
    print(f"  {small * 1000:.2f} ms and {large * 1000:.2f} ms for {found[0] / len(searches[0]):.0f} slots")
    return large / small


if __name__ == "__main__":
    run()
