"""FrAppointmentSAS and sas-sos-appointment as they come in, and what their refusals are called. Pure.

Source: implementation guide 1.2.0, both profiles and INT_R03. Nothing of a patient and no free text passes: it is
refused by the name of its element, and no sentence repeats a value or a name that was sent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from sas_fhir import canonicals, instants
from sas_fhir.operation_outcome import Issue, IssueType, Outcome
from sas_fhir.structure import APPOINTMENT, Node, is_empty, walk
from sas_kernel.errors import InvalidValueError
from sas_kernel.identifiers import (
    MAX_ID_LENGTH,
    PRACTITIONER_SYSTEM,
    REGULATOR_SYSTEM,
    STRUCTURE_SYSTEM,
    is_national_practitioner_id,
)
from sas_kernel.text import Text
from sas_platform.appointments.model import (
    AppointmentsUnavailableError,
    Category,
    Content,
    DuplicateAppointmentError,
    Identifier,
    InvalidAppointmentError,
    InvalidCriterionError,
    Report,
    Status,
)

_ROOT: Final = "Appointment"
_IDENTIFIER: Final = "Appointment.identifier[0]"
_OPERATOR: Final = "Appointment.extension[0]"

# --- patient data and free text --------------------------------------------------------------------------------------

# What can only be about the patient, or is a text that may be.
_DISCLOSING: Final = frozenset(
    {
        "Appointment.text",
        "Appointment.contained",
        "Appointment.description",
        "Appointment.comment",
        "Appointment.patientInstruction",
        "Appointment.reasonCode",
        "Appointment.reasonReference",
        "Appointment.supportingInformation",
        "Appointment.basedOn",
        "CodeableConcept.text",
        "Reference.display",
    }
)
# An extension may hold what is coded, timed or counted; a text, a name, an address, a number to call is refused.
_TELLING: Final = frozenset(
    {"string", "markdown", "base64Binary", "Address", "Annotation", "Attachment", "ContactDetail", "ContactPoint"}
    | {"HumanName", "RelatedArtifact", "Signature", "UsageContext", "Contributor", "date"}
)
_PERSONS: Final = ("Patient", "RelatedPerson")
_PERSON: Final = re.compile(rf"(?:^|[/:])(?:{'|'.join(_PERSONS)})(?:[/?|]|$)", re.IGNORECASE)
_INS: Final = "urn:oid:1.2.250.1.213.1.4."  # national health identifiers of patients, real and for tests
_SUBJECT: Final = frozenset({"SBJ", "PATSBJ", "PATIENT"})


def _disclosures(nodes: Sequence[Node]) -> list[Issue]:
    refused = Text(
        "{at} : aucune donnée du patient et aucun texte libre n’est accepté ; retirez cet élément.",
        "{at}: no patient data and no free text is accepted; remove this element.",
    )
    at = [node.path for node in nodes if _discloses(node)]
    return [Issue(IssueType.BUSINESS_RULE, refused.format(at=path), path) for path in dict.fromkeys(at)]


def _discloses(node: Node) -> bool:
    element = f"{node.holder}.{node.name}"
    if element in _DISCLOSING or (node.holder == "Extension" and node.name != "url" and node.kind in _TELLING):
        return True
    if element in {"Reference.reference", "Reference.type"}:
        return bool(_PERSON.search(node.value))
    if element == "Identifier.system":
        return str(node.value).startswith(_INS)
    if element == "Coding.code":
        return ".participant[" in node.path and ".type[" in node.path and node.value.upper() in _SUBJECT
    return False


# --- in --------------------------------------------------------------------------------------------------------------


class _Reading:
    """Collects what is wrong, so that a sender is told everything at once."""

    def __init__(self) -> None:
        self.issues: list[Issue] = []

    def refuse(self, code: IssueType, at: str, text: Text, **values: object) -> None:
        self.issues.append(Issue(code, text.format(at=at, **values), at))

    def required(self, holder: dict[str, Any], name: str, at: str) -> Any:
        value = _given(holder, name)
        if value is None:
            text = Text("{at} : absent ou vide ; il est obligatoire.", "{at}: absent or empty; it is mandatory.")
            self.refuse(IssueType.REQUIRED, f"{at}.{name}", text)
        return value

    def expected(self, at: str, *values: str) -> None:
        text = Text("{at} : attendu {values}.", "{at}: expected {values}.")
        self.refuse(IssueType.VALUE, at, text, values=Text(" ou ".join(values), " or ".join(values)))


def _given(holder: dict[str, Any], name: str) -> Any:
    value = holder.get(name)
    return None if is_empty(value) else value


def report_of(body: bytes) -> Report:
    """What a message says. Raises `InvalidAppointmentError` with everything that is wrong.

    Elements that are neither kept nor refused, such as `id` and `slot`, are left aside.
    """
    resource = _appointment(body)
    nodes, malformed = walk(resource, _ROOT, APPOINTMENT)
    if malformed:
        raise InvalidAppointmentError([*malformed, *_disclosures(nodes)])
    reading = _Reading()
    sos = _profile(resource, reading) == canonicals.SOS_APPOINTMENT
    _check_modifiers(nodes, reading)
    identifier = _identifier(resource, reading)
    operator, category = _extensions(resource, reading, sos=sos)
    status = _status(resource, reading)
    practitioner, structure = _participants(resource, reading, status, sos=sos)
    start, end = _instant(resource, "start", reading), _instant(resource, "end", reading)
    if start is not None and end is not None and start >= end:
        text = Text("{at} : la fin doit suivre le début.", "{at}: the end must follow the start.")
        reading.refuse(IssueType.BUSINESS_RULE, "Appointment.end", text)
    created = _created(resource, reading)
    reading.issues += _disclosures(nodes)
    if reading.issues or identifier is None or operator is None or status is None or start is None or end is None:
        raise InvalidAppointmentError(reading.issues)
    return Report(identifier, operator, Content(status, start, end, created, practitioner, category, structure))


def _appointment(body: bytes) -> dict[str, Any]:
    try:
        resource = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        text = Text("Le corps n’est pas du JSON lisible.", "The body is not readable JSON.")
        raise InvalidAppointmentError([Issue(IssueType.STRUCTURE, text, _ROOT)]) from None
    if not isinstance(resource, dict):
        text = Text("Le corps n’est pas un objet.", "The body is no object.")
        raise InvalidAppointmentError([Issue(IssueType.STRUCTURE, text, _ROOT)])
    if resource.get("resourceType") != _ROOT:
        at = "Appointment.resourceType"
        text = Text("{at} : attendu « Appointment ».", "{at}: expected 'Appointment'.").format(at=at)
        raise InvalidAppointmentError([Issue(IssueType.INVALID, text, at)])
    return resource


def _profile(resource: dict[str, Any], reading: _Reading) -> str | None:
    """The one profile that is claimed: how a SOS appointment is told from the others."""
    known = (canonicals.APPOINTMENT, canonicals.SOS_APPOINTMENT)
    meta = reading.required(resource, "meta", _ROOT)
    profiles = reading.required(meta, "profile", "Appointment.meta") if meta else None
    if profiles is None:
        return None
    named = {str(profile).partition("|")[0] for profile in profiles}
    if len(named) == 1 and named <= set(known):
        return named.pop()
    reading.expected("Appointment.meta.profile", *known)
    return None


def _check_modifiers(nodes: Sequence[Node], reading: _Reading) -> None:
    text = Text(
        "{at} : cet élément change le sens de la ressource et n’est pas compris ici ; retirez-le.",
        "{at}: this element changes the meaning of the resource and is not understood here; remove it.",
    )
    for node in nodes:
        if node.name in {"modifierExtension", "implicitRules"}:
            reading.refuse(IssueType.NOT_SUPPORTED, node.path, text)


_EDITOR: Final = re.compile(r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+|https?://[!-~]+")
_MOST: Final = 255
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def _identifier(resource: dict[str, Any], reading: _Reading) -> Identifier | None:
    found = reading.required(resource, "identifier", _ROOT)
    if found is None:
        return None
    if len(found) > 1:
        text = Text("{at} : un seul identifiant est attendu.", "{at}: one identifier is expected.")
        reading.refuse(IssueType.BUSINESS_RULE, "Appointment.identifier", text)
    system = reading.required(found[0], "system", _IDENTIFIER)
    value = reading.required(found[0], "value", _IDENTIFIER)
    if system is not None and (len(system) > _MOST or not _EDITOR.fullmatch(system)):
        text = Text("{at} : attendu urn:oid:… ou une URL de l’éditeur.", "{at}: expected urn:oid:… or an editor's URL.")
        reading.refuse(IssueType.VALUE, f"{_IDENTIFIER}.system", text)
        system = None
    if value is not None and (len(value) > _MOST or _CONTROL.search(value) or value != value.strip()):
        text = Text(
            "{at} : {most} caractères au plus, sans caractère de commande ni blanc autour.",
            "{at}: at most {most} characters, without control character or blanks around.",
        )
        reading.refuse(IssueType.VALUE, f"{_IDENTIFIER}.value", text, most=_MOST)
        value = None
    return None if system is None or value is None else Identifier(system, value)


# --- in: who booked, for which category ------------------------------------------------------------------------------

_SYSTEMS: Final = {"IDNPS": PRACTITIONER_SYSTEM, "INTRN": REGULATOR_SYSTEM}


def _extensions(resource: dict[str, Any], reading: _Reading, *, sos: bool) -> tuple[Identifier | None, Category | None]:
    extensions = reading.required(resource, "extension", _ROOT) or []
    operators = [at for at, each in enumerate(extensions) if each.get("url") == canonicals.APPOINTMENT_OPERATOR]
    if extensions and operators != [0]:
        text = Text(
            "{at} : attendu en premier et une seule fois, l’extension {url}.",
            "{at}: expected first and only once, the extension {url}.",
        )
        reading.refuse(IssueType.BUSINESS_RULE, "Appointment.extension", text, url=canonicals.APPOINTMENT_OPERATOR)
    if sos and len(extensions) > 1:
        text = Text("{at} : le profil SOS n’en admet qu’une.", "{at}: the SOS profile admits only one.")
        reading.refuse(IssueType.BUSINESS_RULE, "Appointment.extension", text)
    operator = _operator(extensions[0], reading) if operators[:1] == [0] else None
    category = None
    for at, each in enumerate(extensions):
        if each.get("url") == canonicals.ORIENTATION:
            category = _category(each, f"Appointment.extension[{at}]", reading)
    # The SOS profile has no room for the category, and says it by itself.
    return operator, Category.SOS if sos else category


def _operator(extension: dict[str, Any], reading: _Reading) -> Identifier | None:
    reference = reading.required(extension, "valueReference", _OPERATOR)
    at = f"{_OPERATOR}.valueReference"
    identifier = reading.required(reference, "identifier", at) if reference else None
    return _person(identifier, f"{at}.identifier", reading, tuple(_SYSTEMS)) if identifier else None


def _person(identifier: dict[str, Any], at: str, reading: _Reading, kinds: tuple[str, ...]) -> Identifier | None:
    """The identifier of a regulator or a practitioner, whose type code and system belong together."""
    kind = reading.required(identifier, "type", at)
    codings = reading.required(kind, "coding", f"{at}.type") if kind else None
    code = codings[0].get("code") if codings else None
    if codings is not None and (
        len(codings) != 1
        or codings[0].get("system", canonicals.IDENTIFIER_TYPE) != (canonicals.IDENTIFIER_TYPE)
        or code not in kinds
    ):
        reading.expected(f"{at}.type.coding", *(f"{canonicals.IDENTIFIER_TYPE}|{known}" for known in kinds))
        code = None
    system = reading.required(identifier, "system", at)
    expected = tuple(_SYSTEMS[known] for known in ([code] if code is not None else kinds))
    if system is not None and system not in expected:
        reading.expected(f"{at}.system", *expected)
        system = None
    value = reading.required(identifier, "value", at)
    if value is not None and (len(value) > MAX_ID_LENGTH or _CONTROL.search(value) or value != value.strip()):
        text = Text(
            "{at} : {most} caractères au plus, sans caractère de commande ni blanc autour.",
            "{at}: at most {most} characters, without control character or blanks around.",
        )
        reading.refuse(IssueType.VALUE, f"{at}.value", text, most=MAX_ID_LENGTH)
        value = None
    return None if code is None or system is None or value is None else Identifier(system, value)


_CATEGORIES: Final = {"001": Category.PS, "002": Category.PDM, "003": Category.SOS}
_STRUCTURES: Final = {"604": Category.CPTS, "603": Category.MSP, "124": Category.CDS}


def _category(extension: dict[str, Any], at: str, reading: _Reading) -> Category | None:
    if _given(extension, "valueCodeableConcept") is None:
        return None
    codings = extension["valueCodeableConcept"].get("coding", [])
    for coding in codings:
        system, code = str(coding.get("system", "")), coding.get("code")
        if system == canonicals.ORIENTATION_CATEGORY and code in _CATEGORIES:
            return _CATEGORIES[code]
        if system.startswith(canonicals.STRUCTURE_CATEGORY) and code in _STRUCTURES:
            return _STRUCTURES[code]
    names = [f"{canonicals.ORIENTATION_CATEGORY}|{code}" for code in _CATEGORIES]
    reading.expected(f"{at}.valueCodeableConcept", *names, f"TRE_R66 {', '.join(_STRUCTURES)}")
    return None


# --- in: status, time, practitioner ----------------------------------------------------------------------------------


def _status(resource: dict[str, Any], reading: _Reading) -> Status | None:
    written = reading.required(resource, "status", _ROOT)
    status = next((known for known in Status if known == written), None)
    if written is not None and status is None:
        reading.expected("Appointment.status", *Status)
    if _given(resource, "cancelationReason") is not None and status is not Status.CANCELLED:
        text = Text(
            "{at} : admis avec le statut cancelled seulement (invariant app-4, qui n’admet pas noshow).",
            "{at}: admitted with the status cancelled only (invariant app-4, which does not admit noshow).",
        )
        reading.refuse(IssueType.BUSINESS_RULE, "Appointment.cancelationReason", text)
    return status


def _participants(
    resource: dict[str, Any], reading: _Reading, status: Status | None, *, sos: bool
) -> tuple[str | None, str | None]:
    """The national ids of the practitioner and of the association, where they are known."""
    practitioner = structure = None
    for index, each in enumerate(reading.required(resource, "participant", _ROOT) or []):
        at = f"Appointment.participant[{index}]"
        if _given(each, "type") is None and _given(each, "actor") is None:
            text = Text("{at} : donnez type ou actor (invariant app-1).", "{at}: give type or actor (invariant app-1).")
            reading.refuse(IssueType.BUSINESS_RULE, at, text)
        state = reading.required(each, "status", at)
        if state is not None and state not in {"accepted", "needs-action"}:
            reading.expected(f"{at}.status", "accepted", "needs-action")
        if state == "needs-action" and status not in {None, Status.PENDING}:
            text = Text(
                "{at} : tant qu’un participant est needs-action, le statut est pending.",
                "{at}: while a participant is needs-action, the status is pending.",
            )
            reading.refuse(IssueType.BUSINESS_RULE, "Appointment.status", text)
        identifier = _given(_given(each, "actor") or {}, "identifier")
        # The SOS profile leaves the actor free; of others than practitioners and structures nothing is kept.
        if sos and identifier is not None and identifier.get("system") == STRUCTURE_SYSTEM:
            named = str(identifier.get("value", ""))
            structure = structure or (named if _STRUCTURE.fullmatch(named) else None)
        if identifier is not None and not (sos and identifier.get("system") != PRACTITIONER_SYSTEM):
            found = _person(identifier, f"{at}.actor.identifier", reading, ("IDNPS",))
            if found is not None and not is_national_practitioner_id(found.value):
                reading.expected(f"{at}.actor.identifier.value", "8 + RPPS", "0 + ADELI")
            elif found is not None:
                practitioner = practitioner or found.value
    return practitioner, structure


_STRUCTURE: Final = re.compile(r"[0134][0-9A-Z]{9,14}")  # a national id with its prefix

_INSTANT: Final = re.compile(
    r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_PARTIAL: Final = re.compile(r"20[0-9]{2}(?:-[0-9]{2}(?:-[0-9]{2})?)?")
_FRACTION: Final = re.compile(r"(\.[0-9]{3})[0-9]+")


def _instant(resource: dict[str, Any], name: str, reading: _Reading) -> datetime | None:
    written = reading.required(resource, name, _ROOT)
    if written is None:
        return None
    found = _read(written) if _INSTANT.fullmatch(written) else None
    if found is None:
        text = Text(
            "{at} : attendu un instant avec son décalage, comme 2031-03-10T09:00:00+01:00.",
            "{at}: expected an instant with its offset, like 2031-03-10T09:00:00+01:00.",
        )
        reading.refuse(IssueType.VALUE, f"{_ROOT}.{name}", text)
    return found


def _created(resource: dict[str, Any], reading: _Reading) -> datetime | None:
    written = _given(resource, "created")
    if written is None:
        return None
    found = _read(written) if _INSTANT.fullmatch(written) or _PARTIAL.fullmatch(written) else None
    if found is None:
        text = Text(
            "{at} : attendu une date, ou un instant avec son décalage, comme 2031-03-10T09:00:00+01:00.",
            "{at}: expected a date, or an instant with its offset, like 2031-03-10T09:00:00+01:00.",
        )
        reading.refuse(IssueType.VALUE, "Appointment.created", text)
    return found


def _read(written: str) -> datetime | None:
    """The instant, what is finer than a millisecond left out: both databases keep that much."""
    try:
        return instants.to_datetime(instants.first_instant(_FRACTION.sub(r"\1", written)))
    except InvalidValueError:
        return None


# --- out -------------------------------------------------------------------------------------------------------------


def outcome_of(error: Exception) -> Outcome | None:
    """What a refusal of an appointment is on the wire; `None` for any other error."""
    if isinstance(error, InvalidAppointmentError):
        return Outcome(400 if error.malformed else 422, error.issues)
    if isinstance(error, InvalidCriterionError):
        return Outcome(400, (Issue(error.code, error.text),))
    if isinstance(error, DuplicateAppointmentError):
        return Outcome(422, (Issue(IssueType.DUPLICATE, error.text, f"{_IDENTIFIER}.value"),))
    if isinstance(error, AppointmentsUnavailableError):
        return Outcome(503, (Issue(IssueType.TRANSIENT, error.text),))
    return None


CAPABILITY: Final[dict[str, Any]] = {
    "type": _ROOT,
    "supportedProfile": [canonicals.APPOINTMENT, canonicals.SOS_APPOINTMENT],
    "documentation": (
        "INT_R03. An update is conditional on one identifier (system|value, or a bare value), and creates the "
        "appointment when there is none. No patient data, no free text and no slot is kept. Appointments are neither "
        "read, searched nor deleted: status=cancelled ends one."
    ),
    "interaction": [{"code": "create"}, {"code": "update"}],
    "conditionalUpdate": True,
    "updateCreate": True,
    "searchParam": [
        {
            "name": "identifier",
            "definition": canonicals.APPOINTMENT_IDENTIFIER_PARAMETER,
            "type": "token",
            "documentation": "Only as the condition of an update.",
        }
    ],
}
