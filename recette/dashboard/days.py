"""How a service did day by day, from its samples. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from recette.dashboard.model import Day, Service
from recette.model import Measurement
from recette.monitoring import standing, timeline
from recette.monitoring.model import Sample
from recette.monitoring.standing import Promise
from recette.monitoring.timeline import Planned, Timeline
from sas_kernel.contracts import ServiceLevel

_MOST_OUTAGES = 50


def service(
    samples: Sequence[Sample],
    start: datetime,
    end: datetime,
    *,
    maintenance: Iterable[Planned],
    promise: Promise,
    levels: Mapping[str, ServiceLevel],
    zone: ZoneInfo,
) -> Service:
    """The standing of a period, its days in `zone` and its outages."""
    planned = list(maintenance)
    line = timeline.of(samples, start, end, maintenance=planned, interval=promise.interval)
    stood = standing.of(line, samples, start, end, levels=levels, promised_availability=promise.availability)
    watched = {each.level: levels[each.level] for each in stood.levels}
    outages = timeline.outages(samples, start, end, maintenance=planned, interval=promise.interval)
    return Service(
        standing=stood,
        levels=watched,
        days=tuple(_days(line, standing.within(samples, line), start, end, watched, zone)),
        outages=tuple(reversed(outages[-_MOST_OUTAGES:])),
    )


def _days(
    line: Timeline,
    samples: Sequence[Sample],
    start: datetime,
    end: datetime,
    levels: Mapping[str, ServiceLevel],
    zone: ZoneInfo,
) -> Iterable[Day]:
    by_day: defaultdict[date, list[Sample]] = defaultdict(list)
    for sample in samples:
        by_day[sample.at.astimezone(zone).date()].append(sample)
    day, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    while day <= last:
        begin, stop = (datetime.combine(each, time(), zone) for each in (day, day + timedelta(days=1)))
        part = line.within(timeline.micros(begin), timeline.micros(stop))
        yield Day(
            day=day,
            watched=_lasting(part.watched),
            down=_lasting(part.down),
            maintenance=_lasting(part.maintenance),
            samples=len(by_day[day]),
            measured=dict(_measured(levels, by_day[day])),
        )
        day += timedelta(days=1)


def _measured(levels: Mapping[str, ServiceLevel], samples: Sequence[Sample]) -> Iterable[tuple[str, float]]:
    for id, level in levels.items():
        seconds = [
            each.seconds for each in samples if each.seconds is not None and standing.measured_by(id, each.probe)
        ]
        held = Measurement.of(id, level.text, level, seconds)
        value = {"p50": held.p50, "p95": held.p95, "max": held.max}.get(level.statistic)
        if value is not None:
            yield id, value


def _lasting(spans: Sequence[timeline.Span]) -> timedelta:
    return timedelta(microseconds=timeline.length(spans))
