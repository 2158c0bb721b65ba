"""What every part of the walk along a resource does: telling what is wrong, and what was not looked at."""

from __future__ import annotations

import json
from typing import Any, Final

from recette.profiles.model import Facts, Issue, Layer, Weight
from recette.profiles.tree import Forest, Node
from sas_kernel.text import Text

MOST_ISSUES: Final = 2000


class Teller:
    """Collects the issues of one resource."""

    def __init__(self, facts: Facts, forest: Forest) -> None:
        self._facts = facts
        self._forest = forest
        self._unverified: set[tuple[str, str]] = set()
        self.issues: list[Issue] = []

    def _tell(
        self,
        node: Node,
        path: str,
        rule: str,
        message: Text,
        *,
        layer: Layer | None = None,
        weight: Weight = Weight.ERROR,
        expected: object = None,
        actual: object = None,
    ) -> None:
        if len(self.issues) == MOST_ISSUES:
            self.issues.append(
                Issue(
                    Weight.UNVERIFIED,
                    Layer.BASE,
                    path,
                    "most",
                    f"{node.owner.url}#{node.fact.id}",
                    Text("Trop d’écarts : la suite n’est pas dite.", "Too many problems: the rest is not told."),
                )
            )
        elif len(self.issues) < MOST_ISSUES:
            where = layer or (Layer.PROFILE if node.owner.is_profile else Layer.BASE)
            shown = tuple(None if each is None else str(each)[:200] for each in (expected, actual))
            self.issues.append(Issue(weight, where, path, rule, f"{node.owner.url}#{node.fact.id}", message, *shown))

    def _not_verified(self, node: Node, path: str, rule: str, message: Text, key: str) -> None:
        """Once a rule, not once an element: what is not known of a list is not known of any of its uses."""
        if (rule, key) not in self._unverified:
            self._unverified.add((rule, key))
            self._tell(node, path, rule, message, weight=Weight.UNVERIFIED, expected=key)


def shown(value: Any) -> str:
    """A value as an issue shows it."""
    return json.dumps(value, ensure_ascii=False, default=str)[:200]
