"""Who is signed in, by which way, and what is refused. Instants are whole milliseconds since the epoch."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sas_kernel.errors import SasError
from sas_kernel.text import Text

SESSION_COOKIE: Final = "agenda_session"
LOGIN_COOKIE: Final = "agenda_login"  # names the browser between the form, or the provider, and the session


class PersonKind(StrEnum):
    REGULATOR = "regulator"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Person:
    """`account`: the number of a regulator's account, or the login of a member of staff."""

    kind: PersonKind
    account: str


@dataclass(frozen=True, slots=True)
class Session:
    """A session as it is kept. `regulator_role`: it came from the platform, with an `origin` of the list.

    `id_token` is what the provider wants back at logout; only a session that came from it has one.
    """

    person: Person
    regulator_role: bool
    opened_at: int
    seen_at: int
    id_token: str | None = None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who makes a request, as the accounts are now. `csrf` goes into each of his forms.

    `terms_accepted`: the terms of today, by him. `regulator_id` is absent for the staff.
    """

    person: Person
    name: str
    regulator_id: int | None
    regulator_role: bool
    terms_accepted: bool
    csrf: str

    @property
    def is_staff(self) -> bool:
        return self.person.kind is PersonKind.STAFF


@dataclass(frozen=True, slots=True)
class PendingLogin:
    """Somebody sent to the provider who has not come back. `origin` is one of the list, or absent."""

    nonce: str
    verifier: str
    destination: str
    origin: str | None
    expires_at: int


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """In milliseconds: `idle` between two requests, `most` since the login."""

    idle: int
    most: int


@dataclass(frozen=True, slots=True)
class Attempts:
    """Attempts of one login that have not succeeded, and when the last of them was."""

    count: int
    last_at: int


# --- the provider ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Provider:
    """What its discovery document says."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str
    jwks_uri: str
    end_session_endpoint: str | None


@dataclass(frozen=True, slots=True, repr=False)
class Tokens:
    """Secrets, hence no `repr`."""

    id_token: str
    access_token: str


# --- errors ----------------------------------------------------------------------------------------------------------


class SignOnError(SasError):
    """Root of what sign-on refuses. `reason` is fit for a log: it repeats nothing of what was sent."""

    def __init__(self, text: Text, reason: str) -> None:
        super().__init__(text)
        self.reason = reason


class UnknownStateError(SignOnError):
    """The answer of the provider belongs to no login that this browser has begun."""

    def __init__(self) -> None:
        super().__init__(
            Text(
                "Cette réponse ne correspond à aucune connexion commencée dans ce navigateur, ou elle a expiré "
                "(10 minutes). Recommencez depuis la plateforme SAS ou depuis la page de connexion.",
                "This answer matches no sign-in begun in this browser, or it has expired (10 minutes). "
                "Start again from the SAS platform or from the login page.",
            ),
            "state unknown, used, expired, or of another browser",
        )


_ANSWERS: Final = {
    "access_denied": Text(
        "La connexion a été refusée ou abandonnée chez Pro Santé Connect.",
        "Sign-in was refused or given up at Pro Santé Connect.",
    ),
    "login_required": Text(
        "Pro Santé Connect demande de vous identifier de nouveau.", "Pro Santé Connect asks you to sign in again."
    ),
    "temporarily_unavailable": Text(
        "Pro Santé Connect est momentanément indisponible.", "Pro Santé Connect is unavailable for now."
    ),
    "server_error": Text("Pro Santé Connect a rencontré une erreur.", "Pro Santé Connect had an internal error."),
}
_ANSWERED: Final = Text(
    "Pro Santé Connect a répondu par l’erreur « {code} » : le raccordement de cet agenda est à vérifier.",
    "Pro Santé Connect answered with the error '{code}': the connection of this agenda is to be checked.",
)


class ProviderRefusalError(SignOnError):
    """The provider answered with an error; `code` is the standard's word, cleaned."""

    def __init__(self, code: str) -> None:
        super().__init__(_ANSWERS.get(code) or _ANSWERED.format(code=code), f"the provider answered {code}")
        self.code = code


class Fault(StrEnum):
    """What is wrong with a token, or with what goes with it. The value goes into the log."""

    MALFORMED = "no readable token"
    ALGORITHM = "signed with another algorithm than RS256, or not signed"
    KEY = "signed with a key the provider does not publish"
    SIGNATURE = "bad signature"
    ISSUER = "wrong issuer"
    AUDIENCE = "wrong audience"
    EXPIRED = "expired"
    TIMES = "dates missing or in the future"
    NONCE = "wrong nonce"
    ACCESS_TOKEN = "of another access token"
    LEVEL = "lower level of authentication than asked"
    SUBJECT = "subject missing, or another one in userinfo"
    NO_IDENTIFIER = "no identifier of a regulator"


