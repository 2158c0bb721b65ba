"""A sign-in at an editor from its request to its end, and what is refused on the way, by its standard name."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import lxml.html
import pytest
from authlib.oidc.core.util import create_half_hash
from joserfc import jwt
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry

from tests.sas_platform.conftest import NOW, OpenPlatform, Platform
from tests.sas_platform.sso.browser import (
    BYE,
    CONNECT,
    ISSUER,
    MARK,
    RETURN,
    SECRET,
    SETTINGS,
    VERIFIER,
    Browser,
    ask_token,
    authorization,
    basic,
    error_of,
    exchange_code,
    query_of,
    tokens,
    userinfo,
)
from tests.sas_platform.sso.oauth.test_rules import REQUIRED


async def keys_of(platform: Platform) -> KeySet:
    return KeySet.import_key_set(json.loads((await Browser(platform).send("GET", f"{CONNECT}/certs")).body))


async def validated(platform: Platform, id_token: str) -> dict[str, Any]:
    """The ID token's claims, checked as a client has to check them."""
    token = jwt.decode(id_token, await keys_of(platform), algorithms=["RS256"])
    required: dict[str, Any] = {name: {"essential": True} for name in ("sub", "exp", "iat", "auth_time", "at_hash")}
    registry = JWTClaimsRegistry(
        int(platform.clock.now().timestamp()),
        iss={"essential": True, "value": ISSUER},
        aud={"essential": True, "value": "editor"},
        nonce={"essential": True, "value": "a-nonce"},
        acr={"essential": True, "value": "eidas1"},
        **required,
    )
    registry.validate(token.claims)
    return token.claims


async def test_the_provider_describes_itself_at_both_places(open_platform: OpenPlatform) -> None:
    async with open_platform(**SETTINGS) as platform:
        found = []
        for name in ("openid-configuration", "wallet-openid-configuration"):
            answer = await Browser(platform).send("GET", f"/realms/sas/.well-known/{name}")
            assert answer.header("content-type") == "application/json"
            found.append(json.loads(answer.body))
        assert found[0] == found[1]
        assert found[0]["issuer"] == ISSUER
        base = f"{ISSUER}/protocol/openid-connect"
        assert found[0]["authorization_endpoint"] == f"{base}/auth"
        assert found[0]["introspection_endpoint"] == f"{base}/token/introspect"
        for name in ("token_endpoint", "userinfo_endpoint", "jwks_uri", "end_session_endpoint"):
            path = urlsplit(found[0][name]).path
            assert (await Browser(platform).send("GET", path)).status != 404
        assert found[0]["code_challenge_methods_supported"] == ["S256"]
        assert found[0]["id_token_signing_alg_values_supported"] == ["RS256"]
        assert {"SubjectNameID", "sas_technical_id"} < set(found[0]["claims_supported"])


async def test_a_whole_sign_in(open_platform: OpenPlatform, database_url: str) -> None:
    async with open_platform(**SETTINGS, database_url=database_url) as platform:
        browser = Browser(platform)
        page = await browser.send("GET", authorization())
        assert page.status == 200
        assert MARK in page.body.decode()
        on = await browser.submit(page)
        assert on.status == 303
        back = await browser.send("GET", on.header("location") or "")
        assert (back.header("location") or "").startswith(f"{RETURN}?")
        assert back.header("cache-control") == "no-store"
        assert query_of(back)["state"] == "a state, & more"
        answer = await exchange_code(browser, query_of(back)["code"])
        assert answer.status == 200
        assert answer.header("cache-control") == "no-store"
        given = json.loads(answer.body)
        assert given["token_type"] == "Bearer"
        assert given["expires_in"] == 120
        assert given["refresh_expires_in"] == 1800
        assert given["scope"] == "openid scope_all"

        claims = await validated(platform, given["id_token"])
        assert claims["SubjectNameID"] == "3990000058/REG0001"
        assert claims["auth_time"] == int(NOW.timestamp())
        assert claims["at_hash"] == create_half_hash(given["access_token"], "RS256").decode()
        for method in ("GET", "POST"):
            told = await userinfo(browser, given["access_token"], method)
            assert told.status == 200
            person = json.loads(told.body)
            assert set(REQUIRED.split()) <= set(person)
            assert person["sub"] == claims["sub"]
            assert person["family_name"] == "BELLANGER"
        assert "email" not in person
        assert "@" not in given["id_token"] + str(claims) + str(person)


