"""What is executed again and again is prepared once a connection, and one statement however many values it gets."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
import sqlalchemy as sa

from agenda_editor.agendas.repository import SearchRepository
from agenda_editor.appointments.model import Appointment, AppointmentStatus, PatientDetails
from agenda_editor.appointments.repository import AppointmentRepository
from agenda_editor.associations.repository import AssociationRepository
from sas_kit.database import Database
from tests.plans import executed

ROUNDS = (1, 7, 25, 25, 13)
PATIENT = PatientDetails("F", "G", date(1961, 7, 4), "0199", "")


def _appointment(number: int) -> Appointment:
    return Appointment(
        id=0,
        key=f"k{number}",
        regulator_id=1,
        schedule_id=1,
        slot_id=number,
        status=AppointmentStatus.BOOKED,
        association_national_id=None,
        start=number,
        end=number + 1,
        created_at=0,
        changed_at=0,
        practitioner_national_id="8",
        practitioner_name="P",
        place_name="L",
    )


@pytest.mark.postgresql
async def test_hot_statements_are_prepared_once_whatever_the_number_of_values(postgresql_url: str) -> None:
    database = Database(postgresql_url, pool_size=1)
    booked = 0
    with executed(database) as statements:
        for count in ROUNDS:
            ids = [f"8{number}" for number in range(count)]
            async with database.fetching() as reader:
                agendas = SearchRepository(reader)
                await agendas.versions(ids)
                await agendas.agendas(ids)
                await agendas.published(range(2 * count), 0, 1)
                await agendas.shared(range(2 * count), 0, 1)
            async with database.reading() as connection:
                sites = AssociationRepository(connection)
                await sites.rendered_sites(ids)
                await sites.published(range(2 * count), 0, 1)
            async with database.transaction() as connection:
                bookings = AppointmentRepository(connection)
                for _ in range(count):
                    booked += 1
                    added = await bookings.insert(_appointment(booked), PATIENT)
                    sequence = await bookings.next_sequence(added.id)
                    await bookings.enqueue(added, sequence, b"{}", 0)
                taken = await bookings.take(50, 0, 100 * booked)
                assert len(taken) == count  # as many as there are, each round another number
    async with database.reading() as connection:
        query = "SELECT statement, generic_plans + custom_plans FROM pg_prepared_statements"
        prepared = (await connection.execute(sa.text(query))).all()
    await database.close()

    times = Counter(text for text, _values in statements)
    assert len(times) == 12  # one a call above: none differs by how many values it got
    uses = Counter[str]()
    for text, number in prepared:
        if text in times:
            uses[text] += 1
            assert number == times[text], text
    assert uses == dict.fromkeys(times, 1)
