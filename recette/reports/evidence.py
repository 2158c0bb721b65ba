"""Makes the evidence of a finding readable without changing what it says: bodies indented token by token. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from recette.model import Exchange
from recette.reports import words
from recette.reports.masking import GAP, locate

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_GAPS = re.compile(f"({GAP.pattern})")
_DEEPEST = 60


@dataclass(frozen=True, slots=True)
class Body:
    """A body as text, in three parts: what precedes the place of the finding, the place, what follows."""

    before: str
    place: str = ""
    after: str = ""


def readable_body(body: bytes, path: str = "", limit: int | None = None) -> Body:
    """A JSON body indented with every token as it was received (no number rewritten, no repeated key lost), and the
    value at `path` set apart; any other text as it is; bytes that are no text as hexadecimal.

    Of more than `limit` characters, what surrounds the place, the head and the tail are shown, and how many were not.
    """
    return _clipped(_whole(body, path), limit)


def _whole(body: bytes, path: str) -> Body:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return Body(body.hex(" "))
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return Body(words.visible_lines(_pieces(text)))
    indented = _indented(text)
    span = locate(indented, path) if path else None
    if span is None:
        return Body(words.visible_lines(indented))
    start, end = span
    return Body(
        words.visible_lines(indented[:start]),
        words.visible_lines(indented[start:end]),
        words.visible_lines(indented[end:]),
    )


def _clipped(body: Body, limit: int | None) -> Body:
    if limit is None or len(body.before) + len(body.place) + len(body.after) <= limit:
        return body
    if not body.place:
        return Body(_without_middle(body.before, limit - limit // 4, limit // 4))
    return Body(
        _without_middle(body.before, limit // 8, limit * 3 // 8),
        _without_middle(body.place, limit // 8, limit // 8),
        _without_middle(body.after, limit // 8, limit // 8),
    )


def _without_middle(text: str, head: int, tail: int) -> str:
    """The beginning and the end of a text, cut between two lines where that costs little."""
    if len(text) <= head + tail:
        return text
    first, last = text[:head], text[len(text) - tail :]
    first = first[: first.rfind("\n") + 1] or first
    last = last[last.find("\n") + 1 :] or last
    left_out = len(text) - len(first) - len(last)
    return f"{first}[… {left_out} caractères non affichés / characters not shown …]\n{last}"


def header_lines(exchange: Exchange) -> tuple[str, str]:
    """The request's head and the response's, as they would read on the wire."""
    request = exchange.request
    asked = [f"{request.method} {request.target}", *(f"{name}: {value}" for name, value in request.headers)]
    answered: list[str] = []
    if exchange.response is not None:
        answered = [str(exchange.response.status)]
        answered += [f"{name}: {value}" for name, value in exchange.response.headers]
    return "\n".join(map(words.visible, asked)), "\n".join(map(words.visible, answered))


def _indented(text: str) -> str:
    pieces: list[str] = []
    depth = 0
    tokens = _TOKEN.findall(text)
    for index, token in enumerate(tokens):
        following = tokens[index + 1] if index + 1 < len(tokens) else ""
        if token in ("}", "]"):
            depth -= 1
            if index and tokens[index - 1] not in ("{", "["):
                pieces.append(_line(depth))
            pieces.append(token)
        elif token in ("{", "["):
            depth += 1
            pieces.append(token)
            if following not in ("}", "]"):
                pieces.append(_line(depth))
        elif token == ",":
            pieces += [token, _line(depth)]
        else:
            pieces.append(": " if token == ":" else token)
    return "".join(pieces)


def _pieces(text: str) -> str:
    """A JSON body that was shortened: each piece indented, the gaps between them as they are. Other texts unchanged."""
    if not text.startswith(("{", "[")) or not GAP.search(text):
        return text
    return "".join(piece if GAP.fullmatch(piece) else _indented(piece) for piece in _GAPS.split(text))


def _line(depth: int) -> str:
    return "\n" + "  " * max(0, min(depth, _DEEPEST))
