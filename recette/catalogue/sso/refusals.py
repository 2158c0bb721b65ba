"""Who is not admitted: without an enabled account, with a token that is not right, without the platform's origin."""

from __future__ import annotations

import re

from recette.catalogue.browser import Browser
from recette.catalogue.sso.conversation import STRANGE_ORIGIN, Conversation, scenario
from recette.catalogue.sso.ground import Groundless, Person
from recette.catalogue.tags import Tag
from recette.checks.page import Page
from recette.checks.sso import CLEAR_REFUSAL, Visit, Visits, lands, nothing_granted
from recette.checks.sso_pages import GIVEN, Agenda, Kind, links, login_form
from recette.checks.sso_request import Entry
from recette.model import Check
from sas_kernel.text import Text

_UNKNOWN = nothing_granted(
    "account.unknown",
    "SSO-060",
    Text("Une personne sans compte est refusée, deux fois", "A person without account is refused, twice"),
    Text(
        "Une personne dont l’éditeur n’a reçu aucun compte est admise.",
        "A person of whom the editor was sent no account is admitted.",
    ),
)
_INACTIVE = nothing_granted(
    "account.inactive",
    "SSO-061",
    Text("Le titulaire d’un compte désactivé est refusé", "The holder of a disabled account is refused"),
    Text("Le titulaire d’un compte désactivé est admis.", "The holder of a disabled account is admitted."),
)
_CUT_OFF = nothing_granted(
    "account.cut_off",
    "SSO-062",
    Text("La désactivation d’un compte met fin à ses sessions", "Disabling an account ends its sessions"),
    Text(
        "La session ouverte d’un compte désactivé garde ses droits.",
        "The open session of a disabled account keeps its rights.",
    ),
    allowed=frozenset({Kind.OTHER, Kind.AGENDA}),
)
_ENABLED = lands(
    "account.enabled",
    "SSO-063",
    Text("Le titulaire d’un compte réactivé est admis", "The holder of an account enabled again is admitted"),
    Text(
        "Le titulaire d’un compte réactivé n’est pas admis.", "The holder of an account enabled again is not admitted."
    ),
    GIVEN | {Kind.TERMS},
)


async def _accounts(talk: Conversation) -> None:
    agenda = await talk.agenda()
    try:
        stranger = talk.with_fault("unknown_account")
        talk.judge(
            _UNKNOWN, Visits((await _turned_away(talk, stranger, agenda), await _turned_away(talk, stranger, agenda)))
        )
    except Groundless as error:
        talk.skip(_UNKNOWN, error.reason)
    person = talk.newcomer
    try:
        await talk.tell_account(person)
        browser = talk.browser()
        admitted = Visit((await talk.sign_in(browser, person)).page, talk.provider, agenda)
        await talk.tell_account(person, active=False)
        if admitted.kind in GIVEN:
            page = await talk.arrive(browser, talk.address)
            talk.judge(_CUT_OFF, await talk.refused(browser, page, agenda))
        else:
            talk.skip(_CUT_OFF, Text("Aucune session n’a été ouverte.", "No session was opened."))
        refused = await _turned_away(talk, person, agenda)
        talk.judge(_INACTIVE, refused)
        talk.judge(CLEAR_REFUSAL, refused)
    finally:
        await talk.tell_account(person)
    page = (await talk.sign_in(talk.browser(), person)).page
    talk.judge(_ENABLED, Visit(page, talk.provider, agenda))


async def _turned_away(talk: Conversation, person: Person, agenda: Agenda) -> Visit:
    """Somebody signs in at the provider and comes back to the editor, who ought to refuse."""
    browser = talk.browser()
    page = (await talk.sign_in(browser, person, accept=False)).page
    return await talk.refused(browser, page, agenda)


ACCOUNTS = scenario(
    "accounts",
    Text("Sans compte actif, personne n’est admis", "Without an enabled account, nobody is admitted"),
    (_UNKNOWN, _CUT_OFF, _INACTIVE, CLEAR_REFUSAL, _ENABLED),
    _accounts,
    own_people=True,
    tags=(Tag.REFUSALS, Tag.SECURITY),
)


