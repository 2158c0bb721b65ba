"""The story of a session: somebody comes by the provider or by the editor's own page, is known again, and leaves."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from agenda_editor.agendas.model import AgendaUnavailableError
from agenda_editor.regulators.rules import is_clean
from agenda_editor.regulators.service import RegulatorService
from agenda_editor.sso import rules
from agenda_editor.sso.client import ProviderClient
from agenda_editor.sso.model import (
    ForgedFormError,
    Lifetimes,
    LockedOutError,
    NoAccountError,
    NotConfiguredError,
    PendingLogin,
    Person,
    PersonKind,
    ProviderRefusalError,
    ProviderUnavailableError,
    Session,
    SignedIn,
    UnknownStateError,
    WrongPasswordError,
)
from agenda_editor.sso.repository import SignOnRepository
from sas_kernel.datasets import DatasetStaff
from sas_kit.database import Database, translating

_SEEN_EVERY: Final = 60_000  # ms: a session that is used is not written at each request

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Departure:
    """Where to send a browser, and the name it is to keep until it comes back."""

    url: str
    browser: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """A login that has succeeded: the secret of its new session, and the page to show."""

    cookie: str
    destination: str


class SignOn:
    """`provider` is absent where no regulator can sign in. `now` is in milliseconds.

    Everything may raise `AgendaUnavailableError`; the rest of what is raised is of `sso.model`.
    """

    def __init__(
        self,
        database: Database,
        provider: ProviderClient | None,
        hasher: PasswordHasher,
        *,
        origins: Sequence[str],
        terms_version: str,
        lifetimes: Lifetimes,
        after_logout: str,
    ) -> None:
        self.origins = tuple(origins)
        self.terms_version = terms_version
        self.secure = after_logout.startswith("https://")
        self._database = database
        self._provider = provider
        self._hasher = hasher
        self._lifetimes = lifetimes
        self._after_logout = after_logout
        # Who is unknown is refused in the time that a wrong password takes.
        self._nobody = hasher.hash(secrets.token_urlsafe(32))

    @property
    def has_provider(self) -> bool:
        return self._provider is not None

    @property
    def form_targets(self) -> tuple[str, ...]:
        """The sites that a form of ours may end up at, by redirects: a browser wants them named."""
        known = None if self._provider is None else self._provider.known
        urls = [] if self._provider is None else [self._provider.issuer]
        if known is not None:
            urls += [known.authorization_endpoint, known.end_session_endpoint or known.issuer]
        return tuple(sorted({f"{url.scheme}://{url.netloc}" for url in map(urlsplit, urls)}))

    # --- who is there ---

    async def signed_in(self, cookie: str | None, now: int) -> SignedIn | None:
        """Who holds this cookie, if his session is alive and his account active at this moment."""
        if not cookie:
            return None
        key = rules.hashed(cookie)
        async with self._reading() as repository:
            session = await repository.session(key)
            if session is None:
                return None
            who = await self._known(repository, session) if rules.is_alive(session, self._lifetimes, now) else None
            accepted = await repository.acceptances(session.person) if who else []
        if who is None or now >= session.seen_at + _SEEN_EVERY:
            async with self._writing() as repository:
                # Over for good: an account that is activated again does not bring back the sessions it had.
                await (repository.end_session(key) if who is None else repository.seen(key, now))
        if who is None:
            return None
        name, regulator_id = who
        return SignedIn(
            session.person,
            name,
            regulator_id,
            session.regulator_role,
            any(version == self.terms_version for version, _ in accepted),
            rules.csrf_token(cookie),
        )

    async def _known(self, repository: SignOnRepository, session: Session) -> tuple[str, int | None] | None:
        """The name, and for a regulator the number of his account."""
        if session.person.kind is PersonKind.STAFF:
            member = await repository.member(session.person.account)
            return None if member is None else (member[0], None)
        regulator = await RegulatorService.within(repository.connection, int(session.person.account))
        if regulator is None or not regulator.details.active:
            return None
        return f"{regulator.details.given} {regulator.details.family}", regulator.id

    # --- by the provider ---

    async def depart(self, browser: str | None, destination: str, origin: str | None, now: int) -> Departure:
        """Send a browser to the provider. Raises `NotConfiguredError` or `ProviderUnavailableError`."""
        client = self._configured()
        provider = await client.provider(now)
        browser = browser or new_secret()
        state = new_secret()
        pending = PendingLogin(
            new_secret(),
            new_secret(),
            rules.local_target(destination),
            rules.accepted_origin(origin, self.origins),
            now + rules.PENDING_FOR,
        )
        async with self._writing() as repository:
            await self._forget(repository, now)
            await repository.add_pending(rules.hashed(state), rules.hashed(browser), pending)
        return Departure(
            rules.authorization_url(provider, client.client_id, client.redirect_uri, state, pending), browser
        )

    async def arrive(self, browser: str | None, answer: Mapping[str, str], old_cookie: str | None, now: int) -> Arrival:
        """What the provider sent a browser back with, `answer` being the query; a new session in place of the old one.

        Raises `UnknownStateError`, `ProviderRefusalError`, `InvalidTokenError`, `NoAccountError`,
        `ProviderUnavailableError` or `NotConfiguredError`: then nothing has changed.
        """
        client = self._configured()
        if browser is None or "state" not in answer:
            raise UnknownStateError
        async with self._writing() as repository:
            pending = await repository.take_pending(rules.hashed(answer["state"]), rules.hashed(browser))
        if pending is None or now >= pending.expires_at:
            raise UnknownStateError
        if "error" in answer:
            raise ProviderRefusalError(rules.error_code(answer["error"]))
        if "code" not in answer or answer.get("iss", client.issuer) != client.issuer:
            raise ProviderRefusalError("invalid_response")
        tokens = await client.tokens(answer["code"], pending, now)
        key = await client.key(rules.key_id(tokens.id_token), now)
        claims = rules.claims_of(tokens.id_token, key)
        rules.check_claims(
            claims,
            issuer=client.issuer,
            client_id=client.client_id,
            nonce=pending.nonce,
            access_token=tokens.access_token,
            now=now,
        )
        identifier = rules.identifier_of(claims, await client.userinfo(tokens.access_token, now))
        async with self._writing() as repository:
            regulator = await RegulatorService.active_within(repository.connection, identifier)
            if regulator is None:
                raise NoAccountError
            person = Person(PersonKind.REGULATOR, str(regulator.id))
            session = Session(person, pending.origin is not None, now, now, tokens.id_token)
            return Arrival(await self._open(repository, session, old_cookie), pending.destination)

    def _configured(self) -> ProviderClient:
        if self._provider is None:
            raise NotConfiguredError
        return self._provider

    # --- by the editor's own page ---

    async def log_in(self, login: str, password: str, old_cookie: str | None, now: int) -> str:
        """The secret of a new session of a member of staff. Raises `WrongPasswordError` or `LockedOutError`."""
        login = " ".join(login.split()).casefold()
        key = rules.hashed(login)
        # An attempt counts before it is made: together, many would each see room for themselves.
        async with self._writing() as repository:
            await self._forget(repository, now)  # anybody may make up logins to try
            attempts = rules.counted(await repository.lock_attempts(key), now)
            await repository.set_attempts(key, attempts)
        minutes = rules.minutes_locked(attempts, now)
        if minutes is not None:
            raise LockedOutError(minutes)
        async with self._reading() as repository:
            member = await repository.member(login) if is_clean(login) else None
        right = await asyncio.to_thread(self._verify, member[1] if member else self._nobody, password)
        if member is None or not right:
            raise WrongPasswordError
        async with self._writing() as repository:
            await repository.forgive(key)
            session = Session(Person(PersonKind.STAFF, login), regulator_role=False, opened_at=now, seen_at=now)
            return await self._open(repository, session, old_cookie)

    async def load_staff(self, members: Sequence[DatasetStaff]) -> None:
        """Make these, and nobody else, the staff; a password that has not changed keeps its hash."""
        async with self._reading() as repository:
            held = await repository.members()
        wanted = {}
        for member in members:
            login = member.login.casefold()
            _, password_hash = held.get(login, ("", ""))
            if not password_hash or not await asyncio.to_thread(self._verify, password_hash, member.password):
                password_hash = await asyncio.to_thread(self._hasher.hash, member.password)
            wanted[login] = (member.name, password_hash)
        if wanted == held:
            return
        async with self._writing() as repository:
            await repository.keep_members(wanted)
            for login, (name, password_hash) in sorted(wanted.items()):
                await repository.put_member(login, name, password_hash)

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password.encode("utf-8", "surrogatepass"))
        except (VerificationError, InvalidHashError):
            return False

    # --- terms, forms, the end ---

    async def accept_terms(self, person: Person, version: str, now: int) -> bool:
        """Write down that he accepts the terms of today; `False` when it is others that he was shown."""
        if version != self.terms_version:
            return False
        async with self._writing() as repository:
            await repository.accept(person, version, now)
        return True

    async def acceptances(self, person: Person) -> list[tuple[str, int]]:
        """Which terms somebody accepted, and when; oldest first."""
        async with self._reading() as repository:
            return await repository.acceptances(person)

    async def log_out(self, cookie: str, now: int) -> str:
        """End a session here; where to send the browser, which is the provider for a session that came from it."""
        key = rules.hashed(cookie)
        async with self._writing() as repository:
            session = await repository.session(key)
            await repository.end_session(key)
        if session is None or session.id_token is None or self._provider is None:
            return self._after_logout
        try:
            end = (await self._provider.provider(now)).end_session_endpoint
        except ProviderUnavailableError as error:
            _log.warning("logout at the provider left out: %s", error.reason)
            return self._after_logout
        if end is None:
            return self._after_logout
        return rules.end_session_url(end, session.id_token, self._provider.client_id, self._after_logout)

    async def _forget(self, repository: SignOnRepository, now: int) -> None:
        await repository.forget(now - self._lifetimes.most, now, now - rules.LOCKED_FOR)

    async def _open(self, repository: SignOnRepository, session: Session, old_cookie: str | None) -> str:
        cookie = new_secret()
        if old_cookie:
            await repository.end_session(rules.hashed(old_cookie))
        await repository.add_session(rules.hashed(cookie), session)
        return cookie

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[SignOnRepository]:
        with translating(unavailable=AgendaUnavailableError, conflict=AgendaUnavailableError):
            async with self._database.reading() as connection:
                yield SignOnRepository(connection)

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[SignOnRepository]:
        with translating(unavailable=AgendaUnavailableError, conflict=AgendaUnavailableError):
            async with self._database.transaction() as connection:
                yield SignOnRepository(connection)


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def check_form(secret: str | None, sent: str | None) -> None:
    """Whether a form was given to who holds this cookie. Raises `ForgedFormError`."""
    if not secret or not sent or not rules.same_secret(rules.csrf_token(secret), sent):
        raise ForgedFormError
