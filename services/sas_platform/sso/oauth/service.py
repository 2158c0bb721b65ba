"""Authlib's grants, for one request.

Authlib's server is synchronous. It is given here what was loaded before (`Desk`) and leaves there what is to be saved
after: it reads no table, waits for nothing, and where it signs it runs in a thread.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from authlib.oauth2.rfc6749 import (
    ClientMixin,
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    OAuth2Error,
    OAuth2Payload,
    OAuth2Request,
)
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core.grants import OpenIDCode
from authlib.oidc.core.grants.code import OpenIDToken
from authlib.oidc.core.util import create_half_hash
from joserfc import jwt
from joserfc.jwk import RSAKey

from sas_platform.sso.identities import rules as faults
from sas_platform.sso.identities.model import Fault
from sas_platform.sso.model import Lifetimes, Visit
from sas_platform.sso.oauth import rules
from sas_platform.sso.oauth.model import ACR, AuthorizationCode, Client, Token
from sas_platform.sso.rules import hashed

Parameters = Sequence[tuple[str, str]]

CLIENT_METHODS: Final = ["client_secret_basic", "client_secret_post"]
_NONCE: Final = re.compile(r"[^\x00-\x1f\x7f]{0,512}")
GRANTS: Final = frozenset({"authorization_code", "refresh_token"})


@dataclass(slots=True)
class Desk:
    """What one request needs, loaded before; and what it leaves to save.

    `visit` is whose session it is about, None when it is over; `fault` what is wrong with his identity.
    """

    now: datetime
    issuer: str
    lifetimes: Lifetimes
    clients: Mapping[str, Client]
    acr_required: bool = True
    key: RSAKey | None = None
    visit: Visit | None = None
    fault: Fault | None = None
    code: AuthorizationCode | None = None
    token: Token | None = None
    by_access: bool = False  # whether `token` was found by its access token

    new_code: AuthorizationCode | None = field(default=None, init=False)
    new_token: Token | None = field(default=None, init=False)
    replayed: str | None = field(default=None, init=False)  # the family whose code or refresh token came twice


# --- requests and clients, in Authlib's words ------------------------------------------------------------------------


class _Payload(OAuth2Payload):  # type: ignore[misc]  # Authlib has no types
    def __init__(self, parameters: Parameters) -> None:
        self._all: defaultdict[str, list[str]] = defaultdict(list)
        for name, value in parameters:
            self._all[name].append(value)

    @property
    def data(self) -> dict[str, str]:
        return {name: values[0] for name, values in self._all.items()}

    @property
    def datalist(self) -> defaultdict[str, list[str]]:
        return self._all


class Request(OAuth2Request):  # type: ignore[misc]  # Authlib has no types
    def __init__(self, method: str, parameters: Parameters, headers: Mapping[str, str]) -> None:
        # Authlib wants to see https here; whether there is TLS is for the reverse proxy and the public URL to say.
        super().__init__(method, "https://localhost/", headers=dict(headers))
        self.payload = _Payload(parameters)
        self._form: dict[str, str] = self.payload.data

    @property
    def args(self) -> dict[str, str]:
        return self._form

    @property
    def form(self) -> dict[str, str]:
        return self._form


class ClientRecord(ClientMixin):  # type: ignore[misc]  # Authlib has no types
    def __init__(self, client: Client) -> None:
        self.client_id = client.id
        self._client = client

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> str | None:
        return None  # always to be said

    def get_allowed_scope(self, scope: str | None) -> str:
        return " ".join(dict.fromkeys((scope or "").split()))

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == self._client.redirect_uri

    def check_client_secret(self, client_secret: str) -> bool:
        return hmac.compare_digest(client_secret.encode("utf-8", "surrogatepass"), self._client.secret.encode())

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in CLIENT_METHODS

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in GRANTS


class CodeRecord:
    """A code as Authlib's grant and its extensions ask for it."""

    code_challenge_method = "S256"

    def __init__(self, code: AuthorizationCode) -> None:
        self.kept = code
        self.code_challenge = code.challenge

    def get_redirect_uri(self) -> str:
        return self.kept.redirect_uri

    def get_scope(self) -> str:
        return self.kept.scope


