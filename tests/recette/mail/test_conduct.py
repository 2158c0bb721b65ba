"""From a notification to what its answers do to the register. May 2026: Monday 18, Friday 22, Whit Monday 25."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from email import message_from_bytes

import pytest

from recette.journal.model import Draft, Kind, Party
from recette.mail import conduct
from recette.mail.model import Disposition, MailError, MailServerError, Outcome, Posted
from recette.mail.smtp import Accepted
from recette.register import moves
from recette.register.model import RegisterError, Status
from recette.register.moves import Move
from sas_kernel.text import Lang, Text
from tests.recette.mail import replies
from tests.recette.mail.conftest import ANS, EDITOR, PROJECT, Memory, Outbox
from tests.recette.mail.replies import TOKEN, reply
from tests.recette.register.conftest import at

# Sent on Friday at 10:00, so due to be acknowledged on Tuesday at 18:00: Monday is a public holiday.
SENT = "2026-05-22T10:00"
ANSWERED = "2026-05-22T10:05"


async def notified(journal: Memory, outbox: Outbox, *ids: str, when: str = SENT) -> Posted:
    return await conduct.notify(
        journal, PROJECT, ids, clock=lambda: at(when), who="Dominique Mirabel", lang=Lang.FR, send=outbox
    )


async def came(journal: Memory, content: bytes, when: str = "2026-05-22T11:00") -> Outcome:
    """The message, in answer to the first one that was sent."""
    first = next((entry.payload["message_id"] for entry in journal.entries if entry.kind is Kind.MAIL_SENT), "")
    answered = content.replace(replies.NOTIFICATION.encode(), first.encode())
    return await conduct.ingest(journal, PROJECT, answered, clock=lambda: at(when))


def change(journal: Memory, **changes: object) -> Draft:
    return Draft(Kind.PROJECT_CHANGED, PROJECT, at("2026-05-18T09:30"), "Dominique Mirabel", Party.ANS, "", changes)


async def test_one_message_notifies_of_all_and_starts_the_clocks_when_the_server_took_it(
    journal: Memory, outbox: Outbox
) -> None:
    posted = await notified(journal, outbox)
    assert (posted.anomalies, posted.recipient, posted.sent_at) == (("A-0001", "A-0002"), EDITOR, at(SENT))
    assert journal.kinds()[-3:] == [Kind.MAIL_SENT, Kind.ANOMALY_NOTIFIED, Kind.ANOMALY_NOTIFIED]
    assert [anomaly.notified_at for anomaly in journal.book.register.open] == [at(SENT)] * 2
    assert journal.documents[journal.entries[-3].payload["sha256"]] == outbox.messages[0]
    due = {due.matter.value: due.date.due_at for due in journal.book.dues(at(SENT)) if due.anomaly == "A-0001"}
    assert due["acknowledgement"] == at("2026-05-26T18:00")


async def test_nobody_is_notified_twice(journal: Memory, outbox: Outbox) -> None:
    await notified(journal, outbox, "a-0001")
    with pytest.raises(MailError) as refused:
        await notified(journal, outbox, "A-0002", "A-0001")
    assert "A-0001" in refused.value.text.fr
    assert "A-0002" not in refused.value.text.fr
    assert (await notified(journal, outbox)).anomalies == ("A-0002",)
    with pytest.raises(MailError):
        await notified(journal, outbox)
    assert len(outbox.messages) == 2


async def test_one_told_of_otherwise_is_not_notified_by_mail(journal: Memory, outbox: Outbox) -> None:
    by_hand = moves.notify(journal.book.register.find("A-0001"), Move(at(SENT), "Dominique Mirabel", Party.ANS))
    await journal.append(PROJECT, [by_hand], at(SENT))
    with pytest.raises(MailError):
        await notified(journal, outbox, "A-0001")


async def test_an_unknown_anomaly_is_named(journal: Memory, outbox: Outbox) -> None:
    with pytest.raises(RegisterError):
        await notified(journal, outbox, "A-0009")


async def test_a_dry_run_writes_the_message_and_nothing_else(journal: Memory) -> None:
    before = len(journal.entries)
    posted = await conduct.notify(journal, PROJECT, (), clock=lambda: at(SENT), who="x", lang=Lang.EN, send=None)
    assert posted.sent_at is None
    assert b"Hello," in posted.content
    assert (len(journal.entries), journal.documents) == (before, {})


async def test_what_the_server_refused_is_not_sent_and_another_try_has_the_same_identifier(
    journal: Memory, outbox: Outbox
) -> None:
    async def refuse(content: bytes, sender: str, recipient: str, copies: Sequence[str] = ()) -> Accepted:
        outbox.messages.append(content)
        raise MailServerError(Text("refusé", "refused"))

    before = len(journal.entries)
    with pytest.raises(MailServerError):
        await conduct.notify(journal, PROJECT, (), clock=lambda: at(SENT), who="x", lang=Lang.FR, send=refuse)
    assert (len(journal.entries), journal.documents) == (before, {})
    await notified(journal, outbox)
    first, second = (message_from_bytes(content)["Message-ID"] for content in outbox.messages)
    assert first == second


async def test_what_was_sent_and_cannot_be_recorded_is_told(journal: Memory, outbox: Outbox) -> None:
    class Full(Memory):
        async def keep(self, content: bytes, media_type: str, recorded_at: datetime) -> str:
            raise MailError(Text("disque plein", "disk full"))

    with pytest.raises(MailError) as told:
        await notified(Full(journal.entries), outbox)
    assert "est parti" in told.value.text.fr
    assert "disque plein" in told.value.text.fr


@pytest.mark.parametrize("missing", [Party.ANS, Party.EDITOR])
async def test_without_an_address_the_message_says_what_to_do(journal: Memory, outbox: Outbox, missing: Party) -> None:
    nobody = change(journal, contacts={missing.value: {"name": "X", "email": "", "role": ""}})
    await journal.append(PROJECT, [nobody], at(SENT))
    with pytest.raises(MailError) as refused:
        await notified(journal, outbox)
    assert f'--contact "{missing.value}=' in refused.value.text.fr


async def test_the_reply_of_the_editor_acknowledges_each_anomaly_at_its_reception(
    journal: Memory, outbox: Outbox
) -> None:
    await notified(journal, outbox)
    outcome = await came(journal, reply())
    assert (outcome.disposition, outcome.anomalies) == (Disposition.ACKNOWLEDGED, ("A-0001", "A-0002"))
    assert {anomaly.acknowledged_at for anomaly in journal.book.register.open} == {at(ANSWERED)}
    assert journal.entries[-1].who == "Camille Orfelin <camille@agenda.example.org>"
    assert journal.entries[-1].why == "Bien reçu, nous prenons en compte."
    assert journal.entries[-3].payload["basis"] == "received"
    assert journal.entries[-3].payload["sha256"] in journal.documents


async def test_the_same_message_twice_writes_nothing(journal: Memory, outbox: Outbox) -> None:
    await notified(journal, outbox)
    await came(journal, reply())
    before = len(journal.entries)
    again = await came(journal, b"Delivered-To: x\r\n" + reply(), "2026-05-26T09:00")
    assert again.disposition is Disposition.KNOWN
    assert len(journal.entries) == before


async def test_a_second_reply_is_kept_and_moves_no_clock(journal: Memory, outbox: Outbox) -> None:
    await notified(journal, outbox)
    await came(journal, reply())
    again = await came(journal, reply("Merci.", Message_ID="<reply-2@agenda.example.org>"), "2026-05-26T09:00")
    assert again.disposition is Disposition.NOTED
    assert {anomaly.acknowledged_at for anomaly in journal.book.register.open} == {at(ANSWERED)}


@pytest.mark.parametrize(
    ("received", "dated", "expected", "basis"),
    [
        (replies.TRACE, "Mon, 18 May 2026 08:00:00 +0200", ANSWERED, "received"),
        ("", "Fri, 22 May 2026 10:04:00 +0200", "2026-05-22T10:04", "date"),
        ("", "Fri, 22 May 2026 09:58:00 +0200", SENT, "date"),
        ("", "Fri, 22 May 2026 11:03:00 +0200", "2026-05-22T11:00", "date"),
        ("", "Thu, 21 May 2026 10:00:00 +0200", "2026-05-22T11:00", "ingested"),
        ("", "Mon, 22 May 2028 10:00:00 +0200", "2026-05-22T11:00", "ingested"),
        ("", "Fri, 22 May 2026 10:04:00", "2026-05-22T11:00", "ingested"),
        ("", "", "2026-05-22T11:00", "ingested"),
    ],
    ids=["backdated", "no-trace", "clock-behind", "clock-ahead", "before-it", "future", "no-offset", "no-date"],
)
async def test_when_a_reply_was_received(
    journal: Memory, outbox: Outbox, received: str, dated: str, expected: str, basis: str
) -> None:
    await notified(journal, outbox)
    head = replies.headers(Received=received, Date=dated)
    outcome = await came(journal, replies.raw(head, "Reçu."))
    assert outcome.at == at(expected)
    assert {anomaly.acknowledged_at for anomaly in journal.book.register.open} == {at(expected)}
    assert journal.entries[-3].payload["basis"] == basis


async def test_what_is_only_now_handed_over_was_received_now_whatever_it_says(journal: Memory, outbox: Outbox) -> None:
    await notified(journal, outbox)
    content = reply(In_Reply_To="", References="")
    outcome = await conduct.ingest(journal, PROJECT, content, clock=lambda: at("2026-05-27T09:00"), arrived=True)
    assert outcome.at == at("2026-05-27T09:00")


async def test_the_subject_tells_where_the_thread_was_lost(journal: Memory, outbox: Outbox) -> None:
    await notified(journal, outbox)
    new = reply(Subject="Accusé de réception [recette agenda-essai A-0002]", In_Reply_To="", References="")
    assert (await came(journal, new)).anomalies == ("A-0002",)
    assert journal.book.register.find("A-0001").status is Status.NOTIFIED


async def test_a_token_stands_for_all_that_its_message_was_about(journal: Memory, outbox: Outbox) -> None:
    await notified(journal, outbox)
    token = journal.entries[-3].payload["token"]
    assert token == TOKEN
    wrapped_token = TOKEN.replace(" A-0002", "\r\n A-0002")
    wrapped = replies.raw(replies.headers(In_Reply_To="", References="", Subject=f"TR: {wrapped_token}"), "x")
    assert (await came(journal, wrapped)).anomalies == ("A-0001", "A-0002")


@pytest.mark.parametrize(
    ("content", "disposition", "why"),
    [
        (reply(From="Intrus <intrus@example.net>"), Disposition.REFUSED, "n’est pas l’éditeur"),
        (reply(From="Dominique <dominique@ans.example.org>"), Disposition.REFUSED, "l’original"),
        (reply(From="camille@sub.agenda.example.org"), Disposition.REFUSED, "n’est pas l’éditeur"),
        (reply(From="Camille, maelle@agenda.example.org"), Disposition.REFUSED, "auteur illisible"),
        (reply(Authentication_Results="mx; dmarc=fail"), Disposition.REFUSED, "DMARC"),
        (reply(From="Ticket <support@example.net>", Auto_Submitted="auto-replied"), Disposition.REFUSED, "éditeur"),
        (reply(In_Reply_To="<x@y>", References="", Subject="Bonjour"), Disposition.UNRELATED, "aucune notification"),
        (
            reply(In_Reply_To="", References="", Subject="[recette autre A-0001]"),
            Disposition.UNRELATED,
            "aucune notification",
        ),
        (
            reply(In_Reply_To="", References="", Subject="[recette agenda-essai A-0001 A-0077]"),
            Disposition.REFUSED,
            "A-0077",
        ),
        (reply(In_Reply_To="", References="", Subject="[recette agenda-essai]"), Disposition.REFUSED, "—"),
        (b"", Disposition.REFUSED, "aucun en-tête"),
    ],
    ids=[
        "stranger",
        "forwarded",
        "subdomain",
        "no-author",
        "forged",
        "helpdesk",
        "other",
        "project",
        "id",
        "no-id",
        "empty",
    ],
)
async def test_what_is_not_the_editor_s_answer_is_told_and_writes_nothing(
    journal: Memory, outbox: Outbox, content: bytes, disposition: Disposition, why: str
) -> None:
    await notified(journal, outbox)
    before = len(journal.entries)
    outcome = await came(journal, content)
    assert outcome.disposition is disposition
    assert why in outcome.text.fr
    assert len(journal.entries) == before
    assert len(journal.documents) == 1


COLLEAGUE = "Maëlle Quintard <maelle@agenda.example.org>"


@pytest.mark.parametrize(
    ("changes", "sender", "disposition"),
    [
        ({}, COLLEAGUE, Disposition.ACKNOWLEDGED),
        ({"changes": {"acknowledgement_sender": "address"}}, COLLEAGUE, Disposition.REFUSED),
        (
            {"contacts": {"editor": {"name": "Camille", "email": "camille@gmail.com", "role": ""}}},
            "Autre <autre@gmail.com>",
            Disposition.REFUSED,
        ),
        (
            {"contacts": {"editor": {"name": "Camille", "email": "Camille@gmail.com", "role": ""}}},
            "camille@GMAIL.com",
            Disposition.ACKNOWLEDGED,
        ),
    ],
)
async def test_who_speaks_for_the_editor(
    journal: Memory, outbox: Outbox, changes: dict[str, object], sender: str, disposition: Disposition
) -> None:
    if changes:
        await journal.append(PROJECT, [change(journal, **changes)], at("2026-05-18T09:30"))
    await notified(journal, outbox)
    assert (await came(journal, reply(From=sender))).disposition is disposition


async def test_an_automatic_reply_is_kept_and_acknowledges_nothing(journal: Memory, outbox: Outbox) -> None:
    await notified(journal, outbox)
    outcome = await came(journal, reply("Absente.", Auto_Submitted="auto-replied"))
    assert outcome.disposition is Disposition.NOTED
    assert journal.kinds()[-1] is Kind.MAIL_RECEIVED
    assert journal.book.register.find("A-0001").acknowledged_at is None


@pytest.mark.parametrize(("choice", "acknowledged"), [("no", False), ("yes", True)])
async def test_whether_a_read_receipt_acknowledges_is_a_choice(
    journal: Memory, outbox: Outbox, choice: str, acknowledged: bool
) -> None:
    await journal.append(PROJECT, [change(journal, changes={"read_receipt": choice})], at("2026-05-18T09:30"))
    await notified(journal, outbox)
    outcome = await came(journal, replies.read_receipt())
    assert (outcome.disposition is Disposition.ACKNOWLEDGED) is acknowledged
    assert (journal.book.register.find("A-0001").acknowledged_at is not None) is acknowledged


async def test_what_was_not_delivered_is_noted_and_can_be_sent_again(journal: Memory, outbox: Outbox) -> None:
    await notified(journal, outbox)
    outcome = await came(journal, replies.bounce())
    assert outcome.disposition is Disposition.NOTED
    assert EDITOR in outcome.text.fr
    assert journal.kinds()[-3:] == [Kind.MAIL_RECEIVED, Kind.NOTE, Kind.NOTE]
    assert journal.book.register.find("A-0001").acknowledged_at is None
    # Article 8.2 counts from the reception of a notification: that of the second message.
    await notified(journal, outbox, when="2026-05-26T09:00")
    assert {anomaly.notified_at for anomaly in journal.book.register.open} == {at("2026-05-26T09:00")}
    with pytest.raises(MailError):
        await notified(journal, outbox, "A-0001", when="2026-05-26T09:10")


@pytest.mark.parametrize("content", [replies.bounce("delayed"), replies.bounce(recipient="copie@example.org")])
async def test_a_delay_or_the_loss_of_a_copy_lets_the_notification_stand(
    journal: Memory, outbox: Outbox, content: bytes
) -> None:
    await notified(journal, outbox)
    assert (await came(journal, content)).disposition is Disposition.NOTED
    with pytest.raises(MailError):
        await notified(journal, outbox)


async def test_a_bounce_of_something_else_is_not_ours(journal: Memory, outbox: Outbox) -> None:
    await notified(journal, outbox)
    foreign = replies.bounce(original="<other@x>").replace(TOKEN.encode(), b"Bonjour")
    assert (await came(journal, foreign)).disposition is Disposition.UNRELATED


async def reminded(journal: Memory, outbox: Outbox, when: str, before: timedelta = timedelta(days=1)) -> Posted | None:
    return await conduct.remind(
        journal, PROJECT, before, clock=lambda: at(when), who="Dominique Mirabel", lang=Lang.FR, send=outbox
    )


async def test_a_deadline_is_reminded_of_once_before_it_falls_and_once_after(journal: Memory, outbox: Outbox) -> None:
    await notified(journal, outbox, "A-0001")
    assert await reminded(journal, outbox, "2026-05-25T10:00") is None
    before = await reminded(journal, outbox, "2026-05-26T09:00")
    assert before is not None
    assert "proches" in before.subject
    assert await reminded(journal, outbox, "2026-05-26T10:00") is None
    late = await reminded(journal, outbox, "2026-05-26T18:01")
    assert late is not None
    assert "dépassées" in late.subject
    assert await reminded(journal, outbox, "2026-05-27T10:00") is None
    sent = message_from_bytes(outbox.messages[-1])
    first, second = (message_from_bytes(content)["Message-ID"] for content in outbox.messages[:2])
    assert sent["In-Reply-To"] == second
    assert sent["References"].split() == [first, second]


async def test_the_reply_to_a_reminder_acknowledges_too(journal: Memory, outbox: Outbox) -> None:
    await notified(journal, outbox, "A-0001")
    posted = await reminded(journal, outbox, "2026-05-26T09:00")
    assert posted is not None
    head = replies.headers(Received="", Date="Tue, 26 May 2026 09:30:00 +0200", In_Reply_To=posted.message_id)
    outcome = await came(journal, replies.raw(head, "Reçu."), "2026-05-26T09:40")
    assert (outcome.disposition, outcome.at) == (Disposition.ACKNOWLEDGED, at("2026-05-26T09:30"))


async def test_what_is_met_paused_or_indicative_is_not_reminded_of(journal: Memory, outbox: Outbox) -> None:
    await notified(journal, outbox, "A-0001")
    await came(journal, reply())
    # Correction of a blocking anomaly: two working days after Friday the 22nd, Wednesday the 27th at 18:00.
    pause = moves.pause(
        journal.book.register.find("A-0001"),
        Move(at("2026-05-26T09:00"), "Camille Orfelin", Party.EDITOR, "jeu d’essai absent"),
        "Dominique Mirabel",
    )
    assert conduct.due_for_reminder(journal.book, timedelta(days=1), at("2026-05-27T09:00"))
    await journal.append(PROJECT, [pause], at("2026-05-26T09:00"))
    assert not conduct.due_for_reminder(journal.book, timedelta(days=1), at("2026-05-27T09:00"))


async def test_an_answer_to_what_came_before_does_not_acknowledge_that_it_came_back(
    journal: Memory, outbox: Outbox
) -> None:
    await notified(journal, outbox, "A-0001")
    gone, back = at("2026-05-22T10:30"), at("2026-05-22T10:40")
    seen = {"run": "r3", "occurrences": 1}
    await journal.append(
        PROJECT,
        [
            Draft(Kind.CORRECTION_VERIFIED, "A-0001", gone, "recette", Party.TOOL, "", {"run": "r2"}),
            Draft(Kind.ANOMALY_REOPENED, "A-0001", back, "recette", Party.TOOL, "", seen),
        ],
        back,
    )
    assert (await came(journal, reply())).disposition is Disposition.NOTED
    assert (await notified(journal, outbox, "A-0001", when="2026-05-22T12:00")).sent_at == at("2026-05-22T12:00")


async def test_copies_are_sent_and_those_refused_are_told(journal: Memory) -> None:
    async def partly(content: bytes, sender: str, recipient: str, copies: Sequence[str] = ()) -> Accepted:
        assert (sender, recipient, list(copies)) == (ANS, EDITOR, ["copie@example.org"])
        return Accepted((recipient,), {"copie@example.org": "550 no"})

    posted = await conduct.notify(
        journal,
        PROJECT,
        (),
        clock=lambda: at(SENT),
        who="x",
        lang=Lang.FR,
        send=partly,
        copies=["copie@example.org"],
    )
    assert posted.refused == {"copie@example.org": "550 no"}
    sent = next(entry for entry in journal.entries if entry.kind is Kind.MAIL_SENT)
    assert sent.payload["recipients"] == [EDITOR]
