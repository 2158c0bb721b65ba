"""Telling the platform what the outbox holds, until it has taken it or refused it."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Sequence
from typing import Final

from agenda_editor.agendas.model import AgendaUnavailableError
from agenda_editor.appointments import fhir, rules
from agenda_editor.appointments.client import PlatformClient
from agenda_editor.appointments.model import DeliveryState, Message, Outcome, Verdict
from agenda_editor.appointments.repository import AppointmentRepository
from sas_kit.database import Database, translating
from sas_kit.http import HttpFailure

_log = logging.getLogger(__name__)

_SLACK: Final = 1_000  # ms by which a lease outlasts what it is for
_IN_LINE: Final = 3_000  # ms that a message may wait for its turn to be sent
_HASTENED_AT_MOST_EVERY: Final = 5_000
_FORGOTTEN_AT_ONCE: Final = 500  # messages a transaction: a few milliseconds, so that bookings never wait for it
_FORGOTTEN_EVERY: Final = 3_600_000


class PushService:
    """Sends what the outbox holds; several may work on one database. Without a `client` everything waits.

    `chance`: numbers from 0 to 1, for delays that do not coincide. `retention`: milliseconds that what the platform
    accepted is kept after it did; None keeps it.
    """

    def __init__(
        self,
        database: Database,
        client: PlatformClient | None,
        *,
        chance: Callable[[], float] = random.random,
        retention: int | None = None,
    ) -> None:
        self._database = database
        self._client = client
        self._chance = chance
        longest = 0.0 if client is None else client.limits.connect + client.limits.answer
        self._longest_exchange = int(longest * 1000)
        self._outage = False
        self._hastened_at = 0
        self._retention = retention
        self._forgets_at = 0

    @property
    def most_at_once(self) -> int:
        return 0 if self._client is None else self._client.connections

    def has_time_for(self, message: Message, now: int) -> bool:
        """Whether the message, begun within a second, is sent before anybody else may take it."""
        return now + _SLACK + self._longest_exchange <= message.leased_until

    async def turn(
        self,
        verdicts: Sequence[tuple[Message, Verdict]],
        most: int,
        now: int,
        *,
        untouched: Sequence[Message] = (),
    ) -> list[Message]:
        """Write down what became of some messages, leave the `untouched` to anybody, and take at most so many that are
        due, the longest due first.

        Raises `AgendaUnavailableError`; nothing is then written.
        """
        with translating(unavailable=AgendaUnavailableError, conflict=AgendaUnavailableError):
            if not (verdicts or untouched):
                if most == 0:
                    return []
                async with self._database.reading() as connection:
                    if not await AppointmentRepository(connection).is_due(now):
                        return []
            outcomes = [
                Outcome(message, verdict, rules.next_attempt(now, message.attempt, verdict, self._chance()))
                for message, verdict in verdicts
            ]
            async with self._database.transaction() as connection:
                repository = AppointmentRepository(connection)
                await repository.settle(outcomes, now)
                await repository.give_back(untouched)
                if self._is_back([outcome.verdict for outcome in outcomes], now):
                    await repository.hasten(now)
                if most == 0:
                    return []
                return await repository.take(most, now, now + _IN_LINE + self._longest_exchange + _SLACK)

    async def send(self, message: Message, now: int) -> Verdict:
        """One attempt; whatever happens to it is a verdict."""
        if self._client is None or now + self._longest_exchange > message.leased_until:
            # The process stood still: by now somebody else may have sent this message, and newer ones.
            return rules.failed("lease_over")
        try:
            answer = await self._client.send(message)
        except HttpFailure as failure:
            return rules.failed(failure.kind.value)
        if answer.is_page and 200 <= answer.status < 300:
            return rules.failed("page")  # of a proxy, say: whether the platform was told is not known
        codes = [] if 200 <= answer.status < 300 else fhir.issue_codes(answer.body)
        verdict = rules.judged(answer.status, codes, answer.header("retry-after"), now)
        if verdict.state is DeliveryState.REFUSED:
            _log.warning("the platform refused appointment %s: %s", message.appointment_key, verdict.answer)
        return verdict

    async def backlog(self, now: int) -> tuple[int, float]:
        """How many messages are pending, and the age of the oldest in seconds. Raises `AgendaUnavailableError`."""
        with translating(unavailable=AgendaUnavailableError, conflict=AgendaUnavailableError):
            async with self._database.reading() as connection:
                count, oldest = await AppointmentRepository(connection).backlog()
        return count, 0.0 if oldest is None else max(0, now - oldest) / 1000

    async def give_up(self, messages: Sequence[Message], now: int) -> None:
        """Leave messages whose attempt was broken off to whoever comes next. Raises `AgendaUnavailableError`."""
        broken_off = rules.failed("broken_off")
        with translating(unavailable=AgendaUnavailableError, conflict=AgendaUnavailableError):
            async with self._database.transaction() as connection:
                outcomes = [Outcome(message, broken_off, now) for message in messages]
                await AppointmentRepository(connection).settle(outcomes, now)

    async def forget(self, now: int) -> int:
        """Once an hour, delete what was accepted longer ago than it is kept; how many messages this call deleted.

        One batch a call, until none is left. What is pending or was refused stays. Raises `AgendaUnavailableError`.
        """
        if self._retention is None or now < self._forgets_at:
            return 0
        with translating(unavailable=AgendaUnavailableError, conflict=AgendaUnavailableError):
            async with self._database.transaction() as connection:
                deleted = await AppointmentRepository(connection).forget_accepted(
                    now - self._retention, _FORGOTTEN_AT_ONCE
                )
        if deleted < _FORGOTTEN_AT_ONCE:
            self._forgets_at = now + _FORGOTTEN_EVERY
        if deleted:
            _log.info("%d messages that the platform accepted are no longer kept", deleted)
        return deleted

    def _is_back(self, verdicts: Sequence[Verdict], now: int) -> bool:
        """Whether the platform answers after it did not: then nobody who waits for it need wait longer.

        Seldom all the same, so that one message over which connections break is not sent without a pause.
        """
        self._outage = self._outage or any(verdict.outage for verdict in verdicts)
        answered = any(verdict.state is DeliveryState.ACCEPTED for verdict in verdicts)
        if not (self._outage and answered and now - self._hastened_at >= _HASTENED_AT_MOST_EVERY):
            return False
        self._outage, self._hastened_at = False, now
        return True
