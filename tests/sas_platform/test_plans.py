"""Every statement that a busy platform repeats finds its rows by an index; as `tests/agenda_editor/test_plans.py`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from sas_kit.database import Database
from sas_platform.app import MIGRATIONS
from sas_platform.appointments.model import Identifier as AppointmentIdentifier
from sas_platform.appointments.model import Status
from sas_platform.appointments.repository import AppointmentRepository
from sas_platform.regulators.model import Identifier, IdentifierKind, Provision
from sas_platform.regulators.repository import AccountRepository, ProvisionRepository
from sas_platform.sso.provider.repository import CodeRepository, TokenRepository
from sas_platform.sso.repository import FailureRepository, SessionRepository
from tests.conftest import filled
from tests.plans import Action, plans_of, problems

pytestmark = pytest.mark.postgresql

NOW = datetime(2031, 3, 10, tzinfo=UTC)
MS = int(NOW.timestamp() * 1000)
# 2 000 regulators told to ten editors, three of them to be told again; 20 000 appointments of two messages each.
CONTENT = f"""
SET session_replication_role = replica;
INSERT INTO regulator SELECT n, 'IDNPS', 'v' || n, 'v' || n, 'F', 'G', NULL, 'e' || n, 'e' || n, 'SAS-99', true,
    repeat('h', 200) FROM generate_series(1, 4000) n;
INSERT INTO regulator_former_identifier SELECT 'IDNPS', 'f' || n, n FROM generate_series(1, 4000) n;
INSERT INTO regulator_change SELECT n, (n + 1) / 2, n, 'created', NULL, repeat('j', 300)
    FROM generate_series(1, 8000) n;
INSERT INTO regulator_provision SELECT (n + 9) / 10, 'editor' || n % 10, 'IDNPS', 'v' || n, NULL, NULL, repeat('t', 64),
    n, true, NULL, CASE WHEN n % 9000 = 1 THEN {MS} - n END, 0, 0, 1, NULL,
    CASE WHEN n % 9000 = 2 THEN {MS} - n END FROM generate_series(1, 20000) n;
INSERT INTO regulator_attempt SELECT n, n % 2000 + 1, 'editor' || n % 10, n, 'create', 'POST', '/', repeat('p', 64),
    'accepted' FROM generate_series(1, 10000) n;
INSERT INTO reported_appointment SELECT n, 'https://editor.example.org/ns/' || n % 10, 'v' || n, n % 2000, 'booked', n,
    n, n, 'P', 'PS', n, n, 2 * n, NULL FROM generate_series(1, 20000) n;
INSERT INTO appointment_report SELECT n, (n + 1) / 2, n, 'PUT', 'booked', n, n, n, 'P', NULL, '', NULL, NULL, NULL, NULL
    FROM generate_series(1, 40000) n;
INSERT INTO sign_on_session SELECT 'i' || n, encode(sha256(n::text::bytea), 'hex'), n, repeat('c', 40), n, n
    FROM generate_series(1, 10000) n;
INSERT INTO sign_on_failure SELECT n, encode(sha256((n / 3)::text::bytea), 'hex'), '192.0.2.' || n % 250, n
    FROM generate_series(1, 10000) n;
INSERT INTO sign_on_code SELECT 'c' || n, 'i' || n, 'client', 'https://editor.example.org/', 'openid', NULL, 'eidas1',
    repeat('x', 43), n FROM generate_series(1, 10000) n;
INSERT INTO sign_on_token SELECT 't' || n, 'f' || n, 'i' || n, 'client', 'openid', NULL, 'eidas1', 'r' || n, n, n, n
    FROM generate_series(1, 10000) n;
