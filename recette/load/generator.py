"""The process that loads: Locust runs a share of the plan, alone, or as one of several workers of a master.

`python -m recette.load.generator local|master|worker …`, started by `recette load` and `recette load-worker`. Locust
replaces the standard library's sockets by gevent's as it is imported: never import this module elsewhere.
"""

# isort: off
import locust  # before anything opens a socket
# isort: on

import argparse
import json
import logging
import sys
import tempfile
import time
from dataclasses import asdict, astuple
from pathlib import Path
from typing import Any, ClassVar

import gevent
import gevent.event
from locust.env import Environment
from locust.exception import StopUser
from locust.runners import STATE_MISSING, MasterRunner, WorkerRunner

from recette.load.recording import Arrival, Gathering, Orders, orders_of, read_plan
from recette.load.shooting import Shooting
from recette.model.load import Sample

_BATCH = 1_000
_BYTES = 1 << 20
_PATIENCE = 60.0
"""Seconds a master waits for its workers, at the beginning and after the last search was due."""


class Searching(locust.User):
    """Locust's user: one a process, which follows the whole share. Who arrives does not wait for who came before."""

    share: ClassVar[Shooting | None] = None
    starts_at: ClassVar[float] = 0.0
    result: ClassVar[dict[str, Any] | None] = None
    finished: ClassVar[gevent.event.Event] = gevent.event.Event()

    @locust.task
    def follow(self) -> None:
        if self.share is None:
            raise StopUser
        type(self).result = self.share.run(self.starts_at, self._told)
        self.finished.set()
        raise StopUser

    def _told(self, sample: Sample) -> None:
        """Locust's own statistics, for whoever listens to its events; the verdict never reads them."""
        self.environment.events.request.fire(
            request_type="GET",
            name="slot_search",
            response_time=sample.latency * 1000,
            response_length=sample.size,
            exception=RuntimeError(sample.failure) if sample.failure else None,
            context={},
        )


def _tell(**values: Any) -> None:
    """A line of progress for whoever started us."""
    print(json.dumps(values), flush=True)  # noqa: T201  standard output is how the parent hears of us


def local(plan: Path, out: Path, starts_at: float) -> int:
    """Run the whole plan in this process."""
    orders, arrivals = read_plan(plan)
    environment = Environment(user_classes=[Searching])
    runner = environment.create_local_runner()
    with (out / "answers.bin").open("wb") as answers:
        share = Shooting(orders, arrivals, 1, answers)
        Searching.share, Searching.starts_at = share, starts_at
        runner.start(1, spawn_rate=1)
        while not Searching.finished.wait(1.0):
            _tell(done=len(share.samples), wrong=share.wrong)
    runner.quit()
    (out / "result.json").write_text(json.dumps({"workers": [Searching.result]}), encoding="utf-8")
    return 0


