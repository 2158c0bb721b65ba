"""Edits and what a search sees of them, on both databases; the index of fragments in particular."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from agenda_editor.agendas.model import (
    AgendaDraft,
    AgendaError,
    AgendaUnavailableError,
    DuplicateError,
    InvalidSlotError,
    PlaceDraft,
    SlotNotInStateError,
    SlotStatus,
    SlotType,
    UnknownPlaceError,
    UnknownPractitionerError,
    UnknownScheduleError,
    UnknownSlotError,
)
from agenda_editor.agendas.repository import SearchRepository
from agenda_editor.agendas.service import AgendaService, Editing
from sas_kernel.clock import ManualClock
from sas_kit.database import Database
from tests.agenda_editor.conftest import (
    NOW,
    PLACE,
    PUBLIC_URL,
    Agenda,
    Starter,
    practitioner_details,
    resources,
    slot,
    starts,
)

RPPS = "810123400017"
OTHER = "810123400025"
FOREVER = (0, 2**52)


async def test_a_slot_is_taken_released_and_removed(agenda: Agenda) -> None:
    schedule = await agenda.open(RPPS, slot(1), slot(2))
    (first, _) = await agenda.service.slots(schedule.id, *FOREVER)

    async with agenda.service.editing() as edit:
        taken = await edit.mark_busy(first.id)
    assert taken.details.status is SlotStatus.BUSY
    assert (await agenda.search(RPPS))["total"] == 1

    async with agenda.service.editing() as edit:
        await edit.release(first.id)
    assert (await agenda.search(RPPS))["total"] == 2

    async with agenda.service.editing() as edit:
        await edit.remove(first.id)
    assert (await agenda.search(RPPS))["total"] == 1


async def test_of_two_who_take_the_same_slot_one_is_told(agenda: Agenda) -> None:
    schedule = await agenda.open(RPPS, slot(1))
    (only,) = await agenda.service.slots(schedule.id, *FOREVER)

    async def take() -> None:
        async with agenda.service.editing() as edit:
            await edit.mark_busy(only.id)

    results = await asyncio.gather(take(), take(), return_exceptions=True)
    assert [type(result) for result in results if result is not None] == [SlotNotInStateError]


async def test_a_private_slot_that_is_released_stays_private(agenda: Agenda) -> None:
    schedule = await agenda.open(RPPS, slot(1, own_patients_only=True), slot(2, types=[SlotType.CPTS]))
    for held in await agenda.service.slots(schedule.id, *FOREVER):
        async with agenda.service.editing() as edit:
            await edit.mark_busy(held.id)
        async with agenda.service.editing() as edit:
            await edit.release(held.id)
    assert (await agenda.search(RPPS))["total"] == 0


async def test_an_edit_that_fails_leaves_nothing(agenda: Agenda) -> None:
    schedule = await agenda.open(RPPS, slot(1))

    async def edit_badly() -> None:
        async with agenda.service.editing() as edit:
            await edit.add_slots(schedule.id, [slot(2)])
            await edit.add_slots(schedule.id, [slot(3, minutes=0)])

    with pytest.raises(InvalidSlotError):
        await edit_badly()
    assert len(await agenda.service.slots(schedule.id, *FOREVER)) == 1
    assert (await agenda.search(RPPS))["total"] == 1


async def test_what_is_not_there_is_named(agenda: Agenda) -> None:
    schedule = await agenda.open(RPPS)
    attempts: list[tuple[type[AgendaError], Callable[[Editing], Awaitable[object]]]] = [
        (UnknownSlotError, lambda e: e.mark_busy(99)),
        (UnknownSlotError, lambda e: e.remove(99)),
        (UnknownScheduleError, lambda e: e.add_slots(99, [slot(1)])),
        (UnknownPractitionerError, lambda e: e.oppose(99)),
        (UnknownPractitionerError, lambda e: e.add_schedule(99, schedule.place.id)),
        (UnknownPlaceError, lambda e: e.add_schedule(schedule.practitioner.id, 99)),
    ]

    async def attempt(edit_of: Callable[[Editing], Awaitable[object]]) -> None:
        async with agenda.service.editing() as edit:
            await edit_of(edit)

    for error, edit_of in attempts:
        with pytest.raises(error) as refused:
            await attempt(edit_of)
        assert "99" in refused.value.text.fr


async def test_an_identifier_belongs_to_one_practitioner_whether_prefixed_or_not(agenda: Agenda) -> None:
    await agenda.open("10123400017")
    with pytest.raises(DuplicateError):
        await agenda.open("810123400017")


async def test_a_practitioner_has_one_agenda_at_a_place(agenda: Agenda) -> None:
    schedule = await agenda.open(RPPS)
    with pytest.raises(DuplicateError):
        async with agenda.service.editing() as edit:
            await edit.add_schedule(schedule.practitioner.id, schedule.place.id)


async def test_two_practitioners_at_one_place_have_a_role_each_with_the_same_place(agenda: Agenda) -> None:
    schedule = await agenda.open(RPPS, slot(1))
    async with agenda.service.editing() as edit:
        colleague = await edit.add_practitioner(practitioner_details(OTHER))
        second = await edit.add_schedule(colleague.id, schedule.place.id)
        await edit.add_slots(second.id, [slot(1)])
    roles = resources(await agenda.search(RPPS, OTHER), "PractitionerRole")
    assert len({role["id"] for role in roles}) == 2
    assert len({role["contained"][0]["identifier"][0]["value"] for role in roles}) == 1


async def test_ids_are_never_given_twice(agenda: Agenda) -> None:
    schedule = await agenda.open(RPPS, slot(1))
    (first,) = await agenda.service.slots(schedule.id, *FOREVER)
    async with agenda.service.editing() as edit:
        await edit.remove(first.id)
        (again,) = await edit.add_slots(schedule.id, [slot(1)])
    assert again.id != first.id


# --- the index of rendered fragments ---------------------------------------------------------------------------------


@pytest.mark.parametrize("index_bytes", [0, 1_000_000])
async def test_the_answer_is_the_same_with_and_without_the_index(
    start: Starter, database_url: str, index_bytes: int
) -> None:
    agenda = await start(database_url, fragment_index_bytes=index_bytes)
    await agenda.open(RPPS, slot(1), slot(71), slot(73), slot(200))
    await agenda.open(OTHER, slot(2))
    for _ in range(3):
        assert (await agenda.search(RPPS, OTHER))["total"] == 3
        assert (await agenda.search(query=agenda.query(RPPS, hours=2)))["total"] == 1
        assert (await agenda.search(query=agenda.query(RPPS, hours=300)))["total"] == 4
    assert (len(agenda.service._index) > 0) is (index_bytes > 0)


async def test_a_write_by_another_worker_is_seen_by_the_next_search(start: Starter, database_url: str) -> None:
    one, two = await start(database_url), await start(database_url)
    schedule = await one.open(RPPS, slot(1))
    for worker in (one, two):
        assert (await worker.search(RPPS))["total"] == 1
    (held,) = await two.service.slots(schedule.id, *FOREVER)
    async with two.service.editing() as edit:
        await edit.mark_busy(held.id)
        await edit.add_slots(schedule.id, [slot(5), slot(6)])
    for worker in (one, two):
        assert starts(await worker.search(RPPS)) == ["2031-03-10T13:00:00.000+01:00", "2031-03-10T14:00:00.000+01:00"]
    async with one.service.editing() as edit:
        await edit.oppose(schedule.practitioner.id)
    assert (await two.search(RPPS))["total"] == 0


_ANOTHER_PROCESS = """
import asyncio, sys
from agenda_editor.agendas.service import AgendaService
from sas_kit.database import Database