_FAULTS: Final = {
    Fault.MALFORMED: Text("le jeton est illisible", "the token cannot be read"),
    Fault.ALGORITHM: Text(
        "le jeton n’est pas signé comme convenu (RS256)", "the token is not signed as agreed (RS256)"
    ),
    Fault.KEY: Text("la clé de signature n’est pas celle du fournisseur", "the signing key is not the provider's"),
    Fault.SIGNATURE: Text("la signature du jeton est fausse", "the signature of the token is wrong"),
    Fault.ISSUER: Text("le jeton vient d’un autre émetteur", "the token comes from another issuer"),
    Fault.AUDIENCE: Text("le jeton est destiné à un autre service", "the token is meant for another service"),
    Fault.EXPIRED: Text("le jeton a expiré", "the token has expired"),
    Fault.TIMES: Text("les dates du jeton ne sont pas valables", "the dates of the token are not valid"),
    Fault.NONCE: Text("le jeton répond à une autre demande", "the token answers another request"),
    Fault.ACCESS_TOKEN: Text("les deux jetons ne vont pas ensemble", "the two tokens do not belong together"),
    Fault.LEVEL: Text("le niveau d’authentification est insuffisant", "the level of authentication is not sufficient"),
    Fault.SUBJECT: Text("l’identité reçue n’est pas cohérente", "the identity received is not consistent"),
    Fault.NO_IDENTIFIER: Text(
        "l’identité reçue ne porte pas d’identifiant national", "the identity received has no national identifier"
    ),
}


class InvalidTokenError(SignOnError):
    def __init__(self, fault: Fault) -> None:
        super().__init__(
            Text(
                "Votre identité n’a pas pu être vérifiée : {why}. Rien n’a été ouvert.",
                "Your identity could not be verified: {why}. Nothing was opened.",
            ).format(why=_FAULTS[fault]),
            f"token refused: {fault}",
        )
        self.fault = fault


class NoAccountError(SignOnError):
    """Unknown and deactivated alike: the page tells nobody which accounts exist."""

    def __init__(self) -> None:
        super().__init__(
            Text(
                "Aucun compte de régulateur actif ne correspond à votre identité dans cet agenda. Votre compte est "
                "créé par la plateforme SAS quand vous vous y connectez : reconnectez-vous-y, puis rouvrez le créneau. "
                "Si cela persiste, signalez-le à votre administrateur SAS.",
                "No active regulator's account matches your identity in this agenda. The SAS platform creates your "
                "account when you sign in there: sign in again, then open the slot once more. If it goes on, tell your "
                "SAS administrator.",
            ),
            "no active account with this identifier",
        )


class ProviderUnavailableError(SignOnError):
    """The provider cannot be reached, or does not speak as agreed; `detail` is for the log alone."""

    def __init__(self, detail: str) -> None:
        super().__init__(
            Text(
                "Pro Santé Connect ne répond pas comme prévu. Réessayez dans quelques instants.",
                "Pro Santé Connect does not answer as expected. Try again in a moment.",
            ),
            f"provider: {detail}",
        )


class NotConfiguredError(SignOnError):
    def __init__(self) -> None:
        super().__init__(
            Text(
                "La connexion des régulateurs n’est pas encore raccordée à cet agenda.",
                "Sign-on of regulators is not connected to this agenda yet.",
            ),
            "no provider is configured",
        )


class WrongPasswordError(SignOnError):
    """Unknown logins are told the same."""

    def __init__(self) -> None:
        super().__init__(
            Text("Identifiant ou mot de passe incorrect.", "Wrong login or password."), "wrong login or password"
        )


class LockedOutError(SignOnError):
    """Too many failures: known and unknown logins alike."""

    def __init__(self, minutes: int) -> None:
        super().__init__(
            Text(
                "Trop d’essais infructueux : réessayez dans {n} min.", "Too many failed attempts: try again in {n} min."
            ).format(n=minutes),
            "locked out",
        )


class ForgedFormError(SignOnError):
    """A form that this session, or this browser, was not given."""

    def __init__(self) -> None:
        super().__init__(
            Text(
                "Ce formulaire n’est plus valable : rien n’a été enregistré. Revenez à la page précédente, "
                "rechargez-la et recommencez.",
                "This form is no longer valid: nothing was recorded. Go back to the previous page, reload it and try "
                "again.",
            ),
            "csrf token missing or wrong",
        )


class NotAllowedError(SignOnError):
    """Signed in, without the role that this asks for."""

    def __init__(self) -> None:
        super().__init__(
            Text(
                "Votre session ne donne pas accès à cette page. Les régulateurs y accèdent en ouvrant un créneau "
                "depuis la plateforme SAS.",
                "Your session gives no access to this page. Regulators reach it by opening a slot from the SAS "
                "platform.",
            ),
            "role missing",
        )
