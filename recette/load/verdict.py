"""From what a load brought back to a report: the levels held against its times, its answers judged. Pure but for the
runner, which adds judgements up to a verdict as in any other run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from recette import catalogue
from recette.checks import load
from recette.engine import runner
from recette.engine.runner import Masks, Plan
from recette.load import statistics
from recette.load.judging import CONTENT_CHECKS, Judged
from recette.model import (
    Check,
    Exchange,
    ExitCode,
    Extent,
    Judgement,
    RunReport,
    Scenario,
    Selection,
    Stage,
    TransportFailure,
    Verdict,
)
from recette.model.load import ClientHealth, Interval, Limits, LoadProfile, Recording, Sample
from sas_kernel.clock import Clock
from sas_kernel.flows import Flow
from sas_kernel.text import Text

LEVEL_CHECKS = (load.IN_TIME, load.ONE_PRACTITIONER)
CHECKS: tuple[Check, ...] = (load.ANSWERED, *CONTENT_CHECKS, *LEVEL_CHECKS)


def elsewhere() -> tuple[Check, ...]:
    """The checks of the scenarios: of these a load looks at some, on answers of its own."""
    return tuple(dict.fromkeys(check for scenario in catalogue.scenarios((), None) for check in scenario.checks))


@dataclass(frozen=True, slots=True)
class Outcome:
    """A load before it is judged as a run: what was measured, and what the generator says of itself."""

    profile: LoadProfile
    limits: Limits
    seed: int
    recording: Recording
    judged: Judged
    unkept: int = 0

    @property
    def measured(self) -> tuple[Sample, ...]:
        """The samples due after the warm-up."""
        return tuple(sample for sample in self.recording.samples if sample.due >= self.profile.warm_up)

    @property
    def timed(self) -> tuple[Sample, ...]:
        """Those that speak of times: a quick refusal would flatter the rest; a late answer has been waited for."""
        return tuple(s for s in self.measured if s.status == 200 or s.failure == TransportFailure.TIMEOUT)

    @property
    def alone(self) -> tuple[Sample, ...]:
        """The timed searches for one practitioner."""
        return tuple(sample for sample in self.timed if sample.practitioners == 1)

    @property
    def health(self) -> ClientHealth:
        return statistics.client_health(self.recording, self.measured, self.limits, self.profile.warm_up)


class _Replay:
    """A driver that hands out what was exchanged before."""

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        self._left = iter(exchanges)

    async def send(
        self, target: str, *, method: str = "GET", headers: Sequence[tuple[str, str]] = (), body: bytes = b""
    ) -> Exchange:
        return next(self._left)

    async def fetch(
        self, url: str, *, method: str = "GET", headers: Sequence[tuple[str, str]] = (), body: bytes = b""
    ) -> Exchange:
        return next(self._left)


@dataclass(frozen=True)
class _Resting:
    """Evidence that names the exchanges a judgement over many answers rests on."""

    exchanges: tuple[Exchange, ...]
    judgement: Judgement


def _settled(check: Check) -> Check:
    """The check with its judgement already made."""
    return replace(check, judge=lambda evidence: evidence.judgement)


def saturation(health: ClientHealth) -> Text | None:
    """Why the times are the generator's, in one sentence."""
    if not health.saturated:
        return None
    return Text(
        "Le générateur était saturé, ses temps ne disent rien de la cible : {w}.",
        "The generator was saturated, its times say nothing of the target: {w}.",
    ).format(
        w=Text("; ".join(t.fr for t in health.saturated), "; ".join(t.en for t in health.saturated)),
    )


def scenario(outcome: Outcome, exchanges: Sequence[Exchange], plan: Plan) -> Scenario:
    """The load as a scenario whose exchanges have been made."""
    saturated = saturation(outcome.health)
    judgements = _judgements(outcome, plan, saturated)
    checks = tuple(_settled(check) for check in CHECKS)
    named = {exchange.id: exchange for exchange in exchanges}

    async def play(stage: Stage) -> None:
        for _ in exchanges:
            await stage.fetch(plan.target.base_url)
        for check in LEVEL_CHECKS:
            level = stage.levels[check.service_level or ""]
            samples = outcome.alone if check is load.ONE_PRACTITIONER else outcome.timed
            stage.measure(check.id, check.title, level, [sample.latency for sample in samples])
        for check, settled in zip(CHECKS, checks, strict=True):
            judgement = judgements[check.id]
            resting = dict.fromkeys(p.exchange for p in judgement.problems if p.exchange in named)
            stage.judge(settled, _Resting(tuple(named[each] for each in resting if each), judgement))

    name = outcome.profile.name
    return Scenario(
        f"load.{name}",
        Flow.SLOT_SEARCH,
        Text("Charge « {n} »", "Load '{n}'").format(n=name),
        checks,
        play,
    )


