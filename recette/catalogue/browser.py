"""A browser as far as redirects, cookies and forms go: what a person does before any script runs.

It plays on a stage, so that every exchange is evidence. A page that waits for a script is shown by the real browser of
the run (`Stage.renderer`), where there is one: its scripts ask through this one, which keeps the cookies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import quote, urlencode, urljoin, urlsplit

from recette.checks.cookies import read as read_cookie
from recette.checks.page import Form, Page
from recette.model import CookieKey, Exchange, Leaving, Rendered, Stage, StorageKey, Tab

__all__ = ["MOST_REDIRECTS", "Browser", "Form", "Page"]

MOST_REDIRECTS: Final = 20
_HABITS: Final = (("Accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.5"), ("Accept-Language", "fr"))
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


@dataclass(slots=True)
class Browser:
    """One person's browser: a cookie jar and the addresses it goes to. Another person gets another browser."""

    stage: Stage
    cookies: dict[CookieKey, str] = field(default_factory=dict)
    """A cookie of `localhost` goes to every port, as in any browser."""
    storage: dict[StorageKey, dict[str, str]] = field(default_factory=dict)
    """What scripts have kept; empty without a real browser."""
    stops: Callable[[str], bool] = lambda url: False
    """Addresses it is sent to and does not go: the page then ends there (`Page.onward`)."""
    _tab: Tab | None = None
    _shown: Page | None = None
    """The page in the tab."""
    _fetched: list[Exchange] = field(default_factory=list)

    async def get(self, url: str) -> Page:
        return await self._go(Leaving("GET", url))

    async def submit(self, page: Page, form: Form, **fields: str) -> Page:
        """Fill in some fields and send the form from the page it stands on."""
        if page.rendered is not None:
            return await self._submit_rendered(page, form, fields)
        values = {**form.fields, **fields}
        if form.method == "GET":
            return await self.get(form.action.partition("?")[0] + "?" + urlencode(values))
        headers = (("Content-Type", "application/x-www-form-urlencoded"), ("Origin", page.origin))
        return await self._go(Leaving("POST", form.action, headers, urlencode(values).encode()))

    async def post(self, url: str, fields: Mapping[str, str]) -> Page:
        """Send a form that no page showed."""
        headers = (("Content-Type", "application/x-www-form-urlencoded"),)
        return await self._go(Leaving("POST", url, headers, urlencode(fields).encode()))

    async def carry(self, method: str, url: str, headers: Sequence[tuple[str, str]], body: bytes) -> Exchange:
        """What a script asks for, redirects followed: the last exchange."""
        exchanges, _, _ = await self._follow(Leaving(method, url, tuple(headers), body), lambda url: False)
        self._fetched += exchanges
        return exchanges[-1]

    async def _go(self, towards: Leaving) -> Page:
        """Go there and, as long as scripts lead on, further."""
        self._fetched = []
        way: tuple[Exchange, ...] = ()
        while True:
            exchanges, url, too_many = await self._follow(towards, self.stops)
            way += exchanges
            page = Page(way, too_many_redirects=too_many)
            seen = await self._see(page, url)
            if isinstance(seen, Page):
                return seen
            if self.stops(seen.url) or len(way) > MOST_REDIRECTS:
                halted = len(way) > MOST_REDIRECTS
                return replace(page, too_many_redirects=halted, halted_at=seen.url, fetched=tuple(self._fetched))
            towards = seen

    async def _see(self, page: Page, url: str) -> Page | Leaving:
        """The page as a person sees it, or where its scripts lead."""
        if not page.waits_for_script or page.last.response is None or self.stage.renderer is None:
            return page if not self._fetched else replace(page, fetched=tuple(self._fetched))
        if self._tab is None:
            self._tab = await self.stage.renderer.open(self)
        return self._noted(page, await self._tab.show(page.last.response, url))

    def _noted(self, page: Page, seen: Rendered | Leaving) -> Page | Leaving:
        if isinstance(seen, Leaving):
            return seen
        self._shown = replace(page, rendered=seen, fetched=tuple(self._fetched))
        return self._shown

    async def _submit_rendered(self, page: Page, form: Form, fields: Mapping[str, str]) -> Page:
        place = next(number for number, each in enumerate(page.forms) if each is form)
        if self._shown is not page:
            again = await self.get(page.url)
            if again.rendered is None or len(again.forms) <= place:
                return again
            page = again
        assert self._tab is not None
        self._fetched = []
        seen = self._noted(Page(page.exchanges[-1:]), await self._tab.submit(place, fields))
        if isinstance(seen, Page):
            return seen
        asked = tuple(self._fetched)
        if self.stops(seen.url):
            return Page(page.exchanges[-1:], fetched=asked, halted_at=seen.url)
        there = await self._go(seen)
        return replace(there, fetched=(*asked, *there.fetched))

    async def _follow(self, towards: Leaving, stops: Callable[[str], bool]) -> tuple[tuple[Exchange, ...], str, bool]:
        """The exchanges of the way to the first answer that leads no further; where it is; whether it was too long."""
        method, body, headers = towards.method, towards.body, towards.headers
        url, _, fragment = towards.url.partition("#")
        exchanges: list[Exchange] = []
        while True:
            exchange = await self._one(method, url, body, headers)
            exchanges.append(exchange)
            response = exchange.response
            location = None if response is None else response.header("location")
            here = f"{url}#{fragment}" if fragment else url
            if response is None or response.status not in _REDIRECTS or location is None:
                return tuple(exchanges), here, False
            if len(exchanges) > MOST_REDIRECTS:
                return tuple(exchanges), here, True
            following = _followed(url, location)
            if following is None or stops(following):
                return tuple(exchanges), here, False
            url, _, further = following.partition("#")
            fragment = further or fragment
            if response.status not in {307, 308}:
                method, body, headers = "GET", b"", ()

    async def _one(self, method: str, url: str, body: bytes, headers: tuple[tuple[str, str], ...]) -> Exchange:
        host, path = _place(url)
        given = {name.lower() for name, _ in headers}
        sent = [*((name, value) for name, value in _HABITS if name.lower() not in given), *headers]
        kept = [
            f"{name}={value}"
            for (on, below, name), value in self.cookies.items()
            if on == host and (path == below or path.startswith(below.rstrip("/") + "/"))
        ]
        if kept:
            sent.append(("Cookie", "; ".join(kept)))
        exchange = await self.stage.fetch(_encoded(url), method=method, headers=tuple(sent), body=body)
        if exchange.response is not None:
            for name, value in exchange.response.headers:
                if name.lower() == "set-cookie":
                    self._keep(host, path, value)
        return exchange

    def _keep(self, host: str, path: str, header: str) -> None:
        cookie = read_cookie(header)
        if cookie is None:
            return
        given = cookie.attribute("path")
        key = (host, given if given.startswith("/") else path.rpartition("/")[0] or "/", cookie.name)
        if not cookie.value or self._over(cookie.attribute("max-age"), cookie.attribute("expires")):
            self.cookies.pop(key, None)
        else:
            self.cookies[key] = cookie.value

    def _over(self, max_age: str, expires: str) -> bool:
        """Whether a cookie's time is over; Max-Age counts before Expires, and what cannot be read does not count."""
        if max_age.lstrip("-").isdecimal():
            return int(max_age) <= 0
        try:
            until = parsedate_to_datetime(expires)
        except ValueError:
            return False
        return (until if until.tzinfo is not None else until.replace(tzinfo=UTC)) <= self.stage.now()


def _followed(url: str, location: str) -> str | None:
    """Where a redirect leads; None where no browser would go."""
    try:
        following = urljoin(url, location)
        return following if urlsplit(following).scheme in {"http", "https"} else None
    except ValueError:
        return None


def _place(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return (parts.hostname or "").lower(), parts.path or "/"


def _encoded(url: str) -> str:
    """What a browser puts on the wire for what somebody wrote in a link."""
    return quote(url, safe="%/:?#[]@!$&'()*+,;=~|")
