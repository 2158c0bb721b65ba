"""A page as a person finds it: what it says, the forms and links it has, and the way there.

Before any script has run, unless a real browser has shown it (`Page.rendered`). Pure: made of exchanges.
`recette.catalogue.browser` goes to pages; checks read them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urljoin, urlsplit

from lxml import html
from lxml.etree import ParserError

from recette.model import Exchange, Rendered


def absolute(base: str, address: str) -> str | None:
    """The address a page at `base` means; None where it is none (`http://[`)."""
    try:
        found = urljoin(base, address)
        _ = urlsplit(found).port
    except ValueError:
        return None
    return found


@dataclass(frozen=True, slots=True)
class Form:
    """`fields` are those the page filled in, hidden ones included; `action` is absolute."""

    id: str
    method: str
    action: str
    fields: Mapping[str, str]
    kinds: Mapping[str, str]
    """The type of each input by name (`password`, `email`, `hidden`…)."""
    offers: Mapping[str, str] = field(default_factory=dict)
    """What ticking a box or pressing a named button would add."""
    label: str = ""
    """What can be read in it, in one line."""


@dataclass(frozen=True)
class Page:
    """Where a browser has arrived: the last of `exchanges`, which are all the documents of the way there, in order.

    `rendered` is what a real browser made of the last one, and `fetched` what the scripts on the way have asked for.
    """

    exchanges: tuple[Exchange, ...]
    too_many_redirects: bool = False
    rendered: Rendered | None = None
    fetched: tuple[Exchange, ...] = ()
    halted_at: str | None = None
    """Where a script would have gone on to, had the browser been let."""

    @property
    def last(self) -> Exchange:
        return self.exchanges[-1]

    @property
    def traffic(self) -> tuple[Exchange, ...]:
        """Documents and what scripts asked for, in the order in which they were sent."""
        return tuple(sorted((*self.exchanges, *self.fetched), key=lambda exchange: exchange.sent_at))

    @property
    def url(self) -> str:
        return self.last.request.url if self.rendered is None else self.rendered.url

    @property
    def onward(self) -> str | None:
        """Where the page sends the browser, which did not go there."""
        location = self.last.response.header("location") if self.last.response is not None else None
        return self.halted_at if location is None else absolute(self.last.request.url, location)

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
        body = self.last.response.body if self.rendered is None else self.rendered.html.encode()
        try:
            return html.document_fromstring(body, parser=html.HTMLParser(encoding="utf-8"))
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
        return None if href is None else absolute(self.url, href)

    def values(self, xpath: str) -> tuple[str, ...]:
        """The strings an XPath finds (`//main/@data-status`)."""
        if self.root is None:
            return ()
        found = self.root.xpath(xpath)
        return tuple(str(value) for value in found) if isinstance(found, list) else (str(found),)

    @cached_property
    def built_by_script(self) -> bool:
        """Whether nothing can be read or filled in before a script has run: no text in the body but of `noscript`."""
        if self.rendered is not None or self.root is None or not self.root.xpath("//script"):
            return False
        unread = "script style template noscript"
        words = self.root.xpath("//body//text()")
        return not any(
            str(word).strip() and not any(parent.tag in unread.split() for parent in word.getparent().iterancestors())
            for word in (words if isinstance(words, list) else ())
            if word.getparent().tag not in unread.split()
        )

    @property
    def waits_for_script(self) -> bool:
        """Whether a script has still to put on it what a person could follow or fill in; "Loading…" may be there."""
        if self.rendered is not None or self.root is None or not self.root.xpath("//script"):
            return False
        return not self.root.xpath("//body//a[@href]|//body//form|//body//input|//body//button")


def _form(element: html.FormElement, base: str) -> Form:
    fields: dict[str, str] = {}
    kinds: dict[str, str] = {}
    offers: dict[str, str] = {}
    for control in element.xpath(".//input|.//textarea|.//select|.//button"):
        name = control.get("name")
        if not name:
            continue
        kind = control.get("type", "text").lower() if control.tag == "input" else str(control.tag)
        kinds.setdefault(name, kind)
        if kind in {"submit", "button", "checkbox"} and control.get("disabled") is None:
            offers.setdefault(name, control.get("value", "on" if kind == "checkbox" else ""))
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
    action = absolute(base, element.get("action") or base) or base
    words = " ".join([*element.itertext(), *(str(value) for value in element.xpath(".//input[@type='submit']/@value"))])
    label = " ".join(words.split())
    return Form(element.get("id", ""), (element.get("method") or "GET").upper(), action, fields, kinds, offers, label)
