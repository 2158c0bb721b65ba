"""A search request as it really arrives: raw query strings with the encodings seen in the field, and their errors.

Source: SAS implementation guide (request examples) and the acceptance kit; tolerances are listed in the tests.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

from sas_fhir import instants
from sas_kernel.errors import InvalidValueError, SasError
from sas_kernel.text import Text


class SearchError(SasError):
    """The search cannot be executed as it was asked."""


class InvalidParameterError(SearchError):
    """A parameter is there and cannot be understood."""


class MissingParameterError(SearchError):
    """A mandatory parameter is absent or empty."""


class TooManyValuesError(SearchError):
    """A list is longer than what one request may carry."""


class UnsupportedParameterError(SearchError):
    """A parameter or a modifier is unknown here and may not be ignored."""


class Parameter(NamedTuple):
    """`name` as written after percent-decoding, modifiers included; `value` the same, with any `+` left as it came."""

    name: str
    value: str


class Token(NamedTuple):
    system: str
    code: str


def decode(raw: bytes) -> list[Parameter]:
    """Split on `&`, then on the first `=`, then percent-decode as UTF-8. A raw `+` stays a plus: form decoding would
    turn the `+02:00` that the guide's examples leave unencoded into a blank. Raises `InvalidParameterError`."""
    return [
        Parameter(_text(name), _text(value)) for name, _, value in (p.partition(b"=") for p in raw.split(b"&")) if name
    ]


def _text(raw: bytes) -> str:
    if b"%" not in raw and raw.isascii():
        return raw.decode("ascii")
    try:
        return unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidParameterError(
            Text(
                "La requête « {value} » n’est pas de l’UTF-8 encodé en pourcents.",
                "The query part '{value}' is not percent-encoded UTF-8.",
            ).format(value=raw.decode("latin-1"))
        ) from error


_SPACED_OFFSET: Final = re.compile(r"(.+T[0-9:.]+) ([0-9]{2}:[0-9]{2})")
_BOUND: Final = re.compile(r"([a-z]{2})?(.*)", re.DOTALL)


def date_window(name: str, values: Sequence[str]) -> tuple[int, int]:
    """The milliseconds `(ge, le)` of a date parameter that must come exactly twice, once with each prefix.

    Raises `MissingParameterError` or `InvalidParameterError`, naming the parameter and what to write.
    """
    found: dict[str, int] = {}
    for value in values:
        if not value.strip():
            continue
        if "," in value:
            raise InvalidParameterError(
                Text(
                    "Paramètre {name} : les listes à virgule ne sont pas admises ; répétez le paramètre, "
                    "une fois avec ge et une fois avec le.",
                    "Parameter {name}: comma lists are not allowed; repeat the parameter, "
                    "once with ge and once with le.",
                ).format(name=name)
            )
        prefix, instant = _bound(name, value.strip())
        if prefix in found:
            raise InvalidParameterError(
                Text(
                    "Paramètre {name} : la borne {prefix} figure deux fois ; donnez-en une seule.",
                    "Parameter {name}: the bound {prefix} is given twice; give it once.",
                ).format(name=name, prefix=prefix)
            )
        found[prefix] = instant
    for prefix in ("ge", "le"):
        if prefix not in found:
            raise MissingParameterError(
                Text(
                    "Paramètre {name} : la borne {prefix} manque ; ajoutez {name}={prefix}<date>.",
                    "Parameter {name}: the bound {prefix} is missing; add {name}={prefix}<date>.",
                ).format(name=name, prefix=prefix)
            )
    return found["ge"], found["le"]


def _bound(name: str, value: str) -> tuple[str, int]:
    match = _BOUND.fullmatch(value)
    prefix, written = (match.group(1), match.group(2)) if match else (None, value)
    if prefix not in {"ge", "le"}:
        raise InvalidParameterError(
            Text(
                "Paramètre {name} : « {value} » doit commencer par ge (borne basse) ou le (borne haute).",
                "Parameter {name}: '{value}' must begin with ge (lower bound) or le (upper bound).",
            ).format(name=name, value=value)
        )
    spaced = _SPACED_OFFSET.fullmatch(written)
    if spaced:  # somebody form-decoded the plus of the offset on the way
        written = f"{spaced.group(1)}+{spaced.group(2)}"
    try:
        return prefix, (instants.first_instant if prefix == "ge" else instants.last_instant)(written)
    except InvalidValueError as error:
        raise InvalidParameterError(
            Text("Paramètre {name} : {why}", "Parameter {name}: {why}").format(name=name, why=error.text)
        ) from error


def token_list(name: str, values: Sequence[str], *, at_most: int) -> tuple[Token, ...]:
    """The distinct `system|code` tokens of a list parameter given once, in their order.

    Blanks around commas and empty items are tolerated. Raises a `SearchError` naming the parameter.
    """
    if len(values) > 1:
        raise InvalidParameterError(
            Text(
                "Paramètre {name} : présent {count} fois ; mettez tous les identifiants dans un seul, "
                "séparés par des virgules.",
                "Parameter {name}: given {count} times; put every identifier in one, separated by commas.",
            ).format(name=name, count=len(values))
        )
    items = [item for item in (part.strip(" \t\r\n\u00a0+") for part in ",".join(values).split(",")) if item]
    if not items:
        raise MissingParameterError(
            Text(
                "Paramètre {name} : il manque ; ajoutez {name}=<système>|<identifiant>.",
                "Parameter {name}: missing; add {name}=<system>|<identifier>.",
            ).format(name=name)
        )
    tokens = tuple(dict.fromkeys(_token(name, item) for item in items))
    if len(tokens) > at_most:
        raise TooManyValuesError(
            Text(
                "Paramètre {name} : {count} identifiants ; une requête en porte {limit} au plus, faites des lots.",
                "Parameter {name}: {count} identifiers; a request carries at most {limit}, split the list.",
            ).format(name=name, count=len(tokens), limit=at_most)
        )
    return tokens


def _token(name: str, item: str) -> Token:
    system, bar, code = item.partition("|")
    system, code = system.strip(), code.strip()
    if not bar or not system or not code or "|" in code:
        raise InvalidParameterError(
            Text(
                "Paramètre {name} : « {item} » n’est pas de la forme système|identifiant (la barre peut s’écrire %7C).",
                "Parameter {name}: '{item}' is not of the form system|identifier (the bar may be written %7C).",
            ).format(name=name, item=item)
        )
    return Token(system, code)
