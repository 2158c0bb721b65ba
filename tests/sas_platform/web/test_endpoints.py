"""The page as a browser without script gets it, and the events its script gets."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest

from sas_kernel import datasets
from tests.sas_platform.conftest import NOW, OpenPlatform, problem_of
from tests.sas_platform.fake_editor import (
    ASSOCIATION,
    THEO,
    FakeEditor,
    agenda,
    answers,
    bundle,
    by_search,
    cpts,
    cpts_slot,
    fake_editor,
    knows,
    outcome,
    site,
    slot,
)

SOON = NOW + timedelta(hours=2)
VOID = {"meta", "link", "input", "br", "hr", "img"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def all(self, tag: str, **wanted: str) -> list[Element]:
        found = [] if self.tag != tag or any(self.attributes.get(k) != v for k, v in wanted.items()) else [self]
        return found + [each for child in self.children for each in child.all(tag, **wanted)]

    def words(self) -> str:
        return " ".join(f"{self.text} {' '.join(child.words() for child in self.children)}".split())


class Parser(HTMLParser):
    """A tree of elements; an end tag that closes nothing open is a fault of the page."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Element("root", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(Element("#text", {}, data))


def parsed(html: bytes) -> Element:
    parser = Parser()
    parser.feed(html.decode())
    assert len(parser._open) == 1
    return parser.root


def scripts(page: Element) -> list[str]:
    return [each.attributes["src"] for each in page.all("script")]


def searches(editor: FakeEditor) -> list[str]:
    """What an editor was asked of slots; it is also told of regulators' accounts."""
    return [call.target for call in editor.calls if "/Practitioner" not in call.target]


async def test_the_first_page_is_a_form_in_french(open_platform: OpenPlatform) -> None:
    async with open_platform(dataset="demo") as platform:
        answer = await platform.send("GET", "/")
    page = parsed(answer.body)
    assert answer.status == 200
    assert page.all("html")[0].attributes["lang"] == "fr"
    assert len(page.all("h1")) == 1
    labelled = {each.attributes["for"] for each in page.all("label") if "for" in each.attributes}
    assert labelled == {"specialty", "where", "ids"}
    assert {"Médecine générale"} < {each.words() for each in page.all("option")}
    assert scripts(page) == ["/static/appointments.js"]
    (skip, *_) = page.all("a")
    assert skip.attributes["href"] == "#search"


async def test_the_page_is_english_on_request(open_platform: OpenPlatform) -> None:
    async with open_platform(dataset="demo") as platform:
        page = parsed((await platform.send("GET", "/?lang=en&where=99100")).body)
    assert page.all("html")[0].attributes["lang"] == "en"
    (other,) = page.all("a", hreflang="fr")
    assert other.attributes["href"] == "/?where=99100&lang=fr"
    assert {each.attributes["value"] for each in page.all("input", name="lang")} == {"en"}


async def test_the_directory_does_not_tell_who_opposes(open_platform: OpenPlatform) -> None:
    opposed = next(p for p in datasets.load("demo").practitioners if p.opposed)
    place = opposed.places[0]
    async with open_platform(dataset="demo") as platform:
        page = await platform.send("GET", f"/?where={place.postal_code}&wait=1")
    listed = [each.words() for each in parsed(page.body).all("details")[-1].all("li")]
    (line,) = (each for each in listed if opposed.family in each)
    assert place.line in line
    assert b"oppos" not in page.body.lower()


async def test_without_a_data_set_only_ids_are_searched(open_platform: OpenPlatform) -> None:
    async with open_platform() as platform:
        page = parsed((await platform.send("GET", "/")).body)
    assert [each.attributes["id"] for each in page.all("input") if "id" in each.attributes] == ["ids"]


