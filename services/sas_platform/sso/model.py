"""Who is signed in at the platform, and how the attempts of those who are not are counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sas_kernel.errors import SasError
from sas_kernel.text import Text
from sas_platform.regulators.model import Regulator

COOKIE: Final = "sas_session"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The person behind a request. `csrf` goes into each form of the session; `since`: when he gave his password."""

    regulator: Regulator
    csrf: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """A session of a browser at the platform, which is also its single sign-on at the editors.

    `id` is public (the claim `sid`); the cookie holds a secret of which only the hash is kept. A negative
    `regulator_id` names a test identity (`sso.identities`).
    """

    id: str
    regulator_id: int
    csrf: str
    opened: datetime
    seen: datetime
    ended: datetime | None = None


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long things live.

    Defaults: access 2 min, refresh 30 min, session 4 h at most or 30 min idle (documentation of Pro Santé Connectée,
    api_prosanteconnectee_web_erreurs.md and principes_securisation.md). Codes: RFC 6749, section 4.1.2, allows ten
    minutes; ours live one. The age of keys is ours.
    """

    access: timedelta = timedelta(minutes=2)
    refresh: timedelta = timedelta(minutes=30)
    session: timedelta = timedelta(hours=4)
    idle: timedelta = timedelta(minutes=30)
    code: timedelta = timedelta(minutes=1)
    key: timedelta = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Visit:
    """A session that lives, and whose it is."""

    session: Session
    regulator: Regulator


class SignOnError(SasError):
    """Root of what sign-on refuses."""


class WrongPasswordError(SignOnError):
    """Unknown, wrong and deactivated are told alike: who asks learns nothing of who has an account."""

    def __init__(self) -> None:
        super().__init__(
            Text(
                "Adresse ou mot de passe incorrect, ou compte désactivé.",
                "Wrong address or password, or a deactivated account.",
            )
        )


class LockedError(SignOnError):
    """Too many failures."""

    def __init__(self, until: datetime, now: datetime) -> None:
        minutes = max(1, -(-int((until - now).total_seconds()) // 60))
        super().__init__(
            Text(
                "Trop d’essais infructueux : réessayez dans {n} min.",
                "Too many failed attempts: try again in {n} min.",
            ).format(n=minutes)
        )
        self.until = until


class InvalidSignOnError(SignOnError):
    """The configuration of sign-on cannot be used."""

    def __init__(self, setting: str, why: Text) -> None:
        super().__init__(Text("{setting} : {why}.", "{setting}: {why}.").format(setting=setting, why=why))


class SignOnUnavailableError(SignOnError):
    def __init__(self) -> None:
        super().__init__(
            Text(
                "La connexion ne répond pas pour le moment ; réessayez dans un instant.",
                "Sign-on does not answer for now; try again in a moment.",
            )
        )
