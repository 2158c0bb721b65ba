"""Checks of a load as a whole: does everybody get an answer, in time, and the same slots as when nobody else asks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from recette.checks.answer import Answer, reference
from recette.checks.judging import tally
from recette.model import Check, Exchange, Judgement, Problem, TransportFailure
from recette.model.load import Interval, Sample
from sas_kernel.contracts import ServiceLevel
from sas_kernel.text import Text


@dataclass(frozen=True)
class Loaded:
    """The measured searches. `saturated` says why their times are the generator's and not the target's, if so."""

    samples: Sequence[Sample]
    level: ServiceLevel
    saturated: Text | None = None
    exchanges: tuple[Exchange, ...] = ()


def exchange_id(sample: Sample) -> str:
    """The id of the exchange that is kept of a search as evidence."""
    return f"x{sample.number}"


def _answered(loaded: Loaded) -> Judgement:
    return tally(
        Problem(
            Text("La recherche n’a reçu aucune réponse entière : {d}.", "The search got no whole answer: {d}.").format(
                d=sample.detail or sample.failure
            ),
            path="http",
            expected="a whole HTTP answer",
            actual=sample.failure,
            exchange=exchange_id(sample),
        )
        if sample.failure
        else None
        for sample in loaded.samples
        if sample.failure != TransportFailure.TIMEOUT
    )


ANSWERED = Check(
    "load.answered",
    "SLOT-001",
    Text("Sous charge, chaque recherche reçoit une réponse entière", "Under load, each search gets a whole answer"),
    _answered,
)


def _in_time(loaded: Loaded) -> Judgement:
    if loaded.saturated is not None:
        return Judgement(0, reason=loaded.saturated)
    limit = loaded.level.value
    return tally(
        Problem(
            Text(
                "Sous charge, la réponse n’était pas entière {limit:g} s après l’instant prévu de la recherche.",
                "Under load, the whole answer had not arrived {limit:g} s after the search was due.",
            ).format(limit=limit),
            path="http",
            expected=f"< {limit:g} s",
            actual=f"{sample.latency:.3f} s",
            exchange=exchange_id(sample),
        )
        if sample.failure or sample.latency >= limit
        else None
        for sample in loaded.samples
        if sample.failure in {"", TransportFailure.TIMEOUT}
    )


IN_TIME = Check(
    "load.in_time",
    "SLOT-002",
    Text("Sous charge, chaque réponse arrive dans le temps imparti", "Under load, each answer arrives in time"),
    _in_time,
    service_level="slot_search.answer_timeout",
)


@dataclass(frozen=True)
class HeldPercentile:
    """A percentile with its interval, of `count` searches; `interval` is None when there was no search."""

    interval: Interval | None
    count: int
    level: ServiceLevel
    slowest: str | None
    saturated: Text | None = None
    exchanges: tuple[Exchange, ...] = ()


def _percentile(held: HeldPercentile) -> Judgement:
    """Nothing is concluded on too few samples, nor when the level lies within the interval."""
    level, found = held.level, held.interval
    if held.saturated is not None:
        return Judgement(0, reason=held.saturated)
    if found is None or held.count < level.minimum_samples:
        return Judgement(
            0,
            reason=Text(
                "{n} recherche(s) d’un seul professionnel mesurée(s) pour {needed} nécessaires : allongez la durée.",
                "{n} search(es) for one practitioner measured where {needed} are needed: lengthen the duration.",
            ).format(n=held.count, needed=level.minimum_samples),
        )
    if found.low < level.value <= found.high:
        return Judgement(
            0,
            reason=Text(
                "Le niveau ({limit:g} s) est dans l’intervalle de confiance du {stat} ({low:.3f} à {high:.3f} s) : "
                "allongez la durée.",
                "The level ({limit:g} s) lies within the confidence interval of the {stat} ({low:.3f} to {high:.3f} "
                "s): lengthen the duration.",
            ).format(limit=level.value, stat=level.statistic, low=found.low, high=found.high),
        )
    if found.value < level.value:
        return Judgement(held.count)
    problem = Problem(
        Text(
            "Sous charge, temps de réponse ({stat} de {n} mesures) : {held:.3f} s (de {low:.3f} à {high:.3f}) pour "
            "{limit:g} s promis.",
            "Under load, response time ({stat} of {n} samples): {held:.3f} s (from {low:.3f} to {high:.3f}) where "
            "{limit:g} s are promised.",
        ).format(
            stat=level.statistic, n=held.count, held=found.value, low=found.low, high=found.high, limit=level.value
        ),
        path="http",
        expected=f"{level.statistic} < {level.value:g} s",
        actual=f"{found.value:.3f} s",
        exchange=held.slowest,
    )
    return Judgement(held.count, (problem,))


ONE_PRACTITIONER = Check(
    "load.one_practitioner",
    "SLOT-008",
    Text("Sous charge, un professionnel : réponse en moins d’une seconde", "Under load, one practitioner: within 1 s"),
    _percentile,
    service_level="slot_search.one_practitioner",
)


@dataclass(frozen=True)
class Served:
    """An answer under load, and those of its practitioners who have slots: by the test data, or when asked for alone
    before the load."""

    answer: Answer
    expected: frozenset[str]

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return self.answer.exchanges


def with_slots(answer: Answer) -> frozenset[str]:
    """The asked practitioners for whom the answer holds a slot."""
    schedules = {found.id for slot in answer.of("Slot") if (found := reference(slot["schedule"])) is not None}
    people: set[str] = set()
    for schedule in answer.of("Schedule"):
        if schedule["id"].string in schedules:
            person = answer.actor_of(schedule, "Practitioner")
            identity = None if person is None else answer.asked_identity(person)
            people |= {identity} if identity is not None else set()
    return frozenset(people)


def _served(served: Served) -> Judgement:
    if not served.answer.usable:
        return Judgement(0, reason=served.answer.unusable)
    found = with_slots(served.answer)

    def look() -> Iterator[Problem | None]:
        for identity in sorted(served.expected):
            yield (
                None
                if identity in found
                else Problem(
                    Text(
                        "Sous charge, la réponse n’a pas de créneau pour {i}, qui en a.",
                        "Under load, the answer has no slot for {i}, who has some.",
                    ).format(i=identity),
                    path="Bundle.entry.resource.ofType(Slot)",
                    expected="≥ 1",
                    actual="0",
                )
            )

    return tally(look())


SERVED = Check(
    "load.served",
    "SLOT-166",
    Text("Sous charge, chaque professionnel garde ses créneaux", "Under load, each practitioner keeps their slots"),
    _served,
)


@dataclass(frozen=True)
class Reached:
    """How far a regulator came who was to book: `stuck` says why no further, None when he has booked."""

    stuck: Text | None = None
    exchanges: tuple[Exchange, ...] = ()


def _booked(reached: Reached) -> Judgement:
    if reached.stuck is None:
        return Judgement(1)
    return Judgement(1, (Problem(reached.stuck, path="http", expected="an appointment booked", actual="stuck"),))


BOOKED = Check(
    "load.booked",
    "SSO-040",
    Text("Sous charge, chaque régulateur réserve", "Under load, each regulator books"),
    _booked,
)

OWN = (ANSWERED, IN_TIME, ONE_PRACTITIONER, SERVED, BOOKED)
"""The checks that only a load makes."""