async def test_the_script_may_fetch_what_the_page_does_not_hold_yet(open_platform: OpenPlatform) -> None:
    async with (
        fake_editor(knows([slot("a1", SOON), *agenda()])) as editor,
        open_platform(editors=(f"E={editor.base_url}",)) as platform,
    ):
        answer = await platform.send("GET", f"/?ids={THEO}&lang=en")
        page = parsed(answer.body)
        assert searches(editor) == []  # the page itself waits for nobody
        (results,) = page.all("section", id="results")
        assert results.attributes["data-stream"] == f"/search/stream?ids={THEO}&lang=en"
        for asset in [each.attributes["src"] for each in page.all("script")] + [
            each.attributes["href"] for each in page.all("link", rel="stylesheet")
        ]:
            assert (await platform.send("GET", asset)).status == 200
        (refresh,) = page.all("meta", **{"http-equiv": "refresh"})
        target = refresh.attributes["content"].partition("url=")[2]
        whole = parsed((await platform.send("GET", target)).body)
    assert len(whole.all("article")) == 1
    assert scripts(whole) == ["/static/appointments.js"]


async def test_without_script_the_page_holds_cards_editors_and_whoever_has_no_slot(
    open_platform: OpenPlatform,
) -> None:
    demo = datasets.load("demo")
    with_slot, without = demo.practitioners[0], demo.practitioners[1]
    good = knows([slot("a1", SOON), slot("a2", SOON + timedelta(days=1)), *agenda(national_id=with_slot.national_id)])
    async with (
        fake_editor(good) as one,
        fake_editor(answers(outcome("Maintenance"), "503 Service Unavailable")) as two,
        open_platform(dataset="demo", editors=(f"Alizé={one.base_url}", f"Borée={two.base_url}")) as platform,
    ):
        page = parsed((await platform.send("GET", f"/?ids={with_slot.national_id}+{without.national_id}&wait=1")).body)
    (card,) = page.all("article")
    assert with_slot.family in card.all("h3")[0].words()
    assert [len(day.all("li")) for day in card.all("section")] == [1, 1, 0]
    assert [day.all("h4")[0].words() for day in card.all("section")] == [
        "Aujourd’hui lun. 10 mars",
        "Demain mar. 11 mars",
        "Mercredi 12 mars",
    ]
    link = card.all("li")[0].all("a")[0]
    assert link.attributes["href"] == "https://agenda.example.org/s1?vue=semaine&origin=sas"
    assert (link.attributes["target"], link.attributes["rel"]) == ("_blank", "noopener noreferrer")
    assert link.words() == "10h00 C au cabinet (nouvel onglet)"
    lines = [each.words() for each in page.all("ul", id="editors")[0].all("li")]
    assert lines[0].startswith("Alizé a répondu")
    assert "Borée a refusé la demande" in lines[1]
    assert "Maintenance" in lines[1]
    assert "1 éditeur n’a pas donné ses créneaux" in page.all("p", id="status")[0].words()
    assert without.family in page.all("details")[-1].words()


async def test_the_configured_origin_is_on_every_link(open_platform: OpenPlatform) -> None:
    async with (
        fake_editor(knows([slot("a1", SOON), *agenda()])) as editor,
        open_platform(editors=(f"E={editor.base_url}",), origin="sas-preprod") as platform,
    ):
        page = parsed((await platform.send("GET", f"/?ids={THEO}&wait=1")).body)
    links = [each.attributes["href"] for each in page.all("a", target="_blank")]
    assert links == ["https://agenda.example.org/s1?vue=semaine&origin=sas-preprod"]


ATTACK = '"><script>alert(1)</script>'