class TokenRecord:
    """A token as Authlib's grant and endpoint ask for it."""

    def __init__(self, kept: Token, desk: Desk) -> None:
        self.kept = kept
        self._desk = desk

    def check_client(self, client: ClientRecord) -> bool:
        return self.kept.client_id == client.client_id

    def get_scope(self) -> str:
        return self.kept.scope

    def is_expired(self) -> bool:
        end = self.kept.expires if self._desk.by_access else self.kept.refresh_expires
        return self._desk.now >= end

    def is_revoked(self) -> bool:
        spent = self.kept.refreshed is not None and not self._desk.by_access
        return spent or self.kept.revoked is not None or self._desk.visit is None


def signed(claims: Mapping[str, Any], desk: Desk) -> str:
    assert desk.key is not None
    return jwt.encode({"alg": "RS256", "typ": "JWT", "kid": desk.key.kid}, dict(claims), desk.key, ["RS256"])


# --- authorization code ----------------------------------------------------------------------------------------------


class CodeGrant(AuthorizationCodeGrant):  # type: ignore[misc]  # Authlib has no types
    TOKEN_ENDPOINT_AUTH_METHODS = CLIENT_METHODS

    def create_authorization_response(self, redirect_uri: str, grant_user: Any) -> Any:
        state = faults.bent_state(self.request.payload.state, self.server.desk.fault)
        if state is not None:
            self.request.payload.datalist["state"] = [state]
        return super().create_authorization_response(redirect_uri, grant_user)

    def save_authorization_code(self, code: str, request: Request) -> None:
        desk = self.server.desk
        assert desk.visit is not None
        data = request.payload.data
        desk.new_code = AuthorizationCode(
            hash=hashed(code),
            session_id=desk.visit.session.id,
            client_id=request.client.client_id,
            redirect_uri=data["redirect_uri"],
            scope=request.scope,
            nonce=data.get("nonce"),
            acr=ACR,
            challenge=data["code_challenge"],
            expires=desk.now + desk.lifetimes.code,
        )

    def query_authorization_code(self, code: str, client: ClientRecord) -> CodeRecord | None:
        desk = self.server.desk
        kept: AuthorizationCode | None = desk.code
        if kept is None or kept.hash != hashed(code) or kept.client_id != client.client_id:
            return None
        if kept.used is not None:
            desk.replayed = kept.hash
            return None
        return None if desk.now >= kept.expires else CodeRecord(kept)

    def delete_authorization_code(self, authorization_code: CodeRecord) -> None:
        """It is marked as used where the token is saved, in the same transaction."""

    def authenticate_user(self, authorization_code: CodeRecord) -> Visit | None:
        visit: Visit | None = self.server.desk.visit
        return visit


