"""FrPractitionerRegul both ways, and what its refusals are called. Pure.

Source: implementation guide 1.2.0, profile FrPractitionerRegul. Name and e-mail are mandatory in effect (acceptance
kit), `meta` is not (0..1 in the profile): absent it is supplied, but it may not name another source or profile.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from agenda_editor.regulators.model import (
    AmbiguousRegulatorError,
    DuplicateRegulatorError,
    Identifier,
    IdentifierKind,
    InvalidRegulatorError,
    Problem,
    ProblemKind,
    Regulator,
    RegulatorDetails,
)
from agenda_editor.regulators.rules import SYSTEMS, is_clean
from sas_fhir import canonicals
from sas_fhir.operation_outcome import Issue, IssueType, Outcome
from sas_kernel.identifiers import MAX_ID_LENGTH
from sas_kernel.text import Text

_ROOT: Final = "Practitioner"
_IDENTIFIER: Final = "Practitioner.identifier[0]"
_KINDS: Final = {system: kind for kind, system in SYSTEMS.items()}

_TYPES: Final[dict[type, Text]] = {
    dict: Text("un objet", "an object"),
    list: Text("un tableau", "an array"),
    str: Text("une chaîne", "a string"),
    bool: Text("un booléen", "a boolean"),
}


class _Reading:
    """Reads elements one by one and collects what is wrong, so that a sender is told everything at once."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def refuse(self, kind: ProblemKind, element: str, text: Text) -> None:
        self.problems.append(Problem(kind, element, text.format(element=element)))

    def required(self, element: str) -> None:
        text = Text("{element} : absent ou vide ; il est obligatoire.", "{element}: absent or empty; it is mandatory.")
        self.refuse(ProblemKind.REQUIRED, element, text)

    def typed(self, value: object, kind: type, element: str) -> bool:
        if isinstance(value, kind):
            return True
        text = Text("{element} : attendu {what}.", "{element}: expected {what}.")
        self.refuse(ProblemKind.STRUCTURE, element, text.format(element="{element}", what=_TYPES[kind]))
        return False

    def objects(self, holder: dict[str, Any], name: str, at: str, *, required: bool = False) -> list[dict[str, Any]]:
        """The objects of an array; an empty list when it is absent or no such array, which is then told."""
        value = holder.get(name, [])
        element = f"{at}.{name}"
        if not self.typed(value, list, element):
            return []
        if required and not value:
            self.required(element)
        good = [self.typed(v, dict, f"{element}[{i}]") for i, v in enumerate(value)]
        return value if all(good) else []

    def string(self, holder: dict[str, Any], name: str, at: str, *, required: bool = True) -> str | None:
        """The string without the blanks around it; `None` when it is absent or no such string, which is then told."""
        element = f"{at}.{name}"
        if name not in holder:
            if required:
                self.required(element)
            return None
        return self.clean(holder[name], element, required=required)

    def strings(self, holder: dict[str, Any], name: str, at: str, *, required: bool) -> str | None:
        """The strings of an array, joined by a blank: the profile allows one, people have several given names."""
        element = f"{at}.{name}"
        value = holder.get(name, [])
        if not self.typed(value, list, element):
            return None
        if required and not value:
            self.required(element)
        found = [self.clean(v, f"{element}[{i}]", required=required) for i, v in enumerate(value)]
        return " ".join(v for v in found if v) or None

    def clean(self, value: object, element: str, *, required: bool) -> str | None:
        if not self.typed(value, str, element):
            return None
        text = str(value).strip(" \t\r\n\u00a0")
        if not is_clean(text):
            refused = Text("{element} : caractère de commande refusé.", "{element}: control character refused.")
            self.refuse(ProblemKind.VALUE, element, refused)
            return None
        text = text.strip()
        if required and not text:
            self.required(element)
        return text or None


# --- in --------------------------------------------------------------------------------------------------------------


def details_of(body: bytes) -> RegulatorDetails:
    """What a body says of a regulator. Raises `InvalidRegulatorError` with everything that is wrong.

    `id` and every element that has no part in an account are left aside.
    """
    reading = _Reading()
    resource = _practitioner(body, reading)
    _check_meta(resource, reading)
    identifier = _identifier(resource, reading)
    active = resource.get("active")
    if "active" not in resource:
        reading.required("Practitioner.active")
    else:
        reading.typed(active, bool, "Practitioner.active")
    family, given, prefix = _name(resource, reading)
    email = _email(resource, reading)
    if reading.problems or identifier is None or family is None or given is None or email is None:
        raise InvalidRegulatorError(reading.problems)
    return RegulatorDetails(identifier, bool(active), family, given, email, prefix)


