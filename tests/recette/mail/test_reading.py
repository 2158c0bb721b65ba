"""What messages say of themselves, as mail programs write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recette.mail import reading
from recette.mail.model import MailError, Nature
from tests.recette.mail import replies
from tests.recette.mail.replies import CAMILLE, NOTIFICATION, TOKEN, raw, reply

OUTLOOK_HTML = """<html><head><style>p {color: red}</style></head><body>
<div>Bonjour,<br>Accus&eacute; de r&eacute;ception.</div><hr>
<div><b>De :</b> dominique@ans.example.org<br>Les anomalies</div></body></html>"""
GMAIL = "Bien reçu.\n\nLe ven. 22 mai 2026 à 09:00, Dominique <dominique@ans.example.org> a écrit :\n> Bonjour,\n"
SIGNED = (
    "--s\nContent-Type: text/plain; charset=utf-8\n\nBien reçu, signé.\n--s\n"
    "Content-Type: application/pkcs7-signature; name=smime.p7s\nContent-Transfer-Encoding: base64\n\nMIIB\n--s--"
)

PEOPLE = {
    "outlook-html": (reply(OUTLOOK_HTML, "html", Thread_Topic="x"), "Bonjour,\nAccusé de réception."),
    "gmail": (reply(GMAIL), "Bien reçu."),
    "outlook-text": (reply("Pris en compte.\n\n-----Message d'origine-----\nDe : x\n"), "Pris en compte."),
    "accuse-de-reception": (
        reply("Nous accusons réception.\n", Subject=f"Accusé de réception : {TOKEN}"),
        "Nous accusons réception.",
    ),
    "latin-1": (
        raw(
            {
                **replies.headers(),
                "Content-Type": "text/plain; charset=iso-8859-1",
                "Content-Transfer-Encoding": "quoted-printable",
            },
            "Bien re=E7u",
        ),
        "Bien reçu",
    ),
    "unknown-charset": (
        raw({**replies.headers(), "Content-Type": "text/plain; charset=klingon"}, "Bien noted"),
        "Bien noted",
    ),
    "signed": (
        raw({**replies.headers(), "MIME-Version": "1.0", "Content-Type": "multipart/signed; boundary=s"}, SIGNED),
        "Bien reçu, signé.",
    ),
    "below-the-quotation": (reply("> Bonjour,\n> Anomalie.\nPris en compte."), "Pris en compte."),
    "says-it-is-not-automatic": (reply("Reçu.", Auto_Submitted="no"), "Reçu."),
    "through-a-list": (reply("Reçu.", Precedence="list", List_Id="<qualite.agenda.example.org>"), "Reçu."),
    "no-text": (reply("\n"), ""),
}


@pytest.mark.parametrize("name", PEOPLE)
def test_what_a_person_wrote_is_read_without_what_is_quoted(name: str) -> None:
    content, text = PEOPLE[name]
    incoming = reading.read(content)
    assert (incoming.nature, incoming.text) == (Nature.PERSON, text)
    assert incoming.sender == "camille@agenda.example.org"
    assert incoming.sender_name == "Camille Orfelin"
    assert incoming.answers == (NOTIFICATION,)
    assert incoming.token is not None
    assert incoming.token.anomalies == ("A-0001", "A-0002")
    assert incoming.received_at == datetime(2026, 5, 22, 8, 5, tzinfo=UTC)


MACHINES = {
    "bounce": (replies.bounce(), Nature.UNDELIVERED),
    "delayed": (replies.bounce("delayed"), Nature.DELIVERY_NOTICE),
    "delivered": (replies.bounce("delivered"), Nature.DELIVERY_NOTICE),
    "bounce-without-a-report": (
        reply("unknown user", From="MAILER-DAEMON@mx.example.org", Subject="Mail delivery failed: returning message"),
        Nature.UNDELIVERED,
    ),
    "read-receipt": (replies.read_receipt(), Nature.READ_RECEIPT),
    "deleted-unread": (replies.read_receipt("automatic-action/MDN-sent-automatically; deleted"), Nature.AUTOMATIC),
    "read-receipt-of-exchange": (reply("Lu le 22", Subject=f"Lu : {TOKEN}"), Nature.READ_RECEIPT),
    "out-of-office": (reply("Absente.", Auto_Submitted="auto-replied"), Nature.AUTOMATIC),
    "ticket-system": (reply("Ticket 12.", Auto_Submitted="auto-generated; type=ack"), Nature.AUTOMATIC),
    "absence-in-french": (reply("Absente.", Subject=f"Réponse automatique : {TOKEN}"), Nature.AUTOMATIC),
    "automatic-receipt-in-french": (reply("Reçu.", Subject="Accusé de réception automatique"), Nature.AUTOMATIC),
    "old-responder": (reply("Absente.", X_Autoreply="yes"), Nature.AUTOMATIC),
    "precedence": (reply("Absente.", Precedence="auto_reply"), Nature.AUTOMATIC),
    "empty-return-path": (reply("Absente.", Return_Path="<>"), Nature.AUTOMATIC),
}


@pytest.mark.parametrize("name", MACHINES)
def test_what_a_machine_wrote_is_known_for_what_it_is(name: str) -> None:
    content, nature = MACHINES[name]
    incoming = reading.read(content)
    assert incoming.nature is nature
    assert incoming.answers == (NOTIFICATION,)


def test_a_bounce_names_whom_it_did_not_reach_and_which_message() -> None:
    incoming = reading.read(replies.bounce(recipient="Camille@agenda.example.org"))
    assert incoming.failed == ("camille@agenda.example.org",)


@pytest.mark.parametrize(
    ("written", "sender"),
    [
        ("camille@agenda.example.org", "camille@agenda.example.org"),
        ('"Orfelin, Camille (qualité)" <camille@agenda.example.org>', "camille@agenda.example.org"),
        ("=?utf-8?q?Ma=C3=ABlle?= <maelle@agenda.example.org>", "maelle@agenda.example.org"),
        ('"camille@agenda.example.org" <intrus@example.net>', "intrus@example.net"),
        ("camille@agenda.example.org <intrus@example.net>", ""),
        ("camille@agenda.example.org, intrus@example.net", ""),
        ("camille@agenda.example.org)intrus@example.net", ""),
        ("<camille@agenda.example.org> <intrus@example.net>", ""),
        ("Camille", ""),
    ],
)
def test_the_author_is_read_strictly(written: str, sender: str) -> None:
    assert reading.read(raw({**replies.headers(), "From": written}, "Reçu.")).sender == sender


def test_two_authors_are_nobody() -> None:
    content = b"From: intrus@example.net\r\n" + reply("Reçu.")
    assert reading.read(content).sender == ""


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Fri, 22 May 2026 10:04:40 +0200", datetime(2026, 5, 22, 8, 4, 40, tzinfo=UTC)),
        ("Fri, 22 May 2026 08:04:40 -0000", datetime(2026, 5, 22, 8, 4, 40, tzinfo=UTC)),
        ("Fri, 22 May 2026 08:04:40 GMT (heure)", datetime(2026, 5, 22, 8, 4, 40, tzinfo=UTC)),
        ("Fri, 22 May 2026 10:04:40", None),
        ("vendredi", None),
        ("Fri, 99 May 2026 10:04:40 +0200", None),
        ("Fri, 22 May 99999 10:04:40 +0200", None),
    ],
)
def test_a_date_without_an_offset_or_that_cannot_be_names_no_instant(written: str, expected: datetime | None) -> None:
    assert reading.read(raw({**replies.headers(), "Date": written}, "Reçu.")).dated_at == expected


def test_only_the_trace_of_the_last_server_counts() -> None:
    content = b"Received: by mx.ans.example.org; Sat, 23 May 2026 07:00:00 +0000\r\n" + reply("Reçu.")
    assert reading.read(content).received_at == datetime(2026, 5, 23, 7, tzinfo=UTC)


def test_a_copy_that_took_another_way_is_the_same_message() -> None:
    one, other = (
        reply("Reçu."),
        b"Delivered-To: x\r\nReceived: by y; Sat, 23 May 2026 07:00:00 +0000\r\n" + reply("Reçu."),
    )
    assert reading.read(one).fingerprint == reading.read(other).fingerprint
    assert reading.read(one).fingerprint != reading.read(reply("Refusé.")).fingerprint


def test_a_sender_that_its_domain_disowns_is_seen() -> None:
    assert reading.read(reply("x", Authentication_Results="mx.ans.example.org; dkim=none; dmarc=fail")).forged
    assert not reading.read(reply("x", Authentication_Results="mx.ans.example.org; dmarc=pass")).forged


def test_attachments_are_not_opened() -> None:
    body = "--b\nContent-Type: text/plain\nContent-Disposition: attachment; filename=a.txt\n\nsecret\n--b--"
    head = {**replies.headers(), "MIME-Version": "1.0", "Content-Type": "multipart/mixed; boundary=b"}
    assert reading.read(raw(head, body)).text == ""


NESTED = "".join(f"--b{n}\nContent-Type: multipart/mixed; boundary=b{n + 1}\n\n" for n in range(2000))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "aucun en-tête"),
        (b"x" * (reading.MOST_BYTES + 1), "10 Mio"),
        (b"Subject: " + b"a" * 200_000, "128 Kio"),
        (b"From: " + b'"' * 3_000 + b"\r\n\r\n", "From est démesuré"),
        (
            raw({"From": CAMILLE, "Content-Type": "multipart/mixed; boundary=b"}, "--b\n\nx\n" * 101 + "--b--"),
            "plus de 100 parties",
        ),
        (raw({"From": CAMILLE, "Content-Type": "multipart/mixed; boundary=b0"}, NESTED), "trop imbriquées"),
        (
            b"From: a@b.c\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 3000,
            "imbriquées",
        ),
    ],
    ids=["empty", "huge", "long-headers", "long-from", "many-parts", "deep", "messages-in-messages"],
)
def test_a_hostile_message_is_refused_in_a_sentence(content: bytes, why: str) -> None:
    with pytest.raises(MailError) as refused:
        reading.read(content)
    assert why in refused.value.text.fr


_LINES = st.sampled_from(
    [
        b"From: a@b",
        b"From: \xff\xfe <",
        b"Subject: =?utf-8?b?!!!?=",
        b"Subject: =?x?q?=ff?=",
        b"Date: \xe9",
        b"",
        b"--b",
        b"Content-Type: multipart/report; boundary=b; report-type=\xff",
        b"Content-Type: message/rfc822",
        b"\tx",
        b"Content-Type: message/delivery-status",
        b"Content-Transfer-Encoding: base64",
        b"=?=",
        b"Action: failed",
        b"x",
        b'Content-Type: text/html; charset="utf-8',
        b"<p>&#xD800;<!",
        b"Content-Transfer-Encoding: x-uuencode",
        b"begin",
        b"Content-Type: text/plain; charset*=x'y'%ff",
        b"Received: ;",
        b"Message-ID: <\xff>",
    ]
)


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.lists(_LINES, max_size=30).map(b"\r\n".join), st.binary(max_size=300)))
def test_whatever_comes_is_read_or_refused_and_can_be_written_down(content: bytes) -> None:
    try:
        incoming = reading.read(content)
    except MailError:
        return
    for written in (incoming.sender, incoming.sender_name, incoming.subject, incoming.text, *incoming.answers):
        assert "\x00" not in written
        written.encode()
