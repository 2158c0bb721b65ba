"""The demonstration territory in a database: put in, kept fresh, put in afresh; and the national one."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from agenda_editor.agendas.model import SlotStatus
from agenda_editor.provisioning.service import ProvisioningService
from sas_fhir.instants import milliseconds
from sas_kernel import datasets
from sas_kernel.clock import PARIS, ManualClock
from sas_kernel.datasets import Dataset
from tests.agenda_editor.conftest import NOW, Agenda, Starter, resources, slot, starts

FOREVER = (0, 2**52)
DEMO = datasets.load("demo")
SMALL = replace(DEMO, practitioners=DEMO.practitioners[:3])


def _id(key: str) -> str:
    value = DEMO.test_data[key]
    assert isinstance(value, str)
    return value


async def _refresh(agenda: Agenda, dataset: Dataset = SMALL, *, replace_all: bool = False) -> bool:
    provisioning = ProvisioningService(agenda.service)
    return await provisioning.refresh(dataset, agenda.clock.now(), replace_all=replace_all)


async def test_the_parts_of_the_scenarios_are_played(start: Starter, database_url: str) -> None:
    demo = await start(database_url, dataset="demo")
    one = await demo.search(_id("practitioner_one_place"))
    assert [len(resources(one, kind)) for kind in ("Practitioner", "PractitionerRole", "Schedule")] == [1, 1, 1]
    slots = resources(one, "Slot")
    assert {c["code"] for s in slots for c in s["meta"]["security"]} == {"PUBLIC", "PRO", "SNP"}
    assert {t["coding"][0]["code"] for s in slots for t in s["serviceType"] if "coding" in t} == {"AMB", "VR", "HH"}

    two = await demo.search(_id("practitioner_two_places"))
    assert [len(resources(two, kind)) for kind in ("Practitioner", "PractitionerRole", "Schedule")] == [1, 2, 2]

    together = await demo.search(*DEMO.test_data["practitioners_together"])
    assert len(resources(together, "Practitioner")) == 2
    for key in ("practitioner_without_slots", "practitioner_unknown", "practitioner_opposed"):
        assert (await demo.search(_id(key)))["total"] == 0


async def test_every_slot_that_may_leave_is_the_data_set_s_own_and_no_other(start: Starter, sqlite_url: str) -> None:
    demo = await start(sqlite_url, dataset="demo")
    for practitioner in DEMO.practitioners:
        expected = sorted(
            s.start.astimezone(PARIS).isoformat(timespec="milliseconds")
            for s in datasets.slots(replace(DEMO, practitioners=(practitioner,)), NOW)
            if NOW <= s.start <= NOW + timedelta(hours=72)
            and s.status == "free"
            and not s.own_patients_only
            and not practitioner.opposed
            and {"PUBLIC", "PRO", "SNP"}.intersection(s.slot_types)
        )
        assert starts(await demo.search(practitioner.national_id)) == expected


async def test_a_second_refresh_of_the_same_day_does_nothing(agenda: Agenda) -> None:
    assert await _refresh(agenda)
    before = await agenda.search(_id("practitioner_one_place"))
    assert not await _refresh(agenda)
    after = await agenda.search(_id("practitioner_one_place"))
    assert before["entry"] == after["entry"]


async def test_new_days_come_with_the_clock_and_bookings_stay(agenda: Agenda) -> None:
    await _refresh(agenda)
    (schedule,) = await agenda.service.schedules(_id("practitioner_one_place"))
    tomorrow = milliseconds(NOW + timedelta(hours=26))
    booked = (await agenda.service.slots(schedule.id, tomorrow, FOREVER[1]))[0]
    async with agenda.service.editing() as edit:
        await edit.mark_busy(booked.id)

    expected = (await agenda.search(_id("practitioner_one_place")))["total"] - 1
    for _ in range(3):
        agenda.clock.advance(timedelta(days=1))
        assert await _refresh(agenda)
        found = await agenda.search(_id("practitioner_one_place"))
        assert found["total"] >= expected
    held = {s.id: s for s in await agenda.service.slots(schedule.id, *FOREVER)}
    assert held[booked.id].details.status is SlotStatus.BUSY
    assert [s.id for s in held.values() if s.details.start == booked.details.start] == [booked.id]


async def test_a_long_stop_is_made_good_at_once(agenda: Agenda) -> None:
    await _refresh(agenda)
    usual = (await agenda.search(_id("practitioner_one_place")))["total"]
    agenda.clock.advance(timedelta(days=60, hours=-1))
    assert await _refresh(agenda)
    assert (await agenda.search(_id("practitioner_one_place")))["total"] >= usual - 2


async def test_old_free_slots_are_swept_away(agenda: Agenda) -> None:
    await _refresh(agenda)
    (schedule,) = await agenda.service.schedules(_id("practitioner_one_place"))
    agenda.clock.advance(timedelta(days=5))
    await _refresh(agenda)
    limit = milliseconds(agenda.clock.now() - timedelta(days=2))
    assert await agenda.service.slots(schedule.id, 0, limit - 1) == []


@pytest.mark.parametrize("others", [False, True])
async def test_replacing_leaves_what_is_not_the_data_set_s(agenda: Agenda, others: bool) -> None:
    if others:
        await agenda.open("810199999999", slot(1))
    await _refresh(agenda)
    assert await _refresh(agenda, replace_all=True)
    assert await agenda.service.count_practitioners(SMALL.name) == 3
    assert await agenda.service.count_practitioners() == 3 + others
    assert (await agenda.search("810199999999"))["total"] == others
    assert (await agenda.search(_id("practitioner_one_place")))["total"] > 0


async def test_a_data_set_that_changed_is_put_in_afresh(agenda: Agenda) -> None:
    await _refresh(agenda)
    assert await _refresh(agenda, replace(SMALL, practitioners=SMALL.practitioners[:2]))
    assert await agenda.service.count_practitioners() == 2


async def test_two_workers_that_start_together_load_it_once(start: Starter, database_url: str) -> None:
    one = await start(database_url, dataset="demo")
    two = await start(database_url, dataset="demo")
    assert await two.service.count_practitioners() == len(DEMO.practitioners)
    await one.search(_id("practitioner_one_place"))


@pytest.mark.parametrize("night", [datetime(2031, 3, 29, 23, 50), datetime(2031, 10, 25, 23, 50)])  # noqa: DTZ001
async def test_the_night_the_clock_changes_has_its_slots(start: Starter, sqlite_url: str, night: datetime) -> None:
    clock = ManualClock(night.replace(tzinfo=PARIS))
    demo = await start(sqlite_url, clock=clock, dataset="demo")
    bundle = await demo.search("810123400082")  # a slot every twenty minutes
    found = [milliseconds(datetime.fromisoformat(s)) for s in starts(bundle)]
    assert [b - a for a, b in itertools.pairwise(found)] == [20 * 60_000] * (len(found) - 1)
    assert {s[-6:] for s in starts(bundle)} == {"+01:00", "+02:00"}


async def test_the_national_territory_is_generated_and_replaced(agenda: Agenda) -> None:
    provisioning = ProvisioningService(agenda.service)
    steps: list[int] = []
    for _ in range(2):
        steps.clear()
        count = await provisioning.generate(130, 1, agenda.clock.now(), days=4, slots_per_day=7, advanced=steps.append)
        assert count == 130 * 2 * 4 * 7
        assert steps == [100, 30]
        assert await agenda.service.count_practitioners("national") == 130
    someone = next(datasets.national(130, 1)).national_id
    bundle = await agenda.search(someone)
    assert len(resources(bundle, "PractitionerRole")) == 2
    assert bundle["total"] > 30


async def test_sites_and_cpts_get_their_new_days_too(start: Starter, sqlite_url: str) -> None:
    demo = await start(sqlite_url, dataset="demo")
    demo.clock.advance(timedelta(days=3))
    assert await _refresh(demo, DEMO)
    now = milliseconds(demo.clock.now())
    for site in await demo.app.state.services.associations.directory():
        pages = await demo.app.state.services.associations.pages_of(site.id, now, now + 6 * 86_400_000)
        days = {s.details.start // 86_400_000 for page in pages for s in page.slots if page.site == site}
        assert len(days) >= 6
    query = demo.query(_id("practitioner_two_cpts"), hours=120) + "&_include=Slot:service-type-reference"
    bundle = await demo.search(query=query)
    assert len({s["start"][:10] for s in resources(bundle, "Slot")}) >= 5
    assert len(resources(bundle, "Organization")) == 2


async def test_a_generation_that_was_broken_off_is_told_and_begun_anew(agenda: Agenda) -> None:
    provisioning = ProvisioningService(agenda.service)

    def broken_off(_step: int) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await provisioning.generate(130, 1, agenda.clock.now(), days=1, slots_per_day=1, advanced=broken_off)
    assert await agenda.service.count_practitioners("national") == 100
    assert not await provisioning.national_is_whole()

    await provisioning.generate(130, 1, agenda.clock.now(), days=1, slots_per_day=1, advanced=lambda _step: None)
    assert await agenda.service.count_practitioners("national") == 130
    assert await provisioning.national_is_whole()
