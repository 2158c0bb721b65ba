"""An OpenID provider of the tests, over ASGI: right by default, wrong in one way when it is told to be."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

from sas_kernel.clock import Clock

ISSUER = "https://platform.example.org/realms/sas"
SECRET = "a secret: of the tests/1"
CLIENT = "agenda-reference"
NATIONAL = "3990000058/REG0001"
TECHNICAL = "0d5a3c1e-6f0b-4a7e-8a52-2f6f3f1c9b10"
BACK = "https://agenda.example.org/sso/retour"


def new_key(kid: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": "RS256"})


KEY, OTHER_KEY = new_key("one"), new_key("two")


@dataclass
class FakeProvider:
    """`claims` go into both answers, `id_claims` replace those of the ID token alone, `user_claims` of userinfo.

    A claim that is `None` is left out. `fault` names what is wrong, as the platform's test identities do.
    """

    clock: Clock
    claims: dict[str, Any] = field(default_factory=lambda: {"SubjectNameID": NATIONAL})
    id_claims: dict[str, Any] = field(default_factory=dict)
    user_claims: dict[str, Any] = field(default_factory=dict)
    document: dict[str, Any] = field(default_factory=dict)
    fault: str = ""
    signer: RSAKey = field(default_factory=lambda: KEY)
    published: list[RSAKey] = field(default_factory=lambda: [KEY])
    only_wallet: bool = False
    down: bool = False
    requests: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    userinfo_of: dict[str, dict[str, Any]] = field(default_factory=dict)

    # --- in the browser ---

    def authorize(self, url: str) -> str:
        """Somebody signs in; where his browser is sent to."""
        parts = urlsplit(url)
        assert url.startswith(f"{ISSUER}/protocol/openid-connect/auth?"), url
        asked = dict(parse_qsl(parts.query, strict_parsing=True))
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert asked["redirect_uri"] == BACK
        assert asked["scope"] == "openid scope_all"
        assert asked["acr_values"] == "eidas1"
        assert asked["code_challenge_method"] == "S256"
        assert len(asked["nonce"]) >= 32
        assert len(asked["state"]) >= 32
        state = "another" if self.fault == "wrong_state" else asked["state"]
        if self.fault == "access_denied":
            return BACK + "?" + urlencode({"error": "access_denied", "error_description": "<b>no</b>", "state": state})
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked
        return BACK + "?" + urlencode({"code": code, "state": state, "iss": ISSUER})

    # --- behind ---

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        path = scope["path"].removeprefix("/realms/sas")
        self.requests.append(path)
        status, answer = (503, {}) if self.down else self._answer(path, headers, body)
        await send(
            {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]}
        )
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    def _answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        if path == "/.well-known/openid-configuration" and not self.only_wallet:
            return 200, self._discovery()
        if path == "/.well-known/wallet-openid-configuration":
            return 200, self._discovery()
        if path == "/protocol/openid-connect/certs":
            return 200, {"keys": [key.as_dict(private=False) for key in self.published]}
        if path == "/protocol/openid-connect/token":
            return self._token(headers, body)
        if path == "/protocol/openid-connect/userinfo":
            return 200, self.userinfo_of[headers["authorization"].removeprefix("Bearer ")]
        return 404, {}

    def _discovery(self) -> dict[str, Any]:
        base = ISSUER + "/protocol/openid-connect"
        return {
            "issuer": ISSUER,
            "authorization_endpoint": base + "/auth",
            "token_endpoint": base + "/token",
            "userinfo_endpoint": base + "/userinfo",
            "jwks_uri": base + "/certs",
            "end_session_endpoint": base + "/logout",
        } | self.document

    def _token(self, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        name, _, secret = base64.b64decode(headers["authorization"].removeprefix("Basic ")).decode().partition(":")
        form = {k: v[0] for k, v in parse_qs(body.decode(), strict_parsing=True).items()}
        if (unquote(name), unquote(secret)) != (CLIENT, SECRET):
            return 401, {"error": "invalid_client"}
        asked = self.codes.pop(form["code"], None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        if (
            asked is None
            or asked["code_challenge"] != base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            or (form["grant_type"], form["redirect_uri"]) != ("authorization_code", BACK)
        ):
            return 400, {"error": "invalid_grant", "error_description": "private words"}
        return 200, self.tokens(asked["nonce"])

    def tokens(self, nonce: str) -> dict[str, Any]:
        now = int(self.clock.now().timestamp())
        access = secrets.token_urlsafe(16)
        person = {"sub": "f:0f4d1c52-7a0b-4a55-9d0e-3b6a1c2d9e10:x", "preferred_username": NATIONAL} | self.claims
        claims = person | {
            "iss": ISSUER,
            "aud": CLIENT,
            "azp": CLIENT,
            "iat": now,
            "exp": now + 120,
            "nonce": nonce,
            "acr": "eidas1",
        }
        user = dict(person)
        match self.fault:
            case "wrong_audience":
                claims |= {"aud": "another-agenda", "azp": "another-agenda"}
            case "wrong_issuer":
                claims["iss"] = "https://elsewhere.example.org/realms/sas"
            case "expired":
                claims |= {"iat": now - 400, "exp": now - 280}
            case "bad_nonce":
                claims["nonce"] = "another"
            case "missing_subject_name_id":
                claims.pop("SubjectNameID")
                user.pop("SubjectNameID")
            case "subject_mismatch":
                user["sub"] = "f:0f4d1c52-7a0b-4a55-9d0e-3b6a1c2d9e10:y"
        claims |= self.id_claims
        user |= self.user_claims
        self.userinfo_of[access] = {k: v for k, v in user.items() if v is not None}
        token = self.sign({k: v for k, v in claims.items() if v is not None})
        return {"access_token": access, "token_type": "Bearer", "expires_in": 120, "id_token": token}

    def sign(self, claims: dict[str, Any]) -> str:
        head = {"alg": "RS256", "kid": self.signer.kid}
        if self.fault == "alg_none":
            return ".".join([_part(json.dumps({"alg": "none"})), _part(json.dumps(claims)), ""])
        if self.fault == "hs256":  # signed with what everybody may read
            signed = ".".join(map(_part, (json.dumps({"alg": "HS256", "kid": KEY.kid}), json.dumps(claims))))
            digest = hmac.new(KEY.as_pem(private=False), signed.encode(), "sha256").digest()
            return f"{signed}.{_part(digest)}"
        if self.fault == "bad_signature":
            return jwt.encode({"alg": "RS256", "kid": KEY.kid}, claims, OTHER_KEY, algorithms=["RS256"])
        return jwt.encode(head, claims, self.signer, algorithms=["RS256"])


def _part(content: str | bytes) -> str:
    data = content.encode() if isinstance(content, str) else content
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
