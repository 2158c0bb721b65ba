"""What one can do with agendas: read what may leave, and edit. Every edit renders and grows the versions it touches."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from agenda_editor.agendas import fhir, rules
from agenda_editor.agendas.model import (
    AgendaDraft,
    AgendaUnavailableError,
    DuplicateError,
    Place,
    PlaceDetails,
    Practitioner,
    PractitionerDetails,
    PublishedAgenda,
    Schedule,
    Slot,
    SlotDetails,
    SlotNotInStateError,
    SlotStatus,
    UnknownPlaceError,
    UnknownPractitionerError,
    UnknownScheduleError,
    UnknownSlotError,
)
from agenda_editor.agendas.repository import AgendaRepository, RenderedSlot, SearchRepository
from sas_kit.bounded_cache import BoundedCache
from sas_kit.database import Database, translating
from sas_kit.sharing import SharedReads

_HOUR: Final = 3_600_000
_LOOK_AHEAD: Final = 96 * _HOUR  # an indexed agenda serves searches of the usual 72 h for a day before it is read again
_BATCH: Final = 200
_VERSIONS_AT_ONCE: Final = 800  # the practitioners of 32 of the largest searches
_VERSIONS_SOON: Final = 0.05  # seconds; a read takes one or two milliseconds
_FOREVER: Final = 2**62


def _translated() -> AbstractContextManager[None]:
    """Errors of the database, named for what happened to the agenda."""
    return translating(unavailable=AgendaUnavailableError, conflict=DuplicateError)


@dataclass(frozen=True, slots=True)
class _Indexed:
    """An agenda kept in memory: right as long as the database has its version, for starts `first` to `last`."""

    agenda: PublishedAgenda
    first: int
    last: int


# A slot on its way into an agenda: start, fragment, owner, CPTS.
_Row = tuple[int, bytes, int, tuple[int, ...]]
_BY_START: Final = itemgetter(0, 2)  # in the agendas' order where two begin together; no bytes are compared


@dataclass(frozen=True, slots=True)
class AgendaPage:
    """An agenda with some of its slots, by start."""

    schedule: Schedule
    slots: list[Slot]


@dataclass(frozen=True, slots=True)
class IndexUse:
    """How many practitioners of a search the index had and had not, and what it holds afterwards."""

    hits: int
    misses: int
    held_bytes: int


class AgendaService:
    """`fragment_index_bytes`: memory for rendered agendas kept between searches; 0 reads the database every time.

    `index_used` is told of each search that asks the index.
    """

    def __init__(
        self,
        database: Database,
        *,
        public_url: str,
        fragment_index_bytes: int,
        index_used: Callable[[IndexUse], None] | None = None,
    ) -> None:
        self._index_used = index_used
        self._database = database
        self._public_url = public_url.rstrip("/")
        self._index: BoundedCache[tuple[str, bool], _Indexed] = BoundedCache(fragment_index_bytes)
        self._versions = SharedReads(self._read_versions, most=_VERSIONS_AT_ONCE, patience=_VERSIONS_SOON)

    # --- reading ---

    async def published(
        self, national_ids: Sequence[str], first: int, last: int, *, cpts: bool = False
    ) -> list[PublishedAgenda]:
        """What may leave of these practitioners' agendas, for slots that start from `first` to `last`.

        Unknown and opposed practitioners are not there; who has no slot may be. `cpts`: as INT_R04 shows it.
        Raises `AgendaUnavailableError`.
        """
        if self._index.max_bytes == 0:
            async with self._searching() as repository:
                return await self._read(repository, national_ids, first, last, cpts=cpts)
        found: list[PublishedAgenda] = []
        missing: list[str] = []
        versions = await self._versions.ask(national_ids)
        for national_id in dict.fromkeys(national_ids):
            current = versions.get(national_id)
            if current is None:
                continue
            kept = self._index.get((national_id, cpts))
            # The id too: a practitioner who was removed and added again counts his versions anew.
            if (
                kept is not None
                and (kept.agenda.practitioner_id, kept.agenda.version) == current
                and kept.first <= first
                and last <= kept.last
            ):
                found.append(rules.within(kept.agenda, first, last))
            else:
                missing.append(national_id)
        hits = len(found)
        if missing:
            async with self._searching() as repository:
                found += await self._read(repository, missing, first, last, cpts=cpts)
        if self._index_used is not None:
            self._index_used(IndexUse(hits, len(missing), self._index.held_bytes))
        return found

    async def _read_versions(self, national_ids: list[str]) -> dict[str, tuple[int, int]]:
        """`(id, version)` by national id."""
        async with self._searching() as repository:
            return {row[0]: (row[1], row[2]) for row in await repository.versions(national_ids)}

    async def _read(
        self, repository: SearchRepository, national_ids: Sequence[str], first: int, last: int, *, cpts: bool
    ) -> list[PublishedAgenda]:
        """From the database, and into the index when there is one and the window is a usual one."""
        keep = self._index.max_bytes > 0 and last <= first + _LOOK_AHEAD
        until = first + _LOOK_AHEAD if keep else last
        drafts: dict[str, tuple[int, int, bytes, list[tuple[bytes, bytes]], list[_Row]]] = {}
        # The version comes before the slots: what is kept may be newer than the version it is kept under, never older.
        owners: dict[int, tuple[list[_Row], int]] = {}
        for national_id, number, version, practitioner, schedule_id, *fragments in await repository.agendas(
            national_ids
        ):
            draft = drafts.setdefault(national_id, (number, version, practitioner, [], []))
            owners[schedule_id] = (draft[4], len(draft[3]))
            draft[3].append((fragments[0], fragments[1]))
        if cpts:
            for schedule_id, start, fragment, communities in await repository.shared(owners, first, until):
                slots, owner = owners[schedule_id]
                slots.append((start, fragment if communities else fhir.with_cpts_profile(fragment), owner, communities))
        else:
            for schedule_id, start, fragment in await repository.published(owners, first, until):
                slots, owner = owners[schedule_id]
                slots.append((start, fragment, owner, ()))
        agendas = []
        for national_id, (number, version, practitioner, schedules, slots) in drafts.items():
            slots.sort(key=_BY_START)
            starts, bodies, owned, shared = zip(*slots, strict=True) if slots else ((), (), (), ())
            agenda = PublishedAgenda(
                number,
                version,
                practitioner,
                tuple(schedules),
                list(starts),
                list(owned),
                list(bodies),
                list(shared) if cpts else [],
            )
            if keep:
                self._index.put((national_id, cpts), _Indexed(agenda, first, until), rules.weight(agenda))
            agendas.append(rules.within(agenda, first, last))
        return agendas

    async def page(self, schedule_id: int, first: int, last: int) -> AgendaPage:
        """An agenda with its slots that start from `first` to `last`, private ones included; `UnknownScheduleError`."""
        async with self._reading() as repository:
            schedule = await repository.schedule(schedule_id)
            if schedule is None:
                raise UnknownScheduleError(schedule_id)
            return AgendaPage(schedule, await repository.slots_of([schedule_id], first, last))

    async def opening(self, slot_id: int) -> tuple[Slot, Schedule]:
        """A slot with its agenda. Raises `UnknownSlotError`."""
        async with self._reading() as repository:
            slot = await repository.slot(slot_id)
            schedule = None if slot is None else await repository.schedule(slot.schedule_id)
            if slot is None or schedule is None:
                raise UnknownSlotError(slot_id)
            return slot, schedule

    async def pages_of(self, practitioner_id: int, first: int, last: int) -> list[AgendaPage]:
        """All agendas of a practitioner, each with its slots that start from `first` to `last`."""
        async with self._reading() as repository:
            pages = {
                schedule.id: AgendaPage(schedule, []) for schedule in await repository.schedules_of(practitioner_id)
            }
            for slot in await repository.slots_of(pages, first, last):
                pages[slot.schedule_id].slots.append(slot)
            return list(pages.values())

    async def directory(self, after: int, limit: int) -> list[Schedule]:
        """The next `limit` agendas, by number."""
        async with self._reading() as repository:
            return await repository.schedules_after(after, limit)

    async def slots(self, schedule_id: int, first: int, last: int) -> list[Slot]:
        """Every slot of an agenda, private ones included: for its owner, not for an answer."""
        async with self._reading() as repository:
            return await repository.slots_of([schedule_id], first, last)

    async def schedules(self, national_id: str) -> list[Schedule]:
        """A practitioner's agendas; none when nobody has this national id."""
        async with self._reading() as repository:
            practitioner_id = await repository.practitioner_id(national_id)
            return [] if practitioner_id is None else await repository.schedules_of(practitioner_id)

    async def count_practitioners(self, source: str | None = None) -> int:
        async with self._reading() as repository:
            return await repository.count_practitioners(source)

    async def tidy(self) -> None:
        """After millions of slots were added: searches are planned, and answered, by what is there now."""
        async with self._reading() as repository:
            await repository.tidy()

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AgendaRepository]:
        with _translated():
            async with self._database.reading() as connection:
                yield AgendaRepository(connection)

    @asynccontextmanager
    async def _searching(self) -> AsyncIterator[SearchRepository]:
        with _translated():
            async with self._database.fetching() as reader:
                yield SearchRepository(reader)

    # --- editing ---

    @asynccontextmanager
    async def editing(self) -> AsyncIterator[Editing]:
        """One transaction. At its end the versions of all touched practitioners grow, then everything is committed."""
        with _translated():
            async with self._database.transaction() as connection:
                edit = Editing(connection, self._public_url)
                yield edit
                await edit.close()

    async def render_again(self, now: int) -> bool:
        """Bring stored fragments in line with the mapping and the public URL of today; whether that took any work.

        Past slots are left: they never leave again.
        """
        stamp = fhir.rendering_stamp(self._public_url)
        async with self.editing() as edit:
            if await edit.repository.lock_rendering() == stamp:
                return False
            await edit.render_everything(now)
            await edit.repository.set_rendering(stamp)
            return True


