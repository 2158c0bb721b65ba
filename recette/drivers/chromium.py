"""A Chromium that shows the pages built by script. Imported by `real_browser` only, since it needs playwright.

No request of it reaches the network: those of its scripts are carried by the scenario's own browser and answered to
it, a document it wants to open is told to that browser (`Leaving`), pictures and styles are not asked for at all.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from playwright.async_api import Browser as Chromium
from playwright.async_api import BrowserContext, CDPSession, Dialog, ElementHandle, Error, Page, Request, Route

from recette.drivers.page_scripts import FIELD, NAMES, PRESS, SNAPSHOT, STATE, STORAGE
from recette.model import Carrier, Exchange, Leaving, Rendered, Response

_NOT_CARRIED: Final = frozenset({"image", "media", "font", "texttrack", "manifest", "eventsource", "ping", "other"})
_OWN_TO_THE_WIRE: Final = frozenset(
    {"cookie", "host", "content-length", "connection", "accept-encoding", "user-agent", "upgrade-insecure-requests"}
)
_NOT_ANSWERED: Final = frozenset(
    {"set-cookie", "content-encoding", "content-length", "transfer-encoding", "connection", "content-disposition"}
)
_EMPTY: Final = "<html><body></body></html>"
_LOOK_EVERY: Final = 0.01
_LOOKS: Final = 2
"""One look may come between a script's asking and its question's arrival here."""
_LONGER: Final = 4
"""How much more time a page gets on which nobody can do anything: "Loading…" is such a page."""


class ChromiumRenderer:
    """The `recette.model.Renderer` of a run. Get it from `real_browser.real_browser`."""

    def __init__(self, chromium: Chromium, quiet: float, patience: float) -> None:
        self._chromium = chromium
        self._quiet = quiet
        self._patience = patience
        self._tabs: list[ChromiumTab] = []
        self._scripts: dict[str, Response] = {}
        """Those that may be kept: every page of an application asks for the same ones."""

    async def open(self, carrier: Carrier) -> ChromiumTab:
        context = await self._chromium.new_context(
            locale="fr-FR", timezone_id="Europe/Paris", service_workers="block", accept_downloads=False
        )
        tab = ChromiumTab(context, carrier, self._scripts, self._quiet, self._patience)
        self._tabs.append(tab)
        await tab.begin()
        return tab

    async def close_tabs(self) -> None:
        while self._tabs:
            await self._tabs.pop().close()


class ChromiumTab:
    """The `recette.model.Tab` of one person: a context of its own, of which nothing is shared."""

    def __init__(
        self, context: BrowserContext, carrier: Carrier, scripts: dict[str, Response], quiet: float, patience: float
    ) -> None:
        self._context = context
        self._carrier = carrier
        self._scripts = scripts
        self._quiet = quiet
        self._patience = patience
        self._page: Page | None = None
        self._session: CDPSession | None = None
        self._document: tuple[str, Response] | None = None
        """The document to be answered to the next navigation to this address."""
        self._leaving: Leaving | None = None
        self._carried = 0
        """Requests on their way."""
        self._stirred = 0.0
        """When the last of them was answered."""
        self._origin = ""
        self._host = ""
        self._cookies: dict[tuple[str, str], str] = {}
        """The cookies of the page's host as Chromium has them, by path and name."""
        self._one_at_a_time = asyncio.Lock()
        """Two who compare Chromium's cookies with the person's would take each other's half work for a script's."""
        self._seeded: set[str] = set()
        """Origins to which the person's storage was given."""

    async def begin(self) -> None:
        await self._context.add_init_script(NAMES)
        await self._context.route("**/*", self._asked)
        await self._context.route_web_socket("**/*", lambda socket: socket.close())
        self._page = await self._context.new_page()
        self._page.on("dialog", lambda dialog: asyncio.ensure_future(_accepted(dialog)))
        self._context.on("page", lambda other: asyncio.ensure_future(_closed(other)))

    async def close(self) -> None:
        with contextlib.suppress(Error, TimeoutError):
            await asyncio.wait_for(self._context.close(), self._patience)

    async def show(self, document: Response, url: str) -> Rendered | Leaving:
        self._leaving = None
        try:
            await self._at(url)
            await self._seed()
            await self._push()
            if "#" in url and _bare(self._window.url) == _bare(url):
                await self._open("about:blank", None)  # going to another fragment of an address loads nothing
            await self._open(url, document)
        except Error:
            return Rendered(url, document.body.decode("utf-8", "replace"))  # Chromium does not show it either
        return await self._settled(url)

    async def submit(self, form: int, fields: Mapping[str, str]) -> Rendered | Leaving:
        self._leaving = None
        url, button = self._window.url, ""
        with contextlib.suppress(Error):  # who cannot fill in or press leaves the page as it is
            for name, value in fields.items():
                field = (await self._window.evaluate_handle(FIELD, [form, name])).as_element()
                if field is not None and await self._filled(field, value) == "button":
                    button = name
            await self._window.evaluate(PRESS, [form, button])
        self._stirred = asyncio.get_running_loop().time()
        return await self._settled(url)

    async def _filled(self, field: ElementHandle, value: str) -> str:
        """Fill in one field; its kind."""
        kind = str(await field.evaluate("each => each.localName === 'input' ? each.type : each.localName"))
        moment = self._patience * 1000
        if kind in {"submit", "button", "image"}:
            return "button"
        if kind in {"checkbox", "radio"}:
            await field.evaluate("each => each.checked || each.click()")
        elif kind == "select":
            await field.select_option(value, force=True, timeout=moment)
        elif kind == "hidden":
            await field.evaluate("(each, value) => { each.value = value; }", value)
        else:
            await field.fill(value, force=True, timeout=moment)
        return kind

    @property
    def _window(self) -> Page:
        assert self._page is not None
        return self._page

    async def _open(self, url: str, document: Response | None) -> None:
        self._document = None if document is None else (_bare(url), document)
        self._stirred = asyncio.get_running_loop().time()
        await self._window.goto(url, wait_until="commit", timeout=self._patience * 1000)

    # --- until nothing moves -----------------------------------------------------------------------------------------

    async def _settled(self, url: str) -> Rendered | Leaving:
        """What the page has become, or where it goes. One that cannot be looked at is an empty one."""
        try:
            await self._wait()
            if self._leaving is not None:
                await self._keep()
                return self._leaving
            html = await asyncio.wait_for(self._window.evaluate(SNAPSHOT), self._patience)
            await self._keep()
        except (TimeoutError, Error):  # a script that never ends, or that takes away what looking needs
            return self._leaving or Rendered(url, _EMPTY)
        return Rendered(self._window.url, str(html))

    async def _wait(self) -> None:
        now = asyncio.get_running_loop().time
        until, rested = now() + self._patience, 0
        while self._leaving is None and now() < until and rested < _LOOKS:
            if self._carried == 0 and now() - self._stirred >= self._quiet:
                state = await asyncio.wait_for(self._window.evaluate(STATE), max(until - now(), _LOOK_EVERY))
                enough = self._quiet * (1000 if state["acts"] else 1000 * _LONGER)
                rests = state["ready"] and not state["blank"] and state["still"] >= enough and self._carried == 0
                rested = rested + 1 if rests else 0
            await asyncio.sleep(_LOOK_EVERY)

    async def _keep(self) -> None:
        """What scripts have put into cookies and storage becomes the person's."""
        await self._pull()
        kept = await asyncio.wait_for(self._window.evaluate(STORAGE), self._patience)
        for area, values in kept["areas"].items():
            self._carrier.storage[kept["origin"], area] = dict(values)

    async def _at(self, url: str) -> None:
        """The window comes to another host, of which Chromium may have cookies that are not the person's any more."""
        self._origin, host = _origin(url), (urlsplit(url).hostname or "").lower()
        if host != self._host:
            async with self._one_at_a_time:
                self._host, self._cookies = host, {}
                await self._context.clear_cookies()

    async def _seed(self) -> None:
        """Give a window that was never at an origin the storage the person has there."""
        origin = self._origin
        if origin in self._seeded:
            return
        self._seeded.add(origin)
        areas = {area: values for (at, area), values in self._carrier.storage.items() if at == origin and values}
        if areas:
            await self._open(f"{origin}/", Response(200, (("Content-Type", "text/html"),), b"<html></html>"))
            await self._window.evaluate(
                "areas => { for (const [area, values] of Object.entries(areas))"
                " for (const [key, value] of Object.entries(values)) window[area].setItem(key, value); }",
                areas,
            )

    # --- cookies -----------------------------------------------------------------------------------------------------

    async def _push(self) -> None:
        """Let scripts read the cookies that the person has at this host."""
        wanted = {(path, name): value for (at, path, name), value in self._carrier.cookies.items() if at == self._host}
        async with self._one_at_a_time:
            if wanted == self._cookies:
                return
            if self._session is None:
                self._session = await self._context.new_cdp_session(self._window)
            for path, name in self._cookies.keys() - wanted.keys():
                await self._context.clear_cookies(name=name, path=path)
            for (path, name), value in wanted.items() - self._cookies.items():
                # By address and not by domain: such a cookie and one a script sets would be two of the same name.
                cookie = {"name": name, "value": value, "url": f"{self._origin}/", "path": path}
                await self._session.send("Network.setCookie", cookie)
            self._cookies = await self._had()

    async def _pull(self) -> None:
        """Take over what scripts have changed."""
        async with self._one_at_a_time:
            now = await self._had()
            for path, name in self._cookies.keys() - now.keys():
                self._carrier.cookies.pop((self._host, path, name), None)
            for (path, name), value in now.items() - self._cookies.items():
                self._carrier.cookies[self._host, path, name] = value
            self._cookies = now

    async def _had(self) -> dict[tuple[str, str], str]:
        return {
            (cookie["path"], cookie["name"]): cookie["value"]
            for cookie in await self._context.cookies()
            if cookie["domain"].lstrip(".").lower() == self._host
        }

    # --- requests ----------------------------------------------------------------------------------------------------

    async def _asked(self, route: Route, request: Request) -> None:
        """Answer one request of Chromium's; the window may have been closed meanwhile."""
        with contextlib.suppress(Error):
            if request.is_navigation_request() and _is_outermost(request):
                await self._navigates(route, request)
            elif request.resource_type == "stylesheet":
                await route.fulfill(status=200, content_type="text/css", body="")
            elif request.resource_type in _NOT_CARRIED:
                await route.abort("aborted")
            else:
                self._carried += 1
                try:
                    await self._carries(route, request)
                finally:
                    self._carried -= 1
                    self._stirred = asyncio.get_running_loop().time()

    async def _navigates(self, route: Route, request: Request) -> None:
        if self._document is not None and self._document[0] == request.url:
            document, self._document = self._document[1], None
            await _answer(route, document)
            return
        await route.abort("aborted")  # the window stays where it is
        if self._leaving is None:
            headers = tuple(_sent(request.headers))
            self._leaving = Leaving(request.method, request.url, headers, request.post_data_buffer or b"")

    async def _carries(self, route: Route, request: Request) -> None:
        script = request.resource_type == "script" and request.method == "GET"
        if script and request.url in self._scripts:
            await _answer(route, self._scripts[request.url])
            return
        await self._pull()
        headers = dict(_sent(request.headers))
        if request.method not in {"GET", "HEAD"}:
            headers.setdefault("origin", self._origin)
        exchange = await self._carrier.carry(
            request.method, request.url, tuple(headers.items()), request.post_data_buffer or b""
        )
        await self._push()
        if exchange.response is None or (
            request.resource_type in {"xhr", "fetch"} and not _readable(exchange, self._origin)
        ):
            await route.abort("failed")
            return
        if script and "no-" not in (exchange.response.header("cache-control") or ""):
            self._scripts[request.url] = exchange.response
        await _answer(route, exchange.response)


