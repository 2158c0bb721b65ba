"""Hands a message to a mail server (RFC 5321) over TLS; in clear only to this machine or where it is asked for."""

from __future__ import annotations

import asyncio
import re
import smtplib
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from recette.mail.model import MailError, MailServerError
from sas_kernel.text import Text

TIMEOUT = 30.0
"""Seconds that a server may take for each of its answers."""

_PORTS = {"smtps": 465, "smtp": 587, "smtp+plain": 25}
_REPLY = 200


class Security(StrEnum):
    """How the connection is protected; `OPPORTUNISTIC` only ever on this machine."""

    TLS = "tls"
    STARTTLS = "starttls"
    OPPORTUNISTIC = "opportunistic"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Server:
    """Where to send, and as whom."""

    host: str
    port: int
    security: Security
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server took the message for `recipients`; `refused` says why it did not for others."""

    recipients: tuple[str, ...]
    refused: Mapping[str, str]


def server(url: str) -> Server:
    """The server that an URL names: `smtps://user:password@host:465`, `smtp://host:587`, `smtp+plain://relay:25`.

    `smtp` asks for STARTTLS, except on this machine, where it is used if offered. `smtp+plain` is never encrypted, and
    takes no password to another machine. `MailError` never repeats the URL, which may hold a password.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
    except ValueError:
        raise _unreadable() from None
    if parts.scheme not in _PORTS or not host or parts.path.strip("/") or parts.query or parts.fragment:
        raise _unreadable()
    security = {"smtps": Security.TLS, "smtp": Security.STARTTLS, "smtp+plain": Security.PLAIN}[parts.scheme]
    if security is Security.STARTTLS and is_loopback(host):
        security = Security.OPPORTUNISTIC
    if security is Security.PLAIN and user and not is_loopback(host):
        raise MailError(
            Text(
                "Un mot de passe ne part pas en clair vers une autre machine : smtps:// ou smtp:// (STARTTLS).",
                "A password is not sent in clear to another machine: smtps:// or smtp:// (STARTTLS).",
            )
        )
    return Server(host, port or _PORTS[parts.scheme], security, user, password)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


async def send(
    server: Server,
    content: bytes,
    sender: str,
    recipient: str,
    copies: Sequence[str] = (),
    *,
    patience: float = TIMEOUT,
    context: ssl.SSLContext | None = None,
) -> Accepted:
    """Hand a message over; `MailServerError` unless the server said that it took it for `recipient`.

    A copy that is refused is told and does not hold the message back. `patience` is in seconds, for each answer of the
    server; it is the socket’s, since a thread cannot be cancelled. `context` stands in for the machine’s
    certificate authorities (which `SSL_CERT_FILE` may name).
    """
    return await asyncio.to_thread(_send, server, content, sender, recipient, tuple(copies), patience, context)


def _send(
    server: Server,
    content: bytes,
    sender: str,
    recipient: str,
    copies: tuple[str, ...],
    timeout: float,
    context: ssl.SSLContext | None,
) -> Accepted:
    with _told(server, _UNREACHABLE):
        connection = _connection(server, sender, timeout, context or ssl.create_default_context())
    try:
        with _told(server, _UNREACHABLE):
            connection.ehlo_or_helo_if_needed()
            _protect(connection, server, context or ssl.create_default_context())
            if server.user:
                connection.login(server.user, server.password)
        with _told(server, _UNREACHABLE):
            refused = _offer(connection, server, sender, recipient, copies)
        with _told(server, _IN_DOUBT):
            code, reply = connection.data(content)
        if not _is_good(code):
            raise _refusal(server, Text("le message", "the message"), code, reply)
    finally:
        _leave(connection)
    taken = (recipient, *copies)
    return Accepted(tuple(each for each in taken if each not in refused), refused)


def _connection(server: Server, sender: str, timeout: float, context: ssl.SSLContext) -> smtplib.SMTP:
    # The name in EHLO is the sender's domain: the machine's own would need a look-up, and is nobody's business.
    name = sender.rpartition("@")[2]
    if server.security is Security.TLS:
        return smtplib.SMTP_SSL(server.host, server.port, local_hostname=name, timeout=timeout, context=context)
    return smtplib.SMTP(server.host, server.port, local_hostname=name, timeout=timeout)


