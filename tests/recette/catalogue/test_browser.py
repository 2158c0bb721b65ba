"""The browser of scenarios: where it goes, what it keeps, what it reads and fills in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

import pytest

from recette.catalogue.browser import MOST_REDIRECTS, Browser, Page
from recette.model import (
    Carrier,
    Exchange,
    Leaving,
    Rendered,
    Renderer,
    Request,
    Response,
    Stage,
    Timings,
    TransportFailure,
)

NOW = datetime(2031, 3, 10, 8, tzinfo=UTC)
HTML = ("Content-Type", "text/html; charset=utf-8")


@dataclass
class Web:
    """A stage with nothing but the web on it: what each address answers, and what was asked for."""

    pages: Mapping[str, Response]
    renderer: Renderer | None = None
    asked: list[Request] = field(default_factory=list)

    def now(self) -> datetime:
        return NOW

    async def fetch(
        self, url: str, *, method: str = "GET", headers: Sequence[tuple[str, str]] = (), body: bytes = b""
    ) -> Exchange:
        request = Request(method, url, url.partition("://")[2].partition("/")[2], tuple(headers), body)
        self.asked.append(request)
        number, response = f"x{len(self.asked)}", self.pages.get(url)
        if response is None:
            return Exchange(number, NOW, request, Timings(None, 0.1), failure=TransportFailure.UNREACHABLE)
        return Exchange(number, NOW, request, Timings(0.1, 0.1), response)

    def cookies(self) -> list[str | None]:
        return [next((v for k, v in r.headers if k == "Cookie"), None) for r in self.asked]


def page(body: str, *headers: tuple[str, str]) -> Response:
    return Response(200, (HTML, *headers), body.encode())


def redirect(status: int, location: str, *headers: tuple[str, str]) -> Response:
    return Response(status, (("Location", location), *headers), b"")


def browser(pages: Mapping[str, Response]) -> tuple[Browser, Web]:
    web = Web(pages)
    return Browser(cast(Stage, web)), web


async def read(body: str) -> Page:
    visitor, _ = browser({"http://a.example/p/page?x=1": page(body)})
    return await visitor.get("http://a.example/p/page?x=1")


# --- the way there ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("location", "arrived"),
    [
        ("http://b.example/x", "http://b.example/x"),
        ("/x?y=1", "http://a.example/x?y=1"),
        ("x", "http://a.example/p/x"),
        ("../x", "http://a.example/x"),
        ("?y=2", "http://a.example/p/page?y=2"),
        ("//b.example/x", "http://b.example/x"),
        ("/x#below", "http://a.example/x"),
    ],
)
async def test_redirects_are_followed_relative_to_where_they_stand(location: str, arrived: str) -> None:
    visitor, _ = browser({"http://a.example/p/page": redirect(303, location), arrived: page("là")})
    there = await visitor.get("http://a.example/p/page")
    assert (there.url, there.text, len(there.exchanges)) == (arrived, "là", 2)


@pytest.mark.parametrize(
    ("status", "method", "body"),
    [(301, "GET", b""), (302, "GET", b""), (303, "GET", b""), (307, "POST", b"a=1"), (308, "POST", b"a=1")],
)
async def test_only_307_and_308_send_a_form_again(status: int, method: str, body: bytes) -> None:
    visitor, web = browser({"http://a.example/f": redirect(status, "/next"), "http://a.example/next": page("")})
    await visitor.post("http://a.example/f", {"a": "1"})
    assert (web.asked[1].method, web.asked[1].body) == (method, body)
    assert ("Content-Type" in dict(web.asked[1].headers)) is (method == "POST")


async def test_a_loop_ends_and_is_told() -> None:
    visitor, web = browser({"http://a.example/": redirect(302, "/")})
    there = await visitor.get("http://a.example/")
    assert there.too_many_redirects
    assert len(web.asked) == MOST_REDIRECTS + 1


@pytest.mark.parametrize("location", ["mailto:a@example.org", "javascript:alert(1)", "http://[nowhere", "file:///x"])
async def test_what_no_browser_follows_ends_at_the_redirect(location: str) -> None:
    visitor, web = browser({"http://a.example/": redirect(302, location)})
    there = await visitor.get("http://a.example/")
    assert there.status == 302
    assert len(web.asked) == 1


async def test_an_address_it_was_told_not_to_follow_is_not_asked_for() -> None:
    visitor, web = browser({"http://a.example/": redirect(302, "http://provider.example/auth?x=1")})
    visitor.stops = lambda url: url.startswith("http://provider.example/")
    assert (await visitor.get("http://a.example/")).status == 302
    assert len(web.asked) == 1


async def test_nobody_there_is_a_page_of_status_0() -> None:
    visitor, _ = browser({})
    there = await visitor.get("http://a.example/")
    assert (there.status, there.text, there.root, there.forms) == (0, "", None, ())


# --- cookies ---------------------------------------------------------------------------------------------------------


async def test_a_cookie_goes_back_below_its_path_and_to_its_host_only() -> None:
    set_cookies = (("Set-Cookie", "s=1; Path=/app; HttpOnly"), ("set-cookie", "t=2; Path=/"))
    addresses = ["http://a.example/app", "http://a.example/app/x", "http://a.example/apple", "http://b.example/app"]
    visitor, web = browser({address: page("") for address in addresses} | {addresses[0]: page("", *set_cookies)})
    for address in addresses:
        await visitor.get(address)
    assert web.cookies() == [None, "s=1; t=2", "t=2", None]


async def test_a_cookie_without_a_path_belongs_to_the_folder_of_its_page() -> None:
    visitor, web = browser(
        {"http://a.example/x/login": page("", ("Set-Cookie", "s=1")), "http://a.example/x/y": page("")}
        | {"http://a.example/": page("")}
    )
    for address in ("http://a.example/x/login", "http://a.example/x/y", "http://a.example/"):
        await visitor.get(address)
    assert web.cookies() == [None, "s=1", None]


async def test_a_cookie_of_a_redirect_is_kept() -> None:
    visitor, web = browser(
        {"http://a.example/": redirect(303, "/in", ("Set-Cookie", "s=1; Path=/")), "http://a.example/in": page("")}
    )
    await visitor.get("http://a.example/")
    assert web.cookies() == [None, "s=1"]


@pytest.mark.parametrize(
    ("end", "over"),
    [
        ("Max-Age=0", True),
        ("Max-Age=-1", True),
        ("Max-Age=60", False),
        ("Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", False),
        ("Expires=Thu, 01 Jan 1970 00:00:00 GMT", True),
        ("Expires=Mon, 10 Mar 2031 07:59:59 GMT", True),
        ("Expires=Mon, 10 Mar 2031 09:00:00 GMT", False),
    ],
)
async def test_a_cookie_whose_time_is_over_is_thrown_away(end: str, over: bool) -> None:
    visitor, web = browser(
        {
            "http://a.example/in": page("", ("Set-Cookie", "s=1; Path=/")),
            "http://a.example/out": page("", ("Set-Cookie", f"s=2; Path=/; {end}")),
            "http://a.example/": page(""),
        }
    )
    for address in ("http://a.example/in", "http://a.example/out", "http://a.example/"):
        await visitor.get(address)
    assert web.cookies()[2] == (None if over else "s=2")


@pytest.mark.parametrize("header", ["", "=", ";;;", "s", "s=\x00", "é=1; Path=/", "s=1; Expires=never"])
async def test_a_cookie_that_is_none_harms_nothing(header: str) -> None:
    visitor, web = browser({"http://a.example/": page("là", ("Set-Cookie", header))})
    assert (await visitor.get("http://a.example/")).text == "là"
    assert (await visitor.get("http://a.example/")).text == "là"
    assert len(web.asked) == 2


# --- forms -----------------------------------------------------------------------------------------------------------

CONTROLS = """
<form id="all" method="post" action="../do?y=2">
  <input name="plain" value="a"><input type="hidden" name="csrf" value="t&amp;k"><input type="password" name="pw">
  <input type="checkbox" name="ticked" checked><input type="checkbox" name="unticked" value="u">
  <input type="radio" name="choice" value="one"><input type="radio" name="choice" value="two" checked>
  <select name="first"><option value="f1">F1</option><option value="f2">F2</option></select>
  <select name="chosen"><option value="c1">C1</option><option selected> C2 </option></select>
  <select name="nothing"></select>
  <textarea name="words">des
