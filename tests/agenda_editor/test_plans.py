"""Every statement that a busy agenda repeats finds its rows by an index, whatever the planner thinks of its values.

The tables are of a size at which reading one from end to end costs more than any index; statistics are fresh, and the
planner is free. The statements are those that the repositories execute (`tests.plans`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from agenda_editor.agendas.repository import AgendaRepository, SearchRepository
from agenda_editor.app import MIGRATIONS
from agenda_editor.appointments.model import DeliveryState, Message, Outcome, Verdict
from agenda_editor.appointments.repository import AppointmentRepository
from agenda_editor.associations.repository import AssociationRepository
from agenda_editor.communities.repository import CommunityRepository
from agenda_editor.regulators.model import Identifier, IdentifierKind, RegulatorDetails
from agenda_editor.regulators.repository import RegulatorRepository
from agenda_editor.sso.model import Person, PersonKind
from agenda_editor.sso.repository import SignOnRepository
from sas_kit import direct
from sas_kit.database import Database
from tests.conftest import filled
from tests.plans import plans_of, problems

pytestmark = pytest.mark.postgresql

# 4 000 practitioners, 8 000 agendas, 64 000 slots; 10 000 appointments whose messages wait and 20 000 told long ago.
NOW = 1_000_000_000
BYTES = "decode(repeat('ab', 200), 'hex')"
ACCOUNT = msgspec.json.encode(RegulatorDetails(Identifier(IdentifierKind.NATIONAL, "v"), True, "F", "G", "e")).decode()
CONTENT = f"""
SET session_replication_role = replica;
INSERT INTO practitioners SELECT n, '8' || n, n, 'RPPS', 'F', 'G', NULL, NULL, NULL, false,
    CASE WHEN n > 3990 THEN 'demo' ELSE 'national' END, 1, {BYTES} FROM generate_series(1, 4000) n;
INSERT INTO places (id, name, line, city, postal_code, source)
    SELECT n, 'P', 'L', 'C', '99100', 'national' FROM generate_series(1, 8000) n;
INSERT INTO schedules SELECT n, (n + 1) / 2, n, '?', {BYTES}, {BYTES} FROM generate_series(1, 8000) n;
INSERT INTO slots SELECT n, (n + 7) / 8, {NOW} + n % 8 * 3600000, {NOW} + n % 8 * 3600000 + 1, 'PUBLIC', 'AMB',
    'ROUTINE', '[]', '[]', CASE WHEN n % 5 = 0 THEN 'busy' ELSE 'free' END, false,
    CASE WHEN n % 5 > 0 THEN {BYTES} END, '', CASE WHEN n % 10 = 1 THEN 'y'::bytea END
    FROM generate_series(1, 64000) n;
INSERT INTO communities SELECT n, 'C', n, NULL, 'national' FROM generate_series(1, 1000) n;
INSERT INTO associations SELECT n, '3' || n, 'A', NULL, CASE WHEN n > 1995 THEN 'demo' ELSE 'national' END, 's', {BYTES}
    FROM generate_series(1, 2000) n;
INSERT INTO sites SELECT n, (n + 1) / 2, 'S', 'L', 'C', '99100', NULL, {BYTES}, {BYTES}
    FROM generate_series(1, 4000) n;
INSERT INTO site_slots SELECT n, (n + 4) / 5, {NOW} + n % 5 * 3600000, {NOW} + n % 5 * 3600000 + 1, 'SOS', 'AMB',
    'ROUTINE', 'free', {BYTES} FROM generate_series(1, 20000) n;
INSERT INTO regulators SELECT n, 'IDNPS', 'v' || n, 'v' || n, n % 10 > 0, 'F', 'G', NULL, 'e' || n
    FROM generate_series(1, 5000) n;
INSERT INTO regulator_former_identifiers SELECT 'f' || n, 'IDNPS', 'f' || n, n FROM generate_series(1, 3000) n;
INSERT INTO regulator_changes SELECT n, (n + 1) / 2, n, 'create', NULL, '{ACCOUNT}'
    FROM generate_series(1, 10000) n;
