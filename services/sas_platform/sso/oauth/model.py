"""Clients, codes and tokens of the provider."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sas_kernel.errors import SasError
from sas_kernel.text import Text

ACR: Final = "eidas1"
SCOPES: Final = ("openid", "scope_all")
REALM: Final = "/realms/sas"
ENDPOINTS: Final = "/protocol/openid-connect"


@dataclass(frozen=True, slots=True)
class Client:
    """An editor's software. Addresses are compared character by character."""

    id: str
    secret: str = field(repr=False)
    redirect_uri: str
    post_logout_uri: str | None = None


@dataclass(frozen=True, slots=True)
class AuthorizationCode:
    """What a code stands for; the code itself is kept as a hash."""

    hash: str
    session_id: str
    client_id: str
    redirect_uri: str
    scope: str
    nonce: str | None
    acr: str
    challenge: str
    expires: datetime
    used: datetime | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and the refresh token given with it. `id` is the access token's jti.

    `family` is the code it all began with; `refreshed` is when the refresh token was used.
    """

    id: str
    family: str
    session_id: str
    client_id: str
    scope: str
    nonce: str | None
    acr: str
    refresh_hash: str
    issued: datetime
    expires: datetime
    refresh_expires: datetime
    refreshed: datetime | None = None
    revoked: datetime | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back: `body` is to be written as JSON, None where there is only a redirect."""

    status: int
    body: dict[str, object] | None
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class LoginNeeded:
    """The request is right, and nobody is signed in who could answer it (or he must give his password again)."""


class UntrustedRequestError(SasError):
    """Nobody knows where the answer should go: people are told on a page, and nothing is redirected."""


class UnknownClientError(UntrustedRequestError):
    def __init__(self) -> None:
        super().__init__(
            Text(
                "Le logiciel qui demande cette connexion est inconnu (client_id).",
                "The software that asks for this sign-in is unknown (client_id).",
            )
        )


class RedirectRefusedError(UntrustedRequestError):
    def __init__(self) -> None:
        super().__init__(
            Text(
                "L’adresse de retour n’est pas celle qui a été déclarée (redirect_uri).",
                "The address to come back to is not the one that was registered (redirect_uri).",
            )
        )


class LogoutRefusedError(UntrustedRequestError):
    def __init__(self, parameter: str) -> None:
        super().__init__(
            Text(
                "Déconnexion refusée : {parameter} n’est pas valable.", "Sign-out refused: {parameter} is not valid."
            ).format(parameter=parameter)
        )