def _judgements(outcome: Outcome, plan: Plan, saturated: Text | None) -> dict[str, Judgement]:
    found = {check.id: judgement for check, judgement in outcome.judged.judgements.items()}
    level = plan.levels[load.IN_TIME.service_level or ""]
    measured = load.Loaded(outcome.measured, level, saturated)
    found[load.ANSWERED.id] = load.ANSWERED.judge(replace(measured, samples=outcome.recording.samples))
    found[load.IN_TIME.id] = load.IN_TIME.judge(measured)
    one = plan.levels[load.ONE_PRACTITIONER.service_level or ""]
    slowest = max(outcome.alone, key=lambda sample: sample.latency, default=None)
    found[load.ONE_PRACTITIONER.id] = load.ONE_PRACTITIONER.judge(
        load.HeldPercentile(
            alone_interval(outcome, one.statistic),
            len(outcome.alone),
            one,
            None if slowest is None else load.exchange_id(slowest),
            saturated,
        )
    )
    return found


def alone_interval(outcome: Outcome, statistic: str) -> Interval | None:
    """The percentile a level names (`p95`) of the searches for one practitioner."""
    latencies = [sample.latency for sample in outcome.alone]
    return statistics.interval(latencies, float(statistic[1:]), outcome.limits, outcome.seed) if latencies else None


def extent(profile: LoadProfile, tested: int, scenarios: int, requirements: int) -> Extent:
    """A load judges some requirements only: it accepts nothing by itself."""
    made = 1 + len(profile.journeys)
    return Extent(Selection(scenarios=(f"load.{profile.name}",)), made, scenarios + made, tested, requirements)


async def conclude(
    outcome: Outcome,
    plan: Plan,
    *,
    clock: Clock,
    run_id: str,
    masks: Masks,
    beside: Sequence[Scenario] = (),
    exchanges_beside: Sequence[Exchange] = (),
) -> RunReport:
    """The report of the load as a run. `plan` holds everything but the scenarios; `beside` are those of what went on
    beside the searches, and `exchanges_beside` what they hand out again, in their order."""
    exchanges = tuple(outcome.judged.kept.values())
    played = replace(plan, scenarios=(scenario(outcome, exchanges, plan), *beside))
    replay = _Replay((*exchanges, *exchanges_beside))
    report = await runner.run(played, replay, clock=clock, run_id=run_id, masks=masks)
    verdicts = {check.check: check.verdict for check in report.checks}
    measurements = tuple(
        replace(each, verdict=Verdict.SKIP) if verdicts.get(each.id) is Verdict.SKIP else each
        for each in report.measurements
    )
    report = replace(
        report,
        started_at=outcome.recording.started_at,
        measurements=measurements,
        exchange_count=len(outcome.recording.samples),
    )
    return _explained(report, outcome)


def _explained(report: RunReport, outcome: Outcome) -> RunReport:
    """With why nothing is concluded, or why the load was cut short."""
    if outcome.unkept and report.exit_code is ExitCode.ACCEPTED:
        report = replace(report, verdict=Verdict.SKIP, exit_code=ExitCode.INCONCLUSIVE)
    told: list[Text] = [report.explanation]
    if outcome.recording.aborted:
        told.append(
            Text(
                "La charge a été interrompue : la cible ne répondait plus comme il faut.",
                "The load was cut short: the target no longer answered as it should.",
            )
        )
    if outcome.unkept:
        unjudged = Text("Faute de place, {n} réponse(s) non jugée(s).", "For lack of room, {n} answer(s) not judged.")
        told.append(unjudged.format(n=outcome.unkept))
    reasons = [
        c.reason for c in report.checks if c.service_level and c.verdict is Verdict.SKIP and c.reason is not None
    ]
    if report.exit_code is ExitCode.INCONCLUSIVE:
        told += list(dict.fromkeys(reasons))
    text = Text(" ".join(each.fr for each in told), " ".join(each.en for each in told))
    return replace(report, explanation=text)


async def unreachable(
    exchange: Exchange, profile: LoadProfile, plan: Plan, *, clock: Clock, run_id: str, masks: Masks
) -> RunReport:
    """The report of a load that was not made, because the first search did not reach the target."""

    async def play(stage: Stage) -> None:
        await stage.send("/")

    title = Text("Charge « {n} »", "Load '{n}'").format(n=profile.name)
    only = Scenario(f"load.{profile.name}", Flow.SLOT_SEARCH, title, CHECKS, play)
    return await runner.run(
        replace(plan, scenarios=(only,)), _Replay((exchange,)), clock=clock, run_id=run_id, masks=masks
    )
