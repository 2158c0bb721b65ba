"""A browser and an editor's software, as far as sign-on needs them."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import lxml.html

from sas_kit.http import HttpAnswer, HttpLimits, exchange
from tests.sas_platform.conftest import Platform

BASE = "http://platform.example.org"
ISSUER = f"{BASE}/realms/sas"
CONNECT = "/realms/sas/protocol/openid-connect"
RETURN = "https://editor.example.org/sso/retour"
BYE = "https://editor.example.org/deconnecte"
SECRET = "a-secret-of-tests"
VERIFIER = "v" * 43
EMAIL, PASSWORD = "ysee.bellanger@samu.example.org", "Regulation-2031"
MARK = "Ministère de la Santé et de la prévention"
SETTINGS: Mapping[str, Any] = {
    "dataset": "demo",
    "public_url": BASE,
    "sso_clients": (f"editor {SECRET} {RETURN} {BYE}", f"rival {SECRET} https://rival.example.org/cb?a=1"),
}
_LIMITS = HttpLimits(connect=20, answer=20, max_bytes=1_000_000)


@dataclass
class Browser:
    """Keeps its cookies; follows no redirect."""

    platform: Platform
    cookies: dict[str, str] = field(default_factory=dict)

    async def send(
        self,
        method: str,
        path: str,
        form: Mapping[str, str] | None = None,
        *,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        given = headers or {}
        sent = [("Host", "platform.example.org"), *given.items()]
        if self.cookies:
            sent.append(("Cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items())))
        body = raw if raw is not None else urlencode(form or {}).encode()
        if (form is not None or raw is not None) and "Content-Type" not in given:
            sent.append(("Content-Type", "application/x-www-form-urlencoded"))
        answer = await exchange(self.platform.client, method, BASE + path, limits=_LIMITS, headers=sent, body=body)
        for name, value in answer.headers:
            if name.lower() == "set-cookie":
                for cookie in SimpleCookie(value).values():
                    if cookie.value:
                        self.cookies[cookie.key] = cookie.value
                    else:
                        self.cookies.pop(cookie.key, None)
        return answer

    async def sign_in(self, email: str = EMAIL, password: str = PASSWORD, vers: str = "/") -> HttpAnswer:
        page = await self.send("GET", f"/connexion?{urlencode({'vers': vers})}")
        return await self.submit(page, email, password)

    async def submit(self, page: HttpAnswer, email: str = EMAIL, password: str = PASSWORD) -> HttpAnswer:
        action, fields = login_form(page)
        return await self.send("POST", action, {**fields, "email": email, "password": password})

    async def code(self, **changes: str | None) -> str:
        """A code for the editor; whoever is signed in gets it at once, else he signs in first."""
        answer = await self.send("GET", authorization(**changes))
        if answer.status == 200:
            answer = await self.submit(answer)
            answer = await self.send("GET", answer.header("location") or "")
        return query_of(answer)["code"]


def authorization(**changes: str | None) -> str:
    """The path of an authorization request as it should be; None leaves a parameter out."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    parameters = {
        "response_type": "code",
        "client_id": "editor",
        "redirect_uri": RETURN,
        "scope": "openid scope_all",
        "acr_values": "eidas1",
        "state": "a state, & more",
        "nonce": "a-nonce",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        **changes,
    }
    return f"{CONNECT}/auth?{urlencode({k: v for k, v in parameters.items() if v is not None})}"


def login_form(page: HttpAnswer) -> tuple[str, dict[str, str]]:
    """Where the form goes and what it holds."""
    tree = lxml.html.fromstring(page.body.decode())
    form: Any = tree.get_element_by_id("login")
    assert form.method == "POST"
    return form.action, {name: value or "" for name, value in form.fields.items()}


def query_of(answer: HttpAnswer) -> dict[str, str]:
    """The parameters that a redirect comes back with."""
    assert answer.status in {302, 303}, (answer.status, answer.body)
    return dict(parse_qsl(urlsplit(answer.header("location") or "").query, keep_blank_values=True))


def basic(client_id: str = "editor", secret: str = SECRET) -> str:
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()


async def ask_token(browser: Browser, authorization: str | None = None, **form: str | None) -> HttpAnswer:
    """A token request; the editor's own Basic header unless another is given ("" for none)."""
    sent = {name: value for name, value in form.items() if value is not None}
    header = basic() if authorization is None else authorization
    editor = Browser(browser.platform)
    return await editor.send("POST", f"{CONNECT}/token", sent, headers={"Authorization": header} if header else None)


async def exchange_code(browser: Browser, code: str | None, **changes: str | None) -> HttpAnswer:
    form: dict[str, str | None] = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": RETURN,
        "code_verifier": VERIFIER,
    }
    return await ask_token(browser, **{**form, **changes})


async def tokens(browser: Browser, **changes: str | None) -> dict[str, Any]:
    """A whole sign-in at the editor."""
    answer = await exchange_code(browser, await browser.code(**changes))
    assert answer.status == 200, answer.body
    given: dict[str, Any] = json.loads(answer.body)
    return given


async def userinfo(browser: Browser, access_token: str, method: str = "GET") -> HttpAnswer:
    headers = {"Authorization": f"Bearer {access_token}"}
    return await Browser(browser.platform).send(method, f"{CONNECT}/userinfo", headers=headers)


def error_of(answer: HttpAnswer, status: int = 400) -> str:
    """The standard error of a JSON answer of OAuth."""
    assert answer.status == status, (answer.status, answer.body)
    assert answer.header("content-type") == "application/json"
    assert answer.header("cache-control") == "no-store"
    body = json.loads(answer.body)
    return str(body["error"])
