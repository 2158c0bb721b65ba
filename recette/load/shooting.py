"""One generator's share of a load: sends each search when it is due, whatever became of those before. For greenlets."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import gevent
import gevent.hub
import gevent.pool

from recette.load.recording import Arrival, KeptAnswer, Orders, frame, result_document
from recette.load.wire import Connections, Outcome
from recette.model.load import Sample, Tick

_PROBE = 0.05


@dataclass(slots=True)
class BreachWatch:
    """Whether a target has gone down: over `window` seconds, `fewest` ends at least and `share` of them bad."""

    window: float
    fewest: int
    share: float
    _ends: deque[tuple[float, bool]] = field(default_factory=deque)
    _bad: int = 0

    def note(self, at: float, bad: bool) -> bool:
        """Note how a search ended, in order of time; True when the load has to stop."""
        self._ends.append((at, bad))
        self._bad += bad
        while self._ends[0][0] < at - self.window:
            self._bad -= self._ends.popleft()[1]
        return len(self._ends) >= self.fewest and self._bad >= self.share * len(self._ends)


class Shooting:
    """Runs a share once. `keep` takes the answers, already shrunk; `told` hears of each search that ended."""

    def __init__(self, orders: Orders, arrivals: Sequence[Arrival], worker: int, keep: BinaryIO) -> None:
        self._orders = orders
        self._arrivals = arrivals
        self._worker = worker
        self._keep = keep
        self._kept = 0
        self._unkept = 0
        self._flying = 0
        self._connections = Connections(orders)
        self._pool = gevent.pool.Pool(orders.in_flight)
        self._watch = BreachWatch(orders.abort_window, orders.abort_fewest, orders.abort_share)
        self._begun = 0.0
        self._started_at = 0.0
        self._over = False
        self.samples: list[Sample] = []
        self.ticks: list[Tick] = []
        self.wrong = 0
        self.aborted = False
        self.overrun = False

    def run(self, starts_at: float, told: Callable[[Sample], None] = lambda sample: None) -> dict[str, Any]:
        """Send everything, from `starts_at` (seconds since 1970; at once when it is past), and say what came of it."""
        gevent.sleep(max(0.0, starts_at - time.time()))
        self._begun, self._started_at = time.perf_counter(), time.time()
        probe = gevent.spawn(self._probe)
        for arrival in self._arrivals:
            gevent.sleep(max(0.0, self._begun + arrival.due - time.perf_counter()))
            if self.aborted:
                break
            self.overrun = self.overrun or self._pool.full()
            self._pool.spawn(self._search, arrival, told)
            self._flying = max(self._flying, len(self._pool))
        self._pool.join()
        self._over = True
        probe.join()
        self._connections.close()
        return result_document(
            self._started_at,
            self.samples,
            self.ticks,
            aborted=self.aborted,
            overrun=self.overrun,
            unkept=self._unkept,
        )

    def abort(self) -> None:
        self.aborted = True

    def _search(self, arrival: Arrival, told: Callable[[Sample], None]) -> None:
        sent = time.perf_counter() - self._begun
        outcome = self._connections.ask(arrival.target)
        sample = Sample(
            number=arrival.number,
            worker=self._worker,
            due=arrival.due,
            sent=sent,
            first_byte=None if outcome.first_byte is None else outcome.first_byte - self._begun,
            done=outcome.done - self._begun,
            status=outcome.status,
            size=len(outcome.body),
            practitioners=arrival.practitioners,
            failure=outcome.failure,
            detail=outcome.detail,
        )
        self.samples.append(sample)
        bad = bool(outcome.failure) or outcome.status != 200 or sample.latency >= self._orders.answer
        self.wrong += bad
        self.aborted = self._watch.note(sample.done, bad) or self.aborted
        if not outcome.failure:
            self._keep_answer(arrival, outcome)
        told(sample)

    def _keep_answer(self, arrival: Arrival, outcome: Outcome) -> None:
        """Shrunk in another thread, so that no other search waits for it."""
        if self._kept >= self._orders.kept_bytes:
            self._unkept += 1
            return
        answer = KeptAnswer(arrival.number, outcome.status, outcome.headers, outcome.body)
        framed = gevent.hub.get_hub().threadpool.apply(frame, (answer,))
        self._kept += len(framed)
        self._keep.write(framed)

    def _probe(self) -> None:
        """How long the loop stands still, and what the process takes, second by second."""
        second, cpu, longest = time.perf_counter(), time.process_time(), 0.0
        while not self._over:
            before = time.perf_counter()
            gevent.sleep(_PROBE)
            now = time.perf_counter()
            longest = max(longest, now - before - _PROBE)
            if now - second >= 1.0:
                share = (time.process_time() - cpu) / (now - second)
                self.ticks.append(Tick(now - self._begun, self._worker, longest, share, self._flying))
                second, cpu, longest, self._flying = now, time.process_time(), 0.0, len(self._pool)
