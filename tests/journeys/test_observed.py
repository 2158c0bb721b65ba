"""Both services observed through everything they do: one search is followed from end to end, and nobody is named."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode, urljoin, urlsplit

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from agenda_editor.app import MIGRATIONS as AGENDA_MIGRATIONS
from agenda_editor.app import create_app as create_agenda
from agenda_editor.dependencies import State as AgendaState
from agenda_editor.settings import Settings as AgendaSettings
from recette import cli
from recette.drivers import services as processes
from sas_kernel import datasets
from sas_kit.http import HttpClient, HttpLimits, exchange, new_client
from sas_kit.observing import logs
from sas_kit.observing.logs import LogFormat, StandardError
from sas_platform.app import MIGRATIONS as PLATFORM_MIGRATIONS
from sas_platform.app import create_app as create_platform
from sas_platform.settings import Settings as PlatformSettings
from tests import databases
from tests.agenda_editor.appointments.conftest import settled, until
from tests.agenda_editor.browser import PATIENT, Page
from tests.journeys.faults.conftest import CHEAP, served
from tests.sas_platform.fake_editor import FakeEditor, answers, fake_editor, outcome

DEMO: Final = datasets.load("demo")
REGULATOR: Final = next(r for r in DEMO.regulators if r.kind == "IDNPS" and r.active and r.password)
PEOPLE: Final = DEMO.practitioners[:3]
TRACE: Final = "4bf92f3577b34da6a3ce929d0e0e4736"
_LIMITS = HttpLimits(5, 20, 1 << 24)


@dataclass
class Browser:
    """Keeps its cookies, one jar a host and port, and follows redirects as far as they lead."""

    client: HttpClient
    jars: dict[str, dict[str, str]] = field(default_factory=dict)

    async def send(self, method: str, url: str, body: bytes = b"", *headers: tuple[str, str]) -> Page:
        jar = self.jars.setdefault(urlsplit(url).netloc, {})
        sent = [*headers, ("Host", urlsplit(url).netloc), ("Cookie", "; ".join(f"{k}={v}" for k, v in jar.items()))]
        answer = await exchange(self.client, method, url, limits=_LIMITS, headers=sent, body=body)
        for name, value in answer.headers:
            if name.lower() == "set-cookie":
                jar.update({morsel.key: morsel.value for morsel in SimpleCookie(value).values()})
        return Page(answer.status, url, answer.headers, answer.body.decode())

    async def open(self, url: str) -> Page:
        return await self.follow(await self.send("GET", url))

    async def submit(self, page: Page, form_id: str, **fields: str) -> Page:
        form = page.tree.get_element_by_id(form_id)
        body = urlencode(page.form(form_id) | fields).encode()
        to = urljoin(page.path, form.action or page.path)
        kind = ("Content-Type", "application/x-www-form-urlencoded")
        return await self.follow(await self.send("POST", to, body, kind, ("Origin", _origin(to))))

    async def follow(self, page: Page) -> Page:
        while page.status in {302, 303}:
            page = await self.send("GET", urljoin(page.path, page.location))
        return page


def _origin(url: str) -> str:
    return f"{urlsplit(url).scheme}://{urlsplit(url).netloc}"


@dataclass
class Pair:
    agenda: AgendaState
    agenda_url: str
    platform_url: str
    other: FakeEditor
    browser: Browser
    log: Path

    async def search(self, *people: str, **headers: str) -> dict[str, Any]:
        sent = [("Content-Type", "application/json"), *((k.replace("_", "-"), v) for k, v in headers.items())]
        body = json.dumps({"practitioners": list(people)}).encode()
        found = await self.browser.send("POST", f"{self.platform_url}/api/slots/search", body, *sent)
        assert found.status in {200, 422}, found.text
        told: dict[str, Any] = json.loads(found.text)
        return told

    def lines(self) -> list[dict[str, Any]]:
        our_handler().flush()
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]


def our_handler() -> StandardError:
    return next(each for each in logging.root.handlers if isinstance(each, StandardError))


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    """The log stream of a process that holds both services, in JSON, as `serve` sets it up."""
    path, handlers, level = tmp_path / "log", [*logging.root.handlers], logging.root.level
    for handler in handlers:
        logging.root.removeHandler(handler)  # else they would be closed
    with path.open("wb") as stream:
        logs.configure(LogFormat.JSON, stream.fileno())
        yield path
        our_handler().close()
    logging.root.removeHandler(our_handler())
    for each in handlers:
        logging.root.addHandler(each)
    logging.root.setLevel(level)


@asynccontextmanager
async def pair_of(tmp_path: Path, log: Path) -> AsyncIterator[Pair]:
    ports = processes.free_port(), processes.free_port()
    agenda_url, platform_url = (f"http://127.0.0.1:{port}" for port in ports)
    named = f"{PEOPLE[0].family} {PEOPLE[0].national_id} is not for {REGULATOR.email}"
    async with fake_editor(answers(outcome(named), "500 Oops")) as other:
        agenda = create_agenda(
            AgendaSettings(
                database_url=databases.sqlite(tmp_path / "agenda.sqlite", AGENDA_MIGRATIONS),
                public_url=agenda_url,
                dataset="demo",
                platform_url=f"{platform_url}/fhir",
                sso_issuer=f"{platform_url}/realms/sas",
                sso_client_secret=SecretStr(processes.Partner().secret),
                **CHEAP,
            )
        )
        platform = create_platform(
            PlatformSettings(
                database_url=databases.sqlite(tmp_path / "platform.sqlite", PLATFORM_MIGRATIONS),
                public_url=platform_url,
                dataset="demo",
                editors=(f"agenda={agenda_url}/fhir", f"other=http://127.0.0.1:{other.port}/other"),
                sso_clients=(SecretStr(processes.sso_client_of(ports[0])),),
                **CHEAP,
            )
        )
        async with served(agenda, ports[0]), served(platform, ports[1]), new_client() as client:
            yield Pair(agenda.state.services, agenda_url, platform_url, other, Browser(client), log)


async def test_one_search_is_followed_from_the_platform_into_the_editors_log(tmp_path: Path, log: Path) -> None:
    async with pair_of(tmp_path, log) as pair:
        told = {"X_Request_ID": "search-of-the-test", "X_Recette_Run": "run-of-the-test"}
        await pair.search(PEOPLE[0].national_id, traceparent=f"00-{TRACE}-00f067aa0ba902b7-01", **told)
        await pair.search(PEOPLE[0].national_id)
        lines = pair.lines()
        (asked, *_) = [call.headers for call in pair.other.calls]
    followed = [line for line in lines if line.get("correlation") == TRACE]
    assert [line["route"] for line in followed if "route" in line] == ["/fhir/Slot", "/api/slots/search"]
    assert {line["run"] for line in followed} == {"run-of-the-test"}
    by_route = {line["route"]: line["request"] for line in followed if "route" in line}
    assert by_route["/api/slots/search"] == "search-of-the-test" != by_route["/fhir/Slot"]
    assert sum("slots of editor=" in line["message"] for line in followed) == 2  # one lot of each editor
    assert asked["traceparent"].startswith(f"00-{TRACE}-")
    second = {line["correlation"] for line in lines if line.get("route") in {"/fhir/Slot", "/api/slots/search"}}
    assert len(second) == 2  # the other search has a correlation of its own, the same in both services


async def test_nobody_is_named_whatever_is_done_and_whatever_fails(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with pair_of(tmp_path, log) as pair:
        await _everything(pair, monkeypatch)
        lines = pair.lines()
        measured = "".join(
            [(await pair.browser.send("GET", f"{url}/metrics")).text for url in (pair.agenda_url, pair.platform_url)]
        )
    told = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines) + measured
    routes = {(line["route"], line["status"]) for line in lines if "route" in line}
    assert routes >= {  # it was all done, and all told
        ("/api/slots/search", 200),
        ("/api/slots/search", 422),
        ("/fhir/Slot", 200),
        ("/fhir/Slot", 400),
        ("/fhir/Practitioner", 201),
        ("/fhir/Practitioner", 422),
        ("/fhir/Appointment", 201),
        ("/fhir/Appointment", 422),
        ("/connexion", 403),
        ("/connexion", 303),
        ("/reservation/{name}", 303),
        ("/reservation/{name}", 422),
        ("/reservation/{name}", 500),
        ("unknown", 404),
    }
    assert sum("exception" in line for line in lines) >= 1
    for name in ("slot_search_slots_count", 'interface="appointments",outcome="2xx"', 'interface="sso"', "regulators"):
        assert name in measured
    for secret in _secrets():
        assert secret.lower() not in told.lower(), secret


async def _everything(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    browser, agenda, platform = pair.browser, pair.agenda_url, pair.platform_url
    # searches
    found = await pair.search(*(person.national_id for person in PEOPLE))
    await pair.search(f"{PEOPLE[0].family} {PEOPLE[0].national_id}")
    await browser.open(f"{agenda}/fhir/Slot?status=free&{PEOPLE[0].family}={PEOPLE[0].national_id}")
    await browser.open(f"{agenda}/fhir/Slot/{PEOPLE[0].national_id}?name={quote(PEOPLE[0].family)}")
    await browser.open(f"{platform}/people/{quote(REGULATOR.email)}")
    # sign-on, and what it has the agenda told of
    page = await browser.open(f"{platform}/connexion")
    await browser.submit(page, "login", email=REGULATOR.email, password="not-Ysées-password")
    page = await browser.open(f"{platform}/connexion")
    page = await browser.submit(page, "login", email=REGULATOR.email, password=str(REGULATOR.password))
    assert page.status == 200

    async def known() -> bool:
        return any(line.get("route") == "/fhir/Practitioner" and line["status"] == 201 for line in pair.lines())

    await until(known)
    body = json.dumps({"resourceType": "Practitioner", "name": [{"family": REGULATOR.family}]}).encode()
    kind = ("Content-Type", "application/fhir+json")
    await browser.send("POST", f"{agenda}/fhir/Practitioner", body, kind)
    body = json.dumps({"resourceType": "Appointment", "description": PATIENT["family"]}).encode()
    await browser.send("POST", f"{platform}/fhir/Appointment", body, kind)
    # bookings
    url = next(slot["booking_url"] for group in found["availabilities"] for slot in group["slots"])
    page = await browser.open(url)
    if urlsplit(page.path).path == "/conditions":
        page = await browser.submit(page, "terms", accept="1")
    booking = f"{agenda}/reservation/{url.partition('creneau=')[2].partition('&')[0]}"
    page = await browser.open(booking)
    refused = await browser.submit(page, "booking", **PATIENT | {"phone": f"of {PATIENT['family']}"})
    assert refused.status == 422
    with monkeypatch.context() as patch:

        async def broken(*_: object) -> None:
            raise RuntimeError(f"{PATIENT['family']} {PATIENT['phone']} does not fit")

        patch.setattr(type(pair.agenda.appointments), "book", broken)
        assert (await browser.submit(page, "booking", **PATIENT)).status == 500
    assert (await browser.submit(page, "booking", **PATIENT)).status == 200
    await settled(pair.agenda.appointments)
    await asyncio.sleep(0)


def _secrets() -> set[str]:
    said = {*PATIENT.values(), REGULATOR.email, REGULATOR.family, REGULATOR.value, "not-Ysées-password"}
    for person in PEOPLE:
        said |= {person.national_id, person.national_id[1:], person.family}
    return said | {quote(each) for each in said}


@pytest.mark.parametrize("options", [("--tell-run",), ()])
async def test_a_run_of_the_harness_is_found_in_the_log_only_where_it_says_so(
    tmp_path: Path, log: Path, options: tuple[str, ...]
) -> None:
    async with pair_of(tmp_path, log) as pair:
        asked = ("--base-url", f"{pair.agenda_url}/fhir", "--scenario", "slot_search.metadata")
        told = ("--out", str(tmp_path), "--format", "json", *options)
        await asyncio.to_thread(CliRunner().invoke, cli.app, ["run", *asked, *told])
        lines = pair.lines()
    run = json.loads((tmp_path / "run.json").read_bytes())
    judged = [line.get("run") for line in lines if line.get("route") == "/fhir/metadata"]
    assert judged
    assert set(judged) == ({run["id"]} if options else {None})
