"""What `recette init` asks, as data, and how answers become a target file. Pure.

An answer is kept under the key of the target file it fills (`sso.issuer`); None is an answer too: there is none.
What is right is decided by `recette.engine.target` alone: each answer is tried in a document of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from recette.engine import target as targets
from recette.engine.question_texts import COMMENTS, TEXTS
from recette.engine.target_file import Document
from recette.model import Actor, Booking, Target, TargetError
from sas_kernel.flows import Flow
from sas_kernel.text import Text

Value: TypeAlias = "str | float | bool | list[str] | None"
Answers: TypeAlias = Mapping[str, Value]

OFFERED_FLOWS = (Flow.SLOT_SEARCH, Flow.REGULATORS, Flow.SSO, Flow.APPOINTMENTS)
_PLACEHOLDER = "http://127.0.0.1/"
"""Stands where a table cannot be read without an address, while another of its keys is tried."""


class Kind(StrEnum):
    TEXT = "text"
    SECRET = "secret"
    NUMBER = "number"
    FLAG = "flag"
    CHOICE = "choice"
    CHOICES = "choices"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Question:
    """`asked` says whether it arises, given the answers before. A `required` one cannot be answered by None."""

    key: str
    kind: Kind
    asked: Callable[[Answers], bool]
    default: Value = None
    choices: tuple[str, ...] = ()
    required: bool = False

    @property
    def title(self) -> Text:
        return TEXTS[self.key][0]

    @property
    def help(self) -> Text:
        """What to answer, and what happens without an answer."""
        return TEXTS[self.key][1]


def _actor(answers: Answers, actor: Actor) -> bool:
    return answers.get("target.actor", Actor.EDITOR.value) == actor.value


def _editor(*flows: Flow) -> Callable[[Answers], bool]:
    return lambda answers: _actor(answers, Actor.EDITOR) and _declares(answers, flows)


def _platform(*flows: Flow) -> Callable[[Answers], bool]:
    return lambda answers: _actor(answers, Actor.PLATFORM) and _declares(answers, flows)


def _either(*asked: Callable[[Answers], bool]) -> Callable[[Answers], bool]:
    return lambda answers: any(one(answers) for one in asked)


def _both(*asked: Callable[[Answers], bool]) -> Callable[[Answers], bool]:
    return lambda answers: all(one(answers) for one in asked)


def _answered(key: str, *values: object) -> Callable[[Answers], bool]:
    """Answered by one of these, or by anything when none is named."""
    return lambda answers: bool(answers.get(key)) if not values else answers.get(key) in values


def _declares(answers: Answers, flows: tuple[Flow, ...]) -> bool:
    declared = answers.get("applicability.flows") or []
    return isinstance(declared, list) and any(flow.value in declared for flow in flows)


def _always(_: Answers) -> bool:
    return True


_SEARCHING = _editor(Flow.SLOT_SEARCH)
_BOOKING = _editor(Flow.APPOINTMENTS)
_SIGNING = _either(_editor(Flow.SSO, Flow.APPOINTMENTS), _platform(Flow.SSO))
_LISTENING = _platform(Flow.SLOT_SEARCH, Flow.REGULATORS)
_CPTS = _both(_SEARCHING, _answered("applicability.cpts", True))
_SOS = _both(_SEARCHING, _answered("applicability.sos", True))
_TOLD = _platform(Flow.REGULATORS, Flow.APPOINTMENTS)

QUESTIONS: tuple[Question, ...] = (
    Question("target.actor", Kind.CHOICE, _always, Actor.EDITOR.value, tuple(Actor), required=True),
    Question("target.base_url", Kind.TEXT, _always, required=True),
    Question("target.name", Kind.TEXT, _always),
    Question(
        "applicability.flows",
        Kind.CHOICES,
        _always,
        [Flow.SLOT_SEARCH.value],
        tuple(flow.value for flow in OFFERED_FLOWS),
        required=True,
    ),
    Question("applicability.slot_types", Kind.CHOICES, _SEARCHING, ["PUBLIC", "PRO", "SNP"], targets.SLOT_TYPES),
    Question(
        "applicability.consultation_types",
        Kind.CHOICES,
        _SEARCHING,
        list(targets.CONSULTATION_TYPES),
        targets.CONSULTATION_TYPES,
    ),
    Question("applicability.cpts", Kind.FLAG, _SEARCHING, False, required=True),
    Question("applicability.sos", Kind.FLAG, _SEARCHING, False, required=True),
    Question(
        "test_data.practitioner_one_place",
        Kind.TEXT,
        _either(_editor(Flow.SLOT_SEARCH, Flow.SSO, Flow.APPOINTMENTS), _platform(Flow.APPOINTMENTS)),
    ),
    Question("test_data.practitioner_two_places", Kind.TEXT, _SEARCHING),
    Question("test_data.practitioners_together", Kind.LIST, _SEARCHING),
    Question("test_data.practitioner_without_slots", Kind.TEXT, _SEARCHING),
    Question("test_data.practitioner_unknown", Kind.TEXT, _SEARCHING),
    Question("test_data.practitioner_opposed", Kind.TEXT, _SEARCHING),
    Question("test_data.practitioner_private", Kind.TEXT, _SEARCHING),
    Question("test_data.practitioner_one_cpts", Kind.TEXT, _CPTS),
    Question("test_data.practitioner_two_cpts", Kind.TEXT, _CPTS),
    Question("test_data.sos_associations", Kind.LIST, _SOS),
    Question("test_data.practitioners_full_list", Kind.LIST, _SEARCHING),
    Question("test_data.regulator", Kind.TEXT, _TOLD),
    Question("test_data.regulator_technical", Kind.TEXT, _TOLD),
    Question("sso.issuer", Kind.TEXT, _SIGNING, required=True),
    Question("sso.origin", Kind.TEXT, _both(_SIGNING, _editor(*OFFERED_FLOWS)), "sas"),
    Question("sso.login", Kind.TEXT, _SIGNING),
    Question("sso.password", Kind.SECRET, _both(_SIGNING, _answered("sso.login"))),
    Question("sso.client_id", Kind.TEXT, _SIGNING),
    Question("sso.client_secret", Kind.SECRET, _both(_platform(Flow.SSO), _answered("sso.client_id"))),
    Question("sso.redirect_uri", Kind.TEXT, _platform(Flow.SSO), "http://127.0.0.1:8079/retour"),
    Question("sso.post_logout_uri", Kind.TEXT, _platform(Flow.SSO)),
    Question("appointments.listen", Kind.TEXT, _BOOKING, "127.0.0.1:8079", required=True),
    Question("appointments.booking", Kind.CHOICE, _BOOKING, Booking.OPERATOR.value, tuple(Booking), required=True),
    Question("appointments.wait", Kind.NUMBER, _BOOKING, 300.0, required=True),
    Question(
        "appointments.staff_login", Kind.TEXT, _both(_BOOKING, _answered("appointments.booking", Booking.REFERENCE))
    ),
    Question("appointments.staff_password", Kind.SECRET, _both(_BOOKING, _answered("appointments.staff_login"))),
    Question("platform.listen", Kind.TEXT, _LISTENING, "127.0.0.1:8079", required=True),
    Question("platform.wait", Kind.NUMBER, _LISTENING, 300.0, required=True),
    Question("platform.admin_token", Kind.SECRET, _LISTENING),
    Question("platform.admin_url", Kind.TEXT, _both(_LISTENING, _answered("platform.admin_token"))),
)
_BY_KEY = {question.key: question for question in QUESTIONS}


def next_question(answers: Answers) -> Question | None:
    """The first that arises and has no answer yet."""
    return next((one for one in QUESTIONS if one.key not in answers and one.asked(answers)), None)


def understood(question: Question, typed: str) -> Value:
    """What somebody means by a line; `TargetError` where it can mean nothing of the kind. Empty means none."""
    line = typed.strip()
    if not line:
        return None
    if question.kind in {Kind.CHOICES, Kind.LIST}:
        return [item for item in line.replace(",", " ").replace(";", " ").split() if item]
    if question.kind is Kind.FLAG:
        if line.lower() not in _FLAGS:
            raise TargetError(Text("« {k} » : répondez oui ou non.", "'{k}': answer yes or no.").format(k=question.key))
        return _FLAGS[line.lower()]
    if question.kind is Kind.NUMBER:
        try:
            return float(line.replace(",", "."))
        except ValueError:
            return line  # refused by whoever knows what the key takes, in its own words
    return line


_FLAGS: Mapping[str, bool] = {
    **dict.fromkeys(("o", "oui", "y", "yes", "true", "vrai", "1"), True),
    **dict.fromkeys(("n", "non", "no", "false", "faux", "0"), False),
}


def require(question: Question, value: Value) -> None:
    """Raise `TargetError` unless the target file may hold this under the question's key."""
    if value is None or value == []:
        if question.required:
            raise missing(question)
        if value is None:
            return
    targets.parse(_document({question.key: value}, complete=True))


