"""Where a partner usually is, and where it is served.

The faults are written for partners at their usual addresses, and name them. What comes in is put into these terms, what
goes out into those of who asked: at the usual port nothing changes at all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from urllib.parse import quote, urlsplit

from recette.museum.street import Party
from recette.museum.wire import Agenda, Asked, Reply


@dataclass(frozen=True)
class Addresses:
    """`served`: where it is, by where it usually is (both as scheme, host and port); the partner itself first."""

    served: Mapping[str, str]

    def inside(self, asked: Asked) -> Asked:
        """The request as if it had come to the usual addresses."""
        return _request(asked, self._to_usual, {_netloc(new): _netloc(old) for old, new in self.served.items()})

    def outside(self, reply: Reply) -> Reply:
        """The reply in terms of where it was served."""
        return _reply(reply, self._to_served)

    def around(self, party: Party) -> Party:
        """The party, which keeps to the usual addresses, where it is served."""

        async def served(asked: Asked) -> Reply:
            return self.outside(await party(self.inside(asked)))

        return served

    def beneath(self, reference: Agenda) -> Agenda:
        """A reference that has the served addresses for its own, for who keeps to the usual ones."""

        async def usual(asked: Asked) -> Reply:
            sent = _request(asked, self._to_served, {_netloc(old): _netloc(new) for old, new in self.served.items()})
            if sent.header("Host") is None and self._home != self._usual_home:
                sent = replace(sent, headers=(("Host", self._home), *sent.headers))
            return _reply(await reference(sent), self._to_usual)

        return usual

    @property
    def _home(self) -> str:
        """Where the partner itself is, which a request that says nothing else is meant for."""
        return _netloc(next(iter(self.served.values())))

    @property
    def _usual_home(self) -> str:
        return _netloc(next(iter(self.served)))

    @cached_property
    def _to_usual(self) -> _Words:
        return _Words({new: old for old, new in self.served.items()})

    @cached_property
    def _to_served(self) -> _Words:
        return _Words(self.served)


class _Words:
    """Replaces addresses, as they are and percent-encoded, all at once: one may be the other's replacement."""

    def __init__(self, by: Mapping[str, str]) -> None:
        changed = {old: new for old, new in by.items() if old != new}
        encoded = {quote(old, safe=""): quote(new, safe="") for old, new in changed.items()}
        self._by = {old.encode(): new.encode() for old, new in {**changed, **encoded}.items()}
        known = b"|".join(re.escape(old) for old in sorted(self._by, key=len, reverse=True))
        self._pattern = re.compile(b"(?:" + known + rb")(?![0-9])") if self._by else None

    def in_bytes(self, text: bytes) -> bytes:
        return text if self._pattern is None else self._pattern.sub(lambda found: self._by[found[0]], text)

    def in_text(self, text: str) -> str:
        return self.in_bytes(text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


def _request(asked: Asked, words: _Words, hosts: Mapping[str, str]) -> Asked:
    headers = tuple(
        (name, hosts.get(value, value) if name.lower() == "host" else words.in_text(value))
        for name, value in asked.headers
    )
    return replace(asked, target=words.in_text(asked.target), headers=headers, body=words.in_bytes(asked.body))


def _reply(reply: Reply, words: _Words) -> Reply:
    headers = tuple((name, words.in_text(value)) for name, value in reply.headers)
    return replace(reply, headers=headers, body=words.in_bytes(reply.body))


def _netloc(address: str) -> str:
    return urlsplit(address).netloc
