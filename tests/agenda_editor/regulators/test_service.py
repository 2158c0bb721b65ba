"""Who an identifier means: the identity rules of INT_R02, one by one, through the application."""

from __future__ import annotations

import asyncio
import shutil
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agenda_editor.app import MIGRATIONS
from agenda_editor.regulators.model import (
    Change,
    DuplicateRegulatorError,
    Identifier,
    IdentifierKind,
    Operation,
    Regulator,
    RegulatorDetails,
    RegulatorError,
)
from agenda_editor.regulators.repository import RegulatorRepository
from agenda_editor.regulators.service import RegulatorService
from sas_fhir.instants import milliseconds
from sas_fhir.search import Token
from sas_kit.database import Database, migrate
from tests.agenda_editor.conftest import NOW
from tests.agenda_editor.regulators.conftest import (
    CARD,
    NATIONAL,
    TECHNICAL,
    UUID,
    Accounts,
    account_id,
    body,
    issues,
    stored,
)

OTHER = "3990000058/00999ZZ"
UUID_2 = "1c6a3c1e-6f0b-4a7e-8a52-2f6f3f1c9b11"
DUPLICATE = {("duplicate", "Practitioner.identifier[0].value")}


def identifier_of(resource: dict[str, Any]) -> str:
    (identifier,) = resource["identifier"]
    value: str = identifier["value"]
    return value


# --- one account an identifier ---------------------------------------------------------------------------------------


async def test_an_active_identifier_is_given_once(accounts: Accounts) -> None:
    await accounts.post(body())
    assert issues(await accounts.post(body()), 422) == DUPLICATE
    assert issues(await accounts.post(body(email="another@samu.example.org")), 422) == DUPLICATE
    assert issues(await accounts.post(body(active=False)), 422) == DUPLICATE
    await accounts.post(body(UUID, TECHNICAL))
    assert issues(await accounts.post(body(UUID.upper(), TECHNICAL)), 422) == DUPLICATE
    assert issues(await accounts.put(UUID, body(), TECHNICAL), 422) == DUPLICATE
    assert issues(await accounts.put("unknown", body()), 422) == DUPLICATE


async def test_the_same_value_under_the_other_system_is_another_identifier(accounts: Accounts) -> None:
    assert (await accounts.post(body())).status == 201
    assert (await accounts.post(body(CARD, TECHNICAL))).status == 201


async def test_the_same_e_mail_may_serve_several_accounts(accounts: Accounts) -> None:
    for value in (CARD, OTHER):
        assert (await accounts.post(body(value))).status == 201


async def test_an_account_created_deactivated_is_created_once(accounts: Accounts) -> None:
    assert (await accounts.post(body(active=False))).status == 201
    assert issues(await accounts.post(body(active=False)), 422) == DUPLICATE
    assert account_id(await accounts.put(CARD, body(active=False))) == "regul-1"


# --- deactivation ----------------------------------------------------------------------------------------------------


async def test_an_account_is_closed_and_opened_again(accounts: Accounts) -> None:
    first = account_id(await accounts.post(body()))
    for active in (False, True):
        answer = await accounts.put(CARD, body(active=active))
        assert answer.status == 200
        assert account_id(answer) == first
        assert stored(answer)["active"] is active


async def test_a_deactivated_account_frees_its_identifier(accounts: Accounts) -> None:
    first = account_id(await accounts.post(body()))
    await accounts.put(CARD, body(active=False))
    second = account_id(await accounts.post(body(given="Anaël")))
    assert second != first
    # The identifier now means the active account, and after its end the one that had it last.
    assert account_id(await accounts.put(CARD, body(given="Anaëlle"))) == second
    assert account_id(await accounts.put(CARD, body(active=False))) == second
    assert account_id(await accounts.put(CARD, body(active=True))) == second


