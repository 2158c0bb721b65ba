"""ID tokens as a relying party reads them: independent of whoever made them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from sas_kernel.text import Text


@dataclass(frozen=True, slots=True)
class Token:
    """A compact JSON Web Token, taken apart and not verified."""

    header: dict[str, Any]
    claims: dict[str, Any]


def taken_apart(token: str) -> Token | None:
    """None where it is not three parts whose first two are JSON objects."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    header, claims = _object(parts[0]), _object(parts[1])
    return None if header is None or claims is None else Token(header, claims)


def _object(part: str) -> dict[str, Any] | None:
    try:
        value = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def signature_fault(token: str, keys: Any) -> Text | None:
    """Why the signature does not hold: by RS256, with the key of the set that the header names. None when it does."""
    from joserfc import errors, jwk, jws  # noqa: PLC0415  listing the catalogue need not load cryptography

    apart = taken_apart(token)
    if apart is None:
        return Text("ce n’est pas un JWT", "it is no JWT")
    algorithm, kid = apart.header.get("alg"), apart.header.get("kid")
    if algorithm != "RS256":
        return Text("alg vaut {a!r}, attendu RS256", "alg is {a!r}, expected RS256").format(a=algorithm)
    listed = keys.get("keys") if isinstance(keys, dict) else None
    mine = [key for key in listed or [] if isinstance(key, dict) and key.get("kid") == kid]
    if kid is None or len(mine) != 1:
        return Text("kid {k!r} n’est pas dans le JWKS", "kid {k!r} is not in the JWKS").format(k=kid)
    try:
        jws.deserialize_compact(token, jwk.RSAKey.import_key(mine[0]), algorithms=["RS256"])
    except (errors.JoseError, ValueError, TypeError, KeyError):
        return Text("la signature est fausse", "the signature is wrong")
    return None


def half_hash(value: str) -> str:
    """What `at_hash` says of an access token under RS256 (OpenID Connect Core 1.0, section 3.1.3.6)."""
    return base64.urlsafe_b64encode(hashlib.sha256(value.encode()).digest()[:16]).rstrip(b"=").decode()