async def test_who_is_signed_in_goes_straight_through(open_platform: OpenPlatform) -> None:
    async with open_platform(**SETTINGS) as platform:
        browser = Browser(platform)
        await browser.sign_in("mael.quemener@samu.example.org")
        answer = await browser.send("GET", authorization(prompt="none", max_age="60"))
        assert query_of(answer)["code"]
        given = json.loads((await exchange_code(browser, query_of(answer)["code"])).body)
        claims = await validated(platform, given["id_token"])
        assert claims["sas_technical_id"] == "0d5a3c1e-6f0b-4a7e-8a52-2f6f3f1c9b10"
        assert "SubjectNameID" not in claims
        answer = await browser.send("POST", f"{CONNECT}/auth", raw=urlsplit(authorization()).query.encode())
        assert query_of(answer)["code"]


UNTRUSTED: list[dict[str, str | None]] = [
    {"client_id": "nobody"},
    {"client_id": None},
    {"client_id": 'é"\\'},
    {"redirect_uri": None},
    {"redirect_uri": RETURN + "/"},
    {"redirect_uri": RETURN + "?a=b"},
    {"redirect_uri": "https://evil.example/"},
    {"redirect_uri": 'https://é"\\'},
    {"client_id": "rival"},  # with the address of another
]


async def test_nothing_is_redirected_to_an_unknown_place(open_platform: OpenPlatform) -> None:
    async with open_platform(**SETTINGS) as platform:
        browser = Browser(platform)
        await browser.sign_in()
        for changes in UNTRUSTED:
            answer = await browser.send("GET", authorization(**changes))
            assert answer.status == 400, changes
            assert answer.header("location") is None
            assert (answer.header("content-type") or "").startswith("text/html")
            # or an editor that is not known would seem to have come to the login
            assert MARK not in answer.body.decode()


WRONG_REQUESTS: list[tuple[dict[str, str | None], str]] = [
    ({"response_type": None}, "invalid_request"),
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": "code id_token"}, "unsupported_response_type"),
    ({"response_type": 'é"\\'}, "unsupported_response_type"),
    ({"scope": None}, "invalid_scope"),
    ({"scope": ""}, "invalid_scope"),
    ({"scope": "scope_all"}, "invalid_scope"),
    ({"scope": "openid email"}, "invalid_scope"),
    ({"code_challenge": None}, "invalid_request"),
    ({"code_challenge": "short"}, "invalid_request"),
    ({"code_challenge_method": None}, "invalid_request"),
    ({"code_challenge_method": "plain"}, "invalid_request"),
    ({"acr_values": None}, "invalid_request"),
    ({"acr_values": "eidas3"}, "invalid_request"),
    ({"acr_values": "eidas1 eidas3"}, "invalid_request"),
    ({"nonce": "a\0b"}, "invalid_request"),
    ({"nonce": "n" * 513}, "invalid_request"),
    ({"response_mode": "fragment"}, "invalid_request"),
    ({"max_age": "soon"}, "invalid_request"),
    ({"prompt": "none login"}, "invalid_request"),
    ({"request": "a.b.c"}, "request_not_supported"),
    ({"request_uri": "https://editor.example.org/r"}, "request_uri_not_supported"),
]


@pytest.mark.parametrize("signed_in", [True, False])
async def test_a_wrong_request_comes_back_with_its_error(open_platform: OpenPlatform, signed_in: bool) -> None:
    async with open_platform(**SETTINGS) as platform:
        browser = Browser(platform)
        if signed_in:
            await browser.sign_in()
        for changes, error in WRONG_REQUESTS:
            answer = await browser.send("GET", authorization(**changes))
            assert answer.status == 302, (changes, answer.body)
            assert (answer.header("location") or "").startswith(f"{RETURN}?")
            back = query_of(answer)
            assert back["error"] == error, changes
            assert back["state"] == "a state, & more"
            assert "code" not in back


