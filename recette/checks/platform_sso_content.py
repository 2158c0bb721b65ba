"""What a provider says of itself, in its ID tokens and of people.

Sources: OpenID Connect Core 1.0 and Discovery 1.0, RFC 7517, and what ANS has published of Pro Santé Connect.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from recette.checks.json_document import Node
from recette.checks.judging import shown, tally
from recette.checks.platform_sso import Reply, holds, split
from recette.checks.platform_tokens import Token, half_hash, signature_fault, taken_apart
from recette.model import Check, Exchange, Judgement, Problem
from sas_kernel.text import Text

# --- discovery -------------------------------------------------------------------------------------------------------

ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
_LISTS: Final = ("response_types_supported", "subject_types_supported", "id_token_signing_alg_values_supported")
_MISSING: Final = Text("Un membre requis manque à la découverte.", "A required member is missing from the discovery.")


def _members(reply: Reply) -> Iterator[Problem | None]:
    for name in ENDPOINTS:
        node = reply.root[name]
        right = bool(split(node.string or "").scheme)
        yield None if right else Problem(_MISSING, f"$.{name}", "a URL", shown(node.value) if node.present else None)
    for name in _LISTS:
        node = reply.root[name]
        right = bool(node.elements)
        yield None if right else Problem(_MISSING, f"$.{name}", "a list", shown(node.value) if node.present else None)
    if reply.root["response_types_supported"].elements:
        listed = [node.value for node in reply.root["response_types_supported"].elements]
        right = "code" in listed
        yield None if right else Problem(_MISSING, "$.response_types_supported", "code", shown(listed))


MEMBERS = holds(
    "provider.discovery_members",
    "SSO-104",
    Text("La découverte porte ses membres requis", "The discovery has its required members"),
    _members,
)


def _algorithms(reply: Reply) -> Iterator[Problem | None]:
    node = reply.root["id_token_signing_alg_values_supported"]
    listed = [each.value for each in node.elements]
    if listed:
        message = Text("Les jetons d’identité sont signés par RS256.", "ID tokens are signed with RS256.")
        held = "RS256" in listed and "none" not in listed
        yield None if held else Problem(message, node.path, "RS256, not none", shown(listed))


ALGORITHMS = holds(
    "provider.discovery_algorithms",
    "SSO-105",
    Text("La découverte annonce RS256, et jamais none", "The discovery announces RS256, and never none"),
    _algorithms,
)


def issuer_is(issuer: str) -> Callable[[Reply], Iterator[Problem | None]]:
    def look(reply: Reply) -> Iterator[Problem | None]:
        node = reply.root["issuer"]
        message = Text("issuer n’est pas l’émetteur interrogé.", "issuer is not the issuer that was asked.")
        right = node.value == issuer
        yield None if right else Problem(message, "$.issuer", issuer, shown(node.value) if node.present else None)

    return look


@dataclass(frozen=True)
class Discovered:
    """A discovery, and the issuer that was asked for it."""

    reply: Reply
    issuer: str

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return self.reply.exchanges


def _issuer(discovered: Discovered) -> Judgement:
    reply = discovered.reply
    if reply.groundless is not None or reply.status != 200:
        return Judgement(0, reason=reply.groundless or Text("Rien n’a été rendu.", "Nothing was returned."))
    return tally(issuer_is(discovered.issuer)(reply))


ISSUER = Check(
    "provider.discovery_issuer",
    "SSO-103",
    Text("issuer est l’émetteur interrogé", "issuer is the issuer that was asked"),
    _issuer,
)


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _https(reply: Reply) -> Iterator[Problem | None]:
    """An address of this machine proves nothing about how the platform is reached elsewhere."""
    for name in (*ENDPOINTS, "introspection_endpoint", "end_session_endpoint"):
        url = reply.root[name].string
        if url is None or _is_loopback(split(url).hostname or ""):
            continue
        message = Text(
            "Un point d’accès du fournisseur n’est pas en HTTPS.", "An endpoint of the provider is not HTTPS."
        )
        yield None if split(url).scheme == "https" else Problem(message, f"$.{name}", "https", shown(url))


HTTPS = holds(
    "provider.discovery_https",
    "SSO-106",
    Text("Les points d’accès sont en HTTPS", "The endpoints are HTTPS"),
    _https,
)

_PRIVATE: Final = ("d", "p", "q", "dp", "dq", "qi", "k")


def _keys(reply: Reply) -> Iterator[Problem | None]:
    keys = reply.root["keys"].elements
    signing = [key for key in keys if key["kty"].value == "RSA" and key["use"].value in {"sig", key["x"].value}]
    message = Text("Le JWKS ne porte aucune clé RSA de signature.", "The JWKS has no RSA key to sign with.")
    right = any(key["kid"].string and key["n"].string and key["e"].string for key in signing)
    yield None if right else Problem(message, "$.keys", "kty RSA, kid, n, e", None)
    secret = Text("Le JWKS publie une clé secrète.", "The JWKS publishes a secret key.")
    for key in keys:
        told = [name for name in _PRIVATE if key[name].present]
        yield Problem(secret, key.path, "public members", ", ".join(told)) if told else None


KEYS = holds(
    "provider.jwks_keys", "SSO-107", Text("Le JWKS porte les clés publiques", "The JWKS has the public keys"), _keys
)

# --- ID tokens -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Identified:
    """An ID token with what it has to agree with. `nonce` is empty where none has to come back."""

    reply: Reply
    keys: Reply
    issuer: str
    client_id: str
    now: datetime
    nonce: str = ""
    subject: str = ""

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return (*self.reply.exchanges, *self.keys.exchanges)

    @cached_property
    def token(self) -> Token | None:
        return taken_apart(self.reply.text("id_token"))


_NO_TOKEN: Final = Text("Aucun jeton d’identité lisible.", "No ID token that can be read.")


def _id_token(
    id: str, requirement: str, title: Text, look: Callable[[Identified, Token], Iterator[Problem | None]]
) -> Check:
    def judge(identified: Identified) -> Judgement:
        reply = identified.reply
        if reply.groundless is not None or identified.token is None:
            return Judgement(0, reason=reply.groundless or _NO_TOKEN)
        return tally(look(identified, identified.token))

    return Check(id, requirement, title, judge)


def _signature(identified: Identified) -> Judgement:
    reply = identified.reply
    if reply.groundless is not None or not reply.text("id_token"):
        return Judgement(0, reason=reply.groundless or _NO_TOKEN)
    keys: Any = identified.keys.root.value
    fault = signature_fault(reply.text("id_token"), keys)
    if fault is None:
        return Judgement(1)
    message = Text("Le jeton d’identité ne peut être cru : {f}.", "The ID token cannot be believed: {f}.")
    return Judgement(1, (Problem(message.format(f=fault), "id_token", "RS256, a kid of the JWKS", None),))


SIGNATURE = Check(
    "provider.id_token_signature",
    "SSO-150",
    Text("Le jeton d’identité est signé RS256 par une clé du JWKS", "The ID token is signed RS256 by a JWKS key"),
    _signature,
)


def _claim(name: str, message: Text, expected: Callable[[Identified], str]) -> Callable[..., Iterator[Problem | None]]:
    def look(identified: Identified, token: Token) -> Iterator[Problem | None]:
        wanted = expected(identified)
        if wanted:
            held = token.claims.get(name) == wanted
            yield None if held else Problem(message, f"id_token.{name}", wanted, shown(token.claims.get(name)))

    return look


TOKEN_ISSUER = _id_token(
    "provider.id_token_issuer",
    "SSO-151",
    Text("iss est l’émetteur", "iss is the issuer"),
    _claim("iss", Text("iss n’est pas l’émetteur.", "iss is not the issuer."), lambda i: i.issuer),
)


def _audience(identified: Identified, token: Token) -> Iterator[Problem | None]:
    audience = token.claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    message = Text("Le jeton n’est pas destiné à ce client.", "The token is not meant for this client.")
    held = identified.client_id in named and token.claims.get("azp", identified.client_id) == identified.client_id
    yield None if held else Problem(message, "id_token.aud", identified.client_id, shown(audience))


AUDIENCE = _id_token("provider.id_token_audience", "SSO-152", Text("aud est le client", "aud is the client"), _audience)

_SKEW: Final = 30
_LONGEST: Final = 3600 * 24


def _times(identified: Identified, token: Token) -> Iterator[Problem | None]:
    now = identified.now.timestamp()
    exp, iat = token.claims.get("exp"), token.claims.get("iat")
    message = Text("Les dates du jeton ne tiennent pas.", "The dates of the token do not hold.")
    for name, value, held in (
        ("exp", exp, now - _SKEW < _number(exp) <= now + _LONGEST),
        ("iat", iat, now - 300 <= _number(iat) <= now + _SKEW),
    ):
        yield None if held else Problem(message, f"id_token.{name}", f"about {now:.0f}", shown(value))


def _number(value: Any) -> float:
    """0, which is long past, for what is no number."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


