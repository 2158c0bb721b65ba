"""Whatever one service does wrong on purpose, the other loses nothing, doubles nothing, and logs no traceback."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Final

import pytest
import pytest_asyncio
import sqlalchemy as sa

from agenda_editor.agendas.model import SlotStatus
from agenda_editor.appointments.model import DeliveryState, PatientDetails
from agenda_editor.appointments.rules import is_offered
from sas_fhir.instants import milliseconds
from sas_kernel import datasets
from sas_platform.regulators.model import Standing
from sas_platform.slot_search.model import EditorStatus, SearchQuery
from tests.agenda_editor.appointments.conftest import settled as nothing_pending
from tests.agenda_editor.appointments.conftest import until
from tests.journeys.faults.conftest import ANSWER, Pair
from tests.journeys.test_killed import reported
from tests.sas_platform.fake_editor import THEO

pytestmark = pytest.mark.asyncio(loop_scope="package")

DEMO: Final = datasets.load("demo")
REGULATOR: Final = next(r for r in DEMO.regulators if r.kind == "IDNPS" and r.active)
PATIENT: Final = PatientDetails("Zwickelhuber", "Ottoline", None, "01 99 00 47 11", "")
WITHIN: Final = 20.0
HORIZON: Final = 72 * 3_600_000

HTML = 'status = 200\ncontent_type = "text/html"\nbody = "<h1>Maintenance</h1>"'
ANSWERING: Final = {
    "late": "delay = 0.3",
    "503": "status = 503\nretry_after = 0",
    "500 though processed": "status = 500\nprocessed = true",
    "reset before": 'reset = "before"',
    "reset though processed": 'reset = "before"\nprocessed = true',
    "reset after the head": 'reset = "head"',
    "reset after the answer": 'reset = "after"',
    "truncated": "truncate = 0.5",
    "dripping": "drip = 40",
    "a proxy's page": HTML,
    "wrong type": 'content_type = "text/plain"',
    "wrong charset": 'charset = "utf-16"',
    "clock ahead": "clock = 120",
    "clock behind": "clock = -120",
}
SENDING: Final = {
    "late": "delay = 0.3",
    "reset before": 'reset = "before"',
    "reset half way": 'reset = "half"',
    "reset after": 'reset = "after"',
    "truncated": "truncate = 0.5",
    "dripping": "drip = 2000",
    "lost answer": "lost_answer = true",
    "duplicate": "duplicate = 0",
    "503 in the other's place": "status = 503\nretry_after = 0",
    "a proxy's page": HTML,
}
_cards = itertools.count(7001)


def every_second(direction: str, interface: str, what: str) -> str:
    """The fault, on every other message where it can choose."""
    place = "" if what.startswith("clock") else f'direction = "{direction}"\ninterface = "{interface}"\nevery = 2\n'
    return place + what


@pytest_asyncio.fixture(autouse=True, loop_scope="package")
async def calm(pair: Pair, caplog: pytest.LogCaptureFixture) -> AsyncIterator[None]:
    """Both behave before and after; and neither ever logs that it was surprised."""
    caplog.set_level(logging.INFO)
    pair.behave()
    yield
    pair.behave()
    assert [r.getMessage() for r in caplog.records if r.exc_info or r.levelno >= logging.ERROR] == []


def now() -> int:
    return milliseconds(datetime.now(UTC))


# --- appointments: from the agenda to the platform --------------------------------------------------------------------


async def account(pair: Pair) -> int:
    """The agenda's number of the regulator who books, once the platform has told it of him."""
    known = next(r for r in await pair.platform.regulators.all() if r.email == REGULATOR.email)
    await pair.platform.regulators.connected(known.id, datetime.now(UTC))

    async def is_there() -> bool:
        return await of_card(pair, REGULATOR.value) is not None

    await until(is_there, WITHIN)
    number = await of_card(pair, REGULATOR.value)
    assert number is not None
    return number


async def of_card(pair: Pair, value: str) -> int | None:
    accounts = await at_agenda(pair, value)
    return accounts[0][0] if accounts else None


