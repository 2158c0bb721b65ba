"""Measures for Prometheus, in one process or summed over several workers."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

FOLDER_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"  # prometheus_client reads it when it is imported
_LADDER: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)
_CLOSE: Final = 0.1  # of a level: how far on both sides of it the next edges are

Over = Literal["livesum", "livemax", "livemostrecent"]


def edges_around(levels: Sequence[float]) -> tuple[float, ...]:
    """Edges of buckets in seconds: each level exactly, one close on both sides, and a ladder elsewhere."""
    around = {round(level * factor, 6) for level in levels for factor in (1 - _CLOSE, 1, 1 + _CLOSE)}
    apart = {step for step in _LADDER if all(abs(step - level) > _CLOSE * level for level in levels)}
    return tuple(sorted(around | apart))


class Metrics:
    """The measures of one application; a process may hold several applications. `edges`: of all that lasts."""

    def __init__(self, edges: Sequence[float]) -> None:
        self.edges = tuple(edges)
        self.registry = CollectorRegistry()
        folder = os.environ.get(FOLDER_VARIABLE)
        self._folder = None if folder is None else Path(folder)
        if self._folder is None:
            ProcessCollector(registry=self.registry)

    def counter(self, name: str, text: str, labels: Sequence[str] = ()) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def gauge(self, name: str, text: str, over: Over, labels: Sequence[str] = ()) -> Gauge:
        """`over`: how the values of several workers become one."""
        return Gauge(name, text, labels, registry=self.registry, multiprocess_mode=over)

    def durations(self, name: str, text: str, labels: Sequence[str] = ()) -> Histogram:
        return Histogram(name, text, labels, registry=self.registry, buckets=self.edges)

    def histogram(self, name: str, text: str, edges: Sequence[float], labels: Sequence[str] = ()) -> Histogram:
        return Histogram(name, text, labels, registry=self.registry, buckets=edges)

    def exposed(self, accept: str) -> tuple[bytes, str]:
        """Everything measured so far, by all workers, and its content type. Reads files: not for an event loop."""
        encode, content_type = choose_encoder(accept)
        registry = self.registry
        if self._folder is not None:
            bury_the_dead(self._folder)
            registry = CollectorRegistry()
            MultiProcessCollector(registry, str(self._folder))  # type: ignore[no-untyped-call]
        encoded: bytes = encode(registry)
        return encoded, content_type


def bury_the_dead(folder: Path) -> None:
    """Forget the gauges of workers that are no more; what they counted stays counted."""
    for pid in {int(path.stem.rpartition("_")[2]) for path in folder.glob("gauge_live*_*.db")}:
        if not _lives(pid):
            mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]  # a series more for each, read by nobody
