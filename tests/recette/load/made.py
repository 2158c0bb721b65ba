"""Loads that never were: samples by their latencies, a recording, a judged outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from recette.load import profiles, verdict
from recette.load.judging import CONTENT_CHECKS, Judged
from recette.model import Judgement
from recette.model.load import Limits, LoadProfile, Recording, Sample, Tick
from sas_kernel.contracts import service_levels

STARTED = datetime(2031, 3, 10, 8, tzinfo=UTC)
PROFILES = profiles.read(service_levels()["slot_search.searches_per_hour"])
LIMITS: Limits = PROFILES.limits
NOMINAL: LoadProfile = replace(PROFILES.by_name["nominal"], duration=60.0, warm_up=10.0)


def sample(number: int, latency: float = 0.1, *, due: float | None = None, **changes: Any) -> Sample:
    at = 10.0 + number * 0.2 if due is None else due
    first_byte = at + latency * 0.9
    made = Sample(number, 1, at, at + 0.001, first_byte, at + latency, 200, 1_000, 1)
    return replace(made, **changes)


def samples(latencies: Sequence[float]) -> tuple[Sample, ...]:
    return tuple(sample(number, latency) for number, latency in enumerate(latencies, start=1))


def recording(made: Sequence[Sample], **changes: Any) -> Recording:
    ticks = tuple(Tick(float(second), 1, 0.002, 0.05, 2) for second in range(70))
    found = Recording(STARTED, tuple(made), ticks, 1, len(made))
    return replace(found, **changes)


def judged(**changes: Any) -> Judged:
    """Every content check made and held."""
    right = Judged({check: Judgement(1) for check in CONTENT_CHECKS}, frozenset(), {}, 200, 20)
    return replace(right, **changes)


def outcome(found: Recording, what: Judged | None = None) -> verdict.Outcome:
    return verdict.Outcome(NOMINAL, LIMITS, 1, found, what or judged())