class _Master:
    """Hands every worker its share, starts them together, gathers what they bring back."""

    def __init__(self, plan: Path, out: Path, workers: int, runner: MasterRunner) -> None:
        self._orders, self._arrivals = read_plan(plan)
        self._out = out
        self._workers = workers
        self._runner = runner
        self._ready: set[str] = set()
        self._results: dict[str, dict[str, Any]] = {}
        self._progress: dict[str, tuple[int, int]] = {}
        self._answers = Gathering(out)
        for kind in ("share_taken", "progress", "answers", "samples", "finished", "aborting"):
            runner.register_message(kind, getattr(self, f"_on_{kind}"))

    def run(self) -> int:
        if not self._until(lambda: self._runner.worker_count >= self._workers, _PATIENCE):
            return self._failed(f"{self._runner.worker_count} of {self._workers} workers came within {_PATIENCE:g} s")
        names = sorted(self._runner.clients.keys())[: self._workers]
        for index, name in enumerate(names):
            self._hand_out(name, index + 1, self._arrivals[index :: self._workers])
        if not self._until(lambda: len(self._ready) == self._workers, _PATIENCE):
            return self._failed("the workers did not take their shares")
        # One user for each that came, who may be more than are needed: those without a share stop at once.
        self._runner.start(self._runner.worker_count, spawn_rate=self._runner.worker_count)
        last = self._arrivals[-1].due if self._arrivals else 0.0
        while not self._until(lambda: all("counts" in self._results.get(name, {}) for name in names), 1.0):
            _tell(done=sum(d for d, _ in self._progress.values()), wrong=sum(w for _, w in self._progress.values()))
            last -= 1.0
            gone = [name for name in names if name not in self._results and self._is_gone(name)]
            if gone or last < -_PATIENCE - self._orders.answer:
                return self._failed(f"workers lost: {', '.join(gone) or 'no end of them in sight'}")
        self._answers.close()
        found = []
        for name in names:
            result = self._results[name]
            counts = result.pop("counts")
            if counts["samples"] != len(result["samples"]) or counts["bytes"] != result.pop("bytes"):
                return self._failed(f"worker {name}: what it sent did not arrive whole")
            found.append(result)
        (self._out / "result.json").write_text(json.dumps({"workers": found}), encoding="utf-8")
        self._runner.quit()
        return 0

    def _is_gone(self, name: str) -> bool:
        client = self._runner.clients.get(name)
        return client is None or client.state == STATE_MISSING

    def _until(self, held: Any, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while not held():
            if time.monotonic() >= end:
                return False
            gevent.sleep(0.05)
        return True

    def _failed(self, why: str) -> int:
        print(why, file=sys.stderr)  # noqa: T201  how the parent hears of us
        self._runner.quit()
        return 1

    def _hand_out(self, name: str, number: int, share: list[Arrival]) -> None:
        self._runner.send_message("orders", {"orders": asdict(self._orders), "worker": number}, name)
        for begin in range(0, len(share), _BATCH):
            batch = [astuple(arrival) for arrival in share[begin : begin + _BATCH]]
            self._runner.send_message("share", {"arrivals": batch}, name)
        self._runner.send_message("share_over", {"count": len(share)}, name)

    def _of(self, msg: Any) -> dict[str, Any]:
        return self._results.setdefault(msg.node_id, {"samples": [], "bytes": 0})

    def _on_share_taken(self, environment: Environment, msg: Any) -> None:
        self._ready.add(msg.node_id)

    def _on_progress(self, environment: Environment, msg: Any) -> None:
        self._progress[msg.node_id] = (msg.data["done"], msg.data["wrong"])

    def _on_answers(self, environment: Environment, msg: Any) -> None:
        self._answers.add(msg.node_id, msg.data["frames"])
        self._of(msg)["bytes"] += len(msg.data["frames"])

    def _on_samples(self, environment: Environment, msg: Any) -> None:
        self._of(msg)["samples"] += msg.data["samples"]

    def _on_finished(self, environment: Environment, msg: Any) -> None:
        self._of(msg).update(msg.data)

    def _on_aborting(self, environment: Environment, msg: Any) -> None:
        self._runner.send_message("abort", {})


def master(plan: Path, out: Path, workers: int, host: str, port: int) -> int:
    """Wait for `workers` workers at HOST:PORT and share the plan among them."""
    environment = Environment(user_classes=[Searching])
    runner = environment.create_master_runner(master_bind_host=host, master_bind_port=port)
    return _Master(plan, out, workers, runner).run()


class _Worker:
    """Takes a share, runs it when the master says so, brings back what came of it."""

    def __init__(self, runner: WorkerRunner, answers: Path) -> None:
        self._runner = runner
        self._answers = answers
        self._orders: Orders | None = None
        self._number = 0
        self._arrivals: list[Arrival] = []
        for kind in ("orders", "share", "share_over", "abort"):
            runner.register_message(kind, getattr(self, f"_on_{kind}"))

    def run(self) -> int:
        share: Shooting | None = None
        told = False
        while not Searching.finished.wait(0.5):
            share = Searching.share
            if not self._runner.greenlet:  # what listens to the master has ended: it gave up, or is gone
                print("the master has gone", file=sys.stderr)  # noqa: T201  how whoever started us hears of it
                return 1
            if share is not None and share.samples:
                self._runner.send_message("progress", {"done": len(share.samples), "wrong": share.wrong})
                if share.aborted and not told:
                    self._runner.send_message("aborting", {})
                    told = True
        self._bring_back(Searching.result or {})
        gevent.sleep(0.5)  # what was sent last leaves in the background
        self._runner.quit()
        return 0

    def _bring_back(self, result: dict[str, Any]) -> None:
        samples = result.pop("samples", [])
        for begin in range(0, len(samples), _BATCH):
            self._runner.send_message("samples", {"samples": samples[begin : begin + _BATCH]})
        sent = 0
        with self._answers.open("rb") as file:
            while frames := file.read(_BYTES):
                sent += len(frames)
                self._runner.send_message("answers", {"frames": frames})
        self._runner.send_message("finished", {**result, "counts": {"samples": len(samples), "bytes": sent}})

    def _on_orders(self, environment: Environment, msg: Any) -> None:
        self._orders, self._number = orders_of(msg.data["orders"]), msg.data["worker"]

    def _on_share(self, environment: Environment, msg: Any) -> None:
        self._arrivals += [Arrival(*each) for each in msg.data["arrivals"]]

    def _on_share_over(self, environment: Environment, msg: Any) -> None:
        if self._orders is None or len(self._arrivals) != msg.data["count"]:
            return  # the master gives up on us, and says so
        Searching.share = Shooting(self._orders, self._arrivals, self._number, self._answers.open("wb", buffering=0))
        self._runner.send_message("share_taken", {})

    def _on_abort(self, environment: Environment, msg: Any) -> None:
        if Searching.share is not None:
            Searching.share.abort()


def worker(host: str, port: int) -> int:
    """Work for the master at HOST:PORT, once."""
    environment = Environment(user_classes=[Searching])
    with tempfile.TemporaryDirectory(prefix="recette-load-") as folder:
        answers = Path(folder) / "answers.bin"
        answers.touch()
        return _Worker(environment.create_worker_runner(host, port), answers).run()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m recette.load.generator")
    modes = parser.add_subparsers(dest="mode", required=True)
    for mode in ("local", "master", "worker"):
        options = modes.add_parser(mode)
        if mode != "worker":
            options.add_argument("--plan", type=Path, required=True)
            options.add_argument("--out", type=Path, required=True)
            options.add_argument("--starts-at", type=float, default=0.0)
        if mode != "local":
            options.add_argument("--host", required=True)
            options.add_argument("--port", type=int, required=True)
        if mode == "master":
            options.add_argument("--workers", type=int, required=True)
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    if given.mode == "local":
        return local(given.plan, given.out, given.starts_at)
    if given.mode == "master":
        return master(given.plan, given.out, given.workers, given.host, given.port)
    return worker(given.host, given.port)


if __name__ == "__main__":
    sys.exit(main())
