"""The real browser: what becomes of a page, what a person does on it, what is asked for and what is kept."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from recette.checks.page import Page
from recette.drivers.chromium import ChromiumRenderer
from recette.drivers.real_browser import BrowserMissingError, real_browser
from recette.model import CookieKey, Exchange, Leaving, Rendered, Request, Response, StorageKey, Timings

NOW = datetime(2031, 3, 10, 8, tzinfo=UTC)
HOME = "https://a.example"
HTML = ("Content-Type", "text/html; charset=utf-8")
in_chromium = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@dataclass
class Person:
    """A carrier that gives prepared answers, and knows what was asked for."""

    answers: Mapping[str, Response] = field(default_factory=dict)
    cookies: dict[CookieKey, str] = field(default_factory=dict)
    storage: dict[StorageKey, dict[str, str]] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)
    cookies_then: list[dict[CookieKey, str]] = field(default_factory=list)

    async def carry(self, method: str, url: str, headers: Sequence[tuple[str, str]], body: bytes) -> Exchange:
        request = Request(method, url, url, tuple(headers), body)
        self.asked.append(request)
        self.cookies_then.append(dict(self.cookies))
        answer = self.answers.get(url, Response(404, (), b""))
        return Exchange(f"x{len(self.asked)}", NOW, request, Timings(0.0, 0.0), answer)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def renderer(chromium: str) -> AsyncIterator[ChromiumRenderer]:
    async with real_browser(chromium, quiet=0.04, patience=3.0) as running:
        yield running


def document(body: str, script: str = "") -> Response:
    return Response(200, (HTML,), f"<body>{body}<script>{script}</script></body>".encode())


def page_of(seen: Rendered | Leaving) -> Page:
    """What the checks read of it."""
    assert isinstance(seen, Rendered), seen
    shell = Exchange("x0", NOW, Request("GET", HOME, "/"), Timings(0.0, 0.0), document(""))
    return Page((shell,), rendered=seen)


class TestInChromium:
    pytestmark = in_chromium

    async def test_what_a_script_and_its_requests_put_on_a_page_is_read(self, renderer: ChromiumRenderer) -> None:
        person = Person({f"{HOME}/api": Response(200, (), b'{"said": "Bonjour"}')})
        tab = await renderer.open(person)
        script = (
            "fetch('/api', {method: 'POST', headers: {'X-Own': '1'}, body: 'é'}).then(a => a.json())"
            ".then(a => { setTimeout(() => { document.body.innerHTML = `<h1>${a.said}</h1>`;"
            " history.replaceState(null, '', '/agenda') }, 60) })"
        )
        page = page_of(await tab.show(document("Chargement…", script), f"{HOME}/p?x=1"))
        assert (page.text, page.url, page.path) == ("Bonjour", f"{HOME}/agenda", "/agenda")
        (asked,) = person.asked
        sent = {name.lower(): value for name, value in asked.headers}
        assert (asked.method, asked.url, asked.body.decode()) == ("POST", f"{HOME}/api", "é")
        assert (sent["x-own"], sent["origin"]) == ("1", HOME)
        assert not sent.keys() & {"cookie", "user-agent", "accept-encoding"}

    async def test_fields_are_filled_in_and_sent_as_a_person_would(self, renderer: ChromiumRenderer) -> None:
        tab = await renderer.open(Person())
        script = (
            "document.querySelector('form').addEventListener('submit', e => { e.preventDefault();"
            " const said = [...e.target.elements].map(f => `${f.type}=${f.type === 'checkbox' ? f.checked : f.value}`);"
            " document.getElementById('out').textContent = said.join(' ') + ' by ' + e.submitter.value })"
        )
        body = (
            "<form><input id=who type=email><input type=password><input type=checkbox name=ok><select name=s>"
            "<option>un<option>deux</select><button name=go value=no disabled>x</button>"
            "<button name=go value=a>A</button><button name=other value=b>B</button></form><p id=out></p>"
        )
        page = page_of(await tab.show(document(body, script), f"{HOME}/"))
        (form,) = page.forms
        assert form.kinds["who"] == "email"
        assert "password" in form.kinds.values()
        assert form.method == "POST"
        filled = {"who": "a@example.org", "password": "mot", "ok": "on", "s": "deux", "other": "b"}
        after = page_of(await tab.submit(0, filled))
        assert "email=a@example.org password=mot checkbox=true select-one=deux" in after.text
        assert after.text.endswith("by b")
        assert page_of(await tab.submit(0, {})).text.endswith("by a")

    async def test_a_button_alone_is_a_form_and_shadow_trees_are_read(self, renderer: ChromiumRenderer) -> None:
        tab = await renderer.open(Person())
        script = (
            "customElements.define('an-agenda', class extends HTMLElement { connectedCallback() {"
            " this.attachShadow({mode: 'open'}).innerHTML = '<h2>Agenda</h2><slot></slot><button>Quitter</button>';"
            " this.shadowRoot.querySelector('button').onclick = () => { if (confirm('Vraiment ?'))"
            " this.shadowRoot.querySelector('h2').textContent = 'Parti'; } } })"
        )
        page = page_of(await tab.show(document("<an-agenda><p>lundi</p></an-agenda>", script), f"{HOME}/"))
        assert page.text == "Agenda lundi Quitter"
        (form,) = page.forms
        assert form.label == "Quitter"
        assert page_of(await tab.submit(0, {})).text == "Parti lundi Quitter"

    @pytest.mark.parametrize(
        ("script", "leaving"),
        [
            ("location.href = 'https://b.example/auth?x=1'", Leaving("GET", "https://b.example/auth?x=1")),
            ("location.reload()", Leaving("GET", f"{HOME}/p")),
            ("window.open('https://b.example/new')", Leaving("GET", "https://b.example/new")),
            ("document.forms[0].submit()", Leaving("POST", f"{HOME}/do", body=b"a=%C3%A9")),
        ],
    )
    async def test_where_a_page_leads_is_told_and_not_gone_to(
        self, script: str, leaving: Leaving, renderer: ChromiumRenderer
    ) -> None:
        person = Person()
        tab = await renderer.open(person)
        form = '<form method="post" action="/do" accept-charset="utf-8"><input name="a" value="é"></form>'
        seen = await tab.show(document(form, script), f"{HOME}/p")
        assert isinstance(seen, Leaving)
        assert (seen.method, seen.url, seen.body) == (leaving.method, leaving.url, leaving.body)
        assert person.asked == []

    async def test_cookies_and_storage_are_the_person_s_and_nobody_else_s(self, renderer: ChromiumRenderer) -> None:
        person = Person(cookies={("a.example", "/", "old"): "1", ("a.example", "/", "gone"): "1"})
        tab = await renderer.open(person)
        script = (
            "const had = document.cookie; document.cookie = 'new=2; Path=/'; document.cookie = 'old=3; Path=/';"
            "document.cookie = 'gone=; Path=/; Max-Age=0'; localStorage.setItem('l', 'é'); sessionStorage.s = '1';"
            "fetch('/api').then(() => document.body.append(had))"
        )
        page = page_of(await tab.show(document("", script), f"{HOME}/"))
        assert {*page.text.split("; ")} == {"old=1", "gone=1"}
        after = {("a.example", "/", "old"): "3", ("a.example", "/", "new"): "2"}
        assert person.cookies == after
        assert person.cookies_then == [after]
        assert person.storage == {(HOME, "localStorage"): {"l": "é"}, (HOME, "sessionStorage"): {"s": "1"}}

        shows = document("", "document.body.append(`${document.cookie}|${localStorage.l}|${sessionStorage.s}`)")
        like = Person(cookies=dict(person.cookies), storage={key: dict(v) for key, v in person.storage.items()})
        same = page_of(await (await renderer.open(like)).show(shows, f"{HOME}/"))
        assert same.text in {"old=3; new=2|é|1", "new=2; old=3|é|1"}
        assert page_of(await (await renderer.open(Person())).show(shows, f"{HOME}/")).text == "|undefined|undefined"

    async def test_cookies_that_come_and_go_while_a_page_lives_are_neither_lost_nor_kept(
        self, renderer: ChromiumRenderer
    ) -> None:
        class Keeping(Person):
            async def carry(self, method: str, url: str, headers: Sequence[tuple[str, str]], body: bytes) -> Exchange:
                number = len(self.asked)
                self.cookies["a.example", "/", f"n{number}"] = str(number)
                self.cookies.pop(("a.example", "/", "first"), None)
                return await super().carry(method, url, headers, body)

        person = Keeping({f"{HOME}/api": Response(200, (), b"")}, cookies={("a.example", "/", "first"): "1"})
        script = (
            "Promise.all(Array.from({length: 8}, () => fetch('/api')))"
            ".then(() => document.body.append(document.cookie.split('; ').sort().join(' ')))"
        )
        page = page_of(await (await renderer.open(person)).show(document("", script), f"{HOME}/"))
        assert page.text == " ".join(f"n{number}={number}" for number in range(8))
        assert person.cookies == {("a.example", "/", f"n{number}"): str(number) for number in range(8)}

    async def test_nothing_goes_out_by_another_way(self, renderer: ChromiumRenderer) -> None:
        person = Person()
        script = (
            "new WebSocket('wss://a.example/x').onclose = () => document.body.append('fermé');"
            "navigator.sendBeacon('/b', 'x'); new Image().src = '/i.png'; new EventSource('/e')"
        )
        page = page_of(await (await renderer.open(person)).show(document("", script), f"{HOME}/"))
        assert page.text == "fermé"
        assert person.asked == []

    async def test_another_origin_s_answer_is_read_only_where_it_allows(self, renderer: ChromiumRenderer) -> None:
        allowing = Response(200, (("Access-Control-Allow-Origin", HOME),), b"permis")
        person = Person({"https://b.example/no": Response(200, (), b"secret"), "https://b.example/yes": allowing})
        script = (
            "for (const path of ['no', 'yes']) fetch('https://b.example/' + path).then(a => a.text())"
            ".then(t => document.body.append(t)).catch(() => document.body.append('défendu'))"
        )
        page = page_of(await (await renderer.open(person)).show(document("", script), f"{HOME}/"))
        assert sorted([page.text.replace("permis", ""), page.text.replace("défendu", "")]) == ["défendu", "permis"]

    async def test_a_script_is_asked_for_once_a_run_unless_it_may_not_be_kept(self, renderer: ChromiumRenderer) -> None:
        says = Response(200, (("Content-Type", "text/javascript"),), b"document.body.append('dit')")
        unkept = Response(200, (("Cache-Control", "no-store"), *says.headers), says.body)
        answers = {"https://c.example/app.js": says, "https://c.example/new.js": unkept}
        for expected in (answers.keys(), {"https://c.example/new.js"}):
            person = Person(answers)
            tab = await renderer.open(person)
            scripts = "".join(f'<script src="{url}"></script>' for url in answers)
            assert page_of(await tab.show(document(scripts), f"{HOME}/")).text == "dit dit"
            assert {request.url for request in person.asked} == set(expected)

    @pytest.mark.parametrize(
        "script",
        [
            "Object.defineProperty(Document.prototype, 'body', {get() { throw 1 }})",
            "Element.prototype.getAttribute = 1",
        ],
    )
    async def test_a_page_that_breaks_what_looking_needs_is_survived(
        self, script: str, renderer: ChromiumRenderer
    ) -> None:
        tab = await renderer.open(Person())
        page = page_of(await tab.show(document("<p>là</p><form><input name=a></form>", script), f"{HOME}/"))
        assert isinstance(page.text, str)
        for form in (0, 7):
            assert isinstance(await tab.submit(form, {"a": "1", "b": "2"}), Rendered)

    @pytest.mark.parametrize("script", ["for (;;) {}", "setInterval(() => document.body.append('tic'), 5)"])
    async def test_a_page_that_never_rests_is_survived(self, script: str, renderer: ChromiumRenderer) -> None:
        impatient = ChromiumRenderer(renderer._chromium, 0.04, 0.6)
        tab = await impatient.open(Person())
        assert set(page_of(await tab.show(document("", script), f"{HOME}/")).text.split("tic")) <= {""}
        await impatient.close_tabs()
        again = await renderer.open(Person())
        assert page_of(await again.show(document("là"), f"{HOME}/")).text == "là"


async def test_a_path_where_there_is_no_browser_is_told(tmp_path: Path) -> None:
    pytest.importorskip("playwright")
    with pytest.raises(BrowserMissingError, match="--browser-path"):
        async with real_browser(str(tmp_path / "chromium")):
            pass


async def test_what_is_no_browser_is_told(tmp_path: Path) -> None:
    pytest.importorskip("playwright")
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    with pytest.raises(BrowserMissingError, match="chromium"):
        async with real_browser(str(broken)):
            pass


async def test_without_playwright_what_to_install_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "playwright.async_api", None)
    with pytest.raises(BrowserMissingError, match="recette\\[browser\\]"):
        async with real_browser():
            pass
