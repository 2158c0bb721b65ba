"""Patterns turned into the slots of given days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from sas_kernel.clock import PARIS
from sas_kernel.datasets.model import (
    FIRST_DAY,
    LAST_DAY,
    Dataset,
    DatasetPractitioner,
    DatasetSite,
    DatasetSiteSlot,
    DatasetSlot,
    Offer,
    Place,
)


def slots(dataset: Dataset, now: datetime) -> Iterator[DatasetSlot]:
    """Every slot from yesterday to six days ahead, whatever its status, for the day it is in Europe/Paris at `now`."""
    today = now.astimezone(PARIS).date()
    for practitioner in dataset.practitioners:
        yield from slots_of(practitioner, today + timedelta(days=FIRST_DAY), today + timedelta(days=LAST_DAY))


def slots_of(practitioner: DatasetPractitioner, first: date, last: date) -> Iterator[DatasetSlot]:
    """A practitioner's slots of the days `first` to `last`, both included, place by place and offer by offer."""
    for place in practitioner.places:
        for offer in place.offers:
            day = first
            while day <= last:
                yield from _slots_of_day(practitioner, place, offer, day)
                day += timedelta(days=1)


def _slots_of_day(practitioner: DatasetPractitioner, place: Place, offer: Offer, day: date) -> Iterator[DatasetSlot]:
    for index, start in _starts(offer, day):
        slot_types = offer.slot_types[index % len(offer.slot_types)]
        communities: tuple[str, ...] = ()
        if "CPTS" in slot_types:
            cycle = offer.communities or (practitioner.communities,)
            communities = cycle[index % len(cycle)]
        yield DatasetSlot(
            practitioner,
            place,
            start,
            start + offer.duration,
            slot_types,
            offer.consultation_types[index % len(offer.consultation_types)],
            offer.appointment_types[index % len(offer.appointment_types)],
            offer.reasons[index % len(offer.reasons)],
            offer.specialties or ((practitioner.specialty_code, practitioner.specialty_label),),
            offer.status,
            offer.own_patients_only,
            communities,
        )


def site_slots(site: DatasetSite, first: date, last: date) -> Iterator[DatasetSiteSlot]:
    """A site's slots of the days `first` to `last`, both included, offer by offer."""
    for offer in site.offers:
        for days in range((last - first).days + 1):
            for index, start in _starts(offer, first + timedelta(days=days)):
                yield DatasetSiteSlot(
                    start,
                    start + offer.duration,
                    offer.slot_types[index % len(offer.slot_types)],
                    offer.consultation_types[index % len(offer.consultation_types)],
                    offer.appointment_types[index % len(offer.appointment_types)],
                    offer.status,
                )


def _starts(offer: Offer, day: date) -> Iterator[tuple[int, datetime]]:
    # Steps are made in UTC: a night that changes the clock gives 23 or 25 hours, and no instant twice.
    start = _instant(day, offer.first)
    end = _instant(day, offer.last) if offer.last > offer.first else _instant(day + timedelta(days=1), time())
    index = 0
    while start < end:
        yield index, start
        index += 1
        start += offer.every


def _instant(day: date, at: time) -> datetime:
    return datetime.combine(day, at, tzinfo=PARIS).astimezone(UTC)
