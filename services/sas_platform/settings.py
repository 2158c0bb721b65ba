"""What an operator may set, by environment variables `SAS_PLATFORM_…` or by the options of `serve`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from sas_kit import pooling
from sas_kit.bounds import ServiceBounds
from sas_kit.observing.logs import LogFormat
from sas_platform.editors.model import Environment


class Settings(ServiceBounds):
    """Read once, at the entry point.

    `answer_timeout`, `connect_timeout` (seconds) and `answer_size` (bytes) come from the contracts unless set here.
    """

    model_config = SettingsConfigDict(env_prefix="SAS_PLATFORM_", frozen=True, extra="forbid")

    database_url: str = "sqlite:///sas_platform.sqlite3"
    database_pool: int = Field(default=pooling.DEFAULT, ge=1)  # connections that each worker may open
    environment: Environment = Environment.RECETTE
    editors_file: Path | None = None
    editors: tuple[str, ...] = ()  # NAME=URL
    admin_token: SecretStr | None = None
    dataset: str | None = "demo"
    clock_file: Path | None = None  # for tests on one machine: time is what it says (`sas_kernel.clock.FileClock`)
    faults: tuple[str, ...] = ()  # for tests on one machine: files of faults to play, or names of built-in ones
    faults_by_header: bool = False  # those that requests from this machine ask for
    fault_anywhere: bool = False  # also where other machines are served
    log_format: LogFormat = LogFormat.TEXT
    metrics_token: SecretStr | None = None  # lets other machines read /metrics, which this one may
    trace_editors: bool = True  # searches and accounts sent to editors carry W3C Trace Context
    origin: str = Field(default="sas", pattern=r"^[A-Za-z0-9._-]{1,40}$")

    regulator_quirks: tuple[str, ...] = ()  # names of `regulators.model.Quirk`
    regulator_retry_first: float = Field(default=5.0, gt=0)  # seconds; doubled after each failure
    regulator_retry_most: float = Field(default=900.0, gt=0)
    regulator_attempts_kept: int = Field(default=10_000, ge=1)
    password_rounds: int = Field(default=3, ge=1)  # argon2id; its memory in KiB
    password_memory: int = Field(default=65_536, ge=8)

    public_url: str = "http://127.0.0.1:8080"  # as browsers and editors write it; the issuer's name begins with it
    sso_clients: tuple[SecretStr, ...] = ()  # ID SECRET REDIRECT_URI [POST_LOGOUT_URI]
    sso_acr_required: bool = True  # acr_values=eidas1 in each request, as Pro Santé Connect's documentation writes it
    test_identities: bool | None = None  # unless set: in the acceptance environment only
    # Seconds. Access, refresh, session: SEC, api_prosanteconnectee_web_erreurs.md, and principes_securisation.md.
    sso_access_seconds: int = Field(default=120, ge=1)
    sso_refresh_seconds: int = Field(default=1_800, ge=1)
    sso_session_seconds: int = Field(default=14_400, ge=1)
    sso_idle_seconds: int = Field(default=1_800, ge=1)
    sso_code_seconds: int = Field(default=60, ge=1, le=600)  # RFC 6749, section 4.1.2: ten minutes at most
    sso_key_days: int = Field(default=90, ge=1)

    sign_in_required: bool = True  # to see the pages; off for loads of the search page, which no person then sees

    # A search waits for editors, 7 s for each of those that hang: twenty times the nominal load is 117 at once then.
    max_at_work: int = Field(default=128, ge=1)
    max_streams: int = Field(default=256, ge=1)  # pages that are told of appointments as they come, by this worker
    max_practitioners: int = Field(default=100, ge=1, le=1000)
    max_associations: int = Field(default=50, ge=1, le=1000)
    max_request_bytes: int = Field(default=64 * 1024, ge=1024)
    requests_per_editor: int = Field(default=64, ge=1)
    # Of editors' answers, by all searches of a process; a search holds a quarter at most (contracts/performance.toml).
    answers_held_bytes: int = Field(default=192 * 1024 * 1024, ge=1024 * 1024)
    answer_timeout: float | None = Field(default=None, gt=0)
    connect_timeout: float | None = Field(default=None, gt=0)
    answer_size: int | None = Field(default=None, gt=0)