async def test_an_unknown_account_that_is_deactivated_leaves_its_identifier_to_another(accounts: Accounts) -> None:
    """The last step of the kit's sequence."""
    assert (await accounts.put(CARD, body(active=False))).status == 201
    other = account_id(await accounts.post(body(UUID, TECHNICAL)))
    answer = await accounts.put(UUID, body(), TECHNICAL)
    assert answer.status == 200
    assert account_id(answer) == other


async def test_an_account_cannot_be_opened_again_while_another_has_its_identifier(accounts: Accounts) -> None:
    await accounts.post(body(UUID, TECHNICAL))
    await accounts.put(UUID, body(UUID, TECHNICAL, active=False), TECHNICAL)
    await accounts.post(body())
    assert issues(await accounts.put(UUID, body(active=True), TECHNICAL), 422) == DUPLICATE
    assert (await accounts.put(UUID, body(active=False), TECHNICAL)).status == 200


# --- from one identifier to another ----------------------------------------------------------------------------------


async def test_a_regulator_who_gets_a_card_keeps_his_account_and_its_history(accounts: Accounts) -> None:
    created = await accounts.post(body(UUID, TECHNICAL))
    accounts.agenda.clock.advance(timedelta(hours=1))
    answer = await accounts.put(UUID, body(), TECHNICAL)
    assert (answer.status, account_id(answer)) == (200, account_id(created))
    assert identifier_of(stored(answer)) == CARD

    def details(kind: IdentifierKind, value: str) -> RegulatorDetails:
        return RegulatorDetails(Identifier(kind, value), True, "BELLANGER", "Ysée", "ysee.bellanger@samu.example.org")

    technical, national = details(IdentifierKind.TECHNICAL, UUID), details(IdentifierKind.NATIONAL, CARD)
    at = milliseconds(NOW)
    assert await accounts.history(created) == [
        Change(at, Operation.CREATE, None, technical),
        Change(at + 3_600_000, Operation.REPLACE, technical, national),
    ]


async def test_a_card_may_be_given_back_for_a_technical_id(accounts: Accounts) -> None:
    first = account_id(await accounts.post(body()))
    assert account_id(await accounts.put(CARD, body(UUID, TECHNICAL))) == first
    assert account_id(await accounts.put(UUID, body(), TECHNICAL)) == first
    assert account_id(await accounts.put(CARD, body(UUID, TECHNICAL))) == first
    assert account_id(await accounts.put(UUID.upper(), body(UUID, TECHNICAL), TECHNICAL)) == first


async def test_what_comes_late_under_the_technical_id_makes_no_second_account(accounts: Accounts) -> None:
    first = account_id(await accounts.post(body(UUID, TECHNICAL)))
    await accounts.put(UUID, body(), TECHNICAL)
    # The conversion again, its answer being lost.
    again = await accounts.put(UUID, body(), TECHNICAL)
    assert (again.status, account_id(again)) == (200, first)
    # An update sent before the conversion: it does not bring the technical id back.
    late = await accounts.put(UUID, body(UUID, TECHNICAL, active=False), TECHNICAL)
    assert (late.status, account_id(late)) == (200, first)
    assert identifier_of(stored(late)) == CARD
    assert stored(late)["active"] is False
    await accounts.put(CARD, body())
    # The creation again.
    assert issues(await accounts.post(body(UUID, TECHNICAL)), 422) == DUPLICATE


async def test_a_former_card_is_free_for_another_account(accounts: Accounts) -> None:
    first = account_id(await accounts.post(body()))
    assert account_id(await accounts.put(CARD, body(OTHER))) == first
    # The change again, its answer being lost.
    again = await accounts.put(CARD, body(OTHER))
    assert (again.status, account_id(again)) == (200, first)
    # But the old card itself means nobody now.
    second = await accounts.put(CARD, body(given="Anaël"))
    assert second.status == 201
    assert account_id(second) != first
    assert issues(await accounts.put(CARD, body(OTHER)), 422) == DUPLICATE


