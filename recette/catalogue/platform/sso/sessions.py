"""What follows a sign-in: tokens refreshed, asked about, and given back at the end."""

from __future__ import annotations

from collections.abc import Iterator

from recette.catalogue.platform.sso.relying_party import (
    EVERY_SCENARIO,
    NO_TOKENS,
    relying_party,
    subject_of,
)
from recette.catalogue.tags import Tag
from recette.checks.platform_sso import (
    STANDARD_ERROR,
    Authorized,
    Reply,
    gives_no_code,
    goes_nowhere,
    grants,
    holds,
    not_stored,
    refuses,
)
from recette.checks.platform_sso_content import ID_TOKEN
from recette.model import Actor, Problem, Scenario, Stage
from sas_kernel.flows import Flow
from sas_kernel.text import Text

_REFRESHED = grants(
    "provider.refresh_granted",
    "SSO-170",
    Text("Un jeton de rafraîchissement donne de nouveaux jetons", "A refresh token gives new tokens"),
    Text("Le rafraîchissement ne donne pas de jeton d’accès.", "Refreshing gives no access token."),
    ("access_token",),
)
_NO_STORE = not_stored(
    "provider.refresh_no_store",
    "SSO-131",
    Text("Les jetons rafraîchis ne sont pas gardés", "Refreshed tokens are not stored"),
    Text("La réponse qui porte les jetons peut être gardée en cache.", "The answer with the tokens may be cached."),
)
_ROTATED = refuses(
    "provider.refresh_rotated",
    "SSO-171",
    Text("Un jeton de rafraîchissement ne sert qu’une fois", "A refresh token serves once"),
    Text("Un jeton de rafraîchissement remplacé sert encore.", "A refresh token that was replaced still serves."),
    frozenset({"invalid_grant"}),
    frozenset({400}),
)
_REFRESH_INVENTED = refuses(
    "provider.refresh_invented",
    "SSO-172",
    Text("Un jeton de rafraîchissement inventé est refusé", "An invented refresh token is refused"),
    Text("Un jeton inventé n’est pas refusé comme il se doit.", "An invented token is not refused as it ought."),
    frozenset({"invalid_grant"}),
    frozenset({400}),
)
_REFRESH_CHECKS = (
    *(_REFRESHED, _NO_STORE, *ID_TOKEN, _ROTATED, _REFRESH_INVENTED, STANDARD_ERROR),
    *EVERY_SCENARIO,
)


async def _refresh(stage: Stage) -> None:
    async with relying_party(stage, _REFRESH_CHECKS) as talk:
        if talk is None:
            return
        _, request = await talk.signed_in()
        granted = await talk.exchange(request)
        token = granted.text("refresh_token")
        if not token:
            talk.skip([check for check in _REFRESH_CHECKS if check not in EVERY_SCENARIO], NO_TOKENS)
            return
        fields = {"grant_type": "refresh_token", "refresh_token": token}
        reply = await talk.post("token_endpoint", fields)
        talk.judge((_REFRESHED, _NO_STORE), reply)
        talk.judge(ID_TOKEN, await talk.identified(reply, subject=subject_of(granted)))
        invented = {**fields, "refresh_token": "recette-jeton-invente"}
        talk.judge((_REFRESH_INVENTED, STANDARD_ERROR), await talk.post("token_endpoint", invented))
        renewed = reply.text("refresh_token")
        if renewed == token or not renewed:
            kept = Text("Le jeton n’a pas été remplacé.", "The token was not replaced.")
            talk.judge((_ROTATED,), await talk.post("token_endpoint", fields, None if renewed else kept))
        else:
            talk.judge((_ROTATED, STANDARD_ERROR), await talk.post("token_endpoint", fields))


REFRESH = Scenario(
    "sso.platform.refresh",
    Flow.SSO,
    Text("Des jetons rafraîchis", "Tokens that are refreshed"),
    _REFRESH_CHECKS,
    _refresh,
    actor=Actor.PLATFORM,
    tags=(Tag.SECURITY, Tag.LIFECYCLE),
)

# --- introspection ---------------------------------------------------------------------------------------------------


def _active(reply: Reply) -> Iterator[Problem | None]:
    message = Text("Un jeton qui vit n’est pas dit actif.", "A token that lives is not said to be active.")
    held = reply.root["active"].value is True
    yield None if held else Problem(message, "$.active", "true", repr(reply.root["active"].value))
    told = Text("L’introspection ne dit pas à qui est le jeton.", "The introspection does not say whose the token is.")
    if held:
        for name in ("client_id", "sub"):
            yield None if reply.text(name) else Problem(told, f"$.{name}", "a string", None)


def _inactive(reply: Reply) -> Iterator[Problem | None]:
    message = Text("Un jeton inventé est dit actif.", "An invented token is said to be active.")
    value = reply.root["active"].value
    yield None if value is False else Problem(message, "$.active", "false", repr(value))


