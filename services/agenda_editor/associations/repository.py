"""The only SQL on associations."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Row, RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from agenda_editor.agendas.model import AppointmentType, ConsultationType, Slot, SlotDetails, SlotStatus, SlotType
from agenda_editor.associations.model import Association, AssociationDetails, Site, SiteDetails
from agenda_editor.associations.tables import associations, site_slots, sites
from sas_kit.arrays import among

_SITES: Final = sa.select(
    sites,
    associations.c.national_id,
    associations.c.name.label("association"),
    associations.c.phone.label("reached_at"),
).join_from(sites, associations)

_IDS_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class RenderedSite:
    site: Site
    fragment: bytes
    location_fragment: bytes


# A slot with its fragment.
RenderedSiteSlot = tuple[Slot, bytes | None]


class AssociationRepository:
    """Works on one connection, inside the transaction of whoever opened it."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    # --- reading for a search ---

    async def rendered_sites(self, national_ids: Collection[str]) -> Sequence[Row[int, bytes, int, bytes, bytes]]:
        """`(association id, its fragment, site id, its Schedule, its Location)`, by these ids."""
        query = (
            sa.select(
                associations.c.id, associations.c.fragment, sites.c.id, sites.c.fragment, sites.c.location_fragment
            )
            .join_from(associations, sites)
            .where(among(associations.c.national_id, national_ids))
            .order_by(associations.c.id, sites.c.id)
        )
        return (await self._connection.execute(query)).fetchall()

    async def published(self, site_ids: Collection[int], first: int, last: int) -> Sequence[Row[int, int, bytes]]:
        """`(start, site id, fragment)` of the slots that may leave and start from `first` to `last`, by start."""
        s = site_slots.c
        query = (
            sa.select(s.start, s.site_id, s.fragment)
            .where(among(s.site_id, site_ids), s.start.between(first, last), s.fragment.isnot(None))
            .order_by(s.start, s.id)
        )
        return (await self._connection.execute(query)).fetchall()

    # --- reading for people and for edits ---

    async def site(self, site_id: int) -> Site | None:
        found = await self._sites(sites.c.id == site_id)
        return found[0] if found else None

    async def sites_of(self, association_id: int) -> list[Site]:
        return await self._sites(sites.c.association_id == association_id)

    async def sites_of_national_id(self, national_id: str) -> list[Site]:
        return await self._sites(associations.c.national_id == national_id)

    async def sites_from(self, source: str) -> list[Site]:
        return await self._sites(associations.c.source == source)

    async def all_sites(self) -> list[Site]:
        return await self._sites(sa.true())

    async def _sites(self, condition: sa.ColumnElement[bool]) -> list[Site]:
        rows = await self._connection.execute(_SITES.where(condition).order_by(sites.c.id))
        return [_site(row) for row in rows.mappings()]

    async def slot(self, slot_id: int) -> Slot | None:
        query = sa.select(site_slots).where(site_slots.c.id == slot_id)
        row = (await self._connection.execute(query)).mappings().first()
        return None if row is None else _slot(row)

    async def existing_slots(self, slot_ids: Sequence[int]) -> set[int]:
        """Those of the ids that a slot has."""
        found: set[int] = set()
        for first in range(0, len(slot_ids), _IDS_AT_ONCE):
            query = sa.select(site_slots.c.id).where(among(site_slots.c.id, slot_ids[first : first + _IDS_AT_ONCE]))
            found.update((await self._connection.execute(query)).scalars())
        return found

    async def slots_of(self, site_ids: Collection[int], first: int, last: int) -> list[Slot]:
        """Every slot, whatever its status, that starts from `first` to `last`, by start."""
        query = (
            sa.select(site_slots)
            .where(among(site_slots.c.site_id, site_ids), site_slots.c.start.between(first, last))
            .order_by(site_slots.c.start, site_slots.c.id)
        )
        return [_slot(row) for row in (await self._connection.execute(query)).mappings()]

    async def stale(self, stamp: str) -> list[Association]:
        """Those rendered under another stamp, locked until the transaction ends."""
        query = sa.select(associations).where(associations.c.stamp != stamp).order_by(associations.c.id)
        rows = await self._connection.execute(query.with_for_update())
        return [
            Association(row["id"], AssociationDetails(row["name"], row["national_id"][1:], row["phone"]))
            for row in rows.mappings()
        ]

    # --- writing ---

    async def insert_association(self, one: Association, fragment: bytes, stamp: str, source: str | None) -> None:
        d = one.details
        query = associations.insert().values(
            id=one.id,
            national_id=d.national_id,
            name=d.name,
            phone=d.phone,
            source=source,
            stamp=stamp,
            fragment=fragment,
        )
        await self._connection.execute(query)

    async def insert_sites(self, rendered: Sequence[RenderedSite]) -> None:
        rows = [
            {
                "id": one.site.id,
                "association_id": one.site.association.id,
                "name": d.name,
                "line": d.line,
                "city": d.city,
                "postal_code": d.postal_code,
                "phone": d.phone,
                "fragment": one.fragment,
                "location_fragment": one.location_fragment,
            }
            for one in rendered
            for d in [one.site.details]
        ]
        if rows:
            await self._connection.execute(sites.insert(), rows)

    async def insert_slots(self, rendered: Sequence[RenderedSiteSlot]) -> None:
        rows = [
            {
                "id": slot.id,
                "site_id": slot.schedule_id,
                "start": d.start,
                "end": d.end,
                "slot_types": " ".join(d.slot_types),
                "consultation_types": " ".join(d.consultation_types),
                "appointment_type": d.appointment_type.value,
                "status": d.status.value,
                "fragment": fragment,
            }
            for slot, fragment in rendered
            for d in [slot.details]
        ]
        if rows:
            await self._connection.execute(site_slots.insert(), rows)

    async def change_slot(self, slot: Slot, fragment: bytes | None, expected: SlotStatus) -> bool:
        """Write the status and fragment of a slot if it still has the `expected` status; whether it had."""
        query = (
            site_slots.update()
            .where(site_slots.c.id == slot.id, site_slots.c.status == expected.value)
            .values(status=slot.details.status.value, fragment=fragment)
        )
        return (await self._connection.execute(query)).rowcount == 1

    async def rewrite_association(self, association_id: int, fragment: bytes, stamp: str) -> None:
        query = associations.update().where(associations.c.id == association_id)
        await self._connection.execute(query.values(fragment=fragment, stamp=stamp))

    async def rewrite_site(self, one: RenderedSite) -> None:
        query = sites.update().where(sites.c.id == one.site.id)
        await self._connection.execute(query.values(fragment=one.fragment, location_fragment=one.location_fragment))

    async def rewrite_slots(self, rendered: Sequence[RenderedSiteSlot]) -> None:
        """A slot that was taken or released since it was read is left: whoever did it has rendered it."""
        query = site_slots.update().where(
            site_slots.c.id == sa.bindparam("slot"), site_slots.c.status == sa.bindparam("read")
        )
        rows = [{"slot": slot.id, "read": slot.details.status.value, "rendered": f} for slot, f in rendered]
        if rows:
            await self._connection.execute(query.values(fragment=sa.bindparam("rendered")), rows)

    async def delete_free_slots_before(self, source: str, instant: int) -> None:
        query = site_slots.delete().where(
            site_slots.c.site_id.in_(_site_ids_of(source)),
            site_slots.c.start < instant,
            site_slots.c.status == SlotStatus.FREE.value,
        )
        await self._connection.execute(query)

    async def delete_source(self, source: str) -> None:
        """Everything that came from `source`."""
        owned = _site_ids_of(source)
        await self._connection.execute(site_slots.delete().where(site_slots.c.site_id.in_(owned)))
        await self._connection.execute(sites.delete().where(sites.c.id.in_(owned)))
        await self._connection.execute(associations.delete().where(associations.c.source == source))


def _site_ids_of(source: str) -> sa.Select[int]:
    return sa.select(sites.c.id).join_from(sites, associations).where(associations.c.source == source)


# --- rows ------------------------------------------------------------------------------------------------------------


def _site(row: RowMapping) -> Site:
    details = AssociationDetails(row["association"], row["national_id"][1:], row["reached_at"])
    return Site(
        row["id"],
        Association(row["association_id"], details),
        SiteDetails(row["name"], row["line"], row["city"], row["postal_code"], row["phone"]),
    )


def _slot(row: RowMapping) -> Slot:
    return Slot(
        row["id"],
        row["site_id"],
        SlotDetails(
            start=row["start"],
            end=row["end"],
            slot_types=tuple(SlotType(t) for t in row["slot_types"].split()),
            consultation_types=tuple(ConsultationType(t) for t in row["consultation_types"].split()),
            appointment_type=AppointmentType(row["appointment_type"]),
            status=SlotStatus(row["status"]),
        ),
    )
