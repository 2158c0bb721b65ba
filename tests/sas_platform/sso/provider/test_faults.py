"""What an editor gets from each test identity: one thing is wrong, in the answers themselves."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from joserfc import jwt
from joserfc.errors import BadSignatureError, JoseError, UnsupportedAlgorithmError
from joserfc.jwk import KeySet

from sas_platform.sso.identities.model import Fault
from tests.sas_platform.conftest import OpenPlatform, Platform
from tests.sas_platform.sso.browser import (
    CONNECT,
    ISSUER,
    PASSWORD,
    SETTINGS,
    Browser,
    authorization,
    exchange_code,
    query_of,
    userinfo,
)


def payload_of(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


async def test_each_fault_is_there_and_it_is_alone(open_platform: OpenPlatform) -> None:
    async with open_platform(**SETTINGS) as platform:
        for fault in Fault:
            await check(platform, fault)


async def check(platform: Platform, fault: Fault) -> None:
    browser = Browser(platform)
    login = f"{fault.value.replace('_', '-')}@fault.example.org"
    assert (await browser.sign_in(login, PASSWORD)).status == 303
    back = query_of(await browser.send("GET", authorization()))
    given = json.loads((await exchange_code(browser, back["code"])).body)
    keys = KeySet.import_key_set(json.loads((await browser.send("GET", f"{CONNECT}/certs")).body))
    claims, person = payload_of(given["id_token"]), json.loads((await userinfo(browser, given["access_token"])).body)
    wrong = set()
    try:
        jwt.decode(given["id_token"], keys, algorithms=["RS256"])
    except BadSignatureError:
        wrong.add(Fault.BAD_SIGNATURE)
    except UnsupportedAlgorithmError:
        wrong.add(Fault.ALG_NONE)
    except JoseError as error:
        pytest.fail(repr(error))
    checks = {
        Fault.WRONG_STATE: back["state"] == "a state, & more",
        Fault.WRONG_AUDIENCE: claims["aud"] == "editor",
        Fault.WRONG_ISSUER: claims["iss"] == ISSUER,
        Fault.EXPIRED: claims["exp"] > platform.clock.now().timestamp(),
        Fault.BAD_NONCE: claims["nonce"] == "a-nonce",
        Fault.MISSING_SUBJECT_NAME_ID: "SubjectNameID" in claims and "SubjectNameID" in person,
        Fault.SUBJECT_MISMATCH: claims["sub"] == person["sub"],
    }
    wrong |= {name for name, right in checks.items() if not right}
    of_accounts = {Fault.UNKNOWN_ACCOUNT, Fault.INACTIVE_ACCOUNT}
    assert wrong == {fault} - of_accounts
    if fault is not Fault.MISSING_SUBJECT_NAME_ID:
        assert person["SubjectNameID"].startswith("3990000058/FAULT-")
