"""A detached signature over a certificate’s JSON twin with the user’s own key: a JWS (RFC 7515, appendix F).

The key says the algorithm: Ed25519, RSA (PS256), elliptic curves P-256, P-384 and P-521 (ES256, ES384, ES512).
"""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from recette.certificates.model import CertificateError
from sas_kernel.text import Text

_CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
_ALGORITHMS = ("Ed25519", "PS256", *_CURVES.values())
_LEAST_RSA = 2048
_Key = OKPKey | RSAKey | ECKey


def sign(content: bytes, private_pem: bytes, password: bytes | None = None) -> str:
    """The signature: header and signature of a JWS with nothing between; `CertificateError` for a key that cannot."""
    try:
        key = serialization.load_pem_private_key(private_pem, password)
    except (ValueError, TypeError) as error:
        raise _unusable(str(error)) from error
    algorithm = _algorithm(key.public_key())
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    made = _imported(plain, algorithm)
    header = {"alg": algorithm, "kid": made.thumbprint()}
    return jws.detach_content(jws.serialize_compact(header, content, made, algorithms=[algorithm]))


def holds(content: bytes, signature: str, public_pem: bytes) -> bool:
    """Whether this key signed exactly these bytes. `CertificateError` for what is no public key or no signature."""
    try:
        public = serialization.load_pem_public_key(public_pem)
    except (ValueError, TypeError) as error:
        raise _unusable(str(error)) from error
    algorithm = _algorithm(public)
    head, _, rest = signature.strip().partition("..")
    if not head or not rest or "." in rest:
        raise _no_signature()
    try:
        said = json.loads(urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, binascii.Error) as error:
        raise _no_signature() from error
    if not isinstance(said, dict) or said.get("alg") != algorithm:
        return False
    try:
        jws.deserialize_compact(
            signature.strip(), _imported(public_pem, algorithm), algorithms=[algorithm], payload=content
        )
    except JoseError:
        return False
    except ValueError as error:
        raise _no_signature() from error
    return True


def _algorithm(public: object) -> str:
    if isinstance(public, ed25519.Ed25519PublicKey):
        return "Ed25519"
    if isinstance(public, rsa.RSAPublicKey) and public.key_size >= _LEAST_RSA:
        return "PS256"
    if isinstance(public, ec.EllipticCurvePublicKey) and public.curve.name in _CURVES:
        return _CURVES[public.curve.name]
    raise _unusable(type(public).__name__)


def _imported(pem: bytes, algorithm: str) -> _Key:
    if algorithm == "Ed25519":
        return OKPKey.import_key(pem)
    return RSAKey.import_key(pem) if algorithm == "PS256" else ECKey.import_key(pem)


def _unusable(why: str) -> CertificateError:
    return CertificateError(
        Text(
            "Clé inutilisable ({why}). Attendu, en PEM : Ed25519, RSA d’au moins 2048 bits, P-256, P-384 ou P-521.",
            "Unusable key ({why}). Expected, as PEM: Ed25519, RSA of at least 2048 bits, P-256, P-384 or P-521.",
        ).format(why=why[:200])
    )


def _no_signature() -> CertificateError:
    return CertificateError(
        Text(
            "Ce fichier n’est pas une signature détachée (JWS, RFC 7515, annexe F).",
            "This file is no detached signature (JWS, RFC 7515, appendix F).",
        )
    )