async def main():
    database = Database(sys.argv[1])
    agendas = AgendaService(database, public_url="https://agenda.example.org", fragment_index_bytes=0)
    async with agendas.editing() as edit:
        await edit.mark_busy(int(sys.argv[2]))
    await database.close()

asyncio.run(main())
"""


async def test_a_write_by_another_process_is_seen_by_the_next_search(agenda: Agenda, database_url: str) -> None:
    schedule = await agenda.open(RPPS, slot(1), slot(2))
    assert (await agenda.search(RPPS))["total"] == 2
    held = (await agenda.service.slots(schedule.id, *FOREVER))[0]
    command = [sys.executable, "-c", _ANOTHER_PROCESS, database_url, str(held.id)]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (await agenda.search(RPPS))["total"] == 1


async def test_a_write_between_the_version_and_the_slots_is_seen_by_the_next_search(
    agenda: Agenda, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order that makes the index right: what is kept is never older than the version it is kept under."""
    schedule = await agenda.open(RPPS, slot(1))
    plain = SearchRepository.published

    async def published_after_a_write(repository: SearchRepository, *arguments: Any) -> object:
        monkeypatch.setattr(SearchRepository, "published", plain)
        # On SQLite the reader's snapshot hides this write, on PostgreSQL it shows: both must heal.
        async with agenda.service.editing() as edit:
            await edit.add_slots(schedule.id, [slot(2)])
        return await plain(repository, *arguments)

    monkeypatch.setattr(SearchRepository, "published", published_after_a_write)
    await agenda.search(RPPS)
    assert (await agenda.search(RPPS))["total"] == 2


