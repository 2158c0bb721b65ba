"""Where several parties live, each at the address a browser would call it by."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from recette.museum.wire import Asked, Reply

Party = Callable[[Asked], Awaitable[Reply]]


@dataclass(slots=True)
class Street:
    """Parties by address (scheme, host and port). Somebody may move in after a neighbour was given the street."""

    parties: dict[str, Party] = field(default_factory=dict)

    def at(self, url: str) -> Party | None:
        parts = urlsplit(url)
        return self.parties.get(f"{parts.scheme}://{parts.netloc}")
