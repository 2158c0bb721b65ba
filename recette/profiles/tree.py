"""A definition as a tree of elements, their slices beside them, ready to be walked along a resource."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from recette.profiles.model import Definition, ElementFact, Facts

PRIMITIVES = frozenset(
    [
        "boolean",
        "integer",
        "string",
        "decimal",
        "uri",
        "url",
        "canonical",
        "base64Binary",
        "instant",
        "date",
        "dateTime",
        "time",
        "code",
        "oid",
        "id",
        "markdown",
        "unsignedInt",
        "positiveInt",
        "uuid",
        "xhtml",
    ]
)


@dataclass(slots=True)
class Node:
    """An element, or a slice of one. `children` is empty where the snapshot leaves them to the element's type."""

    fact: ElementFact
    name: str
    owner: Definition
    children: dict[str, Node] = field(default_factory=dict)
    slices: list[Node] = field(default_factory=list)
    _keys: dict[str, tuple[Node, str]] | None = None

    @property
    def is_choice(self) -> bool:
        return self.name.endswith("[x]")

    def keys(self) -> Mapping[str, tuple[Node, str]]:
        """By JSON name, each child with the type that name stands for (empty: whatever the element's type is)."""
        if self._keys is None:
            found: dict[str, tuple[Node, str]] = {}
            for name, child in self.children.items():
                if child.is_choice:
                    for kind in child.fact.types:
                        found[name[:-3] + kind.code[0].upper() + kind.code[1:]] = (child, kind.code)
                else:
                    found[name] = (child, "")
            self._keys = found
        return self._keys


class Forest:
    """The trees of some facts, each grown when it is first asked for."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self._trees: dict[str, Node] = {}
        self._by_type = {
            definition.type: definition for definition in facts.definitions.values() if not definition.is_profile
        }

    @cached_property
    def type_names(self) -> frozenset[str]:
        """As they stand behind the name of a choice: `String`, `Reference`."""
        return frozenset(code[0].upper() + code[1:] for code in {*self._by_type, *PRIMITIVES})

    def of_profile(self, url: str) -> Node | None:
        """The tree of a canonical, with or without its version; None when no definition is at hand."""
        definition = self.facts.definitions.get(url.partition("|")[0])
        return None if definition is None else self._tree(definition)

    def of_type(self, code: str) -> Node | None:
        definition = self._by_type.get(code)
        return None if definition is None else self._tree(definition)

    def _tree(self, definition: Definition) -> Node:
        tree = self._trees.get(definition.url)
        if tree is None:
            tree = self._trees[definition.url] = _grown(definition)
        return tree

    def target(self, node: Node) -> Node:
        """Where a content reference leads (`Bundle.entry.link` to `Bundle.link`)."""
        if node.fact.reference is None:
            return node
        root = self._tree(node.owner)
        for step in node.fact.reference.split(".")[1:]:
            name, _, slice_name = step.partition(":")
            root = root.children[name]
            if slice_name:
                root = next(each for each in root.slices if each.fact.slice == slice_name)
        return root


def _grown(definition: Definition) -> Node:
    by_id: dict[str, Node] = {}
    root: Node | None = None
    for fact in definition.elements:
        above, _, last = fact.id.rpartition(".")
        name, _, slice_name = last.partition(":")
        node = Node(fact, name, definition)
        by_id[fact.id] = node
        if not above:
            root = node
        elif slice_name:
            base = by_id.get(f"{above}.{name}")
            if base is not None:
                # A slice of a slice (`a:b/c`) refines the same element: it stands beside the others.
                base.slices.append(node)
        elif above in by_id:
            by_id[above].children[name] = node
    assert root is not None
    return root
