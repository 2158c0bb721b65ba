import base64
import json
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from recette.checks.platform_tokens import half_hash, signature_fault, taken_apart

KEY = RSAKey.generate_key(2048, {"kid": "one"})
OTHER = RSAKey.generate_key(2048, {"kid": "one"})
KEYS = {"keys": [KEY.as_dict(private=False)]}
CLAIMS = {"sub": "f:1:2"}


def signed(key: RSAKey = KEY, kid: str = "one") -> str:
    return jwt.encode({"alg": "RS256", "kid": kid}, CLAIMS, key)


def unsigned(header: dict[str, Any]) -> str:
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, CLAIMS))
    return ".".join(parts) + "."


def test_a_right_signature_has_no_fault() -> None:
    assert signature_fault(signed(), KEYS) is None


@pytest.mark.parametrize(
    ("token", "keys", "why"),
    [
        (signed(OTHER), KEYS, "signature"),
        (signed(kid="two"), KEYS, "kid"),
        (signed(), {"keys": []}, "kid"),
        (signed(), None, "kid"),
        (signed(), {"keys": [{"kid": "one", "kty": "RSA"}]}, "signature"),
        (signed(), {"keys": [*KEYS["keys"], *KEYS["keys"]]}, "kid"),
        (unsigned({"alg": "none"}), KEYS, "alg"),
        (unsigned({"alg": "RS256", "kid": "one"}), KEYS, "signature"),
        (jwt.encode({"alg": "HS256"}, CLAIMS, OctKey.import_key("s" * 40)), KEYS, "alg"),
        (signed()[:-8] + "AAAAAAAA", KEYS, "signature"),
        ("", KEYS, "JWT"),
        ("a.b.c", KEYS, "JWT"),
        ("é.é.é", KEYS, "JWT"),
    ],
)
def test_what_cannot_be_believed_says_why(token: str, keys: Any, why: str) -> None:
    fault = signature_fault(token, keys)
    assert fault is not None
    assert why in fault.en


@pytest.mark.parametrize("token", ["", "..", "W10.W10.", "e30.W10.x", "x" * 50, "[.[.[", "\ud800.\ud800.\ud800"])
def test_what_is_no_token_is_taken_apart_to_nothing(token: str) -> None:
    assert taken_apart(token) is None


def test_the_half_hash_of_the_standard() -> None:
    # OpenID Connect Core 1.0, appendix A.3
    assert half_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y") == "77QmUPtjPfzWtF2AnpK9RQ"
