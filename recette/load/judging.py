"""Judges what came back under load, answer by answer, without holding more than one of them: after the load, never
during it, so that judging takes no time from anybody who is measured."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import MappingProxyType

from recette.catalogue.slot_search.conversation import PLATFORM_ACCEPT, Query
from recette.catalogue.slot_search.practitioners import CONTENT
from recette.checks import bundle, exchange, load, slots
from recette.checks.answer import Answer
from recette.drivers.http import USER_AGENT
from recette.load.arrivals import generator_of
from recette.load.recording import KeptAnswer
from recette.model import (
    Check,
    Evidence,
    Exchange,
    Judgement,
    Level,
    Problem,
    Request,
    Requirement,
    Response,
    Timings,
    TransportFailure,
    identity_of,
)
from recette.model.load import Limits, Recording, Sample
from sas_kernel.text import Text

EVERY_ANSWER: tuple[Check, ...] = exchange.ANSWERED
"""What is checked of each answer."""
EVERY_ANSWER_WITH_SLOTS: tuple[Check, ...] = (*bundle.FULL, slots.SOME, slots.NOT_PAST, slots.IN_WINDOW, load.SERVED)
"""And of each to a search for somebody who has slots."""
DRAWN: tuple[Check, ...] = CONTENT
"""What is checked besides of the answers drawn for it: all that the scenarios check of an answer with slots."""
CONTENT_CHECKS: tuple[Check, ...] = tuple(dict.fromkeys((*EVERY_ANSWER, *EVERY_ANSWER_WITH_SLOTS, *DRAWN)))

HEADERS = (("User-Agent", USER_AGENT), PLATFORM_ACCEPT)
"""What each search is sent with."""

_MOST_PROBLEMS = 10_000


@dataclass(slots=True)
class Tally:
    """One check over many answers. Past `_MOST_PROBLEMS` they are no longer kept: the verdict stands long since."""

    examined: int = 0
    problems: list[Problem] = field(default_factory=list)
    reason: Text | None = None

    def add(self, judgement: Judgement, exchange_id: str) -> None:
        self.examined += judgement.examined
        self.reason = self.reason or judgement.reason
        room = _MOST_PROBLEMS - len(self.problems)
        self.problems += [
            problem if problem.exchange else replace(problem, exchange=exchange_id)
            for problem in judgement.problems[:room]
        ]

    @property
    def judgement(self) -> Judgement:
        return Judgement(self.examined, tuple(self.problems), self.reason if not self.examined else None)


@dataclass(slots=True)
class Judged:
    """What the answers are worth. `wrong` are the numbers of those that break an obligation; `kept` the exchanges that
    findings may name, by id; `count` and `deep` how many answers were judged, and by all checks."""

    judgements: dict[Check, Judgement]
    wrong: frozenset[int]
    kept: dict[str, Exchange]
    count: int
    deep: int


def drawn(samples: Sequence[Sample], limits: Limits, seed: int, among: Collection[int]) -> frozenset[int]:
    """The numbers of the answers that all checks look at: some at random, and the slowest; `among` those of searches
    for somebody with slots."""
    whole = [sample for sample in samples if not sample.failure and sample.number in among]
    by_time = sorted(whole, key=lambda sample: sample.latency, reverse=True)
    chosen = generator_of(seed, "drawn").sample(whole, min(limits.drawn, len(whole)))
    return frozenset(sample.number for sample in (*chosen, *by_time[: limits.slowest]))


def exchange_of(sample: Sample, query: Query, base_url: str, begun: Recording, answer: KeptAnswer | None) -> Exchange:
    """A search as the harness keeps it: its times are those of the wire, from the moment it left."""
    return Exchange(
        load.exchange_id(sample),
        begun.started_at + timedelta(seconds=sample.sent),
        Request("GET", base_url + query.target, query.target, HEADERS),
        Timings(
            None if sample.first_byte is None else sample.first_byte - sample.sent,
            sample.done - sample.sent,
        ),
        response=None if answer is None else Response(answer.status, answer.headers, answer.body),
        failure=TransportFailure(sample.failure) if sample.failure else None,
        failure_detail=sample.detail,
    )


def judge(
    recording: Recording,
    answers: Iterable[KeptAnswer],
    queries: Mapping[int, Query],
    requirements: Mapping[str, Requirement],
    *,
    base_url: str,
    has_slots: frozenset[str],
    deep: frozenset[int],
    keep: frozenset[int] = frozenset(),
    odd: Mapping[str, frozenset[Check]] = MappingProxyType({}),
    told: Callable[[int, int], None] = lambda done, of: None,
) -> Judged:
    """Judge each answer once. `keep` are numbers whose exchanges are kept whatever is found; `odd`: see `oddities`;
    `told` hears how many have been judged, of how many at most."""
    samples = {sample.number: sample for sample in recording.samples}
    tallies = {check: Tally() for check in CONTENT_CHECKS}
    kept: dict[str, Exchange] = {}
    seen: set[str] = set()
    wrong: set[int] = set()
    count = looked_into = 0
    for given in answers:
        sample = samples[given.number]
        query = queries[given.number]
        exchanged = exchange_of(sample, query, base_url, recording, given)
        expected = has_slots & frozenset(query.asked.identifiers)
        answer = Answer(exchanged, query.asked)
        whole = given.number in deep and bool(expected)
        count += 1
        looked_into += whole
        left_out = frozenset[Check]().union(*(odd.get(each, ()) for each in query.asked.identifiers))
        for check, judgement in _judgements(answer, expected, whole, left_out):
            tallies[check].add(judgement, exchanged.id)
            requirement = requirements.get(check.requirement)
            if judgement.problems and (requirement is None or requirement.level is Level.SHALL):
                wrong.add(given.number)
            fresh = {identity_of(check.requirement, check.id, problem.path) for problem in judgement.problems} - seen
            if fresh:
                seen |= fresh
                kept[exchanged.id] = exchanged
        if given.number in keep:
            kept[exchanged.id] = exchanged
        told(count, len(samples))
    for sample in recording.samples:
        if sample.failure and (sample.failure not in seen or sample.number in keep):
            seen.add(sample.failure)
            lost = exchange_of(sample, queries[sample.number], base_url, recording, None)
            kept[lost.id] = lost
    judgements = {check: done.judgement for check, done in tallies.items()}
    return Judged(judgements, frozenset(wrong), kept, count, looked_into)


def _judgements(
    answer: Answer, expected: frozenset[str], whole: bool, left_out: frozenset[Check]
) -> Iterator[tuple[Check, Judgement]]:
    always = dict.fromkeys((*EVERY_ANSWER, *(EVERY_ANSWER_WITH_SLOTS if expected else ())))
    drawn_only = (check for check in DRAWN if check not in always and check not in left_out) if whole else ()
    for check in (*always, *drawn_only):
        evidence: Evidence = load.Served(answer, expected) if check is load.SERVED else answer
        yield check, check.judge(evidence)


def oddities(answers: Iterable[Answer], required: Collection[str]) -> dict[str, frozenset[Check]]:
    """By practitioner, the checks of `DRAWN` that their answer does not pass at rest, when asked for alone.

    Test data holds odd people on purpose, of whom no scenario checks everything; only of `required` do they. Those
    checks are left out where such a person is in the lot: what is wrong of them at rest is no effect of the load.
    """
    found: dict[str, frozenset[Check]] = {}
    for answer in answers:
        asked = answer.asked.identifiers if answer.asked is not None else ()
        if answer.usable and not set(asked) & set(required):
            failing = frozenset(check for check in DRAWN if check.judge(answer).problems)
            found |= dict.fromkeys(asked, failing)
    return found
