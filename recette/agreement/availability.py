"""Availability over a calendar year outside planned maintenance. Pure; counted on the clock that the sun keeps.

A calendar year in France has 8760 or 8784 hours: what the short night takes, the long one gives back. An outage on one
of these nights lasts an hour less or more than its wall times say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

from recette.agreement.given import Outages
from recette.agreement.model import AgreementError
from sas_kernel.text import Text

_Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class YearOfService:
    """All in seconds. `service` is the year without maintenance, `down` what was lost of it."""

    year: Fraction
    service: Fraction
    down: Fraction

    @property
    def availability(self) -> Fraction:
        """In per cent."""
        return 100 - 100 * self.down / self.service

    def allowed(self, percent: Fraction) -> Fraction:
        """How long it may be down where this much is promised."""
        return self.service * (100 - percent) / 100


def year_of_service(year: int, zone: ZoneInfo, downtime: Outages, maintenance: Outages) -> YearOfService:
    """What a year of service was. What lies outside the year, twice, or within maintenance does not count as down."""
    whole = (datetime(year, 1, 1, tzinfo=zone).astimezone(UTC), datetime(year + 1, 1, 1, tzinfo=zone).astimezone(UTC))
    planned, down = _merged(maintenance.spans, whole), _merged(downtime.spans, whole)
    of_year = _length([whole])
    service = of_year - _length(planned) - maintenance.seconds
    lost = _length(down) - _length(_common(down, planned)) + downtime.seconds
    if service <= 0 or lost > service:
        raise AgreementError(
            Text(
                "La maintenance et les pannes données durent plus que l’année {year}.",
                "The maintenance and outages given last longer than the year {year}.",
            ).format(year=year)
        )
    return YearOfService(of_year, service, lost)


def _merged(spans: Sequence[_Span], within: _Span) -> list[_Span]:
    found: list[_Span] = []
    for start, end in sorted((max(start, within[0]), min(end, within[1])) for start, end in spans):
        if end <= start:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _common(some: Sequence[_Span], others: Sequence[_Span]) -> list[_Span]:
    both = [(max(a, c), min(b, d)) for a, b in some for c, d in others]
    return [(start, end) for start, end in both if start < end]


def _length(spans: Sequence[_Span]) -> Fraction:
    return sum((Fraction((end - start).total_seconds()) for start, end in spans), Fraction(0))
