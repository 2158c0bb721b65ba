"""The acceptance kit's sequence on accounts (its tests 5.01 to 5.16), in its order and on one base."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from sas_kit.http import HttpAnswer
from tests.agenda_editor.regulators.conftest import (
    NATIONAL,
    TECHNICAL,
    Accounts,
    account_id,
    body,
    changed,
    issues,
    type_of,
    without,
)

N, N_MODIFIED = "3456780581/11242343", "3456780581/11242399"


def _incomplete(whole: dict[str, Any]) -> list[dict[str, Any]]:
    """The four bodies of 5.04, 5.13 and 5.14."""
    return [without(whole, element) for element in ("identifier", "name", "telecom", "active")]


async def sequence(accounts: Accounts, n: str, n_modified: str) -> dict[str, HttpAnswer]:
    """Play it; what the kit wants refused is checked here, the answers to all the rest are given back by test."""
    told: dict[str, HttpAnswer] = {}
    uuid1, uuid2, uuid3, uuid_put, uuid_incomplete = (str(uuid4()) for _ in range(5))
    whole = body(n) | {"id": "resource-id"}

    def technical(uuid: str) -> dict[str, Any]:
        return body(uuid, TECHNICAL, email=f"{uuid}mail@samu.example.org") | {"id": "resource-id"}

    told["5.01"] = await accounts.post(whole)
    told["5.02"] = await accounts.post(technical(uuid1))
    told["5.03"] = await accounts.post(technical(uuid2))
    assert 400 <= (await accounts.post(technical(uuid2) | {"id": account_id(told["5.03"])})).status < 500
    for partial in _incomplete(technical(str(uuid4()))):
        assert len(issues(await accounts.post(partial), 422)) == 1
    fresh = technical(str(uuid4()))
    for wrong in (
        without(fresh, "name", 0, "family"),
        without(fresh, "telecom", 0, "value"),
        changed(fresh, "phone", "telecom", 0, "system"),
        changed(body(n), type_of("INTRN"), "identifier", 0, "type"),
        changed(fresh, type_of("IDNPS"), "identifier", 0, "type"),
    ):
        assert len(issues(await accounts.post(wrong), 422)) == 1
    told["5.06"] = await accounts.put(n, whole | {"active": False})
    told["5.07"] = await accounts.put(n, whole)
    told["5.08"] = await accounts.put(n, body(n, email="nouvelle@samu.example.org"))
    told["5.09"] = await accounts.put(n, body(n_modified, email="nouvelle@samu.example.org"))
    converted = changed(technical(uuid1), n, "identifier", 0, "value")
    told["5.10"] = await accounts.put(uuid1, converted, NATIONAL)
    told["5.11"] = await accounts.put(n_modified, body(n_modified, family="AUTRENOM"))
    told["5.12"] = await accounts.put(n_modified, body(n_modified, given="Autre"))
    for partial in _incomplete(body(n_modified)):
        assert len(issues(await accounts.put(n_modified, partial), 422)) == 1
    for partial in _incomplete(body(uuid_incomplete, TECHNICAL)):
        assert len(issues(await accounts.put(uuid_incomplete, partial, TECHNICAL), 422)) == 1
    told["5.15"] = await accounts.put(uuid_put, technical(uuid_put), TECHNICAL)
    told["5.16 deactivation"] = await accounts.put(n, body(n, active=False))
    told["5.16 creation"] = await accounts.post(technical(uuid3))
    told["5.16 identifier"] = await accounts.put(uuid3, body(n), TECHNICAL)
    return told


CREATIONS = {"5.01", "5.02", "5.03", "5.15", "5.16 creation"}


def _check(told: dict[str, HttpAnswer], *, deactivated: int) -> None:
    """Everything is accepted; `deactivated`: the answer to the deactivation of an identifier that was renamed."""
    for test, answer in told.items():
        expected = 201 if test in CREATIONS else 200
        assert answer.status == (deactivated if test == "5.16 deactivation" else expected), test
        account_id(answer)
    renamed = ("5.01", "5.06", "5.07", "5.08", "5.09", "5.11", "5.12")
    assert len({account_id(told[test]) for test in renamed}) == 1
    assert account_id(told["5.02"]) == account_id(told["5.10"])
    assert account_id(told["5.16 creation"]) == account_id(told["5.16 identifier"])
    assert account_id(told["5.16 deactivation"]) not in {account_id(told["5.01"]), account_id(told["5.16 creation"])}


async def test_the_sequence_passes_and_passes_again_with_other_identifiers(accounts: Accounts) -> None:
    _check(await sequence(accounts, N, N_MODIFIED), deactivated=201)
    _check(await sequence(accounts, "3456780581/22", "3456780581/23"), deactivated=201)


async def test_the_sequence_passes_again_with_the_same_identifiers_once_they_are_freed(accounts: Accounts) -> None:
    _check(await sequence(accounts, N, N_MODIFIED), deactivated=201)
    for value, system in ((N, NATIONAL), (N_MODIFIED, NATIONAL), (N, TECHNICAL)):
        assert (await accounts.put(value, body(value, system, active=False), system)).status == 200
    # What the first run deactivated is still known: the second deactivation finds it.
    _check(await sequence(accounts, N, N_MODIFIED), deactivated=200)


async def test_the_sequence_leaves_three_identifiers_taken_so_a_second_run_is_told_so(accounts: Accounts) -> None:
    """It ends with active accounts under N (5.16), N' (5.09) and N as a technical id (5.10): to accept these three
    again would put two active accounts under one identifier, which 5.03 wants refused."""
    await sequence(accounts, N, N_MODIFIED)
    told = await sequence(accounts, N, N_MODIFIED)
    refused = {test: answer for test, answer in told.items() if answer.status >= 300}
    assert set(refused) == {"5.01", "5.09", "5.10"}
    for answer in refused.values():
        assert issues(answer, 422) == {("duplicate", "Practitioner.identifier[0].value")}
