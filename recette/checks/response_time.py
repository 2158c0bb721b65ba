"""Checks of response times against a promised level, on enough samples or not at all."""

from __future__ import annotations

from dataclasses import dataclass

from recette.model import Check, Exchange, Judgement, Measurement, Problem, Verdict
from sas_kernel.text import Text


@dataclass(frozen=True)
class Timed:
    """Response times held against a level, and the exchanges they were taken on."""

    measurement: Measurement
    exchanges: tuple[Exchange, ...]


def _judge(timed: Timed) -> Judgement:
    measurement = timed.measurement
    level = measurement.level
    count = len(measurement.samples)
    held = {"p50": measurement.p50, "p95": measurement.p95, "max": measurement.max}.get(level.statistic)
    if measurement.verdict is Verdict.SKIP or held is None:
        return Judgement(
            0,
            reason=Text(
                "{n} mesure(s) pour {needed} nécessaires : impossible de conclure.",
                "{n} sample(s) where {needed} are needed: no conclusion.",
            ).format(n=count, needed=level.minimum_samples),
        )
    if measurement.verdict is not Verdict.FAIL:
        return Judgement(count)
    slowest = max(timed.exchanges, key=lambda exchange: exchange.timings.total, default=None)
    problem = Problem(
        Text(
            "Temps de réponse ({stat} de {n} mesures) : {held:.3f} s pour {limit:g} s promis.",
            "Response time ({stat} of {n} samples): {held:.3f} s where {limit:g} s are promised.",
        ).format(stat=level.statistic, n=count, held=held, limit=level.value),
        path="http",
        expected=f"{level.statistic} < {level.value:g} s",
        actual=f"{held:.3f} s",
        exchange=slowest.id if slowest is not None else None,
    )
    return Judgement(count, (problem,))


ONE_PRACTITIONER = Check(
    "response_time.one_practitioner",
    "SLOT-008",
    Text("Un professionnel : réponse en moins d’une seconde", "One practitioner: answer within a second"),
    _judge,
    service_level="slot_search.one_practitioner",
)
FULL_LIST = Check(
    "response_time.full_list",
    "SLOT-002",
    Text("Liste pleine : chaque réponse dans le délai", "Full list: each answer within the limit"),
    _judge,
    service_level="slot_search.answer_timeout",
)
