"""How an editor tells a platform of appointments: invented ones, of an identifier drawn for each alone.

What the platform accepted is cancelled at the end, whatever happened: the interface knows no deletion.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from recette.catalogue.platform.people import NOBODY, Person, known
from recette.checks.appointment_facts import OPERATOR, PROFILE
from recette.checks.platform_appointments import CANCELLED, WHOLE, Cancelled, Heard, Told
from recette.model import Check, Evidence, Exchange, Stage
from sas_kernel.clock import PARIS
from sas_kernel.identifiers import PRACTITIONER_SYSTEM
from sas_kernel.text import Text

MEDIA_TYPE = "application/fhir+json"
EVERY_SCENARIO: tuple[Check, ...] = (WHOLE, CANCELLED)
"""What is checked of all the exchanges of any scenario."""

_EDITOR = "https://recette.example.org/ns/rdv"
"""The system of our appointments: a URL of ours, which nobody is at."""
_TYPES = "http://interopsante.org/fhir/CodeSystem/fr-v2-0203"
_DOCTOR = "810123400017"

Json = dict[str, Any]
Bend = Callable[[Json], None]


def identified(code: str, system: str, value: str) -> Json:
    return {"type": {"coding": [{"system": _TYPES, "code": code}]}, "system": system, "value": value}


@dataclass(slots=True)
class Booking:
    """An appointment of ours as we tell of it. Every field may be changed before the next message."""

    regulator: Person
    doctor: str
    start: str
    end: str
    created: str
    key: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = "booked"

    @property
    def token(self) -> str:
        return f"{_EDITOR}|{self.key}"

    def resource(self) -> Json:
        """The appointment in profile FrAppointmentSAS."""
        operator = identified(self.regulator.code, self.regulator.system, self.regulator.value)
        doctor = identified("IDNPS", PRACTITIONER_SYSTEM, self.doctor)
        return {
            "resourceType": "Appointment",
            "meta": {"profile": [PROFILE]},
            "extension": [{"url": OPERATOR, "valueReference": {"identifier": operator}}],
            "identifier": [{"system": _EDITOR, "value": self.key}],
            "status": self.status,
            "start": self.start,
            "end": self.end,
            "created": self.created,
            "participant": [{"actor": {"identifier": doctor}, "status": "accepted"}],
        }


@dataclass(slots=True)
class Conversation:
    """The exchanges of one scenario, and the appointments the target holds because of it, by key."""

    stage: Stage
    regulator: Person
    heard: list[Exchange] = field(default_factory=list)
    held: dict[str, Booking] = field(default_factory=dict)

    def booking(self, regulator: Person | None = None) -> Booking:
        """A new one, tomorrow, for twenty minutes."""
        start = (self.stage.now() + timedelta(days=1)).astimezone(PARIS).replace(second=0, microsecond=0)
        doctor = self.stage.target.test_data.get("practitioner_one_place")
        return Booking(
            regulator or self.regulator,
            doctor if isinstance(doctor, str) else _DOCTOR,
            start.isoformat(),
            (start + timedelta(minutes=20)).isoformat(),
            self.stage.now().astimezone(PARIS).replace(microsecond=0).isoformat(),
        )

    async def create(
        self, booking: Booking, bend: Bend | None = None, *, media_type: str = MEDIA_TYPE, body: bytes | None = None
    ) -> Told:
        """Tell of a new one; `bend` changes the resource, `body` takes its place."""
        return await self._send("POST", "/Appointment", booking, bend, media_type=media_type, body=body)

    async def update(
        self, booking: Booking, bend: Bend | None = None, *, name: str = "identifier", bar: str = "%7C"
    ) -> Told:
        """Tell of a change; `name` and `bar` are how the condition is spelt."""
        condition = booking.token.replace("|", bar)
        return await self._send("PUT", f"/Appointment?{name}={condition}", booking, bend)

    async def update_without_condition(self, booking: Booking) -> Told:
        return await self._send("PUT", "/Appointment", booking, None)

    async def ask(self, method: str, target: str) -> Told:
        """A request without a body."""
        exchange = await self.stage.send(target, method=method, headers=(("Accept", MEDIA_TYPE),))
        self.heard.append(exchange)
        return Told(exchange, "")

    async def _send(
        self,
        method: str,
        target: str,
        booking: Booking,
        bend: Bend | None,
        *,
        media_type: str = MEDIA_TYPE,
        body: bytes | None = None,
    ) -> Told:
        document = booking.resource()
        if bend is not None:
            bend(document)
        content = json.dumps(document, ensure_ascii=False).encode() if body is None else body
        headers = (("Accept", MEDIA_TYPE), ("Content-Type", media_type))
        told = Told(
            await self.stage.send(target, method=method, headers=headers, body=content), booking.key, booking.status
        )
        self.heard.append(told.exchange)
        if told.accepted and body is None:
            self.held[booking.key] = booking
        return told

    async def clear_up(self) -> None:
        """Cancel what the target holds because of us, and say what it refuses to cancel."""
        answers = []
        for booking in tuple(self.held.values()):
            booking.status = "cancelled"
            answers.append(await self.update(booking))
        if answers:
            self.stage.judge(CANCELLED, Cancelled(tuple(answers)))

    def judge(self, checks: Sequence[Check], evidence: Evidence) -> None:
        for check in checks:
            self.stage.judge(check, evidence)

    def skip(self, checks: Sequence[Check], reason: Text) -> None:
        for check in checks:
            self.stage.skip(check, reason)


@asynccontextmanager
async def conversation(stage: Stage, checks: Sequence[Check]) -> AsyncIterator[Conversation | None]:
    """Open a conversation; at the end its appointments are cancelled and its exchanges judged.

    None, and `checks` skipped, where no regulator of the platform is known.
    """
    people = await known(stage)
    if people.national is None and people.technical is None:
        for check in checks:
            stage.skip(check, NOBODY)
        yield None
        return
    regulator = people.national or people.technical
    assert regulator is not None
    talk = Conversation(stage, regulator)
    try:
        yield talk
    finally:
        try:
            await talk.clear_up()
        finally:
            if talk.heard:
                stage.judge(WHOLE, Heard(tuple(talk.heard)))
