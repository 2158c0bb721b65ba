"""Checks of how a message about an appointment is sent: method, address, criterion, media type, JSON.

Source: IG SAS 1.2.0, gestion des rendez-vous (création, mise à jour) and the CapabilityStatement of the platform.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from recette.checks.appointment import ChangeKind, Mail, Message, Step
from recette.checks.judging import shown, tally
from recette.model import Check, Judgement, Problem
from sas_kernel.text import Text

_MEDIA_TYPES: Final = ("application/fhir+json", "application/json+fhir", "application/json")
_NO_MESSAGE: Final = Text("Aucun message n’est arrivé.", "No message arrived.")
_NO_UPDATE: Final = Text("Aucune mise à jour n’est arrivée.", "No update arrived.")


def _creation(step: Step) -> Judgement:
    if not step.messages:
        return Judgement(0, reason=_NO_MESSAGE)
    first = step.messages[0]
    right = first.method == "POST" and first.path.rstrip("/") == first.place and not first.criteria
    problem = Problem(
        Text("Un rendez-vous pris se crée par POST Appointment.", "A booking is created with POST Appointment."),
        path="http.request",
        expected=f"POST {first.place}",
        actual=shown(f"{first.method} {first.exchange.request.target}"),
        exchange=first.exchange.id,
    )
    return Judgement(1, () if right else (problem,))


CREATION = Check("creation.post", "APPT-002", Text("Une réservation est un POST", "A booking is a POST"), _creation)


def _update(step: Step) -> Judgement:
    message = Text("Un changement se transmet par PUT.", "A change is sent with PUT.")
    return tally(
        (
            None
            if told.method == "PUT"
            else Problem(message, "http.request", "PUT", told.method, exchange=told.exchange.id)
            for told in step.messages
            if step.done.kind is not ChangeKind.BOOKING
        ),
        _NO_MESSAGE,
    )


UPDATE = Check("update.put", "APPT-009", Text("Un changement est un PUT", "A change is a PUT"), _update)


def _updates(look: Callable[[Message], Problem | None]) -> Callable[[Mail], Judgement]:
    def judge(mail: Mail) -> Judgement:
        return tally((look(told) for told in mail.messages if told.method == "PUT"), _NO_UPDATE)

    return judge


def _criterion(told: Message) -> Problem | None:
    if told.path.rstrip("/") == told.place and told.criterion is not None:
        return None
    return Problem(
        Text(
            "Une mise à jour dit de quel rendez-vous par un critère : PUT Appointment?identifier=…",
            "An update says of which appointment by a criterion: PUT Appointment?identifier=…",
        ),
        path="http.request",
        expected=f"PUT {told.place}?identifier=system|value",
        actual=shown(f"PUT {told.exchange.request.target}"),
        exchange=told.exchange.id,
    )


CRITERION = Check(
    "update.criterion",
    "APPT-010",
    Text("Une mise à jour porte le critère identifier", "An update has the criterion identifier"),
    _updates(_criterion),
)


def _with_criterion(look: Callable[[Message, str, str], Problem | None]) -> Callable[[Mail], Judgement]:
    def judge(mail: Mail) -> Judgement:
        def each() -> Iterator[Problem | None]:
            for told in mail.messages:
                if told.method == "PUT" and told.criterion is not None:
                    yield look(told, *told.criterion)

        return tally(each(), _NO_UPDATE)

    return judge


def _lower_case(told: Message, name: str, _value: str) -> Problem | None:
    if name == "identifier":
        return None
    return Problem(
        Text("Le paramètre s’écrit identifier, en minuscules.", "The parameter is spelt identifier, in lower case."),
        path="http.request.identifier",
        expected="identifier",
        actual=name,
        exchange=told.exchange.id,
    )


LOWER_CASE = Check(
    "update.lower_case",
    "APPT-011",
    Text("Le critère s’écrit en minuscules", "The criterion is in lower case"),
    _with_criterion(_lower_case),
)


def _its_own(told: Message, _name: str, value: str) -> Problem | None:
    _, wanted = told.identifier
    if wanted is None or value.rpartition("|")[2] == wanted:
        return None
    return Problem(
        Text(
            "Le critère et le corps d’une mise à jour désignent le même rendez-vous.",
            "The criterion and the body of an update mean the same appointment.",
        ),
        path="http.request.identifier",
        expected=shown(wanted),
        actual=shown(value),
        exchange=told.exchange.id,
    )


OWN_CRITERION = Check(
    "update.own_identifier",
    "APPT-012",
    Text("Le critère est l’identifiant du rendez-vous", "The criterion is the appointment's identifier"),
    _with_criterion(_its_own),
)


def _with_system(told: Message, _name: str, value: str) -> Problem | None:
    system, _ = told.identifier
    written, bar, _ = value.rpartition("|")
    if system is None or (bar and written == system):
        return None
    return Problem(
        Text(
            "Le critère devrait porter le système avant la valeur : système|valeur.",
            "The criterion should hold the system before the value: system|value.",
        ),
        path="http.request.identifier",
        expected=f"{system}|…",
        actual=shown(value),
        exchange=told.exchange.id,
    )


CRITERION_SYSTEM = Check(
    "update.system",
    "APPT-013",
    Text("Le critère porte aussi le système", "The criterion holds the system too"),
    _with_criterion(_with_system),
)


def _media_type(mail: Mail) -> Judgement:
    def each() -> Iterator[Problem | None]:
        for told in mail.messages:
            headers = [value for name, value in told.exchange.request.headers if name.lower() == "content-type"]
            kind, _, rest = (headers[0] if headers else "").partition(";")
            charset = rest.replace(" ", "").replace('"', "").lower()
            right = (
                len(headers) == 1
                and kind.strip().lower() in _MEDIA_TYPES
                and ("charset=" not in charset or "charset=utf-8" in charset)
            )
            yield (
                None
                if right
                else Problem(
                    Text("Un message s’annonce comme du JSON de FHIR.", "A message is announced as FHIR JSON."),
                    path="http.Content-Type",
                    expected=_MEDIA_TYPES[0],
                    actual=shown(", ".join(headers)) if headers else None,
                    exchange=told.exchange.id,
                )
            )

    return tally(each(), _NO_MESSAGE)


MEDIA_TYPE = Check(
    "message.media_type",
    "APPT-030",
    Text("Le type de contenu est celui de FHIR", "The media type is FHIR's"),
    _media_type,
)


def _json(mail: Mail) -> Judgement:
    def each() -> Iterator[Problem | None]:
        for told in mail.messages:
            repeated = told.document.repeated_keys
            fault = told.unusable
            if fault is None and not repeated:
                yield None
                continue
            yield Problem(
                fault or Text("Une clé figure deux fois.", "A key stands twice."),
                path=repeated[0] if fault is None else "body",
                expected="JSON, UTF-8",
                actual=None if fault is None else shown(told.exchange.request.body[:80].decode("utf-8", "replace")),
                exchange=told.exchange.id,
            )

    return tally(each(), _NO_MESSAGE)


JSON = Check("message.json", "APPT-031", Text("Un message est un objet JSON", "A message is a JSON object"), _json)

FORM: tuple[Check, ...] = (CRITERION, LOWER_CASE, OWN_CRITERION, CRITERION_SYSTEM, MEDIA_TYPE, JSON)
"""Of all the messages of a scenario (evidence: `Mail`)."""