class Editing:
    """The edits of one transaction. Get it from `AgendaService.editing`."""

    def __init__(self, connection: AsyncConnection, public_url: str) -> None:
        self.connection = connection
        self.repository = AgendaRepository(connection)
        self.public_url = public_url
        self._touched: set[int] = set()
        self._schedules: dict[int, Schedule] = {}

    async def close(self) -> None:
        await self.repository.grow_versions(self._touched)

    async def add_practitioner(self, details: PractitionerDetails, *, source: str | None = None) -> Practitioner:
        practitioner = Practitioner(await self.repository.take_ids("practitioner", 1), details)
        await self.repository.insert_practitioners([(practitioner, fhir.practitioner_fragment(practitioner))], source)
        return practitioner

    async def add_place(self, details: PlaceDetails, *, source: str | None = None) -> Place:
        place = Place(await self.repository.take_ids("place", 1), details)
        await self.repository.insert_places([place], source)
        return place

    async def add_schedule(self, practitioner_id: int, place_id: int, booking_query: str = "?vue=semaine") -> Schedule:
        """Open an agenda for a practitioner at a place; he has at most one there."""
        practitioner = await self.repository.practitioner(practitioner_id)
        if practitioner is None:
            raise UnknownPractitionerError(practitioner_id)
        place = await self.repository.place(place_id)
        if place is None:
            raise UnknownPlaceError(place_id)
        number = await self.repository.take_ids("schedule", 1)
        schedule = Schedule(number, practitioner, place, booking_query)
        await self.repository.insert_schedules([self._rendered(schedule)])
        self._schedules[schedule.id] = schedule
        self._touched.add(practitioner_id)
        return schedule

    async def add_slots(self, schedule_id: int, details: Sequence[SlotDetails]) -> list[Slot]:
        """Add any number of slots to an agenda, all at once."""
        schedule = await self._schedule(schedule_id)
        for item in details:
            rules.check(item)
        url = fhir.booking_url(self.public_url, schedule)
        first = await self.repository.take_ids("slot", len(details))
        added = [Slot(number, schedule_id, item) for number, item in enumerate(details, start=first)]
        await self.repository.insert_slots(_rendered_slot(slot, url) for slot in added)
        self._touched.add(schedule.practitioner.id)
        return added

    async def mark_busy(self, slot_id: int) -> Slot:
        """A free slot is taken. Raises `UnknownSlotError`, or `SlotNotInStateError` when somebody was faster."""
        return await self._change(slot_id, SlotStatus.FREE, SlotStatus.BUSY)

    async def release(self, slot_id: int) -> Slot:
        """A taken slot is free again."""
        return await self._change(slot_id, SlotStatus.BUSY, SlotStatus.FREE)

    async def _change(self, slot_id: int, expected: SlotStatus, status: SlotStatus) -> Slot:
        before, schedule = await self.slot(slot_id)
        slot = replace(before, details=replace(before.details, status=status))
        rendered = _rendered_slot(slot, fhir.booking_url(self.public_url, schedule))
        if not await self.repository.change_slot(rendered, expected):
            raise SlotNotInStateError(slot_id, expected)
        self._touched.add(schedule.practitioner.id)
        return slot

    async def remove(self, slot_id: int) -> None:
        _, schedule = await self.slot(slot_id)
        await self.repository.delete_slot(slot_id)
        self._touched.add(schedule.practitioner.id)

    async def oppose(self, practitioner_id: int) -> None:
        """The practitioner opposes transmission (agreement, art. 9.2): no answer names him any more."""
        await self._set_opposition(practitioner_id, opposed=True)

    async def withdraw_opposition(self, practitioner_id: int) -> None:
        await self._set_opposition(practitioner_id, opposed=False)

    async def _set_opposition(self, practitioner_id: int, *, opposed: bool) -> None:
        if await self.repository.practitioner(practitioner_id) is None:
            raise UnknownPractitionerError(practitioner_id)
        await self.repository.set_opposition(practitioner_id, opposed=opposed)
        self._touched.add(practitioner_id)

    async def add_agendas(self, drafts: Sequence[AgendaDraft], places: dict[str, Place], *, source: str | None) -> None:
        """Whole agendas at once, however many. `places` holds those added so far by key, and gets the new ones."""
        new_places = {item.place_key: item.place for d in drafts for item in d.places if item.place_key not in places}
        first = await self.repository.take_ids("place", len(new_places))
        for number, (key, place_details) in enumerate(new_places.items(), start=first):
            places[key] = Place(number, place_details)
        await self.repository.insert_places([places[key] for key in new_places], source)

        first = await self.repository.take_ids("practitioner", len(drafts))
        people = [Practitioner(number, draft.practitioner) for number, draft in enumerate(drafts, start=first)]
        await self.repository.insert_practitioners([(p, fhir.practitioner_fragment(p)) for p in people], source)

        pairs = [(person, item) for person, draft in zip(people, drafts, strict=True) for item in draft.places]
        first = await self.repository.take_ids("schedule", len(pairs))
        opened = [
            (Schedule(number, person, places[item.place_key], item.booking_query), item.slots)
            for number, (person, item) in enumerate(pairs, start=first)
        ]
        await self.repository.insert_schedules([self._rendered(schedule) for schedule, _ in opened])
        await self._insert_slots(opened)

    async def extend(self, added: Sequence[tuple[Schedule, Sequence[SlotDetails]]]) -> None:
        """Slots for several agendas at once."""
        await self._insert_slots(added)
        self._touched.update(schedule.practitioner.id for schedule, _ in added)

    async def _insert_slots(self, added: Sequence[tuple[Schedule, Sequence[SlotDetails]]]) -> None:
        first = await self.repository.take_ids("slot", sum(len(details) for _, details in added))
        for _, details in added:
            for item in details:
                rules.check(item)
        await self.repository.insert_slots(self._numbered(added, first))

    def _numbered(self, added: Sequence[tuple[Schedule, Sequence[SlotDetails]]], number: int) -> Iterator[RenderedSlot]:
        for schedule, details in added:
            url = fhir.booking_url(self.public_url, schedule)
            for item in details:
                yield _rendered_slot(Slot(number, schedule.id, item), url)
                number += 1

    def _rendered(self, schedule: Schedule) -> tuple[Schedule, bytes, bytes]:
        return schedule, fhir.schedule_fragment(schedule), fhir.role_fragment(schedule, self.public_url)

    async def render_everything(self, now: int) -> None:
        """Write every fragment again, in batches; the fragments of slots before `now` are left as they are.

        Slots come before practitioners, as in every edit: two transactions never wait for each other.
        """
        after = 0
        while batch := await self.repository.schedules_after(after, _BATCH):
            for schedule in batch:
                await self.repository.rewrite_schedule(*self._rendered(schedule))
            by_id = {schedule.id: schedule for schedule in batch}
            urls = {number: fhir.booking_url(self.public_url, schedule) for number, schedule in by_id.items()}
            await self.repository.rewrite_slots(
                [
                    _rendered_slot(slot, urls[slot.schedule_id])
                    for slot in await self.repository.slots_of(by_id, now, _FOREVER)
                ]
            )
            after = batch[-1].id
        after = 0
        while people := await self.repository.practitioners_after(after, _BATCH):
            for practitioner in people:
                await self.repository.rewrite_practitioner(practitioner.id, fhir.practitioner_fragment(practitioner))
            after = people[-1].id

    async def _schedule(self, schedule_id: int) -> Schedule:
        schedule = self._schedules.get(schedule_id) or await self.repository.schedule(schedule_id)
        if schedule is None:
            raise UnknownScheduleError(schedule_id)
        self._schedules[schedule_id] = schedule
        return schedule

    async def slot(self, slot_id: int) -> tuple[Slot, Schedule]:
        """A slot as it is now, with its agenda. Raises `UnknownSlotError`."""
        slot = await self.repository.slot(slot_id)
        if slot is None:
            raise UnknownSlotError(slot_id)
        return slot, await self._schedule(slot.schedule_id)


def _rendered_slot(slot: Slot, url: str) -> RenderedSlot:
    return slot, fhir.slot_fragment(slot, url), fhir.cpts_fragment(slot, url)
