"""What a landing is, told on pages of several makes; and what must not be taken for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recette.checks.page import Page
from recette.checks.sso import CLEAR_REFUSAL, Visit, lands, lands_where_asked, nothing_granted
from recette.checks.sso_pages import GIVEN, Agenda, Kind, Provider, booking_means, kind_of, leaving, terms_form
from recette.checks.sso_request import AS_THE_KIT, REQUEST, Entry, arrives
from recette.checks.sso_session import COOKIES, NO_CODE, NO_STORE, Session
from recette.model import Exchange, Request, Response
from sas_kernel.text import Text
from tests.recette.checks.test_page import URL, page

PROVIDER = Provider(
    "https://sas.example.org/realms/sas",
    "https://sas.example.org/realms/sas/protocol/openid-connect/auth",
    frozenset({"https://wallet.example.org"}),
)
WORDS = Text("mot", "word")
SLOT = '<li><a href="/reserver/1">09:10 Réserver</a>'
LOGIN = '<form method="post"><input name="l"><input name="p" type="password"></form>'
DESK = '<form method="post"><input name="nom"><input name="prenom"><input type="hidden" name="csrf" value="c"></form>'
CONTACT = '<form method="post"><input name="nom"><input name="tel"><textarea name="message"></textarea></form>'
TERMS = '<h1>Conditions d’utilisation</h1><form method="post" action="/ok"><button>J’accepte</button></form>'
COOKIES_BANNER = '<form method="post" action="/cookies"><button>Accepter les cookies</button></form>'
FOOTER = '<footer><a href="/cgu">Conditions générales</a></footer>'

AGENDA = Agenda(page(f"<title>Agenda</title>{SLOT}"), page(DESK), page(LOGIN))


@pytest.mark.parametrize(
    ("landing", "kind"),
    [
        (page(f"<title>Agenda</title>{SLOT}<p>Une erreur ? Appelez-nous.</p>"), Kind.BOOKING),
        (page("<title>Agenda</title><li>09:10"), Kind.AGENDA),
        (page(DESK), Kind.PATIENT),
        (page(TERMS), Kind.TERMS),
        (page(f"{LOGIN}<p>Mot de passe inconnu</p>"), Kind.OWN_LOGIN),
        (page(LOGIN, url="https://sas.example.org/connexion"), Kind.PROVIDER),
        (page(LOGIN, url="https://wallet.example.org/auth"), Kind.PROVIDER),
        (page("<p>Votre compte est désactivé.</p>"), Kind.REFUSAL),
        (page(f"<p>Accès refusé.</p>{CONTACT}{COOKIES_BANNER}{FOOTER}"), Kind.REFUSAL),
        (page("Bonjour", status=403), Kind.REFUSAL),
        (page("<title>Aide</title><p>Bonjour</p>"), Kind.OTHER),
        (page("<title>x</title><div id=app></div><script src=app.js></script>"), Kind.SCRIPT),
    ],
)
def test_a_landing_is_told_from_what_can_be_read_and_done(landing: Page, kind: Kind) -> None:
    assert kind_of(landing, PROVIDER, AGENDA) is kind


def test_means_to_book_are_known_by_their_words_and_by_the_slots_they_name() -> None:
    read = page(
        '<a data-slot="cr-1" href="/r/1">09:10</a><a href="/aide">Aide</a><a href="/book/2">x</a>'
        '<a href="#r">Réserver</a>'
    )
    assert [address.rpartition("/")[2] for address in booking_means(read)] == ["1", "2"]
    assert booking_means(page(SLOT, status=404)) == ()


@pytest.mark.parametrize("body", [COOKIES_BANNER + FOOTER, "<h1>Conditions</h1>" + LOGIN, FOOTER + DESK])
def test_what_only_mentions_conditions_is_not_the_terms(body: str) -> None:
    assert terms_form(page(body)) is None


def test_the_way_out_is_a_form_or_a_link() -> None:
    form = leaving(page('<form method="post" action="/deconnexion"><button>Quitter</button></form>'))
    assert form is not None
    assert not isinstance(form, str)
    assert leaving(page('<a href="/logout">x</a>')) == "https://agenda.example.org/logout"
    assert leaving(page("<a href='/aide'>Aide</a>")) is None


REFUSED = nothing_granted("r", "R", WORDS, WORDS)


@pytest.mark.parametrize(
    ("landing", "tries", "examined", "problems", "review"),
    [
        (page("Compte inconnu", status=403), (page(LOGIN),), 2, 0, False),
        (page("Compte inconnu", status=403), (page(DESK),), 2, 1, False),
        (page(f"<title>Agenda</title>{SLOT}"), (), 1, 1, False),
        (page("<title>Agenda</title>"), (), 1, 1, False),
        (page(TERMS), (), 1, 1, False),
        (page("Bonjour"), (), 1, 0, True),
        (page("<title>x</title><script src=app.js></script>"), (), 1, 0, True),
    ],
)
def test_a_refusal_is_judged_by_everything_the_browser_then_got(
    landing: Page, tries: tuple[Page, ...], examined: int, problems: int, review: bool
) -> None:
    said = REFUSED.judge(Visit(landing, PROVIDER, AGENDA, tries))
    assert (said.examined, len(said.problems), said.review is not None) == (examined, problems, review)


def test_without_a_control_person_a_refusal_proves_nothing() -> None:
    refused = page("Non autorisé", status=403)
    assert REFUSED.judge(Visit(refused, PROVIDER)).examined == 0
    assert CLEAR_REFUSAL.judge(Visit(refused, PROVIDER)).examined == 0


def test_nothing_is_concluded_from_no_answer() -> None:
    silent = Page((replace(page("").last, response=None),))
    for check in (REFUSED, CLEAR_REFUSAL, lands("l", "R", WORDS, WORDS, GIVEN), lands_where_asked("w", "R", WORDS)):
        said = check.judge(Visit(silent, PROVIDER, AGENDA))
        assert (said.examined, said.problems) == (0, ())
        assert said.reason is not None
    for check in (arrives("a", "R", WORDS), AS_THE_KIT, *REQUEST):
        said = check.judge(Entry(silent, PROVIDER))
        assert (said.examined, said.problems) == (0, ())
    for check in (*COOKIES, NO_STORE, NO_CODE):
        assert check.judge(Session(silent.exchanges, silent)).examined == 0


def test_the_same_refusal_said_in_words_or_by_a_status_is_clear_and_a_blank_one_is_not() -> None:
    for body, status, problems in (("Compte inconnu", 200, 0), ("Bonjour", 403, 0), ("Bonjour", 200, 1), ("", 403, 1)):
        said = CLEAR_REFUSAL.judge(Visit(page(body, status=status), PROVIDER, AGENDA))
        assert len(said.problems) == problems, body


def test_a_secret_of_the_request_is_not_quoted() -> None:
    asked = f"{PROVIDER.authorization_endpoint}?response_type=code&client_secret=tres-secret"
    entry = Entry(page(LOGIN, url=asked), PROVIDER)
    problems = [problem for check in REQUEST for problem in check.judge(entry).problems]
    assert "request.client_secret" in {problem.path for problem in problems}
    assert "tres-secret" not in repr(problems)


def test_cookies_that_open_no_session_are_not_blamed() -> None:
    headers = (
        ("Set-Cookie", "langue=fr"),
        ("Set-Cookie", "csrftoken=0123456789abcdef; Path=/"),
        ("Set-Cookie", "session=0123456789abcdef; Path=/"),
    )
    sent = Request("GET", URL, "/")
    exchange = Exchange("x", page("").last.sent_at, sent, page("").last.timings, Response(200, headers, b""))
    session = Session((exchange,), page(""))
    assert [len(check.judge(session).problems) for check in COOKIES] == [1, 1, 1]
