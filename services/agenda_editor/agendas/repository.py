"""The only SQL on agendas. Reads that answer a search take columns and fragments, never entities."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from agenda_editor.agendas.model import (
    AppointmentType,
    ConsultationType,
    Place,
    PlaceDetails,
    Practitioner,
    PractitionerDetails,
    Schedule,
    Slot,
    SlotDetails,
    SlotStatus,
    SlotType,
    Specialty,
)
from agenda_editor.agendas.tables import counters, places, practitioners, renderings, schedules, slots
from sas_kernel.identifiers import PractitionerIdKind, StructureIds, national_practitioner_id
from sas_kit.arrays import among
from sas_kit.direct import Query, Reader

# The reads of a search. The list of ids is one parameter, so that each is prepared once, whatever its length.
_p, _c, _s = practitioners.c, schedules.c, slots.c
_KNOWN: Final = (among(_p.national_id, "ids"), _p.opposed.is_(False))
_IN_WINDOW: Final = (among(_s.schedule_id, "ids"), _s.start.between(sa.bindparam("first"), sa.bindparam("last")))
_VERSIONS: Final = Query(sa.select(_p.national_id, _p.id, _p.version).where(*_KNOWN), tuple[str, int, int])
_AGENDAS: Final = Query(
    sa.select(_p.national_id, _p.id, _p.version, _p.fragment, _c.id, _c.fragment, _c.role_fragment)
    .join_from(practitioners, schedules)
    .where(*_KNOWN)
    .order_by(_p.id, _c.id),
    tuple[str, int, int, bytes, int, bytes, bytes],
)
_PUBLISHED: Final = Query(
    sa.select(_s.schedule_id, _s.start, _s.fragment).where(*_IN_WINDOW, _s.fragment.isnot(None)),
    tuple[int, int, bytes],
)
# Two halves, since each has an index of its own.
_SHARED: Final = Query(
    sa.union_all(
        sa.select(_s.schedule_id, _s.start, _s.fragment, sa.literal_column("''", sa.Text)).where(
            *_IN_WINDOW, _s.fragment.isnot(None), _s.cpts_fragment.is_(None)
        ),
        sa.select(_s.schedule_id, _s.start, _s.cpts_fragment, _s.communities).where(
            *_IN_WINDOW, _s.cpts_fragment.isnot(None)
        ),
    ),
    tuple[int, int, bytes, str],
)

_SCHEDULES: Final = sa.select(schedules, practitioners, places).select_from(schedules.join(practitioners).join(places))

_IDS_AT_ONCE: Final = 500

_SLOT_COLUMNS: Final = [column.name for column in slots.columns]


# A slot with its fragments as INT_R01 and INT_R04 show it.
RenderedSlot = tuple[Slot, bytes | None, bytes | None]


class SearchRepository:
    """The reads of a search. Rows unpack as said, and may be the driver's own."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def versions(self, national_ids: Iterable[str]) -> Sequence[tuple[str, int, int]]:
        """`(national id, id, version)` of those of the practitioners who are known and did not oppose."""
        return await self._reader.fetch(_VERSIONS, {"ids": list(national_ids)})

    async def agendas(self, national_ids: Iterable[str]) -> Sequence[tuple[str, int, int, bytes, int, bytes, bytes]]:
        """`(national id, id, version, fragment, schedule id, its fragment, its role's fragment)`, by these ids, for
        the same practitioners."""
        return await self._reader.fetch(_AGENDAS, {"ids": list(national_ids)})

    async def published(self, schedule_ids: Iterable[int], first: int, last: int) -> Sequence[tuple[int, int, bytes]]:
        """`(schedule id, start, fragment)` of the slots that may leave and start from `first` to `last`."""
        return await self._reader.fetch(_PUBLISHED, {"ids": list(schedule_ids), "first": first, "last": last})

    async def shared(
        self, schedule_ids: Iterable[int], first: int, last: int
    ) -> list[tuple[int, int, bytes, tuple[int, ...]]]:
        """`(schedule id, start, fragment, CPTS)` of the slots that INT_R04 shows. The fragments of those that no CPTS
        sees are the ones of INT_R01."""
        rows = await self._reader.fetch(_SHARED, {"ids": list(schedule_ids), "first": first, "last": last})
        return [(row[0], row[1], row[2], tuple(map(int, row[3].split()))) for row in rows]


