"""The shape of FHIR R4 resources in JSON: every element with its path and its type, and what has another shape.

Source: FHIR 4.0.1, data types and their JSON representation. An empty string, array or object says nothing in FHIR and
is read as absent. Paths and faults name elements that FHIR knows, never a name or a value that was sent: either may be
somebody's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sas_fhir.operation_outcome import Issue, IssueType
from sas_kernel.text import Text

MAX_DEPTH: Final = 20
MAX_ITEMS: Final = 100  # of an array: a body of any bound could else ask for a refusal a hundred times its size

# Of each complex type its elements with their types; a star marks an array. Every element may also have an id and
# extensions, which are not repeated here.
Shape = Mapping[str, str]

DATA_TYPES: Final[Mapping[str, Shape]] = {
    "Extension": {"url": "uri"},  # and one value, see _VALUES
    "Meta": {
        "versionId": "id",
        "lastUpdated": "instant",
        "source": "uri",
        "profile": "canonical*",
        "security": "Coding*",
        "tag": "Coding*",
    },
    "Narrative": {"status": "code", "div": "xhtml"},
    "Identifier": {
        "use": "code",
        "type": "CodeableConcept",
        "system": "uri",
        "value": "string",
        "period": "Period",
        "assigner": "Reference",
    },
    "CodeableConcept": {"coding": "Coding*", "text": "string"},
    "Coding": {"system": "uri", "version": "string", "code": "code", "display": "string", "userSelected": "boolean"},
    "Reference": {"reference": "string", "type": "uri", "identifier": "Identifier", "display": "string"},
    "Period": {"start": "dateTime", "end": "dateTime"},
    "_": {},  # what stands beside a primitive: an id and extensions
}

# Resources, each with the elements of its own that have a shape.
APPOINTMENT: Final[Mapping[str, Shape]] = {
    "Appointment": {
        "resourceType": "code",
        "id": "id",
        "meta": "Meta",
        "implicitRules": "uri",
        "language": "code",
        "text": "Narrative",
        "contained": "Resource*",
        "identifier": "Identifier*",
        "status": "code",
        "cancelationReason": "CodeableConcept",
        "serviceCategory": "CodeableConcept*",
        "serviceType": "CodeableConcept*",
        "specialty": "CodeableConcept*",
        "appointmentType": "CodeableConcept",
        "reasonCode": "CodeableConcept*",
        "reasonReference": "Reference*",
        "priority": "unsignedInt",
        "description": "string",
        "supportingInformation": "Reference*",
        "start": "instant",
        "end": "instant",
        "minutesDuration": "positiveInt",
        "slot": "Reference*",
        "created": "dateTime",
        "comment": "string",
        "patientInstruction": "string",
        "basedOn": "Reference*",
        "participant": "Participant*",
        "requestedPeriod": "Period*",
    },
    "Participant": {
        "type": "CodeableConcept*",
        "actor": "Reference",
        "required": "code",
        "status": "code",
        "period": "Period",
    },
}

_PRIMITIVES: Final[Mapping[str, type]] = {
    **dict.fromkeys(("boolean",), bool),
    **dict.fromkeys(("integer", "unsignedInt", "positiveInt"), int),
    **dict.fromkeys(
        [
            "base64Binary",
            "canonical",
            "code",
            "date",
            "dateTime",
            "id",
            "instant",
            "markdown",
            "oid",
            "string",
            "time",
            "uri",
            "url",
            "uuid",
            "xhtml",
        ],
        str,
    ),
}

# Types that have a shape of their own, which nothing here needs: they are objects, no more is asked of them.
_OPAQUE: Final = frozenset(
    [
        "Address",
        "Age",
        "Annotation",
        "Attachment",
        "ContactDetail",
        "ContactPoint",
        "Contributor",
        "Count",
        "DataRequirement",
        "Distance",
        "Dosage",
        "Duration",
        "Expression",
        "HumanName",
        "Money",
        "ParameterDefinition",
        "Quantity",
        "Range",
        "Ratio",
        "RelatedArtifact",
        "Resource",
        "SampledData",
        "Signature",
        "Timing",
        "TriggerDefinition",
        "UsageContext",
    ]
)

_VALUES: Final = {
    f"value{kind[0].upper()}{kind[1:]}": kind
    for kind in {*_PRIMITIVES, *_OPAQUE, "decimal", *DATA_TYPES} - {"Resource", "xhtml", "Narrative", "Extension", "_"}
}

_WORDS: Final[dict[type, Text]] = {
    dict: Text("un objet", "an object"),
    list: Text("un tableau", "an array"),
    str: Text("une chaîne", "a string"),
    bool: Text("un booléen", "a boolean"),
    int: Text("un nombre entier", "a whole number"),
    float: Text("un nombre", "a number"),
}


@dataclass(frozen=True, slots=True)
class Node:
    """One element that is there: `holder` and `name` as FHIR knows them, `Coding` and `display`; `kind` its type."""

    path: str
    holder: str
    name: str
    kind: str
    value: Any


def is_empty(value: object) -> bool:
    return isinstance(value, str | list | dict) and not value


def walk(resource: Mapping[str, Any], kind: str, shapes: Mapping[str, Shape]) -> tuple[list[Node], list[Issue]]:
    """Every element of the resource in the order it was sent, and everything that has not the shape of its type.

    `shapes`: the resource's own types; they find the data types by themselves. Where there are issues, what lies
    below the element they name was not read.
    """
    walker = _Walker({**DATA_TYPES, **shapes})
    nodes = list(walker.below(resource, kind, kind, 0))
    return nodes, walker.issues


class _Walker:
    def __init__(self, shapes: Mapping[str, Shape]) -> None:
        self._shapes = shapes
        self.issues: list[Issue] = []

    def below(self, holder: Mapping[str, Any], kind: str, path: str, depth: int) -> Iterator[Node]:
        if depth > MAX_DEPTH:
            self._refuse(path, Text("{path} : trop de niveaux.", "{path}: too many levels."))
            return
        shape = self._shapes[kind]
        unknown = False
        for name, value in holder.items():
            declared = self._declared(kind, shape, name)
            if declared is None:
                unknown = True
            elif not is_empty(value):
                yield from self._element(Node(f"{path}.{name.lstrip('_')}", kind, name, declared, value), depth)
        if unknown:
            text = Text("{path} : contient un élément inconnu de FHIR R4.", "{path}: holds an element unknown to R4.")
            self._refuse(path, text)

    def _declared(self, kind: str, shape: Shape, name: str) -> str | None:
        if name in shape:
            return shape[name]
        if name in {"extension", "modifierExtension"}:
            return "Extension*"
        if name == "id":
            return "string"
        if kind == "Extension" and name in _VALUES:
            return _VALUES[name]
        beside = shape.get(name[1:], "") if name.startswith("_") else ""
        if beside.rstrip("*") in _PRIMITIVES:
            return "_*" if beside.endswith("*") else "_"
        return None

    def _element(self, node: Node, depth: int) -> Iterator[Node]:
        kind = node.kind.rstrip("*")
        if not node.kind.endswith("*"):
            yield from self._one(Node(node.path, node.holder, node.name, kind, node.value), depth)
            return
        if not self._typed(node.value, list, node.path):
            return
        if len(node.value) > MAX_ITEMS:
            text = Text("{path} : plus de {n} éléments.", "{path}: more than {n} elements.")
            self._refuse(node.path, text.format(path="{path}", n=MAX_ITEMS))
            return
        for at, value in enumerate(node.value):
            # In arrays of primitives and of what is beside them, null keeps a place free.
            if value is None and (kind in _PRIMITIVES or kind == "_"):
                continue
            yield from self._one(Node(f"{node.path}[{at}]", node.holder, node.name, kind, value), depth)

    def _one(self, node: Node, depth: int) -> Iterator[Node]:
        if node.kind in self._shapes or node.kind in _OPAQUE:
            if not self._typed(node.value, dict, node.path):
                return
            yield node
            if node.kind in self._shapes:
                yield from self.below(node.value, node.kind, node.path, depth + 1)
        elif self._typed(node.value, _PRIMITIVES.get(node.kind, float), node.path):
            yield node

    def _typed(self, value: object, kind: type, path: str) -> bool:
        if kind is float:
            good = isinstance(value, int | float) and not isinstance(value, bool)
        else:
            good = isinstance(value, kind) and not (kind is int and isinstance(value, bool))
        if not good:
            text = Text("{path} : attendu {what}.", "{path}: expected {what}.")
            self._refuse(path, text.format(path="{path}", what=_WORDS[kind]))
        return good

    def _refuse(self, path: str, text: Text) -> None:
        self.issues.append(Issue(IssueType.STRUCTURE, text.format(path=path), path))