TIMES = _id_token("provider.id_token_times", "SSO-153", Text("exp et iat tiennent", "exp and iat hold"), _times)
NONCE = _id_token(
    "provider.id_token_nonce",
    "SSO-154",
    Text("nonce est celui de la demande", "nonce is that of the request"),
    _claim("nonce", Text("nonce n’est pas celui de la demande.", "nonce is not the request's."), lambda i: i.nonce),
)
ACR = _id_token(
    "provider.id_token_acr",
    "SSO-155",
    Text("acr vaut eidas1", "acr is eidas1"),
    _claim("acr", Text("acr n’est pas celui demandé.", "acr is not what was asked."), lambda i: "eidas1"),
)


def _subject(identified: Identified, token: Token) -> Iterator[Problem | None]:
    value = token.claims.get("sub")
    message = Text("sub identifie la personne en 255 caractères ASCII au plus.", "sub is 1 to 255 ASCII characters.")
    held = isinstance(value, str) and 0 < len(value) <= 255 and value.isascii()
    yield None if held else Problem(message, "id_token.sub", "1 to 255 characters", shown(value))
    if held and identified.subject:
        other = Text("sub a changé d’un jeton à l’autre.", "sub has changed from one token to the next.")
        yield None if value == identified.subject else Problem(other, "id_token.sub", identified.subject, shown(value))


