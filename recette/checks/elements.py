"""Checks made on every resource alike: JSON form, emptiness, ids, profiles, codes that FHIR itself binds."""

from __future__ import annotations

from collections.abc import Iterator

from recette.checks import facts
from recette.checks.answer import Answer
from recette.checks.json_document import Node
from recette.checks.judging import content_check, shown
from recette.model import Check, Problem
from sas_kernel.text import Text


def _known(answer: Answer) -> Iterator[tuple[str, Node]]:
    """The Bundle and the resources this flow knows, those contained in others included."""
    if answer.bundle is not None:
        yield "Bundle", answer.bundle
    for name in facts.PROFILES:
        if name != "Bundle":
            for node in answer.of(name):
                yield name, node


def _places(node: Node, path: str) -> Iterator[Node]:
    """The nodes at a dotted path; `[]` goes through every element of an array."""
    nodes = [node]
    for segment in path.split("."):
        nodes = [found for n in nodes if (found := n[segment.removesuffix("[]")]).present]
        if segment.endswith("[]"):
            nodes = [element for n in nodes for element in n.elements]
        if not nodes:
            return
    yield from nodes


def _has_form(value: object, form: str) -> bool:
    match form:
        case "object":
            return isinstance(value, dict)
        case "array":
            return isinstance(value, list)
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "count":
            return isinstance(value, int) and not isinstance(value, bool) and value >= 0
        case _:
            return isinstance(value, int | float) and not isinstance(value, bool)


def _forms(answer: Answer) -> Iterator[Problem | None]:
    for name, node in _known(answer):
        for path, form in facts.SHAPES[name].items():
            if path.endswith("[]"):
                yield from (_form(place, "array") for place in _places(node, path.removesuffix("[]")))
            yield from (_form(place, form) for place in _places(node, path))


def _form(node: Node, form: str) -> Problem | None:
    if node.value is None or _has_form(node.value, form):
        return None
    return Problem(
        Text("L’élément n’a pas la forme JSON attendue.", "The element does not have the JSON form expected."),
        path=node.path,
        expected=form,
        actual=shown(node.value),
    )


FORMS = content_check(
    "elements.form",
    "SLOT-070",
    Text(
        "Chaque élément a sa forme JSON (tableau, objet, texte…)",
        "Each element has its JSON form (array, object, text…)",
    ),
    _forms,
)


def _empties(answer: Answer) -> Iterator[Problem | None]:
    for node in answer.root.walk():
        empty = node.value is None or node.value in ({}, []) or (isinstance(node.value, str) and not node.value.strip())
        left_to_others = (isinstance(node.value, str) and node.step == "comment" and node.holder is not None) or (
            node.value == [] and node.path == "Bundle.entry"
        )
        if left_to_others:
            continue
        yield (
            None
            if not empty
            else Problem(
                Text(
                    "Un élément sans valeur est omis, jamais envoyé vide.",
                    "An element without a value is left out, never sent empty.",
                ),
                path=node.path,
                expected="absent",
                actual="null" if node.value is None else repr(node.value),
            )
        )


NOTHING_EMPTY = content_check(
    "elements.not_empty",
    "SLOT-071",
    Text(
        "Rien de vide : ni null, ni texte, tableau ou objet vide", "Nothing empty: no null, empty text, array or object"
    ),
    _empties,
)


def _ids(answer: Answer) -> Iterator[Problem | None]:
    for name, node in _known(answer):
        id = node["id"]
        if name == "Bundle" or (id.present and id.string is None):
            continue
        yield (
            None
            if id.string is not None and facts.FHIR_ID.fullmatch(id.string)
            else Problem(
                Text(
                    "Chaque ressource a un id FHIR : 1 à 64 lettres, chiffres, tirets ou points.",
                    "Each resource has a FHIR id: 1 to 64 letters, digits, hyphens or dots.",
                ),
                path=id.path,
                expected=facts.FHIR_ID.pattern,
                actual=shown(id.value) if id.present else None,
            )
        )