async def at_agenda(pair: Pair, value: str) -> list[tuple[int, str, str, bool]]:
    """What the agenda keeps under an identifier: number, family name, e-mail, whether active."""
    async with pair.agenda.database.reading() as connection:
        query = sa.text("SELECT id, family, email, active FROM regulators WHERE value = :value").columns(
            active=sa.Boolean
        )
        return [(row[0], row[1], row[2], row[3]) for row in await connection.execute(query, {"value": value})]


async def live_through_some_appointments(pair: Pair) -> dict[str, tuple[str, list[str]]]:
    """Two appointments that change while messages of them are under way; what the platform should come to know."""
    appointments, regulator = pair.agenda.appointments, await account(pair)
    free = await free_slots(pair, 3)
    keys = [(await appointments.book(slot_id, regulator, PATIENT, now())).key for slot_id in free[:2]]
    await appointments.move(keys[0], free[2], now())
    await appointments.cancel(keys[0], now())
    await appointments.honour(keys[1], now())
    expected = {}
    for key in keys:
        history = [change.after.value for change in await appointments.history(key)]
        distinct = [status for status, _ in itertools.groupby(history)]
        expected[key] = ((await appointments.get(key)).status.value, distinct)
    return expected


async def free_slots(pair: Pair, most: int) -> list[int]:
    found = []
    for practitioner in DEMO.practitioners:
        for schedule in await pair.agenda.agendas.schedules(practitioner.national_id):
            slots = await pair.agenda.agendas.slots(schedule.id, now() + 3_600_000, now() + HORIZON - 3_600_000)
            found += [
                s.id for s in slots if s.details.status is SlotStatus.FREE and is_offered(s, schedule, now(), HORIZON)
            ]
            if len(found) >= most:
                return found
    raise AssertionError("no free slots left")


async def settled(pair: Pair) -> None:
    await nothing_pending(pair.agenda.appointments, WITHIN)


async def check_appointments(pair: Pair) -> None:
    expected = await live_through_some_appointments(pair)
    await settled(pair)
    assert (
        pair.played() > 0
        or pair.agenda_stage.script.skew(datetime.now(UTC))
        or pair.platform_stage.script.skew(datetime.now(UTC))
    )
    assert await pair.agenda.appointments.deliveries(DeliveryState.REFUSED) == []
    kept = await reported(pair.platform_database)
    assert {key: kept[key] for key in expected} == expected


@pytest.mark.parametrize("what", ANSWERING.values(), ids=ANSWERING.keys())
async def test_a_platform_that_misbehaves_comes_to_know_every_appointment(pair: Pair, what: str) -> None:
    await account(pair)
    pair.play(pair.platform_stage, every_second("answer", "appointments", what))
    await check_appointments(pair)


@pytest.mark.parametrize("what", SENDING.values(), ids=SENDING.keys())
async def test_an_agenda_that_sends_badly_tells_of_every_appointment(pair: Pair, what: str) -> None:
    await account(pair)
    pair.play(pair.agenda_stage, every_second("send", "appointments", what))
    await check_appointments(pair)


async def test_what_the_platform_refuses_for_its_type_waits_to_be_sent_again(pair: Pair) -> None:
    await account(pair)
    pair.play(pair.agenda_stage, every_second("send", "appointments", 'content_type = "text/plain"'))
    expected = await live_through_some_appointments(pair)
    await settled(pair)
    refused = await pair.agenda.appointments.deliveries(DeliveryState.REFUSED)
    assert refused
    pair.behave()
    for delivery in refused:
        await pair.agenda.appointments.send_again(delivery.id, now())
    await settled(pair)
    assert await pair.agenda.appointments.deliveries(DeliveryState.REFUSED) == []
    kept = await reported(pair.platform_database)
    assert {key: kept[key][0] for key in expected} == {key: status for key, (status, _) in expected.items()}


async def test_a_creation_that_comes_again_late_brings_nothing_back(pair: Pair) -> None:
    regulator = await account(pair)
    pair.play(pair.agenda_stage, 'direction = "send"\ninterface = "appointments"\nfirst = 1\nduplicate = 0.3')
    booked = await pair.agenda.appointments.book((await free_slots(pair, 1))[0], regulator, PATIENT, now())
    await settled(pair)
    await pair.agenda.appointments.cancel(booked.key, now())
    await settled(pair)
    await asyncio.sleep(0.5)
    kept = await reported(pair.platform_database)
    assert kept[booked.key][0] == "cancelled"


