"""The story of an account, and of telling every editor of it."""

from __future__ import annotations

import asyncio
import random
import secrets
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.ext.asyncio import AsyncConnection

from sas_kernel.clock import Clock
from sas_kernel.datasets import DatasetRegulator
from sas_kernel.flows import Flow
from sas_kernel.identifiers import PRACTITIONER_SYSTEM, REGULATOR_SYSTEM
from sas_kit.database import Database, translating
from sas_platform.editors.model import Editor, Environment
from sas_platform.editors.service import EditorRegister
from sas_platform.regulators import fhir, rules
from sas_platform.regulators.client import RegulatorClient
from sas_platform.regulators.model import (
    Answer,
    Attempt,
    Change,
    ChangeKind,
    Claim,
    Details,
    EmailTakenError,
    Habilitation,
    Identifier,
    IdentifierKind,
    IdentifierTakenError,
    Operation,
    Outcome,
    Provision,
    Quirk,
    Regulator,
    RegulatorsUnavailableError,
    UnknownRegulatorError,
)
from sas_platform.regulators.repository import AccountRepository, ProvisionRepository

_KINDS = {PRACTITIONER_SYSTEM: IdentifierKind.NATIONAL, REGULATOR_SYSTEM: IdentifierKind.TECHNICAL}


@dataclass(frozen=True, slots=True)
class RegulatorService:
    """The platform's accounts (a `RegulatorDirectory`). `wake` is set when something is to be told to editors."""

    database: Database
    register: EditorRegister
    environment: Environment
    quirks: frozenset[Quirk]
    hasher: PasswordHasher
    wake: asyncio.Event
    nobody: str  # the hash of a password that nobody has: who is unknown is refused in the same time

    @classmethod
    async def opened(
        cls,
        database: Database,
        register: EditorRegister,
        environment: Environment,
        quirks: frozenset[Quirk],
        hasher: PasswordHasher,
    ) -> Self:
        nobody = await asyncio.to_thread(hasher.hash, secrets.token_urlsafe())
        return cls(database, register, environment, quirks, hasher, asyncio.Event(), nobody)

    # --- what other features ask -------------------------------------------------------------------------------------

    async def sign_in(self, email: str, password: str) -> Regulator | None:
        """The active regulator with this e-mail (any case) and this password, else None, in the same time."""
        found = None
        if rules.is_clean(email):
            async with self.reading() as connection:
                found = await AccountRepository(connection).with_email(email)
        stored = None if found is None else found[1]
        right = await asyncio.to_thread(self._verify, stored or self.nobody, password)
        if found is None or stored is None or not right or not found[0].active:
            return None
        return found[0]

    async def get(self, regulator_id: int) -> Regulator | None:
        async with self.reading() as connection:
            return await AccountRepository(connection).get(regulator_id)

    async def holding(self, system: str, value: str) -> Regulator | None:
        """Who has this identifier, or had it before he was given another; inactive ones too."""
        kind = _KINDS.get(system)
        if kind is None or not rules.is_clean(value):
            return None
        async with self.reading() as connection:
            return await AccountRepository(connection).holding(Identifier(kind, value))

    async def connected(self, regulator_id: int, now: datetime) -> None:
        """He has just signed in: what editors do not know of him yet is sent, without making him wait for it."""
        editors = await self.editors()
        async with self.editing() as connection:
            regulator = await AccountRepository(connection).get(regulator_id)
            if regulator is None or not regulator.active:
                return
            provisions = ProvisionRepository(connection)
            rows = {row.editor_id: row for row in await provisions.of_regulator(regulator_id)}
            account = rules.account_of(regulator, self.quirks)
            twice = 2 if Quirk.DOUBLE_SYNC in self.quirks else 0
            for editor in editors:
                wanted = rules.fingerprint(account, editor.base_url)
                row = rows.get(editor.id)
                if row is None:
                    row = Provision(regulator_id, editor.id)
                    await provisions.insert(row)
                if twice or (rules.is_pending(row, wanted) and row.parked != wanted):
                    await provisions.schedule(row, now, forced=twice)
        self.wake.set()

    # --- administration ----------------------------------------------------------------------------------------------

    async def all(self) -> list[Regulator]:
        """By name."""
        async with self.reading() as connection:
            return await AccountRepository(connection).all()

    async def known(self, regulator_id: int) -> Regulator:
        """Raises `UnknownRegulatorError`."""
        found = await self.get(regulator_id)
        if found is None:
            raise UnknownRegulatorError(regulator_id)
        return found

    async def history(self, regulator_id: int) -> list[Change]:
        """What happened to an account, oldest first."""
        await self.known(regulator_id)
        async with self.reading() as connection:
            return await AccountRepository(connection).history(regulator_id)

    async def create(
        self,
        *,
        family: str,
        given: str,
        prefix: str | None,
        email: str,
        territory: str,
        national_id: str | None,
        password: str | None,
        now: datetime,
    ) -> Regulator:
        """A new account, under a technical id where there is no national one; without a password nobody signs in.

        Raises `InvalidRegulatorError`, `EmailTakenError` or `IdentifierTakenError`.
        """
        identifier = (
            Identifier(IdentifierKind.TECHNICAL, str(uuid.uuid4()))
            if national_id is None
            else Identifier(IdentifierKind.NATIONAL, national_id)
        )
        details = rules.checked(Details(identifier, family, given, prefix, email, territory))
        hashed = None if password is None else await self._hashed(password)
        async with self.editing() as connection:
            accounts = AccountRepository(connection)
            await _check_free(accounts, details, None)
            return await accounts.insert(details, hashed, now, ChangeKind.CREATED)

    async def change(
        self,
        regulator_id: int,
        now: datetime,
        *,
        identifier: Identifier | None = None,
        password: str | None = None,
        **fields: str | None,
    ) -> Regulator:
        """Other names, e-mail, territory, identifier or password; editors are told at his next connection.

        Raises what `create` raises, and `UnknownRegulatorError`.
        """
        hashed = None if password is None else await self._hashed(password)
        async with self.editing() as connection:
            accounts = AccountRepository(connection)
            before = await _known(accounts, regulator_id)
            details = rules.details_of(before)
            details = rules.checked(replace(details, **fields, identifier=identifier or details.identifier))  # type: ignore[arg-type]  # schemas name the fields
            await _check_free(accounts, details, regulator_id)
            if hashed is not None:
                await accounts.set_password(regulator_id, hashed)
            if details == rules.details_of(before):
                return before
            return await accounts.update(before, details, now, ChangeKind.CHANGED)

    async def set_active(self, regulator_id: int, active: bool, now: datetime) -> Regulator:
        """Who may no longer sign in is told to the editors at once; who may again, at his next connection."""
        async with self.editing() as connection:
            accounts = AccountRepository(connection)
            before = await _known(accounts, regulator_id)
            if before.active is active:
                return before
            details = replace(rules.details_of(before), active=active)
            kind = ChangeKind.ACTIVATED if active else ChangeKind.DEACTIVATED
            after = await accounts.update(before, details, now, kind)
            if not active:
                provisions = ProvisionRepository(connection)
                for row in await provisions.of_regulator(regulator_id):
                    await provisions.schedule(row, now, forced=int(Quirk.BLOCKED_STAYS_ACTIVE in self.quirks))
        self.wake.set()
        return after

    async def send_again(self, regulator_id: int, editor_id: str, now: datetime) -> None:
        """Tell this editor once more, whatever it answered and whatever it knows. Raises `UnknownRegulatorError`."""
        async with self.editing() as connection:
            await _known(AccountRepository(connection), regulator_id)
            provisions = ProvisionRepository(connection)
            rows = [row for row in await provisions.of_regulator(regulator_id) if row.editor_id == editor_id]
            row = rows[0] if rows else Provision(regulator_id, editor_id)
            if not rows:
                await provisions.insert(row)
            await provisions.schedule(row, now, forced=1)
        self.wake.set()

    async def load(self, people: Sequence[DatasetRegulator], now: datetime) -> int:
        """Add those of a data set whom nobody knows; what was changed since stays. How many were added.

        Who is inactive in the data set had rights once: every editor is told at once.
        """
        details = [rules.loaded(person) for person in people]
        async with self.reading() as connection:
            known = [await _is_known(AccountRepository(connection), each) for each in details]
        new = [
            (each, await self._hashed(person.password))
            for each, person, is_known in zip(details, people, known, strict=True)
            if not is_known
        ]
        if not new:
            return 0
        editors = await self.editors()
        added = 0
        async with self.editing() as connection:
            accounts, provisions = AccountRepository(connection), ProvisionRepository(connection)
            for each, hashed in new:
                if await _is_known(accounts, each):  # another worker was faster
                    continue
                regulator = await accounts.insert(each, hashed, now, ChangeKind.LOADED)
                added += 1
                for editor in () if each.active else editors:
                    row = Provision(regulator.id, editor.id, known_as=each.identifier, due=now)
                    await provisions.insert(row)
        self.wake.set()
        return added

    # --- within ------------------------------------------------------------------------------------------------------

    async def editors(self) -> tuple[Editor, ...]:
        with translating(unavailable=RegulatorsUnavailableError, conflict=IdentifierTakenError):
            return await self.register.answering(Flow.REGULATORS, self.environment)

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self.hasher.verify(stored, password[: rules.MAX_PASSWORD + 1])
        except (VerificationError, InvalidHashError, UnicodeEncodeError):
            return False

    async def _hashed(self, password: str) -> str:
        rules.check_password(password)
        return await asyncio.to_thread(self.hasher.hash, password)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        with translating(unavailable=RegulatorsUnavailableError, conflict=IdentifierTakenError):
            async with self.database.reading() as connection:
                yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        with translating(unavailable=RegulatorsUnavailableError, conflict=IdentifierTakenError):
            async with self.database.transaction() as connection:
                yield connection

    @asynccontextmanager
    async def editing(self) -> AsyncIterator[AsyncConnection]:
        """One transaction that no other writer of accounts runs beside."""
        async with self.transaction() as connection:
            await AccountRepository(connection).lock()
            yield connection


