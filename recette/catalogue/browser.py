"""A browser as far as redirects, cookies and forms go: what a person does before any script runs.

It plays on a stage, so that every exchange is evidence. A real browser is needed where a page builds itself by script;
`Page.built_by_script` says when.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import quote, urlencode, urljoin, urlsplit

from recette.checks.cookies import read as read_cookie
from recette.checks.page import Form, Page
from recette.model import Exchange, Stage

__all__ = ["MOST_REDIRECTS", "Browser", "Form", "Page"]

MOST_REDIRECTS: Final = 20
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


@dataclass(slots=True)
class Browser:
    """One person's browser: a cookie jar and the addresses it goes to. Another person gets another browser."""

    stage: Stage
    cookies: dict[tuple[str, str, str], str] = field(default_factory=dict)
    """By host, path and name. A cookie of `localhost` goes to every port, as in any browser."""
    stops: Callable[[str], bool] = lambda url: False
    """Addresses it is redirected to and does not go: the page then ends with the redirect."""

    async def get(self, url: str) -> Page:
        return await self._go("GET", url, b"", ())

    async def submit(self, page: Page, form: Form, **fields: str) -> Page:
        """Fill in some fields and send the form from the page it stands on."""
        values = {**form.fields, **fields}
        if form.method == "GET":
            return await self.get(form.action.partition("?")[0] + "?" + urlencode(values))
        headers = (("Content-Type", "application/x-www-form-urlencoded"), ("Origin", page.origin))
        return await self._go("POST", form.action, urlencode(values).encode(), headers)

    async def post(self, url: str, fields: Mapping[str, str]) -> Page:
        """Send a form that no page showed."""
        headers = (("Content-Type", "application/x-www-form-urlencoded"),)
        return await self._go("POST", url, urlencode(fields).encode(), headers)

    async def _go(self, method: str, url: str, body: bytes, headers: tuple[tuple[str, str], ...]) -> Page:
        exchanges: list[Exchange] = []
        while True:
            url = url.partition("#")[0]
            exchange = await self._one(method, url, body, headers)
            exchanges.append(exchange)
            response = exchange.response
            location = None if response is None else response.header("location")
            if response is None or response.status not in _REDIRECTS or location is None:
                return Page(tuple(exchanges))
            if len(exchanges) > MOST_REDIRECTS:
                return Page(tuple(exchanges), too_many_redirects=True)
            following = _followed(url, location)
            if following is None or self.stops(following):
                return Page(tuple(exchanges))
            url = following
            if response.status not in {307, 308}:
                method, body, headers = "GET", b"", ()

    async def _one(self, method: str, url: str, body: bytes, headers: tuple[tuple[str, str], ...]) -> Exchange:
        host, path = _place(url)
        sent = [("Accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.5"), ("Accept-Language", "fr"), *headers]
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