def _protect(connection: smtplib.SMTP, server: Server, context: ssl.SSLContext) -> None:
    wanted = server.security is Security.STARTTLS
    if wanted or (server.security is Security.OPPORTUNISTIC and connection.has_extn("starttls")):
        connection.starttls(context=context)
        connection.ehlo()


def _offer(
    connection: smtplib.SMTP, server: Server, sender: str, recipient: str, copies: tuple[str, ...]
) -> dict[str, str]:
    code, reply = connection.mail(sender)
    if not _is_good(code):
        raise _refusal(server, Text("l’expéditeur {a}", "the sender {a}").format(a=sender), code, reply)
    code, reply = connection.rcpt(recipient)
    if not _is_good(code):
        raise _refusal(server, Text("le destinataire {a}", "the recipient {a}").format(a=recipient), code, reply)
    refused = {}
    for copy in copies:
        code, reply = connection.rcpt(copy)
        if not _is_good(code):
            refused[copy] = _answer(code, reply)
    return refused


def _is_good(code: int) -> bool:
    return 200 <= code < 300


def _leave(connection: smtplib.SMTP) -> None:
    """Say goodbye; once the message was taken, a server that does not answer takes nothing back."""
    with suppress(OSError, smtplib.SMTPException):
        connection.quit()
    connection.close()


@contextmanager
def _told(server: Server, otherwise: Text) -> Iterator[None]:
    """What goes wrong with the connection, in words that hold no password."""
    try:
        yield
    except smtplib.SMTPAuthenticationError as error:
        raise _refusal(
            server, Text("ces identifiants", "these credentials"), error.smtp_code, error.smtp_error
        ) from error
    except smtplib.SMTPNotSupportedError as error:
        raise _failure(server, Text("il n’offre pas ce qu’il faut", "it lacks what is needed"), error) from error
    except smtplib.SMTPResponseException as error:
        raise _refusal(server, Text("l’échange", "the exchange"), error.smtp_code, error.smtp_error) from error
    except ssl.SSLError as error:
        raise _failure(server, Text("TLS n’aboutit pas", "TLS fails"), error) from error
    except (OSError, smtplib.SMTPException, UnicodeError) as error:
        raise _failure(server, otherwise, error) from error


_UNREACHABLE = Text("injoignable ou muet ; rien n’est parti", "cannot be reached or fell silent; nothing was sent")
_IN_DOUBT = Text(
    "la connexion s’est rompue pendant l’envoi, nul ne sait s’il l’a pris ; rien n’est tenu pour envoyé, et un nouvel "
    "essai portera le même Message-ID",
    "the connection broke while sending, nobody knows whether it took it; nothing counts as sent, and another try will "
    "have the same Message-ID",
)


def _failure(server: Server, what: Text, error: Exception) -> MailServerError:
    return MailServerError(
        Text("Serveur de courriel {s} : {what} ({e}).", "Mail server {s}: {what} ({e}).").format(
            s=f"{server.host}:{server.port}", what=what, e=_printable(f"{type(error).__name__}: {error}")
        )
    )


def _refusal(server: Server, what: Text, code: int, reply: bytes | str) -> MailServerError:
    return MailServerError(
        Text(
            "Le serveur de courriel {s} refuse {what} : {r}. Rien n’est tenu pour envoyé.",
            "The mail server {s} refuses {what}: {r}. Nothing counts as sent.",
        ).format(s=f"{server.host}:{server.port}", what=what, r=_answer(code, reply))
    )


def _answer(code: int, reply: bytes | str) -> str:
    words = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return f"{code} {_printable(words)}".strip()


def _printable(words: str) -> str:
    return re.sub(r"[^\x20-\x7e\xa0-\uffff]+", " ", words)[:_REPLY].strip()


def _unreadable() -> MailError:
    return MailError(
        Text(
            "RECETTE_SMTP_URL : attendu smtps://utilisateur:secret@hote:465, smtp://hote:587 ou smtp+plain://hote:25 "
            "(caractères spéciaux codés en %XX).",
            "RECETTE_SMTP_URL: expected smtps://user:password@host:465, smtp://host:587 or smtp+plain://host:25 "
            "(special characters as %XX).",
        )
    )