INSERT INTO appointments (id, key, regulator_id, schedule_id, slot_id, practitioner_national_id, practitioner_name,
    place_name, start, "end", status, created_at, changed_at, messages)
    SELECT n, 'k' || n, n % 5000, n % 2000, CASE WHEN n % 2 = 0 THEN n END, '8' || n % 1000, 'P',
    'L', {NOW} + n * 1000, {NOW} + n * 1000 + 1, CASE WHEN n % 10 = 0 THEN 'cancelled' ELSE 'booked' END, n, n, 1
    FROM generate_series(1, 30000) n;
INSERT INTO patients SELECT n, 'F', 'G', NULL, '0199', '' FROM generate_series(1, 30000) n;
INSERT INTO appointment_changes SELECT n, (n + 1) / 2, n, 'book', NULL, 'booked' FROM generate_series(1, 60000) n;
INSERT INTO appointment_messages SELECT n, n, 1, 'booked', repeat('m', 900),
    CASE WHEN n > 20000 THEN 'pending' ELSE 'accepted' END, 0, n, {NOW} - 40000 + n, NULL, {NOW} - 40000 + n, '', false
    FROM generate_series(1, 30000) n;
INSERT INTO sessions SELECT 'c' || n, 'regulator', n, true, n, n, repeat('t', 600) FROM generate_series(1, 10000) n;
INSERT INTO pending_logins SELECT 's' || n, 'b', 'n', 'v', '/', NULL, n FROM generate_series(1, 10000) n;
INSERT INTO login_attempts SELECT 'l' || n, 1, n FROM generate_series(1, 10000) n;
INSERT INTO terms_acceptances SELECT n, 'regulator', n, '1', n FROM generate_series(1, 10000) n;
SET session_replication_role = DEFAULT;
ANALYZE;
"""
BIG = (
    "practitioners",
    "places",
    "schedules",
    "slots",
    "communities",
    "associations",
    "sites",
    "site_slots",
    "regulators",
    "regulator_former_identifiers",
    "regulator_changes",
    "appointments",
    "patients",
    "appointment_changes",
    "appointment_messages",
    "sessions",
    "pending_logins",
    "login_attempts",
    "terms_acceptances",
)

BY_ID = "pk_appointment_messages|ix_appointment_messages_state_id"
MESSAGE = Message(20_001, 20_001, "k20001", 1, 1, b"{}", NOW)
IDS = [f"8{number}" for number in range(100, 125)]
AGENDAS = list(range(200, 250))
PERSON = Person(PersonKind.REGULATOR, "77")


def _agendas(use: Callable[[AgendaRepository], Awaitable[object]]) -> Callable[[AsyncConnection], Awaitable[object]]:
    return lambda connection: use(AgendaRepository(connection))


def _searches(use: Callable[[SearchRepository], Awaitable[object]]) -> Callable[[AsyncConnection], Awaitable[object]]:
    async def action(connection: AsyncConnection) -> object:
        return await use(SearchRepository(await direct.over(connection)))

    return action


def _bookings(
    use: Callable[[AppointmentRepository], Awaitable[object]],
) -> Callable[[AsyncConnection], Awaitable[object]]:
    return lambda connection: use(AppointmentRepository(connection))


def _sites(use: Callable[[AssociationRepository], Awaitable[object]]) -> Callable[[AsyncConnection], Awaitable[object]]:
    return lambda connection: use(AssociationRepository(connection))


def _accounts(
    use: Callable[[RegulatorRepository], Awaitable[object]],
) -> Callable[[AsyncConnection], Awaitable[object]]:
    return lambda connection: use(RegulatorRepository(connection))


def _sign_on(use: Callable[[SignOnRepository], Awaitable[object]]) -> Callable[[AsyncConnection], Awaitable[object]]:
    return lambda connection: use(SignOnRepository(connection))


def _settled(state: DeliveryState, due: int | None) -> Outcome:
    return Outcome(MESSAGE, Verdict(state, "200"), due)


@dataclass(frozen=True, slots=True)
class Use:
    action: Callable[[AsyncConnection], Awaitable[object]]
    indexes: tuple[str, ...]


USES = {
    # --- searches ---
    "versions": Use(_searches(lambda r: r.versions(IDS)), ("uq_practitioners_national_id",)),
    "agendas": Use(
        _searches(lambda r: r.agendas(IDS)),
        ("uq_practitioners_national_id", "uq_schedules_practitioner_id_place_id"),
    ),
    "published": Use(_searches(lambda r: r.published(AGENDAS, NOW, NOW + 9_000_000)), ("ix_slots_published",)),
    "shared": Use(
        _searches(lambda r: r.shared(AGENDAS, NOW, NOW + 9_000_000)), ("ix_slots_published", "ix_slots_shared")
    ),
    "communities": Use(lambda c: CommunityRepository(c).by_ids([7, 8]), ("pk_communities",)),
    "sites": Use(
        _sites(lambda r: r.rendered_sites(["333", "334"])), ("uq_associations_national_id", "ix_sites_association_id")
    ),
    "site slots": Use(_sites(lambda r: r.published([5, 6], NOW, NOW + 9_000_000)), ("ix_site_slots_site_id_start",)),
    # --- pages and edits ---
    "agendas of one": Use(
        _agendas(lambda r: r.schedules_of(77)),
        ("uq_schedules_practitioner_id_place_id", "pk_practitioners", "pk_places"),
    ),
    "slots of an agenda": Use(
        _agendas(lambda r: r.slots_of([77], NOW, NOW + 9_000_000)), ("ix_slots_schedule_id_start",)
    ),
    "slot": Use(_agendas(lambda r: r.slot(77)), ("pk_slots",)),
    "directory": Use(_agendas(lambda r: r.schedules_after(77, 50)), ("pk_schedules",)),
    "version": Use(_agendas(lambda r: r.grow_versions([77])), ("pk_practitioners",)),
    "practitioner by identifier": Use(_agendas(lambda r: r.practitioner_id("877")), ("uq_practitioners_national_id",)),
    # --- a data set kept fresh ---
    "practitioners of a data set": Use(_agendas(lambda r: r.practitioners_of("demo")), ("ix_practitioners_source",)),
    "slots of past days": Use(
        _agendas(lambda r: r.delete_free_slots_before("demo", NOW + 1)),
        ("ix_practitioners_source", "uq_schedules_practitioner_id_place_id", "ix_slots_schedule_id_start"),
    ),
    "slots of sites of past days": Use(
        _sites(lambda r: r.delete_free_slots_before("demo", NOW + 1)),
        ("ix_associations_source", "ix_sites_association_id", "ix_site_slots_site_id_start"),
    ),
    # --- appointments ---
    "appointment by key": Use(_bookings(lambda r: r.get("k77")), ("uq_appointments_key",)),
    "patient": Use(_bookings(lambda r: r.patient("k77")), ("uq_appointments_key", "pk_patients")),
    "history": Use(
        _bookings(lambda r: r.history("k77")), ("uq_appointments_key", "ix_appointment_changes_appointment_id")
    ),
    "of a regulator": Use(_bookings(lambda r: r.of_regulator(77, 50)), ("ix_appointments_regulator_id_id",)),
    "of an agenda": Use(
        _bookings(lambda r: r.between(NOW, NOW + 9_000_000, 77)), ("ix_appointments_schedule_id_start",)
    ),
    "of a day": Use(_bookings(lambda r: r.between(NOW, NOW + 99_999)), ("ix_appointments_start",)),
    "number of a message": Use(_bookings(lambda r: r.next_sequence(77)), ("pk_appointments",)),
    # --- the outbox, with 10 000 pending ---
    "is due": Use(_bookings(lambda r: r.is_due(NOW)), ("ix_appointment_messages_due",)),
    "taken": Use(
        _bookings(lambda r: r.take(16, NOW, NOW + 9)),
        (
            "ix_appointment_messages_due",
            "ix_appointment_messages_unsettled",
            "pk_appointments",
            "pk_appointment_messages",
        ),
    ),
    "settled": Use(_bookings(lambda r: r.settle([_settled(DeliveryState.ACCEPTED, None)], NOW)), (BY_ID,)),
    "tried again": Use(
        _bookings(lambda r: r.settle([_settled(DeliveryState.PENDING, NOW + 9)], NOW)),
        (BY_ID, "ix_appointment_messages_unsettled"),
    ),
    "hastened": Use(_bookings(lambda r: r.hasten(NOW)), ("ix_appointment_messages_due",)),
    "forgotten": Use(_bookings(lambda r: r.forget_accepted(NOW - 39_000, 500)), ("ix_appointment_messages_accepted",)),
    "nothing to forget": Use(_bookings(lambda r: r.forget_accepted(5, 500)), ("ix_appointment_messages_accepted",)),
    "parked": Use(_bookings(lambda r: r.deliveries(DeliveryState.REFUSED, 100)), ("ix_appointment_messages_state_id",)),
    # --- accounts ---
    "account": Use(_accounts(lambda r: r.get(77)), ("pk_regulators", "ix_regulator_changes_regulator_id")),
    "accounts by identifier": Use(
        _accounts(lambda r: r.holders(["v77"])), ("ix_regulators_key", "pk_regulator_former_identifiers")
    ),
    "history of an account": Use(_accounts(lambda r: r.history(77)), ("ix_regulator_changes_regulator_id",)),
    # --- sign-on ---
    "session": Use(_sign_on(lambda r: r.session("c77")), ("pk_sessions",)),
    "session seen": Use(_sign_on(lambda r: r.seen("c77", NOW)), ("pk_sessions",)),
    "login": Use(_sign_on(lambda r: r.take_pending("s77", "b")), ("pk_pending_logins",)),
    "attempts": Use(_sign_on(lambda r: r.forgive("l77")), ("pk_login_attempts",)),
    "terms": Use(_sign_on(lambda r: r.acceptances(PERSON)), ("uq_terms_acceptances_kind_account_version",)),
    "what is over": Use(
        _sign_on(lambda r: r.forget(5, 5, 5)),
        ("ix_sessions_opened_at", "ix_pending_logins_expires_at", "ix_login_attempts_last_at"),
    ),
}


@pytest.fixture(scope="module")
def country(_templates: None) -> Iterator[str]:
    """The URL of a database as full as `CONTENT` says."""
    with filled("agenda_plans", MIGRATIONS, CONTENT) as url:
        yield url


@pytest.fixture
async def database(country: str) -> AsyncIterator[Database]:
    database = Database(country, pool_size=1)
    yield database
    await database.close()


# Dropped on purpose. The first has another index of the same columns beside it, nearly as good.
DROPPED = {
    "published": "ix_slots_published",
    "is due": "ix_appointment_messages_due",
    "of a regulator": "ix_appointments_regulator_id_id",
}


async def test_what_is_repeated_finds_its_rows_by_an_index_and_without_it_that_is_told(database: Database) -> None:
    """One test: filling the tables takes longer than all the rest, and every worker would do it again."""
    told = {name: problems(await plans_of(database, use.action), use.indexes, BIG) for name, use in USES.items()}
    assert not [problem for found in told.values() for problem in found]

    for name, index in DROPPED.items():
        without = problems(await plans_of(database, USES[name].action, dropped=index), USES[name].indexes, BIG)
        assert any(f"does not use {index}" in problem for problem in without)
    assert any("reads all of appointments" in problem for problem in without)
