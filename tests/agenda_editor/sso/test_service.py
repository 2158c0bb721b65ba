"""Signing in by the provider: what a relying party must refuse, and what a session is worth."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from agenda_editor.regulators.model import Identifier, IdentifierKind, RegulatorDetails
from agenda_editor.sso.model import SESSION_COOKIE, Person, PersonKind
from agenda_editor.sso.rules import hashed
from agenda_editor.sso.tables import login_attempts, pending_logins, sessions
from sas_fhir.instants import milliseconds
from sas_fhir.search import Token
from sas_kernel.datasets import DatasetStaff
from sas_kit.http import asgi_transport
from tests.agenda_editor.browser import Browser
from tests.agenda_editor.conftest import Starter
from tests.agenda_editor.sso.conftest import Entrance, add_account
from tests.agenda_editor.sso.provider import ISSUER, NATIONAL, OTHER_KEY, TECHNICAL

FROM_PLATFORM = "/agenda/ag-1?vue=semaine&creneau=cr-2&origin=sas"


def now_of(browser: Browser) -> int:
    return milliseconds(browser.agenda.clock.now())


async def rows(browser: Browser, table: Any) -> list[Any]:
    async with browser.agenda.app.state.services.database.reading() as connection:
        return list(await connection.execute(sa.select(table)))


async def test_a_regulator_who_comes_from_the_platform_reaches_the_slot_without_a_password(browser: Browser) -> None:
    first = await browser.get(FROM_PLATFORM)
    assert first.status == 303
    assert first.location.startswith(ISSUER + "/protocol/openid-connect/auth?")
    page = await browser.follow(first)
    assert page.path.startswith("/conditions?vers=")
    page = await browser.accept_terms(page)
    assert page.path == FROM_PLATFORM
    assert page.status == 200
    assert page.tree.xpath("//p[@id='whoami']")[0].text == "Ysée BELLANGER"
    assert [a.get("data-slot") for a in page.tree.xpath("//a[@data-slot]")] == ["cr-1", "cr-2", "cr-3"]


async def test_the_second_time_neither_provider_nor_terms_are_asked(lone: Browser) -> None:
    await lone.enter(FROM_PLATFORM)
    asked = len(lone.provider.requests)
    assert (await lone.get(FROM_PLATFORM)).status == 200
    assert len(lone.provider.requests) == asked


@pytest.mark.parametrize("origin", ["sas", "sas-preprod", "sas-rui"])
async def test_every_origin_of_the_list_leads_to_the_provider(lone: Browser, origin: str) -> None:
    assert (await lone.get(f"/agenda/ag-1?vue=semaine&origin={origin}")).location.startswith(ISSUER)


@pytest.mark.parametrize("query", ["", "?vue=semaine", "?vue=semaine&origin=", "?origin=SAS", "?origin=elsewhere"])
async def test_without_an_origin_of_the_list_the_editor_s_own_page_is_shown(lone: Browser, query: str) -> None:
    page = await lone.open("/agenda/ag-1" + query)
    assert page.path.startswith("/connexion?vers=%2Fagenda%2Fag-1")
    assert "Connexion" in page.words
    assert lone.provider.requests == []


async def test_origins_are_a_setting(entrance: Entrance, sqlite_url: str) -> None:
    browser = await entrance(sqlite_url, origins=("here",))
    assert (await browser.get("/agenda/ag-1?origin=here")).location.startswith(ISSUER)
    assert (await browser.get("/agenda/ag-1?origin=sas")).location.startswith("/connexion")


async def test_an_origin_glued_to_the_path_is_understood(lone: Browser) -> None:
    page = await lone.get("/agenda/ag-1&origin=sas")
    assert page.location == "/agenda/ag-1?origin=sas"
    assert (await lone.enter("/agenda/ag-1&origin=sas")).tree.xpath("//a[@data-slot]")


async def test_an_own_path_through_the_provider_gives_no_rights_of_a_regulator(lone: Browser) -> None:
    page = await lone.open("/agenda/ag-1")
    (link,) = page.tree.xpath("//a[@id='psc']/@href")
    page = await lone.accept_terms(await lone.open(link))
    assert page.path == "/agenda/ag-1"
    assert page.tree.xpath("//p[@id='whoami']")
    assert not page.tree.xpath("//a[@data-slot]")
    assert "sans les droits de régulateur" in page.words
    for path in ("/reservation/cr-1", "/rendez-vous", "/envois"):
        refused = await lone.get(path)
        assert refused.status == 403
        assert "depuis la plateforme SAS" in refused.words
    # Who then comes from the platform gains the role, and only then.
    assert (await lone.open(FROM_PLATFORM)).tree.xpath("//a[@data-slot]")


async def test_a_technical_identifier_is_matched_where_there_is_no_national_one(lone: Browser) -> None:
    await add_account(lone, TECHNICAL, IdentifierKind.TECHNICAL, n=2)
    lone.provider.claims = {"sas_technical_id": TECHNICAL.upper(), "preferred_username": TECHNICAL}
    assert "BELLANGER2" in (await lone.enter(FROM_PLATFORM)).words


async def test_nobody_is_matched_by_an_identifier_of_the_other_kind(lone: Browser) -> None:
    await add_account(lone, TECHNICAL, IdentifierKind.TECHNICAL, n=2)
    for claims in (
        {"SubjectNameID": TECHNICAL},
        {"sas_technical_id": NATIONAL},
        {"SubjectNameID": "3990000058/REG0002"},
        {"preferred_username": NATIONAL, "email": "ysee@samu.example.org", "sub": NATIONAL},
    ):
        lone.provider.claims = dict(claims)
        assert (await lone.open(FROM_PLATFORM)).status in {401, 403}
        assert SESSION_COOKIE not in lone.cookies


# --- what is wrong with the answer of a provider ----------------------------------------------------------------------

_FAULTS = {
    "wrong_audience": (401, "destiné à un autre service"),
    "wrong_issuer": (401, "vient d’un autre émetteur"),
    "expired": (401, "a expiré"),
    "bad_nonce": (401, "répond à une autre demande"),
    "bad_signature": (401, "signature du jeton est fausse"),
    "alg_none": (401, "pas signé comme convenu"),
    "hs256": (401, "pas signé comme convenu"),
    "missing_subject_name_id": (401, "ne porte pas d’identifiant national"),
    "subject_mismatch": (401, "n’est pas cohérente"),
    "wrong_state": (403, "aucune connexion commencée dans ce navigateur"),
    "access_denied": (401, "refusée ou abandonnée"),
}


@pytest.mark.parametrize("fault", sorted(_FAULTS))
async def test_a_faulty_answer_opens_nothing(lone: Browser, fault: str, caplog: pytest.LogCaptureFixture) -> None:
    lone.provider.fault = fault
    status, words = _FAULTS[fault]
    with caplog.at_level(logging.DEBUG):
        page = await lone.open(FROM_PLATFORM)
    assert page.status == status
    assert words in page.words
    assert SESSION_COOKIE not in lone.cookies
    assert await rows(lone, sessions) == []
    incident = page.tree.xpath("//*[@id='incident']")[0].text
    assert f"incident {incident}:" in caplog.text
    for secret in (NATIONAL, "BELLANGER", "eyJ", "private words", *lone.provider.userinfo_of):
        assert secret not in caplog.text
        assert secret not in page.text
    # and the right answer to a new request is as good as ever
    lone.provider.fault = ""
    assert (await lone.open(FROM_PLATFORM)).path.startswith("/conditions")


async def test_a_token_without_its_dates_is_refused_through_the_whole_journey(lone: Browser) -> None:
    for claims in ({"exp": None}, {"exp": float("nan")}, {"at_hash": "of-another-token"}):
        lone.provider.id_claims = claims
        assert (await lone.open(FROM_PLATFORM)).status == 401
        assert SESSION_COOKIE not in lone.cookies


async def test_an_answer_serves_once(browser: Browser) -> None:
    departure = await browser.get(FROM_PLATFORM)
    back = browser.provider.authorize(departure.location).removeprefix("https://agenda.example.org")
    assert (await browser.get(back)).status == 303
    again = await browser.get(back)
    assert again.status == 403
    assert "aucune connexion commencée" in again.words


async def test_an_answer_serves_only_the_browser_that_asked(browser: Browser) -> None:
    departure = await browser.get(FROM_PLATFORM)
    back = browser.provider.authorize(departure.location).removeprefix("https://agenda.example.org")
    other = Browser(browser.agenda, browser.provider)
    assert (await other.get(back)).status == 403
    await other.get(FROM_PLATFORM)
    assert (await other.get(back)).status == 403
    assert SESSION_COOKIE not in other.cookies
    assert (await browser.get(back)).status == 303


async def test_an_answer_after_ten_minutes_is_too_late(lone: Browser) -> None:
    departure = await lone.get(FROM_PLATFORM)
    assert "Max-Age=600" in departure.header("set-cookie")
    back = lone.provider.authorize(departure.location).removeprefix("https://agenda.example.org")
    lone.agenda.clock.advance(timedelta(minutes=10))
    assert (await lone.get(back)).status == 403


async def test_two_tabs_sign_in_side_by_side(lone: Browser) -> None:
    first = await lone.get(FROM_PLATFORM)
    second = await lone.get("/agenda/ag-1?vue=semaine&origin=sas-rui")
    states = [parse_qs(urlsplit(page.location).query)["state"] for page in (first, second)]
    assert states[0] != states[1]
    assert (await lone.follow(second)).path.startswith("/conditions")
    assert (await lone.follow(first)).path.startswith("/conditions")


@pytest.mark.parametrize("query", ["", "?code=x", "?state=x", "?error=access_denied", "?code=x&state=%00"])
async def test_an_answer_without_request_is_refused(lone: Browser, query: str) -> None:
    page = await lone.get("/sso/retour" + query)
    assert page.status == 403


async def test_an_error_of_the_provider_is_never_echoed(lone: Browser) -> None:
    departure = await lone.get(FROM_PLATFORM)
    state = parse_qs(urlsplit(departure.location).query)["state"][0]
    page = await lone.get(f"/sso/retour?error=%3Cb%3Eboo&error_description=evil&state={state}")
    assert page.status == 401
    assert "boo" not in page.text
    assert "evil" not in page.text


async def test_an_answer_that_names_another_issuer_is_refused(lone: Browser) -> None:
    departure = await lone.get(FROM_PLATFORM)
    back = lone.provider.authorize(departure.location).removeprefix("https://agenda.example.org")
    page = await lone.get(back.partition("&iss=")[0] + "&iss=https%3A%2F%2Felsewhere.example.org")
    assert page.status == 401


# --- accounts ---------------------------------------------------------------------------------------------------------


async def deactivate(browser: Browser, *, active: bool = False) -> None:
    identifier = Identifier(IdentifierKind.NATIONAL, NATIONAL)
    details = RegulatorDetails(identifier, active, "BELLANGER", "Ysée", "ysee@samu.example.org")
    token = Token("urn:oid:1.2.250.1.71.4.2.1", NATIONAL)
    await browser.agenda.app.state.services.regulators.put(token, details, now_of(browser))


async def test_who_has_no_account_is_refused_and_none_is_made(entrance: Entrance, database_url: str) -> None:
    browser = await entrance(database_url, account=False)
    page = await browser.open(FROM_PLATFORM)
    assert page.status == 403
    assert "Aucun compte de régulateur actif" in page.words
    assert SESSION_COOKIE not in browser.cookies
    await add_account(browser, NATIONAL)  # nobody has taken the identifier
    assert (await browser.open(FROM_PLATFORM)).path.startswith("/conditions")


async def test_who_was_deactivated_is_told_the_same(browser: Browser) -> None:
    await deactivate(browser)
    page = await browser.open(FROM_PLATFORM)
    assert page.status == 403
    assert "Aucun compte de régulateur actif" in page.words


async def test_a_deactivation_ends_open_sessions_at_the_next_request_for_good(browser: Browser) -> None:
    await browser.enter(FROM_PLATFORM)
    await deactivate(browser)
    assert (await browser.get("/reservation/cr-1")).location.startswith("/connexion")
    await deactivate(browser, active=True)
    assert (await browser.get("/reservation/cr-1")).location.startswith("/connexion")


async def test_a_refused_login_leaves_an_earlier_session_as_it_was(lone: Browser) -> None:
    page = await lone.open("/connexion/psc?vers=%2F")
    await lone.accept_terms(page)
    before = lone.cookies[SESSION_COOKIE]
    lone.provider.fault = "wrong_audience"
    assert (await lone.open(FROM_PLATFORM)).status == 401
    assert lone.cookies[SESSION_COOKIE] == before
    assert (await lone.get("/reservation/cr-1")).status == 403


async def test_a_login_makes_a_new_session_and_ends_the_old_one(browser: Browser) -> None:
    await browser.enter(FROM_PLATFORM)
    old = browser.cookies[SESSION_COOKIE]
    await browser.open("/connexion/psc")
    assert browser.cookies[SESSION_COOKIE] != old
    browser.cookies[SESSION_COOKIE] = old
    assert (await browser.get("/rendez-vous")).location.startswith("/connexion")
    (row,) = await rows(browser, sessions)
    assert old not in str(row)


async def test_a_cookie_of_an_attacker_s_choice_is_never_a_session(lone: Browser) -> None:
    lone.cookies[SESSION_COOKIE] = "chosen"
    await lone.enter(FROM_PLATFORM)
    assert lone.cookies[SESSION_COOKIE] != "chosen"


async def test_cookies_are_out_of_reach(lone: Browser) -> None:
    page = await lone.get(FROM_PLATFORM)
    back = lone.provider.authorize(page.location).removeprefix("https://agenda.example.org")
    for cookie in (page.header("set-cookie"), (await lone.get(back)).header("set-cookie")):
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Secure" in cookie


async def test_over_plain_http_cookies_go_back(entrance: Entrance, sqlite_url: str) -> None:
    browser = await entrance(sqlite_url, public_url="http://127.0.0.1:8081")
    assert "Secure" not in (await browser.get("/connexion")).header("set-cookie")


async def test_a_session_ends_after_half_an_hour_of_rest(browser: Browser) -> None:
    await browser.enter(FROM_PLATFORM)
    for _ in range(3):
        browser.agenda.clock.advance(timedelta(minutes=29))
        assert (await browser.get("/rendez-vous")).status == 200
    browser.agenda.clock.advance(timedelta(minutes=30))
    assert (await browser.get("/rendez-vous")).location.startswith("/connexion")


async def test_a_session_ends_after_four_hours_of_work(lone: Browser) -> None:
    await lone.enter(FROM_PLATFORM)
    for _ in range(12):
        lone.agenda.clock.advance(timedelta(minutes=19))
        assert (await lone.get("/rendez-vous")).status == 200
    lone.agenda.clock.advance(timedelta(minutes=12))
    assert (await lone.get("/rendez-vous")).location.startswith("/connexion")


async def test_another_worker_knows_the_session_and_the_pending_login(
    browser: Browser, start: Starter, database_url: str
) -> None:
    other = await start(
        database_url,
        clock=browser.agenda.clock,
        transport=asgi_transport(browser.provider),
        sso_issuer=ISSUER,
        sso_client_secret="a secret: of the tests/1",
    )
    departure = await browser.get(FROM_PLATFORM)
    elsewhere = Browser(other, browser.provider, browser.cookies)
    page = await elsewhere.accept_terms(await elsewhere.follow(departure))
    assert page.status == 200
    assert (await browser.get("/rendez-vous")).status == 200


# --- the provider's keys and documents --------------------------------------------------------------------------------


async def test_keys_are_asked_for_again_when_they_rotate_and_not_at_every_forgery(lone: Browser) -> None:
    await lone.enter(FROM_PLATFORM)
    lone.provider.signer = OTHER_KEY

    async def attempt() -> int:
        return (await lone.open("/connexion/psc")).status

    certs = "/protocol/openid-connect/certs"
    lone.agenda.clock.advance(timedelta(seconds=6))
    assert await attempt() == 401  # not published yet
    assert await attempt() == 401
    assert lone.provider.requests.count(certs) == 2
    lone.provider.published = [OTHER_KEY]
    lone.agenda.clock.advance(timedelta(seconds=6))
    assert await attempt() == 200
    assert lone.provider.requests.count(certs) == 3


async def test_the_discovery_document_of_pro_sante_connect_is_found_and_kept(lone: Browser) -> None:
    lone.provider.only_wallet = True
    await lone.enter(FROM_PLATFORM)
    await lone.open("/connexion/psc")
    found = [path for path in lone.provider.requests if ".well-known" in path]
    assert found == ["/.well-known/openid-configuration", "/.well-known/wallet-openid-configuration"]


@pytest.mark.parametrize(
    "document",
    [{"issuer": "https://elsewhere.example.org"}, {"token_endpoint": None}, {"jwks_uri": "file:///etc/passwd"}],
)
async def test_a_discovery_document_that_cannot_be_trusted_stops_the_login(
    lone: Browser, document: dict[str, Any]
) -> None:
    lone.provider.document = document
    page = await lone.open(FROM_PLATFORM)
    assert page.status == 503
    assert "ne répond pas comme prévu" in page.words


async def test_a_provider_that_is_down_is_a_page_and_forgotten_once_it_is_back(lone: Browser) -> None:
    lone.provider.down = True
    page = await lone.open(FROM_PLATFORM)
    assert page.status == 503
    assert page.header("retry-after")
    lone.provider.down = False
    assert (await lone.open(FROM_PLATFORM)).path.startswith("/conditions")


async def test_without_provider_a_regulator_is_told_so(start: Starter, sqlite_url: str) -> None:
    agenda = await start(sqlite_url)
    schedule = await agenda.open()
    answer = await agenda.get(f"/agenda/ag-{schedule.id}?origin=sas")
    assert answer.status == 503
    assert "pas encore raccordée" in answer.body.decode()


async def test_a_wrong_client_secret_is_told_without_saying_it(entrance: Entrance, sqlite_url: str) -> None:
    browser = await entrance(sqlite_url, sso_client_secret="wrong-secret")
    page = await browser.open(FROM_PLATFORM)
    assert page.status == 401
    assert "invalid_client" in page.words
    assert "wrong-secret" not in page.text


# --- the editor's own login -------------------------------------------------------------------------------------------

STAFF = ("secretariat", "Cabinet-2031")


@pytest.fixture
async def practice(entrance: Entrance, database_url: str) -> Browser:
    browser = await entrance(database_url, account=False)
    await browser.agenda.app.state.services.sign_on.load_staff([DatasetStaff(*STAFF, "Accueil")])
    return browser


async def attempt(browser: Browser, login: str, password: str) -> tuple[int, str]:
    page = await browser.get("/connexion")
    page = await browser.post("/connexion", page.form("login") | {"login": login, "password": password})
    return page.status, page.text


async def test_the_staff_of_the_data_set_log_in_with_their_password(entrance: Entrance, database_url: str) -> None:
    practice = await entrance(database_url, dataset="demo", account=False)
    page = await practice.log_in(" Secretariat", STAFF[1])
    assert page.path == "/"
    assert page.tree.xpath("//p[@id='whoami']")[0].text == "Secrétariat des cabinets"
    kept = await rows(practice, sa.text("password_hash from staff"))
    assert kept[0][0].startswith("$argon2id$")


@pytest.mark.parametrize(("login", "password"), [("secretariat", "wrong"), ("nobody", "Cabinet-2031"), ("\x00", "x")])
async def test_wrong_and_unknown_are_told_alike(practice: Browser, login: str, password: str) -> None:
    status, text = await attempt(practice, login, password)
    assert status == 401
    assert "Identifiant ou mot de passe incorrect" in text
    assert password not in text or len(password) == 1
    assert SESSION_COOKIE not in practice.cookies


@pytest.mark.parametrize("login", ["secretariat", "nobody"])
async def test_five_failures_lock_a_login_for_five_minutes(practice: Browser, login: str) -> None:
    for _ in range(5):
        assert (await attempt(practice, login, "wrong"))[0] == 401
    status, text = await attempt(practice, login, STAFF[1])
    assert status == 429
    assert "réessayez dans 5 min" in text
    practice.agenda.clock.advance(timedelta(minutes=5))
    assert (await attempt(practice, login, STAFF[1]))[0] == (303 if login == "secretariat" else 401)


async def test_failures_at_the_same_time_do_not_add_up_to_more_attempts(practice: Browser) -> None:
    sign_on = practice.agenda.app.state.services.sign_on
    tries = [sign_on.log_in("secretariat", "wrong", None, now_of(practice)) for _ in range(12)]
    outcomes = [type(error).__name__ for error in await asyncio.gather(*tries, return_exceptions=True)]
    assert outcomes.count("WrongPasswordError") == 5
    assert outcomes.count("LockedOutError") == 7


async def test_a_success_forgets_the_failures_before_it(practice: Browser) -> None:
    for _ in range(2):
        for _ in range(4):
            assert (await attempt(practice, *("secretariat", "wrong")))[0] == 401
        assert (await attempt(practice, *STAFF))[0] == 303


async def test_what_is_over_is_not_kept(practice: Browser) -> None:
    """Whoever tries makes room: nobody need come through the provider for it."""
    await practice.log_in(*STAFF)
    await practice.agenda.app.state.services.sign_on.depart(None, "/", None, now_of(practice))
    for number in range(3):
        await attempt(practice, f"made-up-{number}", "wrong")
    tables = (sessions, pending_logins, login_attempts)
    assert [len(await rows(practice, table)) for table in tables] == [1, 1, 3]
    practice.agenda.clock.advance(timedelta(days=1))
    await attempt(practice, "made-up-9", "wrong")
    assert [len(await rows(practice, table)) for table in tables] == [0, 0, 1]


async def test_a_member_who_left_the_data_set_is_signed_out(practice: Browser) -> None:
    await practice.log_in(*STAFF)
    assert (await practice.get("/")).status == 200
    await practice.agenda.app.state.services.sign_on.load_staff(())
    assert (await practice.get("/")).location.startswith("/connexion")


# --- terms ------------------------------------------------------------------------------------------------------------


async def test_terms_are_kept_with_version_and_time_and_asked_again_when_they_change(
    browser: Browser, entrance: Entrance, database_url: str
) -> None:
    await browser.enter(FROM_PLATFORM)
    first = now_of(browser)
    person = Person(PersonKind.REGULATOR, "1")
    later = await entrance(database_url, account=False, terms_version="2032-01", dataset="none")
    later.cookies = browser.cookies
    later.agenda.clock.advance(timedelta(minutes=5))
    page = await later.get("/rendez-vous")
    assert page.location == "/conditions?vers=%2Frendez-vous"
    page = await later.accept_terms(await later.follow(page))
    assert page.path == "/rendez-vous"
    found = await later.agenda.app.state.services.sign_on.acceptances(person)
    assert found == [("2026-11", first), ("2032-01", now_of(later))]


async def test_a_version_that_is_not_shown_any_more_is_not_accepted(lone: Browser) -> None:
    page = await lone.open(FROM_PLATFORM)
    answer = await lone.post("/conditions", page.form("terms") | {"accept": "1", "version": "2020-01"})
    assert answer.status == 409
    assert (await lone.get("/rendez-vous")).location.startswith("/conditions")


async def test_terms_that_are_not_ticked_are_not_accepted(lone: Browser) -> None:
    page = await lone.open(FROM_PLATFORM)
    fields = page.form("terms")
    fields.pop("accept", None)
    answer = await lone.post("/conditions", fields)
    assert answer.status == 422
    assert "cochez la case" in answer.words
    assert (await lone.get("/rendez-vous")).location.startswith("/conditions")


async def test_no_secret_of_a_browser_is_in_the_database(browser: Browser) -> None:
    await browser.enter(FROM_PLATFORM)
    (row,) = await rows(browser, sessions)
    assert row.cookie_hash == hashed(browser.cookies[SESSION_COOKIE])
