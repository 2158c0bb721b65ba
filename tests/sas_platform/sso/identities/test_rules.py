"""Each test identity has its own fault and no other."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from sas_kernel import datasets
from sas_platform.regulators.model import IdentifierKind
from sas_platform.sso.identities import rules
from sas_platform.sso.identities.model import Expected, Fault

PEOPLE = datasets.load("demo").regulators
IDENTITIES = rules.identities_of(PEOPLE)
NOW = int(datetime(2031, 3, 10, 7, tzinfo=UTC).timestamp())
CLAIMS: dict[str, Any] = {
    "iss": "https://sas.example/realms/sas",
    "sub": "f:a:1",
    "aud": "editor",
    "azp": "editor",
    "nonce": "n",
    "iat": NOW,
    "exp": NOW + 120,
    "auth_time": NOW - 60,
    "SubjectNameID": "3990000058/REG0001",
    "preferred_username": "3990000058/REG0001",
    "otherIds": [{"a": 1}],
}


def test_good_identities_are_the_active_regulators_of_the_data_set() -> None:
    good = [one for one in IDENTITIES if one.fault is None]
    assert [one.name for one in good] == [f"regulator-{n}" for n in range(1, 1 + sum(p.active for p in PEOPLE))]
    assert [one.regulator.email for one in good] == [person.email for person in PEOPLE if person.active]
    assert {one.regulator.identifier.kind for one in good} == set(IdentifierKind)
    assert {one.expected for one in good} == {Expected.GRANTED}


def test_there_is_one_identity_a_fault_and_nobody_shares_anything() -> None:
    faulty = [one for one in IDENTITIES if one.fault is not None]
    assert [one.fault for one in faulty] == list(Fault)
    assert [one.name for one in faulty] == [fault.value for fault in Fault]
    assert {one.expected for one in faulty} == {Expected.REFUSED}
    assert all(one.regulator.identifier.value.startswith("3990000058/FAULT-") for one in faulty)
    assert {one.password for one in faulty} == {PEOPLE[0].password}
    names = [one.name for one in IDENTITIES]
    logins = [one.regulator.email.casefold() for one in IDENTITIES]
    identifiers = [one.regulator.identifier.value for one in IDENTITIES]
    assert all(len(set(values)) == len(IDENTITIES) for values in (names, logins, identifiers))
    assert len({one.text.fr for one in faulty}) == len({one.text.en for one in faulty}) == len(Fault)


def test_there_is_none_without_a_data_set() -> None:
    assert rules.identities_of(()) == ()
    assert rules.identities_of([replace(person, active=False) for person in PEOPLE]) == ()


def test_faulty_identities_sign_in_by_their_own_password_and_the_others_do_not() -> None:
    one = next(one for one in IDENTITIES if one.fault is Fault.EXPIRED)
    assert rules.with_password(IDENTITIES, f" {one.regulator.email.upper()}", one.password) is one
    assert rules.with_password(IDENTITIES, one.regulator.email, "another") is None
    assert rules.with_password(IDENTITIES, PEOPLE[0].email, PEOPLE[0].password) is None
    assert rules.with_id(IDENTITIES, one.regulator.id) is one
    assert rules.with_id(IDENTITIES, 1) is None


def test_a_good_identity_is_never_bent() -> None:
    assert rules.bent_id_token(CLAIMS, None) == rules.bent_userinfo(CLAIMS, None) == CLAIMS
    assert rules.bent_state("s", None) == "s"
    assert rules.bent_state(None, None) is None
    assert rules.bent_signature("a.b.c", None) == "a.b.c"


@pytest.mark.parametrize(
    ("fault", "claims"),
    [
        (Fault.WRONG_AUDIENCE, {"aud", "azp"}),
        (Fault.WRONG_ISSUER, {"iss"}),
        (Fault.EXPIRED, {"iat", "exp", "auth_time"}),
        (Fault.BAD_NONCE, {"nonce"}),
        (Fault.MISSING_SUBJECT_NAME_ID, {"SubjectNameID", "preferred_username", "otherIds"}),
        *((fault, set()) for fault in (Fault.BAD_SIGNATURE, Fault.ALG_NONE, Fault.WRONG_STATE)),
        *((fault, set()) for fault in (Fault.SUBJECT_MISMATCH, Fault.UNKNOWN_ACCOUNT, Fault.INACTIVE_ACCOUNT)),
    ],
)
def test_a_fault_changes_these_claims_of_the_id_token_only(fault: Fault, claims: set[str]) -> None:
    bent = rules.bent_id_token(CLAIMS, fault)
    assert {name for name in CLAIMS if bent.get(name) != CLAIMS[name]} == claims
    assert set(bent) <= set(CLAIMS)


def test_an_expired_token_is_out_of_any_tolerance() -> None:
    bent = rules.bent_id_token(CLAIMS, Fault.EXPIRED)
    assert bent["iat"] < bent["exp"] < NOW - 3000


def test_who_is_not_named_is_named_nowhere() -> None:
    for bent in (rules.bent_id_token, rules.bent_userinfo):
        assert "REG0001" not in str(bent(CLAIMS, Fault.MISSING_SUBJECT_NAME_ID))


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.MISSING_SUBJECT_NAME_ID])
def test_userinfo_is_bent_by_one_fault_only(fault: Fault) -> None:
    bent = rules.bent_userinfo(CLAIMS, fault)
    changed = {name for name in CLAIMS if bent[name] != CLAIMS[name]}
    assert changed == ({"sub"} if fault is Fault.SUBJECT_MISMATCH else set())


def test_a_bent_signature_is_another_one_of_the_same_length() -> None:
    for token in ("a.b.Abc", "a.b.xyz"):
        bent = rules.bent_signature(token, Fault.BAD_SIGNATURE)
        assert bent != token
        assert len(bent) == len(token)
        assert bent.rpartition(".")[0] == "a.b"
