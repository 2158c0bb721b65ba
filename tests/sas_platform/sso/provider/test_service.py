"""The same code, or the same refresh token, presented several times at once."""

from __future__ import annotations

import asyncio
import json

from tests.sas_platform.conftest import OpenPlatform
from tests.sas_platform.sso.browser import SETTINGS, Browser, ask_token, error_of, exchange_code, tokens, userinfo


async def test_a_code_presented_at_once_gives_tokens_once(open_platform: OpenPlatform, database_url: str) -> None:
    async with open_platform(**SETTINGS, database_url=database_url) as platform:
        browser = Browser(platform)
        code = await browser.code()
        answers = await asyncio.gather(*(exchange_code(browser, code) for _ in range(6)))
        good = [answer for answer in answers if answer.status == 200]
        assert len(good) == 1
        assert {error_of(answer) for answer in answers if answer.status != 200} == {"invalid_grant"}
        token = json.loads(good[0].body)["access_token"]
        assert (await userinfo(browser, token)).status == 401  # it came twice


async def test_a_refresh_token_presented_at_once_is_good_once(open_platform: OpenPlatform, database_url: str) -> None:
    async with open_platform(**SETTINGS, database_url=database_url) as platform:
        browser = Browser(platform)
        given = await tokens(browser)
        form = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
        answers = await asyncio.gather(*(ask_token(browser, **form) for _ in range(6)))
        assert sorted(answer.status for answer in answers) == [200, 400, 400, 400, 400, 400]


async def test_attempts_made_at_once_are_all_counted(open_platform: OpenPlatform, database_url: str) -> None:
    async with open_platform(**SETTINGS, database_url=database_url) as platform:
        page = await Browser(platform).send("GET", "/connexion")
        browser = Browser(platform)
        page = await browser.send("GET", "/connexion")
        answers = await asyncio.gather(*(browser.submit(page, password="wrong") for _ in range(12)))
        assert sorted(answer.status for answer in answers) == [403] * 5 + [429] * 7
