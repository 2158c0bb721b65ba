"""Signing in and out on the platform's own page."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from urllib.parse import urlencode

import lxml.html
import pytest

from tests.sas_platform.conftest import TOKEN, OpenPlatform, Platform
from tests.sas_platform.sso.browser import (
    EMAIL,
    MARK,
    PASSWORD,
    RETURN,
    SECRET,
    SETTINGS,
    Browser,
    authorization,
    exchange_code,
    login_form,
)


async def whoever(browser: Browser) -> str | None:
    state = browser.platform.app.state.platform
    signed_in = await state.sign_on.signed_in(browser.cookies.get("sas_session"), browser.platform.clock.now())
    return None if signed_in is None else signed_in.regulator.full_name


async def test_the_page_is_what_the_acceptance_kit_looks_for(open_platform: OpenPlatform) -> None:
    async with open_platform(**SETTINGS) as platform:
        for path, lang in (("/connexion?", "fr"), (authorization() + "&", "fr"), (authorization() + "&", "en")):
            page = await Browser(platform).send("GET", f"{path}lang={lang}")
            assert page.status == 200
            assert MARK in page.body.decode()
            tree = lxml.html.fromstring(page.body.decode())
            assert not tree.cssselect("div#app, noscript, script")
            assert tree.get("lang") == lang
            assert page.header("cache-control") == "no-store"
            policy = page.header("content-security-policy") or ""
            assert "form-action 'self' https://editor.example.org https://rival.example.org" in policy
            assert "'unsafe-inline'" not in policy


async def test_somebody_signs_in_is_known_and_signs_out(open_platform: OpenPlatform, database_url: str) -> None:
    async with open_platform(**SETTINGS, database_url=database_url) as platform:
        browser = Browser(platform)
        assert await whoever(browser) is None
        answer = await browser.sign_in(vers="/habilitations?lang=en")
        assert (answer.status, answer.header("location")) == (303, "/habilitations?lang=en")
        cookie = next(v for k, v in answer.headers if k.lower() == "set-cookie" and v.startswith("sas_session="))
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Secure" not in cookie
        assert await whoever(browser) == "Ysée BELLANGER"
        again = await browser.send("GET", "/connexion?vers=/habilitations")
        assert (again.status, again.header("location")) == (303, "/habilitations")

        refused = await browser.send("POST", "/deconnexion", {"csrf": "another"})
        assert refused.status == 403
        assert await whoever(browser) == "Ysée BELLANGER"
        state = platform.app.state.platform
        visit = await state.sign_on.signed_in(browser.cookies["sas_session"], platform.clock.now())
        secret = browser.cookies["sas_session"]
        left = await browser.send("POST", "/deconnexion", {"csrf": visit.csrf})
        assert (left.status, left.header("location")) == (303, "/connexion")
        assert "sas_session" not in browser.cookies
        browser.cookies["sas_session"] = secret  # who kept the cookie has nothing
        assert await whoever(browser) is None


async def test_the_cookie_is_kept_to_tls_where_there_is_tls(open_platform: OpenPlatform) -> None:
    async with open_platform(**{**SETTINGS, "public_url": "https://platform.example.org"}) as platform:
        answer = await Browser(platform).sign_in()
        cookies = [value for name, value in answer.headers if name.lower() == "set-cookie"]
        assert cookies
        assert all("Secure" in cookie for cookie in cookies)


async def test_signing_in_leads_nowhere_else(open_platform: OpenPlatform) -> None:
    async with open_platform(**SETTINGS) as platform:
        for vers in ("//evil.example", "/\\evil.example", "https://evil.example", "https:evil.example"):
            assert (await Browser(platform).sign_in(vers=vers)).header("location") == "/"
            browser = Browser(platform)
            action, fields = login_form(await browser.send("GET", "/connexion"))
            forged = {**fields, "vers": vers, "email": EMAIL, "password": PASSWORD}
            assert (await browser.send("POST", action, forged)).header("location") == "/"
            assert (await browser.send("GET", f"/connexion?{urlencode({'vers': vers})}")).header("location") == "/"


NOT_ADMITTED = [
    (EMAIL, "wrong"),
    (EMAIL, ""),
    ("nobody@samu.example.org", PASSWORD),
    ("octave.desmoulieres@samu.example.org", PASSWORD),  # deactivated
    ("a\0b", PASSWORD),
    (EMAIL, "x" * 30_000),
    ("é" * 3000, "é"),
    ("expired@fault.example.org", "wrong"),
]


async def test_who_may_not_come_in_is_told_the_same(open_platform: OpenPlatform) -> None:
    async with open_platform(**SETTINGS) as platform:
        for email, password in NOT_ADMITTED:
            browser = Browser(platform)
            answer = await browser.sign_in(email, password)
            assert answer.status == 403, email
            assert "Adresse ou mot de passe incorrect, ou compte désactivé." in answer.body.decode()
            assert "sas_session" not in browser.cookies


async def test_a_form_from_elsewhere_signs_nobody_in(open_platform: OpenPlatform) -> None:
    async with open_platform(**SETTINGS) as platform:
        browser = Browser(platform)
        fields = {"email": EMAIL, "password": PASSWORD, "csrf": "c" * 43}
        answer = await browser.send("POST", "/connexion", fields)
        assert answer.status == 403
        assert "expiré" in answer.body.decode()
        assert await whoever(browser) is None
        assert (await browser.submit(answer)).status == 303  # nothing is lost: the page that says so works


async def test_five_failures_lock_a_login_for_five_minutes(open_platform: OpenPlatform, database_url: str) -> None:
    async with open_platform(**SETTINGS, database_url=database_url) as platform:
        browser = Browser(platform)
        for _ in range(5):
            assert (await browser.sign_in(EMAIL.upper(), "wrong")).status == 403
        locked = await browser.sign_in()
        assert locked.status == 429
        assert locked.header("retry-after") == "300"
        assert "réessayez dans 5 min" in locked.body.decode()
        other = await browser.sign_in("solene.artiguenave@samu.example.org")
        assert other.status == 303
        platform.clock.advance(timedelta(minutes=4, seconds=59))
        assert (await Browser(platform).sign_in()).status == 429
        platform.clock.advance(timedelta(seconds=1))
        assert (await Browser(platform).sign_in()).status == 303
        assert (await Browser(platform).sign_in(EMAIL, "wrong")).status == 403  # who succeeded begins anew
        assert (await Browser(platform).sign_in()).status == 303


async def test_twenty_failures_lock_an_address(open_platform: OpenPlatform) -> None:
    async with open_platform(**SETTINGS) as platform:
        for n in range(20):
            assert (await Browser(platform).sign_in(f"somebody-{n}@samu.example.org", "wrong")).status == 403
        assert (await Browser(platform).sign_in()).status == 429
        platform.clock.advance(timedelta(minutes=5))
        assert (await Browser(platform).sign_in()).status == 303


async def test_a_session_ends_when_nobody_uses_it(open_platform: OpenPlatform) -> None:
    async with open_platform(**SETTINGS) as platform:
        browser = Browser(platform)
        await browser.sign_in()
        for _ in range(9):  # 3 h 45 min of work
            platform.clock.advance(timedelta(minutes=25))
            assert await whoever(browser) == "Ysée BELLANGER"
        platform.clock.advance(timedelta(minutes=15))  # four hours after the password, however busy
        assert await whoever(browser) is None
        await browser.sign_in()
        platform.clock.advance(timedelta(minutes=30))
        assert await whoever(browser) is None


async def test_signing_in_anew_ends_the_session_before(open_platform: OpenPlatform) -> None:
    async with open_platform(**SETTINGS) as platform:
        browser = Browser(platform)
        page = await browser.send("GET", "/connexion")
        await browser.submit(page)
        first = Browser(platform, dict(browser.cookies))
        await browser.submit(page, "solene.artiguenave@samu.example.org")
        assert await whoever(browser) == "Solène ARTIGUENAVE"
        assert await whoever(first) is None


async def test_who_is_deactivated_is_out_at_once(open_platform: OpenPlatform) -> None:
    async with open_platform(**SETTINGS) as platform:
        browser = Browser(platform)
        await browser.sign_in()
        state = platform.app.state.platform
        visit = await state.sign_on.signed_in(browser.cookies["sas_session"], platform.clock.now())
        await state.regulators.set_active(visit.regulator.id, False, platform.clock.now())
        assert await whoever(browser) is None


async def test_signing_in_tells_the_accounts_that_somebody_is_there(open_platform: OpenPlatform) -> None:
    async with open_platform(**SETTINGS, editors=("agenda=http://127.0.0.1:9/fhir",)) as platform:
        before = await told(platform)
        await Browser(platform).sign_in()
        assert await told(platform) == {*before, EMAIL}


async def told(platform: Platform) -> set[str]:
    listed = await platform.app.state.platform.provisioning.habilitations()
    return {one.regulator.email for one in listed if one.provision is not None}


async def test_nothing_secret_is_logged(open_platform: OpenPlatform, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        async with open_platform(**SETTINGS) as platform:
            browser = Browser(platform)
            code = await browser.code()
            given = json.loads((await exchange_code(browser, code)).body)
            await Browser(platform).sign_in(EMAIL, "a-wrong-password")
            secrets = [PASSWORD, "a-wrong-password", SECRET, code, given["access_token"], given["refresh_token"]]
            secrets += [given["id_token"], browser.cookies["sas_session"], TOKEN]
            for record in caplog.records:
                if record.name.startswith(("sas_", "sqlalchemy", "alembic", "aiosqlite", "authlib")):
                    assert not [secret for secret in secrets if secret in record.getMessage()], record.name
            assert "/realms/sas/protocol/openid-connect/auth 200" in caplog.text
            assert RETURN not in [r.getMessage() for r in caplog.records if r.name == "sas_platform.access"]
