"""The words of a load: how searches arrive, what each became, and what the whole adds up to. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from recette.model.report import RunReport
from recette.model.wire import Exchange
from sas_kernel.text import Text


@dataclass(frozen=True, slots=True)
class JourneyKind:
    """One kind of what goes on beside the searches: `factor` for each search of the profile, and `a_day` besides.

    A run makes `fewest` at least, whatever its length, so that each kind is judged, and `most` at most.
    """

    name: str
    factor: float
    a_day: float
    fewest: int
    most: int
    text: Text
    source: str

    def rate(self, searches: float) -> float:
        """How many a second where there are so many searches a second."""
        return self.factor * searches + self.a_day / 86_400


@dataclass(frozen=True, slots=True)
class LoadProfile:
    """How a target is loaded. `rate` is in searches a second; `duration` and `warm_up` in seconds, one after the other.

    `shape` repeats: seconds, and the factor of `rate` during them. `source` says who asked for it.
    """

    name: str
    rate: float
    duration: float
    warm_up: float
    shape: tuple[tuple[float, float], ...]
    text: Text
    source: str
    journeys: tuple[JourneyKind, ...] = ()
    """What goes on beside the searches."""

    @property
    def total(self) -> float:
        """Seconds from the first moment to the last at which a search may be due."""
        return self.warm_up + self.duration


@dataclass(frozen=True, slots=True)
class Limits:
    """What bounds a load and its judgement: the tables of `contracts/load_profiles.toml` that are not profiles."""

    single_share: float
    most_per_second: float
    longest: float
    in_flight: int
    kept_bytes: int
    due_lag: float
    loop_lag: float
    cpu: float
    abort_window: float
    abort_fewest: int
    abort_share: float
    resamples: int
    confidence: float
    drawn: int
    slowest: int
    first_look: int


@dataclass(frozen=True, slots=True)
class Sample:
    """One search of a load. Times are seconds since the load began: `due`, when it should have left; `sent`, when it
    did; `first_byte`, when the head of the answer had been read; `done`, when its last byte had, or hope was lost.

    `status` is 0 and `failure` a `TransportFailure` when no whole answer came. `size` is in bytes, `practitioners` how
    many ids were asked for.
    """

    number: int
    worker: int
    due: float
    sent: float
    first_byte: float | None
    done: float
    status: int
    size: int
    practitioners: int
    failure: str = ""
    detail: str = ""

    @property
    def latency(self) -> float:
        """Seconds from the moment the search was due: what its user waits, however late it was sent."""
        return self.done - self.due

    @property
    def lag(self) -> float:
        """Seconds by which the generator was late."""
        return self.sent - self.due


@dataclass(frozen=True, slots=True)
class Tick:
    """The generator over about one second: `loop_lag` the longest its loop did not turn, `cpu` its share of a core,
    `in_flight` the most searches at once."""

    at: float
    worker: int
    loop_lag: float
    cpu: float
    in_flight: int


@dataclass(frozen=True, slots=True)
class Recording:
    """What the generators brought back. `aborted` and `overrun` (too many in flight) are empty when all went well."""

    started_at: datetime
    samples: tuple[Sample, ...]
    ticks: tuple[Tick, ...]
    workers: int
    planned: int
    aborted: bool = False
    overrun: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a journey. Times are seconds since the load began: `due`, when it could begin (the whole journey's:
    when it should have), `sent`, when it did, `done`, when it was over.

    `failure` is empty when it went well; `exchange` is its last one's id.
    """

    journey: int
    kind: str
    step: str
    due: float
    sent: float
    done: float
    failure: str = ""
    exchange: str = ""

    @property
    def latency(self) -> float:
        return self.done - self.due


@dataclass(frozen=True, slots=True)
class Interval:
    """A percentile, and between which values the bootstrap puts it."""

    percent: float
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Bucket:
    """What happened to the searches due in one stretch of time: `start` and `seconds` since the load began."""

    start: float
    seconds: float
    count: int
    errors: int
    p50: float | None
    p95: float | None
    max: float | None


@dataclass(frozen=True, slots=True)
class Slow:
    """One of the slowest searches, and its exchange with secrets and bulk masked."""

    sample: Sample
    url: str
    exchange: Exchange | None


@dataclass(frozen=True, slots=True)
class ClientHealth:
    """How the generator itself did; `saturated` says why its figures cannot be held against the target."""

    due_lag: float
    loop_lag: float
    cpu: float
    most_in_flight: int
    saturated: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """How many practitioners the target's test data names, and how many of them were searched for alone beforehand."""

    practitioners: int
    looked_for: int


@dataclass(frozen=True, slots=True)
class StepFigures:
    """One step of one kind of journeys: how often it was made, how often it failed, how long it took where not."""

    kind: str
    step: str
    count: int
    failed: int
    latency: tuple[Interval, ...]


@dataclass(frozen=True, slots=True)
class JourneyFigures:
    """One kind: how many the volumes give in this time, how many were planned and made, and how many got stuck."""

    kind: JourneyKind
    expected: float
    planned: int
    made: int
    stuck: int


@dataclass(frozen=True, slots=True)
class JourneysReport:
    """What went on beside the searches. `left_out` are kinds with the reason; `strays`: messages of no journey."""

    kinds: tuple[JourneyFigures, ...]
    steps: tuple[StepFigures, ...]
    samples: tuple[Step, ...]
    left_out: tuple[tuple[str, Text], ...]
    strays: int
    client: ClientHealth


@dataclass(frozen=True, slots=True)
class LoadReport:
    """Everything a load knows: `run` is what `recette compare` and the usual reports read.

    `samples` holds the warm-up too; `measured` are those the figures speak of. `errors` counts the measured searches
    that were wrong by kind: a transport failure, `http_STATUS`, or `content`.
    """

    profile: LoadProfile
    seed: int
    recording: Recording
    measured: tuple[Sample, ...]
    latency: tuple[Interval, ...]
    one_practitioner: tuple[Interval, ...]
    mean: float | None
    timeline: tuple[Bucket, ...]
    errors: tuple[tuple[str, int], ...]
    slowest: tuple[Slow, ...]
    client: ClientHealth
    judged: int
    judged_deeply: int
    known: Known
    run: RunReport
    journeys: JourneysReport | None = None

    @property
    def throughput(self) -> float:
        """Whole answers a second over the measured time."""
        answered = [sample for sample in self.measured if not sample.failure]
        if not answered:
            return 0.0
        return len(answered) / max(self.measured_seconds, 1e-9)

    @property
    def measured_seconds(self) -> float:
        """The measured time: what was planned, or up to the last search where the load was cut short."""
        planned = self.profile.duration
        if not self.recording.aborted or not self.measured:
            return planned
        return min(planned, max(sample.done for sample in self.measured) - self.profile.warm_up)
