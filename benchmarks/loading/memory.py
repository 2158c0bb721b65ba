"""Resident memory of processes over time, and how fast it grows."""

from __future__ import annotations

import csv
import itertools
import os
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

EVERY = 5.0
BLOCKS = 10
_T_95 = 2.306
"""Student's t, two-sided 95 %, of BLOCKS - 2 degrees of freedom."""
_MB = 1 << 20

Sampled = tuple[float, int]
"""Seconds since 1970, and bytes."""


@dataclass(frozen=True, slots=True)
class Slope:
    """MB a minute, and the 95 % confidence interval."""

    value: float
    low: float
    high: float


def slope(samples: Sequence[Sampled]) -> Slope:
    """Least squares through the samples. The interval is that of the line through the means of ten blocks of time:
    samples of five seconds follow one another too closely to count as so many observations.

    Raises `ValueError` on fewer than two samples a block.
    """
    if len(samples) < 2 * BLOCKS:
        raise ValueError(f"{len(samples)} samples of memory where {2 * BLOCKS} are needed: lengthen the soak")
    minutes = [at / 60 for at, _ in samples]
    sizes = [size / _MB for _, size in samples]
    bounds = [round(number * len(samples) / BLOCKS) for number in range(BLOCKS + 1)]
    x = [statistics.fmean(minutes[a:b]) for a, b in itertools.pairwise(bounds)]
    y = [statistics.fmean(sizes[a:b]) for a, b in itertools.pairwise(bounds)]
    line = statistics.linear_regression(x, y)
    left = sum((b - line.intercept - line.slope * a) ** 2 for a, b in zip(x, y, strict=True))
    middle = statistics.fmean(x)
    error = (left / (BLOCKS - 2) / sum((a - middle) ** 2 for a in x)) ** 0.5
    value = statistics.linear_regression(minutes, sizes).slope
    return Slope(value, line.slope - _T_95 * error, line.slope + _T_95 * error)


def serving(pid: int) -> list[int]:
    """The process and all that it started, without the one by which Python's multiprocessing tidies up."""
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop(0)
        if b"resource_tracker" not in Path(f"/proc/{one}/cmdline").read_bytes():
            found.append(one)
        waiting += map(int, Path(f"/proc/{one}/task/{one}/children").read_text(encoding="ascii").split())
    return found


def resident(pid: int) -> int:
    """Bytes; `OSError` once the process has ended."""
    pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


@dataclass(slots=True)
class Watch:
    """`samples` by process id, in order of time."""

    samples: dict[int, list[Sampled]] = field(default_factory=dict)

    def within(self, begin: float, end: float) -> dict[int, list[Sampled]]:
        return {pid: [(at, size) for at, size in all_ if begin <= at <= end] for pid, all_ in self.samples.items()}

    def write(self, path: Path, names: Mapping[int, str]) -> None:
        with path.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(("process", "pid", "seconds_since_1970", "resident_bytes"))
            for pid, samples in self.samples.items():
                rows.writerows((names.get(pid, "?"), pid, f"{at:.1f}", size) for at, size in samples)


@contextmanager
def watching(pids: Sequence[int], read: Callable[[int], int] = resident, every: float = EVERY) -> Iterator[Watch]:
    """Read each process's memory until the block ends. A process that ends meanwhile ends its samples."""
    watch, over = Watch({pid: [] for pid in pids}), threading.Event()

    def follow() -> None:
        while not over.is_set():
            for pid in pids:
                try:
                    watch.samples[pid].append((time.time(), read(pid)))
                except OSError:
                    continue
            over.wait(every)

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        over.set()
        thread.join()
