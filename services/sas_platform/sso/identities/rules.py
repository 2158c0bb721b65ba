"""The list of test identities, and how a fault bends what the provider says. Pure."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sas_kernel.datasets import DatasetRegulator
from sas_kernel.text import Text
from sas_platform.regulators.model import Identifier, IdentifierKind, Regulator
from sas_platform.sso.identities.model import Fault, TestIdentity

TERRITORY: Final = "SAS-99 Villefictive"
_ESTABLISHMENT: Final = "3990000058"  # that of the demonstration's regulators, which exists nowhere
_ELSEWHERE: Final = "https://another-issuer.example.org/realms/sas"
_OTHER_CLIENT: Final = "another-client"
_LATE: Final = 3600  # seconds: no tolerance for clocks reaches as far

_GOOD: Final = Text(
    "Tout est en règle : le régulateur entre, et l’éditeur le reconnaît au compte reçu par INT_R02.",
    "All is in order: the regulator comes in, and the editor knows him by the account it received by INT_R02.",
)
_TEXTS: Final[Mapping[Fault, Text]] = {
    Fault.WRONG_AUDIENCE: Text(
        "Le jeton d’identité est destiné à un autre client (aud, azp) : l’éditeur le refuse.",
        "The ID token is meant for another client (aud, azp): the editor refuses it.",
    ),
    Fault.WRONG_ISSUER: Text(
        "Le jeton d’identité se dit émis par un autre fournisseur (iss) : l’éditeur le refuse.",
        "The ID token says that another provider issued it (iss): the editor refuses it.",
    ),
    Fault.EXPIRED: Text(
        "Le jeton d’identité a expiré depuis une heure (exp) : l’éditeur le refuse.",
        "The ID token expired an hour ago (exp): the editor refuses it.",
    ),
    Fault.BAD_NONCE: Text(
        "Le nonce du jeton d’identité n’est pas celui de la demande : l’éditeur le refuse.",
        "The nonce of the ID token is not the request's: the editor refuses it.",
    ),
    Fault.BAD_SIGNATURE: Text(
        "La signature du jeton d’identité est fausse : l’éditeur le refuse.",
        "The signature of the ID token is wrong: the editor refuses it.",
    ),
    Fault.ALG_NONE: Text(
        "Le jeton d’identité n’est pas signé (alg: none) : l’éditeur le refuse.",
        "The ID token is not signed (alg: none): the editor refuses it.",
    ),
    Fault.MISSING_SUBJECT_NAME_ID: Text(
        "Ni le jeton ni userinfo ne portent d’identifiant national (SubjectNameID) : l’éditeur n’ouvre aucun compte.",
        "Neither the token nor userinfo has a national id (SubjectNameID): the editor opens no account.",
    ),
    Fault.WRONG_STATE: Text(
        "La réponse revient avec un autre state que celui de la demande : l’éditeur la refuse sans demander de jeton.",
        "The answer comes back with another state than the request's: the editor refuses it and asks for no token.",
    ),
    Fault.SUBJECT_MISMATCH: Text(
        "userinfo parle d’une autre personne (sub) que le jeton d’identité : l’éditeur refuse.",
        "userinfo speaks of another person (sub) than the ID token: the editor refuses.",
    ),
    Fault.UNKNOWN_ACCOUNT: Text(
        "Les jetons sont bons, mais aucun compte n’a été transmis à l’éditeur : il refuse, et ne crée rien.",
        "The tokens are good but no account was ever sent to the editor: it refuses, and creates nothing.",
    ),
    Fault.INACTIVE_ACCOUNT: Text(
        "Les jetons sont bons, mais le compte transmis à l’éditeur est inactif : il refuse.",
        "The tokens are good but the account that was sent to the editor is inactive: it refuses.",
    ),
}


def identities_of(people: Sequence[DatasetRegulator]) -> tuple[TestIdentity, ...]:
    """The active regulators of a data set as they are, then one identity a fault; none without a data set.

    The password of the faulty ones is that of the first regulator.
    """
    active = [person for person in people if person.active]
    good = [
        TestIdentity(f"regulator-{number}", _from_dataset(number, person), person.password, None, _GOOD)
        for number, person in enumerate(active, 1)
    ]
    faulty = [
        TestIdentity(fault.value, _invented(number, fault), active[0].password, fault, _TEXTS[fault])
        for number, fault in enumerate(Fault, 1)
        if active
    ]
    return (*good, *faulty)


def with_password(identities: Sequence[TestIdentity], login: str, password: str) -> TestIdentity | None:
    """The faulty identity with this login and this password. The good ones sign in by their own account."""
    for identity in identities:
        if identity.fault and identity.regulator.email.casefold() == login.strip().casefold():
            right = hmac.compare_digest(identity.password.encode(), password.encode("utf-8", "surrogatepass"))
            return identity if right else None
    return None


def with_id(identities: Sequence[TestIdentity], regulator_id: int) -> TestIdentity | None:
    return next((one for one in identities if one.fault and one.regulator.id == regulator_id), None)


def _from_dataset(number: int, person: DatasetRegulator) -> Regulator:
    return Regulator(
        id=number,
        identifier=Identifier(IdentifierKind(person.kind), person.value),
        family=person.family,
        given=person.given,
        prefix=person.prefix,
        email=person.email,
        territory=person.territory,
        active=True,
    )


def _invented(number: int, fault: Fault) -> Regulator:
    login = fault.value.replace("_", "-")
    return Regulator(
        id=-number,
        identifier=Identifier(IdentifierKind.NATIONAL, f"{_ESTABLISHMENT}/FAULT-{number:02}"),
        family=f"ESSAI {login.upper()}",
        given="Identité",
        prefix=None,
        email=f"{login}@fault.example.org",
        territory=TERRITORY,
        active=True,
    )


# --- what a fault does -----------------------------------------------------------------------------------------------


def bent_state(state: str | None, fault: Fault | None) -> str | None:
    """The state that the answer comes back with."""
    return f"{state or ''}-altered" if fault is Fault.WRONG_STATE else state


def bent_id_token(claims: Mapping[str, Any], fault: Fault | None) -> dict[str, Any]:
    """The claims of an ID token with their fault; those of a good identity as they are."""
    bent = dict(claims)
    if fault is Fault.WRONG_AUDIENCE:
        bent |= {"aud": _OTHER_CLIENT, "azp": _OTHER_CLIENT}
    elif fault is Fault.WRONG_ISSUER:
        bent["iss"] = _ELSEWHERE
    elif fault is Fault.EXPIRED:
        bent |= {name: bent[name] - _LATE for name in ("iat", "exp", "auth_time") if name in bent}
    elif fault is Fault.BAD_NONCE:
        bent["nonce"] = f"{bent.get('nonce', '')}-altered"
    elif fault is Fault.MISSING_SUBJECT_NAME_ID:
        bent = _unnamed(bent)
    return bent


def bent_userinfo(claims: Mapping[str, Any], fault: Fault | None) -> dict[str, Any]:
    """What userinfo answers with its fault."""
    if fault is Fault.SUBJECT_MISMATCH:
        return {**claims, "sub": f"{claims['sub']}-other"}
    return _unnamed(claims) if fault is Fault.MISSING_SUBJECT_NAME_ID else dict(claims)


def bent_signature(token: str, fault: Fault | None) -> str:
    """A signed compact token whose signature is another one's where that is the fault.

    The first character is changed: every bit of it is part of the signature, which is not so of the last.
    """
    if fault is not Fault.BAD_SIGNATURE:
        return token
    head, _, signature = token.rpartition(".")
    return f"{head}.{'B' if signature.startswith('A') else 'A'}{signature[1:]}"


def _unnamed(claims: Mapping[str, Any]) -> dict[str, Any]:
    """Without anything that an account could be found by, other than what no account is to be found by."""
    national = claims.get("SubjectNameID")
    kept = {name: value for name, value in claims.items() if name != "SubjectNameID"}
    if "otherIds" in kept:
        kept["otherIds"] = []
    if national is not None and kept.get("preferred_username") == national:
        kept["preferred_username"] = "essai"
    return kept
