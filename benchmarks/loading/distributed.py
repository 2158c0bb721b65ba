"""The same load by one process, by two, and by a master and two workers started by hand; then a worker is killed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

from benchmarks.loading import memory
from benchmarks.loading.stage import Served, agenda, command, document_of, load, shown
from recette.drivers.services import free_port
from recette.model import ExitCode

_RATE = "10/s"
_KILLED_AFTER = 5.0
"""Seconds of load."""
_LOADING = re.compile(r"\d+ (recherches|searches)")
"""What the master tells as its load begins."""


def run(served: Served, minutes: float) -> None:
    options = ("--rate", _RATE, "--duration", f"{minutes * 60:g}s", "--warm-up", "5s")
    with agenda(served):
        found = {
            "one process": load(served, "one", *options),
            "--workers 2": load(served, "two", *options, "--workers", "2"),
            "by hand": _by_hand(served, options),
        }
        _table(found)
        _killed(served, options)


def _by_hand(served: Served, options: tuple[str, ...]) -> Mapping[str, Any]:
    master, workers = _started(served, "hand", options)
    try:
        master.wait()
        codes = [worker.wait(20) for worker in workers]
    finally:
        _ended(master, *workers)
    print(f"  the workers ended with {codes}")
    return document_of(served, "hand")


def _killed(served: Served, options: tuple[str, ...]) -> None:
    """Raises `SystemExit` unless the loss of a worker ends the run as the harness's own failure."""
    master, workers = _started(served, "killed", options)
    try:
        while master.stderr is not None and not _LOADING.match(master.stderr.readline().decode()):
            if master.poll() is not None:
                break
        time.sleep(_KILLED_AFTER)
        os.kill(memory.serving(workers[0].pid)[-1], signal.SIGKILL)  # the generator that `load-worker` started
        begun = time.monotonic()
        told = master.stderr.read().decode() if master.stderr is not None else ""
        code, other = master.wait(), workers[1].wait(60)
    finally:
        _ended(master, *workers)
    seconds = time.monotonic() - begun
    print(f"  {told.strip()}")
    print(f"  a worker killed: the load ended with {code}, the other worker with {other}, {seconds:.0f} s later")
    if code != ExitCode.HARNESS_FAILED:
        sys.exit(f"a lost worker has to end the run with {int(ExitCode.HARNESS_FAILED)}, not {code}")


def _started(
    served: Served, name: str, options: tuple[str, ...]
) -> tuple[subprocess.Popen[bytes], list[subprocess.Popen[bytes]]]:
    (served.out / name / "load.json").unlink(missing_ok=True)
    place = f"127.0.0.1:{free_port()}"
    distributed = (*options, "--workers", "2", "--listen", place)
    shown(("load", "target.toml", *distributed))
    heard = subprocess.PIPE if name == "killed" else None
    master = subprocess.Popen(command(served, name, *distributed), stderr=heard)
    workers = []
    for _ in range(2):
        shown(("load-worker", place))
        workers.append(subprocess.Popen([sys.executable, "-m", "recette", "load-worker", place]))
    return master, workers


def _ended(*running: subprocess.Popen[bytes]) -> None:
    for process in running:
        if process.poll() is None:
            process.kill()
            process.wait()


def _table(found: Mapping[str, Mapping[str, Any]]) -> None:
    print(
        f"\n  {'':14}{'exit':>5}{'made':>7}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'a second':>10}{'late p99 ms':>13}"
    )
    for name, document in found.items():
        times = "".join(f"{document['latency'][each]['value'] * 1000:>9.1f}" for each in ("p50", "p95", "p99"))
        made, rate = document["searches"]["made"], document["throughput_per_second"]
        late = document["client"]["due_lag_p99"] * 1000
        print(f"  {name:14}{document['exit_code']:>5}{made:>7}{times}{rate:>10.2f}{late:>13.1f}")
