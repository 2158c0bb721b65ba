"""From the bytes of a message to what it says of itself: who, when, in answer to what, written by whom or what. Pure.

A message is hostile until read: it has bounds, only its first words are decoded, attachments are never opened, and what
cannot be read is refused in a sentence.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.policy import compat32
from email.utils import parsedate_to_datetime, parsedate_tz

from recette.mail import bodies, natures
from recette.mail.model import Incoming, MailError, Nature
from recette.mail.threads import token_in
from sas_kernel.text import Text

MOST_BYTES = 10 * 1024 * 1024
"""The longest message that is read: a reply with some screenshots, not more."""

_HEADERS_BYTES, _PARTS, _BOUNDARIES = 128 * 1024, 100, 50
_BOUNDARY = re.compile(rb"boundary\*?\s{0,9}=", re.IGNORECASE)
_HEADER_CHARACTERS = {
    **dict.fromkeys(("From", "Date", "Message-ID", "Authentication-Results"), 2_000),
    **dict.fromkeys(("Subject", "In-Reply-To", "References"), 10_000),
}
_MESSAGE_IDS = re.compile(r"<[^<>\s]{1,400}>")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_NAMED_ADDRESS = re.compile(r"[^<>@]*<([^<>@\s]{1,64}@[^<>@\s]{1,255})>\s*")
_BARE_ADDRESS = re.compile(r"\s*([^<>@\s\"(),;:]{1,64}@[^<>@\s\"(),;:]{1,255})\s*")
_UTC_WITHOUT_PLACE = re.compile(r"\s-0000\s*(\(.*\))?\s*\Z")


def read(content: bytes) -> Incoming:
    """What a message says of itself. `MailError` for one that is empty, beyond the bounds or beyond reading."""
    if len(content) > MOST_BYTES:
        raise _refused(
            f"il dépasse {MOST_BYTES // 1024 // 1024} Mio", f"it is longer than {MOST_BYTES // 1024 // 1024} MiB"
        )
    head = re.split(rb"\r?\n\r?\n", content[: _HEADERS_BYTES + 1], maxsplit=1)[0]
    if len(head) > _HEADERS_BYTES:
        raise _refused("ses en-têtes dépassent 128 Kio", "its headers are longer than 128 KiB")
    # The parser compares each line with the boundary of each part around it: many of them are a way to keep it busy.
    if len(_BOUNDARY.findall(content)) > _BOUNDARIES:
        raise _refused("ses parties sont trop imbriquées", "its parts are nested too deeply")
    try:
        return _read(message_from_bytes(content, policy=compat32))
    except RecursionError as error:
        raise _refused("ses parties sont trop imbriquées", "its parts are nested too deeply") from error
    except (MessageError, ValueError, LookupError, TypeError, AttributeError, AssertionError) as error:
        raise _refused(
            f"il est illisible ({type(error).__name__})", f"it cannot be read ({type(error).__name__})"
        ) from error


def _read(message: Message) -> Incoming:
    if not message.keys():
        raise _refused("il n’a aucun en-tête", "it has no headers")
    for name, most in _HEADER_CHARACTERS.items():
        if any(len(str(value)) > most for value in message.get_all(name, [])):
            raise _refused(f"son en-tête {name} est démesuré", f"its header {name} is enormous")
    parts = list(_bounded(message))
    name, sender = _sender(message)
    subject = _decoded(message, "Subject")
    nature = natures.nature(message, parts, subject)
    return Incoming(
        message_id=next(iter(_ids(message, "Message-ID")), ""),
        fingerprint=_fingerprint(message),
        sender=sender,
        sender_name=name,
        subject=subject[:500],
        nature=nature,
        answers=_answers(message, parts, nature),
        token=token_in(subject),
        received_at=_received(message),
        dated_at=_instant(str(message.get("Date", ""))),
        text=bodies.beginning(parts) if nature in {Nature.PERSON, Nature.AUTOMATIC} else "",
        failed=natures.failed(parts),
        forged=natures.is_forged(message),
    )


def _bounded(message: Message) -> Iterator[Message]:
    for number, part in enumerate(message.walk()):
        if number >= _PARTS:
            raise _refused(f"il a plus de {_PARTS} parties", f"it has more than {_PARTS} parts")
        yield part


def _sender(message: Message) -> tuple[str, str]:
    """The name and address of its one author; no address where there is none, or more than one could be meant.

    Read strictly, not by `email.utils`: what looks like a display name may hold the address of somebody else.
    """
    written = message.get_all("From", [])
    if len(written) != 1:
        return "", ""
    raw = " ".join(str(written[0]).split())
    bare = _QUOTED.sub("", raw)
    found = _NAMED_ADDRESS.fullmatch(bare) or _BARE_ADDRESS.fullmatch(bare)
    if found is None:
        return "", ""
    name = _words(written[0]).rpartition("<")[0].strip().strip('"').strip()
    return bodies.one_line(name)[:100], found[1].lower()


def _answers(message: Message, parts: list[Message], nature: Nature) -> tuple[str, ...]:
    reported = natures.reported(parts) if nature is not Nature.PERSON else []
    ids = [*reported, *_ids(message, "In-Reply-To"), *reversed(_ids(message, "References"))]
    return tuple(dict.fromkeys(ids))


def _ids(message: Message, name: str) -> list[str]:
    return [id for value in message.get_all(name, []) for id in _MESSAGE_IDS.findall(str(value))]


def _received(message: Message) -> datetime | None:
    """When the last server on its way took it: the trace on top is the only one that its author cannot write."""
    trace = message.get("Received")
    return None if trace is None else _instant(str(trace).rpartition(";")[2])


def _instant(written: str) -> datetime | None:
    """A date of a header; None where it cannot be read or has no offset, hence names no instant.

    `-0000` is UTC written by somebody who does not say where they are (RFC 5322, section 3.3).
    """
    written = " ".join(written.split())
    if not written or len(written) > 200 or parsedate_tz(written) is None:
        return None
    try:
        read = parsedate_to_datetime(written)
        if read.tzinfo is None:
            return read.replace(tzinfo=UTC) if _UTC_WITHOUT_PLACE.search(written) else None
        return read.astimezone(UTC)
    except (ValueError, OverflowError, TypeError):
        return None


def _decoded(message: Message, name: str) -> str:
    return bodies.one_line(_words(message.get(name, "")))


def _words(value: object) -> str:
    """A header in words; as it stands where its encoding is none."""
    try:
        return str(make_header(decode_header(value)))  # type: ignore[arg-type]  # a Header where bytes are not ASCII
    except (MessageError, ValueError, LookupError):
        return str(value).encode("utf-8", "replace").decode("utf-8", "replace")


def _fingerprint(message: Message) -> str:
    """The same for each copy of a message: what servers write on its way is left out."""
    made = hashlib.sha256()
    for name in ("Message-ID", "From", "Date", "Subject"):
        made.update(f"{name}:{' '.join(str(message.get(name, '')).split())}\n".encode("utf-8", "surrogateescape"))
    for part in message.walk():
        payload = part.get_payload()
        if isinstance(payload, str):
            made.update("\n".join(payload.split()).encode("utf-8", "surrogateescape") + b"\0")
    return made.hexdigest()


def _refused(fr: str, en: str) -> MailError:
    return MailError(Text("Ce message est refusé : {w}.", "This message is refused: {w}.").format(w=Text(fr, en)))
