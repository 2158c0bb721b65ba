"""Bring the database in line with a data set and the clock, or fill it with a whole country."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import Final

from agenda_editor.agendas.model import (
    AgendaDraft,
    AppointmentType,
    ConsultationType,
    Place,
    PlaceDetails,
    PlaceDraft,
    PractitionerDetails,
    Schedule,
    SlotDetails,
    SlotStatus,
    SlotType,
    Specialty,
)
from agenda_editor.agendas.service import AgendaService, Editing
from agenda_editor.appointments.service import appointments_kept
from agenda_editor.associations.model import AssociationDetails, SiteDetails, SiteDraft
from agenda_editor.associations.service import AssociationEditing
from agenda_editor.communities.model import CommunityDetails
from agenda_editor.communities.service import add_communities, community_ids, delete_communities
from agenda_editor.provisioning.repository import ProvisionRepository
from sas_fhir.instants import milliseconds
from sas_kernel import datasets
from sas_kernel.clock import PARIS
from sas_kernel.datasets import Dataset, DatasetAssociation, DatasetPractitioner, DatasetSlot

NATIONAL: Final = "national"

_KEPT_PAST: Final = timedelta(days=2)
_BATCH: Final = 100
_UNFINISHED: Final = "unfinished"


class ProvisioningService:
    def __init__(self, agendas: AgendaService) -> None:
        self._agendas = agendas

    async def refresh(self, dataset: Dataset, now: datetime, *, replace_all: bool = False) -> bool:
        """Make the data set present and its days as long as `now` asks; whether that took any work.

        Days already there are left as they are, so what was booked stays booked. A data set whose practitioners have
        changed, or `replace_all`, is put in afresh instead: appointments stay, and keep their time where it still is.
        """
        today = now.astimezone(PARIS).date()
        last = today + timedelta(days=datasets.LAST_DAY)
        content = (dataset.practitioners, dataset.communities, dataset.associations)
        digest = hashlib.sha256(repr(content).encode()).hexdigest()
        async with self._agendas.editing() as edit:
            provisions = ProvisionRepository(edit.connection)
            held, filled_to = await provisions.lock(dataset.name)
            first = today + timedelta(days=datasets.FIRST_DAY)
            if replace_all or held != digest or filled_to is None:
                async with appointments_kept(edit, milliseconds(now)):
                    await edit.repository.delete_source(dataset.name)
                    communities = await _add_communities(edit, dataset)
                    drafts = [_draft(one, communities, first, last) for one in dataset.practitioners]
                    await edit.add_agendas(drafts, {}, source=dataset.name)
                    await _add_associations(edit, dataset, first, last)
            elif filled_to < last:
                async with appointments_kept(edit, milliseconds(now)):
                    kept_since = milliseconds(now - _KEPT_PAST)
                    await edit.repository.delete_free_slots_before(dataset.name, kept_since)
                    await AssociationEditing(edit).repository.delete_free_slots_before(dataset.name, kept_since)
                    await _extend(edit, dataset, max(first, filled_to + timedelta(days=1)), last)
            else:
                return False
            await provisions.record(dataset.name, digest, last)
            return True

    async def generate(
        self,
        practitioners: int,
        seed: int,
        now: datetime,
        *,
        days: int,
        slots_per_day: int,
        advanced: Callable[[int], None],
    ) -> int:
        """Replace the national territory by a new one, in transactions of a hundred practitioners.

        `advanced` is told how many practitioners each step added. Returns the number of slots. Who breaks it off leaves
        a territory that `national_is_whole` denies; the next one begins anew.
        """
        today = now.astimezone(PARIS).date()
        last = today + timedelta(days=days - 1)
        async with self._agendas.editing() as edit, appointments_kept(edit, milliseconds(now)):
            await edit.repository.delete_source(NATIONAL)
            provisions = ProvisionRepository(edit.connection)
            await provisions.lock(NATIONAL)
            await provisions.record(NATIONAL, _UNFINISHED, today)
        places: dict[str, Place] = {}
        count = 0
        for batch in _batches(datasets.national(practitioners, seed, slots_per_day=slots_per_day)):
            drafts = [_draft(practitioner, {}, today, last) for practitioner in batch]
            async with self._agendas.editing() as edit, appointments_kept(edit, milliseconds(now)):
                await edit.add_agendas(drafts, places, source=NATIONAL)
            count += sum(len(place.slots) for draft in drafts for place in draft.places)
            advanced(len(batch))
        await self._agendas.tidy()
        async with self._agendas.editing() as edit:
            provisions = ProvisionRepository(edit.connection)
            await provisions.record(NATIONAL, f"{practitioners} {seed} {days} {slots_per_day}", last)
        return count

    async def national_is_whole(self) -> bool:
        """Whether the national territory is there, and was not broken off while it was generated."""
        async with self._agendas.editing() as edit:
            held, _filled_to = await ProvisionRepository(edit.connection).lock(NATIONAL)
        return held != _UNFINISHED and await self._agendas.count_practitioners(NATIONAL) > 0


async def _add_communities(edit: Editing, dataset: Dataset) -> dict[str, int]:
    """Those of the data set in place of those it had before; their numbers by key."""
    await delete_communities(edit.connection, dataset.name)
    first = await edit.repository.take_ids("community", len(dataset.communities))
    details = [CommunityDetails(one.name, one.finess, one.phone) for one in dataset.communities]
    added = await add_communities(edit.connection, details, first, dataset.name)
    return {one.key: community.id for one, community in zip(dataset.communities, added, strict=True)}


async def _extend(edit: Editing, dataset: Dataset, first: date, last: date) -> None:
    known = await community_ids(edit.connection, dataset.name)
    communities = {one.key: known[one.finess] for one in dataset.communities if one.finess in known}
    added: list[tuple[Schedule, Sequence[SlotDetails]]] = []
    for practitioner in dataset.practitioners:
        practitioner_id = await edit.repository.practitioner_id(practitioner.national_id)
        if practitioner_id is None:
            continue
        # Agendas were opened in the order of the places, and ids only grow.
        opened = await edit.repository.schedules_of(practitioner_id)
        for place, schedule in zip(_draft(practitioner, communities, first, last).places, opened, strict=False):
            added.append((schedule, place.slots))
    await edit.extend(added)
    associations = AssociationEditing(edit)
    opened_sites = await associations.repository.sites_from(dataset.name)
    drafts = [draft for one in dataset.associations for draft in _site_drafts(one, first, last)]
    await associations.extend([(site.id, draft.slots) for site, draft in zip(opened_sites, drafts, strict=False)])


async def _add_associations(edit: Editing, dataset: Dataset, first: date, last: date) -> None:
    """Those of the data set in place of those it had before."""
    associations = AssociationEditing(edit)
    await associations.repository.delete_source(dataset.name)
    for one in dataset.associations:
        details = AssociationDetails(one.name, one.siret, one.phone)
        await associations.add(details, _site_drafts(one, first, last), dataset.name)


def _site_drafts(association: DatasetAssociation, first: date, last: date) -> list[SiteDraft]:
    return [
        SiteDraft(
            SiteDetails(site.name, site.line, site.city, site.postal_code, site.phone),
            tuple(
                SlotDetails(
                    start=milliseconds(slot.start),
                    end=milliseconds(slot.end),
                    slot_types=tuple(map(SlotType, slot.slot_types)),
                    consultation_types=tuple(map(ConsultationType, slot.consultation_types)),
                    appointment_type=AppointmentType(slot.appointment_type),
                    status=SlotStatus(slot.status),
                )
                for slot in datasets.site_slots(site, first, last)
            ),
        )
        for site in association.sites
    ]


def _batches(practitioners: Iterator[DatasetPractitioner]) -> Iterator[list[DatasetPractitioner]]:
    while batch := list(islice(practitioners, _BATCH)):
        yield batch


def _draft(practitioner: DatasetPractitioner, communities: Mapping[str, int], first: date, last: date) -> AgendaDraft:
    return AgendaDraft(
        PractitionerDetails(
            kind=practitioner.kind,
            stored_id=practitioner.stored_id,
            family=practitioner.family,
            given=practitioner.given,
            prefix=practitioner.prefix,
            specialty=Specialty(practitioner.specialty_code, practitioner.specialty_label),
            opposed=practitioner.opposed,
        ),
        tuple(
            PlaceDraft(
                place_key=place.key,
                place=PlaceDetails(place.name, place.line, place.city, place.postal_code, place.phone, place.structure),
                slots=tuple(
                    _details(slot, communities)
                    for slot in datasets.slots_of(replace(practitioner, places=(place,)), first, last)
                ),
                booking_query=place.booking_path,
            )
            for place in practitioner.places
        ),
    )


def _details(slot: DatasetSlot, communities: Mapping[str, int]) -> SlotDetails:
    return SlotDetails(
        start=milliseconds(slot.start),
        end=milliseconds(slot.end),
        slot_types=_slot_types(slot.slot_types),
        consultation_types=_consultation_types(slot.consultation_types),
        appointment_type=AppointmentType(slot.appointment_type),
        reasons=slot.reasons,
        specialties=_specialties(slot.specialties),
        status=SlotStatus(slot.status),
        own_patients_only=slot.own_patients_only,
        communities=tuple(communities[key] for key in slot.communities if key in communities),
    )


# Millions of slots have one of a few.
@lru_cache(maxsize=4096)
def _slot_types(names: tuple[str, ...]) -> tuple[SlotType, ...]:
    return tuple(map(SlotType, names))


@lru_cache(maxsize=4096)
def _consultation_types(names: tuple[str, ...]) -> tuple[ConsultationType, ...]:
    return tuple(map(ConsultationType, names))


@lru_cache(maxsize=4096)
def _specialties(specialties: tuple[tuple[str, str], ...]) -> tuple[Specialty, ...]:
    return tuple(Specialty(code, label) for code, label in specialties)