def missing(question: Question) -> TargetError:
    return TargetError(
        Text(
            "Il manque « {k} » ({t}) : répondez au terminal, ou donnez --set {k}=… ou --answers FICHIER.",
            "'{k}' is missing ({t}): answer on a terminal, or give --set {k}=… or --answers FILE.",
        ).format(k=question.key, t=question.title)
    )


def of_document(document: Mapping[str, Any]) -> dict[str, Value]:
    """The answers that a target file, whole or in part, already gives; `TargetError` names what is wrong in it."""
    answers = {
        f"{table}.{key}": value
        for table, values in document.items()
        if isinstance(values, Mapping)
        for key, value in values.items()
    }
    targets.parse({**document, **_document(answers, complete=True)} if _is_tables(document) else document)
    return answers


def _is_tables(document: Mapping[str, Any]) -> bool:
    return all(isinstance(values, Mapping) for values in document.values())


def question(key: str) -> Question:
    """The question about a key; `TargetError` when nobody asks it."""
    if key not in _BY_KEY:
        targets.parse(_document({key: ""}, complete=True))  # says which keys there are, and which one is near
        raise TargetError(Text("La clé « {k} » est inconnue.", "The key '{k}' is unknown.").format(k=key))
    return _BY_KEY[key]


def document(answers: Answers) -> Document:
    """The target file that the answers describe, in the order of the questions. What was not asked stays, too."""
    return _document(answers)


