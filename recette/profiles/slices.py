"""Which slice a value belongs to: discriminators by value, pattern, type and profile, on the paths FHIR allows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from recette.profiles.model import ElementFact
from recette.profiles.tree import Forest, Node

Conforms = Callable[[Any, str], bool]
"""Whether a resource conforms to the profile of this canonical."""


def has_pattern(value: Any, pattern: Any) -> bool:
    """Whether a value holds everything its pattern does (FHIR: ElementDefinition.pattern[x])."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(
            key in value and has_pattern(value[key], pattern[key]) for key in pattern
        )
    if isinstance(pattern, list):
        return isinstance(value, list) and all(any(has_pattern(item, wanted) for item in value) for wanted in pattern)
    return same(value, pattern)


def same(value: Any, other: Any) -> bool:
    """Equality of JSON values: true is not 1."""
    if isinstance(value, dict) and isinstance(other, dict):
        return value.keys() == other.keys() and all(same(value[key], other[key]) for key in value)
    if isinstance(value, list) and isinstance(other, list):
        return len(value) == len(other) and all(same(a, b) for a, b in zip(value, other, strict=True))
    return type(value) is type(other) and bool(value == other)


def values_at(value: Any, path: list[str]) -> Iterator[Any]:
    """The values a discriminator's path leads to; choices by any of their names."""
    if isinstance(value, list):
        for item in value:
            yield from values_at(item, path)
    elif not path:
        yield value
    elif isinstance(value, dict):
        step = path[0]
        if step in value:
            yield from values_at(value[step], path[1:])
        else:
            for key in value:
                if key.startswith(step) and key[len(step) : len(step) + 1].isupper():
                    yield from values_at(value[key], path[1:])


