"""What the provider says of itself, of people and of tokens, in the shape of Pro Santé Connect. Pure.

Sources: OpenID Connect Core and Discovery 1.0; for Pro Santé Connect, what ANS has published of its userinfo (schema
`required` of its proof of concept, EIMIS) and of its introspection.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from sas_kernel.text import Text
from sas_platform.regulators.model import Identifier, IdentifierKind, Regulator
from sas_platform.sso.model import InvalidSignOnError, Visit
from sas_platform.sso.oauth.model import (
    ACR,
    ENDPOINTS,
    REALM,
    SCOPES,
    Client,
    RedirectRefusedError,
    Token,
    UnknownClientError,
)

TECHNICAL_ID: Final = "sas_technical_id"  # our own: Pro Santé Connect knows nobody who has no national id

_NAME: Final = re.compile(r"[A-Za-z0-9._~-]{1,64}")
# In a Basic header a secret is form-encoded (RFC 6749, section 2.3.1), which many forget: these read the same anyhow.
_SECRET: Final = re.compile(r"[A-Za-z0-9._~-]{8,200}")

_ACTIVITY: Final = (
    "codeModeExercice",
    "codeSecteurDactivite",
    "codeSectionPharmacien",
    "codeRole",
    "codeGenreActivite",
    "numeroSiretSite",
    "numeroSirenSite",
    "numeroFinessSite",
    "numeroFinessetablissementJuridique",
    "identifiantTechniqueDeLaStructure",
    "raisonSocialeSite",
    "enseigneCommercialeSite",
    "complementDestinataire",
    "complementPointGeographique",
    "numeroVoie",
    "indiceRepetitionVoie",
    "codeTypeDeVoie",
    "libelleVoie",
    "mentionDistribution",
    "bureauCedex",
    "codePostal",
    "codeCommune",
    "codePays",
    "telephone",
    "telephone2",
    "telecopie",
    "adresseEMail",
    "codeDepartement",
    "ancienIdentifiantDeLaStructure",
    "autoriteDenregistrement",
)


_NOBODY: Final = Regulator(0, Identifier(IdentifierKind.NATIONAL, ""), "", "", None, "", "", active=False)


# --- configuration ---------------------------------------------------------------------------------------------------


def issuer_of(public_url: str) -> str:
    """The issuer's name; raises `InvalidSignOnError` where the platform's own URL is not one."""
    base = public_url.rstrip("/")
    if not _is_url(base) or urlsplit(base).query:
        raise InvalidSignOnError("public_url", Text("attendu http(s)://hôte…", "expected http(s)://host…"))
    return base + REALM


def clients_of(options: Sequence[str]) -> dict[str, Client]:
    """Clients by id, from `ID SECRET REDIRECT_URI [POST_LOGOUT_URI]`; raises `InvalidSignOnError`, secret left out."""
    clients: dict[str, Client] = {}
    for number, option in enumerate(options, 1):
        parts = option.split()
        if not 3 <= len(parts) <= 4:
            why = Text("attendu ID SECRET RETOUR [RETOUR_DÉCONNEXION]", "expected ID SECRET RETURN [LOGOUT_RETURN]")
            raise InvalidSignOnError(f"sso_clients[{number}]", why)
        client_id, secret, *uris = parts
        if not _NAME.fullmatch(client_id) or client_id in clients:
            why = Text("identifiant de client refusé ou déjà pris", "client id refused or already taken")
            raise InvalidSignOnError(f"sso_clients[{number}]", why)
        if not _SECRET.fullmatch(secret):
            why = Text(
                "secret de 8 à 200 lettres, chiffres ou . _ ~ -", "secret of 8 to 200 letters, digits or . _ ~ -"
            )
            raise InvalidSignOnError(f"sso_clients[{number}]", why)
        if not all(_is_url(uri) for uri in uris):
            why = Text("adresse de retour : attendu http(s)://…", "address to return to: expected http(s)://…")
            raise InvalidSignOnError(f"sso_clients[{number}]", why)
        clients[client_id] = Client(client_id, secret, uris[0], uris[1] if len(uris) > 1 else None)
    return clients


def origins_of(clients: Mapping[str, Client]) -> tuple[str, ...]:
    """Where a form of the login page may end after its redirects (Content-Security-Policy, form-action)."""
    parts = (urlsplit(client.redirect_uri) for client in clients.values())
    return tuple(sorted({f"{part.scheme}://{part.netloc}" for part in parts}))


def _is_url(text: str) -> bool:
    if not re.fullmatch(r"https?://[!#-&(-:=?-\[\]_a-z~]+", text) or "#" in text:  # no quote, blank or fragment
        return False
    try:
        parts = urlsplit(text)
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


# --- requests --------------------------------------------------------------------------------------------------------


def trusted_client(parameters: Sequence[tuple[str, str]], clients: Mapping[str, Client]) -> Client:
    """Who asks, once it is sure where to answer; raises `UnknownClientError`, `RedirectRefusedError`."""
    ids = [value for name, value in parameters if name == "client_id"]
    client = clients.get(ids[0]) if len(ids) == 1 else None
    if client is None:
        raise UnknownClientError
    if [value for name, value in parameters if name == "redirect_uri"] != [client.redirect_uri]:
        raise RedirectRefusedError
    return client


def must_sign_in_again(visit: Visit, max_age: str | None, now: datetime) -> bool:
    return bool(max_age) and (now - visit.session.opened).total_seconds() > int(max_age or 0)


# --- what the provider says ------------------------------------------------------------------------------------------


def discovery(issuer: str) -> dict[str, Any]:
    """OpenID Provider Metadata."""
    base = issuer + ENDPOINTS
    methods = ["client_secret_basic", "client_secret_post"]
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{base}/auth",
        "token_endpoint": f"{base}/token",
        "userinfo_endpoint": f"{base}/userinfo",
        "jwks_uri": f"{base}/certs",
        "end_session_endpoint": f"{base}/logout",
        "introspection_endpoint": f"{base}/token/introspect",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": list(SCOPES),
        "acr_values_supported": [ACR],
        "token_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_methods_supported": methods,
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login"],
        "claims_supported": sorted(
            {"iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "azp", "sid", "at_hash", TECHNICAL_ID}
            | set(userinfo(_NOBODY, issuer))
        ),
        "claim_types_supported": ["normal"],
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }


def subject(regulator: Regulator, issuer: str) -> str:
    """Opaque, and the same for life: an identifier may change, and nobody is to be matched on this."""
    return f"f:{uuid.uuid5(uuid.NAMESPACE_URL, issuer)}:{regulator.id}"


def identity(regulator: Regulator, issuer: str) -> dict[str, Any]:
    """The claims that say who it is, in the ID token as in userinfo."""
    named = {"SubjectNameID": regulator.identifier.value}
    if regulator.identifier.kind is IdentifierKind.TECHNICAL:
        named = {TECHNICAL_ID: regulator.identifier.value}
    return {"sub": subject(regulator, issuer), "preferred_username": regulator.identifier.value, **named}


def userinfo(regulator: Regulator, issuer: str) -> dict[str, Any]:
    """Every claim that Pro Santé Connect requires; what the platform does not know is empty, never invented.

    Who has only a technical id has no SubjectNameID. No e-mail address: Pro Santé Connect gives none.
    """
    national = regulator.identifier.kind is IdentifierKind.NATIONAL
    title = regulator.prefix or ""
    return {
        **identity(regulator, issuer),
        "given_name": regulator.given,
        "family_name": regulator.family,
        "codeCivilite": title,
        "email_verified": False,
        "Secteur_Activite": "",
        "SubjectOrganization": regulator.territory,
        "SubjectRole": [],
        "Acces_Regulation_Medicale": "VRAI",
        "Mode_Acces_Raison": "",
        "UITVersion": "1.0",
        "Palier_Authentification": "APPPRIP3^1.2.250.1.213.1.5.1.1.1",
        "PSI_Locale": "1.2.250.1.213.1.3.1.1",
        "otherIds": [{"identifiant": regulator.identifier.value, "origine": "EDIT", "qualite": 1}] if national else [],
        "SubjectRefPro": {
            "codeCivilite": title,
            "exercices": [
                {
                    "codeProfession": "",
                    "codeCategorieProfessionnelle": "",
                    "codeCiviliteDexercice": title,
                    "nomDexercice": regulator.family,
                    "prenomDexercice": regulator.given,
                    "codeTypeSavoirFaire": "",
                    "codeSavoirFaire": "",
                    "activities": [dict.fromkeys(_ACTIVITY, "")],
                }
            ],
        },
    }


def access_claims(token: Token, visit: Visit, issuer: str) -> dict[str, Any]:
    """The access token, as Keycloak writes its own."""
    return {**_common(token, visit, issuer), "typ": "Bearer", "scope": token.scope}


def id_claims(token: Token, visit: Visit, issuer: str) -> dict[str, Any]:
    """The ID token, without what depends on the access token (`at_hash`) and on the request (`nonce`)."""
    return {**_common(token, visit, issuer), "typ": "ID", **identity(visit.regulator, issuer)}


def introspection(token: Token, visit: Visit, issuer: str, *, access: bool) -> dict[str, Any]:
    """What a client is told of a living token of its own; SubjectNameID with an access token only."""
    named = identity(visit.regulator, issuer)
    if not access:
        named.pop("SubjectNameID", None)
    payload = {**_common(token, visit, issuer), "typ": "Bearer" if access else "Refresh", "scope": token.scope, **named}
    payload |= {
        "client_id": token.client_id,
        "username": visit.regulator.identifier.value,
        "email_verified": False,
        "active": True,
    }
    if token.nonce is not None:
        payload["nonce"] = token.nonce
    if not access:
        payload["exp"] = int(token.refresh_expires.timestamp())
    return payload


def _common(token: Token, visit: Visit, issuer: str) -> dict[str, Any]:
    return {
        "iss": issuer,
        "sub": subject(visit.regulator, issuer),
        "aud": token.client_id,
        "azp": token.client_id,
        "exp": int(token.expires.timestamp()),
        "iat": int(token.issued.timestamp()),
        "auth_time": int(visit.session.opened.timestamp()),
        "jti": token.id,
        "acr": token.acr,
        "sid": token.session_id,
        "session_state": token.session_id,
    }
