"""Both real services, killed again and again while appointments go from one to the other: nothing lost or doubled."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from datetime import UTC, datetime
from itertools import groupby

import sqlalchemy as sa
from asgi_lifespan import LifespanManager

from agenda_editor.app import create_app
from agenda_editor.appointments.model import AppointmentError, DeliveryState, PatientDetails
from agenda_editor.appointments.service import AppointmentService
from agenda_editor.dependencies import State
from agenda_editor.regulators.model import Identifier, IdentifierKind, RegulatorDetails
from agenda_editor.settings import Settings
from recette.drivers import services as processes
from sas_fhir.instants import milliseconds
from sas_kernel import datasets
from sas_kit.database import Database

REGULATOR = next(r for r in datasets.load("demo").regulators if r.kind == "IDNPS" and r.active)
PATIENT = PatientDetails("Zwickelhuber", "Ottoline", None, "01 99 00 47 11", "Gonalgie gauche")
PRACTITIONER = str(datasets.load("demo").test_data["practitioner_one_place"])


async def kill_and_start_again(service: processes.Service, pause: float) -> None:
    await asyncio.sleep(pause)
    assert service.process is not None
    service.process.kill()
    service.process.wait()
    service.start()


async def settled(appointments: AppointmentService, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while await appointments.deliveries(DeliveryState.PENDING, 1):  # noqa: ASYNC110  other processes bring it about
            await asyncio.sleep(0.1)


async def reported(url: str) -> dict[str, tuple[str, list[str]]]:
    """What the platform has by the editor's key: the status, and those it was told of in the order it was."""
    database = Database(url)
    told: dict[str, list[str]] = {}
    async with database.reading() as connection:
        rows = await connection.execute(
            sa.text(
                "SELECT a.value, a.status, m.status FROM reported_appointment a "
                "JOIN appointment_report m ON m.appointment_id = a.id ORDER BY m.id"
            )
        )
        last = {}
        for value, status, each in rows:
            told.setdefault(value, []).append(each)
            last[value] = status
    await database.close()
    return {value: (last[value], [status for status, _ in groupby(statuses)]) for value, statuses in told.items()}


async def test_killing_either_side_at_any_moment_loses_nothing(database_url: str) -> None:
    dice = random.Random(20_311_103)
    with processes.Services() as services:
        agenda_port, platform_port = processes.free_port(), processes.free_port()
        home = f"http://127.0.0.1:{platform_port}"
        platform, _ = processes.platform(
            services,
            port=platform_port,
            database_url=database_url,
            dataset="demo",
            editors=[],
            settings=processes.PUBLIC_PASSWORDS,
        )
        agenda, _ = processes.agenda(
            services,
            port=agenda_port,
            database_url=database_url,
            dataset="demo",
            platform_url=f"{home}/fhir",
            settings=processes.PUBLIC_PASSWORDS,
        )
        platform.wait_until_ready()
        agenda.wait_until_ready()

        # The booking is done here, in the agenda's database; telling the platform is its process's work alone.
        writer = create_app(Settings(database_url=database_url, public_url=f"http://127.0.0.1:{agenda_port}"))
        async with LifespanManager(writer, startup_timeout=60):
            state: State = writer.state.services
            identifier = Identifier(IdentifierKind.NATIONAL, REGULATOR.value)
            known = RegulatorDetails(identifier, True, REGULATOR.family, REGULATOR.given, REGULATOR.email)
            now = milliseconds(datetime.now(UTC))
            account = await state.regulators.create(known, now)
            schedule = (await state.agendas.schedules(PRACTITIONER))[0]
            keys: list[str] = []
            for slot in await state.agendas.slots(schedule.id, now, now + 72 * 3_600_000):
                with suppress(AppointmentError):
                    keys.append((await state.appointments.book(slot.id, account.id, PATIENT, now)).key)
            assert len(keys) > 10

            for turn in range(6):
                for key in dice.sample(keys, 6):
                    change = dice.choice([state.appointments.honour, state.appointments.mark_absent])
                    with suppress(AppointmentError):
                        await change(key, milliseconds(datetime.now(UTC)))
                await kill_and_start_again((platform, agenda)[turn % 2], dice.uniform(0.05, 0.6))
            for key in keys[:4]:
                with suppress(AppointmentError):
                    await state.appointments.cancel(key, milliseconds(datetime.now(UTC)))
            platform.wait_until_ready()
            agenda.wait_until_ready()
            await settled(state.appointments, 60)

            assert await state.appointments.deliveries(DeliveryState.REFUSED) == []
            expected = {}
            for key in keys:
                history = [change.after.value for change in await state.appointments.history(key)]
                expected[key] = ((await state.appointments.get(key)).status.value, history)
        assert await reported(database_url) == expected
