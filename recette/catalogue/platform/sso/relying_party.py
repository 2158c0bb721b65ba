"""A relying party of ours at the provider under test: requests, a person's browser, and codes exchanged for tokens.

The browser never goes to the address it is sent back to: the redirect itself says everything.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode, urlsplit

from recette.catalogue.browser import Browser
from recette.catalogue.platform.people import Person, known
from recette.checks.page import Form, Page
from recette.checks.platform_appointments import Heard, whole
from recette.checks.platform_sso import Authorized, Reply, split
from recette.checks.platform_sso_content import ENDPOINTS, Identified
from recette.checks.platform_tokens import taken_apart
from recette.model import Check, Evidence, Exchange, SignOnTarget, Stage
from sas_kernel.text import Text

WHOLE = whole(
    "provider.whole",
    "SSO-100",
    Text("Chaque demande au fournisseur reçoit une réponse entière", "Each request to the provider is answered whole"),
)
EVERY_SCENARIO: tuple[Check, ...] = (WHOLE,)

NO_PROVIDER = Text(
    "Aucun fournisseur : donnez une section [sso] avec issuer.", "No provider: give a section [sso] with issuer."
)
NO_CLIENT = Text(
    "Notre client n’est pas déclaré : donnez client_id et client_secret dans [sso].",
    "Our client is not registered: give client_id and client_secret in [sso].",
)
NO_PERSON = Text(
    "Personne ne peut se connecter : donnez login et password dans [sso], ou publiez les identités d’essai.",
    "Nobody can sign in: give login and password in [sso], or publish the test identities.",
)
NO_LOGIN_FORM = Text(
    "La demande n’a mené à aucun formulaire de connexion ({o}).", "The request led to no form to sign in with ({o})."
)
NO_CODE = Text("La demande témoin n’a pas donné de code.", "The control request gave no code.")
NO_TOKENS = Text("L’échange témoin n’a pas donné de jetons.", "The control exchange gave no tokens.")
_FORM = "application/x-www-form-urlencoded"
_ELSEWHERE = "recette.example.org"


@dataclass(frozen=True, slots=True)
class Request:
    """An authorization request as it was made, and where it led."""

    answer: Authorized
    nonce: str
    verifier: str


@dataclass(slots=True)
class RelyingParty:
    """One scenario with the provider; `signed` is the browser of somebody who has signed in, once one has."""

    stage: Stage
    sso: SignOnTarget
    discovery: Reply
    person: Person
    heard: list[Exchange] = field(default_factory=list)

    def browser(self) -> Browser:
        """A fresh one, which stays on the provider's side."""
        back = urlsplit(self.sso.redirect_uri)

        def stops(url: str) -> bool:
            parts = split(url)
            return parts.netloc == back.netloc or (parts.hostname or "").endswith(_ELSEWHERE)

        return Browser(self.stage, stops=stops)

    def endpoint(self, name: str) -> str:
        """Where it is; empty where the discovery does not say, or says nothing that can be reached."""
        url = self.discovery.text(name)
        return url if split(url).scheme else ""

    async def authorize(self, browser: Browser, ground: Text | None = None, **changes: str | None) -> Request:
        """Ask for a code; `changes` replace parameters, and None leaves one out."""
        verifier, nonce, state = (secrets.token_urlsafe(32) for _ in range(3))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        parameters: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.sso.client_id,
            "redirect_uri": self.sso.redirect_uri,
            "scope": "openid scope_all",
            "acr_values": "eidas1",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            **changes,
        }
        query = urlencode({name: value for name, value in parameters.items() if value is not None})
        address = self.endpoint("authorization_endpoint")
        page = await browser.get(f"{address}{'&' if '?' in address else '?'}{query}")
        return Request(self._arrived(page, parameters["redirect_uri"] or "", state, ground), nonce, verifier)

    def _arrived(self, page: Page, asked: str, state: str, ground: Text | None) -> Authorized:
        self.heard += page.exchanges
        return Authorized(page, asked, state, ground)

    async def sign_in(self, browser: Browser, request: Request, password: str | None = None) -> Request:
        """Fill in the login form that a request has led to."""
        before = request.answer
        form = login_form(before.page)
        if form is None:
            lost = NO_LOGIN_FORM.format(o=before.outcome)
            return Request(Authorized(before.page, before.asked, before.state, lost), request.nonce, request.verifier)
        name = next(name for name, kind in form.kinds.items() if kind == "password")
        login = next((name for name, kind in form.kinds.items() if kind in {"email", "text"}), "login")
        fields = {login: self.person.login, name: self.person.password if password is None else password}
        page = await browser.submit(before.page, form, **fields)
        return Request(self._arrived(page, before.asked, before.state, None), request.nonce, request.verifier)

    async def signed_in(self) -> tuple[Browser, Request]:
        """A browser of somebody who has just signed in, and the request that this answered."""
        browser = self.browser()
        return browser, await self.sign_in(browser, await self.authorize(browser))

    # --- endpoints -----------------------------------------------------------------------------------------------

    async def post(
        self, name: str, fields: dict[str, str], ground: Text | None = None, *, secret: str | None = None
    ) -> Reply:
        """Send a form to an endpoint, authenticated as our client; an empty `secret` leaves the client out."""
        headers = [("Content-Type", _FORM), ("Accept", "application/json")]
        used = self.sso.client_secret if secret is None else secret
        if used:
            pair = f"{quote(self.sso.client_id, safe='')}:{quote(used, safe='')}"
            headers.append(("Authorization", f"Basic {base64.b64encode(pair.encode()).decode()}"))
        url = self.endpoint(name)
        exchange = await self.stage.fetch(url, method="POST", headers=headers, body=urlencode(fields).encode())
        self.heard.append(exchange)
        return Reply(exchange, ground)

    async def get(self, url: str, *, bearer: str = "", ground: Text | None = None) -> Reply:
        headers = [("Accept", "application/json")]
        if bearer:
            headers.append(("Authorization", f"Bearer {bearer}"))
        exchange = await self.stage.fetch(url, headers=headers)
        self.heard.append(exchange)
        return Reply(exchange, ground)

    async def exchange(self, request: Request, *, secret: str | None = None, **changes: str | None) -> Reply:
        """Exchange the code of a request for tokens; `changes` as in `authorize`."""
        fields: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": request.answer.code,
            "redirect_uri": self.sso.redirect_uri,
            "code_verifier": request.verifier,
            **changes,
        }
        sent = {name: value for name, value in fields.items() if value is not None}
        return await self.post("token_endpoint", sent, None if request.answer.code else NO_CODE, secret=secret)

    async def identified(self, reply: Reply, nonce: str = "", subject: str = "") -> Identified:
        """The ID token of an answer, beside the provider's keys of now."""
        keys = await self.get(self.endpoint("jwks_uri"))
        return Identified(reply, keys, self.sso.issuer, self.sso.client_id, self.stage.now(), nonce, subject)

    def judge(self, checks: Sequence[Check], evidence: Evidence) -> None:
        for check in checks:
            self.stage.judge(check, evidence)

    def skip(self, checks: Sequence[Check], reason: Text) -> None:
        for check in checks:
            self.stage.skip(check, reason)


