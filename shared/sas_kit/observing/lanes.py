"""Who waits for a place, and who was refused one (`sas_kit.admission`)."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import Counter, Gauge

from sas_kit.admission import Lane
from sas_kit.observing.metrics import Metrics


class LaneGauges:
    def __init__(self, metrics: Metrics) -> None:
        self._waiting = metrics.gauge(
            "http_requests_waiting", "Requests that wait for a place, by lane", "livesum", ["lane"]
        )
        self._refused = metrics.counter(
            "http_requests_refused_total", "Requests refused because too many are at work, by lane", ["lane"]
        )

    def watch(self, lanes: Iterable[Lane]) -> None:
        """Each is there from the start, at 0: a rate needs a beginning."""
        for lane in lanes:
            lane.watched_by = _Told(self._waiting.labels(lane.name), self._refused.labels(lane.name))


class _Told:
    def __init__(self, waiting: Gauge, refused: Counter) -> None:
        self.waiting = waiting.set
        self.refused = refused.inc
