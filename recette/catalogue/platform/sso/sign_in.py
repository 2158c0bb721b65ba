"""What the provider publishes, how somebody signs in, and which requests it must not follow."""

from __future__ import annotations

from recette.catalogue.platform.sso.relying_party import (
    EVERY_SCENARIO,
    NO_CODE,
    Request,
    login_form,
    relying_party,
)
from recette.catalogue.tags import Tag
from recette.checks.platform_sso import (
    LOGIN_MARKER,
    LOGIN_TRAPS,
    STATE,
    gives_code,
    gives_no_code,
    goes_nowhere,
    grants,
    not_stored,
    redirects_error,
)
from recette.checks.platform_sso_content import ALGORITHMS, HTTPS, ISSUER, KEYS, MEMBERS, Discovered
from recette.model import Actor, Scenario, Stage
from sas_kernel.flows import Flow
from sas_kernel.text import Text

_PUBLISHED = grants(
    "provider.discovery_published",
    "SSO-101",
    Text("La découverte est publiée", "The discovery is published"),
    Text("La découverte n’est pas publiée à son adresse.", "The discovery is not published at its address."),
    ("issuer",),
)
_WALLET = grants(
    "provider.discovery_wallet",
    "SSO-102",
    Text("La découverte l’est aussi à l’adresse de Pro Santé Connect", "It is at Pro Santé Connect's address too"),
    Text(
        "La découverte n’est pas publiée à wallet-openid-configuration.",
        "The discovery is not published at wallet-openid-configuration.",
    ),
    ("issuer",),
)
_DISCOVERY_CHECKS = (_PUBLISHED, _WALLET, ISSUER, MEMBERS, ALGORITHMS, HTTPS, KEYS, *EVERY_SCENARIO)


async def _discover(stage: Stage) -> None:
    async with relying_party(stage, _DISCOVERY_CHECKS, alone=True) as talk:
        if talk is None:
            return
        talk.judge((_PUBLISHED, MEMBERS, ALGORITHMS, HTTPS), talk.discovery)
        talk.judge((ISSUER,), Discovered(talk.discovery, talk.sso.issuer))
        wallet = await talk.get(f"{talk.sso.issuer}/.well-known/wallet-openid-configuration")
        talk.judge((_WALLET,), wallet)
        if talk.endpoint("jwks_uri"):
            talk.judge((KEYS,), await talk.get(talk.endpoint("jwks_uri")))


DISCOVERY = Scenario(
    "sso.platform.discovery",
    Flow.SSO,
    Text("Ce que le fournisseur publie", "What the provider publishes"),
    _DISCOVERY_CHECKS,
    _discover,
    actor=Actor.PLATFORM,
    tags=(Tag.SMOKE, Tag.CONTENT),
)

# --- signing in ------------------------------------------------------------------------------------------------------

_CODE = gives_code(
    "provider.login_code",
    "SSO-110",
    Text("Qui se connecte revient avec un code", "Who signs in comes back with a code"),
    Text("La connexion ne mène pas à un code.", "Signing in does not lead to a code."),
)
_LOGIN_NO_STORE = not_stored(
    "provider.login_no_store",
    "SSO-124",
    Text("La page de connexion n’est pas gardée", "The login page is not stored"),
    Text("La page de connexion peut être gardée en cache.", "The login page may be cached."),
)
_WRONG_PASSWORD = gives_no_code(
    "provider.login_wrong_password",
    "SSO-123",
    Text("Un mauvais mot de passe ne donne rien", "A wrong password gives nothing"),
    Text("Un mauvais mot de passe donne un code.", "A wrong password gives a code."),
)
_ONCE = gives_code(
    "provider.login_once",
    "SSO-121",
    Text("Qui est connecté ne l’est pas de nouveau", "Who is signed in is not asked again"),
    Text(
        "Une seconde demande, dans la même session, ne donne pas de code sans nouvelle connexion.",
        "A second request, in the same session, gives no code without signing in again.",
    ),
)
_SILENT = gives_code(
    "provider.prompt_signed_in",
    "SSO-122",
    Text("prompt=none suffit à qui est connecté", "prompt=none is enough for who is signed in"),
    Text("prompt=none ne donne pas de code à qui est connecté.", "prompt=none gives no code to who is signed in."),
)
_NOBODY = redirects_error(
    "provider.prompt_nobody",
    "SSO-120",
    Text("prompt=none sans session revient par une erreur", "prompt=none without a session comes back as an error"),
    Text(
        "prompt=none sans session ne revient pas par login_required.",
        "prompt=none without a session does not come back with login_required.",
    ),
    frozenset({"login_required", "interaction_required"}),
)
_SIGN_IN_CHECKS = (
    *(LOGIN_MARKER, LOGIN_TRAPS, _LOGIN_NO_STORE, _WRONG_PASSWORD, _CODE, STATE, _ONCE, _SILENT, _NOBODY),
    *EVERY_SCENARIO,
)