IDS = content_check(
    "elements.id",
    "SLOT-072",
    Text("Chaque ressource a un id FHIR", "Each resource has a FHIR id"),
    _ids,
)


def _one_profile(answer: Answer) -> Iterator[Problem | None]:
    for _, node in _known(answer):
        profile = node["meta"]["profile"]
        if profile.present and (not isinstance(profile.value, list) or profile.value == []):
            continue
        count = len(profile.elements)
        yield (
            None
            if count == 1
            else Problem(
                Text(
                    "meta.profile porte exactement un profil ; il y en a {n}.",
                    "meta.profile holds exactly one profile; there are {n}.",
                ).format(n=count),
                path=profile.path,
                expected="1",
                actual=str(count),
            )
        )


ONE_PROFILE = content_check(
    "elements.profile.one",
    "SLOT-073",
    Text("Exactement un meta.profile par ressource", "Exactly one meta.profile a resource"),
    _one_profile,
)


def _right_profile(answer: Answer) -> Iterator[Problem | None]:
    for name, node in _known(answer):
        if answer.of_cpts and name in facts.CPTS_PROFILES:  # requirements of its own
            continue
        profiles = node["meta"]["profile"].elements
        if len(profiles) == 1 and profiles[0].string is not None:
            yield (
                None
                if profiles[0].string == facts.PROFILES[name]
                else Problem(
                    Text(
                        "meta.profile est l’URL canonique du profil de cette ressource, sans version.",
                        "meta.profile is the canonical URL of this resource's profile, without a version.",
                    ),
                    path=profiles[0].path,
                    expected=facts.PROFILES[name],
                    actual=shown(profiles[0].string),
                )
            )


RIGHT_PROFILE = content_check(
    "elements.profile.canonical",
    "SLOT-074",
    Text("meta.profile est le bon, sans version", "meta.profile is the right one, without a version"),
    _right_profile,
)


def _required_codes(answer: Answer) -> Iterator[Problem | None]:
    for name, paths in facts.REQUIRED_CODES.items():
        for node in answer.of(name):
            yield None
            for path, allowed in paths.items():
                for place in _places(node, path):
                    if place.string is not None and place.string.strip() and place.string not in allowed:
                        yield Problem(
                            Text(
                                "Ce code n’est pas de la liste que FHIR impose ici.",
                                "This code is not of the list that FHIR imposes here.",
                            ),
                            path=place.path,
                            expected=" | ".join(sorted(allowed)),
                            actual=shown(place.string),
                        )


REQUIRED_CODES = content_check(
    "elements.required_codes",
    "SLOT-075",
    Text("Les codes imposés par FHIR sont respectés", "The codes FHIR imposes are kept to"),
    _required_codes,
)


def _telecoms(answer: Answer) -> Iterator[Problem | None]:
    for name in ("Practitioner", "PractitionerRole", "Location"):
        for node in answer.of(name):
            yield None
            for telecom in node["telecom"].elements:
                needed = ["system", "value"] if name == "Practitioner" else ["system"] * telecom["value"].present
                for key in needed:
                    if isinstance(telecom.value, dict) and not telecom[key].present:
                        yield Problem(
                            Text(
                                "Un moyen de contact qui a une valeur dit de quel système elle est (phone, email…).",
                                "A contact point that has a value says of which system it is (phone, email…).",
                            )
                            if key == "system"
                            else Text("Ce moyen de contact n’a pas de valeur.", "This contact point has no value."),
                            path=telecom[key].path,
                            expected="phone | email | …" if key == "system" else "a value",
                        )


TELECOM_SYSTEM = content_check(
    "elements.telecom",
    "SLOT-076",
    Text("Chaque moyen de contact dit son système", "Each contact point says its system"),
    _telecoms,
)


SAVED: tuple[Check, ...] = (
    FORMS,
    NOTHING_EMPTY,
    IDS,
    ONE_PROFILE,
    RIGHT_PROFILE,
    REQUIRED_CODES,
    TELECOM_SYSTEM,
)
"""What can be checked of any resource on its own."""
