"""The same code, or the same refresh token, presented several times at once."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import sqlalchemy as sa

from sas_platform.sso.provider.tables import code as codes
from sas_platform.sso.provider.tables import token as issued
from sas_platform.sso.tables import failure, session
from tests.sas_platform.conftest import OpenPlatform, Platform
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


async def test_what_is_over_is_not_kept(open_platform: OpenPlatform, database_url: str) -> None:
    async def counts(platform: Platform) -> list[int]:
        async with platform.app.state.platform.database.reading() as connection:
            return [
                (await connection.execute(sa.select(sa.func.count()).select_from(table))).scalar_one()
                for table in (session, failure, codes, issued)
            ]

    async with open_platform(**SETTINGS, database_url=database_url) as platform:
        for _ in range(2):
            await tokens(Browser(platform))
        browser = Browser(platform)
        await browser.submit(await browser.send("GET", "/connexion"), password="wrong")
        assert await counts(platform) == [2, 1, 2, 2]
        platform.clock.advance(timedelta(days=7))
        await tokens(Browser(platform))
        assert await counts(platform) == [1, 0, 1, 1]