def _token(fault: str, requirement: str, title: Text, message: Text) -> tuple[str, Check]:
    return fault, nothing_granted(f"token.{fault}", requirement, title, message)


_TOKENS: dict[str, Check] = dict(
    (
        _token(
            "wrong_audience",
            "SSO-070",
            Text("Un jeton destiné à un autre client est refusé", "A token meant for another client is refused"),
            Text(
                "Un jeton destiné à un autre client (aud) est accepté.", "A token for another client (aud) is accepted."
            ),
        ),
        _token(
            "wrong_issuer",
            "SSO-071",
            Text("Un jeton d’un autre émetteur est refusé", "A token of another issuer is refused"),
            Text("Un jeton d’un autre émetteur (iss) est accepté.", "A token of another issuer (iss) is accepted."),
        ),
        _token(
            "expired",
            "SSO-072",
            Text("Un jeton expiré est refusé", "An expired token is refused"),
            Text("Un jeton expiré (exp) est accepté.", "An expired token (exp) is accepted."),
        ),
        _token(
            "bad_nonce",
            "SSO-073",
            Text("Un jeton d’un autre nonce est refusé", "A token of another nonce is refused"),
            Text(
                "Un jeton dont le nonce n’est pas celui de la demande est accepté.",
                "A token whose nonce is not that of the request is accepted.",
            ),
        ),
        _token(
            "bad_signature",
            "SSO-074",
            Text("Un jeton mal signé est refusé", "A badly signed token is refused"),
            Text("Un jeton dont la signature est fausse est accepté.", "A token whose signature is wrong is accepted."),
        ),
        _token(
            "alg_none",
            "SSO-075",
            Text("Un jeton sans signature est refusé", "A token without signature is refused"),
            Text(
                "Un jeton sans signature (alg none) est accepté.", "A token without signature (alg none) is accepted."
            ),
        ),
        _token(
            "missing_subject_name_id",
            "SSO-076",
            Text("Sans identifiant national, personne n’est reconnu", "Without a national id, nobody is recognised"),
            Text(
                "Une personne sans SubjectNameID est reconnue à autre chose : son nom, son adresse.",
                "A person without SubjectNameID is recognised by something else: a name, an e-mail.",
            ),
        ),
        _token(
            "wrong_state",
            "SSO-077",
            Text("Un retour dont le state a changé est refusé", "A return whose state has changed is refused"),
            Text(
                "Le fournisseur renvoie un autre state que celui de la demande, et l’éditeur l’accepte.",
                "The provider sends back another state than the request's, and the editor accepts it.",
            ),
        ),
        _token(
            "subject_mismatch",
            "SSO-078",
            Text("userinfo au sujet d’une autre personne est refusé", "Userinfo about another subject is refused"),
            Text(
                "Une réponse userinfo dont le sub n’est pas celui du jeton est employée.",
                "A userinfo answer whose sub is not that of the token is used.",
            ),
        ),
    )
)


async def _tokens(talk: Conversation) -> None:
    agenda = await talk.agenda()
    entry = Entry(await talk.arrive(talk.browser()), talk.provider)
    refused: list[Visit] = []
    for fault, check in _TOKENS.items():
        if fault == "bad_nonce" and not (entry.sent or {}).get("nonce"):
            talk.skip(check, Text("La demande ne porte pas de nonce.", "The request has no nonce."))
            continue
        try:
            person = talk.with_fault(fault)
            await talk.tell_account(person)
            refused.append(await _turned_away(talk, person, agenda))
        except Groundless as error:
            talk.skip(check, error.reason)
        else:
            talk.judge(check, refused[-1])
    if refused:
        talk.judge(CLEAR_REFUSAL, Visits(tuple(refused)))


TOKENS = scenario(
    "tokens",
    Text("Les jetons qui ne sont pas justes sont refusés", "Tokens that are not right are refused"),
    (*_TOKENS.values(), CLEAR_REFUSAL),
    _tokens,
    own_people=True,
    tags=(Tag.REFUSALS, Tag.SECURITY),
)

