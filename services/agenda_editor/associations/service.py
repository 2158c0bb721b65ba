"""What one can do with associations: read what may leave, and edit. Every edit renders."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

from agenda_editor.agendas import rules as agendas
from agenda_editor.agendas.model import (
    AgendaUnavailableError,
    Slot,
    SlotDetails,
    SlotNotInStateError,
    SlotStatus,
    SlotType,
    UnknownSlotError,
)
from agenda_editor.agendas.service import AgendaService, Editing
from agenda_editor.associations import fhir
from agenda_editor.associations.model import (
    Association,
    AssociationDetails,
    InvalidAssociationError,
    InvalidSiteSlotError,
    PublishedSites,
    Site,
    SiteDraft,
    SitePage,
    UnknownSiteError,
)
from agenda_editor.associations.repository import AssociationRepository, RenderedSite, RenderedSiteSlot
from sas_kernel.identifiers import international_phone
from sas_kit.database import Database, translating

_FOREVER: Final = 2**62
_TYPES: Final = frozenset({SlotType.PUBLIC, SlotType.SNP})


class AssociationService:
    """Everything may raise `AgendaUnavailableError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def published(self, national_ids: Sequence[str], first: int, last: int) -> PublishedSites:
        """What may leave of these associations, for slots that start from `first` to `last`; a site without such a slot
        stays out, as does an association without such a site."""
        async with self._reading() as repository:
            rendered = await repository.rendered_sites(national_ids)
            slots = await repository.published([row[2] for row in rendered], first, last)
        offering = {row[1] for row in slots}
        shown = [row for row in rendered if row[2] in offering]
        return PublishedSites(
            slots=[row[2] for row in slots],
            schedules=[row[3] for row in shown],
            locations=[row[4] for row in shown],
            organizations=list({row[0]: row[1] for row in shown}.values()),
        )

    async def pages_of(self, site_id: int, first: int, last: int) -> list[SitePage]:
        """All sites of the association that has this one, each with its slots that start from `first` to `last`.

        Raises `UnknownSiteError`.
        """
        async with self._reading() as repository:
            site = await repository.site(site_id)
            if site is None:
                raise UnknownSiteError(site_id)
            pages = {one.id: SitePage(one, []) for one in await repository.sites_of(site.association.id)}
            for slot in await repository.slots_of(pages, first, last):
                pages[slot.schedule_id].slots.append(slot)
            return list(pages.values())

    async def opening(self, slot_id: int) -> tuple[Slot, Site]:
        """A slot with its site. Raises `UnknownSlotError`."""
        async with self._reading() as repository:
            slot = await repository.slot(slot_id)
            site = None if slot is None else await repository.site(slot.schedule_id)
            if slot is None or site is None:
                raise UnknownSlotError(slot_id)
            return slot, site

    async def directory(self) -> list[Site]:
        """Every site; an editor has few."""
        async with self._reading() as repository:
            return await repository.all_sites()

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AssociationRepository]:
        with translating(unavailable=AgendaUnavailableError, conflict=AgendaUnavailableError):
            async with self._database.reading() as connection:
                yield AssociationRepository(connection)


class AssociationEditing:
    """The same transaction as that of the agendas' `Editing`, for the associations' part of it."""

    def __init__(self, edit: Editing) -> None:
        self._edit = edit
        self.repository = AssociationRepository(edit.connection)

    async def add(
        self, details: AssociationDetails, drafts: Sequence[SiteDraft], source: str | None = None
    ) -> list[Site]:
        """An association with all its sites. Raises `InvalidAssociationError`, `InvalidSiteSlotError`, or
        `InvalidValueError` for a phone number that is none."""
        if not re.fullmatch(r"[0-9]{14}", details.siret):
            raise InvalidAssociationError(details.siret)
        for phone in (details.phone, *(draft.site.phone for draft in drafts)):
            if phone and phone.strip():
                international_phone(phone)
        association = Association(await self._edit.repository.take_ids("association", 1), details)
        url = self._edit.public_url
        await self.repository.insert_association(
            association, fhir.association_fragment(association), fhir.rendering_stamp(url), source
        )
        first = await self._edit.repository.take_ids("schedule", len(drafts))
        sites = [Site(number, association, draft.site) for number, draft in enumerate(drafts, start=first)]
        await self.repository.insert_sites([self._rendered(site) for site in sites])
        await self.extend([(site.id, draft.slots) for site, draft in zip(sites, drafts, strict=True)])
        return sites

    async def extend(self, added: Sequence[tuple[int, Sequence[SlotDetails]]]) -> list[Slot]:
        """Slots for several sites, by number, at once."""
        number = await self._edit.repository.take_ids("slot", sum(len(details) for _, details in added))
        slots = []
        for site_id, details in added:
            for item in details:
                agendas.check(item)
                if not _TYPES.issuperset(item.slot_types):
                    raise InvalidSiteSlotError
                slots.append(Slot(number, site_id, item))
                number += 1
        await self.repository.insert_slots([self._rendered_slot(slot) for slot in slots])
        return slots

    async def slot(self, slot_id: int) -> tuple[Slot, Site]:
        """A slot as it is now, with its site. Raises `UnknownSlotError`."""
        slot = await self.repository.slot(slot_id)
        site = None if slot is None else await self.repository.site(slot.schedule_id)
        if slot is None or site is None:
            raise UnknownSlotError(slot_id)
        return slot, site

    async def mark_busy(self, slot_id: int) -> Slot:
        """A free slot is taken. Raises `UnknownSlotError`, or `SlotNotInStateError` when somebody was faster."""
        return await self._change(slot_id, SlotStatus.FREE, SlotStatus.BUSY)

    async def release(self, slot_id: int) -> Slot:
        """A taken slot is free again."""
        return await self._change(slot_id, SlotStatus.BUSY, SlotStatus.FREE)

    async def _change(self, slot_id: int, expected: SlotStatus, status: SlotStatus) -> Slot:
        before, _ = await self.slot(slot_id)
        slot = replace(before, details=replace(before.details, status=status))
        if not await self.repository.change_slot(*self._rendered_slot(slot), expected):
            raise SlotNotInStateError(slot_id, expected)
        return slot

    def _rendered(self, site: Site) -> RenderedSite:
        return RenderedSite(site, fhir.schedule_fragment(site), fhir.location_fragment(site, self._edit.public_url))

    def _rendered_slot(self, slot: Slot) -> RenderedSiteSlot:
        return slot, fhir.slot_fragment(slot, self._edit.public_url)

    async def render_again(self, now: int) -> bool:
        """Bring stored fragments in line with the mapping and the public URL of today; whether that took any work."""
        stamp = fhir.rendering_stamp(self._edit.public_url)
        stale = await self.repository.stale(stamp)
        for association in stale:
            await self.repository.rewrite_association(association.id, fhir.association_fragment(association), stamp)
            sites = await self.repository.sites_of(association.id)
            for site in sites:
                await self.repository.rewrite_site(self._rendered(site))
            slots = await self.repository.slots_of([site.id for site in sites], now, _FOREVER)
            await self.repository.rewrite_slots([self._rendered_slot(slot) for slot in slots])
        return bool(stale)


async def render_associations_again(agendas: AgendaService, now: int) -> bool:
    """As `AgendaService.render_again`, for associations."""
    async with agendas.editing() as edit:
        return await AssociationEditing(edit).render_again(now)