async def _sign_in(stage: Stage) -> None:
    async with relying_party(stage, _SIGN_IN_CHECKS) as talk:
        if talk is None:
            return
        browser = talk.browser()
        asked = await talk.authorize(browser)
        if login_form(asked.answer.page) is not None:
            talk.judge((LOGIN_MARKER, LOGIN_TRAPS, _LOGIN_NO_STORE), asked.answer)
        refused = await talk.sign_in(browser, asked, password="recette-faux-mot-de-passe")
        again = refused if login_form(refused.answer.page) is not None else await talk.authorize(browser)
        done = await talk.sign_in(browser, again)
        talk.judge((_CODE, STATE), done.answer)
        talk.judge((_WRONG_PASSWORD,), refused.answer)
        ground = None if done.answer.code else NO_CODE
        talk.judge((_ONCE,), (await talk.authorize(browser, ground)).answer)
        talk.judge((_SILENT,), (await talk.authorize(browser, ground, prompt="none")).answer)
        nobody = (await talk.authorize(talk.browser(), ground, prompt="none")).answer
        talk.judge((_NOBODY, STATE), nobody)


SIGN_IN = Scenario(
    "sso.platform.sign_in",
    Flow.SSO,
    Text("Une personne se connecte, et n’a plus à le refaire", "Somebody signs in, and need not do it again"),
    _SIGN_IN_CHECKS,
    _sign_in,
    actor=Actor.PLATFORM,
    tags=(Tag.SMOKE, Tag.SECURITY, Tag.LIFECYCLE),
)

# --- requests that are wrong -----------------------------------------------------------------------------------------

_CLIENT = goes_nowhere(
    "provider.request_client",
    "SSO-114",
    Text("Un client inconnu n’est mené nulle part", "An unknown client is led nowhere"),
    Text("La demande d’un client inconnu est redirigée.", "The request of an unknown client is redirected."),
)
_REDIRECT = goes_nowhere(
    "provider.request_redirect_uri",
    "SSO-115",
    Text("Une adresse de retour non déclarée n’est pas suivie", "An unregistered return address is not followed"),
    Text(
        "Une adresse de retour qui n’est pas exactement celle déclarée est suivie.",
        "A return address that is not exactly the one registered is followed.",
    ),
)
_TYPE = redirects_error(
    "provider.request_response_type",
    "SSO-117",
    Text("Un autre response_type revient par une erreur", "Another response_type comes back as an error"),
    Text("response_type=token n’est pas refusé comme il se doit.", "response_type=token is not refused as it ought."),
    frozenset({"unsupported_response_type", "unauthorized_client", "invalid_request"}),
)
_PKCE = gives_no_code(
    "provider.request_pkce",
    "SSO-118",
    Text("Sans PKCE, pas de code", "No code without PKCE"),
    Text("Une demande sans code_challenge donne un code.", "A request without code_challenge gives a code."),
)
_PLAIN = gives_no_code(
    "provider.request_pkce_plain",
    "SSO-119",
    Text("PKCE « plain » est refusé", "PKCE 'plain' is refused"),
    Text("Une demande de méthode plain donne un code.", "A request of method plain gives a code."),
)
_REQUEST_CHECKS = (_CLIENT, _REDIRECT, _TYPE, _PKCE, _PLAIN, STATE, *EVERY_SCENARIO)


async def _requests(stage: Stage) -> None:
    async with relying_party(stage, _REQUEST_CHECKS) as talk:
        if talk is None:
            return
        browser, done = await talk.signed_in()
        ground = None if done.answer.code else NO_CODE

        async def ask(**changes: str | None) -> Request:
            return await talk.authorize(browser, ground, **changes)

        talk.judge((_CLIENT,), (await ask(client_id="recette-client-inconnu")).answer)
        back = talk.sso.redirect_uri
        for uri in (f"{back}/autre", f"{back}?x=1", f"{back}e", "https://recette.example.org/retour"):
            talk.judge((_REDIRECT,), (await ask(redirect_uri=uri)).answer)
        talk.judge((_TYPE, STATE), (await ask(response_type="token")).answer)
        talk.judge((_PKCE,), (await ask(code_challenge=None, code_challenge_method=None)).answer)
        talk.judge((_PLAIN,), (await ask(code_challenge_method="plain")).answer)


REQUESTS = Scenario(
    "sso.platform.requests",
    Flow.SSO,
    Text("Des demandes auxquelles il ne faut pas donner suite", "Requests that must not be followed"),
    _REQUEST_CHECKS,
    _requests,
    actor=Actor.PLATFORM,
    tags=(Tag.REFUSALS, Tag.SECURITY),
)

SCENARIOS: tuple[Scenario, ...] = (DISCOVERY, SIGN_IN, REQUESTS)
