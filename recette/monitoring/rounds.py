"""One round of the watch: what a few scenarios of the catalogue, played once, say of a service in operation.

They only read: no account is made, nothing is booked. Their checks are the catalogue's own, since an answer that is
wrong is no answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from recette.catalogue.tags import Tag
from recette.checks.response_time import ONE_PRACTITIONER as ONE_PRACTITIONER_TIME
from recette.checks.response_time import Timed as TimedEvidence
from recette.model import (
    Check,
    Event,
    Exchange,
    ExchangeDone,
    ExitCode,
    Judgement,
    Problem,
    RunReport,
    Scenario,
    ScenarioResult,
    Severity,
    Stage,
    TransportFailure,
    Verdict,
)
from recette.monitoring.model import MonitoringError, Sample
from recette.monitoring.standing import ONE_PRACTITIONER
from sas_kernel.flows import Flow
from sas_kernel.text import Text

PROBES = (
    "slot_search.metadata",
    "slot_search.one_practitioner",
    "slot_search.cpts_one",
    "slot_search.sos_associations",
)
"""The light set: those of it that the catalogue has and the target’s test data allows are played."""

WATCH = "watch."
"""What the scenarios are called that judge the watch itself rather than one answer."""

_NOT_REACHED = frozenset({TransportFailure.UNREACHABLE, TransportFailure.TLS})
"""What the checks of an exchange leave to the end of a run: answers cut short or too late have theirs."""
_JUDGED = frozenset({Verdict.PASS, Verdict.WARN, Verdict.FAIL})
_MOST_SAID = 3


@dataclass(frozen=True)
class _Heard:
    exchanges: tuple[Exchange, ...]


def _answers(heard: _Heard) -> Judgement:
    silent = [exchange for exchange in heard.exchanges if exchange.failure in _NOT_REACHED]
    return Judgement(
        len(heard.exchanges),
        tuple(
            Problem(
                Text(
                    "Le service n’a pas répondu ({why}) : il est indisponible.",
                    "The service did not answer ({why}): it is unavailable.",
                ).format(why=str(exchange.failure)),
                path="http",
                expected="an HTTP answer",
                actual=str(exchange.failure),
                exchange=exchange.id,
            )
            for exchange in silent
        ),
    )


ANSWERS = Check(
    "watch.answers",
    "SLOT-001",
    Text("Le service répond à la surveillance", "The service answers the watch"),
    _answers,
)
"""A run against somebody who cannot be reached judges nothing; a watch over a service does: it is unavailable."""


@dataclass(slots=True)
class Timed:
    """Listens to a run and keeps the exchange of each scenario that is timed: the first, or the first that failed."""

    exchanges: dict[str, Exchange] = field(default_factory=dict)

    def __call__(self, event: Event) -> None:
        if isinstance(event, ExchangeDone):
            known = self.exchanges.get(event.scenario)
            if known is None or (known.response is not None and event.exchange.response is None):
                self.exchanges[event.scenario] = event.exchange


def chosen(catalogue: Iterable[Scenario], named: Iterable[str] = ()) -> tuple[Scenario, ...]:
    """The scenarios to play: those that are named, else the light set.

    `MonitoringError` for one that is unknown or does more than read, or of which one round sends many requests.
    """
    known = {scenario.id: scenario for scenario in catalogue}
    wanted = tuple(dict.fromkeys(named))
    allowed = {id for id, each in known.items() if each.flow is Flow.SLOT_SEARCH and Tag.RESPONSE_TIME not in each.tags}
    wrong = [id for id in wanted if id not in allowed]
    if wrong:
        raise MonitoringError(
            Text(
                "Sonde impossible : {wrong}. La surveillance ne joue que des recherches : {known}.",
                "No such probe: {wrong}. The watch plays searches only: {known}.",
            ).format(wrong=", ".join(wrong), known=", ".join(sorted(allowed)))
        )
    return tuple(known[id] for id in wanted or PROBES if id in known)


def over_all(timed: Timed, earlier: Callable[[], Sequence[float]]) -> tuple[Scenario, ...]:
    """The scenarios that end a round: whether the service answered, and the response times of late.

    `earlier` gives those of the rounds before, in seconds.
    """

    async def answers(stage: Stage) -> None:
        stage.judge(ANSWERS, _Heard(tuple(timed.exchanges.values())))

    async def times(stage: Stage) -> None:
        check = ONE_PRACTITIONER_TIME
        mine = timed.exchanges.get(ONE_PRACTITIONER)
        now = _seconds(mine)
        taken = [*earlier(), *(() if now is None else (now,))]
        measured = stage.measure(check.id, check.title, stage.levels[ONE_PRACTITIONER], taken)
        stage.judge(check, TimedEvidence(measured, () if mine is None else (mine,)))

    return (
        Scenario(WATCH + "answers", Flow.SLOT_SEARCH, ANSWERS.title, (ANSWERS,), answers),
        Scenario(
            WATCH + "response_times",
            Flow.SLOT_SEARCH,
            Text("Les temps de réponse des dernières 24 heures", "Response times of the last 24 hours"),
            (ONE_PRACTITIONER_TIME,),
            times,
        ),
    )


def samples(report: RunReport, timed: Mapping[str, Exchange], unavailable_from: Severity) -> tuple[Sample, ...]:
    """What a round says of each of its probes.

    One of which nothing could be judged, or on which the tool failed, gives no sample: that is not the service's doing.
    """
    return tuple(
        _sample(result, timed.get(result.scenario), unavailable_from)
        for result in report.scenarios
        if not result.scenario.startswith(WATCH) and _says_something(result, timed.get(result.scenario))
    )


def exit_code(report: RunReport, taken: Iterable[Sample]) -> ExitCode:
    """Of one round: unreachable, wrong, a level broken, right, or nothing judged."""
    if report.exit_code in {ExitCode.UNREACHABLE, ExitCode.HARNESS_FAILED, ExitCode.SERVICE_LEVEL_BROKEN}:
        return report.exit_code
    oks = [sample.ok for sample in taken]
    if not oks:
        return ExitCode.INCONCLUSIVE
    return ExitCode.ACCEPTED if all(oks) else ExitCode.REFUSED


def _says_something(result: ScenarioResult, exchange: Exchange | None) -> bool:
    if result.verdict is Verdict.ERROR:
        return False
    silent = exchange is not None and exchange.response is None
    return silent or any(check.verdict in _JUDGED for check in result.checks)


def _sample(result: ScenarioResult, exchange: Exchange | None, unavailable_from: Severity) -> Sample:
    failed = [
        check
        for check in result.checks
        if check.verdict is Verdict.FAIL
        and check.service_level is None
        and check.severity.rank >= unavailable_from.rank
    ]
    silent = exchange is not None and exchange.response is None
    detail = ", ".join(dict.fromkeys(check.check for check in failed[:_MOST_SAID])) or ANSWERS.id
    return Sample(
        probe=result.scenario,
        at=result.started_at,
        ok=not failed and not silent,
        seconds=_seconds(exchange),
        detail=f"{detail} [{_heard(exchange)}]" if failed or silent else "",
    )


def _seconds(exchange: Exchange | None) -> float | None:
    """A refusal that comes fast is no fast answer: only answers are timed, and those that did not come in time."""
    if exchange is None:
        return None
    if exchange.response is not None:
        return exchange.timings.total if exchange.response.status == 200 else None
    return exchange.timings.total if exchange.failure is TransportFailure.TIMEOUT else None


def _heard(exchange: Exchange | None) -> str:
    if exchange is None:
        return "—"
    if exchange.response is None:
        return exchange.failure.value if exchange.failure is not None else "—"
    return f"HTTP {exchange.response.status}"
