"""The invariants of FHIR and of the guide, each written out: no FHIRPath engine is needed, and none is trusted.

Each takes the element and the scope it stands in and says whether it holds. One that is not here is reported as not
verified, never passed over. Keys are FHIR's own; `ele-1` and `ext-1` are part of the structure (see `checker`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from xml.etree import ElementTree

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scope:
    """`resource` is the one the element stands in (or is), `container` the one that contains that, if any does.

    `root_path` is where the outermost of the two stands.
    """

    resource: Json
    container: Json | None = None
    root_path: str = ""

    @property
    def root(self) -> Json:
        return self.resource if self.container is None else self.container


Invariant = Callable[[Any, Scope], bool]


def _items(value: Any, key: str) -> list[Any]:
    found = value.get(key, []) if isinstance(value, dict) else []
    return found if isinstance(found, list) else [found]


def _has(value: Any, *keys: str) -> bool:
    return isinstance(value, dict) and any(key in value or f"_{key}" in value for key in keys)


def _descendants(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield key, item
            yield from _descendants(item)
    elif isinstance(value, list):
        for item in value:
            yield from _descendants(item)


def _contained(value: Any) -> list[Any]:
    return [item for item in _items(value, "contained") if isinstance(item, dict)]


def _unnested(value: Any, _scope: Scope) -> bool:
    return not any("contained" in item for item in _contained(value))


def _used(value: Any, _scope: Scope) -> bool:
    """Each contained resource is referred to, or refers to what contains it."""
    strings = {item for _, item in _descendants(value) if isinstance(item, str)}
    return all(
        f"#{item.get('id')}" in strings or any(found == "#" for _, found in _descendants(item))
        for item in _contained(value)
    )


def _unversioned(value: Any, _scope: Scope) -> bool:
    return not any(_has(item.get("meta"), "versionId", "lastUpdated") for item in _contained(value))


def _unsecured(value: Any, _scope: Scope) -> bool:
    return not any(_has(item.get("meta"), "security") for item in _contained(value))


def _inner(value: Any, scope: Scope) -> bool:
    reference = value.get("reference") if isinstance(value, dict) else None
    if not isinstance(reference, str) or not reference.startswith("#") or reference == "#":
        return True
    return any(item.get("id") == reference[1:] for item in _contained(scope.root))


def _ordered(value: Any, _scope: Scope) -> bool:
    start, end = (value.get(key) if isinstance(value, dict) else None for key in ("start", "end"))
    if not isinstance(start, str) or not isinstance(end, str):
        return True
    length = min(len(start), len(end))
    if "T" not in start or "T" not in end:
        return start[:length] <= end[:length]
    try:
        return datetime.fromisoformat(start) <= datetime.fromisoformat(end)
    except (ValueError, TypeError):
        return True  # the form of the instants is judged elsewhere


def _no_home(value: Any, _scope: Scope) -> bool:
    return not isinstance(value, dict) or value.get("use") != "home"


def _matches(expression: str) -> Invariant:
    form = re.compile(expression)

    def holds(value: Any, _scope: Scope) -> bool:
        found = value.get("value") if isinstance(value, dict) else None
        return not isinstance(found, str) or form.search(found) is not None

    return holds


def _word(value: Any, key: str) -> str:
    """A string element; empty for anything else that stands there."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""


def _kind(value: Any) -> str:
    return _word(value, "type")


def _entries(value: Any) -> list[Any]:
    return [entry for entry in _items(value, "entry") if isinstance(entry, dict)]


def _requests(value: Any, _scope: Scope) -> bool:
    wanted = _kind(value) in {"batch", "transaction", "history"}
    return all(("request" in entry) is wanted for entry in _entries(value))


def _responses(value: Any, _scope: Scope) -> bool:
    wanted = _kind(value) in {"batch-response", "transaction-response", "history"}
    return all(("response" in entry) is wanted for entry in _entries(value))


def _distinct(value: Any, _scope: Scope) -> bool:
    if _kind(value) == "history":
        return True
    keys = []
    for entry in _entries(value):
        resource = entry.get("resource")
        meta = resource.get("meta") if isinstance(resource, dict) else None
        if isinstance(entry.get("fullUrl"), str):
            keys.append((entry["fullUrl"], str(meta.get("versionId")) if isinstance(meta, dict) else ""))
    return len(keys) == len(set(keys))


def _first_is(kind: str, resource_type: str) -> Invariant:
    def holds(value: Any, _scope: Scope) -> bool:
        if _kind(value) != kind:
            return True
        entries = _entries(value)
        resource = entries[0].get("resource") if entries else None
        return isinstance(resource, dict) and resource.get("resourceType") == resource_type

    return holds


def _cancelled(value: Any, _scope: Scope) -> bool:
    return not _has(value, "cancelationReason") or _word(value, "status") in {"no-show", "cancelled"}


def _identified(value: Any, _scope: Scope) -> bool:
    return (
        not isinstance(value, dict)
        or _kind(value) != "document"
        or (_has(value.get("identifier"), "system") and _has(value.get("identifier"), "value"))
    )


