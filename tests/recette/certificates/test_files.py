"""The pages: all of it stands there, in whatever text, and the same certificate gives the same bytes."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from importlib import resources

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from recette.certificates import document, issuing, page, pdf
from recette.certificates.html import _quoted
from recette.certificates.model import Certificate
from recette.certificates.proposing import propose
from recette.projects.model import Outcome, PhaseId
from recette.reports import words
from sas_kernel.text import Lang, Text
from tests.recette.certificates.conftest import REQUIREMENTS, Story, at, finding, run, watched

NOW = at("2026-06-09T10:00")


def pdf_text(content: bytes) -> str:
    """The text without its blanks: lines break anywhere."""
    return _squeezed("".join(each.extract_text() for each in PdfReader(io.BytesIO(content)).pages))


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


class _Reader(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._silent = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._silent += tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag == "style"

    def handle_data(self, data: str) -> None:
        self.text += "" if self._silent else data


def recette(story: Story, **changes: object) -> Certificate:
    made = propose(story.book, PhaseId.RECETTE, NOW, None, requirements=REQUIREMENTS)
    return replace(made, **changes) if changes else made  # type: ignore[arg-type]  # whatever a test changes


@pytest.mark.parametrize("lang", list(Lang))
def test_both_pages_show_every_anomaly_date_count_run_and_note(ready: Story, lang: Lang) -> None:
    certificate = recette(ready)
    made = issuing.files(certificate, lang)
    days = [date(2026, 6, day) for day in (1, 2, 3, 4, 5, 8, 9, 23)] + [date(2026, 7, 15), date(2026, 7, 29)]
    wanted = [f"{day:%d/%m/%Y}" if lang is Lang.FR else day.isoformat() for day in days]
    wanted += ["A-0001", "A-0002", "A-0003", "SLOT-002", "SLOT-004", "Recharger la page.", "Version 2.5", "2.4.1"]
    wanted += [each.id for each in certificate.runs] + [each.sha256 for each in certificate.chain.runs]
    wanted += [each.entry_hash for each in certificate.chain.runs] + [certificate.chain.head, "5f2c9d1e77aa"]
    wanted += [f"({note.number}){note.key}={note.value or '–'}" for note in certificate.notes]
    wanted += [note.reason.to(lang) for note in certificate.notes]
    wanted += [document.content_sha256(certificate), "Camille Orfelin", "Agence du numérique en santé"]
    # Of four requirements two are validated, one with its réserve, none aside, none broken, one not judged.
    wanted.append({"fr": "Ensemble", "en": "All"}[lang.value] + "2100104")
    for text in (pdf_text(made.content["pdf"]), _squeezed(_Reader(made.content["html"].decode()).text)):
        for each in wanted:
            assert _squeezed(each) in text


def test_a_decision_against_the_proposal_stands_on_the_page_with_the_reasons(found: Story) -> None:
    certificate = propose(found.book, PhaseId.RECETTE, NOW, None, decision=Outcome.VALIDATED, decided_by="D. M.")
    text = pdf_text(issuing.files(certificate, Lang.FR).content["pdf"])
    assert _squeezed("La décision des parties diffère de la proposition de l’outil") in text
    assert _squeezed("Décision : Recette validée.") in text
    assert _squeezed("Proposition de l’outil : Recette refusée.") in text
    for missing in certificate.missing:
        assert _squeezed(missing.text.fr) in text


def test_a_vsr_shows_availability_prolongation_and_rights(regular: Story) -> None:
    certificate = propose(regular.book, PhaseId.VSR, at("2026-09-05T10:00"), watched(), requirements=REQUIREMENTS)
    text = pdf_text(issuing.files(certificate, Lang.FR).content["pdf"])
    for each in ("99,910 %", "65 j 3 h", "Une recherche", "01/09/2026 23:59:59", "03/09/2026", "26/08/2026 18:00"):
        assert _squeezed(each) in text


def test_going_live_shows_who_showed_what(regular: Story) -> None:
    certificate = propose(regular.book, PhaseId.MISE_EN_SERVICE, at("2026-09-09T10:00"), None)
    text = pdf_text(issuing.files(certificate, Lang.EN).content["pdf"])
    for each in ("Connectivity", "Appel de contrôle, 200.", "2026-06-16 11:00", "Dominique Mirabel (Editor)"):
        assert _squeezed(each) in text


def test_the_signatures_stand_on_one_page_with_their_heading(found: Story) -> None:
    """Whatever comes before them: notes push them down line by line over the end of a page."""
    whole = recette(found)
    note = whole.notes[0]
    for count in (4, 9, 14, 19):
        certificate = replace(whole, notes=tuple(replace(note, number=number) for number in range(count)))
        reader = PdfReader(io.BytesIO(issuing.files(certificate, Lang.FR).content["pdf"]))
        last = _squeezed(reader.pages[-1].extract_text())
        assert "Signatures" in last
        assert last.count("Signature:") == 2


def test_only_a_draft_is_watermarked(ready: Story) -> None:
    draft, issued = recette(ready), recette(ready, number="PV-R-2026-0001", decision=Outcome.VALIDATED)
    for certificate, marked in ((draft, True), (issued, False)):
        made = issuing.files(certificate, Lang.FR)
        assert ("PROJET" in pdf_text(made.content["pdf"])) is marked
        assert ('class="watermark"' in made.content["html"].decode()) is marked
        assert json.loads(made.content["json"])["draft"] is marked


def test_the_same_certificate_gives_the_same_bytes(ready: Story) -> None:
    first, again = (issuing.files(recette(ready), Lang.FR) for _ in range(2))
    assert first.content == again.content
    other = issuing.files(recette(ready, made_at=at("2026-06-09T10:01")), Lang.FR)
    assert all(other.content[ending] != first.content[ending] for ending in first.content)


def test_the_pdf_says_its_title_language_date_and_pages(ready: Story) -> None:
    reader = PdfReader(io.BytesIO(issuing.files(recette(ready, number="PV-R-2026-0001"), Lang.FR).content["pdf"]))
    assert reader.metadata is not None
    assert reader.metadata.title == "Procès-verbal de recette PV-R-2026-0001"
    assert reader.metadata.creation_date == NOW
    assert str(reader.root_object["/Lang"]) == "fr"
    total = len(reader.pages)
    for number, each in enumerate(reader.pages, 1):
        assert f"page {number}/{total}" in each.extract_text()
    assert next(iter(reader.outline))["/Title"] == "1. Objet et parties"  # type: ignore[call-overload]  # pypdf's outline is loosely typed
    assert _are_inside(reader)


def _are_inside(reader: PdfReader) -> bool:
    """Whether the file of each Vera font is in the PDF; at least one is there."""
    fonts = [font.get_object() for each in reader.pages for font in each["/Resources"]["/Font"].values()]  # type: ignore[index]  # a PDF dictionary
    descriptors = [font["/FontDescriptor"] for font in fonts if "Vera" in str(font["/BaseFont"])]
    return bool(descriptors) and all("/FontFile2" in descriptor for descriptor in descriptors)


HOSTILE = (
    "<script>alert(1)</script><b>gras",
    "</style><img src=x onerror=alert(1)>",
    "א\u05d1\u05d2 \u202eatad",
    "\x1b[31mrouge\x07",
    "👩🏽‍⚕️ émoji",
    "mot" * 400,
    "&amp; &lt; \\ \" ' {{ 7*7 }} {% raw %}",
    "\u0301combiné \ufdd0 \u200b",
    "Œuvre – « naïve » … 12 €",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_survive_on_every_page(found: Story, text: str) -> None:
    found.make_reserve("A-0003", "2026-06-04T10:00", text)
    found.record(run("r2", "2026-06-08T11:00", finding("f1"), finding("f2"), finding("f3")))
    certificate = recette(found, editor=text, interface=text, environment=text, decided_by=text)
    made = issuing.files(certificate, Lang.FR)
    shown = pdf_text(made.content["pdf"])
    assert _squeezed(words.spaced(pdf.drawable(text), Lang.FR)) in shown
    reader = _Reader(made.content["html"].decode())
    assert not {tag for tag, _ in reader.tags} & {"script", "img"}
    assert not any(name.startswith("on") for _, attributes in reader.tags for name in attributes)
    assert json.loads(made.content["json"])["certificate"]["editor"] == text


def test_a_plan_longer_than_a_page_is_not_cut(found: Story) -> None:
    steps = [f"étape-{number};" for number in range(1500)]
    found.make_reserve("A-0003", "2026-06-04T10:00", " ".join(steps))
    text = pdf_text(issuing.files(recette(found), Lang.FR).content["pdf"])
    assert [step for step in steps if step not in text] == []


def test_a_table_longer_than_a_page_repeats_its_head_and_loses_no_row(found: Story) -> None:
    line = recette(found).anomalies[0]
    many = tuple(replace(line, id=f"A-{number:04d}") for number in range(1, 81))
    reader = PdfReader(io.BytesIO(issuing.files(recette(found, anomalies=many), Lang.FR).content["pdf"]))
    pages = [_squeezed(each.extract_text()) for each in reader.pages]
    for each in many:
        assert any(each.id in text for text in pages)
    for text in pages:
        if sum(each.id in text for each in many) > 3:
            assert "Priseencompte" in text


@given(st.text(max_size=60))
@settings(max_examples=60, deadline=None)
def test_any_text_can_be_drawn_and_quoted(text: str) -> None:
    known = pdf._known()
    assert all(char == "\n" or ord(char) in known for char in pdf.drawable(text))
    assert set(_quoted(text)[1:-1]) <= set("\\ 0123456789abcdef") | {char for char in text if char.isalnum()}


def test_the_html_is_french_or_english_accessible_and_brings_nothing_from_outside(ready: Story) -> None:
    for lang in Lang:
        html = issuing.files(recette(ready), lang).content["html"].decode()
        reader = _Reader(html)
        assert ("html", {"lang": lang.value}) in reader.tags
        assert [tag for tag, _ in reader.tags].count("h1") == 1
        assert all(attributes.get("scope") for tag, attributes in reader.tags if tag == "th")
        assert [tag for tag, _ in reader.tags].count("caption") == [tag for tag, _ in reader.tags].count("table")
        assert not any({"src", "style"} & set(attributes) for _, attributes in reader.tags)
        hrefs = [attributes["href"] for _, attributes in reader.tags if "href" in attributes]
        assert all(href is not None and href.startswith("#") for href in hrefs)
        assert "url(" not in html


def test_french_keeps_its_signs_on_the_line() -> None:
    assert words.spaced("« Oui » : non ?", Lang.FR) == "«\u00a0Oui\u00a0»\u00a0: non\u00a0?"
    assert words.spaced("a : b", Lang.EN) == "a : b"


@pytest.mark.parametrize("kind", [PhaseId.RECETTE, PhaseId.MISE_EN_SERVICE, PhaseId.VSR])
def test_the_json_is_what_its_published_schema_says(regular: Story, kind: PhaseId) -> None:
    certificate = propose(regular.book, kind, at("2026-09-05T10:00"), watched(), requirements=REQUIREMENTS)
    published = resources.files("recette.certificates").joinpath("certificate.schema.json").read_text(encoding="utf-8")
    assert published == document.written_schema(), "write document.written_schema() to certificate.schema.json"
    validator = jsonschema.Draft202012Validator(json.loads(published))
    raw = json.loads(issuing.files(certificate, Lang.FR).content["json"])
    validator.validate(raw)
    raw["certificate"]["proposal"] = "perhaps"
    assert not validator.is_valid(raw)


def test_the_json_reads_back_as_the_certificate(regular: Story) -> None:
    certificate = propose(regular.book, PhaseId.VSR, at("2026-09-05T10:00"), watched(), requirements=REQUIREMENTS)
    made, raw = document.read(issuing.files(certificate, Lang.FR).content["json"])
    assert document.content_holds(raw)
    assert made.certificate == certificate


def test_a_page_says_a_proposal_is_one(ready: Story) -> None:
    laid_out = page.lay_out(recette(ready), Lang.FR, "0" * 64)
    assert laid_out.outcome_label == "Proposition de l’outil"
    assert laid_out.outcome == Text("Recette validée avec réserves", "").fr
