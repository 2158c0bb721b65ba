from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recette.model import Response, RunReport, Severity, Target, Verdict
from recette.reports import html, words
from sas_kernel.text import Lang, Text
from tests.recette.reports import samples

VOID = {"meta", "input", "br", "link", "img", "hr"}
TEXTUAL = st.text(st.characters(), max_size=60)


class Page(HTMLParser):
    """Elements with their attributes, in order; refuses a page whose tags do not match."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.raw: dict[str, str] = {}
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.text += " "
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in {"style", "script"}:
            self.raw[self._open[-1]] = self.raw.get(self._open[-1], "") + data
        else:
            self.text += data

    def all(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        wanted = {key.replace("_", "-"): value for key, value in attributes.items()}
        return [attrs for name, attrs in self.elements if name == tag and wanted.items() <= attrs.items()]


def hash_of(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


@pytest.mark.parametrize("lang", list(Lang))
@pytest.mark.parametrize("make", [samples.green, samples.red])
def test_the_page_is_one_well_formed_file_that_asks_for_nothing(make: Callable[[], RunReport], lang: Lang) -> None:
    page = Page(html.render(make(), lang))
    assert page.all("html", lang=lang.value)
    assert not page.all("link")
    assert not page.all("img")
    assert not [attrs for _, attrs in page.elements if "src" in attrs or "style" in attrs]
    assert not re.search(r"url\(|@import|https?://", page.raw["style"] + page.raw["script"])
    assert not [attrs for _, attrs in page.elements if any(name.startswith("on") for name in attrs)]


def test_the_policy_lets_only_the_reports_own_style_and_script_act() -> None:
    page = Page(html.render(samples.red()))
    (policy,) = page.all("meta", http_equiv="Content-Security-Policy")
    assert policy["content"] == (
        f"default-src 'none'; style-src '{hash_of(page.raw['style'])}'; script-src '{hash_of(page.raw['script'])}'; "
        "base-uri 'none'; form-action 'none'"
    )


def test_every_link_leads_inside_the_page_and_every_id_is_unique() -> None:
    page = Page(html.render(samples.red()))
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    links = [str(attrs["href"]) for attrs in page.all("a")]
    assert links
    assert {link[1:] for link in links} <= set(ids)
    assert all(link.startswith("#") for link in links)


def test_the_first_lines_say_verdict_target_date_and_counts() -> None:
    start = " ".join(Page(html.render(samples.red())).text.split())[:2_000]
    for part in (
        "Refusé",
        "3 exigence(s) non tenue(s)",
        "Agenda de référence",
        samples.BASE,
        "10 mars 2031 à 09:15:42 (heure de Paris)",
        "Bloquante 1",
        "Rompues 3",
        "Non testées 2",
        "1 331 ms pour moins de 1 s Non conforme",
    ):
        assert part in start, part


def test_a_finding_shows_expected_actual_requirement_command_and_evidence() -> None:
    text = " ".join(Page(html.render(samples.red(), Lang.EN)).text.split())
    for part in (
        "Expected AAAA-MM-JJThh:mm:ss.sss±hh:mm",
        "Actual busy",
        "Only slots that are free and bookable by a regulator are sent.",
        "seen 1,204 times",
        "curl --globoff --path-as-is",
        "Content-Type: application/fhir+json; charset=utf-8",
        "no whole answer in time (7.000 s)",
        "Same exchange as this finding",
    ):
        assert part in text, part
    assert "<mark>&#34;busy&#34;</mark>" in html.render(samples.red(), Lang.EN)


def test_every_requirement_is_listed_with_its_result_or_the_reason_why_not() -> None:
    report = samples.green()
    page = Page(html.render(report))
    for requirement in report.requirements:
        assert page.all("tr", id=f"r-{requirement.id}"), requirement.id
        assert words.spaced(requirement.text.fr, Lang.FR) in page.text
    assert "Cela ne se voit pas de l’extérieur\u00a0: pièce à demander à l’éditeur." in page.text
    assert report.rule_set in page.text
    assert report.guide in page.text


def test_too_few_samples_are_never_shown_as_a_result() -> None:
    text = " ".join(Page(html.render(samples.red())).text.split())
    assert "Plusieurs professionnels Trop peu de mesures" in text
    assert "il en faut 100 pour conclure" in text


def test_without_script_everything_is_visible() -> None:
    page = Page(html.render(samples.red()))
    hidden = [(tag, attrs) for tag, attrs in page.elements if "hidden" in attrs]
    assert hidden
    assert all("data-script" in attrs or "data-empty" in attrs for _, attrs in hidden)
    assert len(page.all("article")) == 4


def hostile(text: str) -> RunReport:
    check = samples.check("SLOT-001", verdict=Verdict.FAIL, reason=Text(text, text))
    finding = samples.finding(check, Text(text, text), text, expected=text, actual=text)
    failing = replace(check, findings=(finding,), title=Text(text, text))
    exchange = samples.exchange(response=Response(200, ((text, text),), text.encode("utf-8", "replace")))
    return replace(
        samples.red(),
        target=Target(text, name=text),
        scenarios=(samples.scenario(samples.SEARCH, Text(text, text), Verdict.FAIL, [failing]),),
        exchanges=(exchange,),
        explanation=Text(text, text),
    )


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "</style></script><img src=x onerror=alert(1)>",
        '"><svg onload=alert(1)>',
        "' onmouseover='alert(1)",
        "{{ 7 * 7 }}{% for %}",
        "javascript:alert(1)",
        "]]>--><!--",
    ],
)
def test_what_the_target_says_stays_text(text: str) -> None:
    calm, page = Page(html.render(hostile("calm"))), Page(html.render(hostile(text)))
    assert [tag for tag, _ in page.elements] == [tag for tag, _ in calm.elements]
    assert [sorted(attrs) for _, attrs in page.elements] == [sorted(attrs) for _, attrs in calm.elements]
    assert page.raw == calm.raw
    assert page.text.count(text) >= 5


@settings(max_examples=15, deadline=None)
@given(TEXTUAL)
def test_whatever_the_target_says_the_page_can_be_written_and_read(text: str) -> None:
    page = html.render(hostile(text))
    page.encode("utf-8")
    assert "\x00" not in page
    Page(page)


def test_a_target_that_breaks_everything_with_huge_answers_makes_a_bounded_page() -> None:
    check = samples.check("SLOT-001", verdict=Verdict.FAIL)
    findings = tuple(
        samples.finding(check, Text("m" * 5_000, "m"), f"p{n}", actual="y" * 100_000, exchange=f"x{n}")
        for n in range(1_000)
    )
    report = replace(
        samples.red(),
        scenarios=(samples.scenario("s", samples.ONE, Verdict.FAIL, [replace(check, findings=findings)]),),
        exchanges=tuple(samples.exchange(f"x{n}", body=b"[" + b"1," * 100_000 + b"1]") for n in range(1_000)),
    )
    page = html.render(report)
    assert len(page) < 12_000_000
    assert "… et 700 autres constats\u00a0: voir run.json." in page


def test_an_empty_run_is_not_said_to_be_accepted() -> None:
    page = Page(html.render(replace(samples.red(), scenarios=(), measurements=(), exchanges=())))
    assert "Ce n’est pas une acceptation" in page.text
    assert "Aucun scénario n’a été joué." in page.text
    assert "Pourquoi certaines n’ont pas été jugées" in page.text


def test_a_severity_without_failure_is_not_coloured() -> None:
    page = html.render(replace(samples.green(), fail_on=Severity.MAJOR))
    assert '<div class="blocking">' in page
    assert '<div class="blocking some">' in html.render(samples.red())


def test_silence_is_shown_as_what_was_obtained_and_broken_checks_are_counted() -> None:
    text = " ".join(Page(html.render(samples.red())).text.split())
    assert "Obtenu aucune réponse complète dans le délai" in text
    assert "Et aussi : 1 avertissement, 1 contrôle en erreur du harnais, 1 contrôle non exécuté." in text
