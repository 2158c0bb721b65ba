"""Entries of a journal. One journal a project; an entry is never changed, a later one says what became of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sas_kernel.errors import SasError
from sas_kernel.text import Text

GENESIS = "0" * 64
"""What the first entry of a project names as its previous hash."""


class Party(StrEnum):
    """On whose behalf something was done; `TOOL` for what a run or the clock showed."""

    ANS = "ans"
    EDITOR = "editor"
    TOOL = "tool"


class Kind(StrEnum):
    """What an entry says. Its payload is described by the module that writes it."""

    PROJECT_OPENED = "project.opened"
    PROJECT_CHANGED = "project.changed"
    MILESTONE = "project.milestone"
    PHASE_OPENED = "phase.opened"
    PHASE_EXTENDED = "phase.extended"
    PHASE_CLOSED = "phase.closed"
    SHOWN = "phase.shown"
    SUSPENDED = "project.suspended"
    RESUMED = "project.resumed"
    RUN = "run.recorded"
    ANOMALY_OPENED = "anomaly.opened"
    ANOMALY_SEEN = "anomaly.seen"
    ANOMALY_NOTIFIED = "anomaly.notified"
    ANOMALY_ACKNOWLEDGED = "anomaly.acknowledged"
    ANOMALY_QUALIFIED = "anomaly.qualified"
    WORKAROUND_PROPOSED = "anomaly.workaround_proposed"
    WORKAROUND_VALIDATED = "anomaly.workaround_validated"
    PLAN_PROPOSED = "anomaly.plan_proposed"
    PLAN_VALIDATED = "anomaly.plan_validated"
    CLOCK_PAUSED = "anomaly.paused"
    CLOCK_RESUMED = "anomaly.resumed"
    CORRECTION_DELIVERED = "anomaly.delivered"
    CORRECTION_VERIFIED = "anomaly.verified"
    ANOMALY_REOPENED = "anomaly.reopened"
    ANOMALY_WITHDRAWN = "anomaly.withdrawn"
    NOTE = "anomaly.note"
    MAINTENANCE = "service.maintenance"
    SERVICE_REPORTED = "service.reported"
    MAIL_SENT = "mail.sent"
    MAIL_RECEIVED = "mail.received"
    CERTIFICATE = "certificate.issued"


class JournalError(SasError):
    """The journal cannot take or give what was asked: it says why, and nothing was written."""


class JournalMovedError(JournalError):
    """Somebody else wrote since the decision was made: read again, decide again."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be written. `at` is when it happened; `subject` the anomaly, phase or run it is about."""

    kind: Kind
    subject: str
    at: datetime
    who: str
    party: Party
    why: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """What was written. `number` counts from 1 within the project; `recorded_at` is when it was written.

    `hash` covers all the rest, hence, through `previous`, everything written before it.
    """

    project: str
    number: int
    kind: Kind
    subject: str
    at: datetime
    recorded_at: datetime
    who: str
    party: Party
    why: str
    payload: Mapping[str, Any]
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class Document:
    """Something that entries name by its hash: a run’s report, a certificate, a message."""

    sha256: str
    media_type: str
    content: bytes


def chained(project: str, number: int, previous: str, draft: Draft, recorded_at: datetime) -> Entry:
    """The entry that a draft becomes after the entry whose hash is `previous`."""
    written = _document(project, number, previous, draft, recorded_at)
    return Entry(
        project=project,
        number=number,
        kind=draft.kind,
        subject=draft.subject,
        at=_utc(draft.at),
        recorded_at=_utc(recorded_at),
        who=draft.who,
        party=draft.party,
        why=draft.why,
        payload=json.loads(canonical(draft.payload)),
        previous=previous,
        hash=hashlib.sha256(canonical(written).encode()).hexdigest(),
    )


def first_broken(entries: Iterable[Entry]) -> Entry | None:
    """The first entry of a project that is not what was written after the one before it; None if all are."""
    previous = GENESIS
    for number, entry in enumerate(entries, 1):
        draft = Draft(entry.kind, entry.subject, entry.at, entry.who, entry.party, entry.why, entry.payload)
        if entry != chained(entry.project, number, previous, draft, entry.recorded_at):
            return entry
        previous = entry.hash
    return None


def canonical(value: object) -> str:
    """JSON of one form only: sorted keys, no blanks, UTF-8."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def instant(at: datetime) -> str:
    """An instant as it is hashed and stored: UTC, microseconds, `Z`."""
    return _utc(at).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise JournalError(Text("Un instant sans décalage horaire.", "An instant without a UTC offset."))
    return at.astimezone(UTC)


def _document(project: str, number: int, previous: str, draft: Draft, recorded_at: datetime) -> dict[str, Any]:
    return {
        "project": project,
        "number": number,
        "kind": draft.kind.value,
        "subject": draft.subject,
        "at": instant(draft.at),
        "recorded_at": instant(recorded_at),
        "who": draft.who,
        "party": draft.party.value,
        "why": draft.why,
        "payload": draft.payload,
        "previous": previous,
    }