# --- accounts: from the platform to the agenda ------------------------------------------------------------------------


async def told(pair: Pair, regulator_id: int) -> None:
    async def is_told() -> bool:
        lines = [h for h in await pair.platform.provisioning.habilitations() if h.regulator.id == regulator_id]
        return next(h for h in lines if h.editor_name == "agenda").standing is Standing.UP_TO_DATE

    await until(is_told, WITHIN)


async def check_accounts(pair: Pair) -> None:
    """One is created, changed and disabled; the agenda ends up with one account that says the last of it."""
    regulators, card = pair.platform.regulators, f"3990000058/REG{next(_cards)}"
    email = f"{card[-7:].lower()}@samu.example.org"
    made = await regulators.create(
        family="BELLANGER",
        given="Ysée",
        prefix="MME",
        email=email,
        territory="SAS-99 Villefictive",
        national_id=card,
        password="Regulation-2031",
        now=datetime.now(UTC),
    )
    await regulators.connected(made.id, datetime.now(UTC))
    await told(pair, made.id)
    await regulators.change(made.id, datetime.now(UTC), family="ROUX")
    await regulators.connected(made.id, datetime.now(UTC))
    await told(pair, made.id)
    await regulators.set_active(made.id, False, datetime.now(UTC))
    await told(pair, made.id)
    ((_, *kept),) = await at_agenda(pair, card)
    assert kept == ["ROUX", email, False]


@pytest.mark.parametrize("what", ANSWERING.values(), ids=ANSWERING.keys())
async def test_an_agenda_that_misbehaves_ends_up_with_the_right_account(pair: Pair, what: str) -> None:
    pair.play(pair.agenda_stage, every_second("answer", "regulators", what))
    await check_accounts(pair)


@pytest.mark.parametrize("what", SENDING.values(), ids=SENDING.keys())
async def test_a_platform_that_sends_badly_converges_on_the_right_account(pair: Pair, what: str) -> None:
    pair.play(pair.platform_stage, every_second("send", "regulators", what))
    await check_accounts(pair)


# --- searches ---------------------------------------------------------------------------------------------------------


async def check_search(pair: Pair) -> str:
    """What became of the agenda's part; the other editor's slots are there in time, whatever it is."""
    somebody = str(DEMO.test_data["practitioner_two_places"])
    async with asyncio.timeout(ANSWER * 1.05 + 2):  # the margin is the machine's: what hangs, hangs for ever
        with pair.platform.slot_search.visit() as visit:
            found = await pair.platform.slot_search.search(SearchQuery((THEO, somebody)), datetime.now(UTC), visit)
    fared = {report.name: report for report in found.editors}
    assert (fared["other"].status, fared["other"].slots) == (EditorStatus.ANSWERED, 1)
    return fared["agenda"].status.value


SEARCHED: Final = {
    "delay = { uniform = [0.3, 0.4] }": "timed_out",
    "status = 503": "refused",
    'reset = "before"': "connection_lost",
    'reset = "head"': "connection_lost",
    'reset = "half"': "connection_lost",
    'reset = "after"': "answered",
    "truncate = 0.5": "connection_lost",
    "drip = 100": "timed_out",
    HTML: "invalid",
    'charset = "utf-16"': "invalid",
    "clock = 120": "answered",
}


@pytest.mark.parametrize(("what", "became"), SEARCHED.items(), ids=SEARCHED.keys())
async def test_an_agenda_that_misbehaves_costs_the_others_nothing(pair: Pair, what: str, became: str) -> None:
    place = "" if what.startswith("clock") else 'interface = "slot_search"\n'
    pair.play(pair.agenda_stage, place + what)
    assert await check_search(pair) == became
    pair.behave()
    assert await check_search(pair) == "answered"


@pytest.mark.parametrize("what", ['reset = "before"', "lost_answer = true", "delay = 0.3", "duplicate = 0"])
async def test_a_question_that_is_sent_badly_costs_the_others_nothing(pair: Pair, what: str) -> None:
    pair.play(pair.platform_stage, f'direction = "send"\npath = "/fhir/Slot"\n{what}')
    await check_search(pair)
    assert pair.played() > 0
