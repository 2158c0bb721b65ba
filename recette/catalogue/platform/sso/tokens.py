"""Codes exchanged for tokens: what is in them, what userinfo says, and what must be refused."""

from __future__ import annotations

from recette.catalogue.platform.sso.relying_party import (
    EVERY_SCENARIO,
    NO_CODE,
    NO_TOKENS,
    relying_party,
    subject_of,
)
from recette.catalogue.tags import Tag
from recette.checks.platform_sso import STANDARD_ERROR, grants, not_stored, refuses
from recette.checks.platform_sso_content import CLAIMS, ID_TOKEN, NATIONAL_ID, NONCE, SAME_SUBJECT, Described
from recette.model import Actor, Check, Scenario, Stage
from sas_kernel.flows import Flow
from sas_kernel.text import Text

_BAD_REQUEST = frozenset({400})
_UNAUTHORIZED = frozenset({401})
_GRANT = frozenset({"invalid_grant"})

_TOKENS = grants(
    "provider.token_granted",
    "SSO-130",
    Text("Un code s’échange contre des jetons", "A code is exchanged for tokens"),
    Text("L’échange d’un code ne donne pas les jetons.", "The exchange of a code does not give the tokens."),
    ("access_token", "id_token", "token_type"),
)
_NO_STORE = not_stored(
    "provider.token_no_store",
    "SSO-131",
    Text("Une réponse qui porte des jetons n’est pas gardée", "An answer with tokens is not stored"),
    Text("La réponse qui porte les jetons peut être gardée en cache.", "The answer with the tokens may be cached."),
)
_INFO = grants(
    "provider.userinfo_granted",
    "SSO-160",
    Text("userinfo répond au porteur du jeton", "userinfo answers the bearer of the token"),
    Text("userinfo ne répond pas au porteur du jeton.", "userinfo does not answer the bearer of the token."),
    ("sub",),
)
_INFO_NOBODY = refuses(
    "provider.userinfo_nobody",
    "SSO-164",
    Text("userinfo ne répond pas sans jeton", "userinfo does not answer without a token"),
    Text("userinfo répond à qui n’a pas de jeton.", "userinfo answers who has no token."),
    frozenset(),
    _UNAUTHORIZED,
)
_INFO_WRONG = refuses(
    "provider.userinfo_wrong_token",
    "SSO-165",
    Text("userinfo ne répond pas à un jeton inventé", "userinfo does not answer an invented token"),
    Text("userinfo répond à un jeton inventé.", "userinfo answers an invented token."),
    frozenset(),
    _UNAUTHORIZED,
)
_TOKEN_CHECKS: tuple[Check, ...] = (
    *(_TOKENS, _NO_STORE, *ID_TOKEN, NONCE, _INFO, SAME_SUBJECT, CLAIMS, NATIONAL_ID, _INFO_NOBODY, _INFO_WRONG),
    *EVERY_SCENARIO,
)


async def _tokens(stage: Stage) -> None:
    async with relying_party(stage, _TOKEN_CHECKS) as talk:
        if talk is None:
            return
        _, request = await talk.signed_in()
        reply = await talk.exchange(request)
        talk.judge((_TOKENS, _NO_STORE), reply)
        talk.judge((*ID_TOKEN, NONCE), await talk.identified(reply, request.nonce))
        url, access = talk.endpoint("userinfo_endpoint"), reply.text("access_token")
        ground = None if access else NO_TOKENS
        info = await talk.get(url, bearer=access, ground=ground)
        talk.judge((_INFO,), info)
        national = "" if talk.person.technical else talk.person.value
        described = Described(info, subject_of(reply), national)
        talk.judge((SAME_SUBJECT, CLAIMS), described)
        if national:
            talk.judge((NATIONAL_ID,), described)
        else:
            unknown = Text("Son identifiant national n’est pas connu.", "The person's national id is not known.")
            talk.skip((NATIONAL_ID,), unknown)
        talk.judge((_INFO_NOBODY,), await talk.get(url, ground=ground))
        talk.judge((_INFO_WRONG,), await talk.get(url, bearer="recette.jeton.invente", ground=ground))


TOKENS = Scenario(
    "sso.platform.tokens",
    Flow.SSO,
    Text("Les jetons d’une connexion, et de qui ils parlent", "The tokens of a sign-in, and of whom they speak"),
    _TOKEN_CHECKS,
    _tokens,
    actor=Actor.PLATFORM,
    tags=(Tag.CONTENT, Tag.SECURITY),
)

# --- codes -----------------------------------------------------------------------------------------------------------


def _code(id: str, requirement: str, fr: str, en: str, said_fr: str, said_en: str) -> Check:
    return refuses(id, requirement, Text(fr, en), Text(said_fr, said_en), _GRANT, _BAD_REQUEST)