async def test_nothing_an_editor_sends_becomes_markup_or_a_script_link(open_platform: OpenPlatform) -> None:
    resources = [
        slot("a1", SOON, comment="javascript:alert(1)"),
        slot("a2", SOON, comment='https://a.example.org/"onmouseover="alert(1)'),
        slot("a3", SOON, comment="data:text/html,x", serviceType=[{"text": ATTACK}]),
        slot(ATTACK, SOON),
        *agenda(family=ATTACK, given=ATTACK, line=ATTACK, city=ATTACK, phone=ATTACK, structure=ATTACK),
        outcome(ATTACK),
    ]
    async with (
        fake_editor(answers(bundle(*resources))) as editor,
        open_platform(editors=(f"{ATTACK}={editor.base_url}",)) as platform,
    ):
        pages = [
            (await platform.send("GET", f"/?ids={THEO}&wait=1")).body,
            (await platform.send("GET", f"/?ids={THEO}&where=%22%3E%3Cscript%3E")).body,
            (await platform.send("GET", "/?ids=%22%3E%3Cscript%3E")).body,
        ]
        stream = await platform.send("GET", f"/search/stream?ids={THEO}")
    fragments = [json.loads(line[6:]) for line in stream.body.decode().splitlines() if line.startswith("data: ")]
    pages += [str(f.get("html") or f.get("editors")).encode() for f in fragments]
    assert b"&lt;script&gt;alert(1)" in pages[0]
    for html in pages:
        page = parsed(html)
        assert {each.attributes.get("src") for each in page.all("script")} <= {
            "/static/platform.js",
            "/static/appointments.js",
        }
        for link in page.all("a"):
            assert link.attributes["href"].startswith(("/", "#", "https://agenda.example.org/", "tel:"))
            assert not [name for name in link.attributes if name.startswith("on")]


async def test_the_page_forbids_foreign_scripts(open_platform: OpenPlatform) -> None:
    async with open_platform() as platform:
        answer = await platform.send("GET", "/")
    policy = answer.header("content-security-policy") or ""
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert answer.header("referrer-policy") == "no-referrer"
    assert b"<style" not in answer.body
    assert b" style=" not in answer.body


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("ids=12345", "RPPS"),
        ("ids=%20,%20", "Aucun professionnel"),
        ("where=Nulle-Part", "annuaire"),
        ("ids=" + "+".join(f"8{n:011d}" for n in range(101)), "au plus 100"),
    ],
)
async def test_a_search_that_cannot_be_made_is_explained_on_the_page(
    query: str, said: str, open_platform: OpenPlatform
) -> None:
    async with open_platform(dataset="demo") as platform:
        answer = await platform.send("GET", f"/?{query}")
        stream = await platform.send("GET", f"/search/stream?{query}")
    assert answer.status == 422
    (alert,) = (each for each in parsed(answer.body).all("p", role="alert") if "hidden" not in each.attributes)
    assert said in alert.words()
    assert said in problem_of(stream)["detail"]


async def test_an_empty_form_asks_nobody(open_platform: OpenPlatform) -> None:
    async with (
        fake_editor(answers(bundle(entry=None))) as editor,
        open_platform(dataset="demo", editors=(f"E={editor.base_url}",)) as platform,
    ):
        page = await platform.send("GET", "/?ids=&specialty=&where=%20&wait=1")
        stream = await platform.send("GET", "/search/stream?where=%20")
    assert (page.status, stream.status) == (200, 422)
    assert searches(editor) == []


async def test_the_stream_sends_whole_cards_and_ends(open_platform: OpenPlatform) -> None:
    async with (
        fake_editor(knows([slot("a1", SOON), *agenda()])) as editor,
        open_platform(editors=(f"E={editor.base_url}",)) as platform,
    ):
        answer = await platform.send("GET", f"/search/stream?ids={THEO}")
    blocks = [block.split("\n") for block in answer.body.decode().strip().split("\n\n")]
    events: list[tuple[str, dict[str, Any]]] = [(b[0][7:], json.loads(b[1][6:])) for b in blocks]
    assert [name for name, _ in events] == ["update", "card", "update", "update"]
    assert [data.get("done") for _, data in events] == [False, None, False, True]
    (card,) = parsed(events[1][1]["html"].encode()).all("article")
    assert card.attributes["data-order"] == events[1][1]["order"]


