"""From the bytes of an answer to the entries of its Bundle, each of which is well-formed JSON that nobody has read."""

from __future__ import annotations

from codecs import utf_8_decode
from typing import Final

import msgspec

from sas_kernel.text import Text
from sas_platform.slot_search.model import InvalidAnswerError
from sas_platform.slot_search.places.fhir import UNREADABLE, clean

MAX_ENTRIES: Final = 20_000  # ours: over three times the largest national answer we measure (6 000 slots)
MAX_OBJECTS: Final = 500_000  # ours: an honest 32 MiB answer holds fewer; ten million `{}` would cost a gigabyte
TEXT_AT_ONCE: Final = 32 * 1024  # bytes


class Entry(msgspec.Struct, gc=False):
    resource: msgspec.Raw = msgspec.Raw(b"")


class _Bundle(msgspec.Struct, gc=False, rename="camel"):
    resource_type: str
    type: str | None = None
    entry: list[Entry] = []


_bundle = msgspec.json.Decoder(_Bundle)


def opened(body: bytes) -> list[Entry]:
    """The entries of a searchset Bundle; raises `InvalidAnswerError` when the bytes are not one."""
    # Counting takes as long as a third of decoding: below four bytes an object, the bound cannot be passed by much.
    if len(body) > 4 * MAX_OBJECTS and body.count(b"{") > MAX_OBJECTS:
        raise InvalidAnswerError(
            Text("Réponse faite de plus de {n} objets.", "An answer of more than {n} objects.").format(n=MAX_OBJECTS)
        )
    try:
        if not body.isascii():
            check_text(body)
        bundle = _bundle.decode(body)
    except RecursionError as error:
        raise InvalidAnswerError(Text("JSON trop profond.", "JSON nested too deep.")) from error
    except msgspec.ValidationError as error:
        raise InvalidAnswerError(
            Text("Le JSON n’est pas un Bundle : {why}.", "The JSON is not a Bundle: {why}.").format(why=error)
        ) from error
    except UNREADABLE as error:
        raise InvalidAnswerError(_not_json(body)) from error
    if bundle.resource_type != "Bundle":
        raise InvalidAnswerError(
            Text("{kind} reçu au lieu d’un Bundle.", "{kind} received instead of a Bundle.").format(
                kind=clean(bundle.resource_type, 40) or "?"
            )
        )
    if bundle.type != "searchset":
        raise InvalidAnswerError(
            Text(
                "Bundle de type « {type} » au lieu de searchset.", "Bundle of type '{type}' instead of searchset."
            ).format(type=clean(bundle.type or "?", 40))
        )
    if len(bundle.entry) > MAX_ENTRIES:
        raise InvalidAnswerError(
            Text("Bundle de {n} entrées : au plus {most}.", "Bundle of {n} entries: at most {most}.").format(
                n=len(bundle.entry), most=MAX_ENTRIES
            )
        )
    return bundle.entry


def check_text(body: bytes) -> None:
    """The JSON decoder leaves the text of elements it passes over unread. Raises `UnicodeDecodeError`.

    Piece by piece: the text of a whole answer, thrown away, would cost more in fresh memory than in decoding.
    """
    view = memoryview(body)
    at = 0
    while at < len(view):
        end = at + TEXT_AT_ONCE
        at += utf_8_decode(view[at:end], "strict", end >= len(view))[1]


def _not_json(body: bytes) -> Text:
    start = body[:200].lstrip().lower()
    if start.startswith(b"<"):
        return Text("HTML ou XML reçu au lieu de JSON.", "HTML or XML received instead of JSON.")
    if not start:
        return Text("Corps vide.", "Empty body.")
    return Text("Le corps n’est pas du JSON.", "The body is not JSON.")
