"""Test identities, as the harness and as people read them; and where there are none."""

from __future__ import annotations

import json

import lxml.html
import pytest

from sas_platform.app import create_app
from sas_platform.editors.model import Environment
from sas_platform.settings import Settings
from sas_platform.sso.identities.model import Fault
from sas_platform.sso.model import InvalidSignOnError
from tests.sas_platform.conftest import OpenPlatform
from tests.sas_platform.sso.browser import SETTINGS, Browser


async def test_the_harness_finds_every_identity_with_what_it_needs(open_platform: OpenPlatform) -> None:
    async with open_platform(**SETTINGS) as platform:
        answer = await Browser(platform).send("GET", "/realms/sas/test-identities")
        assert answer.status == 200
        assert answer.header("content-type") == "application/json"
        identities = json.loads(answer.body)["identities"]
        assert [one["fault"] for one in identities if one["fault"]] == list(Fault)
        first = identities[0]
        assert first == {
            "name": "regulator-1",
            "login": "ysee.bellanger@samu.example.org",
            "password": "Regulation-2031",
            "identifier": {"system": "urn:oid:1.2.250.1.71.4.2.1", "value": "3990000058/REG0001"},
            "family": "BELLANGER",
            "given": "Ysée",
            "email": "ysee.bellanger@samu.example.org",
            "fault": None,
            "expected": "granted",
            "text": first["text"],
        }
        assert set(first["text"]) == {"fr", "en"}
        for one in identities:  # each of them can sign in
            browser = Browser(platform)
            assert (await browser.sign_in(one["login"], one["password"])).status == 303
            assert "sas_session" in browser.cookies


async def test_people_read_what_each_does(open_platform: OpenPlatform) -> None:
    async with open_platform(**SETTINGS) as platform:
        for lang, word in (("fr", "refusée"), ("en", "refused")):
            page = await Browser(platform).send("GET", f"/identites-d-essai?lang={lang}")
            tree = lxml.html.fromstring(page.body.decode())
            rows = {row.get("data-identity"): row.text_content() for row in tree.cssselect("tbody tr")}
            assert set(Fault) < set(rows)
            assert all(word in rows[fault] for fault in Fault)
            assert "alg: none" in rows["alg_none"]


@pytest.mark.parametrize(
    "changes", [{"test_identities": False}, {"environment": Environment.PREPRODUCTION}, {"dataset": None}]
)
async def test_where_they_are_off_there_are_none(open_platform: OpenPlatform, changes: dict[str, object]) -> None:
    async with open_platform(**{**SETTINGS, **changes}) as platform:
        for path in ("/realms/sas/test-identities", "/identites-d-essai"):
            assert (await Browser(platform).send("GET", path)).status == 404
        browser = Browser(platform)
        assert (await browser.sign_in("expired@fault.example.org", "Regulation-2031")).status == 403


async def test_they_may_be_asked_for_elsewhere_but_never_in_production(open_platform: OpenPlatform) -> None:
    async with open_platform(**SETTINGS, environment=Environment.PREPRODUCTION, test_identities=True) as platform:
        assert (await Browser(platform).send("GET", "/identites-d-essai")).status == 200
    with pytest.raises(InvalidSignOnError, match="production"):
        create_app(Settings(environment=Environment.PRODUCTION, test_identities=True))
    create_app(Settings(environment=Environment.PRODUCTION))