def _practitioner(body: bytes, reading: _Reading) -> dict[str, Any]:
    try:
        resource = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        text = Text("Le corps n’est pas du JSON lisible.", "The body is not readable JSON.")
        raise InvalidRegulatorError([Problem(ProblemKind.STRUCTURE, _ROOT, text)]) from error
    if not reading.typed(resource, dict, _ROOT):
        raise InvalidRegulatorError(reading.problems)
    if resource.get("resourceType") != _ROOT:
        text = Text("{element} : attendu « Practitioner ».", "{element}: expected 'Practitioner'.")
        reading.refuse(ProblemKind.INVALID, "Practitioner.resourceType", text)
        raise InvalidRegulatorError(reading.problems)
    found: dict[str, Any] = resource
    if found.get("modifierExtension"):
        text = Text(
            "{element} : une extension qui change le sens de la ressource n’est pas comprise ici ; retirez-la.",
            "{element}: an extension that changes the meaning of the resource is not understood here; remove it.",
        )
        reading.refuse(ProblemKind.NOT_SUPPORTED, "Practitioner.modifierExtension", text)
    return found


def _check_meta(resource: dict[str, Any], reading: _Reading) -> None:
    meta = resource.get("meta", {})
    if not reading.typed(meta, dict, "Practitioner.meta"):
        return
    source = reading.string(meta, "source", "Practitioner.meta", required=False)
    if source is not None and source != canonicals.SAS_SOURCE:
        text = Text("{element} : attendu {value}.", "{element}: expected {value}.")
        reading.refuse(
            ProblemKind.VALUE,
            "Practitioner.meta.source",
            text.format(element="{element}", value=canonicals.SAS_SOURCE),
        )
    profiles = reading.strings(meta, "profile", "Practitioner.meta", required=False)
    named = {profile.partition("|")[0] for profile in (profiles or "").split()}
    if named and canonicals.REGULATOR not in named:
        text = Text("{element} : attendu {value}.", "{element}: expected {value}.")
        reading.refuse(
            ProblemKind.VALUE,
            "Practitioner.meta.profile",
            text.format(element="{element}", value=canonicals.REGULATOR),
        )


def _identifier(resource: dict[str, Any], reading: _Reading) -> Identifier | None:
    found = reading.objects(resource, "identifier", _ROOT, required=True)
    if len(found) > 1:
        text = Text(
            "{element} : un compte a un seul identifiant, national ou technique ; n’en envoyez qu’un.",
            "{element}: an account has one identifier, national or technical; send only one.",
        )
        reading.refuse(ProblemKind.BUSINESS_RULE, "Practitioner.identifier", text)
    if len(found) != 1:
        return None
    code = _type_code(found[0], reading)
    system = reading.string(found[0], "system", _IDENTIFIER)
    value = reading.string(found[0], "value", _IDENTIFIER)
    if system is not None and system not in _KINDS:
        text = Text("{element} : attendu {systems}.", "{element}: expected {systems}.")
        systems = Text(" ou ".join(_KINDS), " or ".join(_KINDS))
        reading.refuse(ProblemKind.VALUE, f"{_IDENTIFIER}.system", text.format(element="{element}", systems=systems))
    elif system is not None and code is not None and _KINDS[system] != code:
        text = Text(
            "{element} : le type d’un identifiant de système {system} est {code}.",
            "{element}: the type of an identifier of system {system} is {code}.",
        ).format(element="{element}", system=system, code=_KINDS[system])
        reading.refuse(ProblemKind.VALUE, f"{_IDENTIFIER}.type", text)
    if value is not None and (len(value) > MAX_ID_LENGTH or "|" in value or "," in value):
        text = Text(
            "{element} : {most} caractères au plus, sans barre verticale ni virgule.",
            "{element}: at most {most} characters, without vertical bar or comma.",
        ).format(element="{element}", most=MAX_ID_LENGTH)
        reading.refuse(ProblemKind.VALUE, f"{_IDENTIFIER}.value", text)
    return Identifier(_KINDS[system], value) if system in _KINDS and value is not None else None


