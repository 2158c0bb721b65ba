"""The login page, the terms and the way out."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from agenda_editor.sso.model import LOGIN_COOKIE, SESSION_COOKIE
from tests.agenda_editor.browser import Browser
from tests.agenda_editor.conftest import Agenda
from tests.agenda_editor.sso.provider import ISSUER
from tests.agenda_editor.web.conftest import FROM_PLATFORM


async def test_the_login_page_has_both_ways_in(lone: Browser) -> None:
    page = await lone.get("/connexion?vers=%2Fagenda%2Fag-1%3Fvue%3Dsemaine")
    assert page.status == 200
    assert set(page.form("login")) == {"csrf", "vers", "login", "password"}
    (link,) = page.tree.xpath("//a[@id='psc']")
    assert link.text == "Se connecter avec Pro Santé Connect"
    departure = await lone.get(link.get("href"))
    assert departure.location.startswith(ISSUER)
    assert "Log in" in (await lone.get("/connexion?lang=en")).words


async def test_without_provider_there_is_one_way_in(lone: Browser, lone_agenda: Agenda) -> None:
    browser = Browser(lone_agenda, lone.provider)
    assert not (await browser.get("/connexion")).tree.xpath("//a[@id='psc']")
    assert (await browser.get("/connexion/psc")).status == 503


async def test_a_wrong_password_keeps_the_login_and_forgets_the_password(staff: Browser) -> None:
    other = Browser(staff.agenda, staff.provider)
    form = (await other.get("/connexion?vers=%2Fenvois")).form("login")
    page = await other.post("/connexion", form | {"login": "accueil", "password": "Hush-hush-1"})
    assert page.status == 401
    assert page.form("login")["login"] == "accueil"
    assert page.form("login")["vers"] == "/envois"
    assert "Hush-hush-1" not in page.text
    assert page.tree.xpath("//*[@role='alert']")
    page = await other.submit("/connexion", page.form("login") | {"password": "Accueil-2031"})
    assert page.path == "/envois"


async def test_a_login_form_of_another_browser_is_refused(staff: Browser) -> None:
    victim, attacker = (Browser(staff.agenda, staff.provider) for _ in range(2))
    form = (await attacker.get("/connexion")).form("login") | {"login": "accueil", "password": "Accueil-2031"}
    assert (await victim.post("/connexion", form)).status == 403
    await victim.get("/connexion")
    assert (await victim.post("/connexion", form)).status == 403
    assert SESSION_COOKIE not in victim.cookies


@pytest.mark.parametrize("target", ["https://evil.example.org", "//evil.example.org", "/\\evil.example.org"])
async def test_nobody_is_led_to_another_site(lone: Browser, target: str) -> None:
    page = await lone.get(f"/connexion?vers={target}")
    assert page.form("login")["vers"] == "/"
    page = await lone.open(FROM_PLATFORM)
    answer = await lone.post("/conditions", page.form("terms") | {"accept": "1", "vers": target})
    assert answer.location == "/"


async def test_the_terms_tell_what_the_editor_does_with_the_regulator_s_data(lone: Browser) -> None:
    page = await lone.open(FROM_PLATFORM)
    assert page.form("terms")["version"] == "2026-11"
    assert page.form("terms")["vers"] == FROM_PLATFORM
    assert "traite vos données de régulateur" in page.words
    assert "processes your data as a regulator" in (await lone.get("/conditions?lang=en")).words


async def test_terms_accepted_meanwhile_in_another_window_lead_on_to_the_agenda(lone: Browser) -> None:
    await lone.enter(FROM_PLATFORM)
    assert (await lone.get("/conditions?vers=%2Frendez-vous")).location == "/rendez-vous"
    assert (await lone.get("/conditions")).status == 200


async def test_terms_can_be_read_without_a_session_and_not_accepted(lone: Browser) -> None:
    page = await lone.get("/conditions")
    assert page.status == 200
    assert not page.tree.xpath("//form")
    assert (await lone.post("/conditions", {"accept": "1", "version": "2026-11"})).status == 403


async def test_logging_out_ends_the_session_here_and_at_the_provider(lone: Browser) -> None:
    page = await lone.enter(FROM_PLATFORM)
    cookie = lone.cookies[SESSION_COOKIE]
    answer = await lone.post("/deconnexion", page.form("logout"))
    target = urlsplit(answer.location)
    assert answer.location.startswith(ISSUER + "/protocol/openid-connect/logout?")
    query = parse_qs(target.query)
    assert query["post_logout_redirect_uri"] == ["https://agenda.example.org/deconnecte"]
    assert query["id_token_hint"][0].count(".") == 2
    assert SESSION_COOKIE not in lone.cookies
    assert "Vous êtes déconnecté" in (await lone.get("/deconnecte")).words
    lone.cookies[SESSION_COOKIE] = cookie
    assert (await lone.get("/rendez-vous")).location.startswith("/connexion")


async def test_the_staff_are_logged_out_here_alone(staff: Browser) -> None:
    page = await staff.get("/")
    answer = await staff.post("/deconnexion", page.form("logout"))
    assert answer.location == "https://agenda.example.org/deconnecte"


async def test_nobody_is_logged_out_by_another_site(lone: Browser) -> None:
    await lone.enter(FROM_PLATFORM)
    assert (await lone.post("/deconnexion", {"csrf": "x"})).status == 403
    assert (await lone.get("/rendez-vous")).status == 200


async def test_the_browser_s_name_is_no_session(lone: Browser) -> None:
    await lone.get("/connexion")
    lone.cookies[SESSION_COOKIE] = lone.cookies[LOGIN_COOKIE]
    assert (await lone.get("/")).location.startswith("/connexion")
