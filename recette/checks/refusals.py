"""Checks of searches that cannot be executed, and of what a server ought to bear."""

from __future__ import annotations

from collections.abc import Iterator

from recette.checks import facts
from recette.checks.answer import Answer
from recette.checks.comparison import Pair, keyed, refusal
from recette.checks.judging import shown, tally
from recette.model import Check, Judgement, Problem
from sas_kernel.text import Text


def refused(id: str, requirement: str, title: Text, message: Text) -> Check:
    """A check that a search (evidence: `Answer`) is refused with a 4xx or 5xx status. `message` says what is wrong."""

    def judge(answer: Answer) -> Judgement:
        if answer.response is None:
            return Judgement(0, reason=answer.silence)
        status = answer.response.status
        if 400 <= status <= 599:
            return Judgement(1)
        return Judgement(
            1, (Problem(message, path="http.status", expected="400, OperationOutcome", actual=str(status)),)
        )

    return Check(id, requirement, title, judge)


def accepted(id: str, requirement: str, title: Text, message: Text, *, media_type: bool = False) -> Check:
    """A check that a search (evidence: `Pair`, `other`) is answered with a Bundle, as the usual one is.

    `message` says what was not borne. Where the usual search fails as well, its own check says so; with `media_type`,
    it is still examined when the usual one was refused for its media type. A pair of one answer has no usual search to
    lean on: it is examined by itself.
    """

    def judge(pair: Pair) -> Judgement:
        usual, other = pair.usual, pair.other
        if other.silence is not None:
            return Judgement(0, reason=other.silence)
        refused_type = media_type and usual.response is not None and usual.response.status in {406, 415}
        alone = usual is other and not media_type
        if not usual.usable and not refused_type and not alone:
            return Judgement(0, reason=usual.unusable)
        return tally([refusal(other, message)])

    return Check(id, requirement, title, judge)


def _is_error(answer: Answer) -> bool:
    return answer.response is not None and answer.response.status >= 400


_NO_ERROR = Text("La réponse n’est pas une erreur.", "The answer is not an error.")


def _outcome(answer: Answer) -> Iterator[Problem | None]:
    if not _is_error(answer) or answer.response is None:
        return
    root = answer.root
    if root["resourceType"].value != "OperationOutcome":
        yield Problem(
            Text("Le corps d’une erreur est un OperationOutcome.", "The body of an error is an OperationOutcome."),
            path="body",
            expected="OperationOutcome",
            actual=shown(answer.response.body[:80].decode("utf-8", "replace")),
        )
        return
    issues = root["issue"].elements
    if not issues:
        yield Problem(
            Text("L’OperationOutcome ne dit aucun problème.", "The OperationOutcome says no issue."),
            path=root["issue"].path,
            expected="1..*",
            actual="0",
        )
    for issue in issues:
        for key, allowed in (("severity", facts.ISSUE_SEVERITIES), ("code", facts.ISSUE_CODES)):
            place = issue[key]
            yield (
                None
                if place.string in allowed
                else Problem(
                    Text(
                        "Chaque problème a une gravité et un code de FHIR.",
                        "Each issue has a severity and a code of FHIR.",
                    ),
                    path=place.path,
                    expected=" | ".join(sorted(allowed))
                    if key == "severity"
                    else "invalid | required | not-supported | …",
                    actual=shown(place.value) if place.present else None,
                )
            )


OUTCOME = Check(
    "error.operation_outcome",
    "SLOT-180",
    Text("Une erreur porte un OperationOutcome", "An error has an OperationOutcome"),
    lambda answer: tally(_outcome(answer), _NO_ERROR),
)


def _client_error(answer: Answer) -> Judgement:
    if not _is_error(answer) or answer.response is None:
        return Judgement(0, reason=_NO_ERROR)
    status = answer.response.status
    return tally(
        [
            None
            if status < 500
            else Problem(
                Text(
                    "Une requête mal formée est une erreur du client (4xx), pas du serveur.",
                    "A malformed request is an error of the client (4xx), not of the server.",
                ),
                path="http.status",
                expected="4xx",
                actual=str(status),
            )
        ]
    )


CLIENT_ERROR = Check(
    "error.client_status",
    "SLOT-181",
    Text("Une requête mal formée est une erreur 4xx", "A malformed request is a 4xx error"),
    _client_error,
)


def _too_many(answer: Answer) -> Judgement:
    if answer.response is None:
        return Judgement(0, reason=answer.silence)
    served = answer.response.status == 200 or 400 <= answer.response.status <= 499
    return tally(
        [
            None
            if served
            else Problem(
                Text(
                    "Au-delà de la limite, une recherche est refusée (400) ou servie ; elle ne fait pas échouer "
                    "le serveur.",
                    "Beyond the limit, a search is refused (400) or served; it does not make the server fail.",
                ),
                path="http.status",
                expected="400",
                actual=str(answer.response.status),
            )
        ]
    )