SET session_replication_role = DEFAULT;
ANALYZE;
"""
BIG = (
    "regulator",
    "regulator_former_identifier",
    "regulator_change",
    "regulator_provision",
    "regulator_attempt",
    "reported_appointment",
    "appointment_report",
    "sign_on_session",
    "sign_on_failure",
    "sign_on_code",
    "sign_on_token",
)
SOON_OVER = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=5)
CARD = Identifier(IdentifierKind.NATIONAL, "v77")
FORMER = Identifier(IdentifierKind.NATIONAL, "f77")
PROVISION = Provision(77, "editor3")
APPOINTMENT = AppointmentIdentifier("https://editor.example.org/ns/7", "v77")
A, R, P = AppointmentRepository, AccountRepository, ProvisionRepository

USES: dict[str, tuple[Action, tuple[str, ...]]] = {
    # --- appointments that editors tell ---
    "appointment by identifier": (lambda c: A(c).known(APPOINTMENT), ("uq_reported_appointment_system_value",)),
    "its first message": (lambda c: A(c).first_content(77), ("ix_appointment_report_appointment_id_id",)),
    "newest": (lambda c: A(c).newest(), ("appointment_report_pkey",)),
    "of a regulator": (
        lambda c: A(c).of_regulator(77, None, 50),
        ("ix_reported_appointment_regulator_id_change",),
    ),
    "of a regulator and status": (
        lambda c: A(c).of_regulator(77, Status.BOOKED, 50),
        ("ix_reported_appointment_regulator_id_change",),
    ),
    "counts": (lambda c: A(c).counts(77), ("ix_reported_appointment_regulator_id_change",)),
    "messages": (lambda c: A(c).messages(range(70, 120)), ("ix_appointment_report_appointment_id_id",)),
    "changed since": (
        lambda c: A(c).changed_after(77, 39_000, 50),
        ("ix_reported_appointment_regulator_id_change",),
    ),
    # --- accounts ---
    "account": (lambda c: R(c).get(77), ("regulator_pkey",)),
    "account by address": (lambda c: R(c).with_email("e77"), ("uq_regulator_email_key",)),
    "account by identifier": (lambda c: R(c).holding(CARD), ("uq_regulator_kind_key",)),
    "account by former identifier": (lambda c: R(c).holding(FORMER), ("regulator_former_identifier_pkey",)),
    # --- telling editors ---
    "editors to tell": (
        lambda c: P(c).editors_due(NOW),
        ("ix_regulator_provision_due", "ix_regulator_provision_queued_due"),
    ),
    "first to tell": (
        lambda c: P(c).due("editor3", NOW),
        ("ix_regulator_provision_due|ix_regulator_provision_editor_id_due", "regulator_pkey"),
    ),
    "what was told of one": (lambda c: P(c).of_regulator(77), ("regulator_provision_pkey",)),
    "claimed": (lambda c: P(c).claim(PROVISION, "lease", NOW, CARD, CARD), ("regulator_provision_pkey",)),
    "held": (lambda c: P(c).held(PROVISION, "lease"), ("regulator_provision_pkey",)),
    "settled": (lambda c: P(c).settle(PROVISION), ("regulator_provision_pkey",)),
    "last attempts": (lambda c: P(c).attempts(50), ("regulator_attempt_pkey",)),
    # --- sign-on ---
    "session of a cookie": (lambda c: SessionRepository(c).with_cookie("77"), ("sign_on_session_cookie_hash_key",)),
    "session": (lambda c: SessionRepository(c).get("i77"), ("sign_on_session_pkey",)),
    "session seen": (lambda c: SessionRepository(c).seen("i77", NOW), ("sign_on_session_pkey",)),
    "sessions that are over": (lambda c: SessionRepository(c).forget(SOON_OVER), ("ix_sign_on_session_opened",)),
    "failures of a login": (
        lambda c: FailureRepository(c).of_login("77", SOON_OVER),
        ("ix_sign_on_failure_login_hash",),
    ),
    "failures of an address": (
        lambda c: FailureRepository(c).of_address("192.0.2.7", SOON_OVER),
        ("ix_sign_on_failure_address",),
    ),
    "failures that are over": (lambda c: FailureRepository(c).forget(SOON_OVER), ("ix_sign_on_failure_at",)),
    "code": (lambda c: CodeRepository(c).get("c77"), ("sign_on_code_pkey",)),
    "code used": (lambda c: CodeRepository(c).use("c77", NOW), ("sign_on_code_pkey",)),
    "codes that are over": (lambda c: CodeRepository(c).forget(SOON_OVER), ("ix_sign_on_code_expires",)),
    "token": (lambda c: TokenRepository(c).get("t77"), ("sign_on_token_pkey",)),
    "token refreshed": (lambda c: TokenRepository(c).with_refresh("r77"), ("sign_on_token_refresh_hash_key",)),
    "tokens revoked": (lambda c: TokenRepository(c).revoke("f77", NOW), ("ix_sign_on_token_family",)),
    "tokens that are over": (lambda c: TokenRepository(c).forget(SOON_OVER), ("ix_sign_on_token_refresh_expires",)),
}


@pytest.fixture(scope="module")
def country(_templates: None) -> Iterator[str]:
    """The URL of a database as full as `CONTENT` says."""
    with filled("platform_plans", MIGRATIONS, CONTENT) as url:
        yield url


@pytest.fixture
async def database(country: str) -> AsyncIterator[Database]:
    database = Database(country, pool_size=1)
    yield database
    await database.close()


# Dropped on purpose.
DROPPED = {
    "editors to tell": "ix_regulator_provision_queued_due",
    "sessions that are over": "ix_sign_on_session_opened",
    "of a regulator": "ix_reported_appointment_regulator_id_change",
}


async def test_what_is_repeated_finds_its_rows_by_an_index_and_without_it_that_is_told(database: Database) -> None:
    """One test: filling the tables takes longer than all the rest, and every worker would do it again."""
    told = {name: problems(await plans_of(database, action), indexes, BIG) for name, (action, indexes) in USES.items()}
    assert not [problem for found in told.values() for problem in found]

    for name, index in DROPPED.items():
        action, indexes = USES[name]
        without = problems(await plans_of(database, action, dropped=index), indexes, BIG)
        assert any(f"does not use {index}" in problem for problem in without)
        assert any("reads all of" in problem for problem in without)
