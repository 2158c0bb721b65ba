"""What a Set-Cookie header sets, read as a browser does (RFC 6265, § 5.2): no attribute it does not know matters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from recette.model import Exchange

_UNREADABLE: Final = frozenset(chr(code) for code in (*range(0x09), *range(0x0A, 0x20), 0x7F))


@dataclass(frozen=True, slots=True)
class Cookie:
    """`value` is as sent, quotes included. `attributes` have lower-case names; the last of a name counts."""

    name: str
    value: str
    attributes: Mapping[str, str]

    def attribute(self, name: str) -> str:
        """Empty where there is none."""
        return self.attributes.get(name, "")


def read(header: str) -> Cookie | None:
    """The cookie of one header; None where a browser would keep none."""
    if not _UNREADABLE.isdisjoint(header):
        return None
    pair, *rest = header.split(";")
    name, equals, value = pair.partition("=")
    if not equals or not name.strip():
        return None
    attributes = (each.partition("=") for each in rest)
    return Cookie(name.strip(), value.strip(), {key.strip().lower(): said.strip() for key, _, said in attributes})


def cookies_set(exchange: Exchange) -> dict[str, Cookie]:
    """The cookies an answer sets, by name."""
    headers = exchange.response.headers if exchange.response is not None else ()
    found = (read(value) for name, value in headers if name.lower() == "set-cookie")
    return {cookie.name: cookie for cookie in found if cookie is not None}
