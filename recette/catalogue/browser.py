"""A browser as far as redirects, cookies and forms go: what a person does before any script runs.

It plays on a stage, so that every exchange is evidence. A real browser is needed where a page builds itself by script;
`Page.built_by_script` says when.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import quote, urlencode, urljoin, urlsplit

from lxml import html
from lxml.etree import ParserError

from recette.model import Exchange, Stage

MOST_REDIRECTS: Final = 20
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Form:
    """`fields` are those the page filled in, hidden ones included; `action` is absolute."""

    id: str
    method: str
    action: str
    fields: Mapping[str, str]
    kinds: Mapping[str, str]
    """The type of each input by name (`password`, `email`, `hidden`…)."""


@dataclass(frozen=True)
class Page:
    """Where a browser has arrived: the last of `exchanges`, which are all those of the way there, in order."""

    exchanges: tuple[Exchange, ...]
    too_many_redirects: bool = False

    @property
    def last(self) -> Exchange:
        return self.exchanges[-1]

    @property
    def url(self) -> str:
        return self.last.request.url

    @property
    def status(self) -> int:
        """0 when no answer came."""
        return self.last.response.status if self.last.response is not None else 0

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def visited(self) -> tuple[str, ...]:
        return tuple(exchange.request.url for exchange in self.exchanges)

    @cached_property
    def is_html(self) -> bool:
        response = self.last.response
        return response is not None and (response.header("content-type") or "").lower().startswith("text/html")

    @cached_property
    def root(self) -> html.HtmlElement | None:
        """The document; None when the answer is no HTML or is empty."""
        if not self.is_html or self.last.response is None:
            return None
        try:
            return html.document_fromstring(self.last.response.body, parser=html.HTMLParser(encoding="utf-8"))
        except (ParserError, ValueError):
            return None

    @cached_property
    def text(self) -> str:
        """What can be read or read out, in one line: text, and the alt, title and aria-label of elements."""
        if self.root is None:
            return ""
        parts: list[str] = []
        for element in self.root.iter():
            if not isinstance(element.tag, str) or element.tag in {"script", "style", "template"}:
                if element.tail:
                    parts.append(element.tail)
                continue
            parts += [element.text or "", *(element.get(name, "") for name in ("alt", "title", "aria-label"))]
            if element.tail:
                parts.append(element.tail)
        return " ".join(" ".join(parts).split())

    @cached_property
    def source(self) -> str:
        response = self.last.response
        return "" if response is None else response.body.decode("utf-8", "replace")

    @cached_property
    def forms(self) -> tuple[Form, ...]:
        return () if self.root is None else tuple(_form(element, self.url) for element in self.root.forms)

    def form(self, wanted: str | Callable[[Form], bool]) -> Form | None:
        """The first form with this id, or that the predicate likes."""
        likes = wanted if callable(wanted) else (lambda form: form.id == wanted)
        return next((form for form in self.forms if likes(form)), None)

    def link(self, xpath: str) -> str | None:
        """The absolute address of the first link an XPath finds."""
        if self.root is None:
            return None
        found = self.root.xpath(xpath)
        element = found[0] if isinstance(found, list) and found else None
        href = element.get("href") if isinstance(element, html.HtmlElement) else None
        return None if href is None else urljoin(self.url, href)

    def values(self, xpath: str) -> tuple[str, ...]:
        """The strings an XPath finds (`//main/@data-status`)."""
        if self.root is None:
            return ()
        found = self.root.xpath(xpath)
        return tuple(str(value) for value in found) if isinstance(found, list) else (str(found),)

    @cached_property
    def built_by_script(self) -> bool:
        """Whether nothing can be read or filled in before a script has run."""
        return self.root is not None and not self.text and bool(self.root.xpath("//script"))


@dataclass(slots=True)
class Browser:
    """One person's browser: a cookie jar and the addresses it goes to. Another person gets another browser."""

    stage: Stage
    cookies: dict[tuple[str, str, str], str] = field(default_factory=dict)
    """By host, path and name. A cookie of `localhost` goes to every port, as in any browser."""

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
            url = urljoin(url, location)
            if urlsplit(url).scheme not in {"http", "https"}:
                return Page(tuple(exchanges))
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
                    self._keep(host, value)
        return exchange

    def _keep(self, host: str, header: str) -> None:
        read: SimpleCookie = SimpleCookie()
        try:
            read.load(header)
        except CookieError:
            return
        for name, morsel in read.items():
            key = (host, morsel["path"] or "/", name)
            if morsel["max-age"] == "0" or not morsel.value or "1970" in morsel["expires"]:
                self.cookies.pop(key, None)
            else:
                self.cookies[key] = morsel.coded_value


def _place(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return (parts.hostname or "").lower(), parts.path or "/"


def _encoded(url: str) -> str:
    """What a browser puts on the wire for what somebody wrote in a link."""
    return quote(url, safe="%/:?#[]@!$&'()*+,;=~|")


def _form(element: html.FormElement, base: str) -> Form:
    fields: dict[str, str] = {}
    kinds: dict[str, str] = {}
    for control in element.xpath(".//input|.//textarea|.//select|.//button"):
        name = control.get("name")
        if not name:
            continue
        kind = control.get("type", "text").lower() if control.tag == "input" else str(control.tag)
        kinds.setdefault(name, kind)
        if kind in {"submit", "image", "reset", "button", "file"} or control.get("disabled") is not None:
            continue
        if kind in {"checkbox", "radio"}:
            if control.get("checked") is not None:
                fields[name] = control.get("value", "on")
        elif control.tag == "select":
            chosen = control.xpath("./option[@selected]") or control.xpath("./option")
            fields[name] = (chosen[0].get("value") or (chosen[0].text or "").strip()) if chosen else ""
        elif control.tag == "textarea":
            fields[name] = control.text or ""
        else:
            fields.setdefault(name, control.get("value", ""))
    action = urljoin(base, element.get("action") or base)
    return Form(element.get("id", ""), (element.get("method") or "GET").upper(), action, fields, kinds)