async def test_a_platform_without_editors_says_so(open_platform: OpenPlatform) -> None:
    async with open_platform() as platform:
        page = parsed((await platform.send("GET", f"/?ids={THEO}&wait=1")).body)
    assert "Aucun éditeur n’est raccordé" in page.all("div", id="tail")[0].words()


# --- CPTS and SOS ----------------------------------------------------------------------------------------------------

EVERYTHING = by_search(
    practitioners=answers(bundle(slot("a1", SOON), *agenda())),
    cpts=answers(bundle(slot("a1", SOON), cpts_slot("c1", SOON + timedelta(hours=1)), *agenda(), *cpts())),
    sos=answers(bundle(slot("g1", SOON + timedelta(hours=2), "g1"), *site())),
)


@pytest.mark.parametrize("lang", ["fr", "en"])
async def test_the_page_shows_the_cpts_of_a_slot_and_the_sites_of_an_association(
    lang: str, open_platform: OpenPlatform
) -> None:
    async with fake_editor(EVERYTHING) as editor, open_platform(editors=(f"E={editor.base_url}",)) as platform:
        answer = await platform.send("GET", f"/?ids={THEO}+{ASSOCIATION[1:]}&wait=1&lang={lang}")
    page = parsed(answer.body)
    doctor, sos = page.all("article")
    assert (doctor.attributes["class"], sos.attributes["class"]) == ("offer card", "offer card sos")
    plain, by_cpts = doctor.all("ul")[0].all("li")
    assert not plain.all("span", **{"class": "cpts"})
    assert by_cpts.all("span", **{"class": "cpts"})[0].words() == "CPTS des Deux Rives"
    assert doctor.all("p", **{"class": "shown-by"})[0].words().endswith("01 99 00 00 21")
    assert sos.all("h3")[0].words() == "SOS Médecins Villefictive , Point Nord"
    assert sos.all("address")[0].words().startswith("Point Nord 7 quai de l’Écluse, 99200 Villefictive")
    filters = [each.attributes["value"] for each in page.all("input", name="kind")]
    assert filters == ["", "AMB", "VR", "HH", "CPTS", "SOS"]
    status = page.all("p", id="status")[0].words().replace("\N{NO-BREAK SPACE}", " ")
    assert status == (
        "3 créneaux chez 1 professionnel et 1 association SOS"
        if lang == "fr"
        else "3 slots with 1 practitioner and 1 SOS association"
    )


async def test_a_search_by_place_asks_cpts_slots_and_the_associations_of_that_place(
    open_platform: OpenPlatform,
) -> None:
    demo = datasets.load("demo")
    async with (
        fake_editor(EVERYTHING) as editor,
        open_platform(editors=(f"E={editor.base_url}",), dataset="demo") as platform,
    ):
        await platform.send("GET", "/?where=99300&wait=1")
        await platform.send("GET", "/search/stream?specialty=SM40")
    calls = [call for call in editor.calls if call.search]
    by_place = {call.search: call.practitioners for call in calls[:2]}
    assert by_place["sos"] == [
        each.national_id for each in demo.associations if any(site.postal_code == "99300" for site in each.sites)
    ]
    assert "cpts" in by_place
    assert [call.search for call in calls[2:]] == ["cpts"]  # SOS doctors are no paediatricians


async def test_an_association_alone_may_be_searched(open_platform: OpenPlatform) -> None:
    async with fake_editor(EVERYTHING) as editor, open_platform(editors=(f"E={editor.base_url}",)) as platform:
        page = parsed((await platform.send("GET", f"/?ids={ASSOCIATION}&wait=1")).body)
    assert [call.search for call in editor.calls if call.search] == ["sos"]
    assert len(page.all("article")) == 1
    assert "1 association SOS demandée" in page.all("section", id="results")[0].words()
