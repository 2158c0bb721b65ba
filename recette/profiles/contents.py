"""What an element holds, once its form is right: fixed values, codes, references, invariants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from recette.profiles import invariants
from recette.profiles.invariants import Scope
from recette.profiles.model import Layer, TypeFact
from recette.profiles.slices import has_pattern, in_value_set, same
from recette.profiles.telling import Teller, shown
from recette.profiles.tree import Node
from sas_kernel.text import Text


class Contents(Teller):
    """Judges values; the walk that finds them is `checker`'s."""

    def _content(self, value: Any, node: Node, path: str, scope: Scope) -> None:
        """Fixed and pattern values, codes, invariants."""
        for fixed in node.fact.fixed:
            if not same(value, fixed):
                self._tell(
                    node,
                    path,
                    "fixed",
                    Text("La valeur n’est pas celle qui est fixée.", "The value is not the fixed one."),
                    expected=shown(fixed),
                    actual=shown(value),
                )
        for pattern in node.fact.pattern:
            if not has_pattern(value, pattern):
                self._tell(
                    node,
                    path,
                    "pattern",
                    Text("La valeur ne contient pas le motif imposé.", "The value does not hold the required pattern."),
                    expected=shown(pattern),
                    actual=shown(value),
                )
        if node.fact.binding is not None:
            self._binding(value, node, *node.fact.binding, path)
        if isinstance(value, dict) and "code" in value and "system" in value:
            self._known_code(value, node, path)
        self._invariants(value, node, path, scope)

    # --- codes ---

    def _binding(self, value: Any, node: Node, strength: str, url: str, path: str) -> None:
        if isinstance(value, dict) and "coding" not in value and "text" in value and "code" not in value:
            return  # a text alone: the guide allows it where FHIR does not (docs/decisions/0012-profile-checker.md)
        codes = self._facts.value_sets.get(url)
        if codes is None:
            if strength == "required":
                self._not_verified(
                    node,
                    path,
                    "binding",
                    Text("La liste des codes permis n’est pas là.", "The list of allowed codes is not at hand."),
                    url,
                )
            return
        if in_value_set(value, codes):
            return
        if strength == "required":
            self._tell(
                node,
                path,
                "binding",
                Text("Le code n’est pas de la liste imposée.", "The code is not of the required list."),
                layer=Layer.TERMINOLOGY if not node.owner.is_profile else Layer.PROFILE,
                expected=url,
                actual=shown(value),
            )

    def _known_code(self, value: dict[str, Any], node: Node, path: str) -> None:
        system, code = value.get("system"), value.get("code")
        codes = self._facts.code_systems.get(system) if isinstance(system, str) else None
        if codes is not None and isinstance(code, str) and code not in codes:
            self._tell(
                node,
                f"{path}.code",
                "code",
                Text("Le système de codes ne connaît pas ce code.", "The code system does not know this code."),
                layer=Layer.TERMINOLOGY,
                expected=system,
                actual=code,
            )

    # --- references ---

    def _reference(self, value: dict[str, Any], node: Node, types: Sequence[TypeFact], path: str, scope: Scope) -> None:
        targets = [target for each in types for target in each.targets]
        told = [self._target_type(target) for target in targets]
        kinds = {kind for kind in told if kind is not None}
        reference = value.get("reference")
        allowed = {mode for each in types for mode in each.aggregation}
        contained = isinstance(reference, str) and reference.startswith("#")
        wrong = "contained" not in allowed if contained else allowed == {"contained"}
        if allowed and isinstance(reference, str) and wrong:
            self._tell(
                node,
                f"{path}.reference",
                "aggregation",
                Text("La référence n’est pas du genre permis ici.", "The reference is not of the kind allowed here."),
                expected=", ".join(sorted(allowed)),
                actual=reference,
            )
        if None in told:
            self._not_verified(
                node,
                path,
                "target",
                Text("La définition de la cible n’est pas là.", "The definition of the target is not at hand."),
                targets[told.index(None)],
            )
            return
        if not kinds or "Resource" in kinds:
            return
        for key, actual in (("reference", self._referred(reference, scope)), ("type", value.get("type"))):
            if isinstance(actual, str) and actual in self._facts.resource_types and actual not in kinds:
                self._tell(
                    node,
                    f"{path}.{key}",
                    "target",
                    Text("La référence ne mène pas à un type permis.", "The reference leads to no allowed type."),
                    expected=", ".join(sorted(kinds)),
                    actual=actual,
                )

    def _target_type(self, url: str) -> str | None:
        tree = self._forest.of_profile(url)
        if tree is not None:
            return tree.owner.type
        name = url.rpartition("/")[2]
        if name in self._facts.resource_types or name == "Resource":
            return name
        # FR Core names its profiles after their types; longest first, so that a role is not taken for its person.
        found = [kind for kind in self._facts.resource_types if name.startswith(f"Fr{kind}")]
        return max(found, key=len) if found else None

    def _referred(self, reference: Any, scope: Scope) -> str | None:
        if not isinstance(reference, str):
            return None
        if reference.startswith("#"):
            items = scope.root.get("contained")
            for item in items if isinstance(items, list) else []:
                if isinstance(item, dict) and item.get("id") == reference[1:]:
                    kind = item.get("resourceType")
                    return kind if isinstance(kind, str) else None
            return None
        parts = reference.partition("/_history/")[0].rsplit("/", 2)
        return parts[-2] if len(parts) >= 2 else None

    # --- invariants ---

    def _invariants(self, value: Any, node: Node, path: str, scope: Scope, *, known: Sequence[str] = ()) -> None:
        for key in node.fact.constraints:
            if key in invariants.STRUCTURAL or key in known:
                continue
            rule = None if key in self._facts.foreign_invariants else invariants.INVARIANTS.get(key)
            if rule is None:
                self._not_verified(
                    node,
                    path,
                    key,
                    Text("Cet invariant n’est pas vérifié.", "This invariant is not verified."),
                    self._facts.invariants.get(key, ("", ""))[1],
                )
            elif isinstance(value, dict | str) and not rule(value, scope):
                self._tell(
                    node,
                    path,
                    key,
                    Text("L’invariant n’est pas respecté.", "The invariant does not hold."),
                    layer=Layer.PROFILE if "invariant" in key else Layer.BASE,
                    expected=self._facts.invariants.get(key, ("", ""))[1],
                )
