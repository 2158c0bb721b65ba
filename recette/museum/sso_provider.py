"""A second OpenID provider, small and independent of the platform's: the harness must not depend on ours.

It signs people on by a password form and makes, for those of its identities that have a fault, the token that fault
names. Codes serve once; PKCE is verified when it was asked for; `prompt=login` asks again.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey

from recette.museum.wire import Asked, Reply
from sas_kernel.clock import Clock
from sas_kernel.identifiers import PRACTITIONER_SYSTEM

HOME: Final = "https://connexion.example.org"
ISSUER: Final = f"{HOME}/realms/essai"
ENDPOINTS: Final = "/realms/essai/protocol/openid-connect"
PASSWORD: Final = "Mot-de-passe-2031"

FAULTS: Final = (
    *("wrong_audience", "wrong_issuer", "expired", "bad_nonce", "bad_signature", "alg_none"),
    *("missing_subject_name_id", "wrong_state", "subject_mismatch", "unknown_account", "inactive_account"),
)


@dataclass(frozen=True, slots=True)
class Identity:
    name: str
    value: str
    family: str
    given: str
    fault: str | None = None

    @property
    def login(self) -> str:
        return f"{self.name}@regulation.example.org"

    @property
    def listed(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "login": self.login,
            "password": PASSWORD,
            "identifier": {"system": PRACTITIONER_SYSTEM, "value": self.value},
            "family": self.family,
            "given": self.given,
            "email": self.login,
            "fault": self.fault,
            "expected": "refused" if self.fault else "granted",
            "text": {"fr": self.name, "en": self.name},
        }


IDENTITIES: Final = (
    Identity("regulateur", "3990000058/ESS0001", "KERVELLA", "Awena"),
    *(
        Identity(fault.replace("_", "-"), f"3990000058/ESS1{number:03d}", "TRÉMEUR", "Nolwenn", fault)
        for number, fault in enumerate(FAULTS)
    ),
)


@dataclass(slots=True)
class Grant:
    identity: Identity
    client_id: str
    redirect_uri: str
    nonce: str
    challenge: str


@dataclass(slots=True)
class Client:
    secret: str
    redirect_uris: tuple[str, ...]


def issuer_at(home: str) -> str:
    return f"{home}/realms/essai"


@dataclass(slots=True)
class Provider:
    clock: Clock
    clients: dict[str, Client]
    listed: tuple[Identity, ...] = IDENTITIES
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "essai"}))
    sessions: dict[str, Identity] = field(default_factory=dict)
    grants: dict[str, Grant] = field(default_factory=dict)
    tokens: dict[str, Identity] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    """Every session, code and token given."""
    home: str = HOME

    @property
    def issuer(self) -> str:
        return issuer_at(self.home)

    async def __call__(self, asked: Asked) -> Reply:
        path, _, query = asked.target.partition("?")
        sent = dict(parse_qsl(query, keep_blank_values=True))
        if path == "/realms/essai/.well-known/openid-configuration":
            return self._discovery()
        if path == "/realms/essai/test-identities":
            return said({"identities": [identity.listed for identity in self.listed]})
        match path.removeprefix(ENDPOINTS):
            case "/auth" | "/other-door":
                return self._authorize(asked, sent)
            case "/token":
                return self._token(asked)
            case "/userinfo":
                return self._userinfo(asked)
            case "/certs":
                return said({"keys": [self.key.as_dict(private=False)]})
            case "/logout":
                self.sessions.pop(cookies(asked).get("idp", ""), None)
                back = sent.get("post_logout_redirect_uri", self.home)
                return redirect(back, ("Set-Cookie", "idp=; Path=/; Max-Age=0"))
        return page("Introuvable", "<p>Introuvable</p>", 404)

    def _discovery(self) -> Reply:
        names = {"authorization": "auth", "token": "token", "userinfo": "userinfo", "end_session": "logout"}
        found = {f"{name}_endpoint": f"{self.home}{ENDPOINTS}/{path}" for name, path in names.items()}
        return said({"issuer": self.issuer, "jwks_uri": f"{self.home}{ENDPOINTS}/certs", **found})

    def _authorize(self, asked: Asked, sent: dict[str, str]) -> Reply:
        client = self.clients.get(sent.get("client_id", ""))
        if client is None or sent.get("redirect_uri") not in client.redirect_uris:
            return page("Demande refusée", "<p>Demande refusée</p>", 400)
        identity = None if sent.get("prompt") == "login" else self.sessions.get(cookies(asked).get("idp", ""))
        if asked.method == "POST":
            form = dict(parse_qsl(asked.body.decode()))
            identity = next((each for each in IDENTITIES if each.login == form.get("identifiant")), None)
            if identity is None or form.get("secret") != PASSWORD:
                return self._login(asked, "Identifiant ou mot de passe inconnu")
            session = secrets.token_urlsafe(24)
            self.sessions[session] = identity
            self.secrets.append(session)
            return self._granted(
                identity, sent, ("Set-Cookie", f"idp={session}; Path=/; HttpOnly; SameSite=Lax; Secure")
            )
        return self._login(asked) if identity is None else self._granted(identity, sent)

    def _login(self, asked: Asked, error: str = "") -> Reply:
        action = asked.target.replace("&", "&amp;")
        return page(
            "Connexion au SAS",
            f'<img alt="Ministère de la Santé et de la prévention" src="data:,"><p>{error}</p>'
            f'<form method="post" action="{action}"><input name="identifiant" type="email">'
            '<input name="secret" type="password"><button>Se connecter</button></form>',
        )

    def _granted(self, identity: Identity, sent: dict[str, str], *headers: tuple[str, str]) -> Reply:
        code = secrets.token_urlsafe(24)
        self.secrets.append(code)
        self.grants[code] = Grant(
            identity,
            sent["client_id"],
            sent["redirect_uri"],
            sent.get("nonce", ""),
            sent.get("code_challenge", ""),
        )
        answer = {"code": code, "session_state": secrets.token_hex(8)}
        if "state" in sent:
            answer["state"] = secrets.token_urlsafe(24) if identity.fault == "wrong_state" else sent["state"]
        separator = "&" if urlsplit(sent["redirect_uri"]).query else "?"
        return redirect(f"{sent['redirect_uri']}{separator}{urlencode(answer)}", *headers)

    def _token(self, asked: Asked) -> Reply:
        form = dict(parse_qsl(asked.body.decode()))
        grant = self.grants.pop(form.get("code", ""), None)
        client = self.clients.get(form.get("client_id", ""))
        if grant is None or client is None or client.secret != form.get("client_secret"):
            return said({"error": "invalid_grant"}, 400)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if grant.challenge and grant.challenge != challenge.decode().rstrip("="):
            return said({"error": "invalid_grant"}, 400)
        if grant.client_id != form["client_id"] or grant.redirect_uri != form.get("redirect_uri"):
            return said({"error": "invalid_grant"}, 400)
        access = secrets.token_urlsafe(24)
        self.tokens[access] = grant.identity
        id_token = self._id_token(grant)
        self.secrets += [access, id_token]
        return said({"access_token": access, "token_type": "Bearer", "id_token": id_token})

    def _id_token(self, grant: Grant) -> str:
        identity, now = grant.identity, int(self.clock.now().timestamp())
        fault = identity.fault
        claims = {
            "iss": self.issuer if fault != "wrong_issuer" else f"{self.home}/realms/autre",
            "aud": grant.client_id if fault != "wrong_audience" else "un-autre-client",
            "exp": now + 60 if fault != "expired" else now - 3600,
            "iat": now if fault != "expired" else now - 3660,
            **({"nonce": grant.nonce if fault != "bad_nonce" else "pas-celui-de-la-demande"} if grant.nonce else {}),
            **self._claims(identity),
        }
        if fault == "alg_none":
            return f"{encoded({'alg': 'none', 'typ': 'JWT'})}.{encoded(claims)}."
        key = ECKey.generate_key("P-256", {"kid": "essai"}) if fault == "bad_signature" else self.key
        return jwt.encode({"alg": "ES256", "kid": "essai"}, claims, key)

    def _claims(self, identity: Identity) -> dict[str, str]:
        claims = {"sub": f"f:essai:{identity.name}", "preferred_username": identity.value}
        claims |= {"family_name": identity.family, "given_name": identity.given, "email": identity.login}
        return claims if identity.fault == "missing_subject_name_id" else {**claims, "SubjectNameID": identity.value}

    def _userinfo(self, asked: Asked) -> Reply:
        identity = self.tokens.get((asked.header("authorization") or "").removeprefix("Bearer "))
        if identity is None:
            return said({"error": "invalid_token"}, 401)
        claims = self._claims(identity)
        if identity.fault == "subject_mismatch":
            claims["sub"] = "f:essai:quelqu-un-d-autre"
        return said(claims)


def encoded(document: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


def cookies(asked: Asked) -> dict[str, str]:
    read: SimpleCookie = SimpleCookie()
    read.load(asked.header("cookie") or "")
    return {name: morsel.value for name, morsel in read.items()}


def said(document: Any, status: int = 200) -> Reply:
    return Reply(status, (("Content-Type", "application/json"),), b"").with_json(document)


def page(title: str, body: str, status: int = 200, *headers: tuple[str, str]) -> Reply:
    text = (
        f'<!doctype html><html lang="fr"><head><title>{title}</title></head><body><h1>{title}</h1>{body}</body></html>'
    )
    return Reply(status, (("Content-Type", "text/html; charset=utf-8"), *headers), text.encode())


def redirect(to: str, *headers: tuple[str, str]) -> Reply:
    return Reply(303, (("Location", to), *headers), b"")
