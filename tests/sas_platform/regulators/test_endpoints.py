"""The admin API, and the page for people."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest

from sas_kernel.datasets import load
from sas_kernel.errors import SasError
from sas_kit.http import HttpAnswer, HttpLimits, exchange
from sas_platform.app import create_app
from sas_platform.settings import Settings
from tests.sas_platform.conftest import TOKEN, OpenPlatform, Platform, problem_of
from tests.sas_platform.regulators.account_editor import account_editor

PATH = "/api/admin/regulators"
BODY = {
    "family": "BELLANGER",
    "given": "Ysée",
    "email": "ysee.bellanger@samu.example.org",
    "territory": "SAS-99 Villefictive",
    "national_id": "3990000058/REG0101",
    "password": "Regulation-2031",
}
CALLS = [
    ("GET", PATH),
    ("POST", PATH),
    ("GET", f"{PATH}/habilitations"),
    ("GET", f"{PATH}/1"),
    ("PATCH", f"{PATH}/1"),
    ("GET", f"{PATH}/1/history"),
    ("POST", f"{PATH}/1/deactivate"),
    ("POST", f"{PATH}/1/activate"),
    ("POST", f"{PATH}/1/resend"),
]


async def until(found: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(10):
        while not await found():  # noqa: ASYNC110  another process might have done it: there is no event
            await asyncio.sleep(0.01)


async def called(platform: Platform, method: str, path: str, body: object = None, status: int = 200) -> dict[str, Any]:
    answer = await platform.send(method, path, body, token=TOKEN)
    assert answer.status == status, answer.body
    content: dict[str, Any] = json.loads(answer.body or b"{}")
    return content


async def test_without_the_token_everything_is_closed(open_platform: OpenPlatform) -> None:
    async with open_platform() as platform:
        for verb, path in CALLS:
            for token in (None, "wrong"):
                assert problem_of(await platform.send(verb, path, BODY, token=token))["status"] == 401
    async with open_platform(admin_token=None) as platform:
        for verb, path in CALLS:
            assert problem_of(await platform.send(verb, path, BODY, token=TOKEN))["status"] == 503


async def test_an_account_is_made_changed_and_closed(open_platform: OpenPlatform) -> None:
    async with open_platform() as platform:
        answer = await platform.send("POST", PATH, BODY, token=TOKEN)
        assert answer.status == 201
        assert b"Regulation" not in answer.body
        made = json.loads(answer.body)
        assert answer.header("location") == f"{PATH}/{made['id']}"
        assert made["identifier"] == {
            "kind": "IDNPS",
            "system": "urn:oid:1.2.250.1.71.4.2.1",
            "value": "3990000058/REG0101",
        }
        here = f"{PATH}/{made['id']}"
        assert await called(platform, "GET", here) == made
        changed = await called(platform, "PATCH", here, {"email": "y@samu.example.org", "national_id": "3990000058/B"})
        assert (changed["email"], changed["identifier"]["value"]) == ("y@samu.example.org", "3990000058/B")
        assert changed["family"] == "BELLANGER"
        assert (await called(platform, "POST", f"{here}/deactivate"))["active"] is False
        assert (await called(platform, "POST", f"{here}/activate"))["active"] is True
        changes = (await called(platform, "GET", f"{here}/history"))["changes"]
        assert [each["kind"] for each in changes] == ["created", "changed", "deactivated", "activated"]
        assert changes[0]["before"] is None
        assert changes[1]["before"]["identifier"]["value"] == "3990000058/REG0101"
        assert len((await called(platform, "GET", PATH))["regulators"]) == 1
        without = await called(
            platform, "POST", PATH, {**BODY, "email": "z@samu.example.org", "national_id": None}, 201
        )
        assert without["identifier"]["kind"] == "INTRN"


REFUSED = [
    ("POST", PATH, b"{", 400),
    ("POST", PATH, b"[]", 422),
    ("POST", PATH, json.dumps({**BODY, "family": ""}).encode(), 422),
    ("POST", PATH, json.dumps({**BODY, "colour": "red"}).encode(), 422),
    ("POST", PATH, json.dumps({**BODY, "email": "other@samu.example.org"}).encode(), 409),
    ("POST", PATH, json.dumps({**BODY, "national_id": "3990000058/C"}).encode(), 409),
    ("PATCH", f"{PATH}/1", b'{"email": ""}', 422),
    ("PATCH", f"{PATH}/1", b'{"family": null}', 422),
    ("PATCH", f"{PATH}/99", b"{}", 404),
    ("GET", f"{PATH}/x", b"", 422),
    ("GET", f"{PATH}/99", b"", 404),
    ("POST", f"{PATH}/99/deactivate", b"", 404),
    ("POST", f"{PATH}/1/resend", b'{"editor": "nowhere"}', 404),
    ("POST", f"{PATH}/1/resend", b"{}", 422),
]


async def test_what_cannot_be_is_refused_and_changes_nothing(open_platform: OpenPlatform) -> None:
    async with open_platform() as platform:
        await called(platform, "POST", PATH, BODY, 201)
        before = await called(platform, "GET", PATH)
        for method, path, body, status in REFUSED:
            answer = await platform.send(method, path, raw=body, token=TOKEN)
            assert problem_of(answer)["status"] == status, (method, path, body)
            assert await called(platform, "GET", PATH) == before


async def test_what_is_asked_for_is_sent_in_the_background(open_platform: OpenPlatform) -> None:
    async with account_editor() as editor, open_platform(editors=(f"Agenda={editor.url}",)) as platform:
        number = (await called(platform, "POST", PATH, BODY, 201))["id"]
        (line,) = (await called(platform, "GET", f"{PATH}/habilitations"))["habilitations"]
        assert (line["editor"], line["standing"], line["last"]) == ("agenda", "connection", None)
        assert (await platform.send("POST", f"{PATH}/{number}/resend", {"editor": "agenda"}, token=TOKEN)).status == 202

        async def accepted() -> bool:
            (found,) = (await called(platform, "GET", f"{PATH}/habilitations"))["habilitations"]
            return bool(found["standing"] == "up_to_date")

        await until(accepted)
        (line,) = (await called(platform, "GET", f"{PATH}/habilitations"))["habilitations"]
        assert line["told_active"] is True
        assert (line["last"]["method"], line["last"]["status"]) == ("POST", 201)
        await called(platform, "POST", f"{PATH}/{number}/deactivate")

        async def disabled() -> bool:
            return editor.accounts[0]["active"] is False

        await until(disabled)


async def test_an_editor_that_hangs_keeps_nobody_waiting(open_platform: OpenPlatform) -> None:
    """Neither requests nor the end of the service wait for an answer."""
    async with account_editor(always="late") as editor:
        async with open_platform(editors=(f"Agenda={editor.url}",), answer_timeout=60) as platform:
            number = (await called(platform, "POST", PATH, BODY, 201))["id"]
            await platform.send("POST", f"{PATH}/{number}/resend", {"editor": "agenda"}, token=TOKEN)
            await editor.arrived.wait()
            await called(platform, "POST", f"{PATH}/{number}/deactivate")
            (line,) = (await called(platform, "GET", f"{PATH}/habilitations"))["habilitations"]
            assert line["last"]["outcome"] == "sent"
        assert len(editor.received) == 1


def test_an_unknown_mode_is_refused_before_anything_is_served() -> None:
    with pytest.raises(SasError, match="put_always"):
        create_app(Settings(dataset=None, regulator_quirks=("put_sometimes",)))


# --- the page --------------------------------------------------------------------------------------------------------

LIMITS = HttpLimits(5, 20, 1_000_000)


async def browsed(
    platform: Platform, method: str, path: str, password: str | None = TOKEN, form: dict[str, str] | None = None
) -> HttpAnswer:
    headers = [("Host", "platform.example.org")]
    if password is not None:
        headers.append(("Authorization", "Basic " + base64.b64encode(f"someone:{password}".encode()).decode()))
    if form is not None:
        headers.append(("Content-Type", "application/x-www-form-urlencoded"))
    body = urlencode(form or {}).encode()
    url = f"http://platform.example.org{path}"
    return await exchange(platform.client, method, url, limits=LIMITS, headers=headers, body=body)


async def test_the_page_asks_for_the_token_as_a_password(open_platform: OpenPlatform) -> None:
    paths = [("GET", "/habilitations"), ("POST", "/habilitations/renvoi")]
    async with open_platform() as platform:
        for method, path in paths:
            for password in (None, "", "wrong", TOKEN + "x"):
                answer = await browsed(platform, method, path, password, {} if method == "POST" else None)
                assert problem_of(answer)["status"] == 401
                assert (answer.header("www-authenticate") or "").startswith("Basic ")
            assert (await platform.send(method, path, token=TOKEN)).status == 401
            for damaged in ("Basic", "Basic !!", "Basic " + base64.b64encode(TOKEN.encode()).decode()):
                headers = [("Host", "platform.example.org"), ("Authorization", damaged)]
                url = f"http://platform.example.org{path}"
                assert (await exchange(platform.client, method, url, limits=LIMITS, headers=headers)).status == 401
    async with open_platform(admin_token=None) as platform:
        for method, path in paths:
            for password in (None, "", "None"):
                assert problem_of(await browsed(platform, method, path, password))["status"] == 503


def hidden(html: str) -> dict[str, str]:
    """The fields of the first form of the page."""
    form = html.partition("<form")[2].partition("</form>")[0]
    return {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form)}


async def test_a_person_sees_who_is_where_and_sends_again(open_platform: OpenPlatform) -> None:
    async with account_editor(400) as editor, open_platform(editors=(f"Agenda={editor.url}",)) as platform:
        await called(platform, "POST", PATH, {**BODY, "given": "<b>Ysée"}, 201)
        answer = await browsed(platform, "GET", "/habilitations")
        html = answer.body.decode()
        assert answer.header("cache-control") == "no-store"
        assert "default-src 'none'" in (answer.header("content-security-policy") or "")
        assert "À sa prochaine connexion" in html
        assert "&lt;b&gt;Ysée" in html
        assert "At his next sign-in" in (await browsed(platform, "GET", "/habilitations?lang=en")).body.decode()
        fields = hidden(html)
        sent = await browsed(platform, "POST", "/habilitations/renvoi", form=fields)
        assert (sent.status, sent.header("location")) == (303, "/habilitations?envoi&lang=fr")

        async def answered() -> bool:
            return "Refusé par l’éditeur" in (await browsed(platform, "GET", "/habilitations")).body.decode()

        await until(answered)
        html = (await browsed(platform, "GET", "/habilitations?envoi")).body.decode()
        assert "scripted 400" in html
        assert 'role="status"' in html
        assert (await browsed(platform, "POST", "/habilitations/renvoi", form=fields)).status == 303

        async def accepted() -> bool:
            return ">Habilité<" in (await browsed(platform, "GET", "/habilitations")).body.decode()

        await until(accepted)


async def test_a_form_of_another_page_sends_nothing(open_platform: OpenPlatform) -> None:
    async with account_editor() as editor, open_platform(editors=(f"Agenda={editor.url}",)) as platform:
        await called(platform, "POST", PATH, BODY, 201)
        fields = hidden((await browsed(platform, "GET", "/habilitations")).body.decode())
        for wrong in ("", "x", fields["csrf"][:-1]):
            answer = await browsed(platform, "POST", "/habilitations/renvoi", form={**fields, "csrf": wrong})
            assert problem_of(answer)["status"] == 403
        for name, wrong, status in (("regulator", "x", 400), ("regulator", "99", 404), ("editor", "nowhere", 404)):
            answer = await browsed(platform, "POST", "/habilitations/renvoi", form={**fields, name: wrong})
            assert problem_of(answer)["status"] == status
        platform.clock.advance(timedelta(days=1))
        assert (await browsed(platform, "POST", "/habilitations/renvoi", form={**fields, "editor": "x"})).status == 404
        platform.clock.advance(timedelta(days=1))
        assert (await browsed(platform, "POST", "/habilitations/renvoi", form=fields)).status == 403
        assert editor.received == []


async def test_who_signs_in_is_told_to_editors_even_to_one_that_comes_later(open_platform: OpenPlatform) -> None:
    """From the login page to the editor: signing in succeeds while the editor is away."""
    person = next(p for p in load("demo").regulators if p.active)
    async with account_editor() as editor:
        await editor.stop()
        settings: dict[str, Any] = {
            "editors": (f"Agenda={editor.url}",),
            "dataset": "demo",
            "regulator_retry_first": 0.1,
        }
        async with open_platform(**settings) as platform:
            form = await browsed(platform, "GET", "/connexion", None)
            fields = {**hidden(form.body.decode()), "email": person.email, "password": person.password}
            cookies = [value.partition(";")[0] for name, value in form.headers if name.lower() == "set-cookie"]
            headers = [
                ("Host", "platform.example.org"),
                ("Content-Type", "application/x-www-form-urlencoded"),
                ("Cookie", "; ".join(cookies)),
            ]
            answer = await exchange(
                platform.client, "POST", "http://platform.example.org/connexion", limits=LIMITS, headers=headers,
                body=urlencode(fields).encode(),
            )  # fmt: skip
            assert answer.status == 303, answer.body
            assert any(name.lower() == "set-cookie" and "sas_session" in value for name, value in answer.headers)

            async def failed() -> bool:
                lines = (await called(platform, "GET", f"{PATH}/habilitations"))["habilitations"]
                return any(line["failures"] and line["last"]["operation"] == "create" for line in lines)

            await until(failed)
            await editor.start()
            platform.clock.advance(timedelta(minutes=1))

            async def there() -> bool:
                return any(each["identifier"][0]["value"] == person.value for each in editor.accounts)

            await until(there)