def described(answers: Answers) -> Target:
    return targets.parse(document(answers))


def has_secret(answers: Answers) -> bool:
    return any(one.kind is Kind.SECRET and answers.get(one.key) for one in QUESTIONS)


def comments(answers: Answers, lang: str) -> dict[str, str]:
    """What stands above each table and key of the file."""
    shown = {key: text.to(lang) for key, text in COMMENTS.items()}
    asked = (_BY_KEY[key] for key in answers if key in _BY_KEY)
    return shown | {one.key: f"{one.title.to(lang)}. {one.help.to(lang)}" for one in asked}


def _document(answers: Answers, *, complete: bool = False) -> Document:
    known = [key for key in _BY_KEY if key in answers]
    found: Document = {"target": {}}
    for key in (*known, *(key for key in answers if key not in _BY_KEY)):
        table, _, name = key.partition(".")
        if answers[key] is not None:
            found.setdefault(table, {})[name] = answers[key]
    if complete:
        found["target"].setdefault("base_url", _PLACEHOLDER)
        if "sso" in found:
            found["sso"].setdefault("issuer", _PLACEHOLDER)
    return found


def proposals(statement: object) -> dict[str, Value]:
    """What a CapabilityStatement suggests as answers; nothing from what is none."""
    if not isinstance(statement, Mapping) or statement.get("resourceType") != "CapabilityStatement":
        return {}
    found: dict[str, Value] = {}
    software = statement.get("software")
    name = software.get("name") if isinstance(software, Mapping) else None
    if isinstance(name, str) and name.strip():
        found["target.name"] = name.strip()
    rests = statement.get("rest")
    resources = [
        resource.get("type")
        for rest in (rests if isinstance(rests, list) else [])
        if isinstance(rest, Mapping) and isinstance(rest.get("resource"), list)
        for resource in rest["resource"]
        if isinstance(resource, Mapping)
    ]
    offered = {"Slot": Flow.SLOT_SEARCH, "Practitioner": Flow.REGULATORS}
    flows: list[str] = [flow.value for kind, flow in offered.items() if kind in resources]
    if flows:
        found["applicability.flows"] = flows
    return found
