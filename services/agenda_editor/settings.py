"""What an operator may choose, read once at the entry point."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

ENVIRONMENT_PREFIX = "SAS_AGENDA_"


class Settings(BaseSettings):
    """`public_url`: address under which patients and regulators reach the booking pages.

    `fragment_index_bytes`: memory a worker may keep rendered agendas in; 0 turns the index off.
    `dataset`: `none`, `national` (already generated), the name of a data set of the contracts, or a file.
    """

    model_config = SettingsConfigDict(env_prefix=ENVIRONMENT_PREFIX, extra="forbid", frozen=True)

    database_url: str = "sqlite+aiosqlite:///agenda.sqlite"
    public_url: str = "http://127.0.0.1:8081"
    dataset: str = "none"
    fragment_index_bytes: int = 64 * 1024 * 1024
    database_pool: int = 10
    max_request_bytes: int = Field(default=64 * 1024, ge=1024)