def _ratio(value: Any, _scope: Scope) -> bool:
    both = _has(value, "numerator"), _has(value, "denominator")
    return both[0] == both[1] and (all(both) or _has(value, "extension"))


# --- narrative: FHIR R4 4.0.1, § Narrative: formatting and links only, and something to read -------------------------

_TAGS: Final = frozenset(
    [
        "a",
        "abbr",
        "acronym",
        "b",
        "big",
        "blockquote",
        "br",
        "caption",
        "cite",
        "code",
        "col",
        "colgroup",
        "dd",
        "dfn",
        "div",
        "dl",
        "dt",
        "em",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "li",
        "ol",
        "p",
        "pre",
        "q",
        "samp",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "tt",
        "ul",
        "var",
    ]
)
_ATTRIBUTES: Final = frozenset(
    [
        "abbr",
        "accesskey",
        "align",
        "alt",
        "axis",
        "bgcolor",
        "border",
        "cellhalign",
        "cellpadding",
        "cellspacing",
        "cellvalign",
        "char",
        "charoff",
        "charset",
        "cite",
        "class",
        "colspan",
        "compact",
        "coords",
        "dir",
        "frame",
        "headers",
        "height",
        "href",
        "hreflang",
        "hspace",
        "id",
        "lang",
        "longdesc",
        "name",
        "nowrap",
        "rel",
        "rev",
        "rowspan",
        "rules",
        "scope",
        "shape",
        "span",
        "src",
        "start",
        "style",
        "summary",
        "tabindex",
        "title",
        "type",
        "valign",
        "value",
        "vspace",
        "width",
        "xml:lang",
        "xmlns",
    ]
)


_XHTML: Final = "{http://www.w3.org/1999/xhtml}"
_ENTITY: Final = re.compile(r"&[A-Za-z][A-Za-z0-9]*;")


def _narrative(value: Any) -> list[ElementTree.Element]:
    """The elements of a narrative; none where it is not well-formed XHTML in one div of its namespace."""
    if not isinstance(value, str) or "<!" in value.replace("<!--", ""):
        return []  # a document type could declare entities that grow without end
    try:
        found = list(ElementTree.fromstring(_ENTITY.sub("x", value)).iter())  # noqa: S314 — no document type gets here
    except (ElementTree.ParseError, ValueError):
        return []
    return found if found[0].tag == f"{_XHTML}div" else []


def _formatted(value: Any, _scope: Scope) -> bool:
    elements = _narrative(value)
    return bool(elements) and all(
        str(each.tag).startswith(_XHTML)
        and str(each.tag).removeprefix(_XHTML) in _TAGS
        and {name.rpartition("}")[2] for name in each.attrib} <= _ATTRIBUTES
        for each in elements
    )


def _worded(value: Any, _scope: Scope) -> bool:
    return any(
        each.tag == f"{_XHTML}img" or (each.text or "").strip() or (each.tail or "").strip()
        for each in _narrative(value)
    )


INVARIANTS: Final[dict[str, Invariant]] = {
    "dom-2": _unnested,
    "dom-3": _used,
    "dom-4": _unversioned,
    "dom-5": _unsecured,
    "ref-1": _inner,
    "per-1": _ordered,
    "att-1": lambda value, _: not _has(value, "data") or _has(value, "contentType"),
    "cpt-2": lambda value, _: not _has(value, "value") or _has(value, "system"),
    "qty-3": lambda value, _: not _has(value, "code") or _has(value, "system"),
    "rat-1": _ratio,
    "sqty-1": lambda value, _: not _has(value, "comparator"),
    "txt-1": _formatted,
    "txt-2": _worded,
    "org-1": lambda value, _: _has(value, "identifier", "name"),
    "org-2": _no_home,
    "org-3": _no_home,
    "pat-1": lambda value, _: _has(value, "name", "telecom", "address", "organization"),
    "app-1": lambda value, _: _has(value, "type", "actor"),
    "app-2": lambda value, _: _has(value, "start") == _has(value, "end"),
    "app-3": lambda value, _: (
        (_has(value, "start") and _has(value, "end")) or _word(value, "status") in {"proposed", "cancelled", "waitlist"}
    ),
    "app-4": _cancelled,
    "bdl-1": lambda value, _: not _has(value, "total") or _kind(value) in {"searchset", "history"},
    "bdl-2": lambda value, _: not any("search" in entry for entry in _entries(value)) or _kind(value) == "searchset",
    "bdl-3": _requests,
    "bdl-4": _responses,
    "bdl-5": lambda value, _: _has(value, "resource", "request", "response"),
    "bdl-7": _distinct,
    "bdl-8": lambda value, _: "/_history/" not in str(value.get("fullUrl", "")),
    "bdl-9": _identified,
    "bdl-10": lambda value, _: _kind(value) != "document" or isinstance(value.get("timestamp"), str),
    "bdl-11": _first_is("document", "Composition"),
    "bdl-12": _first_is("message", "MessageHeader"),
    "FINESS-invariant": _matches("^1[0-9]{9}$"),
    "SIRET-invariant": _matches("^3[0-9]{14}$"),
}
STRUCTURAL: Final = frozenset({"ele-1", "ext-1"})
"""Those the walk itself holds."""