class Sorter:
    """Tells whether a value belongs to a slice of a node."""

    def __init__(self, forest: Forest, conforms: Conforms) -> None:
        self._forest = forest
        self._conforms = conforms

    def belongs(self, value: Any, kind: str, base: ElementFact, slice_: Node) -> bool | None:
        """Whether `value` (of type `kind` when it is a choice) is in the slice; None: this cannot be told."""
        assert base.slicing is not None
        verdicts = [self._one(value, kind, how, path, slice_) for how, path in base.slicing.discriminators]
        if False in verdicts:
            return False
        return None if None in verdicts or not verdicts else True

    def _one(self, value: Any, kind: str, how: str, path: str, slice_: Node) -> bool | None:
        steps = [] if path == "$this" else path.split(".")
        if any("(" in step for step in steps):
            return None  # resolve(), ofType(), extension(): used by no profile of the guide
        if how in {"value", "pattern"}:
            return self._by_value(value, steps, slice_)
        if how == "type":
            return self._by_type(value, kind, steps, slice_)
        if how == "profile":
            return self._by_profile(value, steps, slice_)
        if how == "exists":
            wanted = self._node_at(slice_, steps)
            if wanted is None:
                return None
            return any(True for _ in values_at(value, steps)) is (wanted.fact.upper != 0)
        return None

    def _node_at(self, node: Node, steps: list[str]) -> Node | None:
        for step in steps:
            children = node.children or self._children_of_type(node)
            found = children.get(step) or children.get(step + "[x]")
            if found is None:
                return None
            node = found
        return node

    def _children_of_type(self, node: Node) -> dict[str, Node]:
        for kind in node.fact.types:
            for profile in kind.profiles:
                tree = self._forest.of_profile(profile)
                if tree is not None:
                    return tree.children
            tree = self._forest.of_type(kind.code)
            if tree is not None:
                return tree.children
        return {}

    def _by_value(self, value: Any, steps: list[str], slice_: Node) -> bool | None:
        profile_url = self._extension_url(slice_) if steps == ["url"] else None
        if profile_url is not None:
            return isinstance(value, dict) and value.get("url") == profile_url
        told = [(path, test) for path, test in self._tests(slice_, steps)]
        if not told:
            return None
        return all(any(test(item) for item in values_at(value, path)) for path, test in told)

    def _extension_url(self, slice_: Node) -> str | None:
        """An extension is told by the canonical of its profile, which is its url."""
        return next(
            (profile for kind in slice_.fact.types if kind.code == "Extension" for profile in kind.profiles), None
        )

    def _tests(self, slice_: Node, steps: list[str]) -> Iterator[tuple[list[str], Callable[[Any], bool]]]:
        """What fixes the slice at or below the path: fixed and pattern values, required codes, required extensions."""
        node = self._node_at(slice_, steps)
        if node is None:
            return
        yield from self._tests_below(node, steps, mandatory=True)

    def _tests_below(
        self, node: Node, path: list[str], *, mandatory: bool
    ) -> Iterator[tuple[list[str], Callable[[Any], bool]]]:
        own = False
        for fixed in node.fact.fixed:
            yield path, partial(_is, fixed)
            own = True
        for pattern in node.fact.pattern:
            yield path, partial(_holds, pattern)
            own = True
        if not own and node.fact.binding is not None and node.fact.binding[0] == "required" and mandatory:
            codes = self._forest.facts.value_sets.get(node.fact.binding[1])
            if codes is not None:
                yield path, partial(_among, codes)
        for name, child in node.children.items():
            if name == "extension":
                for slice_ in child.slices:
                    url = self._extension_url(slice_) or _fixed_url(slice_)
                    if slice_.fact.lower > 0 and url is not None:
                        yield [*path, "extension", "url"], partial(_is, url)
            elif child.fact.upper != 0:
                yield from self._tests_below(child, [*path, name.removesuffix("[x]")], mandatory=False)

    def _by_type(self, value: Any, kind: str, steps: list[str], slice_: Node) -> bool | None:
        node = self._node_at(slice_, steps)
        if node is None:
            return None
        wanted = [each.code for each in node.fact.types]  # a list: what stands in a resource may not be hashable
        if not steps and kind:
            return kind in wanted
        return any(isinstance(item, dict) and item.get("resourceType") in wanted for item in values_at(value, steps))

    def _by_profile(self, value: Any, steps: list[str], slice_: Node) -> bool | None:
        node = self._node_at(slice_, steps)
        profiles = [] if node is None else [(t.code, url) for t in node.fact.types for url in t.profiles]
        if not profiles:
            return None
        return any(
            isinstance(item, dict) and item.get("resourceType") == code and self._conforms(item, url)
            for item in values_at(value, steps)
            for code, url in profiles
        )


def _is(wanted: Any, value: Any) -> bool:
    return same(value, wanted)


def _holds(pattern: Any, value: Any) -> bool:
    return has_pattern(value, pattern)


def _among(codes: frozenset[tuple[str, str]], value: Any) -> bool:
    return in_value_set(value, codes)


def _fixed_url(slice_: Node) -> str | None:
    url = slice_.children.get("url")
    return None if url is None or not url.fact.fixed else str(url.fact.fixed[0])


def codings(value: Any) -> list[tuple[str, str]]:
    """`(system, code)` of a code, Coding or CodeableConcept, whatever else they hold; a code has no system here."""
    if isinstance(value, str):
        return [("", value)]
    if not isinstance(value, dict):
        return []
    if isinstance(value.get("coding"), list):
        return [pair for item in value["coding"] for pair in codings(item)]
    code, system = value.get("code"), value.get("system")
    return [(system if isinstance(system, str) else "", code)] if isinstance(code, str) else []


def in_value_set(value: Any, codes: frozenset[tuple[str, str]]) -> bool:
    """Whether a code, or one of the codings of a concept, is of a value set; a bare code has no system to compare."""
    if isinstance(value, str):
        return any(code == value for _, code in codes)
    return any(pair in codes for pair in codings(value))
