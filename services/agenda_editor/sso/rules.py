"""What a relying party must check, and when a session or a lock is over. Pure; `now` is in milliseconds.

Sources: OpenID Connect Core 1.0, sections 3.1.2 and 3.1.3; RFC 7636 (PKCE), RFC 6749; Pro Santé Connect as
hub-psc-mtls.md, section 2, gathers it; which claim means which account is ours.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import math
import re
from collections.abc import Collection, Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from joserfc import jwt
from joserfc.errors import BadSignatureError, JoseError
from joserfc.jwk import RSAKey

from agenda_editor.regulators.model import Identifier, IdentifierKind
from agenda_editor.regulators.rules import is_clean
from agenda_editor.sso.model import (
    Attempts,
    Fault,
    InvalidTokenError,
    Lifetimes,
    PendingLogin,
    Provider,
    ProviderUnavailableError,
    Session,
)

SCOPE: Final = "openid scope_all"
LEVEL: Final = "eidas1"
HOME: Final = "/"

PENDING_FOR: Final = 10 * 60_000
MAX_FAILURES: Final = 5
LOCKED_FOR: Final = 5 * 60_000

_ALGORITHM: Final = "RS256"
_LEEWAY: Final = 30  # seconds between two clocks; ours
_OLDEST: Final = 600  # seconds: a token is asked for and read within one login
_MAX_TARGET: Final = 2000
# A browser takes a backslash for a slash and leaves out tabs: `/\evil` and `/<tab>/evil` are other sites.
_LOCAL: Final = re.compile(r"/(?![/\\])[!-\[\]-~]*")
_CODE: Final = re.compile(r"[a-z_]{1,40}")


# --- before the provider ----------------------------------------------------------------------------------------------


def accepted_origin(asked: str | None, origins: Collection[str]) -> str | None:
    """The `origin` of an address, if it is one of the list; it chooses the provider and gives no right by itself."""
    return asked if asked in origins else None


def local_target(asked: str | None) -> str:
    """The page to show after signing in: what was asked for where it is a path of this site, else the first page."""
    if asked is None or len(asked) > _MAX_TARGET or not _LOCAL.fullmatch(asked):
        return HOME
    return asked


def provider(document: object, issuer: str) -> Provider:
    """A discovery document. Raises `ProviderUnavailableError` when it is none, or that of another issuer."""
    if not isinstance(document, dict):
        raise ProviderUnavailableError("the discovery document is no object")
    if document.get("issuer") != issuer:
        raise ProviderUnavailableError("the discovery document names another issuer")
    endpoints = {}
    for name in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"):
        if not _is_url(document.get(name)):
            raise ProviderUnavailableError(f"the discovery document has no usable {name}")
        endpoints[name] = str(document[name])
    end = document.get("end_session_endpoint")
    return Provider(issuer=issuer, end_session_endpoint=str(end) if _is_url(end) else None, **endpoints)


def _is_url(value: object) -> bool:
    try:
        return isinstance(value, str) and urlsplit(value).scheme in {"http", "https"} and bool(urlsplit(value).netloc)
    except ValueError:
        return False


def challenge(verifier: str) -> str:
    """The S256 code challenge of RFC 7636."""
    return _base64url(hashlib.sha256(verifier.encode("ascii")).digest())


def authorization_url(provider: Provider, client_id: str, redirect_uri: str, state: str, pending: PendingLogin) -> str:
    parameters = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": SCOPE,
        "acr_values": LEVEL,
        "state": state,
        "nonce": pending.nonce,
        "code_challenge": challenge(pending.verifier),
        "code_challenge_method": "S256",
    }
    return _with_query(provider.authorization_endpoint, parameters)


def end_session_url(endpoint: str, id_token: str, client_id: str, back_to: str) -> str:
    return _with_query(
        endpoint, {"id_token_hint": id_token, "client_id": client_id, "post_logout_redirect_uri": back_to}
    )


def _with_query(endpoint: str, parameters: Mapping[str, str]) -> str:
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(parameters)}"


def basic_credentials(client_id: str, secret: str) -> str:
    """RFC 6749, section 2.3.1: both are form-encoded before they are put together."""
    pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"
    return "Basic " + base64.b64encode(pair.encode("ascii")).decode("ascii")


def error_code(sent: str) -> str:
    """A code of the standard as it is; anything else would print a stranger's words on our page."""
    return sent if _CODE.fullmatch(sent) else "invalid_response"


# --- what comes back --------------------------------------------------------------------------------------------------


def key_id(token: str) -> str | None:
    """Which key is said to have signed. Raises `InvalidTokenError`, for any algorithm but ours too."""
    try:
        head = json.loads(_decoded(token.partition(".")[0]))
    except (ValueError, binascii.Error) as error:
        raise InvalidTokenError(Fault.MALFORMED) from error
    if not isinstance(head, dict) or token.count(".") != 2:
        raise InvalidTokenError(Fault.MALFORMED)
    if head.get("alg") != _ALGORITHM:
        raise InvalidTokenError(Fault.ALGORITHM)
    kid = head.get("kid")
    return kid if isinstance(kid, str) else None


