"""Holds a resource against a profile, element by element of its snapshot, and says everything that is wrong.

It never raises for what a resource holds, and what it could not look at it tells as `UNVERIFIED`.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any, Final

from recette.profiles import primitives
from recette.profiles.elements import ANY_RESOURCE, Elements
from recette.profiles.invariants import Scope
from recette.profiles.model import Facts, Issue, Layer, TypeFact, Weight
from recette.profiles.telling import shown
from recette.profiles.tree import Forest, Node
from sas_kernel.text import Text

_DEEPEST: Final = 64
KEPT: Final = 4096
"""Of how many resources a run keeps the issues: those of some ten answers of full size."""


class Checker:
    """One set of facts, ready to judge any number of resources.

    `kept`: of how many the issues are kept, by content. A run is told the same slots in answer after answer, and a
    Bundle is judged with the resources that are judged once more on their own.
    """

    def __init__(self, facts: Facts, *, kept: int = 0) -> None:
        self.facts = facts
        self.forest = Forest(facts)
        self._kept = kept
        self._known: dict[tuple[bytes, str], tuple[Issue, ...]] = {}

    def knows(self, profile: str) -> bool:
        return self.forest.of_profile(profile) is not None

    def check(self, resource: Any, profile: str) -> list[Issue]:
        """The issues of a resource held against the profile of this canonical, in document order.

        Raises `KeyError` when no definition has this canonical.
        """
        tree = self.forest.of_profile(profile)
        if tree is None:
            raise KeyError(profile)
        if not self._kept:
            return self._check(resource, tree)
        try:
            # Version 2 writes equal content equally, whichever parts of it are one object; keys keep their order.
            written = marshal.dumps(resource, 2)
        except ValueError:  # nested too deeply
            return self._check(resource, tree)
        key = (blake2b(written, digest_size=16).digest(), profile)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= self._kept:
                self._known.clear()
            known = self._known[key] = tuple(self._check(resource, tree))
        return list(known)

    def _check(self, resource: Any, tree: Node) -> list[Issue]:
        walk = _Walk(self)
        kind = tree.owner.type
        if _too_deep(resource):
            walk.too_deep(tree, kind)
        else:
            walk.resource(resource, tree, kind, kind, None)
        return walk.issues

    def conforms(self, resource: Any, profile: str) -> bool:
        """Whether a resource has no error; what is not verified does not count against it."""
        return not any(issue.weight is Weight.ERROR for issue in self.check(resource, profile))


class _Walk(Elements):
    """One resource, gone through once."""

    def __init__(self, checker: Checker) -> None:
        super().__init__(checker.facts, checker.forest)
        self._checker = checker
        self._known: dict[tuple[int, str], list[Issue] | None] = {}
        self._targets: set[str] = set()

    def _conforms(self, resource: Any, profile: str) -> bool:
        key = (id(resource), profile)
        if key not in self._known:
            self._known[key] = self._checker.check(resource, profile) if self._checker.knows(profile) else None
        issues = self._known[key]
        return issues is not None and not any(issue.weight is Weight.ERROR for issue in issues)

    def too_deep(self, node: Node, path: str) -> None:
        self._tell(
            node,
            path,
            "depth",
            Text("La ressource est trop imbriquée.", "The resource is nested too deeply."),
            layer=Layer.BASE,
            expected=f"≤ {_DEEPEST}",
        )

    # --- resources ---

    def resource(
        self,
        value: Any,
        tree: Node,
        kind: str,
        path: str,
        container: dict[str, Any] | None,
        root_path: str | None = None,
    ) -> None:
        """A resource held against the root of a tree; `container` is the one it is contained in."""
        if not isinstance(value, dict):
            self._tell(tree, path, "type", Text("Une ressource est attendue.", "A resource is expected."))
            return
        actual = value.get("resourceType")
        if actual != kind:
            self._tell(
                tree,
                f"{path}.resourceType",
                "resourceType",
                Text("La ressource n’est pas du type attendu.", "The resource is not of the expected type."),
                expected=kind,
                actual=actual,
            )
            return
        scope = Scope(value, container, path if root_path is None else root_path)
        if "id" in value and not primitives.fits("id", value["id"]) and isinstance(value["id"], str):
            # R4's own snapshots type the id of a resource as a string; its form stands in the text of `Resource.id`.
            self._tell(
                tree.children.get("id", tree),
                f"{path}.id",
                "format",
                Text("Ce n’est pas un id FHIR.", "This is no FHIR id."),
                layer=Layer.BASE,
                expected="id",
                actual=shown(value["id"]),
            )
        self._children(value, tree, path, scope, is_resource=True)
        self._invariants(value, tree, path, scope)

    def _any_resource(self, value: Any, node: Node, kinds: Sequence[TypeFact], path: str, scope: Scope) -> None:
        """A resource in a resource: in a Bundle it stands on its own, contained it belongs to what contains it."""
        kind = value.get("resourceType") if isinstance(value, dict) else None
        if not isinstance(kind, str) or kind not in self._facts.resource_types:
            self._tell(
                node,
                f"{path}.resourceType",
                "resourceType",
                Text("Ce type de ressource n’existe pas en FHIR R4.", "FHIR R4 has no such resource type."),
                layer=Layer.BASE,
                actual=kind,
            )
            return
        fitting = [each for each in kinds if each.code in ANY_RESOURCE or each.code == kind]
        if not fitting:
            self._tell(
                node,
                f"{path}.resourceType",
                "type",
                Text("Ce type de ressource n’est pas permis ici.", "This resource type is not allowed here."),
                expected=", ".join(each.code for each in kinds),
                actual=kind,
            )
            return
        container = scope.resource if node.name == "contained" else None
        trees = [tree for each in fitting for url in each.profiles if (tree := self._forest.of_profile(url))]
        own = [tree for tree in trees if tree.owner.type == kind] or [
            tree for tree in [self._forest.of_type(kind)] if tree is not None
        ]
        if not own:
            self._not_verified(
                node,
                path,
                "definition",
                Text("Aucune définition de ce type n’est là.", "No definition of this type is at hand."),
                kind,
            )
        if len(own) > 1 and any(self._conforms(value, tree.owner.url) for tree in own):
            return
        for tree in own[:1]:
            known = self._known.get((id(value), tree.owner.url)) if container is None else None
            if known is not None:  # sorting it into a slice has judged it already
                self.issues += [replace(issue, path=path + issue.path[len(kind) :]) for issue in known]
                continue
            self.resource(value, tree, kind, path, container, None if container is None else scope.root_path)

    def _contained_target(self, reference: Any, targets: Sequence[str], scope: Scope) -> None:
        """A contained resource conforms to one of the profiles that what refers to it asks for."""
        if not isinstance(reference, str) or not reference.startswith("#"):
            return
        root = scope.root
        items = root.get("contained")
        for position, item in enumerate(items if isinstance(items, list) else []):
            if not isinstance(item, dict) or item.get("id") != reference[1:]:
                continue
            trees = [tree for url in targets if (tree := self._forest.of_profile(url)) is not None]
            fitting = [tree for tree in trees if tree.owner.type == item.get("resourceType") and tree.owner.is_profile]
            path = f"{scope.root_path}.contained[{position}]"
            if not fitting or path in self._targets:
                continue
            self._targets.add(path)
            judged = []
            for tree in fitting:
                walk = _Walk(self._checker)
                walk.resource(item, tree, tree.owner.type, path, root, scope.root_path)
                judged.append(walk.issues)
            known = {(issue.path, issue.rule, issue.expected) for issue in self.issues}
            best = min(judged, key=lambda issues: sum(1 for _ in errors(issues)))
            self.issues += [each for each in best if (each.path, each.rule, each.expected) not in known]


def _too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_DEEPEST):
        level = [
            item
            for each in level
            if isinstance(each, dict | list)
            for item in (each.values() if isinstance(each, dict) else each)
            if isinstance(item, dict | list)
        ]
        if not level:
            return False
    return True


def errors(issues: Sequence[Issue]) -> Iterator[Issue]:
    return (issue for issue in issues if issue.weight is Weight.ERROR)
