"""Messages that were sent, messages that came, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sas_kernel.errors import SasError
from sas_kernel.text import Text


class MailError(SasError):
    """A message that cannot be written, or read: the text says why. Nothing was sent or recorded."""


class MailServerError(MailError):
    """The mail server could not be reached, or did not take the message."""


class Occasion(StrEnum):
    """Why a message was sent."""

    NOTIFICATION = "notification"
    REMINDER = "reminder"


class Nature(StrEnum):
    """What wrote a message that came: a person, or which kind of machine (RFC 3464, 3834, 8098)."""

    PERSON = "person"
    READ_RECEIPT = "read-receipt"
    AUTOMATIC = "automatic"
    UNDELIVERED = "undelivered"
    DELIVERY_NOTICE = "delivery-notice"


class Disposition(StrEnum):
    """What became of a message that came.

    `KNOWN` came before; `UNRELATED` answers nothing of this project; `REFUSED` is not taken, and why is told. Of these
    three nothing is recorded. `NOTED` is recorded and acknowledges nothing.
    """

    ACKNOWLEDGED = "acknowledged"
    NOTED = "noted"
    KNOWN = "known"
    UNRELATED = "unrelated"
    REFUSED = "refused"

    @property
    def is_recorded(self) -> bool:
        return self in {Disposition.ACKNOWLEDGED, Disposition.NOTED}


class Basis(StrEnum):
    """Which instant counts as the reception of a message."""

    RECEIVED = "received"
    DATE = "date"
    INGESTED = "ingested"


@dataclass(frozen=True, slots=True)
class Topic:
    """A deadline that a reminder was about; `due_at` as it stood then."""

    anomaly: str
    matter: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that a mail server accepted. `number` is that of its entry, `sha256` names the message itself."""

    number: int
    message_id: str
    token: str
    occasion: Occasion
    anomalies: tuple[str, ...]
    topics: tuple[Topic, ...]
    at: datetime
    sha256: str


@dataclass(frozen=True, slots=True)
class Token:
    """`[recette PROJECT A-0001 …]` in a subject: which project and anomalies a message is about."""

    text: str
    project: str
    anomalies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Incoming:
    """What a message that came says of itself.

    `fingerprint` is the same for each copy of it, whatever way it took. `sender` is an address in small letters, empty
    where none can be told. `answers` are the messages it refers to, the most likely first. `received_at` is when the
    last server took it, `dated_at` when its author says it was written. `text` is the beginning of what a person wrote,
    without what is quoted. `failed` are the recipients of whom a server says that they got nothing. `forged` is set
    where the receiving server says that the sender’s domain does not stand by it (DMARC).
    """

    message_id: str
    fingerprint: str
    sender: str
    sender_name: str
    subject: str
    nature: Nature
    answers: tuple[str, ...] = ()
    token: Token | None = None
    received_at: datetime | None = None
    dated_at: datetime | None = None
    text: str = ""
    failed: tuple[str, ...] = ()
    forged: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message: in words, and the anomalies it acknowledges or is about."""

    disposition: Disposition
    text: Text
    anomalies: tuple[str, ...] = ()
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """A message that was written, and sent unless `sent_at` is None; `refused` are the copies that were not taken."""

    message_id: str
    subject: str
    recipient: str
    anomalies: tuple[str, ...]
    content: bytes
    sent_at: datetime | None = None
    refused: Mapping[str, str] = field(default_factory=dict)
