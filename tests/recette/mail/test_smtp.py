"""The client against a real mail server on this machine: what it takes, what it refuses, what breaks."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from recette.mail import smtp
from recette.mail.model import MailError, MailServerError
from recette.mail.smtp import Accepted, Security, Server
from tests.certificates import Certificate, for_loopback

FROM, TO, COPY = "dominique@ans.example.org", "camille@agenda.example.org", "copie@example.org"
MESSAGE = b"From: dominique@ans.example.org\r\nSubject: x\r\n\r\n.point\r\nBonjour\r\n"


@dataclass
class Mailbox:
    """What the server took, and what it is told to refuse."""

    taken: list[Envelope] = field(default_factory=list)
    refuses: frozenset[str] = frozenset()
    says: str = "250 OK"
    vanishes: bool = False

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return "550 5.7.1 Who are you?" if address in self.refuses else "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuses:
            return "550 5.1.1 No such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.vanishes:
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
            return "250 OK"
        if self.says.startswith("2"):
            self.taken.append(envelope)
        return self.says


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return for_loopback(tmp_path_factory.mktemp("tls"))


@asynccontextmanager
async def served(
    mailbox: Mailbox, *, tls: ssl.SSLContext | None = None, starttls: ssl.SSLContext | None = None, users: str = ""
) -> AsyncIterator[int]:
    """A server of its own; `users` is the `name:password` that it asks for."""
    loop = asyncio.get_running_loop()

    def is_known(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
        assert isinstance(data, LoginPassword)
        return AuthResult(success=users == f"{data.login.decode()}:{data.password.decode()}", handled=False)

    connections: list[SMTP] = []

    def connection() -> SMTP:
        made = SMTP(
            mailbox,
            hostname="mx",
            tls_context=starttls,
            require_starttls=starttls is not None,
            auth_required=bool(users),
            auth_require_tls=starttls is not None,
            authenticator=is_known if users else None,
            loop=loop,
        )
        connections.append(made)
        return made

    server = await loop.create_server(connection, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for each in connections:
            # Closed twice, Python 3.11.2 trips over itself.
            if isinstance(each.transport, asyncio.WriteTransport) and not each.transport.is_closing():
                each.transport.abort()
        await asyncio.sleep(0)


def offered(certificate: Certificate, security: Security) -> tuple[ssl.SSLContext | None, ssl.SSLContext | None]:
    """What the server protects: the connection from its first byte, or from STARTTLS on."""
    return (certificate.served, None) if security is Security.TLS else (None, certificate.served)


def local(port: int, security: Security = Security.OPPORTUNISTIC, user: str = "", password: str = "") -> Server:
    return Server("127.0.0.1", port, security, user, password)


async def sent(server: Server, *copies: str, context: ssl.SSLContext | None = None) -> Accepted:
    return await smtp.send(server, MESSAGE, FROM, TO, copies, patience=5, context=context)


async def test_what_the_server_takes_is_sent_byte_for_byte() -> None:
    mailbox = Mailbox()
    async with served(mailbox) as port:
        assert await sent(local(port), COPY) == Accepted((TO, COPY), {})
    (taken,) = mailbox.taken
    assert (taken.mail_from, taken.rcpt_tos, taken.content) == (FROM, [TO, COPY], MESSAGE)


async def test_a_refused_copy_is_told_and_holds_nothing_back() -> None:
    mailbox = Mailbox(refuses=frozenset({COPY}))
    async with served(mailbox) as port:
        accepted = await sent(local(port), COPY)
    assert accepted == Accepted((TO,), {COPY: "550 5.1.1 No such mailbox"})
    assert mailbox.taken[0].rcpt_tos == [TO]


@pytest.mark.parametrize(
    ("mailbox", "said"),
    [
        (Mailbox(refuses=frozenset({TO})), f"le destinataire {TO} : 550 5.1.1 No such mailbox"),
        (Mailbox(refuses=frozenset({FROM})), f"l’expéditeur {FROM} : 550 5.7.1 Who are you?"),
        (Mailbox(says="552 5.3.4 Too big"), "le message : 552 5.3.4 Too big"),
        (Mailbox(says="451 4.3.0 Later"), "le message : 451 4.3.0 Later"),
    ],
    ids=["recipient", "sender", "message", "later"],
)
async def test_what_the_server_refuses_is_not_sent(mailbox: Mailbox, said: str) -> None:
    async with served(mailbox) as port:
        with pytest.raises(MailServerError) as refused:
            await sent(local(port), COPY)
    assert said in refused.value.text.fr
    assert not mailbox.taken


async def test_a_server_that_vanishes_while_it_takes_the_message_leaves_it_in_doubt() -> None:
    async with served(Mailbox(vanishes=True)) as port:
        with pytest.raises(MailServerError) as broken:
            await sent(local(port))
    assert "nul ne sait s’il l’a pris" in broken.value.text.fr


async def test_a_server_that_is_not_there_or_says_nothing_sensible_is_unreachable() -> None:
    async def chatter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(chatter, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    for _ in ("nonsense", "closed"):
        with pytest.raises(MailServerError) as unreachable:
            await sent(local(port))
        assert f"127.0.0.1:{port}" in unreachable.value.text.fr
        server.close()


async def test_a_silent_server_is_given_up() -> None:
    writers: list[asyncio.StreamWriter] = []
    listening = await asyncio.start_server(lambda reader, writer: writers.append(writer), "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    with pytest.raises(MailServerError) as silent:
        await smtp.send(local(port), MESSAGE, FROM, TO, patience=0.05)
    assert "rien n’est parti" in silent.value.text.fr
    listening.close()
    for writer in writers:
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS, Security.OPPORTUNISTIC])
async def test_the_message_travels_over_tls(certificate: Certificate, security: Security) -> None:
    mailbox = Mailbox()
    # aiosmtpd takes a password after STARTTLS only.
    tls, starttls = offered(certificate, security)
    user, password = ("", "") if security is Security.TLS else ("ans", "mot de passe")
    async with served(mailbox, users=f"{user}:{password}".strip(":"), tls=tls, starttls=starttls) as port:
        await sent(local(port, security, user, password), context=certificate.trusted)
    assert mailbox.taken


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS, Security.OPPORTUNISTIC])
async def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: Certificate, security: Security) -> None:
    mailbox = Mailbox()
    tls, starttls = offered(certificate, security)
    async with served(mailbox, tls=tls, starttls=starttls) as port:
        with pytest.raises(MailServerError) as refused:
            await sent(local(port, security))
    assert "TLS n’aboutit pas" in refused.value.text.fr
    assert not mailbox.taken


async def test_a_server_without_starttls_gets_nothing_where_it_is_asked_for() -> None:
    mailbox = Mailbox()
    async with served(mailbox) as port:
        with pytest.raises(MailServerError) as refused:
            await sent(local(port, Security.STARTTLS))
    assert "il n’offre pas ce qu’il faut" in refused.value.text.fr
    assert not mailbox.taken


async def test_wrong_credentials_are_told_without_being_shown(certificate: Certificate) -> None:
    async with served(Mailbox(), starttls=certificate.served, users="ans:juste") as port:
        with pytest.raises(MailServerError) as refused:
            await sent(local(port, Security.STARTTLS, "ans", "secret-faux"), context=certificate.trusted)
    assert "ces identifiants" in refused.value.text.fr
    assert "secret-faux" not in f"{refused.value.text.fr} {refused.value!r} {local(port, password='secret-faux')!r}"


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtps://ans:a%40b%2Fc@mx.example.org", Server("mx.example.org", 465, Security.TLS, "ans", "a@b/c")),
        ("smtp://mx.example.org", Server("mx.example.org", 587, Security.STARTTLS)),
        ("smtp://localhost:2525", Server("localhost", 2525, Security.OPPORTUNISTIC)),
        ("smtp://[::1]:2525/", Server("::1", 2525, Security.OPPORTUNISTIC)),
        ("smtp+plain://relay.example.org", Server("relay.example.org", 25, Security.PLAIN)),
        ("smtp+plain://u:p@127.0.0.1", Server("127.0.0.1", 25, Security.PLAIN, "u", "p")),
    ],
)
def test_an_url_names_a_server(url: str, server: Server) -> None:
    assert smtp.server(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mx.example.org",
        "https://mx.example.org",
        "smtps://",
        "smtps://u:secret@h:99999",
        "smtps://u:secret@h/x",
        "smtps://u:secret@h?x=1",
        "smtps://[u:secret@h",
        "smtp+plain://u:secret@relay.example.org",
    ],
)
def test_an_url_that_names_none_or_would_show_a_password_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(MailError) as refused:
        smtp.server(url)
    assert "u:secret" not in refused.value.text.fr
