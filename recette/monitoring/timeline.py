"""What samples say of time: when a service was watched, when it was down, when maintenance was planned. Pure.

A sample stands for the time until the next one of its probe, but for at most `REACH` intervals: whoever looks once a
minute and then not for an hour knows nothing of that hour. What no sample stands for is not watched, neither up nor
down. The service is down while any of its probes is: a function that fails is missed even where the others answer.

Spans are pairs of microseconds since 1970, in order, apart from each other: exact sums, and no night of a clock change
can bend them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from recette.monitoring.model import Sample

REACH = 2
"""For how many intervals a sample stands at most: one round may be missed, such as by a restart; two are a gap."""

Span = tuple[int, int]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MOST_CAUSES = 5


class Planned(Protocol):
    """An interruption of the service and when it was announced (`recette.projects.model.Maintenance`)."""

    @property
    def start(self) -> datetime: ...
    @property
    def end(self) -> datetime: ...
    @property
    def announced_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Outage:
    """A time in which the service did not answer rightly. `causes` are what its probes said, the most frequent first.

    `planned` is how much of it lay in planned maintenance and does not count.
    """

    start: datetime
    end: datetime
    planned: timedelta
    probes: tuple[str, ...]
    causes: tuple[str, ...]
    samples: int

    @property
    def counted(self) -> timedelta:
        return instant_of(micros(self.end)) - instant_of(micros(self.start)) - self.planned


@dataclass(frozen=True, slots=True)
class Timeline:
    """A period in spans: `watched` and `down` lie outside `maintenance`, `seen_down` is `down` with it."""

    start: int
    end: int
    watched: tuple[Span, ...]
    down: tuple[Span, ...]
    seen_down: tuple[Span, ...]
    maintenance: tuple[Span, ...]

    def within(self, start: int, end: int) -> Timeline:
        """The part of it between two instants."""
        start, end = max(start, self.start), min(end, self.end)
        return Timeline(
            start,
            max(start, end),
            watched=tuple(clipped(self.watched, start, end)),
            down=tuple(clipped(self.down, start, end)),
            seen_down=tuple(clipped(self.seen_down, start, end)),
            maintenance=tuple(clipped(self.maintenance, start, end)),
        )


def of(
    samples: Iterable[Sample], start: datetime, end: datetime, *, maintenance: Iterable[Planned], interval: timedelta
) -> Timeline:
    """The timeline of a period; `ValueError` where it ends before it starts or the interval is not positive.

    Give the samples from `REACH` intervals before the start on: the last ones before it stand for its first moments.
    """
    first, last, step = micros(start), micros(end), interval // _MICROSECOND
    if last < first or step <= 0:
        raise ValueError(f"a period from {start.isoformat()} to {end.isoformat()}, watched every {interval}")
    planned = planned_spans(maintenance, first, last)
    stood = list(_standing(samples, step))
    watched = union(clipped(((s, e) for s, e, _ in stood), first, last))
    down = union(clipped(((s, e) for s, e, sample in stood if not sample.ok), first, last))
    return Timeline(first, last, without(watched, planned), without(down, planned), down, planned)


def outages(
    samples: Iterable[Sample], start: datetime, end: datetime, *, maintenance: Iterable[Planned], interval: timedelta
) -> tuple[Outage, ...]:
    """Each time in which the service was down, in order, maintenance included."""
    wrong = sorted(
        (stood for stood in _standing(samples, interval // _MICROSECOND) if not stood[2].ok), key=lambda stood: stood[0]
    )
    first, last = micros(start), micros(end)
    planned = planned_spans(maintenance, first, last)
    return tuple(_outages(wrong, first, last, planned))


def _outages(
    wrong: Sequence[tuple[int, int, Sample]], first: int, last: int, planned: tuple[Span, ...]
) -> Iterator[Outage]:
    position = 0
    for begin, stop in union(clipped(((s, e) for s, e, _ in wrong), first, last)):
        held: list[Sample] = []
        while position < len(wrong) and wrong[position][0] < stop:
            if wrong[position][1] > begin:
                held.append(wrong[position][2])
            position += 1
        causes = Counter(sample.detail for sample in held if sample.detail)
        yield Outage(
            start=instant_of(begin),
            end=instant_of(stop),
            planned=timedelta(microseconds=length(clipped(planned, begin, stop))),
            probes=tuple(dict.fromkeys(sample.probe for sample in held)),
            causes=tuple(cause for cause, _ in causes.most_common(_MOST_CAUSES)),
            samples=len(held),
        )


def _standing(samples: Iterable[Sample], step: int) -> Iterator[tuple[int, int, Sample]]:
    """Each sample and the time it stands for; of two of one probe at one instant, the wrong one stands."""
    by_probe: defaultdict[str, list[tuple[int, Sample]]] = defaultdict(list)
    for sample in samples:
        by_probe[sample.probe].append((micros(sample.at), sample))
    reach = REACH * step
    for taken in by_probe.values():
        taken.sort(key=lambda pair: (pair[0], not pair[1].ok))
        for position, (at, sample) in enumerate(taken):
            following = taken[position + 1][0] if position + 1 < len(taken) else at + reach
            if min(following, at + reach) > at:
                yield at, min(following, at + reach), sample


def planned_spans(maintenance: Iterable[Planned], first: int, last: int) -> tuple[Span, ...]:
    """Interruptions that were announced before they began; one announced later is an outage like any other."""
    spans = ((micros(each.start), micros(each.end)) for each in maintenance if each.announced_at < each.start)
    return union(clipped(spans, first, last))


# --- spans -----------------------------------------------------------------------------------------------------------


def micros(at: datetime) -> int:
    """An instant as microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def instant_of(at: int) -> datetime:
    """The instant, in UTC."""
    return _EPOCH + timedelta(microseconds=at)


def clipped(spans: Iterable[Span], start: int, end: int) -> Iterator[Span]:
    """What of each span lies between two instants."""
    for begin, stop in spans:
        if begin < end and stop > start and begin < stop:
            yield max(begin, start), min(stop, end)


def union(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The time that any of these spans covers."""
    joined: list[Span] = []
    for begin, stop in sorted(spans):
        if joined and begin <= joined[-1][1]:
            if stop > joined[-1][1]:
                joined[-1] = (joined[-1][0], stop)
        else:
            joined.append((begin, stop))
    return tuple(joined)


def without(spans: Iterable[Span], holes: Sequence[Span]) -> tuple[Span, ...]:
    """Ordered spans less ordered holes."""
    left: list[Span] = []
    position = 0
    for begin, stop in spans:
        while position < len(holes) and holes[position][1] <= begin:
            position += 1
        current, done = position, begin
        while current < len(holes) and holes[current][0] < stop:
            if holes[current][0] > done:
                left.append((done, holes[current][0]))
            done = max(done, holes[current][1])
            current += 1
        if done < stop:
            left.append((done, stop))
    return tuple(left)


def length(spans: Iterable[Span]) -> int:
    """How long spans last together, in microseconds."""
    return sum(stop - begin for begin, stop in spans)
