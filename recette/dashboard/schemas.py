"""What the API answers. Instants are ISO 8601 with an offset, durations seconds, texts in both languages."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel


class Words(BaseModel):
    fr: str
    en: str


class DueBody(BaseModel):
    """`seconds_left` is negative once overdue. `indicative`: the agreement sets no deadline in that phase."""

    anomaly: str
    matter: str
    due_at: datetime
    counted_from: datetime
    met_at: datetime | None
    seconds_left: float
    overdue: bool
    paused: bool
    indicative: bool
    article: str
    choices: list[str]


class AnomalyBody(BaseModel):
    id: str
    identity: str
    title: Words
    requirement: str
    check: str
    path: str
    severity: str
    qualified: bool
    status: str
    phase: str
    opened_at: datetime
    notified_at: datetime | None
    acknowledged_at: datetime | None
    delivered_at: datetime | None
    verified_at: datetime | None
    occurrences: int
    is_reserve: bool
    runs: list[str]


class PhaseBody(BaseModel):
    id: str
    opened_at: datetime | None
    closed_at: datetime | None
    planned_end: datetime | None
    earliest_end: date | None
    prolonged_by: list[str]
    outcome: str | None
    late: bool


class MissingBody(BaseModel):
    id: str
    text: Words
    article: str
    about: list[str]


class DoorBody(BaseModel):
    phase: str
    can_close: bool
    missing: list[MissingBody]
    proposal: str
    reserves: list[str]


class RightBody(BaseModel):
    """Shown, never taken."""

    id: str
    text: Words
    article: str
    since: datetime
    about: list[str]


class ActBody(BaseModel):
    parties: list[str]
    text: Words
    about: list[str]


class LevelBody(BaseModel):
    id: str
    promised: float
    unit: str
    measured: float | None
    samples: int
    holds: bool | None


class DayBody(BaseModel):
    day: date
    watched_seconds: float
    down_seconds: float
    maintenance_seconds: float
    samples: int
    measured: dict[str, float]


class ServiceBody(BaseModel):
    start: datetime
    end: datetime
    samples: int
    availability: float | None
    promised_availability: float
    availability_holds: bool | None
    budget_left_seconds: float
    levels: list[LevelBody]
    days: list[DayBody]


class RunBody(BaseModel):
    id: str
    sha256: str
    target: str
    base_url: str
    tool_version: str
    rule_set: str
    started_at: datetime
    finished_at: datetime
    verdict: str
    exit_code: int
    partial: bool
    scenarios: int
    findings: int


class CertificateBody(BaseModel):
    number: str
    issued_at: datetime
    who: str
    payload: dict[str, Any]


class LiveBody(BaseModel):
    """`silent`: it did not end, and nothing was heard of it for half a minute."""

    project: str
    session: str
    target: str
    position: int
    total: int
    scenario: str
    verdicts: dict[str, int]
    started_at: datetime
    seen_at: datetime
    finished_at: datetime | None
    silent: bool
    run: str


class EntryBody(BaseModel):
    number: int
    kind: str
    subject: str
    at: str
    recorded_at: str
    who: str
    party: str
    why: str
    payload: dict[str, Any]
    previous: str
    hash: str


class ProjectLine(BaseModel):
    """`error` says what keeps a project from being read; nothing else of it is said then."""

    id: str
    error: Words | None = None
    title: Words | None = None
    phase: str | None = None
    open_anomalies: dict[str, int] = {}
    overdue: int = 0
    rights: list[str] = []
    entries: int = 0


class ProjectBody(BaseModel):
    id: str
    title: Words
    editor: str
    interface: str
    environment: str
    agreement: str
    now: datetime
    phase: str | None
    suspended_at: datetime | None
    phases: list[PhaseBody]
    door: DoorBody | None
    acts: list[ActBody]
    rights: list[RightBody]
    dues: list[DueBody]
    anomalies: list[AnomalyBody]
    service: ServiceBody | None
    runs: list[RunBody]
    certificates: list[CertificateBody]
    entries: int
