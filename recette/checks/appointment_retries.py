"""Checks of what comes after a failure: the message again, under its identifier, by an update, not too soon; or not.

Source: derived from IG SAS 1.2.0, gestion des rendez-vous (§ Mise à jour, § Échec); the pauses are ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from recette.checks.appointment import Message
from recette.checks.appointment_delivery import announced
from recette.checks.judging import shown, tally
from recette.model import Check, Exchange, Judgement, Problem
from sas_kernel.text import Text


@dataclass(frozen=True)
class Recovery:
    """A message that did not get through, and those of the same appointment that came after it.

    `spacing`: seconds that two attempts ought to be apart; `asked`: those that our Retry-After asked for, if any.
    """

    failed: Message
    later: tuple[Message, ...]
    spacing: float
    asked: float | None = None

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return (self.failed.exchange, *(told.exchange for told in self.later))

    @property
    def again(self) -> tuple[Message, ...]:
        """Those that tell the same once more, and not of a later change."""
        return tuple(t for t in self.later if t.unusable is None and t.status == self.failed.status)


def sent_again(id: str, requirement: str, title: Text, message: Text) -> Check:
    """A check that a message that failed comes again (evidence: `Recovery`), or that a later state did get through."""

    def judge(recovery: Recovery) -> Judgement:
        if any(told.accepted or told.status == recovery.failed.status for told in recovery.later):
            return Judgement(1)
        return Judgement(1, (Problem(message, path="http", expected="1..*", actual="0"),))

    return Check(id, requirement, title, judge)


AFTER_OUTAGE = sent_again(
    "retry.after_outage",
    "APPT-020",
    Text("Un message est renvoyé après une panne (503)", "A message is sent again after an outage (503)"),
    Text("Après un 503, le message n’est pas renvoyé.", "After a 503 the message is not sent again."),
)
AFTER_SILENCE = sent_again(
    "retry.after_silence",
    "APPT-021",
    Text("Un message est renvoyé quand la réponse s’est perdue", "A message is sent again when the answer was lost"),
    Text(
        "Après une connexion coupée, le message n’est pas renvoyé.",
        "After a cut connection the message is not sent again.",
    ),
)
AFTER_THROTTLING = sent_again(
    "retry.after_throttling",
    "APPT-026",
    Text("Un message est renvoyé après un 429", "A message is sent again after a 429"),
    Text("Après un 429, le message n’est pas renvoyé.", "After a 429 the message is not sent again."),
)
_NOT_AGAIN = Text("Le message n’est pas renvoyé.", "The message is not sent again.")


def _no_second_post(recovery: Recovery) -> Judgement:
    message = Text(
        "La réponse s’était perdue : un second POST peut créer un second rendez-vous, un PUT non.",
        "The answer had been lost: a second POST may make a second appointment, a PUT may not.",
    )
    return tally(
        (
            None
            if told.method == "PUT"
            else Problem(message, "http.request", "PUT", told.method, exchange=told.exchange.id)
            for told in recovery.later
        ),
        _NOT_AGAIN,
    )


NO_SECOND_POST = Check(
    "retry.by_put", "APPT-022", Text("Le renvoi est un PUT", "It is sent again by PUT"), _no_second_post
)


def _same_identifier(recovery: Recovery) -> Judgement:
    message = Text(
        "Un message renvoyé garde l’identifiant du rendez-vous.",
        "A message sent again keeps the appointment's identifier.",
    )
    return tally(
        (
            None
            if told.identifier == recovery.failed.identifier
            else Problem(
                message,
                "Appointment.identifier",
                shown(recovery.failed.identifier[1]),
                shown(told.identifier[1]),
                exchange=told.exchange.id,
            )
            for told in recovery.again
        ),
        _NOT_AGAIN,
    )


SAME_IDENTIFIER = Check(
    "retry.same_identifier",
    "APPT-023",
    Text("Le renvoi garde l’identifiant", "It is sent again under the same identifier"),
    _same_identifier,
)


def _spaced(recovery: Recovery) -> Judgement:
    message = Text(
        "Deux essais d’un même message sont trop rapprochés.", "Two attempts of one message are too close together."
    )

    def each() -> Iterator[Problem | None]:
        attempts = (recovery.failed, *recovery.again)
        for before, after in pairwise(attempts):
            if before.accepted:
                return
            gap = (after.at - before.at) / timedelta(seconds=1)
            yield (
                None
                if gap >= recovery.spacing
                else Problem(message, "http", f">= {recovery.spacing:g} s", f"{gap:.3f} s", exchange=after.exchange.id)
            )

    return tally(each(), _NOT_AGAIN)


SPACED = Check("retry.spaced", "APPT-024", Text("Les essais sont espacés", "Attempts are spaced"), _spaced)

_EARLY = 0.05
"""Seconds by which two clocks may read one pause differently."""


def _retry_after(recovery: Recovery) -> Judgement:
    if not recovery.later or recovery.asked is None:
        return Judgement(0, reason=_NOT_AGAIN)
    gap = (recovery.later[0].at - recovery.failed.at) / timedelta(seconds=1)
    if gap >= recovery.asked - _EARLY:
        return Judgement(1)
    problem = Problem(
        Text("Le délai demandé par Retry-After n’est pas attendu.", "The delay asked for by Retry-After is not kept."),
        path="http.Retry-After",
        expected=f">= {recovery.asked:g} s",
        actual=f"{gap:.3f} s",
        exchange=recovery.later[0].exchange.id,
    )
    return Judgement(1, (problem,))


RETRY_AFTER = Check(
    "retry.retry_after", "APPT-025", Text("Retry-After est respecté", "Retry-After is kept"), _retry_after
)


def _refused_for_good(recovery: Recovery) -> Judgement:
    """Examined once even when nothing came: that is what is asked for."""
    message = Text(
        "Un message refusé par 422 a été renvoyé tel quel.", "A message refused with 422 was sent again as it was."
    )
    again = [told for told in recovery.later if told.exchange.request.body == recovery.failed.exchange.request.body]
    return Judgement(
        max(len(again), 1),
        tuple(Problem(message, "http", "0", told.method, exchange=told.exchange.id) for told in again),
    )


REFUSED_FOR_GOOD = Check(
    "refusal.not_repeated",
    "APPT-027",
    Text("Un message refusé (422) n’est pas répété", "A refused message (422) is not repeated"),
    _refused_for_good,
)

NOT_BLOCKED = announced(
    "refusal.not_blocking",
    "APPT-028",
    Text("Un refus ne bloque pas les autres rendez-vous", "A refusal does not block other appointments"),
    Text(
        "Après le refus d’un message (422), ceux d’un autre rendez-vous n’arrivent plus.",
        "After the refusal of a message (422), those of another appointment come no more.",
    ),
)