class Challenge(CodeChallenge):  # type: ignore[misc]  # Authlib has no types
    """S256 from everybody: Authlib's own asks it of public clients only, and takes `plain`."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]  # noqa: RUF012  Authlib's own attribute

    def validate_code_challenge(self, grant: CodeGrant, redirect_uri: str) -> None:
        data = grant.request.payload.data
        if not data.get("code_challenge") or data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE is required: code_challenge with code_challenge_method=S256.")
        super().validate_code_challenge(grant, redirect_uri)

    def validate_code_verifier(self, grant: CodeGrant, result: Any) -> None:
        try:
            super().validate_code_verifier(grant, result)
        except InvalidRequestError as error:
            if grant.request.form.get("code_verifier"):  # malformed, hence another than the right one
                raise InvalidGrantError("Code challenge failed.") from error
            raise


class Strict:
    """What OpenID Connect and Pro Santé Connect ask of an authorization request beyond OAuth."""

    def __call__(self, grant: CodeGrant) -> None:
        grant.register_hook("after_validate_authorization_request_payload", self.check)

    def check(self, grant: CodeGrant, redirect_uri: str) -> None:
        data = grant.request.payload.data
        if "openid" not in data.get("scope", "").split():
            raise InvalidScopeError("The scope openid is required.")
        for name in ("request", "request_uri"):
            if name in data:
                raise OAuth2Error("Give the parameters themselves.", error=f"{name}_not_supported")
        if data.get("response_mode", "query") != "query":
            raise InvalidRequestError("Only response_mode=query is supported.")
        if not _NONCE.fullmatch(data.get("nonce", "")):
            raise InvalidRequestError("nonce is a text of 512 characters at most, without control characters.")
        if not _is_seconds(data.get("max_age")):
            raise InvalidRequestError("max_age is a number of seconds.")
        acr = data.get("acr_values")
        if acr is None and grant.server.desk.acr_required:
            raise InvalidRequestError(f"acr_values={ACR} is required.")
        if acr is not None and acr != ACR:
            raise InvalidRequestError(f"Only acr_values={ACR} is supported.")


def _is_seconds(text: str | None) -> bool:
    return not text or (text.isascii() and text.isdigit() and len(text) <= 9)


# --- ID tokens -------------------------------------------------------------------------------------------------------


class _IdTokenClaims:
    """The ID token, with the fault of a test identity. Authlib's own would ask the system for the time."""

    def encode_id_token(self, token: dict[str, Any], request: Request) -> str:
        desk = self._desk(request)
        assert desk.new_token is not None
        assert desk.visit is not None
        claims = rules.id_claims(desk.new_token, desk.visit, desk.issuer)
        claims["at_hash"] = create_half_hash(token["access_token"], "RS256").decode()
        if desk.code is not None and desk.code.nonce is not None:
            claims["nonce"] = desk.code.nonce
        claims = faults.bent_id_token(claims, desk.fault)
        if desk.fault is Fault.ALG_NONE:
            return f"{_part({'alg': 'none', 'typ': 'JWT'})}.{_part(claims)}."
        return faults.bent_signature(signed(claims, desk), desk.fault)

    def _desk(self, request: Request) -> Desk:
        desk: Desk = request.desk
        return desk


class IdToken(_IdTokenClaims, OpenIDCode):  # type: ignore[misc]  # Authlib has no types
    def exists_nonce(self, nonce: str, request: Request) -> bool:
        return False  # a code is used once and soon: the nonce is for the client to compare

    def __call__(self, grant: CodeGrant) -> None:
        grant.request.desk = grant.server.desk
        super().__call__(grant)


class RefreshedIdToken(_IdTokenClaims, OpenIDToken):  # type: ignore[misc]  # Authlib has no types
    def __call__(self, grant: RefreshGrant) -> None:
        grant.request.desk = grant.server.desk
        super().__call__(grant)


def _part(value: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value, ensure_ascii=False).encode()).rstrip(b"=").decode()


# --- refresh ----------------------------------------------------------------------------------------------------------


class RefreshGrant(RefreshTokenGrant):  # type: ignore[misc]  # Authlib has no types
    TOKEN_ENDPOINT_AUTH_METHODS = CLIENT_METHODS
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> TokenRecord | None:
        desk = self.server.desk
        if desk.token is None:
            return None
        record = TokenRecord(desk.token, desk)
        if desk.token.refreshed is not None and record.check_client(self.request_client):
            desk.replayed = desk.token.family
        return None if record.is_expired() or record.is_revoked() else record

    def _validate_request_token(self, client: ClientRecord) -> TokenRecord:
        self.request_client = client
        try:
            record: TokenRecord = super()._validate_request_token(client)
        except InvalidGrantError as error:
            raise InvalidGrantError("The refresh token is unknown, used or expired.") from error
        return record

    def _validate_token_scope(self, token: TokenRecord) -> None:
        super()._validate_token_scope(token)
        scope = self.request.payload.scope
        if scope and "openid" not in scope.split():
            raise InvalidScopeError("The scope openid is required.")

    def authenticate_user(self, refresh_token: TokenRecord) -> Visit | None:
        visit: Visit | None = self.server.desk.visit
        return visit

    def revoke_old_credential(self, refresh_token: TokenRecord) -> None:
        """It is marked as used where the new one is saved, in the same transaction."""
