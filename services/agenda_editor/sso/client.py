"""Requests to the OpenID provider. What it publishes is kept; keys are asked for again when an unknown one signs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from agenda_editor.sso import rules
from agenda_editor.sso.model import (
    Fault,
    InvalidTokenError,
    PendingLogin,
    Provider,
    ProviderRefusalError,
    ProviderUnavailableError,
    Tokens,
)
from sas_kit.http import HttpAnswer, HttpClient, HttpFailure, HttpLimits, Watch, exchange, new_client

_LIMITS: Final = HttpLimits(connect=2, answer=5, max_bytes=256 * 1024)  # ours: no source gives a figure
_DISCOVERY_FOR: Final = 3_600_000
_KEYS_EVERY: Final = 5_000  # ms: unknown keys of forged tokens must not become requests to the provider
# The standard's path, then that of Pro Santé Connect.
_DOCUMENTS: Final = ("/.well-known/openid-configuration", "/.well-known/wallet-openid-configuration")
_JSON: Final = ("Accept", "application/json")


class ProviderClient:
    """Everything raises `ProviderUnavailableError`. `now` is in milliseconds."""

    def __init__(
        self,
        issuer: str,
        client_id: str,
        secret: str,
        redirect_uri: str,
        *,
        transport: Any = None,
        watch: Watch | None = None,
    ) -> None:
        self.issuer = issuer.rstrip("/")
        self.client_id = client_id
        self.redirect_uri = redirect_uri
        self._secret = secret
        self._transport = transport
        self._watch = watch
        self._client: HttpClient | None = None
        self._provider: tuple[Provider, int] | None = None
        self._keys: tuple[object, int] | None = None

    @property
    def known(self) -> Provider | None:
        """What was read of the provider so far."""
        return None if self._provider is None else self._provider[0]

    async def provider(self, now: int) -> Provider:
        """Its discovery document, read at most once an hour."""
        if self._provider is None or now >= self._provider[1] + _DISCOVERY_FOR:
            answer = await self._send("GET", self.issuer + _DOCUMENTS[0])
            if answer.status == 404:
                answer = await self._send("GET", self.issuer + _DOCUMENTS[1])
            self._provider = rules.provider(_document(answer, "discovery"), self.issuer), now
        return self._provider[0]

    async def key(self, kid: str | None, now: int) -> Mapping[str, Any]:
        """The key with this id, of the last set or of a fresh one. Raises `InvalidTokenError` when there is none."""
        key = None if self._keys is None else rules.key_of(self._keys[0], kid)
        if key is None and (self._keys is None or now >= self._keys[1] + _KEYS_EVERY):
            answer = await self._send("GET", (await self.provider(now)).jwks_uri)
            self._keys = _document(answer, "keys"), now
            key = rules.key_of(self._keys[0], kid)
        if key is None:
            raise InvalidTokenError(Fault.KEY)
        return key

    async def tokens(self, code: str, pending: PendingLogin, now: int) -> Tokens:
        """What a code is worth. Raises `ProviderRefusalError` when the provider refuses it."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": pending.verifier,
        }
        answer = await self._send(
            "POST",
            (await self.provider(now)).token_endpoint,
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Authorization", rules.basic_credentials(self.client_id, self._secret)),
            body=urlencode(form).encode("ascii"),
        )
        if 400 <= answer.status < 500:
            raise ProviderRefusalError(rules.error_code(_error(answer)))
        document = _document(answer, "token")
        id_token = document.get("id_token")
        if not isinstance(id_token, str):
            raise InvalidTokenError(Fault.MALFORMED)
        access_token = document.get("access_token")
        if not isinstance(access_token, str) or str(document.get("token_type", "")).lower() != "bearer":
            raise ProviderUnavailableError("token: no bearer token")
        if not (access_token.isascii() and access_token.isprintable()):
            raise ProviderUnavailableError("token: the access token cannot be sent")
        return Tokens(id_token, access_token)

    async def userinfo(self, access_token: str, now: int) -> Mapping[str, Any]:
        endpoint = (await self.provider(now)).userinfo_endpoint
        return _document(await self._send("GET", endpoint, ("Authorization", f"Bearer {access_token}")), "userinfo")

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def _send(self, method: str, url: str, *headers: tuple[str, str], body: bytes = b"") -> HttpAnswer:
        if self._client is None:  # at the first login: a service that starts need not wait for TLS
            self._client = new_client(transport=self._transport, connections=20, watch=self._watch)
        try:
            return await exchange(self._client, method, url, limits=_LIMITS, headers=(_JSON, *headers), body=body)
        except HttpFailure as error:
            raise ProviderUnavailableError(f"{error.kind}") from error


def _document(answer: HttpAnswer, what: str) -> dict[str, Any]:
    if answer.status != 200:
        raise ProviderUnavailableError(f"{what}: status {answer.status}")
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise ProviderUnavailableError(f"{what}: no JSON") from error
    if not isinstance(document, dict):
        raise ProviderUnavailableError(f"{what}: no JSON object")
    return document


def _error(answer: HttpAnswer) -> str:
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        return ""
    return str(document.get("error", "")) if isinstance(document, dict) else ""
