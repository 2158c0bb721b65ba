"""How a service stood over a period against what was promised: availability, error budget, response times. Pure.

Availability is the time in which it answered rightly over the time in which it was watched, both outside planned
maintenance. The error budget is counted on that same time, so that it is overspent exactly when the promise is broken.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from recette.agreement.model import Agreement, AgreementError
from recette.model import Measurement, Severity, Verdict
from recette.monitoring import timeline
from recette.monitoring.model import LevelStanding, Sample, Standing
from recette.monitoring.timeline import Planned, Timeline
from sas_kernel.contracts import ServiceLevel
from sas_kernel.text import Text

ANSWER_TIMEOUT, ONE_PRACTITIONER = "slot_search.answer_timeout", "slot_search.one_practitioner"
LEVELS = (ANSWER_TIMEOUT, ONE_PRACTITIONER)
"""The promised response times that probes measure."""

_SEARCHES = "slot_search."
_NO_SEARCHES = frozenset({"slot_search.metadata"})


@dataclass(frozen=True, slots=True)
class Promise:
    """What an agreement, and the choices made where it is silent, say of a service: from 0 to 1, and how to watch."""

    availability: float
    interval: timedelta
    unavailable_from: Severity = Severity.BLOCKING
    """The least severity of what makes an answer none."""


def promised(agreement: Agreement) -> Promise:
    """The promise of an agreement as a project changed it; `AgreementError` for a choice that is no such number."""
    percent = _number(agreement, "availability", 0, 100)
    seconds = _number(agreement, "watch_interval", 1, 86_400)
    wrong = _choice(agreement, "unavailable")
    if wrong not in set(Severity):
        raise _refused("unavailable", wrong, Text(", ".join(Severity), ", ".join(Severity)))
    return Promise(float(percent / 100), timedelta(seconds=float(seconds)), Severity(wrong))


def standing(
    samples: Iterable[Sample],
    start: datetime,
    end: datetime,
    *,
    maintenance: Iterable[Planned],
    interval: timedelta,
    levels: Mapping[str, ServiceLevel],
    promised_availability: float,
) -> Standing:
    """How the service stood from `start` to `end`, watched every `interval`.

    `levels` are those of `contracts/service_levels.toml`; `promised_availability` goes from 0 to 1. Give the samples
    from `timeline.REACH` intervals before the start on. `ValueError` where the period ends before it starts.
    """
    kept, planned = list(samples), list(maintenance)
    return of(
        timeline.of(kept, start, end, maintenance=planned, interval=interval),
        kept,
        start,
        end,
        levels=levels,
        promised_availability=promised_availability,
    )


def of(
    line: Timeline,
    samples: Sequence[Sample],
    start: datetime,
    end: datetime,
    *,
    levels: Mapping[str, ServiceLevel],
    promised_availability: float,
) -> Standing:
    """The same from a timeline that was drawn already."""
    counted = within(samples, line)
    watched, down = timeline.length(line.watched), timeline.length(line.down)
    allowed = int((1 - Fraction(str(promised_availability))) * watched)
    return Standing(
        start=start,
        end=end,
        samples=len(counted),
        watched=timedelta(microseconds=watched),
        maintenance=timedelta(microseconds=timeline.length(line.maintenance)),
        downtime=timedelta(microseconds=down),
        availability=(watched - down) / watched if watched else None,
        promised_availability=promised_availability,
        budget_left=timedelta(microseconds=allowed - down),
        levels=tuple(_level(levels[id], counted) for id in LEVELS if id in levels),
    )


def within(samples: Iterable[Sample], line: Timeline) -> tuple[Sample, ...]:
    """The samples taken in a period outside planned maintenance."""
    holes = line.maintenance
    taken = ((timeline.micros(sample.at), sample) for sample in samples)
    inside = ((at, sample) for at, sample in taken if line.start <= at < line.end)
    if not holes:
        return tuple(sample for _, sample in inside)
    return tuple(sample for at, sample in inside if not any(begin <= at < stop for begin, stop in holes))


def measured_by(level: str, probe: str) -> bool:
    """Whether this probe measures this level: any search the time-out, the search for one practitioner its own."""
    if level == ANSWER_TIMEOUT:
        return probe.startswith(_SEARCHES) and probe not in _NO_SEARCHES
    return probe == level


def _level(level: ServiceLevel, samples: Sequence[Sample]) -> LevelStanding:
    seconds = [
        sample.seconds for sample in samples if sample.seconds is not None and measured_by(level.id, sample.probe)
    ]
    held = Measurement.of(level.id, level.text, level, seconds)
    return LevelStanding(
        level=level.id,
        text=level.text,
        source=level.source,
        promised=level.value,
        unit=level.unit,
        measured={"p50": held.p50, "p95": held.p95, "max": held.max}.get(level.statistic),
        samples=len(seconds),
        holds={Verdict.PASS: True, Verdict.FAIL: False}.get(held.verdict),
    )


def _choice(agreement: Agreement, key: str) -> str:
    choice = agreement.choices.get(key)
    if choice is None:
        raise AgreementError(
            Text(
                "« {name} » ne promet rien d’un service surveillé (choix « {key} » absent).",
                "'{name}' promises nothing of a watched service (no choice '{key}').",
            ).format(name=agreement.name, key=key)
        )
    return choice.value


def _number(agreement: Agreement, key: str, least: int, most: int) -> Decimal:
    written = _choice(agreement, key)
    try:
        value = Decimal(written)
    except InvalidOperation:
        value = Decimal(-1)
    if not (value.is_finite() and least <= value <= most):
        raise _refused(key, written, Text(f"un nombre de {least} à {most}", f"a number from {least} to {most}"))
    return value


def _refused(key: str, written: str, expected: Text) -> AgreementError:
    return AgreementError(
        Text(
            "Le choix « {key} » vaut « {value} » ; attendu : {expected}.",
            "The choice '{key}' is '{value}'; expected {expected}.",
        ).format(key=key, value=written, expected=expected)
    )
