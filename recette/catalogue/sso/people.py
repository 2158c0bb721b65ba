"""Regulators who are admitted: signing in, being known already, and the terms of the first time."""

from __future__ import annotations

from recette.catalogue.sso.conversation import Arrival, Conversation, scenario
from recette.catalogue.tags import Tag
from recette.checks.sso import Visit, Visits, lands, lands_where_asked, nothing_granted
from recette.checks.sso_pages import GIVEN, Kind
from recette.checks.sso_session import COOKIES, NO_CODE, NO_STORE, Session
from recette.model import Check
from sas_kernel.text import Text

_OPENS = lands(
    "sign_in.agenda",
    "SSO-040",
    Text("Connecté au fournisseur, le régulateur obtient l’agenda", "Signed in, the regulator is given the agenda"),
    Text(
        "Après sa connexion au fournisseur, le régulateur n’obtient pas l’agenda où réserver.",
        "After signing in at the provider, the regulator is not given the agenda on which to book.",
    ),
    GIVEN,
)
_WHERE_ASKED = lands_where_asked(
    "sign_in.address",
    "SSO-041",
    Text("Après la connexion, l’agenda est celui du créneau", "After sign-in, the agenda is that of the slot"),
)
_NOT_ASKED_AGAIN = lands(
    "sign_in.once",
    "SSO-042",
    Text("Déjà connecté, le régulateur ne s’authentifie pas de nouveau", "Who is signed in is not asked again"),
    Text(
        "Un régulateur déjà connecté doit s’authentifier de nouveau.",
        "A regulator who is signed in already has to authenticate again.",
    ),
    GIVEN | {Kind.TERMS},
)


SIGNED_IN: tuple[Check, ...] = (_OPENS, _WHERE_ASKED, *COOKIES, NO_STORE, NO_CODE)
"""What is checked of one sign-in."""


def judge_sign_in(talk: Conversation, arrival: Arrival) -> Visit:
    """Judge a sign-in by `SIGNED_IN`; what it led to."""
    visit = Visit(arrival.page, talk.provider, asked=talk.address)
    talk.judge(_OPENS, visit)
    talk.judge(_WHERE_ASKED, visit)
    session = Session(tuple(e for e in arrival.exchanges if not talk.provider.holds(e.request.url)), arrival.page)
    for check in (*COOKIES, NO_STORE, NO_CODE):
        talk.judge(check, session)
    return visit


async def _sign_in(talk: Conversation) -> None:
    person = talk.regulator
    await talk.tell_account(person)
    browser = talk.browser()
    visit = judge_sign_in(talk, await talk.sign_in(browser, person))
    if visit.kind not in GIVEN:
        talk.skip(
            _NOT_ASKED_AGAIN,
            Text("Une première connexion n’aboutit pas.", "A first sign-in does not succeed."),
        )
        return
    known = await talk.known_to_provider(person)
    visits = [Visit(await talk.arrive(each), talk.provider) for each in (known, known, browser)]
    talk.judge(_NOT_ASKED_AGAIN, Visits(tuple(visits)))


SIGN_IN = scenario(
    "sign_in",
    Text("Un régulateur se connecte, puis revient", "A regulator signs in, then comes back"),
    (_OPENS, _WHERE_ASKED, _NOT_ASKED_AGAIN, *COOKIES, NO_STORE, NO_CODE),
    _sign_in,
    tags=(Tag.SMOKE, Tag.SECURITY, Tag.LIFECYCLE),
)

_TERMS_ASKED = lands(
    "terms.asked",
    "SSO-050",
    Text("Les conditions sont demandées à la première connexion", "The terms are asked at the first sign-in"),
    Text(
        "À sa première connexion, le régulateur n’a pas à accepter les conditions de l’éditeur.",
        "At the first sign-in, the regulator does not have to accept the editor's terms.",
    ),
    frozenset({Kind.TERMS}),
)
_NOTHING_BEFORE = nothing_granted(
    "terms.before_booking",
    "SSO-051",
    Text("Rien ne se réserve avant l’acceptation des conditions", "Nothing is booked before the terms are accepted"),
    Text(
        "La saisie d’un patient est ouverte avant l’acceptation des conditions.",
        "A patient can be entered before the terms are accepted.",
    ),
    allowed=frozenset({Kind.AGENDA, Kind.TERMS, Kind.OTHER}),
)
_TERMS_OPEN = lands(
    "terms.accepted",
    "SSO-052",
    Text("L’acceptation des conditions ouvre l’agenda", "Accepting the terms opens the agenda"),
    Text("Les conditions acceptées, l’agenda ne s’ouvre pas.", "The terms accepted, the agenda does not open."),
    GIVEN,
)
_TERMS_ONCE = lands(
    "terms.once",
    "SSO-053",
    Text("Les conditions acceptées ne sont pas redemandées", "Terms that were accepted are not asked again"),
    Text(
        "Les conditions déjà acceptées sont demandées à la connexion suivante.",
        "Terms already accepted are asked again at the next sign-in.",
    ),
    GIVEN,
)
_ACCEPTED_BEFORE = Text(
    "L’éditeur a repris un compte qui existait : ses conditions ont pu être acceptées auparavant.",
    "The editor took up an account that existed: its terms may have been accepted before.",
)
_NOT_MET = Text("Les conditions n’ont pas été rencontrées.", "The terms were not met.")


async def _first_login(talk: Conversation) -> None:
    agenda = await talk.agenda()
    person = talk.newcomer
    # The account of somebody who works with it is not ours to replace.
    fresh = bool(person.fault) and await talk.new_account(person)
    if not person.fault:
        await talk.tell_account(person)
    browser = talk.browser()
    page = (await talk.sign_in(browser, person, accept=False)).page
    visit = Visit(page, talk.provider, agenda)
    if visit.kind is not Kind.TERMS:
        ground = None if fresh or visit.kind not in GIVEN else _ACCEPTED_BEFORE
        talk.judge(_TERMS_ASKED, Visit(page, talk.provider, agenda, ground=ground))
        for check in (_NOTHING_BEFORE, _TERMS_OPEN, _TERMS_ONCE):
            talk.skip(check, _NOT_MET)
        return
    talk.judge(_TERMS_ASKED, visit)
    talk.judge(_NOTHING_BEFORE, await talk.refused(browser, page, agenda))
    opened = await talk.accept_terms(browser, page)
    talk.judge(_TERMS_OPEN, Visit(opened, talk.provider, agenda))
    again = (await talk.sign_in(talk.browser(), person, accept=False)).page
    talk.judge(_TERMS_ONCE, Visit(again, talk.provider, agenda))


FIRST_LOGIN = scenario(
    "first_login",
    Text("La première connexion d’un régulateur", "The first sign-in of a regulator"),
    (_TERMS_ASKED, _NOTHING_BEFORE, _TERMS_OPEN, _TERMS_ONCE),
    _first_login,
    own_people=True,
    tags=(Tag.CONTENT, Tag.LIFECYCLE),
)

SCENARIOS = (SIGN_IN, FIRST_LOGIN)
