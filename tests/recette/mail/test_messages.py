"""The messages themselves: what they say, and that nothing from outside gets into their headers."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recette.mail import letters, messages, threads
from recette.mail.messages import Envelope
from recette.mail.model import MailError
from recette.projects.book import Book
from recette.register.model import Anomaly
from sas_kernel.text import Lang, Text
from tests.recette.mail.conftest import Memory
from tests.recette.register.conftest import at

NOW = at("2026-05-22T10:00")


def envelope(book: Book, answers: tuple[str, ...] = ()) -> Envelope:
    sender, recipient, copies = messages.correspondents(book.project, ["copie@example.org"])
    id = threads.message_id(book.entries, book.project.id, "A-0001", (), sender.domain)
    return Envelope(sender, recipient, copies, id, threads.token(book.project.id, ("A-0001",)), answers)


def written(book: Book, *found: Anomaly, lang: Lang = Lang.FR, answers: tuple[str, ...] = ()) -> EmailMessage:
    letter = letters.notification(book, found or book.register.open, NOW, lang)
    content = messages.message(letter, envelope(book, answers), NOW).as_bytes()
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert content.isascii()
    read = message_from_bytes(content, policy=policy.default)
    assert isinstance(read, EmailMessage)
    assert not read.defects
    return read


def text(message: EmailMessage, kind: str = "plain") -> str:
    part = message.get_body((kind,))
    assert part is not None
    said: str = part.get_content()
    return said


def test_a_notification_says_of_each_anomaly_what_was_seen_where_and_what_is_due(journal: Memory) -> None:
    message = written(journal.book)
    assert message["Subject"] == "[recette agenda-essai A-0001] 2 anomalies à prendre en compte"
    assert message["From"] == "Dominique Mirabel <dominique@ans.example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    for kind in ("plain", "html"):
        said = text(message, kind)
        for each in ("A-0001 · Bloquante", "A-0002 · Mineure", "SLOT-030", "Bundle.total", "exécution r1", "art. 8.2"):
            assert each in said
        # Friday 22, Whit Monday 25: acknowledged by Tuesday 26, then two working days, or thirty days.
        for due in ("26/05/2026 à 18 h 00", "28/05/2026 à 18 h 00", "25/06/2026 à 23 h 59"):
            assert due in said
        assert "accusé de lecture" in said


def test_it_speaks_english_on_request(journal: Memory) -> None:
    message = written(journal.book, lang=Lang.EN)
    assert message["Content-Language"] == "en"
    assert "2026-05-26 18:00 (Europe/Paris)" in text(message)
    assert "A-0001 · Blocking · The total counts the slots" in text(message)


def test_dates_of_the_acceptance_phase_are_said_to_be_indicative(journal: Memory) -> None:
    anomaly = replace(journal.book.register.find("A-0001"), phase="recette")
    assert "À titre indicatif" in text(written(journal.book, anomaly))


def test_html_shows_markup_as_text(journal: Memory) -> None:
    hostile = Text("<img src=x onerror=alert(1)>", "<b>")
    anomaly = replace(journal.book.register.find("A-0001"), title=hostile)
    page = text(written(journal.book, anomaly), "html")
    assert "<img" not in page
    assert "&lt;img" in page


HEADERS = {"From", "To", "Cc", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress"} | {
    "Content-Language",
    "MIME-Version",
    "Content-Type",
}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60) | st.just("x\r\nBcc: intrus@example.net\r\n\r\nlu") | st.just("a\u2028b\x85c\x0b"))
def test_no_text_becomes_a_header_or_breaks_the_message(journal: Memory, said: str) -> None:
    book = journal.book
    anomaly = replace(book.register.find("A-0001"), title=Text(said, said), path=said)
    hostile = replace(letters.notification(book, [anomaly], NOW, Lang.FR), subject=said)
    made = envelope(book)
    made = replace(made, recipient=messages.address(said, "camille@agenda.example.org"))
    content = messages.message(hostile, made, NOW).as_bytes()
    read = message_from_bytes(content, policy=policy.default)
    assert set(read.keys()) == HEADERS
    assert read["To"].addresses[0].addr_spec == "camille@agenda.example.org"


def test_a_long_thread_stays_readable(journal: Memory) -> None:
    ids = tuple(f"<agenda-d-un-edit.A-0001.{n}.0123abcd@{'d' * 20}.example.org>" for n in range(20))
    message = written(journal.book, answers=ids)
    assert message["In-Reply-To"].strip() == ids[-1]
    assert message["References"].split() == list(ids[-8:])


def test_an_identifier_is_stable_and_short_whatever_the_names(journal: Memory) -> None:
    id = threads.message_id(journal.entries, "p" * 64, "A-0001", (), "d" * 200 + ".example.org")
    assert len(id) < 78
    assert id.endswith("@recette.invalid>")


def test_a_subject_names_four_anomalies_and_counts_the_others() -> None:
    ids = [f"A-000{n}" for n in range(1, 8)]
    token = threads.token("agenda-essai", ids)
    assert token == "[recette agenda-essai A-0001 A-0002 A-0003 A-0004 +3]"
    read = threads.token_in(f"RE: {token.upper()} x")
    assert read is not None
    assert (read.text.lower(), read.anomalies) == (token.lower(), tuple(ids[:4]))
    assert threads.token_in("[recette] A-0001") is None


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "camille",
        "a@b@c",
        "a b@example.org",
        "a@example.org\r\nBcc: x@y",
        ".a@example.org",
        "é@example.org",
        "a..b@example.org",
        "a@-",
        "a@" + "x" * 300,
        "<a@example.org>",
    ],
)
def test_what_is_no_address_is_refused(wrong: str) -> None:
    with pytest.raises(MailError):
        messages.address("X", wrong)


def test_a_domain_with_accents_is_written_as_the_network_knows_it() -> None:
    assert messages.address("X", "a@éditeur.example.org").domain == "xn--diteur-9ua.example.org"
