"""A real browser as an extra: what a page built by script is once its scripts have run, and what a person does on it.

It goes nowhere by itself: what its scripts ask for is carried by whose browser it is, and a document it wants to open
is asked for by the scenario's own browser. So every exchange is evidence like any other, on the one wire of the run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from recette.model.wire import Exchange, Response

CookieKey = tuple[str, str, str]
"""Host, path and name."""
StorageKey = tuple[str, str]
"""Origin, and `localStorage` or `sessionStorage`."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a page is after its scripts: `url` is what the address bar shows, `html` all that is on the page.

    In `html` the shadow trees stand in their place, fields without a name have one, a form that a script sends is a
    POST, and a button outside any form is a form of its own.
    """

    url: str
    html: str


@dataclass(frozen=True, slots=True)
class Leaving:
    """The document to which a page sends the person, by script, link or form. It has not been asked for yet."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


class Carrier(Protocol):
    """Whose browser it is: the cookies and storage of one person, and the wire."""

    @property
    def cookies(self) -> dict[CookieKey, str]: ...

    @property
    def storage(self) -> dict[StorageKey, dict[str, str]]: ...

    async def carry(self, method: str, url: str, headers: Sequence[tuple[str, str]], body: bytes) -> Exchange:
        """What a script asks for, redirects followed: the last exchange."""
        ...


class Tab(Protocol):
    """One person's window; nothing but the carrier's cookies and storage is in it at first."""

    async def show(self, document: Response, url: str) -> Rendered | Leaving:
        """Run a document that was fetched from `url`, until nothing moves any more."""
        ...

    async def submit(self, form: int, fields: Mapping[str, str]) -> Rendered | Leaving:
        """On the page now shown, fill in some fields of the form at this place and send it as a person would.

        A field that is a button is the button that is pressed; else it is the form's first.
        """
        ...


class Renderer(Protocol):
    async def open(self, carrier: Carrier) -> Tab: ...

    async def close_tabs(self) -> None: ...
