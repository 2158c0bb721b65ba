"""What an operator may set, by environment variables `SAS_PLATFORM_…` or by the options of `serve`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from sas_platform.editors.model import Environment


class Settings(BaseSettings):
    """Read once, at the entry point.

    `answer_timeout`, `connect_timeout` (seconds) and `answer_size` (bytes) come from the contracts unless set here.
    """

    model_config = SettingsConfigDict(env_prefix="SAS_PLATFORM_", frozen=True, extra="forbid")

    database_url: str = "sqlite:///sas_platform.sqlite3"
    environment: Environment = Environment.RECETTE
    editors_file: Path | None = None
    editors: tuple[str, ...] = ()  # NAME=URL
    admin_token: SecretStr | None = None
    dataset: str | None = "demo"
    origin: str = Field(default="sas", pattern=r"^[A-Za-z0-9._-]{1,40}$")

    max_practitioners: int = Field(default=100, ge=1, le=1000)
    max_request_bytes: int = Field(default=64 * 1024, ge=1024)
    requests_per_editor: int = Field(default=64, ge=1)
    answer_timeout: float | None = Field(default=None, gt=0)
    connect_timeout: float | None = Field(default=None, gt=0)
    answer_size: int | None = Field(default=None, gt=0)
