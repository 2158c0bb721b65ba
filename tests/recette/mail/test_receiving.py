"""The small server that receives, spoken to by the client that sends."""

from __future__ import annotations

import asyncio
import smtplib

import pytest

from recette.mail import conduct, receiving, smtp
from recette.mail.model import MailServerError, Outcome
from recette.mail.smtp import Security, Server
from sas_kernel.errors import SasError
from sas_kernel.text import Lang, Text
from tests.recette.mail import replies
from tests.recette.mail.conftest import ANS, EDITOR, PROJECT, Memory
from tests.recette.register.conftest import at


def local(port: int) -> Server:
    return Server("127.0.0.1", port, Security.OPPORTUNISTIC)


async def test_a_notification_goes_out_and_its_answer_comes_back(journal: Memory) -> None:
    """The whole way, over two real connections: what arrives is filed before the server says that it took it."""
    editor: list[bytes] = []

    async def keep(content: bytes) -> Outcome:
        editor.append(content)
        return Outcome(conduct.Disposition.NOTED, Text("gardé", "kept"))

    async def ingest(content: bytes) -> Outcome:
        return await conduct.ingest(journal, PROJECT, content, clock=lambda: at("2026-05-26T09:30"), arrived=True)

    async with (
        receiving.serving("127.0.0.1", 0, frozenset({EDITOR}), keep, lambda: at("2026-05-22T10:00")) as theirs,
        receiving.serving("127.0.0.1", 0, frozenset({ANS}), ingest, lambda: at("2026-05-26T09:30")) as ours,
    ):
        posted = await conduct.notify(
            journal,
            PROJECT,
            (),
            clock=lambda: at("2026-05-22T10:00"),
            who="Dominique Mirabel",
            lang=Lang.FR,
            send=lambda *message: smtp.send(local(theirs), *message),
        )
        # Backdated by its author, and by a trace that only the last server could have written.
        answer = replies.reply(In_Reply_To=posted.message_id, References="", Date="Fri, 22 May 2026 10:01:00 +0200")
        await smtp.send(local(ours), answer, EDITOR, ANS.upper())
    (message,) = editor
    assert message.startswith(b"Received: from ans.example.org ([127.0.0.1]) by recette with ESMTP; Fri, 22 May 2026")
    assert {anomaly.acknowledged_at for anomaly in journal.book.register.open} == {at("2026-05-26T09:30")}


async def refused(content: bytes) -> Outcome:
    return Outcome(conduct.Disposition.REFUSED, Text("Refusé : ce n’est pas l’éditeur.", "Refused: not the editor."))


async def broken(content: bytes) -> Outcome:
    raise SasError(Text("La base ne répond pas.", "The database does not answer."))


@pytest.mark.parametrize(
    ("take", "recipient", "said"),
    [
        (refused, ANS, "554 5.7.1 Refused: not the editor."),
        (broken, ANS, "451 4.3.0 The database does not answer."),
        (refused, EDITOR, "550 5.1.1 No such mailbox here, and nothing is relayed"),
    ],
    ids=["stranger", "database", "relay"],
)
async def test_what_is_not_filed_is_not_taken(take: receiving.Take, recipient: str, said: str) -> None:
    async with receiving.serving("127.0.0.1", 0, frozenset({ANS}), take, lambda: at("2026-05-22T10:00")) as port:
        with pytest.raises(MailServerError) as told:
            await smtp.send(local(port), replies.reply(), EDITOR, recipient)
    assert said in told.value.text.en


async def test_a_message_beyond_the_bound_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "MOST_BYTES", 1000)
    async with receiving.serving("127.0.0.1", 0, frozenset({ANS}), broken, lambda: at("2026-05-22T10:00")) as port:
        with pytest.raises(MailServerError) as told:
            await smtp.send(local(port), replies.reply("x" * 2000), EDITOR, ANS)
    assert "552" in told.value.text.en


async def test_the_empty_sender_of_a_machine_is_kept() -> None:
    taken: list[bytes] = []

    def machine(port: int) -> None:
        with smtplib.SMTP("127.0.0.1", port, local_hostname="mx.example.org", timeout=5) as connection:
            connection.sendmail("", [ANS], replies.bounce())

    async def keep(content: bytes) -> Outcome:
        taken.append(content)
        return Outcome(conduct.Disposition.NOTED, Text("gardé", "kept"))

    async with receiving.serving("127.0.0.1", 0, frozenset({ANS}), keep, lambda: at("2026-05-22T10:00")) as port:
        await asyncio.to_thread(machine, port)
    assert b"Return-Path: <>" in taken[0]