def key_of(keys: object, kid: str | None) -> Mapping[str, Any] | None:
    """The RSA signing key of a key set with this id; without an id, the only one there is."""
    found = keys.get("keys") if isinstance(keys, dict) else None
    usable = [
        key
        for key in (found if isinstance(found, list) else [])
        if isinstance(key, dict)
        and key.get("kty") == "RSA"
        and key.get("use") in (None, "sig")
        and key.get("alg") in (None, _ALGORITHM)
    ]
    if kid is None:
        return usable[0] if len(usable) == 1 else None
    return next((key for key in usable if key.get("kid") == kid), None)


def claims_of(token: str, key: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a token says, its signature being that of the key. Raises `InvalidTokenError`."""
    try:
        public = RSAKey.import_key({name: key[name] for name in ("kty", "n", "e") if name in key})
    except (JoseError, ValueError, KeyError) as error:
        raise InvalidTokenError(Fault.KEY) from error
    try:
        return dict(jwt.decode(token, public, algorithms=[_ALGORITHM]).claims)
    except BadSignatureError as error:
        raise InvalidTokenError(Fault.SIGNATURE) from error
    except (JoseError, ValueError) as error:
        raise InvalidTokenError(Fault.MALFORMED) from error


def check_claims(
    claims: Mapping[str, Any], *, issuer: str, client_id: str, nonce: str, access_token: str, now: int
) -> None:
    """OpenID Connect Core, section 3.1.3.7. Raises `InvalidTokenError` with the first thing that is wrong."""
    if claims.get("iss") != issuer:
        raise InvalidTokenError(Fault.ISSUER)
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    party = claims.get("azp")
    if client_id not in audiences or (party is None and len(audiences) > 1) or party not in (None, client_id):
        raise InvalidTokenError(Fault.AUDIENCE)
    _check_times(claims, now // 1000)
    if not isinstance(claims.get("nonce"), str) or not same_secret(str(claims["nonce"]), nonce):
        raise InvalidTokenError(Fault.NONCE)
    if claims.get("at_hash") not in (None, _access_hash(access_token)):
        raise InvalidTokenError(Fault.ACCESS_TOKEN)
    # The level comes back as asked, or, in samples of 2021, as a higher one.
    if claims.get("acr") not in (None, LEVEL, "eidas2", "eidas3"):
        raise InvalidTokenError(Fault.LEVEL)
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise InvalidTokenError(Fault.SUBJECT)


def _check_times(claims: Mapping[str, Any], now: int) -> None:
    expires: Any = claims.get("exp")
    issued: Any = claims.get("iat")
    begins: Any = claims.get("nbf", 0)
    if not all(map(_is_instant, (expires, issued, begins))):
        raise InvalidTokenError(Fault.TIMES)
    if expires + _LEEWAY <= now or issued + _OLDEST + _LEEWAY < now:
        raise InvalidTokenError(Fault.EXPIRED)
    if issued - _LEEWAY > now or begins - _LEEWAY > now:
        raise InvalidTokenError(Fault.TIMES)


def _is_instant(value: object) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool)) or (
        isinstance(value, float) and math.isfinite(value)
    )


def identifier_of(claims: Mapping[str, Any], userinfo: Mapping[str, Any]) -> Identifier:
    """Whom the provider means: by national id, or else by the platform's own (`sas_technical_id`, our invention).

    Raises `InvalidTokenError` when the two answers disagree, or name nobody.
    """
    if userinfo.get("sub") != claims.get("sub"):
        raise InvalidTokenError(Fault.SUBJECT)
    for claim, kind in (
        ("SubjectNameID", IdentifierKind.NATIONAL),
        ("sas_technical_id", IdentifierKind.TECHNICAL),
    ):
        values = [source[claim] for source in (userinfo, claims) if source.get(claim) not in (None, "")]
        if values:
            if not isinstance(values[0], str) or values[0] != values[-1] or not is_clean(values[0]):
                raise InvalidTokenError(Fault.SUBJECT)
            return Identifier(kind, values[0])
    raise InvalidTokenError(Fault.NO_IDENTIFIER)


def _access_hash(access_token: str) -> str:
    return _base64url(hashlib.sha256(access_token.encode()).digest()[:16])


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _decoded(part: str) -> bytes:
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)


# --- sessions, forms, attempts ----------------------------------------------------------------------------------------


def hashed(secret: str) -> str:
    """What is kept of a secret that was drawn at random: it needs no salt and no slowness."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def csrf_token(secret: str) -> str:
    """What the forms of a session, or of a browser at the login page, carry: nobody finds it without its cookie."""
    return hashed(f"csrf {secret}")


def same_secret(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))


def is_alive(session: Session, lifetimes: Lifetimes, now: int) -> bool:
    return now < session.seen_at + lifetimes.idle and now < session.opened_at + lifetimes.most


def counted(before: Attempts | None, now: int) -> Attempts:
    """The attempts with the one that begins now; beyond `MAX_FAILURES` they are locked out and stay as they are."""
    if before is None or now >= before.last_at + LOCKED_FOR:
        return Attempts(1, now)
    if before.count >= MAX_FAILURES:
        return Attempts(MAX_FAILURES + 1, before.last_at)
    return Attempts(before.count + 1, now)


def minutes_locked(attempts: Attempts, now: int) -> int | None:
    """How long nothing is tried any more, in whole minutes; `None` when the attempt may be made."""
    if attempts.count <= MAX_FAILURES:
        return None
    return max(1, -(-(attempts.last_at + LOCKED_FOR - now) // 60_000))