SUBJECT = _id_token(
    "provider.id_token_subject", "SSO-156", Text("sub identifie la personne", "sub names the person"), _subject
)


def _half(identified: Identified, token: Token) -> Iterator[Problem | None]:
    said, access = token.claims.get("at_hash"), identified.reply.text("access_token")
    if said is not None and access:
        message = Text("at_hash n’est pas celui du jeton d’accès.", "at_hash is not that of the access token.")
        held = said == half_hash(access)
        yield None if held else Problem(message, "provider.id_token_at_hash", "the half hash", shown(said))


HALF_HASH = _id_token(
    "provider.id_token_at_hash",
    "SSO-157",
    Text("at_hash est celui du jeton d’accès", "at_hash is the access token's"),
    _half,
)
ID_TOKEN: tuple[Check, ...] = (SIGNATURE, TOKEN_ISSUER, AUDIENCE, TIMES, ACR, SUBJECT, HALF_HASH)
"""What holds of any ID token; `NONCE` of those that answer a request with one."""

# --- userinfo --------------------------------------------------------------------------------------------------------

_REQUIRED: Final = (
    *("Secteur_Activite", "sub", "SubjectOrganization", "Mode_Acces_Raison", "preferred_username", "given_name"),
    *("family_name", "Acces_Regulation_Medicale", "UITVersion", "Palier_Authentification", "SubjectRefPro"),
    *("SubjectRole", "PSI_Locale", "otherIds", "SubjectNameID"),
)


@dataclass(frozen=True)
class Described:
    """What userinfo says, the ID token it belongs to, and the person's national id (empty: not known, or none)."""

    reply: Reply
    subject: str
    national_id: str

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return self.reply.exchanges

    @property
    def root(self) -> Node:
        return self.reply.root


def _described(id: str, requirement: str, title: Text, look: Callable[[Described], Iterator[Problem | None]]) -> Check:
    def judge(described: Described) -> Judgement:
        reply = described.reply
        if reply.groundless is not None or reply.status != 200:
            return Judgement(0, reason=reply.groundless or Text("Rien n’a été rendu.", "Nothing was returned."))
        return tally(look(described))

    return Check(id, requirement, title, judge)


def _same_subject(described: Described) -> Iterator[Problem | None]:
    value = described.root["sub"].value
    message = Text("userinfo parle d’une autre personne que le jeton.", "userinfo is about another person.")
    if described.subject:
        yield None if value == described.subject else Problem(message, "$.sub", described.subject, shown(value))


SAME_SUBJECT = _described(
    "provider.userinfo_subject", "SSO-161", Text("sub est celui du jeton", "sub is that of the token"), _same_subject
)


def _claims(described: Described) -> Iterator[Problem | None]:
    message = Text(
        "Une donnée requise par Pro Santé Connect manque.", "A claim that Pro Santé Connect requires is missing."
    )
    for name in _REQUIRED:
        node = described.root[name]
        yield None if node.present else Problem(message, f"$.{name}", "present, empty when unknown", None)


CLAIMS = _described(
    "provider.userinfo_claims",
    "SSO-162",
    Text("userinfo porte les données de Pro Santé Connect", "userinfo has the claims of Pro Santé Connect"),
    _claims,
)


def _national(described: Described) -> Iterator[Problem | None]:
    if described.national_id:
        value = described.root["SubjectNameID"].value
        message = Text(
            "SubjectNameID n’est pas l’identifiant national du compte (INT_R02).",
            "SubjectNameID is not the national id of the account (INT_R02).",
        )
        held = value == described.national_id
        yield None if held else Problem(message, "$.SubjectNameID", described.national_id, shown(value))


NATIONAL_ID = _described(
    "provider.userinfo_national_id",
    "SSO-163",
    Text("SubjectNameID est l’identifiant national", "SubjectNameID is the national id"),
    _national,
)
