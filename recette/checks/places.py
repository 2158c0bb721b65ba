"""Checks of the places of practice. Source: IG SAS 1.2.0, profile FrLocationAgregateur, and the ANS test kit 0.3.0."""

from __future__ import annotations

from collections.abc import Iterator

from recette.checks import facts
from recette.checks.answer import Answer
from recette.checks.judging import content_check, shown
from recette.model import Check, Problem
from sas_kernel.text import Text


def _place_identifier(answer: Answer) -> Iterator[Problem | None]:
    for place in answer.of("Location"):
        identifier = place["identifier"]
        if identifier.present and (not isinstance(identifier.value, list) or identifier.value == []):
            continue
        if not identifier.elements:
            yield Problem(
                Text("Le lieu n’a pas d’identifiant.", "The place has no identifier."),
                path=identifier.path,
                expected="1..*",
            )
        for one in identifier.elements:
            missing = [key for key in ("type", "system", "value") if not one[key].present]
            yield (
                None
                if not missing
                else Problem(
                    Text(
                        "Un identifiant de lieu porte type, système et valeur ; il manque {k}.",
                        "A place's identifier has type, system and value; {k} is missing.",
                    ).format(k=", ".join(missing)),
                    path=one[missing[0]].path,
                    expected="1..1",
                )
            )


PLACE_IDENTIFIER = content_check(
    "place.identifier",
    "SLOT-150",
    Text("Chaque lieu a un identifiant complet", "Each place has a whole identifier"),
    _place_identifier,
)


def _address(answer: Answer) -> Iterator[Problem | None]:
    for place in answer.of("Location"):
        address = place["address"]
        missing = [key for key in ("line", "city", "postalCode") if not address[key].present]
        if missing:
            yield Problem(
                Text(
                    "L’adresse du lieu porte ligne, ville et code postal ; il manque {k}.",
                    "The place's address has line, city and postal code; {k} is missing.",
                ).format(k=", ".join(missing)),
                path=address[missing[0]].path if address.present else address.path,
                expected="1..1",
            )
            continue
        lines = address["line"]
        one = len(lines.elements) == 1 or not isinstance(lines.value, list) or lines.value == []
        yield (
            None
            if one
            else Problem(
                Text("L’adresse tient en une seule ligne.", "The address is one line."),
                path=lines.path,
                expected="1",
                actual=str(len(lines.elements)),
            )
        )


ADDRESS = content_check(
    "place.address",
    "SLOT-151",
    Text("Adresse : une ligne, une ville, un code postal", "Address: one line, a city, a postal code"),
    _address,
)


def _postal_code(answer: Answer) -> Iterator[Problem | None]:
    for place in answer.of("Location"):
        code = place["address"]["postalCode"]
        if code.string is not None and code.string.strip():
            yield (
                None
                if facts.POSTAL_CODE.fullmatch(code.string)
                else Problem(
                    Text("Un code postal a cinq chiffres.", "A postal code has five digits."),
                    path=code.path,
                    expected=facts.POSTAL_CODE.pattern,
                    actual=shown(code.string),
                )
            )


POSTAL_CODE = content_check(
    "place.postal_code",
    "SLOT-152",
    Text("Code postal de cinq chiffres", "Postal code of five digits"),
    _postal_code,
)


def _position(answer: Answer) -> Iterator[Problem | None]:
    for place in answer.of("Location"):
        position = place["position"]
        missing = [key for key in ("longitude", "latitude") if not position[key].present]
        yield (
            None
            if not isinstance(position.value, dict) or not position.value or not missing
            else Problem(
                Text("Une position a longitude et latitude.", "A position has longitude and latitude."),
                path=position[missing[0]].path,
                expected="1..1",
            )
        )


POSITION = content_check(
    "place.position",
    "SLOT-153",
    Text("Position : longitude et latitude", "Position: longitude and latitude"),
    _position,
)

PLACE: tuple[Check, ...] = (PLACE_IDENTIFIER, ADDRESS, POSTAL_CODE, POSITION)
"""What is checked of places, live or saved."""
