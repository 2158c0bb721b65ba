"""Sends messages and files those that come. Only what a server accepted, or what was read, is written."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from recette.journal.model import Draft, Entry, Kind, Party
from recette.mail import letters, messages, reading, threads
from recette.mail import sent as sending
from recette.mail.filing import judge
from recette.mail.letters import Letter
from recette.mail.messages import Envelope
from recette.mail.model import Disposition, MailError, Occasion, Outcome, Posted, Topic
from recette.mail.smtp import Accepted
from recette.projects import book as books
from recette.projects.book import Book
from recette.register import moves
from recette.register.dues import pending
from recette.register.model import Anomaly, Due, Status
from recette.register.moves import Move
from sas_kernel.errors import SasError
from sas_kernel.text import Lang, Text

MEDIA_TYPE = "message/rfc822"

Send = Callable[[bytes, str, str, Sequence[str]], Awaitable[Accepted]]
"""Hands a message over: content, sender, recipient, copies (`smtp.send`)."""

Clock = Callable[[], datetime]


class Journal(Protocol):
    """What is asked of `recette.journal.repository.Journal`."""

    async def read(self, project: str) -> tuple[Entry, ...]: ...

    async def append(
        self, project: str, drafts: Sequence[Draft], recorded_at: datetime, *, expecting: int | None = None
    ) -> tuple[Entry, ...]: ...

    async def keep(self, content: bytes, media_type: str, recorded_at: datetime) -> str: ...


async def notify(
    journal: Journal,
    project: str,
    wanted: Sequence[str],
    *,
    clock: Clock,
    who: str,
    lang: Lang,
    send: Send | None,
    copies: Sequence[str] = (),
) -> Posted:
    """Notify the editor of these anomalies, or of all it has not been told of, in one message.

    `MailError` for one it has been told of, and where there is none. Without `send` the message is written only.
    """
    book = await books.read(journal, project)
    found = _to_notify(book, wanted)
    now = clock()
    letter = letters.notification(book, found, now, lang)
    return await _post(
        journal, book, letter, Occasion.NOTIFICATION, found, (), clock=clock, who=who, send=send, copies=copies
    )


async def remind(
    journal: Journal,
    project: str,
    before: timedelta,
    *,
    clock: Clock,
    who: str,
    lang: Lang,
    send: Send | None,
    copies: Sequence[str] = (),
) -> Posted | None:
    """Remind the editor of what is overdue or falls within `before`; None where it was reminded of all that.

    Each deadline is told of once before it falls and once after. Indicative and paused ones bind nobody now.
    """
    book = await books.read(journal, project)
    now = clock()
    found = due_for_reminder(book, before, now)
    if not found:
        return None
    anomalies = [book.register.find(id) for id in dict.fromkeys(due.anomaly for due in found)]
    topics = tuple(Topic(due.anomaly, due.matter.value, due.date.due_at) for due in found)
    letter = letters.reminder(book, found, lang)
    return await _post(
        journal, book, letter, Occasion.REMINDER, anomalies, topics, clock=clock, who=who, send=send, copies=copies
    )


def due_for_reminder(book: Book, before: timedelta, now: datetime) -> tuple[Due, ...]:
    """The deadlines of which the editor is to be reminded now. Pure."""
    reminded = [(topic, sent.at) for sent in sending.told(book.entries) for topic in sent.topics]

    def was_told(due: Due) -> bool:
        return any(
            (topic.anomaly, topic.matter, topic.due_at) == (due.anomaly, due.matter.value, due.date.due_at)
            and (at > topic.due_at) == due.is_overdue
            for topic, at in reminded
        )

    return tuple(
        due
        for due in pending(book.dues(now))
        if due.left <= before
        and due.paused is None
        and not due.indicative
        and book.register.find(due.anomaly).is_open
        and not was_told(due)
    )


async def ingest(journal: Journal, project: str, content: bytes, *, clock: Clock, arrived: bool = False) -> Outcome:
    """File a message that came; what cannot be read or is not for this project is told, and nothing is written.

    `arrived`: it is only now handed over, so that no trace in it says when.
    """
    try:
        incoming = reading.read(content)
    except MailError as error:
        return Outcome(Disposition.REFUSED, error.text)
    book = await books.read(journal, project)
    now = clock()
    if arrived:
        incoming = replace(incoming, received_at=now)
    judged = judge(incoming, book, hashlib.sha256(content).hexdigest(), now)
    if judged.drafts:
        await journal.keep(content, MEDIA_TYPE, now)
        await journal.append(project, judged.drafts, now, expecting=book.project.last)
    return judged.outcome


def _to_notify(book: Book, wanted: Sequence[str]) -> list[Anomaly]:
    told_of, returned = sending.notified(book.entries), sending.returned(book.entries)

    def may_be(anomaly: Anomaly) -> bool:
        """Not told of yet; or by a message that came back: article 8.2 counts from its reception."""
        if anomaly.status is Status.NOTIFIED:
            return anomaly.id in returned
        return anomaly.status is Status.OPEN and anomaly.id not in told_of

    if not wanted:
        found = [anomaly for anomaly in book.register.open if may_be(anomaly)]
        if not found:
            raise MailError(
                Text("Aucune anomalie ouverte n’est à notifier.", "No open anomaly is left to be notified.")
            )
        return found
    found = [book.register.find(id) for id in dict.fromkeys(id.upper() for id in wanted)]
    refused = [anomaly.id for anomaly in found if not may_be(anomaly)]
    if refused:
        raise MailError(
            Text(
                "Déjà notifiée ou close : {ids}. `recette mail remind` rappelle une échéance.",
                "Notified already or closed: {ids}. `recette mail remind` reminds of a deadline.",
            ).format(ids=", ".join(refused))
        )
    return found


async def _post(
    journal: Journal,
    book: Book,
    letter: Letter,
    occasion: Occasion,
    found: Sequence[Anomaly],
    topics: tuple[Topic, ...],
    *,
    clock: Clock,
    who: str,
    send: Send | None,
    copies: Sequence[str],
) -> Posted:
    sender, recipient, copied = messages.correspondents(book.project, copies)
    ids = tuple(anomaly.id for anomaly in found)
    sent = sending.told(book.entries)
    envelope = Envelope(
        sender,
        recipient,
        copied,
        threads.message_id(book.entries, book.project.id, ids[0], sent, sender.domain),
        threads.token(book.project.id, ids),
        tuple(each.message_id for each in sent if set(each.anomalies) & set(ids)),
    )
    written = messages.message(letter, envelope, clock())
    content = written.as_bytes()
    posted = Posted(envelope.message_id, str(written["Subject"]), recipient.addr_spec, ids, content)
    if send is None:
        return posted
    accepted = await send(content, sender.addr_spec, recipient.addr_spec, [each.addr_spec for each in copied])
    at = clock()
    try:
        sha256 = await journal.keep(content, MEDIA_TYPE, at)
        message = sending.draft(
            message_id=envelope.message_id,
            token=envelope.token,
            subject=posted.subject,
            occasion=occasion,
            anomalies=ids,
            topics=topics,
            recipients=accepted.recipients,
            refused=accepted.refused,
            sha256=sha256,
            at=at,
            who=who,
        )
        # What was sent is a fact, whatever was written meanwhile: no `expecting`, but the register is read again.
        register = (await books.read(journal, book.project.id)).register
        returned = sending.returned(book.entries)
        told = [_told(register.find(id), at, who, returned) for id in ids if occasion is Occasion.NOTIFICATION]
        await journal.append(book.project.id, [message, *(draft for draft in told if draft is not None)], at)
    except SasError as error:
        raise MailError(
            Text(
                "Le message {id} est parti à {at}, mais n’a pu être inscrit : {why} "
                "`recette anomaly notify` l’inscrit à la main.",
                "The message {id} was sent at {at}, but could not be recorded: {why} "
                "`recette anomaly notify` records it by hand.",
            ).format(id=envelope.message_id, at=at.isoformat(), why=error.text)
        ) from error
    return replace(posted, sent_at=at, refused=accepted.refused)


def _told(anomaly: Anomaly, at: datetime, who: str, returned: frozenset[str]) -> Draft | None:
    """None where somebody else told of it meanwhile. Told of again, its clock starts again: nothing was received."""
    if anomaly.status is Status.OPEN:
        return moves.notify(anomaly, Move(at, who, Party.ANS))
    if anomaly.status is Status.NOTIFIED and anomaly.id in returned:
        return Draft(Kind.ANOMALY_NOTIFIED, anomaly.id, at, who, Party.ANS, "", {})
    return None
