"""What an operator may choose, read once at the entry point."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from sas_kit import pooling
from sas_kit.bounds import ServiceBounds
from sas_kit.observing.logs import LogFormat

ENVIRONMENT_PREFIX = "SAS_AGENDA_"


class Settings(ServiceBounds):
    """`public_url`: address under which patients and regulators reach the booking pages.

    `database_pool`: connections that each worker may open.
    `fragment_index_bytes`: memory a worker may keep rendered agendas in; 0 turns the index off.
    `platform_url`: FHIR base of the platform's INT_R03; without one, what it is to be told waits. The time-outs towards
    it are in seconds and replace those of the contracts; `platform_requests` are under way at once at most.
    `appointment_system`: identifies our appointments at the platform for ever, whatever becomes of `public_url`.
    What the platform accepted stays in the outbox for `accepted_messages_days`: long enough to answer for a month's
    appointments, no longer, because a message tells who sent somebody to which practitioner, and when.
    `sso_issuer`: the OpenID provider of regulators, to which this agenda is known as `sso_client_id`; without an issuer
    nobody books. `origins`: what the platform says of itself in the addresses it sends regulators to.
    `terms_version`: whoever has not accepted this one is asked to. Sessions last `session_idle_seconds` between two
    requests and `session_seconds` at most. Passwords: argon2id, `password_memory` in KiB.
    `clock_file`: for tests on one machine, the time is what this file says (`sas_kernel.clock.FileClock`).
    `faults`: files, or names of built-in faults, that this service plays on purpose, for tests on one machine; unless
    `fault_anywhere`, where only this machine is served. `faults_by_header`: those that requests from here ask for.
    `log_format`: lines for people, or JSON. `metrics_token`: lets other machines read `/metrics`, which this one may.
    `dataset`: `none`, `national` (already generated), the name of a data set of the contracts, or a file.
    """

    model_config = SettingsConfigDict(env_prefix=ENVIRONMENT_PREFIX, extra="forbid", frozen=True)

    database_url: str = "sqlite+aiosqlite:///agenda.sqlite"
    public_url: str = "http://127.0.0.1:8081"
    dataset: str = "none"
    clock_file: Path | None = None
    faults: tuple[str, ...] = ()
    faults_by_header: bool = False
    fault_anywhere: bool = False
    log_format: LogFormat = LogFormat.TEXT
    metrics_token: SecretStr | None = None
    fragment_index_bytes: int = 64 * 1024 * 1024
    database_pool: int = Field(default=pooling.DEFAULT, ge=1)
    max_request_bytes: int = Field(default=64 * 1024, ge=1024)
    platform_url: str | None = Field(default=None, pattern="^https?://[^/]")
    platform_connect_timeout: float | None = Field(default=None, gt=0)
    platform_answer_timeout: float | None = Field(default=None, gt=0)
    platform_requests: int = Field(default=16, ge=1)
    accepted_messages_days: int = Field(default=30, ge=1)
    appointment_system: str = "https://agenda.example.org/ns/rdv"
    sso_issuer: str | None = Field(default=None, pattern="^https?://[^/]")
    sso_client_id: str = "agenda-reference"
    sso_client_secret: SecretStr = SecretStr("")
    origins: tuple[str, ...] = ("sas", "sas-preprod", "sas-rui")
    terms_version: str = Field(default="2026-11", min_length=1, max_length=32)
    session_idle_seconds: int = Field(default=1_800, ge=1)
    session_seconds: int = Field(default=14_400, ge=1)
    password_rounds: int = Field(default=3, ge=1)
    password_memory: int = Field(default=65_536, ge=8)
