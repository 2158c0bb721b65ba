"""What whoever starts the dashboard may set."""

from __future__ import annotations

import ipaddress

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from recette.dashboard.model import DashboardError
from sas_kernel.text import Lang, Text

LEAST_TOKEN = 20


class Settings(BaseSettings):
    """By option or environment (`RECETTE_DASHBOARD_…`), read once. `host` and `port` are where it listens.

    `lang` is the language for readers whose browser names neither. Without a `token` it is open, on loopback only.
    """

    model_config = SettingsConfigDict(env_prefix="RECETTE_DASHBOARD_", frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=8090, ge=1, le=65_535)
    token: SecretStr | None = None
    lang: Lang = Lang.FR
    session_hours: int = Field(default=12, ge=1, le=720)
    tries_per_minute: int = Field(default=5, ge=1)
    streams: int = Field(default=200, ge=1)
    poll_seconds: float = Field(default=1.0, gt=0)
    verify_seconds: float = Field(default=600.0, ge=0)  # 0: only when a journal moves

    @property
    def secret(self) -> str:
        """The token; empty where there is none."""
        return self.token.get_secret_value() if self.token is not None else ""

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def check(self) -> None:
        """`DashboardError` for a dashboard that others could read without a secret."""
        if self.secret and len(self.secret) < LEAST_TOKEN:
            raise DashboardError(
                Text(
                    "Le jeton a {n} caractères ; il en faut au moins {least}. "
                    'Par exemple : python -c "import secrets; print(secrets.token_urlsafe(32))".',
                    "The token has {n} characters; it takes at least {least}. "
                    'For example: python -c "import secrets; print(secrets.token_urlsafe(32))".',
                ).format(n=len(self.secret), least=LEAST_TOKEN)
            )
        if not self.is_loopback and not self.secret:
            raise DashboardError(
                Text(
                    "« {host} » est joignable par d’autres machines : donnez un jeton d’au moins {least} caractères "
                    "(--token ou RECETTE_DASHBOARD_TOKEN), ou restez sur 127.0.0.1.",
                    "'{host}' can be reached by other machines: give a token of at least {least} characters "
                    "(--token or RECETTE_DASHBOARD_TOKEN), or stay on 127.0.0.1.",
                ).format(host=self.host, least=LEAST_TOKEN)
            )
