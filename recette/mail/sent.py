"""What was sent, from the entries of a journal, and the entry that says so. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from recette.journal.model import Draft, Entry, Kind, Party
from recette.mail.model import Nature, Occasion, Sent, Topic


def told(entries: Iterable[Entry]) -> tuple[Sent, ...]:
    """The messages that a server accepted, in their order."""
    return tuple(_sent(entry) for entry in entries if entry.kind is Kind.MAIL_SENT)


def draft(
    *,
    message_id: str,
    token: str,
    subject: str,
    occasion: Occasion,
    anomalies: tuple[str, ...],
    topics: tuple[Topic, ...],
    recipients: tuple[str, ...],
    refused: Mapping[str, str],
    sha256: str,
    at: datetime,
    who: str,
) -> Draft:
    """The entry of a message that a server accepted at `at`, for these recipients and not for those refused."""
    payload = {
        "message_id": message_id,
        "token": token,
        "subject": subject,
        "occasion": occasion.value,
        "anomalies": list(anomalies),
        "topics": [
            {"anomaly": each.anomaly, "matter": each.matter, "due_at": each.due_at.isoformat()} for each in topics
        ],
        "recipient": recipients[0],
        "recipients": list(recipients),
        "refused": dict(refused),
        "sha256": sha256,
    }
    return Draft(Kind.MAIL_SENT, sha256, at, who, Party.ANS, "", payload)


def notified(entries: Iterable[Entry]) -> frozenset[str]:
    """The anomalies whose editor was sent a notification since they were opened, or last re-opened.

    One that came back undelivered notified nobody.
    """
    written = tuple(entries)
    lost = undelivered(written)
    told_of: set[str] = set()
    for entry in written:
        if entry.kind is Kind.ANOMALY_REOPENED:
            told_of.discard(entry.subject)
        elif _notifies(entry) and entry.payload["message_id"] not in lost:
            told_of.update(entry.payload["anomalies"])
    return frozenset(told_of)


def returned(entries: Iterable[Entry]) -> frozenset[str]:
    """The anomalies whose notification came back undelivered, and was not sent again since."""
    written = tuple(entries)
    lost = undelivered(written)
    came_back = {id for each in told(written) if each.message_id in lost for id in each.anomalies}
    return frozenset(came_back - notified(written))


def undelivered(entries: Iterable[Entry]) -> frozenset[str]:
    """The messages of which a server said later that the editor did not get them."""
    recipients: dict[str, str] = {}
    lost: set[str] = set()
    for entry in entries:
        said = entry.payload
        if entry.kind is Kind.MAIL_SENT:
            recipients[said["message_id"]] = said["recipient"]
        elif entry.kind is Kind.MAIL_RECEIVED and said["nature"] == Nature.UNDELIVERED.value:
            recipient = recipients.get(said["answers"], "").lower()
            lost |= {said["answers"]} if recipient in (said["failed"] or [recipient]) else set()
    return frozenset(lost)


def _notifies(entry: Entry) -> bool:
    return entry.kind is Kind.MAIL_SENT and entry.payload["occasion"] == Occasion.NOTIFICATION.value


def _sent(entry: Entry) -> Sent:
    said = entry.payload
    return Sent(
        number=entry.number,
        message_id=said["message_id"],
        token=said["token"],
        occasion=Occasion(said["occasion"]),
        anomalies=tuple(said["anomalies"]),
        topics=tuple(
            Topic(each["anomaly"], each["matter"], datetime.fromisoformat(each["due_at"])) for each in said["topics"]
        ),
        at=entry.at,
        sha256=said["sha256"],
    )
