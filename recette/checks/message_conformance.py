"""Checks that what is sent about accounts and appointments conforms to its profile, where no other check speaks.

The profiles of 1.1.0 and 1.2.0 say the same but for an appointment's `participant.status`, of which APPT-059 and 060
speak: one verdict holds for both versions (docs/decisions/0012-profile-checker.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from recette.checks import platform_regulators as provisioning
from recette.checks.appointment import Told, told_check
from recette.checks.appointment_content import CONTENT
from recette.checks.appointment_people import PEOPLE
from recette.checks.appointment_privacy import PRIVACY
from recette.checks.json_document import Node
from recette.checks.judging import tally
from recette.checks.platform_regulators import NOTHING_CAME, Expected
from recette.checks.profile_conformance import newest, related
from recette.checks.regulators import NOT_ACCEPTED, SUCCESS_BODY, Case
from recette.model import Check, Evidence, Judgement, Problem
from recette.profiles.checker import errors
from recette.profiles.use_cases import UseCase, check, kind_of
from sas_kernel.text import Text

_NO_RESOURCE = Text("La réponse ne décrit pas le compte.", "The answer describes no account.")


def _unsaid(
    resource: Node, case: UseCase, others: Iterable[Check], evidence: Evidence, exchange: str | None = None
) -> Iterator[Problem | None]:
    """What the profile says of a resource where no other check has spoken; None where there is nothing to say.

    `exchange` names the one the resource came in, where the evidence has several.
    """
    issues = list(errors(check(newest(), resource.value, case) or []))
    spoken = _spoken(others, evidence, exchange) if issues else set()
    told = [issue for issue in issues if not related(issue.path, spoken)]
    for issue in told:
        yield Problem(issue.message, issue.path, issue.expected, issue.actual, exchange)
    if not told:
        yield None


def _spoken(others: Iterable[Check], evidence: Evidence, exchange: str | None) -> set[str]:
    return {
        problem.path
        for other in others
        for problem in other.judge(evidence).problems
        if problem.path and exchange in {None, problem.exchange}
    }


def _returned(case: Case) -> Judgement:
    answer = case.answer
    if case.groundless is not None or not answer.accepted:
        return Judgement(0, reason=case.groundless or NOT_ACCEPTED)
    if kind_of(answer.root.value) != "Practitioner":
        return Judgement(0, reason=_NO_RESOURCE)
    return tally(_unsaid(answer.root, UseCase.REGULATORS, (SUCCESS_BODY,), case))


RETURNED_ACCOUNT = Check(
    "success.profile",
    "ACCT-015",
    Text("Le compte rendu est conforme à son profil", "The account returned conforms to its profile"),
    _returned,
)
"""Of a success (evidence: `Case`)."""


def _appointment(told: Told) -> Iterator[Problem | None]:
    if kind_of(told.root.value) == "Appointment":
        yield from _unsaid(told.root, UseCase.APPOINTMENTS, (*CONTENT, *PEOPLE, *PRIVACY), told)


APPOINTMENT = told_check(
    "content.conforms",
    "APPT-073",
    Text("Le rendez-vous est conforme à son profil", "The appointment conforms to its profile"),
    _appointment,
)
"""Of each message (evidence: `Told`)."""


def _told_accounts(evidence: Expected) -> Judgement:
    if evidence.ground is not None or not evidence.messages:
        return Judgement(0, reason=evidence.ground or NOTHING_CAME)
    return tally(
        problem
        for message in evidence.messages
        if message.method in {"POST", "PUT"} and kind_of(message.root.value) == "Practitioner"
        for problem in _unsaid(
            message.root, UseCase.REGULATORS, provisioning.EVERY_MESSAGE, evidence, message.exchange.id
        )
    )


TOLD_ACCOUNT = Check(
    "provisioning.message_conforms",
    "ACCT-119",
    Text("Le compte envoyé est conforme à son profil", "The account sent conforms to its profile"),
    _told_accounts,
)
"""Of the messages of a platform (evidence: `Expected`)."""
