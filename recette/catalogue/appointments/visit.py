"""What a scenario of appointments needs: regulators with accounts, slots to book, an ear for the messages, clearing up.

A message belongs to the last thing done before it came, unless its time or its identifier is that of another
appointment. An update of one that was told of before the scenario began is an earlier scenario's and is left aside.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from recette.catalogue.appointments.bookers import (
    Act,
    Booker,
    Person,
    StuckError,
)
from recette.catalogue.appointments.patients import invented
from recette.catalogue.appointments.platform import Platform
from recette.catalogue.regulators.conversation import MEDIA_TYPE, resource, written
from recette.catalogue.slot_search import conversation as searches
from recette.checks.answer import Answer, instant
from recette.checks.appointment import ChangeKind, Course, Done, Message, Offered, Patient, Step, Told, offered
from recette.checks.appointment_delivery import ANNOUNCED
from recette.checks.appointment_privacy import LEAKS
from recette.checks.appointment_slots import After
from recette.checks.regulators import Account
from recette.model import Check, Evidence, Inbox, Stage
from sas_kernel.text import Text
from sas_kernel.time_window import Window, window_from

_FAR_ENOUGH = timedelta(hours=1)
"""Before a slot that is booked: no agenda need offer the minutes that follow."""

_STANDING = frozenset({ChangeKind.BOOKING, ChangeKind.MOVE, ChangeKind.CONSENT})
"""After what an appointment still holds its slot."""

_LAST_WAIT = 2.0
"""Seconds for the message of a cancellation that only clears up."""

EVERY_SCENARIO: tuple[Check, ...] = (LEAKS,)
"""What is checked of all the messages of any scenario."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Whose slots are booked: the key of the test data that names them, and how they are searched."""

    key: str
    asking: Callable[[Sequence[str], Window], searches.Query]


PRACTICE = Ground("practitioner_one_place", searches.Query.of)

Enough = Callable[[Sequence[Message]], bool]
_Identifier = tuple[str | None, str | None]


@dataclass(eq=False, slots=True)
class Appointment:
    """One appointment as the scenario follows it. `act` is the last thing done to it, `booked` the first."""

    person: Person
    act: Act
    booked: Done

    @property
    def slot(self) -> Offered | None:
        """Where it stands; None as long as it is not known which slot a person took."""
        return self.act.done.slots[0] if len(self.act.done.slots) == 1 else None


@dataclass(slots=True)
class _Deed:
    """One thing done, and how many messages had come before."""

    appointment: Appointment
    done: Done
    begun: int


