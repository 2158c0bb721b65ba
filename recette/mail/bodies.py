"""The beginning of what a person wrote in a message, without what is quoted. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.message import Message
from html.parser import HTMLParser

_PAYLOAD, _TEXT = 256 * 1024, 1000
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]+")
_QUOTED = re.compile(r"\s*(>|(le|on)\b.{0,200}\b(a écrit|wrote)\s*:\s*$)", re.IGNORECASE)
_QUOTE_BEGINS = re.compile(
    r"\s*(-{2,}\s*(message d['’]origine|original message|message transféré|forwarded message)|_{10,}\s*$|"
    r"(de|from)\s*:\s.{0,200}@)",
    re.IGNORECASE,
)
_BLOCKS = frozenset({"p", "div", "br", "li", "tr", "h1", "h2", "h3", "blockquote", "hr"})
_SILENT = frozenset({"style", "script", "head", "title", "blockquote"})


def beginning(parts: Sequence[Message]) -> str:
    """The first words of a message: of its plain text, else of its HTML; empty where it has neither."""
    for wanted in ("text/plain", "text/html"):
        for part in parts:
            if part.get_content_type() == wanted and "attachment" not in str(part.get("Content-Disposition", "")):
                written = _decoded(part)
                said = _own(_text_of(written) if wanted == "text/html" else written)
                if said:
                    return said
    return ""


def one_line(written: str) -> str:
    """Without line ends, control characters and what no text can hold."""
    return " ".join(_CONTROL.sub(" ", written).split())


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    try:
        return payload[:_PAYLOAD].decode(part.get_content_charset() or "utf-8", "replace")
    except (LookupError, UnicodeError, ValueError):
        return payload[:_PAYLOAD].decode("utf-8", "replace")


def _own(written: str) -> str:
    kept: list[str] = []
    for line in written.splitlines():
        if _QUOTE_BEGINS.match(line):
            break
        if not _QUOTED.match(line):
            kept.append(_CONTROL.sub(" ", line).strip())
    return re.sub(r"\n{2,}", "\n", "\n".join(kept)).strip()[:_TEXT]


class _Words(HTMLParser):
    """Collects what an HTML page says outside of quotations."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent.append(tag)
        if tag in _BLOCKS:
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if self._silent and tag == self._silent[-1]:
            self._silent.pop()
        elif tag in _BLOCKS:
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(re.sub(r"\s+", " ", data))


def _text_of(page: str) -> str:
    parser = _Words()
    parser.feed(page)
    parser.close()
    return "".join(parser.words)
