"""The admin API: closed unless the right token opens it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import SecretStr

from tests.sas_platform.conftest import TOKEN, OpenPlatform, problem_of
from tests.sas_platform.fake_editor import THEO, answers, bundle, fake_editor

PATH = "/api/admin/editors"
BODY: dict[str, Any] = {
    "id": "agenda-alize",
    "name": "Agenda Alizé",
    "base_url": "http://127.0.0.1:1/fhir",
    "environment": "recette",
}
CHANGE = {key: value for key, value in BODY.items() if key != "id"}
CALLS = [("GET", PATH), ("POST", PATH), ("GET", f"{PATH}/a"), ("PUT", f"{PATH}/a"), ("DELETE", f"{PATH}/a")]


@pytest.mark.parametrize(("verb", "path"), CALLS)
@pytest.mark.parametrize("token", [None, "", "wrong", TOKEN + "x", TOKEN[:-1]])
async def test_without_the_token_everything_is_closed(
    verb: str, path: str, token: str | None, open_platform: OpenPlatform
) -> None:
    async with open_platform() as platform:
        answer = await platform.send(verb, path, BODY, token=token)
        assert answer.status == 401
        assert "bearer" in (answer.header("www-authenticate") or "").lower()
        problem_of(answer)
        listed = await platform.send("GET", PATH, token=TOKEN)
        assert json.loads(listed.body) == {"editors": []}


@pytest.mark.parametrize(("verb", "path"), CALLS)
@pytest.mark.parametrize("configured", [None, ""])
async def test_without_a_configured_token_nobody_is_let_in(
    verb: str, path: str, configured: str | None, open_platform: OpenPlatform
) -> None:
    admin_token = None if configured is None else SecretStr(configured)
    async with open_platform(admin_token=admin_token) as platform:
        for token in (None, "", "None"):
            answer = await platform.send(verb, path, BODY, token=token)
            assert answer.status == 503
            assert "SAS_PLATFORM_ADMIN_TOKEN" in problem_of(answer)["detail"]


async def test_an_editor_is_added_read_changed_and_removed(open_platform: OpenPlatform) -> None:
    async with open_platform() as platform:
        added = await platform.send("POST", PATH, BODY, token=TOKEN)
        assert (added.status, added.header("location")) == (201, f"{PATH}/agenda-alize")
        whole = {
            **BODY,
            "enabled": True,
            "flows": ["slot_search"],
            "tls": {"ca_file": None, "certificate_file": None, "key_file": None},
            "origin": "register",
            "searches": ["practitioners"],
            "associations": [],
        }
        assert json.loads(added.body) == whole
        assert json.loads((await platform.send("GET", f"{PATH}/agenda-alize", token=TOKEN)).body) == whole
        change = {**CHANGE, "enabled": False, "tls": {"ca_file": "/etc/sas/ca.pem"}}
        changed = await platform.send("PUT", f"{PATH}/agenda-alize", change, token=TOKEN)
        assert changed.status == 200
        assert json.loads(changed.body)["tls"]["ca_file"] == "/etc/sas/ca.pem"
        every = {**CHANGE, "searches": ["sos", "cpts"], "associations": ["99000000000029"]}
        assert (await platform.send("PUT", f"{PATH}/agenda-alize", every, token=TOKEN)).status == 200
        kept = json.loads((await platform.send("GET", f"{PATH}/agenda-alize", token=TOKEN)).body)
        assert (kept["searches"], kept["associations"]) == (["cpts", "sos"], ["399000000000029"])
        assert (await platform.send("DELETE", f"{PATH}/agenda-alize", token=TOKEN)).status == 204
        assert json.loads((await platform.send("GET", PATH, token=TOKEN)).body) == {"editors": []}


@pytest.mark.parametrize(
    ("verb", "path", "body", "status"),
    [
        ("POST", PATH, b"{", 400),
        ("POST", PATH, b"[]", 422),
        ("POST", PATH, json.dumps(CHANGE).encode(), 422),
        ("POST", PATH, json.dumps({**BODY, "colour": "red"}).encode(), 422),
        ("POST", PATH, json.dumps({**BODY, "searches": ["sos-medecins"]}).encode(), 422),
        ("POST", PATH, json.dumps({**BODY, "associations": ["99000000000029"]}).encode(), 422),
        ("POST", PATH, json.dumps({**BODY, "base_url": "agenda"}).encode(), 422),
        ("POST", PATH, json.dumps({**BODY, "name": "x" * 70_000}).encode(), 413),
        ("POST", PATH, json.dumps({**BODY, "id": "configured"}).encode(), 409),
        ("PUT", f"{PATH}/configured", json.dumps(CHANGE).encode(), 409),
        ("DELETE", f"{PATH}/configured", b"", 409),
        ("PUT", f"{PATH}/nobody", json.dumps(CHANGE).encode(), 404),
        ("PUT", f"{PATH}/No%20body", json.dumps(CHANGE).encode(), 422),
        ("GET", f"{PATH}/nobody", b"", 404),
        ("DELETE", f"{PATH}/nobody", b"", 404),
        ("PATCH", f"{PATH}/nobody", b"", 405),
    ],
)
async def test_what_cannot_be_done_is_a_problem(
    verb: str, path: str, body: bytes, status: int, open_platform: OpenPlatform
) -> None:
    async with open_platform(editors=("Configured=http://127.0.0.1:1/fhir",)) as platform:
        answer = await platform.send(verb, path, raw=body, token=TOKEN)
    assert answer.status == status
    problem_of(answer)


async def test_an_id_is_taken_once(open_platform: OpenPlatform) -> None:
    async with open_platform() as platform:
        assert (await platform.send("POST", PATH, BODY, token=TOKEN)).status == 201
        assert (await platform.send("POST", PATH, BODY, token=TOKEN)).status == 409


async def test_the_next_search_follows_the_register(open_platform: OpenPlatform) -> None:
    async with fake_editor(answers(bundle(entry=None))) as editor, open_platform() as platform:
        await platform.send("POST", PATH, {**BODY, "base_url": editor.base_url}, token=TOKEN)
        assert [e["id"] for e in (await platform.search(THEO))["editors"]] == ["agenda-alize"]
        off = {**CHANGE, "base_url": editor.base_url, "enabled": False}
        await platform.send("PUT", f"{PATH}/agenda-alize", off, token=TOKEN)
        assert (await platform.search(THEO))["editors"] == []