_ANSWERED = grants(
    "provider.introspection_answered",
    "SSO-180",
    Text("L’introspection répond à un client", "The introspection answers a client"),
    Text("L’introspection ne répond pas à un client authentifié.", "It does not answer an authenticated client."),
    (),
)
_IS_ACTIVE = holds(
    "provider.introspection_active",
    "SSO-180",
    Text("Un jeton qui vit est dit actif", "A token that lives is said to be active"),
    _active,
)
_IS_INACTIVE = holds(
    "provider.introspection_inactive",
    "SSO-181",
    Text("Un jeton inventé est dit inactif", "An invented token is said to be inactive"),
    _inactive,
)
_CLOSED = refuses(
    "provider.introspection_closed",
    "SSO-182",
    Text("L’introspection ne répond qu’aux clients", "The introspection answers clients only"),
    Text("L’introspection répond à qui n’est pas authentifié.", "The introspection answers who is not authenticated."),
    frozenset(),
    frozenset({400, 401}),
)
_INTROSPECTION_CHECKS = (_ANSWERED, _IS_ACTIVE, _IS_INACTIVE, _CLOSED, *EVERY_SCENARIO)


async def _introspect(stage: Stage) -> None:
    async with relying_party(stage, _INTROSPECTION_CHECKS) as talk:
        if talk is None:
            return
        if not talk.endpoint("introspection_endpoint"):
            none = Text("La découverte n’annonce pas d’introspection.", "The discovery announces no introspection.")
            talk.skip([check for check in _INTROSPECTION_CHECKS if check not in EVERY_SCENARIO], none)
            return
        _, request = await talk.signed_in()
        granted = await talk.exchange(request)
        token = {"token": granted.text("access_token")}
        ground = None if token["token"] else NO_TOKENS
        reply = await talk.post("introspection_endpoint", token, ground)
        talk.judge((_ANSWERED, _IS_ACTIVE), reply)
        invented = {"token": "recette.jeton.invente"}
        talk.judge((_IS_INACTIVE,), await talk.post("introspection_endpoint", invented, ground))
        talk.judge((_CLOSED,), await talk.post("introspection_endpoint", token, ground, secret=""))


INTROSPECTION = Scenario(
    "sso.platform.introspection",
    Flow.SSO,
    Text("Ce que le fournisseur dit d’un jeton", "What the provider says of a token"),
    _INTROSPECTION_CHECKS,
    _introspect,
    actor=Actor.PLATFORM,
    tags=(Tag.CONTENT, Tag.SECURITY),
)

# --- logout ----------------------------------------------------------------------------------------------------------

_ENDED = gives_no_code(
    "provider.logout_session",
    "SSO-190",
    Text("La déconnexion ferme la session", "Logging out ends the session"),
    Text("Après la déconnexion, un code s’obtient encore sans se connecter.", "A code is still given after logout."),
)
_TOKENS_ENDED = refuses(
    "provider.logout_tokens",
    "SSO-191",
    Text("La déconnexion éteint les jetons", "Logging out ends the tokens"),
    Text("Après la déconnexion, le rafraîchissement sert encore.", "After logout, refreshing still serves."),
    frozenset({"invalid_grant"}),
    frozenset({400}),
)
_OPEN_REDIRECT = goes_nowhere(
    "provider.logout_open_redirect",
    "SSO-192",
    Text("La déconnexion ne mène qu’aux adresses déclarées", "Logging out leads to registered addresses only"),
    Text("La déconnexion redirige vers une adresse non déclarée.", "Logout redirects to an unregistered address."),
)
_LOGOUT_CHECKS = (_OPEN_REDIRECT, _ENDED, _TOKENS_ENDED, *EVERY_SCENARIO)


async def _logout(stage: Stage) -> None:
    async with relying_party(stage, _LOGOUT_CHECKS) as talk:
        if talk is None:
            return
        end = talk.endpoint("end_session_endpoint")
        if not end:
            none = Text("La découverte n’annonce pas de déconnexion.", "The discovery announces no logout.")
            talk.skip([check for check in _LOGOUT_CHECKS if check not in EVERY_SCENARIO], none)
            return
        browser, request = await talk.signed_in()
        granted = await talk.exchange(request)
        hint = granted.text("id_token")
        ground = None if hint else NO_TOKENS
        elsewhere = "https://recette.example.org/ailleurs"
        page = await browser.post(end, {"id_token_hint": hint, "post_logout_redirect_uri": elsewhere})
        talk.heard += page.exchanges
        talk.judge((_OPEN_REDIRECT,), Authorized(page, elsewhere, ground=ground))
        fields = {"id_token_hint": hint, "client_id": talk.sso.client_id}
        if talk.sso.post_logout_uri:
            fields["post_logout_redirect_uri"] = talk.sso.post_logout_uri
        page = await browser.post(end, fields)
        talk.heard += page.exchanges
        talk.judge((_ENDED,), (await talk.authorize(browser, ground, prompt="none")).answer)
        token = granted.text("refresh_token")
        refreshing = {"grant_type": "refresh_token", "refresh_token": token}
        reply = await talk.post("token_endpoint", refreshing, None if token else NO_TOKENS)
        talk.judge((_TOKENS_ENDED,), reply)


LOGOUT = Scenario(
    "sso.platform.logout",
    Flow.SSO,
    Text("La fin d’une session", "The end of a session"),
    _LOGOUT_CHECKS,
    _logout,
    actor=Actor.PLATFORM,
    tags=(Tag.SECURITY, Tag.LIFECYCLE),
)

SCENARIOS: tuple[Scenario, ...] = (REFRESH, INTROSPECTION, LOGOUT)
