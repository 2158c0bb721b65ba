"""What a service asks of others: measured by interface and outcome, and traceable at the other end."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

from prometheus_client import Histogram

from sas_kit.http import HttpFailureKind
from sas_kit.observing import tracing

_OUTCOMES: Final = frozenset(
    {"1xx", "2xx", "3xx", "4xx", "5xx", "broken_off", *(each.value for each in HttpFailureKind)}
)

_log = logging.getLogger(__name__)


class Asking:
    """A `sas_kit.http.Watch`. `traced`: whether requests carry W3C Trace Context. `told`: a line for each exchange."""

    def __init__(self, durations: Histogram, interface: str, *, traced: bool, told: bool) -> None:
        self._durations = durations
        self._interface = interface
        self._traced = traced
        self._told = told

    def headers(self) -> Sequence[tuple[str, str]]:
        return tracing.outgoing() if self._traced else ()

    def over(self, outcome: str, seconds: float) -> None:
        outcome = outcome if outcome in _OUTCOMES else "other"
        self._durations.labels(self._interface, outcome).observe(seconds)
        if self._told:
            fields = {"interface": self._interface, "outcome": outcome, "duration_ms": round(seconds * 1000, 2)}
            _log.info("asked %s: %s in %.0f ms", self._interface, outcome, seconds * 1000, extra={"fields": fields})