TOO_MANY = Check(
    "practitioners.too_many",
    "SLOT-182",
    Text("Trop d’identifiants : refus propre (400)", "Too many identifiers: a clean refusal (400)"),
    _too_many,
)


def _other_status(answer: Answer) -> Judgement:
    if answer.response is None:
        return Judgement(0, reason=answer.silence)
    if answer.response.status == 200 and not answer.usable:
        return Judgement(0, reason=answer.unusable)
    slots = answer.of("Slot") if answer.usable else ()
    if not slots and (answer.usable or 400 <= answer.response.status <= 499):
        return Judgement(1)
    problem = Problem(
        Text(
            "Demander status=busy ne rend aucun créneau (Bundle vide).",
            "Asking for status=busy returns no slot (empty Bundle).",
        ),
        path=slots[0].path if slots else "http.status",
        expected="200, total 0",
        actual=f"{len(slots)} Slot" if slots else str(answer.response.status),
    )
    return Judgement(1, (problem,))


OTHER_STATUS = Check(
    "status.other",
    "SLOT-183",
    Text("status=busy ne rend aucun créneau", "status=busy returns no slot"),
    _other_status,
)


def _foreign_system(answer: Answer) -> Judgement:
    if answer.response is None:
        return Judgement(0, reason=answer.silence)
    slots = answer.of("Slot") if answer.usable else ()
    return tally(
        [
            None
            if not slots
            else Problem(
                Text(
                    "Le même numéro dans un autre système d’identification désigne quelqu’un d’autre.",
                    "The same number in another identifier system names someone else.",
                ),
                path=slots[0].path,
                expected="0 Slot",
                actual=f"{len(slots)} Slot",
            )
        ]
    )


FOREIGN_SYSTEM = Check(
    "identifier.system",
    "SLOT-184",
    Text("Le système de l’identifiant compte", "The identifier's system counts"),
    _foreign_system,
)


def _repeated_bound(pair: Pair) -> Judgement:
    """Two `ge` are refused, or hold both (AND): the narrower window's slots."""
    answer = pair.other
    if answer.response is None:
        return Judgement(0, reason=answer.silence)
    if 400 <= answer.response.status <= 499:
        return Judgement(1)
    if not pair.usual.usable or not answer.usable:
        return Judgement(0, reason=pair.usual.unusable or answer.unusable)
    expected, found = keyed([(pair.usual, list(pair.usual.of("Slot")))], (answer, list(answer.of("Slot"))))
    return tally(
        [
            None
            if found.keys() == expected.keys()
            else Problem(
                Text(
                    "Deux bornes ge sont refusées, ou tiennent toutes les deux ; aucune n’est oubliée.",
                    "Two ge bounds are refused, or both hold; none is forgotten.",
                ),
                path="Bundle.entry",
                expected=f"400, or {len(expected)} Slot",
                actual=f"{len(found)} Slot",
                exchange=answer.exchange_id,
            )
        ]
    )


REPEATED_BOUND = Check(
    "start.repeated",
    "SLOT-185",
    Text("Une borne répétée n’est pas oubliée", "A repeated bound is not forgotten"),
    _repeated_bound,
)


def _strict(answer: Answer) -> Judgement:
    if answer.response is None:
        return Judgement(0, reason=answer.silence)
    status = answer.response.status
    return tally(
        [
            None
            if 400 <= status <= 499
            else Problem(
                Text(
                    "Prefer: handling=strict demande qu’un paramètre inconnu soit refusé (400).",
                    "Prefer: handling=strict asks that an unknown parameter be refused (400).",
                ),
                path="http.status",
                expected="400",
                actual=str(status),
            )
        ]
    )


STRICT = Check(
    "parameter.strict",
    "SLOT-186",
    Text("handling=strict : un paramètre inconnu est refusé", "handling=strict: an unknown parameter is refused"),
    _strict,
)


def _not_acceptable(answer: Answer) -> Judgement:
    if answer.response is None:
        return Judgement(0, reason=answer.silence)
    status = answer.response.status
    return tally(
        [
            None
            if status == 406
            else Problem(
                Text("Un client qui n’accepte aucun JSON reçoit 406.", "A client that accepts no JSON gets 406."),
                path="http.status",
                expected="406",
                actual=str(status),
            )
        ]
    )


NOT_ACCEPTABLE = Check(
    "accept.not_acceptable",
    "SLOT-024",
    Text("406 quand aucun JSON n’est accepté", "406 when no JSON is accepted"),
    _not_acceptable,
)