async def test_a_repeated_parameter_is_refused(open_platform: OpenPlatform) -> None:
    async with open_platform(**SETTINGS) as platform:
        answer = await Browser(platform).send("GET", authorization() + "&nonce=another")
        assert query_of(answer)["error"] == "invalid_request"


async def test_without_a_state_none_comes_back(open_platform: OpenPlatform) -> None:
    async with open_platform(**SETTINGS, sso_acr_required=False) as platform:
        browser = Browser(platform)
        await browser.sign_in()
        answer = await browser.send("GET", authorization(state=None, acr_values=None, nonce=None))
        assert set(query_of(answer)) == {"code"}
        given = json.loads((await exchange_code(browser, query_of(answer)["code"])).body)
        claims = jwt.decode(given["id_token"], await keys_of(platform), algorithms=["RS256"]).claims
        assert "nonce" not in claims
        state = 'é€"\\<script>&=#?+ %\r\nSet-Cookie: a=b\0'
        assert query_of(await browser.send("GET", authorization(state=state)))["state"] == state
        other = authorization(client_id="rival", redirect_uri="https://rival.example.org/cb?a=1")
        assert set(query_of(await browser.send("GET", other))) == {"a", "code", "state"}


async def test_nobody_is_asked_where_the_editor_does_not_want_it(open_platform: OpenPlatform) -> None:
    async with open_platform(**SETTINGS) as platform:
        browser = Browser(platform)
        answer = await browser.send("GET", authorization(prompt="none"))
        assert query_of(answer)["error"] == "login_required"
        await browser.sign_in()
        platform.clock.advance(timedelta(seconds=61))
        answer = await browser.send("GET", authorization(prompt="none", max_age="60"))
        assert query_of(answer)["error"] == "login_required"


async def test_the_password_is_asked_for_again_once(open_platform: OpenPlatform) -> None:
    async with open_platform(**SETTINGS) as platform:
        browser = Browser(platform)
        await browser.sign_in()
        page = await browser.send("GET", authorization(prompt="login") + "&lang=en")
        other = lxml.html.fromstring(page.body.decode()).cssselect("nav a")[0].get("href") or ""
        assert (await browser.send("GET", other)).status == 200  # another language is no way past the password
        for changes in ({"prompt": "login"}, {"max_age": "0"}, {"max_age": "1"}):
            platform.clock.advance(timedelta(seconds=2))
            page = await browser.send("GET", authorization(**changes))
            assert page.status == 200
            on = await browser.submit(page)
            back = await browser.send("GET", on.header("location") or "")
            given = json.loads((await exchange_code(browser, query_of(back)["code"])).body)
            claims = await validated(platform, given["id_token"])
            assert claims["auth_time"] == int(platform.clock.now().timestamp())


# --- token -----------------------------------------------------------------------------------------------------------


WRONG_EXCHANGES: list[tuple[dict[str, str | None], str]] = [
    ({"code": None}, "invalid_request"),
    ({"code": "another"}, "invalid_grant"),
    ({"code_verifier": None}, "invalid_request"),
    ({"code_verifier": "w" * 43}, "invalid_grant"),
    ({"code_verifier": "wrong"}, "invalid_grant"),
    ({"redirect_uri": None}, "invalid_grant"),
    ({"redirect_uri": RETURN + "/"}, "invalid_grant"),
    ({"grant_type": None}, "invalid_request"),
    ({"grant_type": "password"}, "unsupported_grant_type"),
    ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
    ({"grant_type": 'é"\\'}, "unsupported_grant_type"),
    ({"authorization": basic("rival")}, "invalid_grant"),  # another client's code
]


async def test_a_wrong_exchange_is_refused_and_spends_nothing(open_platform: OpenPlatform) -> None:
    async with open_platform(**SETTINGS) as platform:
        browser = Browser(platform)
        code = await browser.code()
        for changes, error in WRONG_EXCHANGES:
            assert error_of(await exchange_code(browser, **{"code": code, **changes})) == error, changes
        assert (await exchange_code(browser, code)).status == 200


