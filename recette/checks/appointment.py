"""Messages about appointments (INT_R03) as evidence: what came, what was done before, and what is known of both.

The editor sends and we receive: a message is an exchange whose request is the editor's. What was done to an appointment
is known from where it was done (the pages, the search), never from the message that tells of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from urllib.parse import unquote

from recette.checks.answer import Answer, codes, instant
from recette.checks.comparison import signature
from recette.checks.facts import APPOINTMENT_SYSTEM
from recette.checks.json_document import Document, Node, read
from recette.checks.judging import tally
from recette.checks.regulators import Account
from recette.model import Check, Exchange, Judgement, Problem
from sas_kernel.text import Text


class ChangeKind(StrEnum):
    BOOKING = "booking"
    MOVE = "move"
    CANCELLATION = "cancellation"
    HONOURED = "honoured"
    ABSENCE = "absence"
    CONSENT = "consent"
    REFUSAL = "refusal"


@dataclass(frozen=True, slots=True)
class Offered:
    """A slot with appointment as a search showed it. `practitioner`: the prefixed id of whose it is; of an SOS
    association, what tells its site from the others.
    """

    id: str
    start: datetime
    end: datetime
    practitioner: str
    comment: str


@dataclass(frozen=True, slots=True)
class Patient:
    """Somebody invented for one scenario, whose every word can be looked for in what is sent."""

    family: str
    given: str
    birth_date: date
    phone: str
    reason: str
    token: str
    """The one word of `reason` that nobody else would write."""


@dataclass(frozen=True, slots=True)
class Done:
    """One thing done to an appointment.

    `slots`: the one it stands on afterwards, or those among which a person could choose. `at`: when its confirmation
    was read; None when nobody of ours saw it. `sure`: it was seen to be done, not only asked of somebody.
    """

    kind: ChangeKind
    slots: tuple[Offered, ...]
    at: datetime | None
    sure: bool
    proof: tuple[Exchange, ...] = ()


@dataclass(frozen=True)
class Message:
    """One message of the editor. `base` is the path of our FHIR base."""

    exchange: Exchange
    base: str = "/fhir"

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return (self.exchange,)

    @property
    def at(self) -> datetime:
        return self.exchange.sent_at

    @property
    def method(self) -> str:
        return self.exchange.request.method

    @property
    def path(self) -> str:
        return self.exchange.request.target.partition("?")[0]

    @property
    def place(self) -> str:
        return f"{self.base}/Appointment"

    @cached_property
    def criteria(self) -> tuple[tuple[str, str], ...]:
        """The query's parameters, decoded; a raw `|` is as good as an encoded one."""
        query = self.exchange.request.target.partition("?")[2]
        pairs = (part.partition("=") for part in query.split("&") if part)
        return tuple((unquote(name), unquote(value)) for name, _, value in pairs)

    @property
    def criterion(self) -> tuple[str, str] | None:
        """The criterion of a conditional update, its name as written; None where there is not exactly one."""
        found = [(name, value) for name, value in self.criteria if name.lower() == "identifier"]
        return found[0] if len(found) == 1 and found[0][1] else None

    @cached_property
    def document(self) -> Document:
        return read(self.exchange.request.body)

    @property
    def root(self) -> Node:
        return self.document.root

    @property
    def identifier(self) -> tuple[str | None, str | None]:
        """System and value of the first identifier, read leniently."""
        place = self.root["identifier"]
        first = next(iter(place.elements), place)
        return first["system"].string, first["value"].string

    @property
    def status(self) -> str:
        """As a rule of content reads it: lower case, without hyphen (another check holds the spelling)."""
        return (self.root["status"].string or "").lower().replace("-", "")

    @property
    def status_of_answer(self) -> int:
        """What we answered; 0 where we did not."""
        return 0 if self.exchange.response is None else self.exchange.response.status

    @property
    def accepted(self) -> bool:
        return 200 <= self.status_of_answer <= 299

    @property
    def unusable(self) -> Text | None:
        """Why the content cannot be examined (another check says that it is wrong), else None."""
        if self.document.fault is not None:
            return Text("Le message n’est pas du JSON ({f}).", "The message is not JSON ({f}).").format(
                f=self.document.fault
            )
        if not isinstance(self.root.value, dict):
            return Text("Le message n’est pas un objet JSON.", "The message is not a JSON object.")
        return None


@dataclass(frozen=True)
class Told:
    """A message, what it tells of, and who had booked. `booked_at`: when the booking was confirmed, where known."""

    message: Message
    done: Done
    regulator: Account
    booked_at: datetime | None = None

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return self.message.exchanges

    @property
    def root(self) -> Node:
        return self.message.root


@dataclass(frozen=True)
class Step:
    """One thing done, and every message that came for it, in order."""

    done: Done
    messages: tuple[Message, ...]

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return (*(message.exchange for message in self.messages), *self.done.proof)


@dataclass(frozen=True)
class Course:
    """What was done to one appointment, from its booking on."""

    steps: tuple[Step, ...]

    @property
    def messages(self) -> tuple[Message, ...]:
        return tuple(message for step in self.steps for message in step.messages)

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return tuple(message.exchange for message in self.messages)


@dataclass(frozen=True)
class Courses:
    """Several appointments of one scenario."""

    courses: tuple[Course, ...]

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return tuple(exchange for course in self.courses for exchange in course.exchanges)


@dataclass(frozen=True)
class Mail:
    """Every message of a scenario, and the patients that were booked in it."""

    messages: tuple[Message, ...]
    patients: tuple[Patient, ...] = ()

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return tuple(message.exchange for message in self.messages)


Look = Callable[[Told], Iterator[Problem | None]]


def told_check(id: str, requirement: str, title: Text, look: Look) -> Check:
    """A check of what a message says. One that cannot be read is examined for nothing: its own check says why."""

    def judge(told: Told) -> Judgement:
        unusable = told.message.unusable
        return Judgement(0, reason=unusable) if unusable is not None else tally(look(told))

    return Check(id, requirement, title, judge)


def offered(answer: Answer) -> tuple[Offered, ...]:
    """The slots of an answer that are booked by appointment, in the order of their start."""
    found = []
    asked = answer.asked.identifiers if answer.asked is not None else ()
    for slot in answer.of("Slot"):
        types = {code for _, code in codes(slot["appointmentType"], APPOINTMENT_SYSTEM)}
        start, end = instant(slot["start"]), instant(slot["end"])
        schedule = answer.schedule_of(slot)
        doctor = None if schedule is None else answer.actor_of(schedule, "Practitioner")
        named = None if doctor is None else answer.asked_identity(doctor)
        site = None if schedule is None else answer.actor_of(schedule, "Location")
        there = "" if site is None else signature(site)  # two sites of an association may offer the same times
        practitioner = named or there or (asked[0] if len(asked) == 1 else None)
        if "ROUTINE" in types and start is not None and end is not None and practitioner is not None:
            found.append(Offered(slot["id"].string or "", start, end, practitioner, slot["comment"].string or ""))
    return tuple(sorted(found, key=lambda slot: slot.start))
