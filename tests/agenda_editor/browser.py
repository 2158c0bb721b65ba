"""A browser without screen for the agenda's pages: cookies, forms, and redirects by way of the provider."""

from __future__ import annotations

from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

from lxml import html

from tests.agenda_editor.conftest import PUBLIC_URL, Agenda
from tests.agenda_editor.sso.provider import ISSUER, FakeProvider

PATIENT = {
    "family": "Trébuchet",
    "given": "Anaïs",
    "birth_date": "1984-02-29",
    "phone": "06 99 00 00 12",
    "reason": "Fièvre depuis deux jours",
}


@dataclass
class Page:
    status: int
    path: str
    headers: tuple[tuple[str, str], ...]
    text: str

    @property
    def location(self) -> str:
        return next(value for name, value in self.headers if name == "location")

    def header(self, name: str) -> str:
        return next(value for key, value in self.headers if key == name)

    @property
    def tree(self) -> Any:
        return html.fromstring(self.text)

    def form(self, name: str) -> dict[str, str]:
        """The fields of a form of the page, as they stand."""
        (form,) = self.tree.xpath(f"//form[@id='{name}']")
        return {key: value or "" for key, value in form.fields.items()}

    def first_form(self, action: str) -> dict[str, str]:
        form = self.tree.xpath(f"//form[contains(@action, '{action}')]")[0]
        return {key: value or "" for key, value in form.fields.items()}

    @property
    def words(self) -> str:
        return " ".join(self.tree.text_content().split())


@dataclass
class Browser:
    agenda: Agenda
    provider: FakeProvider
    cookies: dict[str, str] = field(default_factory=dict)
    visited: list[str] = field(default_factory=list)

    async def get(self, path: str) -> Page:
        return await self._send("GET", path, b"")

    async def post(self, path: str, fields: dict[str, str]) -> Page:
        return await self._send("POST", path, urlencode(fields).encode())

    async def open(self, path: str) -> Page:
        """The page at the end of all redirects."""
        return await self.follow(await self.get(path))

    async def submit(self, path: str, fields: dict[str, str]) -> Page:
        return await self.follow(await self.post(path, fields))

    async def follow(self, page: Page) -> Page:
        for _ in range(10):
            if page.status != 303:
                return page
            location = page.location
            if location.startswith(ISSUER + "/protocol/openid-connect/auth"):
                location = self.provider.authorize(location)
            page = await self.get(location.removeprefix(PUBLIC_URL))
        raise AssertionError(self.visited)

    async def accept_terms(self, page: Page) -> Page:
        return await self.submit("/conditions", page.form("terms") | {"accept": "1"})

    async def enter(self, path: str) -> Page:
        """Follow a link of the platform as a regulator, and accept the terms if they are asked for."""
        page = await self.open(path)
        return await self.accept_terms(page) if page.path.startswith("/conditions") else page

    async def log_in(self, login: str, password: str, path: str = "/") -> Page:
        """On the editor's own page."""
        page = await self.open(path)
        page = await self.submit("/connexion", page.form("login") | {"login": login, "password": password})
        return await self.accept_terms(page) if page.path.startswith("/conditions") else page

    async def _send(self, method: str, path: str, body: bytes) -> Page:
        self.visited.append(path)
        headers = [("content-type", "application/x-www-form-urlencoded")] if body else []
        if self.cookies:
            headers.append(("cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items())))
        answer = await self.agenda.get(path, method=method, headers=headers, body=body)
        for name, value in answer.headers:
            if name == "set-cookie":
                for key, morsel in SimpleCookie(value).items():
                    if morsel["max-age"] == "0":
                        self.cookies.pop(key, None)
                    else:
                        self.cookies[key] = morsel.value
        return Page(answer.status, path, answer.headers, answer.body.decode())