mots</textarea>
  <input name="off" value="x" disabled><input value="nameless"><input type="file" name="file">
  <button name="go" value="1">Envoyer</button><input type="submit" name="send" value="2">
</form>
"""


async def test_a_form_is_what_a_browser_would_send() -> None:
    form = (await read(CONTROLS)).form("all")
    assert form is not None
    assert (form.method, form.action) == ("POST", "http://a.example/do?y=2")
    assert form.fields == {
        "plain": "a",
        "csrf": "t&k",
        "pw": "",
        "ticked": "on",
        "choice": "two",
        "first": "f1",
        "chosen": "C2",
        "nothing": "",
        "words": "des\nmots",
    }
    assert form.kinds["pw"] == "password"
    assert form.kinds["words"] == "textarea"


async def test_a_form_without_action_goes_to_its_own_page_and_without_method_by_get() -> None:
    there = await read('<form><input name="q" value="é &amp; è"></form>')
    (form,) = there.forms
    assert (form.method, form.action) == ("GET", "http://a.example/p/page?x=1")
    visitor, web = browser({})
    await visitor.submit(there, form)
    assert web.asked[0].url == "http://a.example/p/page?q=%C3%A9+%26+%C3%A8"


async def test_a_posted_form_says_where_it_comes_from_and_holds_what_was_filled_in() -> None:
    there = await read('<form id="f" method="post"><input name="a" value="1"><input name="b" value="2"></form>')
    form = there.form("f")
    assert form is not None
    visitor, web = browser({"http://a.example/p/page?x=1": page("ok")})
    assert (await visitor.submit(there, form, b="é")).text == "ok"
    (asked,) = web.asked
    assert (asked.method, asked.body) == ("POST", b"a=1&b=%C3%A9")
    assert dict(asked.headers)["Origin"] == "http://a.example"
    assert dict(asked.headers)["Content-Type"] == "application/x-www-form-urlencoded"


async def test_a_form_is_found_by_what_it_holds() -> None:
    there = await read('<form id="x"></form><form id="y"><input name="password" type="password"></form>')
    found = there.form(lambda form: "password" in form.kinds.values())
    assert found is not None
    assert found.id == "y"
    assert there.form("z") is None


# --- reading ---------------------------------------------------------------------------------------------------------


async def test_the_text_is_what_can_be_read_or_read_out() -> None:
    there = await read(
        "<h1>Agenda</h1><script>var secret = 1</script>suite<style>p {}</style>"
        '<img alt="logo" src="x"><a title="aide" aria-label="ouvrir" href="#">ici</a><!-- non -->fin'
    )
    assert there.text == "Agenda suite logo ici aide ouvrir fin"
    assert "secret" not in there.text


async def test_links_are_absolute_and_values_are_strings() -> None:
    there = await read(
        '<main data-status="booked"><a id="m" href="../d?x=1&amp;y=2">Déplacer</a><a id="n">rien</a></main>'
    )
    assert there.link("//a[@id='m']") == "http://a.example/d?x=1&y=2"
    assert there.link("//a[@id='n']") is None
    assert there.link("//a[@id='o']") is None
    assert there.values("//main/@data-status") == ("booked",)
    assert there.values("count(//a)") == ("2.0",)


@pytest.mark.parametrize("body", ["", "   ", "<", "\x00", "<html>", "<<<>>>", "é" * 5])
async def test_any_document_is_survived(body: str) -> None:
    there = await read(body)
    assert isinstance(there.text, str)
    assert there.forms == ()


async def test_what_is_no_html_has_neither_text_nor_forms() -> None:
    visitor, _ = browser(
        {"http://a.example/": Response(200, (("Content-Type", "application/json"),), b"<form></form>")}
    )
    there = await visitor.get("http://a.example/")
    assert (there.is_html, there.text, there.forms) == (False, "", ())
    assert there.source == "<form></form>"


async def test_a_page_that_only_a_script_builds_is_told_from_an_empty_one() -> None:
    assert (await read('<html><body><div></div><script src="app.js"></script></body></html>')).built_by_script
    assert not (await read("<p>là</p><script></script>")).built_by_script
    assert not (await read("<div></div>")).built_by_script


async def test_an_address_with_letters_of_its_own_goes_out_encoded() -> None:
    visitor, web = browser({})
    await visitor.get("http://a.example/agenda?nom=é è#bas")
    assert web.asked[0].url == "http://a.example/agenda?nom=%C3%A9%20%C3%A8"


# --- pages built by script -------------------------------------------------------------------------------------------

SHELL = "<div id=app></div><script></script>"


@dataclass
class Shown:
    """A real browser that makes of each address what the test says."""

    makes: Mapping[str, Rendered | Leaving]
    sent: Rendered | Leaving = field(default_factory=lambda: Rendered("http://a.example/", "<p>envoyé</p>"))
    showed: list[str] = field(default_factory=list)
    filled: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    carrier: Carrier | None = None

    async def open(self, carrier: Carrier) -> Shown:
        self.carrier = carrier
        return self

    async def close_tabs(self) -> None: ...

    async def show(self, document: Response, url: str) -> Rendered | Leaving:
        assert self.carrier is not None
        self.showed.append(url)
        await self.carrier.carry("GET", "http://a.example/api", (("Accept", "application/json"),), b"")
        return self.makes.get(url, Rendered(url, f"<p>{url}</p>"))

    async def submit(self, form: int, fields: Mapping[str, str]) -> Rendered | Leaving:
        self.filled.append((form, dict(fields)))
        return self.sent


def real(pages: Mapping[str, Response], shown: Shown) -> tuple[Browser, Web]:
    web = Web({"http://a.example/api": Response(200, (("Set-Cookie", "x=1; Path=/"),), b"{}"), **pages}, shown)
    return Browser(cast(Stage, web)), web


async def test_a_page_that_waits_for_a_script_is_shown_by_the_real_browser() -> None:
    address = "http://a.example/agenda"
    shown = Shown({f"{address}#jour": Rendered(f"{address}/1", "<title>Agenda</title><form><input name=a></form>")})
    visitor, web = real(
        {address: page(SHELL), "http://a.example/plain": page("<a href=x>là</a><script></script>")}, shown
    )
    there = await visitor.get(f"{address}#jour")
    assert (there.url, there.path, there.status, len(there.forms)) == (f"{address}/1", "/agenda/1", 200, 1)
    assert [request.url for request in web.asked] == [address, "http://a.example/api"]
    assert dict(web.asked[1].headers)["Accept"] == "application/json"
    assert [exchange.id for exchange in there.traffic] == ["x1", "x2"]
    assert visitor.cookies == {("a.example", "/", "x"): "1"}
    assert not there.built_by_script
    assert (await visitor.get("http://a.example/plain")).rendered is None
    assert shown.showed == [f"{address}#jour"]


async def test_where_a_script_leads_is_gone_to_and_is_part_of_the_way() -> None:
    shown = Shown({"http://a.example/": Leaving("POST", "http://b.example/do", (("Content-Type", "t"),), b"a=1")})
    pages = {"http://a.example/": page(SHELL), "http://b.example/do": redirect(303, "/done")}
    visitor, web = real({**pages, "http://b.example/done": page("<a href=x>fait</a>")}, shown)
    there = await visitor.get("http://a.example/")
    assert there.visited == ("http://a.example/", "http://b.example/do", "http://b.example/done")
    assert [exchange.request.url for exchange in there.fetched] == ["http://a.example/api"]
    (posted,) = (request for request in web.asked if request.method == "POST")
    assert (posted.body, dict(posted.headers)["Content-Type"]) == (b"a=1", "t")


async def test_where_it_stops_a_script_does_not_lead_it_further() -> None:
    shown = Shown({"http://a.example/": Leaving("GET", "http://b.example/back?code=1")})
    visitor, web = real({"http://a.example/": page(SHELL)}, shown)
    visitor.stops = lambda url: url.startswith("http://b.example/")
    there = await visitor.get("http://a.example/")
    assert there.onward == "http://b.example/back?code=1"
    assert not any(request.url.startswith("http://b.example/") for request in web.asked)


async def test_scripts_that_lead_in_a_circle_end_and_are_told() -> None:
    shown = Shown({"http://a.example/": Leaving("GET", "http://a.example/")})
    visitor, _ = real({"http://a.example/": page(SHELL)}, shown)
    there = await visitor.get("http://a.example/")
    assert there.too_many_redirects
    assert len(there.exchanges) == MOST_REDIRECTS + 1


async def test_a_form_of_such_a_page_is_sent_on_it_and_the_page_is_shown_again_when_it_has_gone() -> None:
    address = "http://a.example/f"
    shown = Shown({address: Rendered(address, "<form id=x></form><form id=y><input name=a></form>")})
    visitor, _ = real({address: page(SHELL), "http://a.example/g": page(SHELL)}, shown)
    there = await visitor.get(address)
    form = there.form("y")
    assert form is not None
    assert (await visitor.submit(there, form, a="1")).text == "envoyé"
    await visitor.get("http://a.example/g")
    shown.sent = Leaving("GET", "http://a.example/g")
    assert (await visitor.submit(there, form, a="2")).url == "http://a.example/g"
    visitor.stops = lambda url: url.endswith("/g")
    assert (await visitor.submit(there, form, a="3")).onward == "http://a.example/g"
    assert shown.filled == [(1, {"a": "1"}), (1, {"a": "2"}), (1, {"a": "3"})]
    assert shown.showed == [address, "http://a.example/g", address, "http://a.example/g", address]


async def test_what_a_script_asks_for_follows_redirects() -> None:
    visitor, web = real({"http://a.example/old": redirect(302, "/new"), "http://a.example/new": page("là")}, Shown({}))
    last = await visitor.carry("POST", "http://a.example/old", (), b"a")
    assert last.response is not None
    assert (last.request.url, last.response.body, web.asked[1].method) == ("http://a.example/new", "là".encode(), "GET")
