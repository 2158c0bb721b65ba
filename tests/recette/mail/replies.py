"""What mail programs make of a reply, a report, an absence: messages as they come, by name."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP

NOTIFICATION = "<agenda-essai.A-0001.1.0123abcd@ans.example.org>"
TOKEN = "[recette agenda-essai A-0001 A-0002]"
CAMILLE = "Camille Orfelin <camille@agenda.example.org>"
TRACE = "from mx.agenda.example.org by mx.ans.example.org with ESMTPS; Fri, 22 May 2026 10:05:00 +0200"

RECEIVED_AT = datetime(2026, 5, 22, 8, 5, tzinfo=UTC)


def headers(**changes: str) -> dict[str, str]:
    """Those of a plain reply, changed; an empty value leaves one out, `_` stands for `-`."""
    made = {
        "Received": TRACE,
        "From": CAMILLE,
        "To": "dominique@ans.example.org",
        "Subject": f"RE: {TOKEN} 2 anomalies à prendre en compte",
        "Date": "Fri, 22 May 2026 10:04:40 +0200",
        "Message-ID": "<reply-1@agenda.example.org>",
        "In-Reply-To": NOTIFICATION,
        "References": NOTIFICATION,
    }
    made |= {name.replace("_", "-"): value for name, value in changes.items()}
    return {name: value for name, value in made.items() if value}


def reply(body: str = "Bien reçu, nous prenons en compte.\n", subtype: str = "plain", **changes: str) -> bytes:
    message = EmailMessage(policy=SMTP)
    for name, value in headers(**changes).items():
        message[name] = value
    message.set_content(body, subtype=subtype)
    return message.as_bytes()


def raw(head: dict[str, str], body: str) -> bytes:
    """A message as its lines say, however wrong."""
    lines = [*(f"{name}: {value}" for name, value in head.items()), "", *body.splitlines()]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape")


def report(kind: str, fields: str, returned: str = "", **changes: str) -> bytes:
    """A multipart/report (RFC 6522) of this kind, with the fields of its second part and what it returns."""
    part = {"delivery-status": "message/delivery-status", "disposition-notification": None}[kind] or f"message/{kind}"
    head = headers(MIME_Version="1.0", Content_Type=f'multipart/report; report-type={kind}; boundary="b"', **changes)
    body = ["--b", "Content-Type: text/plain", "", "Voir le détail.", "--b", f"Content-Type: {part}", "", fields]
    if returned:
        body += ["--b", "Content-Type: text/rfc822-headers", "", returned]
    return raw(head, "\n".join([*body, "--b--"]))


def bounce(
    action: str = "failed", recipient: str = "camille@agenda.example.org", original: str = NOTIFICATION
) -> bytes:
    fields = (
        "Reporting-MTA: dns; mx.ans.example.org\n\n"
        f"Final-Recipient: rfc822; {recipient}\nAction: {action}\nStatus: 5.1.1"
    )
    return report(
        "delivery-status",
        fields,
        f"Message-ID: {original}\nSubject: {TOKEN}",
        From="Mail Delivery System <MAILER-DAEMON@mx.ans.example.org>",
        Subject="Undelivered Mail Returned to Sender",
        In_Reply_To="",
        References="",
        Auto_Submitted="auto-replied",
        Message_ID="<bounce-1@mx.ans.example.org>",
    )


def read_receipt(disposition: str = "manual-action/MDN-sent-manually; displayed") -> bytes:
    fields = (
        "Final-Recipient: rfc822; camille@agenda.example.org\n"
        f"Original-Message-ID: {NOTIFICATION}\nDisposition: {disposition}"
    )
    return report("disposition-notification", fields, Subject=f"Lu : {TOKEN}", In_Reply_To="", References="")
