"""INT_R02 from the outside: the request as it comes, the answer as it leaves."""

from __future__ import annotations

import json
import logging

import pytest
from starlette.testclient import TestClient

from agenda_editor.app import create_app
from agenda_editor.regulators.service import RegulatorService
from agenda_editor.settings import Settings
from sas_kernel.clock import ManualClock
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
    without,
)

JSON = ("content-type", "application/json")
PATH = "/fhir/Practitioner"


# --- what is offered -------------------------------------------------------------------------------------------------


async def test_an_account_is_created_with_an_id_of_ours(accounts: Accounts) -> None:
    answer = await accounts.post(body() | {"id": "chosen-by-you"})
    assert answer.status == 201
    resource = stored(answer)
    assert resource.pop("id") == "regul-1"
    assert resource == body()


async def test_an_update_replaces_the_account_and_tells_where_it_is(accounts: Accounts) -> None:
    first = account_id(await accounts.post(body()))
    answer = await accounts.put(CARD, body(family="AUTRENOM", email="autre@samu.example.org") | {"id": "wrong"})
    assert answer.status == 200
    assert stored(answer) == body(family="AUTRENOM", email="autre@samu.example.org") | {"id": first}


async def test_an_update_of_an_unknown_account_creates_it(accounts: Accounts) -> None:
    answer = await accounts.put(UUID, body(UUID, TECHNICAL), TECHNICAL)
    assert answer.status == 201
    assert account_id(await accounts.put(UUID, body(UUID, TECHNICAL), TECHNICAL)) == account_id(answer)


@pytest.mark.parametrize(
    "query",
    [
        f"identifier={NATIONAL}|{CARD}",
        f"identifier={NATIONAL}%7C{CARD.replace('/', '%2F')}",
        f"identifier=urn%3Aoid%3A1.2.250.1.71.4.2.1%7c{CARD}&_format=json",
        f"_format=application/fhir%2Bjson&identifier={NATIONAL}|%20{CARD}",
        f"identifier={NATIONAL}|{CARD}&_pretty=true&_format=application/json%20fhir",
    ],
)
@pytest.mark.parametrize("path", [PATH, PATH + "/"])
async def test_every_spelling_of_the_condition_finds_the_account(
    lone_accounts: Accounts, path: str, query: str
) -> None:
    first = account_id(await lone_accounts.post(body()))
    answer = await lone_accounts.send("PUT", f"{path}?{query}", body(given="Yseult"))
    assert answer.status == 200
    assert account_id(answer) == first


@pytest.mark.parametrize(
    "headers",
    [
        [JSON, ("accept", "application/json+fhir")],
        [("content-type", "application/fhir+json; charset=utf-8"), ("accept", "application/fhir+json")],
        [("content-type", "Application/JSON+FHIR;charset=UTF-8"), ("accept", "*/*")],
        [],
    ],
)
async def test_every_spelling_of_json_is_understood(lone_accounts: Accounts, headers: list[tuple[str, str]]) -> None:
    assert (await lone_accounts.send("POST", PATH, body(), headers)).status == 201
    target = f"{PATH}?identifier={NATIONAL}|{CARD}"
    assert (await lone_accounts.send("PUT", target, body(), headers)).status == 200


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_what_is_not_json_is_refused_before_anything_is_written(lone_accounts: Accounts, method: str) -> None:
    target = f"{PATH}?identifier={NATIONAL}|{CARD}"
    xml = [("content-type", "application/fhir+xml")]
    assert issues(await lone_accounts.send(method, target, body(), xml), 415) == {("not-supported", None)}
    latin = [("content-type", "application/json; charset=iso-8859-1")]
    issues(await lone_accounts.send(method, target, body(), latin), 415)
    wants = [JSON, ("accept", "application/fhir+xml")]
    assert issues(await lone_accounts.send(method, target, body(), wants), 406) == {("not-supported", None)}
    issues(await lone_accounts.send(method, target + "&_format=xml", body()), 406)
    assert issues(await lone_accounts.send(method, target, b"{"), 400) == {("structure", "Practitioner")}
    assert (await lone_accounts.put(CARD, body())).status == 201


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_a_body_has_a_limit(lone_accounts: Accounts, method: str) -> None:
    target = f"{PATH}?identifier={NATIONAL}|{CARD}"
    large = body() | {"text": "x" * 65_536}
    assert issues(await lone_accounts.send(method, target, large), 413) == {("too-long", None)}
    announced = [JSON, ("content-length", "65537")]
    assert issues(await lone_accounts.send(method, target, b"", announced), 413) == {("too-long", None)}
    assert (await lone_accounts.post(body() | {"text": "x" * 60_000})).status == 201


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "required"),
        ("_format=json", "required"),
        ("identifier=", "required"),
        (f"identifier={CARD}", "invalid"),
        (f"identifier=|{CARD}", "invalid"),
        (f"identifier={NATIONAL}|", "invalid"),
        (f"identifier={NATIONAL}|a|b", "invalid"),
        (f"identifier={NATIONAL}|a%00", "invalid"),
        (f"identifier={NATIONAL}|%ff", "invalid"),
        (f"identifier={NATIONAL}|a&identifier={NATIONAL}|b", "invalid"),
        (f"identifier={NATIONAL}|a,{NATIONAL}|b", "too-costly"),
        (f"identifier={NATIONAL}|a&email=x@y", "not-supported"),
        (f"identifier:not={NATIONAL}|a", "not-supported"),
    ],
)
async def test_a_condition_that_names_no_one_account_is_refused(lone_accounts: Accounts, query: str, code: str) -> None:
    assert issues(await lone_accounts.send("PUT", f"{PATH}?{query}", body()), 400) == {(code, None)}


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", PATH),
        ("GET", f"{PATH}?identifier={NATIONAL}|{CARD}"),
        ("DELETE", f"{PATH}?identifier={NATIONAL}|{CARD}"),
        ("PATCH", PATH),
        ("GET", PATH + "/regul-1"),
        ("PUT", PATH + "/regul-1"),
        ("DELETE", PATH + "/regul-1"),
        ("POST", PATH + "/_search"),
        ("GET", PATH + "/regul-1/_history/1"),
    ],
)
async def test_accounts_are_neither_read_nor_deleted(lone_accounts: Accounts, method: str, target: str) -> None:
    await lone_accounts.post(body())
    answer = await lone_accounts.send(method, target, body())
    assert issues(answer, 405) == {("not-supported", None)}
    assert answer.header("allow") == ("" if "/Practitioner/" in target else "POST, PUT")


