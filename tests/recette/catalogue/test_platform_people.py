"""Who the platform knows: from the target file, from its list of test identities, or nobody."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from recette.catalogue.platform.people import Person, known
from recette.model import Exchange, Request, Response, SignOnTarget, Target, Timings
from sas_kernel.identifiers import PRACTITIONER_SYSTEM, REGULATOR_SYSTEM

NATIONAL = {"system": PRACTITIONER_SYSTEM, "value": "3990000058/REG0001"}
TECHNICAL = {"system": REGULATOR_SYSTEM, "value": "0d5a3c1e-6f0b-4a7e-8a52-2f6f3f1c9b10"}


class ListedStage:
    """A stage whose provider answers with one body."""

    def __init__(self, body: bytes, status: int = 200, **chosen: Any) -> None:
        self.target = Target("http://127.0.0.1:1/fhir", **chosen)
        self.asked: list[str] = []
        self._answer = Response(status, (), body)

    async def fetch(self, url: str, **_: Any) -> Exchange:
        self.asked.append(url)
        return Exchange("x1", datetime(2031, 3, 10, tzinfo=UTC), Request("GET", url, "/"), Timings(0, 0), self._answer)


def listed(*identities: dict[str, Any]) -> bytes:
    return json.dumps({"identities": identities}).encode()


def identity(identifier: dict[str, str], login: str, **more: Any) -> dict[str, Any]:
    return {"identifier": identifier, "login": login, "password": "x", "fault": None, "expected": "granted", **more}


SSO = SignOnTarget("http://127.0.0.1:1/realms/sas")


async def test_the_list_gives_one_of_each_kind_and_leaves_the_faulty_ones() -> None:
    body = listed(
        identity({**NATIONAL, "value": "bad"}, "a@x", fault="expired", expected="refused"),
        identity(TECHNICAL, "b@x"),
        identity(NATIONAL, "c@x"),
    )
    stage: Any = ListedStage(body, sso=SSO)
    found = await known(stage)
    assert stage.asked == ["http://127.0.0.1:1/realms/sas/test-identities"]
    assert found.national is not None
    assert found.technical is not None
    assert found.signing is not None
    assert (found.national.value, found.technical.code) == (NATIONAL["value"], "INTRN")
    assert found.signing.login == "c@x"


async def test_the_target_file_comes_first() -> None:
    test_data = {"regulator": "1234", "regulator_technical": f"{REGULATOR_SYSTEM}|u"}
    sso = SignOnTarget(SSO.issuer, login="me@x", password="mine")
    stage: Any = ListedStage(b"", sso=sso, test_data=test_data)
    found = await known(stage)
    assert not stage.asked
    assert found.national == Person(PRACTITIONER_SYSTEM, "1234")
    assert found.technical == Person(REGULATOR_SYSTEM, "u")
    assert found.signing is not None
    assert (found.signing.login, found.signing.password) == ("me@x", "mine")


async def test_without_a_provider_nobody_is_asked() -> None:
    stage: Any = ListedStage(b"")
    found = await known(stage)
    assert not stage.asked
    assert (found.national, found.technical, found.signing) == (None, None, None)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 404),
        (b"<html>", 200),
        (b"[]", 200),
        (b'{"identities": 3}', 200),
        (b'{"identities": [{"login": "a"}]}', 200),
        (b'{"identities": ["a"]}', 200),
        (b"[" * 100_000, 200),
    ],
)
async def test_a_list_of_another_form_knows_nobody(body: bytes, status: int) -> None:
    stage: Any = ListedStage(body, status, sso=SSO)
    found = await known(stage)
    assert (found.national, found.technical, found.signing) == (None, None, None)
