"""What a relying party must check, case by case."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenda_editor.regulators.model import Identifier, IdentifierKind
from agenda_editor.sso import rules
from agenda_editor.sso.model import Attempts, Fault, InvalidTokenError, ProviderUnavailableError
from tests.agenda_editor.sso.provider import CLIENT, ISSUER, KEY, NATIONAL, OTHER_KEY, TECHNICAL

NOW = 1_930_000_000
_GOOD = {
    "iss": ISSUER,
    "aud": CLIENT,
    "azp": CLIENT,
    "iat": NOW - 1,
    "exp": NOW + 119,
    "nonce": "the-nonce",
    "sub": "f:1:x",
    "acr": "eidas1",
}


def check(**changes: Any) -> None:
    claims = {name: value for name, value in (_GOOD | changes).items() if value is not None}
    rules.check_claims(
        claims, issuer=ISSUER, client_id=CLIENT, nonce="the-nonce", access_token="token", now=NOW * 1000 + 999
    )


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"iss": None}, Fault.ISSUER),
        ({"iss": ISSUER + "/"}, Fault.ISSUER),
        ({"iss": [ISSUER]}, Fault.ISSUER),
        ({"aud": None}, Fault.AUDIENCE),
        ({"aud": []}, Fault.AUDIENCE),
        ({"aud": CLIENT + "-2"}, Fault.AUDIENCE),
        ({"aud": [[CLIENT]]}, Fault.AUDIENCE),
        ({"aud": ["another", CLIENT], "azp": None}, Fault.AUDIENCE),
        ({"aud": ["another", CLIENT], "azp": "another"}, Fault.AUDIENCE),
        ({"azp": "another"}, Fault.AUDIENCE),
        ({"azp": [CLIENT]}, Fault.AUDIENCE),
        ({"exp": None}, Fault.TIMES),
        ({"exp": "soon"}, Fault.TIMES),
        ({"exp": float("nan")}, Fault.TIMES),
        ({"exp": float("inf")}, Fault.TIMES),
        ({"exp": True}, Fault.TIMES),
        ({"exp": NOW - 30}, Fault.EXPIRED),
        ({"iat": None}, Fault.TIMES),
        ({"iat": NOW + 31}, Fault.TIMES),
        ({"nbf": NOW + 31}, Fault.TIMES),
        ({"iat": NOW - 631}, Fault.EXPIRED),
        ({"nonce": None}, Fault.NONCE),
        ({"nonce": ["the-nonce"]}, Fault.NONCE),
        ({"nonce": "The-nonce"}, Fault.NONCE),
        ({"at_hash": "of-another-token"}, Fault.ACCESS_TOKEN),
        ({"at_hash": []}, Fault.ACCESS_TOKEN),
        ({"acr": "eidas0"}, Fault.LEVEL),
        ({"acr": {}}, Fault.LEVEL),
        ({"sub": None}, Fault.SUBJECT),
        ({"sub": ""}, Fault.SUBJECT),
        ({"sub": 3}, Fault.SUBJECT),
    ],
    ids=str,
)
def test_a_wrong_claim_is_refused_for_what_it_is(changes: dict[str, Any], fault: Fault) -> None:
    with pytest.raises(InvalidTokenError) as refused:
        check(**changes)
    assert refused.value.fault is fault


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"aud": [CLIENT]},
        {"aud": [CLIENT, "another"]},
        {"azp": None},
        {"acr": None},
        {"exp": NOW + 0.5},
        {"exp": NOW - 29},
        {"iat": NOW + 30},
        {"nbf": NOW},
        {"at_hash": "PEaenWxYddN6Q_NT1PiOYQ"},  # openssl dgst -sha256, of "token"
    ],
    ids=str,
)
def test_what_the_standard_allows_is_accepted(changes: dict[str, Any]) -> None:
    check(**changes)


@given(
    st.dictionaries(
        st.sampled_from([*_GOOD, "nbf", "at_hash"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner, max_size=2),
        ),
    )
)
def test_no_claim_of_any_kind_is_more_than_a_refusal(changes: dict[str, Any]) -> None:
    try:
        check(**changes)
    except InvalidTokenError:
        return
    # What passes is what a right token says: the secret of this very login above all.
    assert (_GOOD | changes)["nonce"] == "the-nonce"
    assert (_GOOD | changes)["iss"] == ISSUER


# --- signatures -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "e30.e30.", "bnVsbA.e30.x", "é.e30.x", "W10.e30.x"])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(InvalidTokenError):
        rules.key_id(token)


@pytest.mark.parametrize("alg", ["none", "None", "HS256", "RS384", "ES256", "PS256", "rs256", None, ["RS256"]])
def test_no_algorithm_but_rs256_is_read(alg: object) -> None:
    head = base64.urlsafe_b64encode(json.dumps({"alg": alg, "kid": "one"}).encode()).rstrip(b"=").decode()
    with pytest.raises(InvalidTokenError) as refused:
        rules.key_id(f"{head}.e30.x")
    assert refused.value.fault is Fault.ALGORITHM


def test_a_key_is_found_by_its_id_and_for_its_use() -> None:
    one, two = (key.as_dict(private=False) for key in (KEY, OTHER_KEY))
    encrypts = {**one, "kid": "three", "use": "enc"}
    keys = {"keys": [one, two, encrypts, {"kty": "EC", "kid": "four"}, "rubbish", None]}
    assert rules.key_of(keys, "two") == two
    for kid in ("three", "four", "five", None):
        assert rules.key_of(keys, kid) is None
    assert rules.key_of({"keys": [one, encrypts]}, None) == one
    nonsense: list[object] = [None, [], {}, {"keys": None}, {"keys": [[]]}]
    for rubbish in nonsense:
        assert rules.key_of(rubbish, "one") is None


def test_a_published_key_that_is_none_is_a_refusal() -> None:
    with pytest.raises(InvalidTokenError) as refused:
        rules.claims_of("e30.e30.x", {"kty": "RSA", "n": "", "e": "AQAB"})
    assert refused.value.fault is Fault.KEY


# --- who is meant -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claims", "user", "expected"),
    [
        ({"SubjectNameID": NATIONAL}, {"SubjectNameID": NATIONAL}, (IdentifierKind.NATIONAL, NATIONAL)),
        ({}, {"SubjectNameID": NATIONAL}, (IdentifierKind.NATIONAL, NATIONAL)),
        ({"SubjectNameID": NATIONAL}, {}, (IdentifierKind.NATIONAL, NATIONAL)),
        ({"SubjectNameID": NATIONAL}, {"SubjectNameID": ""}, (IdentifierKind.NATIONAL, NATIONAL)),
        ({"sas_technical_id": TECHNICAL}, {}, (IdentifierKind.TECHNICAL, TECHNICAL)),
        ({"SubjectNameID": NATIONAL, "sas_technical_id": TECHNICAL}, {}, (IdentifierKind.NATIONAL, NATIONAL)),
    ],
)
def test_the_national_identifier_comes_first(
    claims: dict[str, Any], user: dict[str, Any], expected: tuple[IdentifierKind, str]
) -> None:
    assert rules.identifier_of({"sub": "x"} | claims, {"sub": "x"} | user) == Identifier(*expected)


@pytest.mark.parametrize(
    ("claims", "user", "fault"),
    [
        ({}, {}, Fault.NO_IDENTIFIER),
        ({"SubjectNameID": ""}, {}, Fault.NO_IDENTIFIER),
        ({"preferred_username": NATIONAL, "email": "x@example.org"}, {}, Fault.NO_IDENTIFIER),
        ({"SubjectNameID": NATIONAL}, {"sub": "y"}, Fault.SUBJECT),
        ({"SubjectNameID": NATIONAL}, {"sub": None}, Fault.SUBJECT),
        ({"SubjectNameID": NATIONAL}, {"SubjectNameID": "3990000058/REG0002"}, Fault.SUBJECT),
        ({"SubjectNameID": [NATIONAL]}, {}, Fault.SUBJECT),
        ({"SubjectNameID": NATIONAL + "\x00"}, {}, Fault.SUBJECT),
    ],
)
def test_an_identity_that_is_not_clear_is_nobody_s(claims: dict[str, Any], user: dict[str, Any], fault: Fault) -> None:
    with pytest.raises(InvalidTokenError) as refused:
        rules.identifier_of({"sub": "x"} | claims, {"sub": "x"} | user)
    assert refused.value.fault is fault


# --- addresses, secrets, attempts -------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["/", "/agenda/ag-1?vue=semaine&creneau=cr-2&origin=sas", "/rendez-vous/x#y"])
def test_a_page_of_ours_is_a_destination(target: str) -> None:
    assert rules.local_target(target) == target


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "agenda",
        "//evil.example.org",
        "/\\evil.example.org",
        "/\t/evil.example.org",
        "https://evil.example.org",
        "/a\r\nset-cookie: x=y",
        "/é",
        "/" + "a" * 2000,
    ],
)
def test_nothing_else_is(target: str | None) -> None:
    assert rules.local_target(target) == "/"


def test_the_challenge_is_that_of_rfc_7636() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert rules.challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.mark.parametrize(
    "document", [None, [], {}, {"issuer": ISSUER}, {"issuer": "https://x", "jwks_uri": "https://x"}]
)
def test_a_discovery_document_must_be_whole(document: object) -> None:
    with pytest.raises(ProviderUnavailableError):
        rules.provider(document, ISSUER)


def test_attempts_are_counted_until_the_lock_and_anew_after_it() -> None:
    attempts: Attempts | None = None
    for n in range(1, 6):
        attempts = rules.counted(attempts, n)
        assert rules.minutes_locked(attempts, n) is None
    locked = rules.counted(attempts, 6)
    assert rules.minutes_locked(locked, 6) == 5
    assert rules.minutes_locked(rules.counted(locked, 5 + rules.LOCKED_FOR - 1), 5 + rules.LOCKED_FOR - 1) == 1
    assert rules.counted(locked, 5 + rules.LOCKED_FOR) == Attempts(1, 5 + rules.LOCKED_FOR)