_REPLAY = _code(
    *("provider.code_replayed", "SSO-132", "Un code ne sert qu’une fois", "A code serves once"),
    *("Un code déjà échangé l’est une seconde fois.", "A code that was exchanged is exchanged again."),
)
_REVOKED = refuses(
    "provider.code_revoked",
    "SSO-133",
    Text("Un code rejoué révoque ses jetons", "A replayed code revokes its tokens"),
    Text("Après le rejeu du code, son jeton sert encore.", "After the replay of the code its token still serves."),
    frozenset(),
    _UNAUTHORIZED,
)
_VERIFIER = _code(
    *("provider.code_verifier", "SSO-134", "Un autre code_verifier est refusé", "Another code_verifier is refused"),
    *("Un code s’échange avec un autre code_verifier.", "A code is exchanged with another code_verifier."),
)
_NO_VERIFIER = refuses(
    "provider.code_no_verifier",
    "SSO-135",
    Text("Sans code_verifier, pas de jetons", "No tokens without code_verifier"),
    Text("Un code s’échange sans code_verifier.", "A code is exchanged without code_verifier."),
    frozenset({"invalid_grant", "invalid_request"}),
    _BAD_REQUEST,
)
_OTHER_URI = _code(
    *("provider.code_redirect_uri", "SSO-136", "Une autre redirect_uri est refusée", "Another redirect_uri is refused"),
    *("Un code s’échange avec une autre redirect_uri.", "A code is exchanged with another redirect_uri."),
)
_SECRET = refuses(
    "provider.code_secret",
    "SSO-137",
    Text("Un mauvais secret de client est refusé", "A wrong client secret is refused"),
    Text("Un code s’échange avec un mauvais secret.", "A code is exchanged with a wrong secret."),
    frozenset({"invalid_client"}),
    frozenset({400, 401}),
)
_GRANT_TYPE = refuses(
    "provider.code_grant_type",
    "SSO-138",
    Text("Un grant_type inconnu est refusé", "An unknown grant_type is refused"),
    Text(
        "Un grant_type inconnu n’est pas refusé comme il se doit.", "An unknown grant_type is not refused as it ought."
    ),
    frozenset({"unsupported_grant_type"}),
    _BAD_REQUEST,
)
_INVENTED = _code(
    *("provider.code_invented", "SSO-139", "Un code inventé est refusé", "An invented code is refused"),
    *("Un code inventé n’est pas refusé comme il se doit.", "An invented code is not refused as it ought."),
)
_CODE_CHECKS = (
    *(_REPLAY, _REVOKED, _VERIFIER, _NO_VERIFIER, _OTHER_URI, _SECRET, _GRANT_TYPE, _INVENTED, STANDARD_ERROR),
    *EVERY_SCENARIO,
)


async def _codes(stage: Stage) -> None:
    async with relying_party(stage, _CODE_CHECKS) as talk:
        if talk is None:
            return
        browser, first = await talk.signed_in()
        granted = await talk.exchange(first)
        if granted.status != 200:
            talk.skip([check for check in _CODE_CHECKS if check not in EVERY_SCENARIO], NO_TOKENS)
            return

        for check, changes in (
            (_VERIFIER, {"code_verifier": "a" * 64}),
            (_NO_VERIFIER, {"code_verifier": None}),
            (_OTHER_URI, {"redirect_uri": "https://recette.example.org/retour"}),
            (_GRANT_TYPE, {"grant_type": "recette"}),
            (_INVENTED, {"code": "recette-code-invente"}),
        ):
            request = await talk.authorize(browser)
            talk.judge((check, STANDARD_ERROR), await talk.exchange(request, **changes))
        request = await talk.authorize(browser)
        wrong = await talk.exchange(request, secret="recette-faux-secret")
        talk.judge((_SECRET, STANDARD_ERROR), wrong)
        replayed = await talk.exchange(first)
        talk.judge((_REPLAY, STANDARD_ERROR), replayed)
        ground = None if replayed.status >= 400 else NO_CODE
        bearer = granted.text("access_token")
        talk.judge((_REVOKED,), await talk.get(talk.endpoint("userinfo_endpoint"), bearer=bearer, ground=ground))


CODES = Scenario(
    "sso.platform.codes",
    Flow.SSO,
    Text("Des codes rejoués, détournés ou inventés", "Codes that are replayed, stolen or invented"),
    _CODE_CHECKS,
    _codes,
    actor=Actor.PLATFORM,
    tags=(Tag.REFUSALS, Tag.SECURITY),
)

SCENARIOS: tuple[Scenario, ...] = (TOKENS, CODES)
