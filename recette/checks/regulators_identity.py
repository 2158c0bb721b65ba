"""Checks that two answers concern one account, which shows in nothing but their `Location`."""

from __future__ import annotations

from recette.checks.regulators import NO_LOCATION, NOT_ACCEPTED, Case, Pair, status_problem
from recette.model import Check, Judgement, Problem
from sas_kernel.text import Text


def same_account(id: str, requirement: str, title: Text, message: Text) -> Check:
    """A check that two accepted answers (evidence: `Pair`) concern one account: the ids in `Location` are the same.

    Where one is not accepted or says no `Location`, a check of its own says so.
    """

    def judge(pair: Pair) -> Judgement:
        if not pair.first.accepted or not pair.again.accepted:
            return Judgement(0, reason=NOT_ACCEPTED)
        first, again = pair.first.account_id, pair.again.account_id
        if first is None or again is None:
            return Judgement(0, reason=NO_LOCATION)
        if first == again:
            return Judgement(1)
        problem = Problem(message, path="http.Location", expected=f"…/Practitioner/{first}", actual=pair.again.location)
        return Judgement(1, (problem,))

    return Check(id, requirement, title, judge)


def served_alike(id: str, requirement: str, title: Text, message: Text) -> Check:
    """A check that a request written in another way (evidence: `Pair`) is accepted and concerns the same account."""

    def judge(pair: Pair) -> Judgement:
        if not pair.first.accepted:
            return Judgement(0, reason=NOT_ACCEPTED)
        if pair.again.response is None:
            return Judgement(0, reason=Case(pair.again).groundless)
        if not pair.again.accepted:
            return Judgement(1, (status_problem(message, "2xx", pair.again),))
        first, again = pair.first.account_id, pair.again.account_id
        if None in {first, again} or first == again:
            return Judgement(1)
        problem = Problem(message, path="http.Location", expected=f"…/Practitioner/{first}", actual=pair.again.location)
        return Judgement(1, (problem,))

    return Check(id, requirement, title, judge)


def _own_id(case: Case) -> Judgement:
    answer = case.answer
    if case.groundless is not None:
        return Judgement(0, reason=case.groundless)
    message = Text(
        "L’id du corps d’une création est ignoré : l’éditeur attribue le sien.",
        "The id in the body of a creation is ignored: the editor gives its own.",
    )
    if not answer.accepted:
        return Judgement(1, (status_problem(message, "2xx", answer),))
    if answer.account_id is None:
        return Judgement(0, reason=NO_LOCATION)
    if answer.account_id != case.element:
        return Judgement(1)
    problem = Problem(message, path="http.Location", expected="another id", actual=answer.location)
    return Judgement(1, (problem,))


BODY_ID_ON_CREATION = Check(
    "body_id.creation",
    "ACCT-008",
    Text("L’id du corps d’une création est ignoré", "The id in the body of a creation is ignored"),
    _own_id,
)


def _no_second(pair: Pair) -> Judgement:
    """A repeated conversion may be refused, or served on the same account: never on another one."""
    if not pair.first.accepted or pair.again.response is None:
        return Judgement(0, reason=Case(pair.again, (pair.first,)).groundless)
    if not pair.again.accepted:
        return Judgement(1)
    first, again = pair.first.account_id, pair.again.account_id
    if first is None or again is None:
        return Judgement(0, reason=NO_LOCATION)
    if first == again:
        return Judgement(1)
    problem = Problem(
        Text(
            "Une demande répétée sur l’ancien identifiant a créé un second compte.",
            "A request repeated on the old identifier made a second account.",
        ),
        path="http.Location",
        expected=f"…/Practitioner/{first}",
        actual=pair.again.location,
    )
    return Judgement(1, (problem,))


LATE_RETRY = Check(
    "late_retry.one_account",
    "ACCT-053",
    Text("Une demande tardive ne crée pas de second compte", "A late request makes no second account"),
    _no_second,
)