async def test_a_uuid_means_its_account_whatever_the_system(accounts: Accounts) -> None:
    """The kit asks under the national system for a technical id, and sends a card's value as a technical one."""
    await accounts.post(body())
    first = account_id(await accounts.post(body(UUID, TECHNICAL)))
    answer = await accounts.put(UUID, body(CARD, TECHNICAL), NATIONAL)
    assert (answer.status, account_id(answer)) == (200, first)
    assert account_id(await accounts.put(CARD, body(CARD, TECHNICAL), TECHNICAL)) == first
    assert account_id(await accounts.put(UUID, body(CARD, TECHNICAL), "urn:oid:1.2.3")) == first


async def test_a_card_means_nobody_under_another_system(accounts: Accounts) -> None:
    await accounts.post(body())
    assert (await accounts.put(CARD, body(CARD, TECHNICAL), TECHNICAL)).status == 201


async def test_a_uuid_of_two_active_accounts_is_ambiguous_unless_the_system_tells(accounts: Accounts) -> None:
    technical = account_id(await accounts.post(body(UUID, TECHNICAL)))
    national = account_id(await accounts.post(body(UUID, NATIONAL)))
    answer = await accounts.put(UUID, body(), "urn:oid:1.2.3")
    assert issues(answer, 412) == {("multiple-matches", "Practitioner.identifier")}
    assert account_id(await accounts.put(UUID, body(UUID, TECHNICAL), TECHNICAL)) == technical
    assert account_id(await accounts.put(UUID, body(UUID, NATIONAL), NATIONAL)) == national


async def test_an_unknown_account_may_be_created_under_another_identifier_than_was_asked(accounts: Accounts) -> None:
    created = await accounts.put(UUID, body(), TECHNICAL)
    assert created.status == 201
    assert account_id(await accounts.put(CARD, body())) == account_id(created)
    # The same again, its answer being lost.
    again = await accounts.put(UUID, body(), TECHNICAL)
    assert (again.status, account_id(again)) == (200, account_id(created))


# --- twice, and at once ----------------------------------------------------------------------------------------------


async def test_said_twice_an_update_changes_nothing_the_second_time(accounts: Accounts) -> None:
    created = await accounts.put(CARD, body())
    before = await accounts.history(created)
    again = await accounts.put(CARD, body())
    assert (again.status, again.body) == (200, created.body)
    assert await accounts.history(created) == before


async def test_history_tells_old_and_new_and_only_grows(accounts: Accounts) -> None:
    created = await accounts.post(body())
    told = [await accounts.history(created)]
    for sent in (body(family="AUTRENOM"), body(email="autre@samu.example.org"), body(active=False), body(OTHER)):
        await accounts.put(CARD, sent)
        told.append(await accounts.history(created))
    for earlier, later in pairwise(told):
        assert later[:-1] == earlier
        assert later[-1].before == earlier[-1].after
    assert len(told[-1]) == 5


@pytest.mark.parametrize("active", [True, False])
async def test_identical_creations_at_once_make_one_account(accounts: Accounts, active: bool) -> None:
    answers = await asyncio.gather(*(accounts.put(CARD, body(active=active)) for _ in range(12)))
    assert sorted(answer.status for answer in answers) == [200] * 11 + [201]
    assert {account_id(answer) for answer in answers} == {"regul-1"}
    assert await accounts.service.history(2) == []


@pytest.mark.parametrize("active", [True, False])
async def test_of_identical_posts_at_once_one_is_accepted(accounts: Accounts, active: bool) -> None:
    answers = await asyncio.gather(*(accounts.post(body(active=active)) for _ in range(12)))
    refused = [answer for answer in answers if answer.status != 201]
    assert len(refused) == 11
    for answer in refused:
        assert issues(answer, 422) == DUPLICATE


async def test_two_accounts_that_want_one_identifier_at_once_do_not_share_it(accounts: Accounts) -> None:
    uuids = [f"{n:08x}-6f0b-4a7e-8a52-2f6f3f1c9b10" for n in range(8)]
    for uuid in uuids:
        await accounts.post(body(uuid, TECHNICAL))
    answers = await asyncio.gather(*(accounts.put(uuid, body(), TECHNICAL) for uuid in uuids))
    assert sorted(answer.status for answer in answers) == [200] + [422] * 7


