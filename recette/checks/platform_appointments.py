"""A platform's answers to messages about appointments (INT_R03), as evidence, and the checks of those that succeed.

Nothing is read back through this interface: that two answers concern one appointment shows in their `Location`. A check
whose ground was not laid examines nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from recette.checks.json_document import Document, Node, read
from recette.checks.judging import tally
from recette.model import Check, Exchange, Judgement, Problem, Response, TransportFailure
from sas_kernel.text import Text

_LOCATION = re.compile(r"(?:.*/)?Appointment/(?P<id>[A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?")


@dataclass(frozen=True)
class Told:
    """One answer to a message; `key` is the value of the appointment's identifier, `status` what was sent."""

    exchange: Exchange
    key: str
    status: str = ""

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return (self.exchange,)

    @property
    def response(self) -> Response | None:
        return self.exchange.response

    @property
    def accepted(self) -> bool:
        return self.response is not None and 200 <= self.response.status <= 299

    @property
    def refused(self) -> bool:
        return self.response is not None and self.response.status >= 400

    @cached_property
    def document(self) -> Document:
        return read(b"" if self.response is None else self.response.body)

    @property
    def root(self) -> Node:
        return self.document.root

    @property
    def location(self) -> str | None:
        return None if self.response is None else self.response.header("Location")

    @property
    def appointment_id(self) -> str | None:
        """The id of the appointment in `Location`, read leniently (relative, or with a version); else None."""
        match = _LOCATION.fullmatch(self.location or "")
        return match["id"] if match is not None else None

    @property
    def base_url(self) -> str:
        return self.exchange.request.url.partition("?")[0].rpartition("/Appointment")[0]

    @property
    def outcome(self) -> str:
        """What came, in a few words."""
        if self.response is None:
            return str(self.exchange.failure)
        sent = f"{self.status}: " if self.status else ""
        return f"{sent}{self.response.status} {self.location or ''}".strip()


@dataclass(frozen=True)
class Case:
    """An answer, and the answers that must have been accepted for it to prove something.

    `element` names what was missing or wrong in the message, where one thing was.
    """

    answer: Told
    before: tuple[Told, ...] = ()
    element: str = ""

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return (*self.answer.exchanges, *(told.exchange for told in self.before))

    @cached_property
    def groundless(self) -> Text | None:
        """Why nothing can be concluded: no answer, or an earlier message that was not accepted."""
        for told in self.before:
            if not told.accepted:
                return Text(
                    "Le message qui devait être accepté d’abord ne l’a pas été ({s}).",
                    "The message that had to be accepted first was not ({s}).",
                ).format(s=told.outcome)
        if self.answer.response is None:
            return Text("Aucune réponse n’est arrivée ({k}).", "No answer arrived ({k}).").format(
                k=self.answer.exchange.failure
            )
        return None


@dataclass(frozen=True)
class Pair:
    """Two answers that ought to concern one and the same appointment, or two of them (`apart`)."""

    first: Told
    again: Told

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return (*self.again.exchanges, *self.first.exchanges)


@dataclass(frozen=True)
class Heard:
    """Every exchange of a scenario."""

    exchanges: tuple[Exchange, ...]


@dataclass(frozen=True)
class Cancelled:
    """The answers to the messages that cancel, at the end of a scenario, the appointments it made."""

    answers: tuple[Told, ...]

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return tuple(told.exchange for told in self.answers)


NOT_ACCEPTED = Text("Le message n’a pas été accepté.", "The message was not accepted.")
NO_LOCATION = Text("La réponse ne dit pas où est le rendez-vous.", "The answer does not say where the appointment is.")


def status_problem(message: Text, expected: str, told: Told) -> Problem:
    return Problem(message, path="http.status", expected=expected, actual=told.outcome, exchange=told.exchange.id)


_NOT_REACHED = (TransportFailure.UNREACHABLE, TransportFailure.TLS)


def whole(id: str, requirement: str, title: Text) -> Check:
    """A check that every exchange (evidence: `Heard`) has a whole answer; an address nobody is at is the run's own."""

    def judge(heard: Heard) -> Judgement:
        return tally(
            None
            if exchange.response is not None
            else Problem(
                Text("La réponse n’est pas arrivée entière : {d}.", "The answer did not arrive whole: {d}.").format(
                    d=exchange.failure_detail or exchange.failure
                ),
                path="http",
                expected="a whole HTTP answer",
                actual=str(exchange.failure),
                exchange=exchange.id,
            )
            for exchange in heard.exchanges
            if exchange.failure not in _NOT_REACHED
        )

    return Check(id, requirement, title, judge)


WHOLE = whole(
    "reception.whole",
    "APPT-100",
    Text("Chaque message reçoit une réponse entière", "Each message gets a whole answer"),
)


# --- acceptance ------------------------------------------------------------------------------------------------------


def accepted(id: str, requirement: str, title: Text, message: Text) -> Check:
    """A check that a message (evidence: `Case`) is accepted with a 2xx status. `message` says what was not."""

    def judge(case: Case) -> Judgement:
        if case.groundless is not None:
            return Judgement(0, reason=case.groundless)
        return tally([None if case.answer.accepted else status_problem(message, "2xx", case.answer)])

    return Check(id, requirement, title, judge)


def success_status(id: str, requirement: str, title: Text, message: Text, allowed: int) -> Check:
    """A check of the status of a message (evidence: `Case`) that is accepted; whether it is has its own check."""

    def judge(case: Case) -> Judgement:
        response = case.answer.response
        if case.groundless is not None or response is None or not case.answer.accepted:
            return Judgement(0, reason=case.groundless or NOT_ACCEPTED)
        return tally([None if response.status == allowed else status_problem(message, str(allowed), case.answer)])

    return Check(id, requirement, title, judge)