def _type_code(identifier: dict[str, Any], reading: _Reading) -> str | None:
    """The type code, IDNPS or INTRN, of an identifier; `None` when there is none, which is then told."""
    before = len(reading.problems)
    holder = identifier.get("type", {})
    if not reading.typed(holder, dict, f"{_IDENTIFIER}.type"):
        return None
    codings = reading.objects(holder, "coding", f"{_IDENTIFIER}.type", required=True)
    for i, coding in enumerate(codings):
        at = f"{_IDENTIFIER}.type.coding[{i}]"
        system = reading.string(coding, "system", at, required=False)
        code = reading.string(coding, "code", at, required=False)
        if system == canonicals.IDENTIFIER_TYPE and code in set(IdentifierKind):
            return code
    if len(reading.problems) == before:
        text = Text(
            "{element} : attendu IDNPS ou INTRN de {system}.", "{element}: expected IDNPS or INTRN of {system}."
        ).format(element="{element}", system=canonicals.IDENTIFIER_TYPE)
        reading.refuse(ProblemKind.VALUE, f"{_IDENTIFIER}.type.coding", text)
    return None


def _name(resource: dict[str, Any], reading: _Reading) -> tuple[str | None, str | None, str | None]:
    """Family name, given names and civility of the first name; the account keeps no other."""
    names = reading.objects(resource, "name", _ROOT, required=True)
    if not names:
        return None, None, None
    at = "Practitioner.name[0]"
    return (
        reading.string(names[0], "family", at),
        reading.strings(names[0], "given", at, required=True),
        reading.strings(names[0], "prefix", at, required=False),
    )


def _email(resource: dict[str, Any], reading: _Reading) -> str | None:
    """The first address; the profile allows several, all of them e-mail, and the account keeps one."""
    values = []
    for i, telecom in enumerate(reading.objects(resource, "telecom", _ROOT, required=True)):
        at = f"Practitioner.telecom[{i}]"
        system = reading.string(telecom, "system", at)
        if system is not None and system != "email":
            text = Text("{element} : attendu « email ».", "{element}: expected 'email'.")
            reading.refuse(ProblemKind.VALUE, f"{at}.system", text)
        value = reading.string(telecom, "value", at)
        if value is not None and not _is_email(value):
            text = Text("{element} : ce n’est pas une adresse électronique.", "{element}: this is no e-mail address.")
            reading.refuse(ProblemKind.VALUE, f"{at}.value", text)
        values.append(value)
    return values[0] if values else None


def _is_email(value: str) -> bool:
    local, at, domain = value.partition("@")
    return bool(local and at and domain) and not any(c.isspace() for c in value)


# --- out -------------------------------------------------------------------------------------------------------------


def resource_id(regulator: Regulator) -> str:
    return f"regul-{regulator.id}"


def resource(regulator: Regulator) -> dict[str, Any]:
    """The account as it is stored."""
    details = regulator.details
    name: dict[str, Any] = {"family": details.family, "given": [details.given]}
    if details.prefix is not None:
        name["prefix"] = [details.prefix]
    kind = details.identifier.kind
    return {
        "resourceType": _ROOT,
        "id": resource_id(regulator),
        "meta": {"source": canonicals.SAS_SOURCE, "profile": [canonicals.REGULATOR]},
        "identifier": [
            {
                "type": {"coding": [{"system": canonicals.IDENTIFIER_TYPE, "code": kind}]},
                "system": SYSTEMS[kind],
                "value": details.identifier.value,
            }
        ],
        "active": details.active,
        "name": [name],
        "telecom": [{"system": "email", "value": details.email}],
    }


def outcome_of(error: Exception) -> Outcome | None:
    """What a refusal of an account is on the wire; `None` for any other error."""
    if isinstance(error, InvalidRegulatorError):
        issues = tuple(Issue(IssueType(p.kind), p.text, p.element) for p in error.problems)
        return Outcome(400 if error.malformed else 422, issues)
    if isinstance(error, DuplicateRegulatorError):
        return Outcome(422, (Issue(IssueType.DUPLICATE, error.text, f"{_IDENTIFIER}.value"),))
    if isinstance(error, AmbiguousRegulatorError):
        return Outcome(412, (Issue(IssueType.MULTIPLE_MATCHES, error.text, "Practitioner.identifier"),))
    return None


CAPABILITY: Final[dict[str, Any]] = {
    "type": _ROOT,
    "supportedProfile": [canonicals.REGULATOR],
    "documentation": (
        "INT_R02, accounts of regulators. An update is conditional on one identifier (system|value), and creates the "
        "account when there is none. Identifier, active, family name, given name, civility and e-mail are kept, "
        "nothing else. Accounts are neither read, searched nor deleted: active=false closes one."
    ),
    "interaction": [{"code": "create"}, {"code": "update"}],
    "conditionalUpdate": True,
    "updateCreate": False,  # this is about ids chosen by the client, which are ignored
    "searchParam": [
        {
            "name": "identifier",
            "definition": canonicals.PRACTITIONER_IDENTIFIER_PARAMETER,
            "type": "token",
            "documentation": "Only as the condition of an update.",
        }
    ],
}
