"""Authlib's authorization server, built for one request and thrown away with it."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

from authlib.oauth2.rfc6749 import (
    AuthorizationServer,
    InvalidClientError,
    InvalidRequestError,
    OAuth2Error,
    UnsupportedGrantTypeError,
    UnsupportedResponseTypeError,
)
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from authlib.oidc.core.errors import LoginRequiredError

from sas_platform.sso.oauth import rules
from sas_platform.sso.oauth.model import SCOPES, Answer, AuthorizationCode, LoginNeeded, Token
from sas_platform.sso.oauth.service import (
    CLIENT_METHODS,
    GRANTS,
    Challenge,
    ClientRecord,
    CodeGrant,
    Desk,
    IdToken,
    Parameters,
    RefreshedIdToken,
    RefreshGrant,
    Request,
    Strict,
    TokenRecord,
    signed,
)
from sas_platform.sso.rules import hashed


def authorize(desk: Desk, parameters: Parameters) -> Answer | LoginNeeded:
    """Answer an authorization request whose client and return address are known to be right."""
    server, request = _Server(desk), Request("GET", parameters, {})
    redirect_uri = request.payload.redirect_uri
    try:
        _check_once(request)
        if not request.payload.response_type:
            raise InvalidRequestError("Missing response_type.")
        if request.payload.response_type != "code":
            raise UnsupportedResponseTypeError("code")
        grant = server.get_consent_grant(request, desk.visit)
        prompts = request.payload.data.get("prompt", "").split()
        again = desk.visit is None or rules.must_sign_in_again(
            desk.visit, request.payload.data.get("max_age"), desk.now
        )
        if "none" in prompts and again:
            raise LoginRequiredError
        if again or {"login", "select_account"} & set(prompts):
            return LoginNeeded()
        return _answer(server.create_authorization_response(request, desk.visit, grant))
    except OAuth2Error as error:
        error.redirect_uri, error.state = redirect_uri, request.payload.state
        return _answer(error())


def token(desk: Desk, parameters: Parameters, headers: Mapping[str, str]) -> Answer:
    """Answer a token request; what was given is in `desk.new_token` and is worth nothing until it is saved."""
    server, request = _Server(desk), Request("POST", parameters, headers)
    try:
        _check_once(request)
        if not request.payload.grant_type:
            raise InvalidRequestError("Missing grant_type.")
        if request.payload.grant_type not in GRANTS:
            raise UnsupportedGrantTypeError("given")
    except OAuth2Error as error:
        return _answer(error())
    return _answer(server.create_token_response(request))


def introspect(desk: Desk, parameters: Parameters, headers: Mapping[str, str]) -> Answer:
    """Tell an authenticated client of a token of its own."""
    server, request = _Server(desk), Request("POST", parameters, headers)
    try:
        _check_once(request)
    except OAuth2Error as error:
        return _answer(error())
    return _answer(server.create_endpoint_response(_Introspection.ENDPOINT_NAME, request))


def refused(error: str, description: str, status: int = 400) -> Answer:
    """An error that no grant decides: the form could not be read, or the code was used in the meantime."""
    return _answer((status, {"error": error, "error_description": description}, _JSON))


_JSON: Final = [("Content-Type", "application/json"), ("Cache-Control", "no-store"), ("Pragma", "no-cache")]


def _answer(response: tuple[int, Any, Sequence[tuple[str, str]]]) -> Answer:
    status, body, headers = response
    if isinstance(body, list):  # Authlib gives its errors as pairs
        body = dict(body)
    return Answer(status, body or None, tuple(headers))


def _check_once(request: Request) -> None:
    if any(len(values) > 1 for values in request.payload.datalist.values()):
        raise InvalidRequestError("A parameter is given more than once.")


# --- within ---


class _ClientRefusedError(InvalidClientError):  # type: ignore[misc]  # Authlib has no types
    """RFC 6749, section 5.2, and the realm that RFC 7617 wants in a challenge."""

    status_code = 401

    def get_headers(self) -> list[tuple[str, str]]:
        plain = [(name, value) for name, value in super().get_headers() if name != "WWW-Authenticate"]
        return [*plain, ("WWW-Authenticate", 'Basic realm="sas"')]


class _Server(AuthorizationServer):  # type: ignore[misc]  # Authlib has no types
    def __init__(self, desk: Desk) -> None:
        super().__init__(scopes_supported=list(SCOPES))
        self.desk = desk
        self.register_token_generator("default", self._tokens)
        self.register_grant(CodeGrant, [Challenge(required=True), Strict(), IdToken()])
        self.register_grant(RefreshGrant, [RefreshedIdToken()])
        self.register_endpoint(_Introspection)

    def query_client(self, client_id: str) -> ClientRecord | None:
        client = self.desk.clients.get(client_id)
        return None if client is None else ClientRecord(client)

    def authenticate_client(self, request: Request, methods: list[str], endpoint: str = "token") -> ClientRecord:
        try:
            client: ClientRecord = super().authenticate_client(request, methods, endpoint)
        except InvalidClientError as error:  # one answer for all of them: which ids exist is nobody's business
            raise _ClientRefusedError("Client authentication failed.") from error
        except (ValueError, UnicodeError) as error:  # a header that is no base64, or no text
            raise _ClientRefusedError("Client authentication failed.") from error
        return client

    def create_oauth2_request(self, request: Request) -> Request:
        return request

    def handle_response(self, status: int, body: Any, headers: Any) -> tuple[int, Any, Any]:
        return status, body, headers

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""

    def save_token(self, token: dict[str, Any], request: Request) -> None:
        """The desk has it already: see `_tokens`."""

    def _tokens(self, *, client: ClientRecord, scope: str, **_: Any) -> dict[str, Any]:
        desk = self.desk
        visit, source = desk.visit, desk.code or desk.token
        assert visit is not None
        assert source is not None
        end = visit.session.opened + desk.lifetimes.session
        refresh = secrets.token_urlsafe(32)
        desk.new_token = Token(
            id=str(uuid.uuid4()),
            family=source.hash if isinstance(source, AuthorizationCode) else source.family,
            session_id=visit.session.id,
            client_id=client.client_id,
            scope=scope,
            nonce=source.nonce,
            acr=source.acr,
            refresh_hash=hashed(refresh),
            issued=desk.now,
            expires=desk.now + desk.lifetimes.access,
            refresh_expires=min(desk.now + desk.lifetimes.refresh, end),
        )
        claims = rules.access_claims(desk.new_token, visit, desk.issuer)
        return {
            "access_token": signed(claims, desk),
            "token_type": "Bearer",
            "expires_in": int(desk.lifetimes.access.total_seconds()),
            "refresh_token": refresh,
            "refresh_expires_in": int((desk.new_token.refresh_expires - desk.now).total_seconds()),
            "scope": scope,
            "session_state": visit.session.id,
        }


class _Introspection(IntrospectionEndpoint):  # type: ignore[misc]  # Authlib has no types
    CLIENT_AUTH_METHODS = CLIENT_METHODS

    def check_params(self, request: Request, client: ClientRecord) -> None:
        if not request.form.get("token"):  # the hint only speeds a search that is quick
            raise InvalidRequestError("Missing token.")

    def query_token(self, token_string: str, token_type_hint: str | None) -> TokenRecord | None:
        desk = self.server.desk
        return None if desk.token is None else TokenRecord(desk.token, desk)

    def check_permission(self, token: TokenRecord, client: ClientRecord, request: Request) -> bool:
        return token.check_client(client)

    def introspect_token(self, token: TokenRecord) -> dict[str, Any]:
        desk = self.server.desk
        assert desk.visit is not None
        return rules.introspection(token.kept, desk.visit, desk.issuer, access=desk.by_access)