async def _is_known(accounts: AccountRepository, details: Details) -> bool:
    held = await accounts.holding(details.identifier)
    return held is not None or await accounts.with_email(details.email) is not None


async def _known(accounts: AccountRepository, regulator_id: int) -> Regulator:
    found = await accounts.get(regulator_id)
    if found is None:
        raise UnknownRegulatorError(regulator_id)
    return found


async def _check_free(accounts: AccountRepository, details: Details, regulator_id: int | None) -> None:
    holder = await accounts.holding(details.identifier)
    if holder is not None and holder.id != regulator_id:
        raise IdentifierTakenError
    other = await accounts.with_email(details.email)
    if other is not None and other[0].id != regulator_id:
        raise EmailTakenError


# --- telling editors -------------------------------------------------------------------------------------------------


class Provisioning:
    """Sends what is due.

    What was sent, and what is known of its fate, is in the database before and after each request: any number of
    processes may do it, and any of them may die at any moment.
    """

    def __init__(
        self, accounts: RegulatorService, client: RegulatorClient, *, first: float, most: float, kept: int
    ) -> None:
        """`first`, `most`: seconds before a retry; `kept`: attempts that are remembered."""
        self._accounts = accounts
        self._client = client
        self._first = first
        self._most = most
        self._kept = kept
        requests = 2 if Quirk.EMPTY_MESSAGE in accounts.quirks else 1
        self._lease = timedelta(seconds=(requests + 0.5) * client.longest + 1)
        self._seen: dict[str, str] = {}

    async def editors(self, now: datetime) -> list[Editor]:
        """Those to whom something is to be sent now."""
        connected = await self._accounts.editors()
        places = {editor.id: editor.base_url for editor in connected}
        if places != self._seen:
            await self._look_again(connected, now)
            self._seen = places
        async with self._accounts.reading() as connection:
            due = await ProvisionRepository(connection).editors_due(now)
        return [editor for editor in connected if editor.id in due]

    async def tell_one(self, editor: Editor, clock: Clock) -> bool:
        """Send the first thing that is due to this editor; whether to go on with the next one."""
        claim = await self._claim(editor, clock.now())
        if claim is None:
            return False
        message = claim.message
        if claim.before.known_as is None and Quirk.EMPTY_MESSAGE in self._accounts.quirks:
            await self._send_empty(editor, claim, clock)
        resource = fhir.resource(message.account)
        answer = await self._client.send(editor, claim.attempt.method, message.address, resource)
        return await self._settle(editor, claim, answer, clock.now())

    async def backlog(self, now: datetime) -> tuple[int, float]:
        """How many accounts some editor is to be told of, and for how many seconds the first should have been."""
        async with self._accounts.reading() as connection:
            count, first = await ProvisionRepository(connection).backlog()
        return count, 0.0 if first is None else max(0.0, (now - first).total_seconds())

    async def habilitations(self) -> list[Habilitation]:
        """Every regulator with every editor, by name."""
        editors = {editor.id: (editor.name, editor.base_url) for editor in await self._accounts.editors()}
        async with self._accounts.reading() as connection:
            regulators = await AccountRepository(connection).all()
            repository = ProvisionRepository(connection)
            rows = {(row.regulator_id, row.editor_id): row for row in await repository.all()}
            last = {(each.regulator_id, each.editor_id): each for each in await repository.last_attempts()}
        return rules.habilitations(regulators, editors, rows, last, self._accounts.quirks)

    async def attempts(self, limit: int) -> list[Attempt]:
        """Newest first."""
        async with self._accounts.reading() as connection:
            return await ProvisionRepository(connection).attempts(limit)

    async def _look_again(self, editors: Sequence[Editor], now: datetime) -> None:
        """Who lost his rights does not connect any more: an editor that came or moved is told of him unasked."""
        async with self._accounts.editing() as connection:
            repository = ProvisionRepository(connection)
            inactive = {r.id: r for r in await AccountRepository(connection).all() if not r.active}
            places = {editor.id: editor.base_url for editor in editors}
            for row in await repository.all():
                regulator, base_url = inactive.get(row.regulator_id), places.get(row.editor_id)
                if regulator is None or base_url is None or row.due is not None or row.known_as is None:
                    continue
                wanted = rules.fingerprint(rules.account_of(regulator, self._accounts.quirks), base_url)
                if rules.is_pending(row, wanted) and row.parked != wanted:
                    await repository.schedule(row, now)

    async def _claim(self, editor: Editor, now: datetime) -> Claim | None:
        quirks = self._accounts.quirks
        async with self._accounts.transaction() as connection:
            repository = ProvisionRepository(connection)
            while True:
                found = await repository.due(editor.id, now)
                if found is None:
                    return None
                row, regulator = found
                stale = row.queued if row.due is None or row.due > now else None
                account = stale or rules.account_of(regulator, quirks)
                wanted = rules.fingerprint(rules.account_of(regulator, quirks), editor.base_url)
                unheard = row.known_as is None and not account.active  # there is nothing to undo
                if stale is None and (unheard or not (row.forced or rules.is_pending(row, wanted))):
                    await repository.unschedule(row)
                    continue
                message = rules.message(row, account, quirks)
                method = "POST" if message.address is None else "PUT"
                attempt = rules.begun(row, message, method, fhir.masked_target(message.address), editor.base_url, now)
                attempt = replace(attempt, id=await repository.begin_attempt(attempt, self._kept))
                lease, sent = secrets.token_hex(16), message.account.identifier
                await repository.claim(row, lease, now + self._lease, row.known_as or sent, sent)
                return Claim(row, message, wanted, lease, attempt, stale is not None)

    async def _settle(self, editor: Editor, claim: Claim, answer: Answer, now: datetime) -> bool:
        verdict = rules.outcome(answer)
        async with self._accounts.transaction() as connection:
            repository = ProvisionRepository(connection)
            await repository.end_attempt(rules.ended(claim.attempt, verdict, answer))
            held = await repository.held(claim.before, claim.lease)
            if held is None:  # we took too long, and somebody else took over
                return False
            after = rules.settled(
                replace(claim.before, forced=held.forced, revision=held.revision),
                claim.message,
                answer,
                base_url=editor.base_url,
                wanted=claim.wanted,
                now=now,
                chance=random.random(),  # noqa: S311  spreads retries; nothing is kept secret by it
                first=self._first,
                most=self._most,
                quirks=self._accounts.quirks,
                stale=claim.stale,
            )
            if held.revision != claim.before.revision:  # something newer was asked for while we were sending
                after = replace(after, due=now, parked=None)
            elif claim.stale:
                after = replace(after, due=claim.before.due)
            await repository.settle(after)
        return verdict is not Outcome.FAILED

    async def _send_empty(self, editor: Editor, claim: Claim, clock: Clock) -> None:
        attempt = replace(claim.attempt, at=clock.now(), operation=Operation.EMPTY, method="POST")
        async with self._accounts.transaction() as connection:
            number = await ProvisionRepository(connection).begin_attempt(attempt, self._kept)
        answer = await self._client.send(editor, "POST", None, fhir.empty_resource())
        async with self._accounts.transaction() as connection:
            ended = rules.ended(replace(attempt, id=number), rules.outcome(answer), answer)
            await ProvisionRepository(connection).end_attempt(ended)