async def test_the_index_is_bounded_and_what_it_dropped_is_read_again(start: Starter, database_url: str) -> None:
    agenda = await start(database_url, fragment_index_bytes=12_000)
    people = [f"8101234010{number:02d}" for number in range(8)]
    for number in people:
        await agenda.open(number, slot(1), slot(2))
    for _ in range(2):
        for number in people:
            assert (await agenda.search(number))["total"] == 2
    assert agenda.service._index.held_bytes <= 12_000
    assert 0 < len(agenda.service._index) < len(people)


async def test_a_practitioner_removed_and_added_again_is_not_taken_for_the_old_one(agenda: Agenda) -> None:
    for offered in ((slot(1), slot(2)), (slot(3),)):
        async with agenda.service.editing() as edit:
            await edit.repository.delete_source("test")
            place = PlaceDraft("p", PLACE, offered)
            await edit.add_agendas([AgendaDraft(practitioner_details(RPPS), (place,))], {}, source="test")
        for _ in range(2):
            assert (await agenda.search(RPPS))["total"] == len(offered)


async def test_an_indexed_agenda_follows_the_clock(agenda: Agenda) -> None:
    await agenda.open(RPPS, slot(1), slot(100), slot(200))
    for hours, total in ((0, 1), (2, 0), (20, 0), (28, 1), (51, 0), (50, 1)):
        agenda.clock.advance(timedelta(hours=hours))
        assert (await agenda.search(RPPS))["total"] == total
        agenda.clock.advance(timedelta(hours=0.001))


# --- rendered when written -------------------------------------------------------------------------------------------


async def test_a_change_of_the_public_url_renders_everything_again_once(start: Starter, database_url: str) -> None:
    before = await start(database_url)
    schedule = await before.open(RPPS, slot(1), slot(2, own_patients_only=True))
    async with before.service.editing() as edit:
        lonely = await edit.add_practitioner(practitioner_details(OTHER))
    await before.search(RPPS)

    after = await start(database_url, public_url="https://autre.example.org/")
    for worker in (before, after):
        bundle = await worker.search(RPPS)
        (only,) = resources(bundle, "Slot")
        assert only["comment"] == f"https://autre.example.org/agenda/ag-{schedule.id}?vue=semaine&creneau={only['id']}"
        (role,) = resources(bundle, "PractitionerRole")
        assert role["contained"][0]["identifier"][0]["system"] == "https://autre.example.org/ns/lieu"
    assert not await after.service.render_again(0)
    assert lonely.id != schedule.practitioner.id


async def test_a_server_that_nobody_runs_is_an_unavailable_agenda() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        database = Database(f"postgresql://nobody@127.0.0.1:{unused.getsockname()[1]}/nothing")
        service = AgendaService(database, public_url=PUBLIC_URL, fragment_index_bytes=0)
        with pytest.raises(AgendaUnavailableError):
            await service.published([RPPS], 0, 1)
        await database.close()


async def test_the_page_of_an_agenda_has_every_slot_of_the_window(agenda: Agenda) -> None:
    schedule = await agenda.open(
        RPPS,
        slot(1),
        slot(2, types=[SlotType.PRO, SlotType.SNP]),
        slot(3, own_patients_only=True),
        slot(4, status=SlotStatus.BUSY),
    )
    page = await agenda.service.page(schedule.id, *FOREVER)
    assert [s.details.start for s in page.slots] == [slot(hours).start for hours in (1, 2, 3, 4)]
    assert page.schedule.place.details == PLACE


async def test_the_clock_of_the_test_is_the_clock_of_the_service(start: Starter, sqlite_url: str) -> None:
    agenda = await start(sqlite_url, clock=ManualClock(NOW + timedelta(hours=2)))
    await agenda.open(RPPS, slot(1), slot(3))
    assert (await agenda.search(RPPS))["total"] == 1
