"""Levels can be read off exactly; several workers count as one service."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fastapi import FastAPI

from sas_kit.database import Database
from sas_kit.observing.metrics import FOLDER_VARIABLE, Metrics, edges_around
from sas_kit.observing.pools import PoolGauges
from sas_kit.observing.service import Observing
from sas_kit.observing.workers import measuring_together

WORKER = """
import os, sys
from sas_kit.observing.metrics import Metrics
metrics = Metrics((1.0, 7.0))
metrics.durations("took_seconds", "t").observe(float(sys.argv[1]))
metrics.counter("seen", "s").inc(int(sys.argv[2]))
metrics.gauge("open", "o", "livesum").inc(3)
metrics.gauge("pending", "p", "livemostrecent").set(5)
sys.stdout.write("ready\\n")
sys.stdout.flush()
sys.stdin.readline()
if sys.argv[3] == "read":
    sys.stdout.write(metrics.exposed("")[0].decode())
"""


def exposed(metrics: Metrics) -> dict[str, float]:
    lines = metrics.exposed("")[0].decode().splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


def test_edges_lie_at_each_level_and_close_on_both_sides() -> None:
    edges = edges_around([1.0, 7.0])
    assert [edge for edge in edges if 0.5 < edge < 8] == [0.9, 1.0, 1.1, 2.5, 5.0, 6.3, 7.0, 7.7]
    assert list(edges) == sorted(set(edges))
    assert edges[0] == 0.001


def test_a_breach_is_read_off() -> None:
    metrics = Metrics(edges_around([1.0, 7.0]))
    took = metrics.durations("took_seconds", "t")
    for seconds in (0.99, 1.0, 1.001, 6.9, 7.0, 7.01):
        took.observe(seconds)
    seen = exposed(metrics)
    assert seen['took_seconds_bucket{le="1.0"}'] == 2
    assert seen['took_seconds_bucket{le="7.0"}'] == 5
    assert seen["took_seconds_count"] == 6


def test_workers_are_summed_and_the_dead_hold_nothing() -> None:
    with measuring_together(2):
        folder = Path(os.environ[FOLDER_VARIABLE])
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

        def start(*arguments: str) -> subprocess.Popen[str]:
            return subprocess.Popen(
                [sys.executable, "-c", WORKER, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment,
                text=True,
            )

        with start("0.5", "2", "no") as dead, start("3", "40", "read") as living:
            for worker in (dead, living):
                assert worker.stdout is not None
                assert worker.stdout.readline() == "ready\n"
            dead.kill()
            dead.wait()
            text, _ = living.communicate("\n", timeout=20)
        assert any(folder.iterdir())
    assert not folder.exists()
    assert FOLDER_VARIABLE not in os.environ
    seen = {name: float(value) for name, _, value in (x.rpartition(" ") for x in text.splitlines() if x[0] != "#")}
    assert seen["took_seconds_count"] == 2  # of both
    assert seen["took_seconds_sum"] == 3.5
    assert seen["seen_total"] == 42
    assert seen["open"] == 3  # of who lives
    assert seen["pending"] == 5


def test_one_worker_needs_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, "/left/by/somebody")
    with measuring_together(1):
        assert FOLDER_VARIABLE not in os.environ


async def test_connections_that_are_lent_are_counted(tmp_path: Path) -> None:
    metrics = Metrics((1.0,))
    database = Database(f"sqlite:///{tmp_path / 'one.sqlite'}", pool_size=3)
    PoolGauges(metrics).watch(database)
    async with database.reading(), database.reading():
        during = exposed(metrics)
    after = exposed(metrics)
    await database.close()
    assert (during["database_connections_in_use"], during["database_connections_limit"]) == (2, 3)
    assert after["database_connections_in_use"] == 0


def test_metrics_of_two_applications_in_one_process_do_not_mix() -> None:
    one, other = (Observing(name, [1.0], None, "TOKEN") for name in ("one", "other"))
    one.asking("interface").over("2xx", 0.5)
    name = 'http_client_exchange_duration_seconds_count{interface="interface",outcome="2xx"}'
    assert exposed(one.metrics)[name] == 1
    assert name not in exposed(other.metrics)
    assert asyncio.iscoroutinefunction(one.install(FastAPI()).build_middleware_stack().__call__)  # type: ignore[operator]