STRANGERS: list[tuple[str, dict[str, str]]] = [
    ("", {}),
    (basic("nobody"), {}),
    (basic(secret="wrong"), {}),
    (basic(secret="é"), {}),
    ("Basic !!!", {}),
    ("Basic /////w==", {}),
    ("Bearer abc", {}),
    ("", {"client_id": "editor"}),
    ("", {"client_id": "editor", "client_secret": "wrong"}),
    ("", {"client_id": "nobody", "client_secret": SECRET}),
]


async def test_a_client_that_does_not_prove_who_it_is_gets_401(open_platform: OpenPlatform) -> None:
    async with open_platform(**SETTINGS) as platform:
        browser = Browser(platform)
        code = await browser.code()
        for header, form in STRANGERS:
            answer = await exchange_code(browser, code, authorization=header, **form)
            assert error_of(answer, 401) == "invalid_client", header
            assert (answer.header("www-authenticate") or "").startswith('Basic realm="')
            sent = {"Authorization": header} if header else {}
            path = f"{CONNECT}/token/introspect"
            answer = await Browser(platform).send("POST", path, {"token": "t", **form}, headers=sent)
            assert error_of(answer, 401) == "invalid_client", header
        assert (await exchange_code(browser, code)).status == 200


async def test_a_client_may_put_its_secret_into_the_form(open_platform: OpenPlatform) -> None:
    async with open_platform(**SETTINGS) as platform:
        browser = Browser(platform)
        answer = await exchange_code(
            browser, await browser.code(), authorization="", client_id="editor", client_secret=SECRET
        )
        assert answer.status == 200


NO_FORMS = [
    ("application/json", b"{}"),
    ("application/x-www-form-urlencoded", b"grant_type=\xff"),
    ("application/x-www-form-urlencoded", b"grant_type=%ff"),
    ("application/x-www-form-urlencoded", b"a=" + b"b" * 100_000),
    ("application/x-www-form-urlencoded", b"&".join(b"a=b" for _ in range(200))),
    ("application/x-www-form-urlencoded", b"grant_type=authorization_code&grant_type=authorization_code"),
    ("application/x-www-form-urlencoded", b""),
]


@pytest.mark.parametrize("path", ["token", "token/introspect"])
async def test_what_is_no_form_is_refused_in_the_protocols_own_way(open_platform: OpenPlatform, path: str) -> None:
    async with open_platform(**SETTINGS) as platform:
        for content_type, body in NO_FORMS:
            headers = {"Content-Type": content_type, "Authorization": basic()}
            answer = await Browser(platform).send("POST", f"{CONNECT}/{path}", raw=body, headers=headers)
            assert error_of(answer) == "invalid_request", body[:60]


async def test_a_code_lives_a_minute(open_platform: OpenPlatform) -> None:
    async with open_platform(**SETTINGS) as platform:
        browser = Browser(platform)
        code = await browser.code()
        platform.clock.advance(timedelta(seconds=60))
        assert error_of(await exchange_code(browser, code)) == "invalid_grant"


async def test_a_code_that_comes_twice_takes_its_tokens_back(open_platform: OpenPlatform, database_url: str) -> None:
    async with open_platform(**SETTINGS, database_url=database_url) as platform:
        browser = Browser(platform)
        code = await browser.code()
        given = json.loads((await exchange_code(browser, code)).body)
        assert error_of(await exchange_code(browser, code, authorization=basic("rival"))) == "invalid_grant"
        assert (await userinfo(browser, given["access_token"])).status == 200  # another client cannot take them back
        assert error_of(await exchange_code(browser, code)) == "invalid_grant"
        assert (await userinfo(browser, given["access_token"])).status == 401
        refresh = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
        assert error_of(await ask_token(browser, **refresh)) == "invalid_grant"