_RIGHTLESS = nothing_granted(
    "rights.without_origin",
    "SSO-045",
    Text("Connecté sans origin, le régulateur ne réserve pas", "Signed in without origin, the regulator cannot book"),
    Text(
        "Le même régulateur, connecté sans passer par la plateforme, garde le droit de réserver.",
        "The same regulator, signed in without coming from the platform, still has the right to book.",
    ),
    allowed=frozenset({Kind.AGENDA, Kind.TERMS, Kind.OTHER}),
)
_STRANGE_RIGHTLESS = nothing_granted(
    "rights.strange_origin",
    "SSO-046",
    Text("Une autre valeur d’origin ne donne pas de droits", "Another value of origin gives no rights"),
    Text(
        "Une session sans droits en gagne par une valeur d’origin que l’éditeur ne connaît pas.",
        "A session without rights gains some by a value of origin the editor does not know.",
    ),
    allowed=frozenset({Kind.AGENDA, Kind.TERMS, Kind.OTHER}),
)
_RIGHTS_GAINED = lands(
    "rights.gained",
    "SSO-047",
    Text("Revenu par la plateforme, le régulateur réserve", "Coming from the platform, the regulator can book"),
    Text(
        "Connecté d’abord sans origin, puis revenu avec, le régulateur n’obtient pas l’agenda où réserver.",
        "Signed in without origin first, then coming back with it, the regulator is not given the agenda to book.",
    ),
    GIVEN | {Kind.TERMS},
)
_TO_THE_PROVIDER = re.compile(r"\bpsc\b|pro\s*sant|e-?cps|\bsas\b|openid|oidc|\bsso\b", re.IGNORECASE)
_BY_HAND = Text(
    "Aucun lien de la connexion de l’éditeur ne mène au fournisseur : se connecter à la main, sans origin,"
    " avec le compte d’un régulateur, et constater qu’aucune réservation n’est possible.",
    "No link of the editor's own login leads to the provider: sign in by hand, without origin,"
    " with a regulator's account, and see that nothing can be booked.",
)


async def _rights(talk: Conversation) -> None:
    agenda = await talk.agenda()
    browser = talk.browser()
    page = await _own_login(talk, browser)
    if page is None:
        landing = await talk.arrive(browser, talk.address)
        visit = Visit(landing, talk.provider, agenda, by_hand=_BY_HAND)
        talk.judge(_RIGHTLESS, visit)
        talk.judge(_STRANGE_RIGHTLESS, visit)
        talk.skip(_RIGHTS_GAINED, Text("Aucune session sans droits.", "No session without rights."))
        return
    talk.judge(_RIGHTLESS, await talk.refused(browser, page, agenda))
    strange = await talk.arrive(browser, talk.entry(STRANGE_ORIGIN))
    talk.judge(_STRANGE_RIGHTLESS, await talk.refused(browser, strange, agenda))
    gained = (await talk.sign_in(browser, talk.regulator)).page
    talk.judge(_RIGHTS_GAINED, Visit(gained, talk.provider, agenda))


async def _own_login(talk: Conversation, browser: Browser) -> Page | None:
    """Sign in by the editor's own login, where a link of it leads to the provider; None where none does."""
    page = await talk.arrive(browser, talk.address)
    for address, said in links(page):
        if not _TO_THE_PROVIDER.search(f"{address} {said}"):
            continue
        reached = await talk.arrive(browser, address)
        form = login_form(reached)
        if form is not None and talk.provider.holds(reached.url):
            return await talk.fill_in(browser, reached, form, talk.regulator)
    return None


RIGHTS = scenario(
    "rights",
    Text("Les droits n’existent que par la plateforme", "Rights exist only through the platform"),
    (_RIGHTLESS, _STRANGE_RIGHTLESS, _RIGHTS_GAINED),
    _rights,
    tags=(Tag.SECURITY,),
)

SCENARIOS = (ACCOUNTS, TOKENS, RIGHTS)
