"""From journeys to verdicts: their checks made after the load on what was kept, the levels held against their steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from recette.checks.appointment_delivery import DELAY
from recette.checks.response_time import Timed
from recette.engine.runner import Plan
from recette.load import statistics
from recette.load.journeys import Played
from recette.load.judging import Tally
from recette.load.stage import JourneyStage
from recette.load.stories import STORIES, WHOLE_JOURNEY
from recette.model import Check, Exchange, Judgement, Measurement, Scenario, Stage, Verdict
from recette.model.load import (
    ClientHealth,
    JourneyFigures,
    JourneysReport,
    Limits,
    Recording,
    Sample,
    Step,
    StepFigures,
)
from sas_kernel.text import Text

PUSH_TITLE = Text("Délai entre la réservation et son message, sous charge", "Time from booking to message, under load")


@dataclass(frozen=True, slots=True)
class KindJudged:
    """One kind of journeys judged: by check, and the exchanges that findings name."""

    kind: str
    judgements: Mapping[Check, Judgement]
    kept: Mapping[str, Exchange]


def judge(played: Played) -> tuple[KindJudged, ...]:
    """Make every check that journeys asked for, one judgement a check and kind."""
    return tuple(
        _judged(kind.name, [stage for stage in played.stages if stage.kind == kind.name], played.broken)
        for kind in played.planned.profile.journeys
    )


def _judged(kind: str, stages: Sequence[JourneyStage], broken: list[str]) -> KindJudged:
    tallies = {check: Tally() for check in STORIES[kind].checks}
    named: dict[str, Exchange] = {}
    for stage in stages:
        for check, evidence in stage.evidence:
            try:
                judgement = check.judge(evidence)
            except Exception as error:  # noqa: BLE001  a check that breaks is our fault, and is said to be
                broken.append(f"{kind}: {check.id}: {type(error).__name__}: {error}")
                continue
            first = next((exchange.id for exchange in evidence.exchanges), "")
            tallies.setdefault(check, Tally()).add(judgement, first)
            if judgement.problems:
                named |= {exchange.id: exchange for exchange in (*evidence.exchanges, *stage.exchanges)}
        for check, reason in stage.skipped:
            tallies.setdefault(check, Tally()).add(Judgement(0, reason=reason), "")
        if stage.stuck is not None:
            for check in STORIES[kind].checks:
                tallies[check].add(Judgement(0, reason=stage.stuck), "")
    judgements = {check: tally.judgement for check, tally in tallies.items()}
    wanted = {problem.exchange for judgement in judgements.values() for problem in judgement.problems}
    late = _latest_push(stages)
    if late is not None:
        received = (e for stage in stages for _, evidence in stage.evidence for e in evidence.exchanges)
        named |= {exchange.id: exchange for exchange in received if exchange.id == late.exchange}
        wanted.add(late.exchange)
    return KindJudged(kind, judgements, {id: exchange for id, exchange in named.items() if id in wanted})


def _latest_push(stages: Sequence[JourneyStage]) -> Step | None:
    """The message that took longest."""
    pushes = (step for stage in stages for step in stage.steps if step.step == "push")
    return max(pushes, key=lambda step: step.latency, default=None)


def health(played: Played, limits: Limits) -> ClientHealth:
    """How this process did while it played."""
    due = [step for stage in played.stages for step in stage.steps if step.step == WHOLE_JOURNEY]
    lags = [Sample(step.journey, 0, step.due, step.sent, None, step.done, 200, 0, 0) for step in due]
    began = played.stages[0].watch.began_at if played.stages else None
    if began is None:
        return ClientHealth(0.0, 0.0, 0.0, 0, ())
    found = Recording(began, tuple(lags), tuple(played.ticks), 1, len(played.planned.dues), overrun=played.overrun)
    return statistics.client_health(found, lags, limits, played.planned.profile.warm_up)


def report(played: Played, limits: Limits, seed: int) -> JourneysReport:
    """The figures of the journeys."""
    plan = played.planned
    kinds = tuple(
        JourneyFigures(
            kind,
            kind.rate(plan.profile.rate) * plan.profile.duration,
            plan.count(kind.name),
            len(mine := [stage for stage in played.stages if stage.kind == kind.name]),
            sum(stage.stuck is not None for stage in mine),
        )
        for kind in plan.profile.journeys
    )
    samples = tuple(step for stage in played.stages for step in stage.steps)
    groups: dict[tuple[str, str], list[Step]] = {}
    for sample in samples:
        groups.setdefault((sample.kind, sample.step), []).append(sample)
    steps = tuple(
        StepFigures(
            kind,
            step,
            len(group),
            sum(bool(each.failure) for each in group),
            statistics.intervals([each.latency for each in group if not each.failure], limits, seed),
        )
        for (kind, step), group in groups.items()
    )
    return JourneysReport(kinds, steps, samples, plan.left_out, played.strays, health(played, limits))


def scenarios(played: Played, judged: Sequence[KindJudged], plan: Plan, saturated: Text | None) -> tuple[Scenario, ...]:
    """Each kind as a scenario whose exchanges have been made."""
    return tuple(_scenario(played, each, plan, saturated) for each in judged)


def _scenario(played: Played, judged: KindJudged, plan: Plan, saturated: Text | None) -> Scenario:
    told = STORIES[judged.kind]
    stages = [stage for stage in played.stages if stage.kind == judged.kind]
    pushes = [step for stage in stages for step in stage.steps if step.step == "push"]
    checks = (*judged.judgements, *((DELAY,) if judged.kind == "bookings" else ()))
    settled = {check: replace(check, judge=lambda evidence: evidence.judgement) for check in checks}
    broken = [each for each in played.broken if each.startswith(f"{judged.kind}:")]

    async def play(stage: Stage) -> None:
        for _ in judged.kept:
            await stage.fetch(plan.target.base_url)
        for check, judgement in judged.judgements.items():
            withheld = saturated is not None and check.service_level is not None
            made = Judgement(0, reason=saturated) if withheld else judgement
            resting = dict.fromkeys(problem.exchange for problem in made.problems)
            kept = tuple(judged.kept[id] for id in resting if id is not None and id in judged.kept)
            stage.judge(settled[check], _Resting(kept, made))
        if judged.kind == "bookings":
            level = stage.levels["appointments.push_delay"]
            timed = stage.measure(level.id, PUSH_TITLE, level, [step.latency for step in pushes])
            late = _latest_push(stages)
            held = judged.kept.get(late.exchange) if late is not None else None
            stage.judge(settled[DELAY], _Resting(() if held is None else (held,), _delay(timed, saturated)))
        if broken:
            raise RuntimeError("; ".join(dict.fromkeys(broken)))

    return Scenario(
        f"load.{played.planned.profile.name}.{judged.kind}",
        told.flow,
        told.title,
        tuple(settled.values()),
        play,
    )


def _delay(timed: Measurement, saturated: Text | None) -> Judgement:
    if saturated is not None:
        return Judgement(0, reason=saturated)
    if timed.verdict is Verdict.SKIP:
        return Judgement(0, reason=Text("Aucun message n’est venu à temps.", "No message came to be timed."))
    return DELAY.judge(Timed(timed, ()))


@dataclass(frozen=True)
class _Resting:
    """Evidence that names the exchanges a judgement over many journeys rests on."""

    exchanges: tuple[Exchange, ...]
    judgement: Judgement
