"""Whether a person or a machine wrote a message, by what it says of itself (RFC 3464, 3834, 8098). Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.message import Message

from recette.mail.model import Nature

_REPORT = 64 * 1024
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,400}>")
_RECIPIENT = re.compile(
    r"^(?:Final|Original)-Recipient[ \t]*:[ \t]*[\w-]+[ \t]*;[ \t]*<?([^\s<>]{1,320})>?[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_ACTION = re.compile(r"^Action[ \t]*:[ \t]*(\w+)", re.IGNORECASE | re.MULTILINE)
_READ_SUBJECT = re.compile(r"\s*(lu|read|gelesen|leído|letto)\s*:", re.IGNORECASE)
_NOT_READ_SUBJECT = re.compile(r"\s*(non lu|not read|ungelesen)\s*:", re.IGNORECASE)
_AUTOMATIC_SUBJECT = re.compile(
    r"\s*(r[ée]ponse automatique|automatic reply|auto(matic)?[ -]?(reply|response)|absen(t|ce) du bureau|"
    r"out of (the )?office|message d['’]absence|accus[ée] de r[ée]ception automatique)\b",
    re.IGNORECASE,
)
_UNDELIVERED_SUBJECT = re.compile(
    r"\s*(undeliver(able|ed)|mail delivery (failed|failure|subsystem)|delivery status notification \(failure\)|"
    r"non[- ]remi(s|se)|message non (distribué|remis)|échec de (la )?remise|returned mail)",
    re.IGNORECASE,
)
_MACHINES = re.compile(r"<?\s*(mailer-daemon|postmaster)@", re.IGNORECASE)


def nature(message: Message, parts: Sequence[Message], subject: str) -> Nature:
    """Who or what wrote it. Reports say so themselves; of the rest, machines that follow no standard too are known."""
    kind = str(message.get_param("report-type", "")).lower()
    types = {part.get_content_type() for part in parts}
    if kind == "disposition-notification" or "message/disposition-notification" in types:
        return Nature.READ_RECEIPT if _was_shown(parts) else Nature.AUTOMATIC
    if kind == "delivery-status" or "message/delivery-status" in types:
        return Nature.UNDELIVERED if "failed" in _actions(parts) else Nature.DELIVERY_NOTICE
    if _UNDELIVERED_SUBJECT.match(subject) and (_is_from_machine(message) or "X-Failed-Recipients" in message):
        return Nature.UNDELIVERED
    if _READ_SUBJECT.match(subject):
        return Nature.READ_RECEIPT
    is_machine = _says_automatic(message) or _is_from_machine(message)
    if is_machine or _AUTOMATIC_SUBJECT.match(subject) or _NOT_READ_SUBJECT.match(subject):
        return Nature.AUTOMATIC
    return Nature.PERSON


def reported(parts: Sequence[Message]) -> list[str]:
    """The message that a report is about, from its fields or from the copy that it returns."""
    found: list[str] = []
    for part in parts[1:]:
        kind = part.get_content_type()
        if kind in {"message/disposition-notification", "message/delivery-status", "text/rfc822-headers"}:
            found += re.findall(r"(?im)^(?:Original-)?Message-ID\s*:\s*(<[^<>\s]{1,400}>)", _written(part))
        else:
            found += _MESSAGE_ID.findall(str(part.get("Message-ID", "")))
    return found


def failed(parts: Sequence[Message]) -> tuple[str, ...]:
    """The recipients who got nothing, each once, as far as the report names them."""
    named = [
        recipient.lower()
        for part in parts
        if part.get_content_type() == "message/delivery-status"
        for recipient in _RECIPIENT.findall(_written(part))
    ]
    return tuple(dict.fromkeys(named))[:20]


def is_forged(message: Message) -> bool:
    """Whether the server that received it says that the sender’s domain does not stand by it (RFC 8601)."""
    return re.search(r"\bdmarc\s*=\s*fail\b", str(message.get("Authentication-Results", "")), re.IGNORECASE) is not None


def _says_automatic(message: Message) -> bool:
    submitted = str(message.get("Auto-Submitted", "no")).split(";")[0].strip().lower()
    precedence = str(message.get("Precedence", "")).strip().lower()
    return (
        submitted not in {"no", ""}
        or precedence in {"auto_reply", "auto-reply", "bulk", "junk"}
        or any(name in message for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Reply"))
    )


def _is_from_machine(message: Message) -> bool:
    """The empty return path is what machines answer with, so that nobody answers them."""
    path = message.get("Return-Path")
    return (path is not None and str(path).strip() == "<>") or bool(_MACHINES.search(str(message.get("From", ""))))


def _was_shown(parts: Sequence[Message]) -> bool:
    said = "\n".join(_written(part) for part in parts if part.get_content_type() == "message/disposition-notification")
    return re.search(r"(?im)^Disposition\s*:.*;\s*(displayed|processed)", said) is not None


def _actions(parts: Sequence[Message]) -> set[str]:
    said = "\n".join(_written(part) for part in parts if part.get_content_type() == "message/delivery-status")
    return {action.lower() for action in _ACTION.findall(said)}


def _written(part: Message) -> str:
    """The fields of a report: the parser makes messages of their groups, or leaves them as text."""
    payload = part.get_payload()
    if isinstance(payload, list):
        groups = [group for group in payload if isinstance(group, Message)]
        fields = [f"{name}: {value}" for group in groups for name, value in group.items()]
        rest = [group.get_payload() for group in groups]
        return "\n".join([*fields, *(text for text in rest if isinstance(text, str))])[:_REPORT]
    return payload[:_REPORT] if isinstance(payload, str) else ""