async def test_a_refresh_token_is_good_once(open_platform: OpenPlatform, database_url: str) -> None:
    async with open_platform(**SETTINGS, database_url=database_url) as platform:
        browser = Browser(platform)
        first = await tokens(browser)
        platform.clock.advance(timedelta(minutes=29))
        form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
        assert error_of(await ask_token(browser, basic("rival"), **form)) == "invalid_grant"
        answer = await ask_token(browser, **form)
        assert answer.status == 200, answer.body
        second = json.loads(answer.body)
        assert second["refresh_token"] != first["refresh_token"]
        assert (await userinfo(browser, second["access_token"])).status == 200
        renewed = jwt.decode(second["id_token"], await keys_of(platform), algorithms=["RS256"]).claims
        assert renewed["auth_time"] == int(NOW.timestamp())
        assert renewed["SubjectNameID"] == "3990000058/REG0001"
        assert error_of(await ask_token(browser, **form)) == "invalid_grant"
        assert (await userinfo(browser, second["access_token"])).status == 401  # who has the old one may be a thief


WRONG_REFRESHES: list[tuple[dict[str, str], str]] = [
    ({}, "invalid_request"),
    ({"refresh_token": "another"}, "invalid_grant"),
    ({"scope": "openid email"}, "invalid_scope"),
    ({"scope": "scope_all"}, "invalid_scope"),
]


async def test_a_wrong_refresh_is_refused(open_platform: OpenPlatform) -> None:
    async with open_platform(**SETTINGS) as platform:
        browser = Browser(platform)
        good = (await tokens(browser))["refresh_token"]
        for form, error in WRONG_REFRESHES:
            whole = {"refresh_token": good, **form} if "scope" in form else form
            assert error_of(await ask_token(browser, grant_type="refresh_token", **whole)) == error, form
        assert (await ask_token(browser, grant_type="refresh_token", refresh_token=good)).status == 200


async def test_tokens_end_with_their_time_and_with_their_session(open_platform: OpenPlatform) -> None:
    async with open_platform(**SETTINGS) as platform:
        browser = Browser(platform)
        given = await tokens(browser)
        platform.clock.advance(timedelta(seconds=119))
        assert (await userinfo(browser, given["access_token"])).status == 200
        platform.clock.advance(timedelta(seconds=1))
        late = await userinfo(browser, given["access_token"])
        assert late.status == 401
        assert 'error="invalid_token"' in (late.header("www-authenticate") or "")
        platform.clock.advance(timedelta(minutes=28))
        form = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
        assert error_of(await ask_token(browser, **form)) == "invalid_grant"


async def test_only_an_access_token_opens_userinfo(open_platform: OpenPlatform) -> None:
    async with open_platform(**SETTINGS) as platform:
        browser = Browser(platform)
        given = await tokens(browser)
        bare = await browser.send("GET", f"{CONNECT}/userinfo")
        assert bare.status == 401
        assert bare.header("www-authenticate") == 'Bearer realm="sas"'
        head, payload, _ = given["access_token"].split(".")
        for token in (given["id_token"], given["refresh_token"], f"{head}.{payload}.", "", "x"):
            answer = await userinfo(browser, token)
            assert error_of(answer, 401) == "invalid_token"


# --- introspection ---------------------------------------------------------------------------------------------------


async def introspected(browser: Browser, token: str, header: str = "") -> dict[str, Any]:
    answer = await Browser(browser.platform).send(
        "POST", f"{CONNECT}/token/introspect", {"token": token}, headers={"Authorization": header or basic()}
    )
    assert answer.status == 200, answer.body
    body: dict[str, Any] = json.loads(answer.body)
    return body


async def test_a_client_may_ask_for_its_own_tokens(open_platform: OpenPlatform) -> None:
    async with open_platform(**SETTINGS) as platform:
        browser = Browser(platform)
        given = await tokens(browser)
        access = await introspected(browser, given["access_token"])
        fields = (
            "exp iat auth_time jti iss sub typ azp nonce session_state preferred_username email_verified acr scope "
        )
        assert set((fields + "client_id username active").split()) <= set(access)
        assert access["active"] is True
        assert access["SubjectNameID"] == "3990000058/REG0001"
        assert access["exp"] == int(NOW.timestamp()) + 120
        refresh = await introspected(browser, given["refresh_token"])
        assert refresh["active"] is True
        assert "SubjectNameID" not in refresh
        assert refresh["exp"] == int(NOW.timestamp()) + 1800
        for token in (given["access_token"], given["refresh_token"]):
            assert await introspected(browser, token, basic("rival")) == {"active": False}
        for token in ("x", given["id_token"], "é"):
            assert await introspected(browser, token) == {"active": False}
        platform.clock.advance(timedelta(minutes=2))
        assert await introspected(browser, given["access_token"]) == {"active": False}
        assert (await introspected(browser, given["refresh_token"]))["active"] is True
        await ask_token(browser, grant_type="refresh_token", refresh_token=given["refresh_token"])
        assert await introspected(browser, given["refresh_token"]) == {"active": False}


