"""The story of an account: who is meant, whether it may be so, and a line of history for what changed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection

from agenda_editor.agendas.model import AgendaUnavailableError
from agenda_editor.regulators import rules
from agenda_editor.regulators.model import Change, DuplicateRegulatorError, Identifier, Regulator, RegulatorDetails
from agenda_editor.regulators.repository import RegulatorRepository
from sas_fhir.search import Token
from sas_kit.database import Database, translating


class RegulatorService:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, details: RegulatorDetails, now: int) -> Regulator:
        """A new account. Raises `DuplicateRegulatorError` or `AgendaUnavailableError`."""
        async with self._editing() as repository:
            rules.check_free(details, await repository.holders([details.identifier.value]), None)
            return await repository.insert(details, now)

    async def put(self, asked: Token, sent: RegulatorDetails, now: int) -> tuple[Regulator, bool]:
        """The account `asked` means says what was `sent`, or is created when there is none; and whether it was.

        Said twice, it changes nothing the second time. Raises `AmbiguousRegulatorError` and what `create` raises.
        """
        async with self._editing() as repository:
            holders = await repository.holders([asked.code, sent.identifier.value])
            holder = rules.meant(asked, sent.identifier, holders)
            if holder is None:
                rules.check_free(sent, holders, None)
                return await repository.insert(sent, now, rules.remembered(asked, sent.identifier)), True
            details = rules.replaced(holder, sent)
            if details == holder.regulator.details:
                return holder.regulator, False
            rules.check_free(details, holders, holder.regulator.id)
            return await repository.update(holder.regulator, details, now), False

    @staticmethod
    async def within(connection: AsyncConnection, regulator_id: int) -> Regulator | None:
        """The account as the transaction of `connection` sees it, active or not."""
        return await RegulatorRepository(connection).get(regulator_id)

    @staticmethod
    async def active_within(connection: AsyncConnection, identifier: Identifier) -> Regulator | None:
        """The active account that has this very identifier, as the transaction of `connection` sees it."""
        holders = await RegulatorRepository(connection).holders([identifier.value])
        return next(
            (
                holder.regulator
                for holder in holders
                if not holder.former and holder.regulator.details.active and rules.same(holder.identifier, identifier)
            ),
            None,
        )

    async def history(self, regulator_id: int) -> list[Change]:
        """What happened to an account, oldest first."""
        with translating(unavailable=AgendaUnavailableError, conflict=DuplicateRegulatorError):
            async with self._database.reading() as connection:
                return await RegulatorRepository(connection).history(regulator_id)

    @asynccontextmanager
    async def _editing(self) -> AsyncIterator[RegulatorRepository]:
        """One transaction that no other writer of accounts runs beside."""
        with translating(unavailable=AgendaUnavailableError, conflict=DuplicateRegulatorError):
            async with self._database.transaction() as connection:
                repository = RegulatorRepository(connection)
                await repository.lock()
                yield repository
