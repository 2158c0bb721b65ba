"""How messages are taken in, and what became of them is told."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from recette.cli.project_options import Layout
from sas_kernel.text import Lang, Text

if TYPE_CHECKING:
    from recette.mail.model import Outcome, Posted


def messages(source: str) -> Iterator[tuple[str, bytes]]:
    """Each message by its name; no more of it than is read, and one byte to see that it is longer."""
    from recette.mail.reading import MOST_BYTES

    if source == "-":
        yield "-", sys.stdin.buffer.read(MOST_BYTES + 1)
        return
    try:
        for path in _files(Path(source)):
            with path.open("rb") as stream:
                yield path.name, stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise typer.BadParameter(f"{source}: {error.strerror}", param_hint="FILE.eml|MAILDIR|-") from None


def _files(source: Path) -> list[Path]:
    """A file, what a Maildir holds (`new`, then `cur`), or the files of a folder."""
    if not source.is_dir():
        return [source]
    folders = [source / name for name in ("new", "cur") if (source / name).is_dir()] or [source]
    found = [path for folder in folders for path in sorted(folder.iterdir())]
    return [path for path in found if path.is_file() and not path.name.startswith(".")]


def is_turned_away(outcome: Outcome, *, alone: bool) -> bool:
    """A mailbox holds other mail too; a message named by itself is meant to be of the project."""
    from recette.mail.model import Disposition

    return outcome.disposition is Disposition.REFUSED or (alone and outcome.disposition is Disposition.UNRELATED)


def document(outcome: Outcome) -> dict[str, object]:
    """What became of a message, for machines."""
    return {
        "disposition": outcome.disposition.value,
        "anomalies": list(outcome.anomalies),
        "at": None if outcome.at is None else outcome.at.isoformat(),
        "text": {"fr": outcome.text.fr, "en": outcome.text.en},
    }


def told(posted: Posted, layout: Layout, lang: Lang) -> str:
    """What was sent, to whom and when; of a dry run, the message itself. Ends with a line end."""
    if layout is Layout.JSON:
        return json.dumps(_posted(posted), ensure_ascii=False, indent=2) + "\n"
    if posted.sent_at is None:
        return posted.content.decode("ascii").replace("\r\n", "\n")
    sent = Text("Envoyé à {to} le {at} : {ids}.", "Sent to {to}, {at}: {ids}.")
    lines = [sent.format(to=posted.recipient, at=posted.sent_at.isoformat(), ids=", ".join(posted.anomalies))]
    refused = Text("Copie refusée : {a} ({w}).", "Copy refused: {a} ({w}).")
    lines += [refused.format(a=address, w=why) for address, why in posted.refused.items()]
    return "".join(f"{line.to(lang)}\n" for line in lines)


def _posted(posted: Posted) -> dict[str, object]:
    return {
        "message_id": posted.message_id,
        "subject": posted.subject,
        "recipient": posted.recipient,
        "anomalies": list(posted.anomalies),
        "sent_at": None if posted.sent_at is None else posted.sent_at.isoformat(),
        "refused": dict(posted.refused),
    }