def _is_outermost(request: Request) -> bool:
    """Whether a document is for the window itself, or a new one, and not for a frame in it."""
    try:
        return request.frame.parent_frame is None
    except Error:  # a new window has no frame yet
        return True


def _readable(exchange: Exchange, origin: str) -> bool:
    """Whether a script may read the answer: of its own origin, or of one that allows it (CORS)."""
    assert exchange.response is not None
    allowed = exchange.response.header("access-control-allow-origin")
    return _origin(exchange.request.url) == origin or allowed in {"*", origin}


def _sent(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(n, v) for n, v in headers.items() if n.lower() not in _OWN_TO_THE_WIRE and not n.startswith("sec-")]


async def _answer(route: Route, response: Response) -> None:
    headers: dict[str, str] = {}
    for name, value in response.headers:
        key = name.lower()
        if key not in _NOT_ANSWERED:
            headers[key] = f"{headers[key]}, {value}" if key in headers else value
    await route.fulfill(status=response.status, headers=headers, body=response.body)


async def _accepted(dialog: Dialog) -> None:
    with contextlib.suppress(Error):
        await dialog.accept()


async def _closed(page: Page) -> None:
    """A window that a page opens is closed: where it would go to has been told by its first request."""
    with contextlib.suppress(Error):
        await page.wait_for_timeout(50)
        await page.close()


def _bare(url: str) -> str:
    return url.partition("#")[0]


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