def located(id: str, requirement: str, title: Text) -> Check:
    """A check that an accepted message (evidence: `Case`) has an answer that says where the appointment is."""

    def judge(case: Case) -> Judgement:
        answer = case.answer
        if case.groundless is not None or not answer.accepted:
            return Judgement(0, reason=case.groundless or NOT_ACCEPTED)
        if answer.appointment_id is not None:
            return Judgement(1)
        problem = Problem(
            Text(
                "La réponse doit dire dans Location où est le rendez-vous : [base]/Appointment/id.",
                "The answer must say in Location where the appointment is: [base]/Appointment/id.",
            ),
            path="http.Location",
            expected="[base]/Appointment/id",
            actual=answer.location,
        )
        return Judgement(1, (problem,))

    return Check(id, requirement, title, judge)


def _absolute(case: Case) -> Judgement:
    answer = case.answer
    if case.groundless is not None or not answer.accepted or answer.appointment_id is None:
        return Judgement(0, reason=case.groundless or NO_LOCATION)
    if (answer.location or "").lower().startswith(("http://", "https://")):
        return Judgement(1)
    problem = Problem(
        Text("Location devrait être une URL absolue.", "Location should be an absolute URL."),
        path="http.Location",
        expected=f"{answer.base_url}/Appointment/…",
        actual=answer.location,
    )
    return Judgement(1, (problem,))


LOCATION_ABSOLUTE = Check(
    "reception.location_absolute",
    "APPT-104",
    Text("Location est une URL absolue", "Location is an absolute URL"),
    _absolute,
)


def same(id: str, requirement: str, title: Text, message: Text) -> Check:
    """A check that both messages (evidence: `Pair`) are accepted, and about one appointment."""

    def judge(pair: Pair) -> Judgement:
        first, again = pair.first, pair.again
        if not first.accepted or again.response is None:
            return Judgement(0, reason=Case(again, (first,)).groundless)
        if not again.accepted:
            return Judgement(1, (status_problem(message, "2xx", again),))
        if first.appointment_id is None or again.appointment_id is None:
            return Judgement(1)  # that nothing says where it is has its own check
        if first.appointment_id == again.appointment_id:
            return Judgement(1)
        return Judgement(1, (Problem(message, "http.Location", first.location, again.location, again.exchange.id),))

    return Check(id, requirement, title, judge)


def apart(id: str, requirement: str, title: Text, message: Text) -> Check:
    """A check that two accepted messages (evidence: `Pair`) are about two appointments."""

    def judge(pair: Pair) -> Judgement:
        first, again = pair.first, pair.again
        if not first.accepted or not again.accepted:
            return Judgement(0, reason=NOT_ACCEPTED)
        if first.appointment_id is None or again.appointment_id is None:
            return Judgement(0, reason=NO_LOCATION)
        if first.appointment_id != again.appointment_id:
            return Judgement(1)
        return Judgement(1, (Problem(message, "http.Location", "two ids", again.location, again.exchange.id),))

    return Check(id, requirement, title, judge)


def _repeated(pair: Pair) -> Judgement:
    first, again = pair.first, pair.again
    if not first.accepted or again.response is None:
        return Judgement(0, reason=Case(again, (first,)).groundless)
    if again.refused or again.appointment_id is None or again.appointment_id == first.appointment_id:
        return Judgement(1)
    message = Text(
        "La même création, envoyée deux fois, a fait deux rendez-vous.",
        "The same creation, sent twice, made two appointments.",
    )
    return Judgement(1, (Problem(message, "http.Location", first.location, again.location, again.exchange.id),))


REPEATED_CREATION = Check(
    "reception.creation_repeated",
    "APPT-110",
    Text("La même création deux fois ne fait qu’un rendez-vous", "The same creation twice makes one appointment"),
    _repeated,
)


# --- after what was refused ------------------------------------------------------------------------------------------


def _unchanged(pair: Pair) -> Judgement:
    """Evidence: the creation, and an update of the same after what ought to have changed nothing."""
    first, again = pair.first, pair.again
    if not first.accepted or again.response is None:
        return Judgement(0, reason=Case(again, (first,)).groundless)
    ids = {first.appointment_id, again.appointment_id} - {None}
    if again.accepted and again.response.status != 201 and len(ids) < 2:
        return Judgement(1)
    message = Text(
        "Après DELETE, le rendez-vous n’est plus celui qui avait été annoncé.",
        "After DELETE the appointment is no longer the one that had been told of.",
    )
    return Judgement(1, (status_problem(message, f"200 {first.location or ''}".strip(), again),))


KEPT_AFTER_DELETE = Check(
    "reception.delete_kept",
    "APPT-152",
    Text("DELETE n’efface pas un rendez-vous", "DELETE removes no appointment"),
    _unchanged,
)


def _cancelled(cancelled: Cancelled) -> Judgement:
    message = Text(
        "Un rendez-vous d’essai reste chez la plateforme : son annulation est refusée.",
        "A test appointment stays at the platform: its cancellation is refused.",
    )
    return tally(
        None if told.accepted else status_problem(message, "200", told)
        for told in cancelled.answers
        if told.response is not None
    )


CANCELLED = Check(
    "reception.cleanup_cancelled",
    "APPT-118",
    Text("Tout rendez-vous annoncé peut être annulé", "Every appointment told of can be cancelled"),
    _cancelled,
)