def login_form(page: Page) -> Form | None:
    return page.form(lambda form: "password" in form.kinds.values())


def subject_of(reply: Reply) -> str:
    """The `sub` of an answer's ID token, unverified; empty where there is none."""
    token = taken_apart(reply.text("id_token"))
    subject = None if token is None else token.claims.get("sub")
    return subject if isinstance(subject, str) else ""


@asynccontextmanager
async def relying_party(
    stage: Stage, checks: Sequence[Check], *, alone: bool = False
) -> AsyncIterator[RelyingParty | None]:
    """Discover the provider and find a person; None, and `checks` skipped, where something of it is missing.

    `alone`: without a client and a person, which what the provider publishes does not need.
    """
    sso = stage.target.sso
    reason = NO_PROVIDER if sso is None else (None if alone or sso.client_id else NO_CLIENT)
    if sso is None or reason is not None:
        for check in checks:
            stage.skip(check, reason or NO_PROVIDER)
        yield None
        return
    person = Person() if alone else ((await known(stage)).signing or Person())
    if not person.login and not alone:
        for check in checks:
            stage.skip(check, NO_PERSON)
        yield None
        return
    url = f"{sso.issuer}/.well-known/openid-configuration"
    discovery = Reply(await stage.fetch(url, headers=(("Accept", "application/json"),)))
    talk = RelyingParty(stage, sso, discovery, person, [discovery.exchange])
    try:
        if not alone and not all(talk.endpoint(name) for name in ENDPOINTS):
            lost = Text("Il manque une adresse à la découverte.", "The discovery lacks an address.")
            talk.skip([check for check in checks if check not in EVERY_SCENARIO], lost)
            yield None
        else:
            yield talk
    finally:
        stage.judge(WHOLE, Heard(tuple(talk.heard)))
