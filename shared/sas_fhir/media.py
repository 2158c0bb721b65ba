"""Which media type an answer takes. JSON is the only one spoken; many spellings of it are understood."""

from __future__ import annotations

from typing import Final

from sas_kernel.errors import SasError
from sas_kernel.text import Text

FHIR_JSON: Final = "application/fhir+json; charset=utf-8"

# `application/json+fhir` is the spelling before R4; the guide's pages and the kit still send it.
_JSON: Final = frozenset({"application/fhir+json", "application/json+fhir", "application/json", "text/json"})
_RANGES: Final = frozenset({"*/*", "application/*"})
_FORMATS: Final = _JSON | {"json"}
_CONTENT: Final = frozenset({"application/fhir+json", "application/json+fhir", "application/json"})


class NotAcceptableError(SasError):
    """Nothing the client accepts can be produced."""


class UnsupportedContentError(SasError):
    """What the client sends is said to be something else than JSON."""


def check_content(content_type: str | None) -> None:
    """Check that a body is said to be JSON in UTF-8; without a Content-Type it is taken for that.

    Raises `UnsupportedContentError`.
    """
    if content_type is None or not content_type.strip():
        return
    essence, *parameters = (part.strip().lower() for part in content_type.split(";"))
    charset = next((p.partition("=")[2].strip('" ') for p in parameters if p.partition("=")[0] == "charset"), "utf-8")
    if essence in _CONTENT and charset in {"utf-8", "utf8", "us-ascii"}:
        return
    raise UnsupportedContentError(
        Text(
            "En-tête Content-Type : « {value} » n’est pas compris ; envoyez application/fhir+json en UTF-8.",
            "Header Content-Type: '{value}' is not understood; send application/fhir+json in UTF-8.",
        ).format(value=content_type)
    )


def negotiate(accept: str | None, formats: list[str]) -> None:
    """Check that JSON is acceptable; raise `NotAcceptableError` otherwise.

    `accept`: the Accept header, if any. `formats`: the decoded values of `_format`, which beat the header.
    """
    named = [value for value in (_essence(f.replace(" ", "+")) for f in formats) if value]
    if named:
        if any(value in _FORMATS for value in named):
            return
        raise NotAcceptableError(
            Text(
                "Format « {value} » indisponible : demandez _format=json, ou ne précisez rien.",
                "Parameter _format: '{value}' is not available; ask for _format=json or leave it out.",
            ).format(value=", ".join(named))
        )
    if accept is None or not accept.strip() or _accepts_json(accept):
        return
    raise NotAcceptableError(
        Text(
            "Aucun des formats acceptés ({value}) n’est disponible : demandez Accept: application/fhir+json.",
            "Header Accept: none of '{value}' is available; ask for application/fhir+json.",
        ).format(value=accept)
    )


def _essence(value: str) -> str:
    return value.split(";", 1)[0].strip("+ \t").lower()


def _accepts_json(accept: str) -> bool:
    """Whether some JSON spelling keeps a quality above zero, the most specific range deciding (RFC 9110, 12.5.1)."""
    quality: dict[str, float] = {}
    for item in accept.split(","):
        essence = _essence(item)
        if essence in _JSON or essence in _RANGES:
            quality[essence] = max(_quality(item), quality.get(essence, 0.0))
    fallback = quality.get("application/*", quality.get("*/*", 0.0))
    return any(
        quality.get(name, fallback) > 0
        for name in ("application/fhir+json", "application/json+fhir", "application/json")
    ) or (quality.get("text/json", 0.0) > 0)


def _quality(item: str) -> float:
    for parameter in item.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return float(value.strip())
            except ValueError:
                return 1.0
    return 1.0
