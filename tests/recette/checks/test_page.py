"""A page is read as a person reads it: what is written, what can be filled in, where it leads."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from recette.checks.page import Page, absolute
from recette.model import Exchange, Request, Response, Timings

URL = "https://agenda.example.org/agenda/ag-1?vue=semaine"


def page(body: str, *, status: int = 200, url: str = URL, kind: str = "text/html; charset=utf-8") -> Page:
    answer = Response(status, (("Content-Type", kind),), body.encode())
    return Page((Exchange("x1", datetime(2031, 3, 10, tzinfo=UTC), Request("GET", url, "/"), Timings(0, 0), answer),))


def test_what_can_be_read_is_text_and_what_is_read_out() -> None:
    read = page(
        "<title>Agenda</title><style>a{color:#404040}</style><script>let erreur</script>"
        '<p title="astuce">Créneaux</p><img alt="Ministère"><b aria-label="fermer">x</b>'
    )
    assert read.text == "Agenda Créneaux astuce Ministère x fermer"


def test_a_form_has_what_the_page_filled_in_and_what_could_be_added() -> None:
    (form,) = page(
        '<form id="f" method="post" action="../conditions"><input type="hidden" name="csrf" value="c">'
        '<input type="checkbox" name="lu" value="oui"><input type="checkbox" name="news" checked>'
        '<select name="l"><option>a<option selected value="b">B</select><textarea name="t">mot</textarea>'
        '<button name="accept" value="1">J’accepte</button><input name="off" value="x" disabled></form>'
    ).forms
    assert (form.id, form.method, form.action) == ("f", "POST", "https://agenda.example.org/conditions")
    assert form.fields == {"csrf": "c", "news": "on", "l": "b", "t": "mot"}
    assert form.offers == {"lu": "oui", "news": "on", "accept": "1"}
    assert "J’accepte" in form.label


@pytest.mark.parametrize(
    ("body", "built"),
    [
        (
            '<html><head><title>Agenda</title></head><body><div id="root"></div><script src="a.js"></script></body>',
            True,
        ),
        ("<body><noscript>Activez <b>JavaScript</b></noscript><script>x()</script></body>", True),
        ("<body><p>Agenda</p><script>x()</script></body>", False),
        ("<body></body>", False),
    ],
)
def test_a_page_without_words_before_its_script_is_known(body: str, built: bool) -> None:
    assert page(body).built_by_script is built


@pytest.mark.parametrize("body", ["", "\x00", "<", "<form action='http://['><a href='http://['>x</a></form>", "<!--"])
def test_any_page_is_survived(body: str) -> None:
    read = page(body)
    assert [form.action for form in read.forms] in ([], [URL])
    assert read.link("//a") is None
    assert read.built_by_script is False
    assert page(body, kind="application/pdf").root is None


def test_an_address_that_is_none_leads_nowhere() -> None:
    assert absolute(URL, "/x") == "https://agenda.example.org/x"
    assert absolute(URL, "http://[") is None
    assert absolute(URL, "http://a:b:c/") is None