class AgendaRepository:
    """Works on one connection, inside the transaction of whoever opened it."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._postgresql = connection.dialect.name == "postgresql"

    # --- reading for people and for edits ---

    async def schedule(self, schedule_id: int) -> Schedule | None:
        found = await self._schedules(schedules.c.id == schedule_id)
        return found[0] if found else None

    async def schedules_of(self, practitioner_id: int) -> list[Schedule]:
        return await self._schedules(schedules.c.practitioner_id == practitioner_id)

    async def schedules_after(self, schedule_id: int, limit: int) -> list[Schedule]:
        """The next `limit` schedules by id, to go through all of them."""
        return await self._schedules(schedules.c.id > schedule_id, limit)

    async def _schedules(self, condition: sa.ColumnElement[bool], limit: int | None = None) -> list[Schedule]:
        query = _SCHEDULES.where(condition).order_by(schedules.c.id).limit(limit)
        return [_schedule(row) for row in await self._connection.execute(query)]

    async def practitioner(self, practitioner_id: int) -> Practitioner | None:
        query = sa.select(practitioners).where(practitioners.c.id == practitioner_id)
        row = (await self._connection.execute(query)).first()
        return None if row is None else _practitioner(row)

    async def practitioners_after(self, practitioner_id: int, limit: int) -> list[Practitioner]:
        """The next `limit` practitioners by id, to go through all of them."""
        query = (
            sa.select(practitioners)
            .where(practitioners.c.id > practitioner_id)
            .order_by(practitioners.c.id)
            .limit(limit)
        )
        return [_practitioner(row) for row in await self._connection.execute(query)]

    async def practitioner_id(self, national_id: str) -> int | None:
        query = sa.select(practitioners.c.id).where(practitioners.c.national_id == national_id)
        return (await self._connection.execute(query)).scalar()

    async def place(self, place_id: int) -> Place | None:
        row = (await self._connection.execute(sa.select(places).where(places.c.id == place_id))).first()
        return None if row is None else _place(row)

    async def slot(self, slot_id: int) -> Slot | None:
        row = (await self._connection.execute(sa.select(slots).where(slots.c.id == slot_id))).first()
        return None if row is None else _slot(row)

    async def existing_slots(self, slot_ids: Sequence[int]) -> set[int]:
        """Those of the ids that a slot has."""
        found: set[int] = set()
        for first in range(0, len(slot_ids), _IDS_AT_ONCE):
            query = sa.select(slots.c.id).where(among(slots.c.id, slot_ids[first : first + _IDS_AT_ONCE]))
            found.update((await self._connection.execute(query)).scalars())
        return found

    async def slots_of(self, schedule_ids: Iterable[int], first: int, last: int) -> list[Slot]:
        """Every slot, whatever its status, that starts from `first` to `last`, by start."""
        query = (
            sa.select(slots)
            .where(among(slots.c.schedule_id, schedule_ids), slots.c.start.between(first, last))
            .order_by(slots.c.start, slots.c.id)
        )
        return [_slot(row) for row in await self._connection.execute(query)]

    async def count_practitioners(self, source: str | None = None) -> int:
        query = sa.select(sa.func.count()).select_from(practitioners)
        if source is not None:
            query = query.where(practitioners.c.source == source)
        return int((await self._connection.execute(query)).scalar_one())

    async def practitioners_of(self, source: str) -> list[tuple[int, str]]:
        """`(id, national id)` of the practitioners that came from `source`."""
        query = sa.select(practitioners.c.id, practitioners.c.national_id).where(practitioners.c.source == source)
        return [(row[0], row[1]) for row in await self._connection.execute(query)]

    # --- writing ---

    async def take_ids(self, name: str, count: int) -> int:
        """The first of `count` ids in a row that nobody else gets."""
        query = (
            counters.update()
            .where(counters.c.name == name)
            .values(next=counters.c.next + count)
            .returning(counters.c.next)
        )
        return int((await self._connection.execute(query)).scalar_one()) - count

    async def insert_practitioners(self, rendered: Sequence[tuple[Practitioner, bytes]], source: str | None) -> None:
        rows = [
            {
                "id": practitioner.id,
                "national_id": national_practitioner_id(d.stored_id, d.kind),
                "stored_id": d.stored_id,
                "kind": d.kind.value,
                "family": d.family,
                "given": d.given,
                "prefix": d.prefix,
                "specialty_code": d.specialty.code if d.specialty else None,
                "specialty_label": d.specialty.label if d.specialty else None,
                "opposed": d.opposed,
                "source": source,
                "version": 1,
                "fragment": fragment,
            }
            for practitioner, fragment in rendered
            for d in [practitioner.details]
        ]
        await self._insert(practitioners, rows)

    async def insert_places(self, added: Sequence[Place], source: str | None) -> None:
        rows = [
            {
                "id": place.id,
                "name": d.name,
                "line": d.line,
                "city": d.city,
                "postal_code": d.postal_code,
                "phone": d.phone,
                "finess": d.structure.finess,
                "siret": d.structure.siret,
                "rpps_rang": d.structure.rpps_rang,
                "adeli_rang": d.structure.adeli_rang,
                "source": source,
            }
            for place in added
            for d in [place.details]
        ]
        await self._insert(places, rows)

    async def insert_schedules(self, rendered: Sequence[tuple[Schedule, bytes, bytes]]) -> None:
        rows = [
            {
                "id": schedule.id,
                "practitioner_id": schedule.practitioner.id,
                "place_id": schedule.place.id,
                "booking_query": schedule.booking_query,
                "fragment": fragment,
                "role_fragment": role_fragment,
            }
            for schedule, fragment, role_fragment in rendered
        ]
        await self._insert(schedules, rows)

    async def _insert(self, table: sa.Table, rows: list[dict[str, Any]]) -> None:
        if rows:
            await self._connection.execute(table.insert(), rows)

    async def insert_slots(self, rendered: Iterable[RenderedSlot]) -> None:
        """Slots with their fragments, any number: by COPY on PostgreSQL, by executemany on SQLite.

        They are asked for one by one as they leave, so that the server writes while we render.
        """
        rows = map(_slot_row, rendered)
        if self._postgresql:
            # The driver's own COPY joins the transaction that an earlier statement of ours opened (`take_ids`).
            raw = (await self._connection.get_raw_connection()).driver_connection
            assert raw is not None
            await raw.copy_records_to_table("slots", records=rows, columns=_SLOT_COLUMNS)
        else:
            names = ", ".join(f'"{name}"' for name in _SLOT_COLUMNS)
            marks = ", ".join("?" * len(_SLOT_COLUMNS))
            if written := list(rows):
                await self._connection.exec_driver_sql(f"INSERT INTO slots ({names}) VALUES ({marks})", written)  # noqa: S608  our own names

    async def change_slot(self, rendered: RenderedSlot, expected: SlotStatus) -> bool:
        """Write the status and fragments of a slot if it still has the `expected` status; whether it had."""
        slot, fragment, cpts_fragment = rendered
        query = (
            slots.update()
            .where(slots.c.id == slot.id, slots.c.status == expected.value)
            .values(status=slot.details.status.value, fragment=fragment, cpts_fragment=cpts_fragment)
        )
        return (await self._connection.execute(query)).rowcount == 1

    async def delete_slot(self, slot_id: int) -> None:
        await self._connection.execute(slots.delete().where(slots.c.id == slot_id))

    async def delete_free_slots_before(self, source: str, instant: int) -> None:
        query = slots.delete().where(
            slots.c.schedule_id.in_(_schedule_ids_of(source)),
            slots.c.start < instant,
            slots.c.status == SlotStatus.FREE.value,
        )
        await self._connection.execute(query)

    async def delete_source(self, source: str) -> None:
        """Everything that came from `source`; places that others use by now stay."""
        others = sa.select(sa.literal(1)).where(practitioners.c.source.is_distinct_from(source)).limit(1)
        if self._postgresql and (await self._connection.execute(others)).first() is None:
            # Millions of rows and nobody else's: emptying the tables takes no time, deleting row by row takes minutes.
            await self._connection.execute(sa.text("TRUNCATE slots, schedules, practitioners"))
            await self._connection.execute(places.delete().where(places.c.source == source))
            return
        owned = _schedule_ids_of(source)
        await self._connection.execute(slots.delete().where(slots.c.schedule_id.in_(owned)))
        await self._connection.execute(schedules.delete().where(schedules.c.id.in_(owned)))
        await self._connection.execute(practitioners.delete().where(practitioners.c.source == source))
        await self._connection.execute(
            places.delete().where(places.c.source == source, places.c.id.not_in(sa.select(schedules.c.place_id)))
        )

    async def set_opposition(self, practitioner_id: int, *, opposed: bool) -> None:
        query = practitioners.update().where(practitioners.c.id == practitioner_id).values(opposed=opposed)
        await self._connection.execute(query)

    async def grow_versions(self, practitioner_ids: Iterable[int]) -> None:
        # In a fixed order, so that two transactions never wait for each other.
        for practitioner_id in sorted(practitioner_ids):
            await self._connection.execute(
                practitioners.update()
                .where(practitioners.c.id == practitioner_id)
                .values(version=practitioners.c.version + 1)
            )

    async def tidy(self) -> None:
        """After a bulk insert, outside any transaction: what the planner should know, and which pages all may see."""
        await self._connection.execute(sa.text("VACUUM (ANALYZE)" if self._postgresql else "ANALYZE"))

    # --- rendering again ---

    async def lock_rendering(self) -> str:
        """The stamp of the stored fragments; other workers wait here until this transaction ends."""
        query = sa.select(renderings.c.stamp).where(renderings.c.id == 1).with_for_update()
        return str((await self._connection.execute(query)).scalar_one())

    async def set_rendering(self, stamp: str) -> None:
        await self._connection.execute(renderings.update().where(renderings.c.id == 1).values(stamp=stamp))

    async def rewrite_practitioner(self, practitioner_id: int, fragment: bytes) -> None:
        query = practitioners.update().where(practitioners.c.id == practitioner_id)
        await self._connection.execute(query.values(fragment=fragment, version=practitioners.c.version + 1))

    async def rewrite_schedule(self, schedule: Schedule, fragment: bytes, role_fragment: bytes) -> None:
        query = schedules.update().where(schedules.c.id == schedule.id)
        await self._connection.execute(query.values(fragment=fragment, role_fragment=role_fragment))

    async def rewrite_slots(self, rendered: Sequence[RenderedSlot]) -> None:
        """A slot that was taken or released since it was read is left: whoever did it has rendered it."""
        query = slots.update().where(slots.c.id == sa.bindparam("slot"), slots.c.status == sa.bindparam("read"))
        query = query.values(fragment=sa.bindparam("rendered"), cpts_fragment=sa.bindparam("rendered_cpts"))
        rows = [
            {"slot": slot.id, "read": slot.details.status.value, "rendered": fragment, "rendered_cpts": cpts_fragment}
            for slot, fragment, cpts_fragment in rendered
        ]
        if rows:
            await self._connection.execute(query, rows)


def _schedule_ids_of(source: str) -> sa.Select[tuple[int]]:
    return sa.select(schedules.c.id).join_from(schedules, practitioners).where(practitioners.c.source == source)


# --- rows ------------------------------------------------------------------------------------------------------------


def _practitioner(row: Row[Any]) -> Practitioner:
    r = row._mapping  # noqa: SLF001  SQLAlchemy's documented access by column
    p = practitioners.c
    specialty = None
    if r[p.specialty_code] is not None or r[p.specialty_label] is not None:
        specialty = Specialty(r[p.specialty_code], r[p.specialty_label])
    kind = PractitionerIdKind(r[p.kind])
    return Practitioner(
        r[p.id],
        PractitionerDetails(kind, r[p.stored_id], r[p.family], r[p.given], r[p.prefix], specialty, bool(r[p.opposed])),
    )


def _place(row: Row[Any]) -> Place:
    r, p = row._mapping, places.c  # noqa: SLF001  as above
    structure = StructureIds(r[p.finess], r[p.siret], r[p.rpps_rang], r[p.adeli_rang])
    return Place(r[p.id], PlaceDetails(r[p.name], r[p.line], r[p.city], r[p.postal_code], r[p.phone], structure))


def _schedule(row: Row[Any]) -> Schedule:
    r = row._mapping  # noqa: SLF001  as above
    return Schedule(r[schedules.c.id], _practitioner(row), _place(row), r[schedules.c.booking_query])


def _slot(row: Row[Any]) -> Slot:
    r, s = row._mapping, slots.c  # noqa: SLF001  as above
    return Slot(
        r[s.id],
        r[s.schedule_id],
        SlotDetails(
            start=r[s.start],
            end=r[s.end],
            slot_types=tuple(SlotType(t) for t in r[s.slot_types].split()),
            consultation_types=tuple(ConsultationType(t) for t in r[s.consultation_types].split()),
            appointment_type=AppointmentType(r[s.appointment_type]),
            reasons=tuple(json.loads(r[s.reasons])),
            specialties=tuple(Specialty(code, label) for code, label in json.loads(r[s.specialties])),
            status=SlotStatus(r[s.status]),
            own_patients_only=bool(r[s.own_patients_only]),
            communities=tuple(map(int, r[s.communities].split())),
        ),
    )


def _slot_row(rendered: RenderedSlot) -> tuple[Any, ...]:
    slot, fragment, cpts_fragment = rendered
    d = slot.details
    return (
        slot.id,
        slot.schedule_id,
        d.start,
        d.end,
        " ".join(d.slot_types),
        " ".join(d.consultation_types),
        d.appointment_type.value,
        _reasons(d.reasons),
        _specialties(d.specialties),
        d.status.value,
        d.own_patients_only,
        fragment,
        " ".join(map(str, d.communities)),
        cpts_fragment,
    )


@lru_cache(maxsize=4096)
def _reasons(reasons: tuple[str, ...]) -> str:
    return json.dumps(reasons, ensure_ascii=False)


@lru_cache(maxsize=4096)
def _specialties(specialties: tuple[Specialty, ...]) -> str:
    return json.dumps([(s.code, s.label) for s in specialties], ensure_ascii=False)