@dataclass(slots=True)
class Visit:
    """One scenario's dealings with the editor. `patience`: seconds to wait for a message."""

    stage: Stage
    inbox: Inbox
    platform: Platform
    booker: Booker
    persons: tuple[Person, ...]
    practitioner: str
    ground: Ground
    patience: float
    patients: list[Patient] = field(default_factory=list)
    judged: set[str] = field(default_factory=set)
    _opened: int = field(init=False)
    _deeds: list[_Deed] = field(default_factory=list)
    provisioned: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    _read: dict[int, Message] = field(default_factory=dict)

    def __post_init__(self) -> None:
        arrivals = self.inbox.arrivals
        self._opened = len(arrivals)
        known = {Message(arrival, self.platform.base).identifier for arrival in arrivals}
        self.platform.earlier = frozenset((system, value) for system, value in known if value)

    # --- who ---

    @property
    def national(self) -> Person:
        return self._person(technical=False)

    @property
    def technical(self) -> Person:
        return self._person(technical=True)

    def _person(self, *, technical: bool) -> Person:
        for person in self.persons:
            if person.technical is technical:
                return person
        raise StuckError(
            Text(
                "Le fournisseur d’identité ne connaît aucun régulateur qui ait cette sorte d’identifiant.",
                "The identity provider knows no regulator with this kind of identifier.",
            )
        )

    async def provision(self, account: Account, key: Account | None = None) -> None:
        """Have the editor hold this account, by INT_R02, found under the identifier of `key`. Raises `StuckError`."""
        exchange = await self.stage.send(
            f"/Practitioner?identifier={written((key or account).token)}",
            method="PUT",
            headers=(("Accept", "application/json+fhir"), ("Content-Type", MEDIA_TYPE)),
            body=json.dumps(resource(account), ensure_ascii=False).encode(),
        )
        if exchange.response is None or not 200 <= exchange.response.status <= 299:
            raise StuckError(
                Text(
                    "L’éditeur ne prend pas le compte du régulateur par INT_R02 ({s}).",
                    "The editor does not take the regulator's account by INT_R02 ({s}).",
                ).format(s=exchange.failure if exchange.response is None else exchange.response.status)
            )

    # --- what is offered ---

    async def search(self) -> Answer:
        """The platform's own search for whose slots are booked."""
        horizon = timedelta(hours=self.stage.levels["slot_search.horizon"].value)
        window = window_from(searches.to_millisecond(self.stage.now()), horizon)
        query = self.ground.asking((self.practitioner,), window)
        exchange = await self.stage.send(query.target, headers=(searches.PLATFORM_ACCEPT,))
        return Answer(exchange, query.asked)

    async def choose(self) -> tuple[Offered, tuple[Offered, ...]]:
        """The latest slot that was not used yet, and all those there are. Raises `StuckError`."""
        there = offered(await self.search())
        soon = self.stage.now() + _FAR_ENOUGH
        free = [slot for slot in there if slot.start >= soon and slot.id not in self.used and "://" in slot.comment]
        if not free:
            raise StuckError(
                Text(
                    "La recherche ne propose aucun créneau à réserver chez {p}.",
                    "The search offers no slot of {p} to book.",
                ).format(p=self.practitioner)
            )
        self.used.add(free[-1].id)
        return free[-1], there

    # --- what is done ---

    async def book(self, person: Person, *, enough: Enough = bool, check: Check | None = None) -> Appointment:
        """Book a slot and wait until `enough` messages came; raises `StuckError` when none did.

        `check` takes the place of the ordinary check that a message came.
        """
        if person.login not in self.provisioned:
            await self.provision(person.account)
            self.provisioned.add(person.login)
        slot, there = await self.choose()
        patient = invented()
        self.patients.append(patient)
        begun = len(self.inbox.arrivals)
        act = await self.booker.book(person, patient, slot, there)
        appointment = Appointment(person, act, act.done)
        step = await self._heard(appointment, begun, enough, lambda after: not After(after, slot).shown)
        self.judge((check or ANNOUNCED[ChangeKind.BOOKING],), step)
        if not step.messages:
            raise StuckError(Text("Aucun message n’annonce la réservation.", "No message announces the booking."))
        return appointment

    async def move(self, appointment: Appointment) -> Step:
        slot, there = await self.choose()
        return await self._change(
            appointment,
            self.booker.move(appointment.person, appointment.act, slot, there),
            trace=lambda after: not After(after, slot).shown,
        )

    async def cancel(self, appointment: Appointment) -> Step:
        left = appointment.slot
        return await self._change(
            appointment,
            self.booker.cancel(appointment.person, appointment.act),
            trace=lambda after: left is not None and After(after, left).shown,
        )

    async def cancel_while_down(self, appointment: Appointment) -> None:
        """Cancel before the platform is back; then wait until it knows. Nothing is judged yet.

        What a person has still to do is done when the platform is back: his attempts in vain cannot be told.
        """
        begun, left = len(self.inbox.arrivals), appointment.slot
        appointment.act = await self.booker.cancel(appointment.person, appointment.act)
        if self.booker.drives:
            await self.watch("appointments.quiet")
        self.platform.mood = None
        await self._heard(
            appointment,
            begun,
            lambda messages: any(told.accepted and told.status == "cancelled" for told in messages),
            lambda after: left is not None and After(after, left).shown,
        )

    async def honour(self, appointment: Appointment) -> Step:
        return await self._change(appointment, self.booker.honour(appointment.act))

    async def mark_absent(self, appointment: Appointment) -> Step:
        return await self._change(appointment, self.booker.mark_absent(appointment.act))

    async def answer(self, appointment: Appointment, check: Check, *, consents: bool) -> Step:
        """The association says yes or no; `check` is made of the message that tells so."""
        left = appointment.slot
        return await self._change(
            appointment,
            self.booker.answer(appointment.act, consents=consents),
            trace=lambda after: not consents and left is not None and After(after, left).shown,
            check=check,
        )

    async def _change(
        self,
        appointment: Appointment,
        doing: Awaitable[Act],
        *,
        trace: Callable[[Answer], bool] = lambda after: False,
        check: Check | None = None,
    ) -> Step:
        """`trace` says from a search whether the thing was done, where nobody saw it done and no message came."""
        begun, before = len(self.inbox.arrivals), appointment.act
        appointment.act = await doing
        step = await self._heard(appointment, begun, bool, trace)
        if not step.done.sure and not step.messages:
            appointment.act = before  # as far as anybody knows, nothing was done
        self.judge((check or ANNOUNCED[step.done.kind],), step)
        return step

    async def _heard(
        self, appointment: Appointment, begun: int, enough: Enough, trace: Callable[[Answer], bool]
    ) -> Step:
        deed = _Deed(appointment, appointment.act.done, begun)
        self._deeds.append(deed)
        await self.until(appointment.act.what, lambda: enough(self._step(deed).messages))
        step = self._step(deed)
        if not deed.done.sure and not enough(step.messages) and trace(await self.search()):
            deed.done = replace(deed.done, sure=True)
        taken = _taken(step)
        if taken is not None:
            appointment.act = replace(appointment.act, done=replace(appointment.act.done, slots=(taken,)))
        return self._step(deed)

    # --- what came ---

    async def until(self, what: Text, done: Callable[[], bool]) -> bool:
        return await self.stage.wait_for(what, done, seconds=self.patience)

    async def watch(self, level: str, *, since: datetime | None = None) -> None:
        """Look on for the seconds of a level (counted from `since`), in case a message too many comes."""
        what = Text("Aucun autre message n’est attendu", "No other message is awaited")
        passed = 0.0 if since is None else (self.stage.now() - since).total_seconds()
        left = max(self.stage.levels[level].value - passed, 0.0)
        await self.stage.wait_for(what, lambda: False, seconds=left)

    def messages(self) -> tuple[Message, ...]:
        """Every message of this scenario, in order."""
        return tuple(message for _, message in self._mine())

    def _mine(self) -> list[tuple[int, Message]]:
        found: list[tuple[int, Message]] = []
        foreign = set(self.platform.earlier)
        for index, arrival in enumerate(self.inbox.arrivals[self._opened :], start=self._opened):
            if index not in self._read:
                self._read[index] = Message(arrival, self.platform.base)
            message = self._read[index]
            if message.method == "POST":
                foreign.discard(message.identifier)
            if message.identifier not in foreign:
                found.append((index, message))
        return found

    def _attributed(self) -> list[tuple[_Deed, Message]]:
        """Whose each message is: by its time, for identifiers may be wrong; else by its identifier; else the last's."""
        by_start: dict[str, Appointment] = {}
        by_identifier: dict[_Identifier, Appointment] = {}
        found: list[tuple[_Deed, Message]] = []
        for index, message in self._mine():
            before = [deed for deed in self._deeds if deed.begun <= index]
            if not before:
                continue
            start = message.root["start"].string or ""
            owner = by_start.get(start)
            if owner is None and message.method != "POST":
                owner = by_identifier.get(message.identifier)
            owner = owner or before[-1].appointment
            if start:
                by_start[start] = owner
            if message.identifier[1]:
                by_identifier[message.identifier] = owner
            found.append(([deed for deed in before if deed.appointment is owner][-1], message))
        return found

    def _step(self, deed: _Deed) -> Step:
        return Step(deed.done, tuple(message for at, message in self._attributed() if at is deed))

    def course(self, appointment: Appointment) -> Course:
        return Course(tuple(self._step(deed) for deed in self._deeds if deed.appointment is appointment))

    def told(self, appointment: Appointment, step: Step) -> Told | None:
        """The first message of a step with all that is known of it."""
        if not step.messages:
            return None
        return Told(step.messages[0], step.done, appointment.person.account, appointment.booked.at)

    # --- judging ---

    def judge(self, checks: Sequence[Check], evidence: Evidence) -> None:
        for check in checks:
            self.judged.add(check.id)
            self.stage.judge(check, evidence)

    def judge_told(self, checks: Sequence[Check], told: Told | None) -> None:
        """Make checks of one message; of none, there is nothing to make them of."""
        if told is not None:
            self.judge(checks, told)

    # --- the end ---

    async def clear_up(self) -> None:
        """Cancel what we booked ourselves and is booked still, so that the slots are free again."""
        self.platform.mood = None
        last = {id(deed.appointment): deed for deed in self._deeds}
        for deed in last.values():
            if not self.booker.drives or deed.done.kind not in _STANDING:
                continue
            begun = len(self.inbox.arrivals)
            appointment = deed.appointment
            appointment.act = await self.booker.cancel(appointment.person, appointment.act)
            self._deeds.append(cancelled := _Deed(appointment, appointment.act.done, begun))
            await self.stage.wait_for(
                appointment.act.what,
                partial(self._has_come, cancelled),
                seconds=min(self.patience, _LAST_WAIT),
            )

    def _has_come(self, deed: _Deed) -> bool:
        return bool(self._step(deed).messages)


def _taken(step: Step) -> Offered | None:
    """Which of the slots a person took, as the message tells; None where it tells of none of them."""
    for told in step.messages:
        times = (instant(told.root["start"]), instant(told.root["end"]))
        for slot in step.done.slots:
            if (slot.start, slot.end) == times:
                return slot
    return None