# --- logout ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_editor_ends_the_session(open_platform: OpenPlatform, method: str) -> None:
    async with open_platform(**SETTINGS) as platform:
        browser = Browser(platform)
        given = await tokens(browser)
        platform.clock.advance(timedelta(minutes=20))  # the ID token is dead; as a hint it still tells whose session
        form = {"id_token_hint": given["id_token"], "post_logout_redirect_uri": BYE, "state": "é&"}
        path = f"{CONNECT}/logout"
        if method == "GET":
            answer = await browser.send("GET", f"{path}?{urlencode(form)}")
        else:
            answer = await browser.send("POST", path, form)
        assert (answer.header("location") or "").startswith(f"{BYE}?")
        assert query_of(answer) == {"state": "é&"}
        assert "sas_session" not in browser.cookies
        refresh = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
        assert error_of(await ask_token(browser, **refresh)) == "invalid_grant"
        assert (await browser.send("GET", authorization())).status == 200  # the password is asked for again


async def test_the_session_may_end_without_a_place_to_go(open_platform: OpenPlatform) -> None:
    async with open_platform(**SETTINGS) as platform:
        browser = Browser(platform)
        given = await tokens(browser)
        answer = await browser.send("GET", f"{CONNECT}/logout?id_token_hint={given['id_token']}")
        assert answer.status == 200
        assert "Vous êtes déconnecté" in answer.body.decode()
        assert "sas_session" not in browser.cookies


WRONG_LOGOUTS: list[dict[str, str | None]] = [
    {"post_logout_redirect_uri": BYE + "/"},
    {"post_logout_redirect_uri": "https://evil.example/"},
    {"id_token_hint": None},
    {"id_token_hint": "x"},
    {"client_id": "rival"},
]


async def test_a_wrong_logout_ends_and_redirects_nothing(open_platform: OpenPlatform) -> None:
    async with open_platform(**SETTINGS) as platform:
        browser = Browser(platform)
        given = await tokens(browser)
        for changes in [*WRONG_LOGOUTS, {"id_token_hint": given["access_token"]}]:
            form = {"id_token_hint": given["id_token"], "post_logout_redirect_uri": BYE, **changes}
            query = urlencode({name: value for name, value in form.items() if value is not None})
            answer = await browser.send("GET", f"{CONNECT}/logout?{query}")
            assert answer.status == 400, changes
            assert answer.header("location") is None
        assert (await userinfo(browser, given["access_token"])).status == 200


async def test_another_site_signs_nobody_out(open_platform: OpenPlatform) -> None:
    async with open_platform(**SETTINGS) as platform:
        for path in (f"{CONNECT}/logout", "/deconnexion"):  # no cookie comes with a form of another site
            answer = await Browser(platform).send("POST", path, {})
            assert answer.status in {200, 303}
            assert not [value for name, value in answer.headers if name.lower() == "set-cookie"]


async def test_without_a_token_the_person_is_asked(open_platform: OpenPlatform) -> None:
    async with open_platform(**SETTINGS) as platform:
        browser = Browser(platform)
        given = await tokens(browser)
        page = await browser.send("GET", f"{CONNECT}/logout")
        assert page.status == 200
        assert (await userinfo(browser, given["access_token"])).status == 200
        csrf = page.body.decode().split('name="csrf" value="')[1].split('"')[0]
        assert (await browser.send("POST", "/deconnexion", {"csrf": csrf})).status == 303
        assert (await userinfo(browser, given["access_token"])).status == 401
        assert "Vous êtes déconnecté" in (await browser.send("GET", f"{CONNECT}/logout")).body.decode()


def test_the_verifier_of_these_tests_is_one() -> None:
    assert len(VERIFIER) == 43