async def test_every_refusal_of_a_body_is_the_same_for_post_and_put(accounts: Accounts) -> None:
    await accounts.post(body())
    before = await accounts.service.history(1)
    for path in (("identifier",), ("name",), ("telecom",), ("active",), ("name", 0, "family")):
        partial = without(body(), *path)
        element = "Practitioner." + ".".join(map(str, path)).replace(".0", "[0]")
        for answer in (
            await accounts.post(partial),
            await accounts.put(CARD, partial),
            await accounts.put(UUID, partial, TECHNICAL),
        ):
            assert issues(answer, 422) == {("required", element)}
    assert await accounts.service.history(1) == before
    assert await accounts.service.history(2) == []


async def test_what_a_text_may_hold_is_kept_and_what_no_database_keeps_is_refused(accounts: Accounts) -> None:
    name = "D’Aÿ-Ñuñez 王 🚑 " + "x" * 20_000
    assert stored(await accounts.post(body(family=name)))["name"][0]["family"] == name
    for escaped in (b"\\u0000", b"\\ud800", b"\\u001f"):
        raw = json.dumps(body("1", family="HERE")).encode().replace(b"HERE", b"a" + escaped)
        for answer in (await accounts.send("POST", PATH, raw), await accounts.put("1", raw)):
            assert {code for code, _ in issues(answer, answer.status)} <= {"value", "structure"}
            assert answer.status in {400, 422}


# --- trouble, and what is kept quiet ---------------------------------------------------------------------------------


async def test_a_database_that_is_down_is_a_passing_trouble(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = accounts.agenda.app.state.services.database
    await database.engine.dispose()

    def refused(*_: object, **__: object) -> None:
        raise ConnectionRefusedError("nobody listens")

    monkeypatch.setattr(database.engine.sync_engine.dialect, "connect", refused)
    for answer in (await accounts.post(body()), await accounts.put(CARD, body())):
        assert issues(answer, 503) == {("transient", None)}
        assert answer.header("retry-after")


async def test_nothing_of_a_regulator_is_logged(accounts: Accounts, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("sqlalchemy.engine").setLevel(logging.INFO)
    try:
        await accounts.post(body(UUID, TECHNICAL))
        await accounts.post(body(UUID, TECHNICAL))
        await accounts.put(UUID, body(), TECHNICAL)
        await accounts.put(CARD, body(active=False))
        await accounts.post(without(body(), "active"))
        await accounts.post(json.dumps(body()).encode() + b"}")
        await accounts.agenda.app.state.services.database.engine.dispose()
        broken = body(given="Ysée\x00")
        await accounts.post(broken)
    finally:
        logging.getLogger("sqlalchemy.engine").setLevel(logging.NOTSET)
    told = "\n".join(record.getMessage() + str(record.exc_text or "") for record in caplog.records)
    assert told
    for secret in (UUID, CARD, "BELLANGER", "Ysée", "ysee.bellanger"):
        assert secret.lower() not in told.lower()


def test_a_fault_of_ours_shows_and_logs_nothing_of_a_regulator(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr(RegulatorService, "put", broken)
    app = create_app(Settings(database_url=sqlite_url), clock=ManualClock(NOW))
    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.put(f"{PATH}?identifier={NATIONAL}|{CARD}", json=body())
    assert answer.status_code == 500
    assert answer.json()["issue"][0]["code"] == "exception"
    assert "secret" not in answer.text
    ours = [record.getMessage() for record in caplog.records if record.name.startswith(("agenda_editor", "sas_"))]
    assert ours
    assert not any(CARD in message or "BELLANGER" in message for message in ours)


async def test_the_two_operations_are_documented(lone_accounts: Accounts) -> None:
    document = json.loads((await lone_accounts.agenda.get("/openapi.json")).body)
    operations = document["paths"][PATH]
    assert {"201", "400", "406", "413", "415", "422", "503"} == set(operations["post"]["responses"])
    assert {"200", "201", "400", "406", "412", "413", "415", "422", "503"} == set(operations["put"]["responses"])
    assert {p["name"]: p["required"] for p in operations["put"]["parameters"]} == {
        "identifier": True,
        "_format": False,
    }
    assert operations["post"]["requestBody"]["required"]