async def test_conversion_and_late_creation_at_once_make_one_account(accounts: Accounts) -> None:
    await accounts.post(body(UUID, TECHNICAL))
    answers = await asyncio.gather(
        *(accounts.put(UUID, body(), TECHNICAL) for _ in range(4)),
        *(accounts.put(UUID, body(UUID, TECHNICAL), TECHNICAL) for _ in range(4)),
    )
    assert {account_id(answer) for answer in answers} == {"regul-1"}
    assert identifier_of(stored(await accounts.put(CARD, body()))) == CARD


async def test_the_database_itself_refuses_a_second_active_account(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another program, or a fault of ours, could do past the lock and the rules."""
    await accounts.post(body())

    async def nothing(*_: object) -> list[Any]:
        return []

    monkeypatch.setattr(RegulatorRepository, "lock", nothing)
    monkeypatch.setattr(RegulatorRepository, "holders", nothing)
    assert issues(await accounts.post(body()), 422) == DUPLICATE
    assert issues(await accounts.put(CARD, body()), 422) == DUPLICATE
    assert (await accounts.post(body(active=False))).status == 201


# --- whatever happens ------------------------------------------------------------------------------------------------

_IDENTIFIERS = st.sampled_from(
    [
        Identifier(IdentifierKind.TECHNICAL, UUID),
        Identifier(IdentifierKind.TECHNICAL, UUID_2),
        Identifier(IdentifierKind.NATIONAL, CARD),
        Identifier(IdentifierKind.NATIONAL, OTHER),
        Identifier(IdentifierKind.NATIONAL, UUID),
    ]
)
_ASKED = st.sampled_from(
    [
        Token(TECHNICAL, UUID),
        Token(TECHNICAL, UUID_2.upper()),
        Token(NATIONAL, CARD),
        Token(NATIONAL, OTHER),
        Token(NATIONAL, UUID),
        Token("urn:oid:1.2.3", UUID_2),
    ]
)
_STEPS = st.lists(st.tuples(st.none() | _ASKED, _IDENTIFIERS, st.booleans(), st.sampled_from("abc")), max_size=10)


@pytest.fixture(scope="module")
def empty_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("regulators") / "empty.sqlite"
    migrate(f"sqlite:///{path}", MIGRATIONS)
    return path


@given(steps=_STEPS)
@settings(max_examples=30, deadline=None)
def test_in_any_order_what_is_said_twice_counts_once(
    empty_base: Path, steps: list[tuple[Token | None, Identifier, bool, str]]
) -> None:
    """No two active accounts share an identifier; a request that was accepted changes nothing when it comes again."""
    path = empty_base.with_name("used.sqlite")
    shutil.copy(empty_base, path)
    asyncio.run(_play(f"sqlite:///{path}", steps))


async def _play(url: str, steps: list[tuple[Token | None, Identifier, bool, str]]) -> None:
    database = Database(url)
    service = RegulatorService(database)
    known: dict[int, Regulator] = {}
    try:
        for at, (asked, identifier, active, name) in enumerate(steps):
            sent = RegulatorDetails(identifier, active, name, name, f"{name}@samu.example.org")
            try:
                if asked is None:
                    regulator = await service.create(sent, at)
                    with pytest.raises(DuplicateRegulatorError):
                        await service.create(sent, at)
                else:
                    regulator, created = await service.put(asked, sent, at)
                    assert created == (regulator.id not in known)
                    assert await service.put(asked, sent, at) == (regulator, False)
            except RegulatorError:
                continue
            known[regulator.id] = regulator
            taken = [r.details.identifier for r in known.values() if r.details.active]
            assert len(set(taken)) == len(taken)
        for number, regulator in known.items():
            history = await service.history(number)
            assert history[0].operation is Operation.CREATE
            assert history[-1].after == regulator.details
            assert all(later.before == earlier.after for earlier, later in pairwise(history))
    finally:
        await database.close()
