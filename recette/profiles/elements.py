"""The walk along the elements of a resource: which stand, how many, in which slice, of which type."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Final

from recette.profiles import primitives
from recette.profiles.contents import Contents
from recette.profiles.invariants import Scope
from recette.profiles.model import ElementFact, Facts, Layer, TypeFact
from recette.profiles.slices import Sorter
from recette.profiles.telling import shown
from recette.profiles.tree import PRIMITIVES, Forest, Node
from sas_kernel.text import Text

ANY_RESOURCE: Final = frozenset({"Resource", "DomainResource"})


class Elements(Contents, ABC):
    """Goes through the elements; resources within resources are left to `checker`."""

    def __init__(self, facts: Facts, forest: Forest) -> None:
        super().__init__(facts, forest)
        self._sorter = Sorter(forest, self._conforms)
        self._type_names = forest.type_names

    @abstractmethod
    def _conforms(self, resource: Any, profile: str) -> bool:
        """Whether a resource conforms to the profile of this canonical."""

    @abstractmethod
    def _any_resource(self, value: Any, node: Node, kinds: Sequence[TypeFact], path: str, scope: Scope) -> None:
        """Judges a resource that stands in another one."""

    @abstractmethod
    def _contained_target(self, reference: Any, targets: Sequence[str], scope: Scope) -> None:
        """Judges what a reference to a contained resource leads to."""

    # --- elements ---

    def _children(
        self, value: dict[str, Any], node: Node, path: str, scope: Scope, *, is_resource: bool = False
    ) -> None:
        if is_resource and len(value) == 1:
            self._empty(node, path)
        present = self._present(value, node, path, is_resource=is_resource)
        for name, child in node.children.items():
            used = present.get(name)
            if used is None:
                if child.fact.lower > 0:
                    self._too_few(child, f"{path}.{name.removesuffix('[x]')}", 0)
                else:
                    for slice_ in child.slices:
                        if slice_.fact.lower > 0 and not child.is_choice:
                            self._too_few(slice_, f"{path}.{name}:{slice_.fact.slice}", 0)
                continue
            if len(used) > 1:
                self._tell(
                    child,
                    f"{path}.{name.removesuffix('[x]')}",
                    "choice",
                    Text("Un seul des types possibles peut figurer.", "Only one of the possible types may stand."),
                    layer=Layer.BASE,
                    actual=", ".join(each for each, _ in used),
                )
            for key, kind in used:
                self._element(value, key, kind, child, f"{path}.{key}", scope)

    def _empty(self, node: Node, path: str) -> None:
        self._tell(node, path, "ele-1", Text("L’élément est vide.", "The element is empty."), layer=Layer.BASE)

    def _present(
        self, value: dict[str, Any], node: Node, path: str, *, is_resource: bool
    ) -> dict[str, list[tuple[str, str]]]:
        """By element, the keys it stands under, each with its type where the element is a choice."""
        keys = node.keys()
        present: dict[str, list[tuple[str, str]]] = {}
        for key in value:
            plain = key.removeprefix("_")
            known = keys.get(plain)
            if known is None or (key != plain and not _is_primitive(known[0].fact, known[1])):
                if not (is_resource and key == "resourceType"):
                    self._unknown(key, plain, node, path)
                continue
            found = present.setdefault(known[0].name, [])
            if (plain, known[1]) not in found:
                found.append((plain, known[1]))
        return present

    def _unknown(self, key: str, plain: str, node: Node, path: str) -> None:
        choice = next((c for c in node.children.values() if c.is_choice and plain.startswith(c.name[:-3])), None)
        if choice is not None and plain[len(choice.name) - 3 :] in self._type_names:
            self._tell(
                choice,
                f"{path}.{plain}",
                "type",
                Text("Ce type n’est pas permis ici.", "This type is not allowed here."),
                expected=", ".join(each.code for each in choice.fact.types),
                actual=plain,
            )
            return
        self._tell(
            node,
            f"{path}.{key}"[:400],
            "unknown",
            Text("Cet élément n’existe pas ici en FHIR.", "FHIR has no such element here."),
            layer=Layer.BASE,
        )

    def _element(self, holder: dict[str, Any], key: str, kind: str, node: Node, path: str, scope: Scope) -> None:
        """All the values of one key, with what stands beside primitives under `_key`."""
        values = self._listed(holder.get(key), node, path, key in holder)
        beside = self._listed(holder.get(f"_{key}"), node, path, f"_{key}" in holder)
        count = max(len(values), len(beside))
        if key in holder and holder[key] is None and isinstance(holder.get(f"_{key}"), dict):
            # Null stands for a missing value in an array of primitives; elsewhere the key is left out.
            self._tell(node, path, "ele-1", Text("La valeur est nulle.", "The value is null."), layer=Layer.BASE)
        pairs: list[tuple[Any, Any, str]] = []
        for index in range(count):
            value = values[index] if index < len(values) else None
            extra = beside[index] if index < len(beside) else None
            pairs.append((value, extra, f"{path}[{index}]" if node.fact.repeats else path))
        fact = node.fact
        if count < fact.lower and count > 0:
            self._too_few(node, path, count)
        if fact.upper is not None and count > fact.upper:
            self._tell(
                node,
                path,
                "max",
                Text("Trop de valeurs.", "Too many values.")
                if fact.upper
                else Text("Cet élément n’est pas permis ici.", "This element is not allowed here."),
                expected=f"≤ {fact.upper}",
                actual=count,
            )
            if fact.upper == 0:
                return
        if fact.slicing is not None:
            self._sliced(pairs, kind, node, path, scope)
        else:
            for value, extra, where in pairs:
                self._value(value, extra, kind, node, where, scope)

    def _listed(self, value: Any, node: Node, path: str, present: bool) -> list[Any]:
        if not present:
            return []
        if isinstance(value, list):
            if not node.fact.repeats:
                self._tell(
                    node,
                    path,
                    "json",
                    Text("Une seule valeur, pas un tableau.", "One value, not an array."),
                    layer=Layer.BASE,
                )
            elif not value:
                self._tell(node, path, "json", Text("Le tableau est vide.", "The array is empty."), layer=Layer.BASE)
            return value
        if node.fact.repeats:
            self._tell(node, path, "json", Text("Un tableau est attendu.", "An array is expected."), layer=Layer.BASE)
        return [value]

    def _too_few(self, node: Node, path: str, count: int) -> None:
        self._tell(
            node,
            path,
            "min",
            Text("L’élément manque.", "The element is missing.")
            if count == 0
            else Text("Il y a trop peu de valeurs.", "There are too few values."),
            expected=f"≥ {node.fact.lower}",
            actual=count,
        )

    def _sliced(self, pairs: list[tuple[Any, Any, str]], kind: str, node: Node, path: str, scope: Scope) -> None:
        slicing = node.fact.slicing
        assert slicing is not None
        slices = [slice_ for slice_ in node.slices if "/" not in str(slice_.fact.slice)]
        for again in (slice_ for slice_ in node.slices if slice_ not in slices):
            self._unsorted(node, path, again)
        counts = dict.fromkeys((slice_.fact.id for slice_ in slices), 0)
        unsure: set[str] = set()
        last = -1
        for value, extra, where in pairs:
            home, open_questions = self._home(value, kind, node, slices, where)
            unsure |= open_questions
            position = len(slices) if home is None else slices.index(home)
            if (slicing.ordered and home is not None and position < last) or (
                slicing.rules == "openAtEnd" and home is not None and last == len(slices)
            ):
                self._tell(
                    home,
                    where,
                    "order",
                    Text("Les tranches ne sont pas dans l’ordre.", "Slices are out of order."),
                )
            last = max(last, position)
            if home is None and slicing.rules == "closed" and not open_questions:
                self._tell(
                    node,
                    where,
                    "slicing",
                    Text("La valeur n’entre dans aucune des tranches permises.", "The value fits no allowed slice."),
                    expected=", ".join(str(slice_.fact.slice) for slice_ in slices),
                )
            if home is not None:
                counts[home.fact.id] += 1
            self._value(value, extra, kind, home or node, where, scope)
        for slice_ in slices:
            if slice_.fact.id not in unsure:
                self._counted(slice_, path, counts[slice_.fact.id])

    def _home(
        self, value: Any, kind: str, node: Node, slices: Sequence[Node], where: str
    ) -> tuple[Node | None, set[str]]:
        """The slice a value belongs to, and the slices of which this could not be told."""
        unsure: set[str] = set()
        for slice_ in slices:
            belongs = self._sorter.belongs(value, kind, node.fact, slice_)
            if belongs:
                return slice_, unsure
            if belongs is None:
                self._unsorted(node, where, slice_)
                unsure.add(slice_.fact.id)
        return None, unsure

    def _unsorted(self, node: Node, path: str, slice_: Node) -> None:
        self._not_verified(
            node,
            path,
            "slicing",
            Text("L’appartenance à la tranche n’a pu être jugée.", "Membership of the slice was not judged."),
            slice_.fact.id,
        )

    def _counted(self, slice_: Node, path: str, found: int) -> None:
        if found < slice_.fact.lower:
            self._too_few(slice_, f"{path}:{slice_.fact.slice}", found)
        if slice_.fact.upper is not None and found > slice_.fact.upper:
            self._tell(
                slice_,
                f"{path}:{slice_.fact.slice}",
                "max",
                Text("Trop de valeurs dans cette tranche.", "Too many values in this slice."),
                expected=f"≤ {slice_.fact.upper}",
                actual=found,
            )

    # --- values ---

    def _value(self, value: Any, extra: Any, kind: str, node: Node, path: str, scope: Scope) -> None:
        if node.fact.reference is not None:
            target = self._forest.target(node)
            self._complex(value, target, target, path, scope)
            return
        types = [each for each in node.fact.types if not kind or each.code == kind]
        if not types:
            if node.fact.types:
                self._tell(
                    node,
                    path,
                    "type",
                    Text("Ce type n’est pas permis ici.", "This type is not allowed here."),
                    expected=", ".join(each.code for each in node.fact.types),
                    actual=kind,
                )
            return
        code = types[0].code
        if code in PRIMITIVES:
            self._primitive(value, extra, code, node, path, scope)
        elif code in ANY_RESOURCE or code in self._facts.resource_types:
            self._any_resource(value, node, types, path, scope)
        else:
            self._complex(value, node, self._structure(node, types, path), path, scope, types)

    def _structure(self, node: Node, types: Sequence[TypeFact], path: str) -> Node:
        """Where the children of a complex element are told: in the snapshot, in its type's profile, in its type."""
        if node.children:
            return node
        for each in types:
            for url in each.profiles:
                tree = self._forest.of_profile(url)
                if tree is not None:
                    return tree
                self._not_verified(
                    node,
                    path,
                    "profile",
                    Text("La définition de ce profil n’est pas là.", "The definition of this profile is not at hand."),
                    url,
                )
        tree = self._forest.of_type(types[0].code)
        if tree is None:
            self._not_verified(
                node,
                path,
                "definition",
                Text("Aucune définition de ce type n’est là.", "No definition of this type is at hand."),
                types[0].code,
            )
            return node
        return tree

    def _primitive(self, value: Any, extra: Any, code: str, node: Node, path: str, scope: Scope) -> None:
        if extra is not None:
            self._extra(extra, node, path, scope)
        if value is None:
            if not isinstance(extra, dict):
                self._tell(node, path, "ele-1", Text("La valeur est nulle.", "The value is null."), layer=Layer.BASE)
            return
        if not primitives.fits(code, value):
            self._tell(
                node,
                path,
                "format",
                Text("La valeur n’a pas la forme de son type.", "The value has not the form of its type."),
                layer=Layer.BASE,
                expected=code,
                actual=shown(value),
            )
            return
        if node.fact.max_length is not None and isinstance(value, str) and len(value) > node.fact.max_length:
            self._tell(
                node,
                path,
                "maxLength",
                Text("La valeur est trop longue.", "The value is too long."),
                expected=f"≤ {node.fact.max_length}",
                actual=len(value),
            )
        self._content(value, node, path, scope)

    def _extra(self, extra: Any, node: Node, path: str, scope: Scope) -> None:
        """What stands under `_key`: an id and extensions of a primitive."""
        tree = self._forest.of_type("Element")
        if not isinstance(extra, dict) or not extra or tree is None:
            self._tell(
                node,
                path,
                "json",
                Text("Un objet non vide est attendu.", "A non-empty object is expected."),
                layer=Layer.BASE,
            )
            return
        self._children(extra, tree, path, scope)

    def _complex(
        self, value: Any, node: Node, structure: Node, path: str, scope: Scope, types: Sequence[TypeFact] = ()
    ) -> None:
        if not isinstance(value, dict):
            self._tell(
                node,
                path,
                "type",
                Text("Un objet est attendu.", "An object is expected."),
                layer=Layer.BASE,
                actual=shown(value),
            )
            return
        if value.keys() <= {"id"}:
            self._empty(node, path)
        if structure.children:
            self._children(value, structure, path, scope)
        if structure is not node:
            self._invariants(value, structure, path, scope)
        self._content(value, node, path, scope)
        code = types[0].code if types else ""
        own = self._forest.of_type(code) if structure is node else None
        if own is not None:
            # A snapshot that tells the children of a type itself does not always repeat what that type demands.
            self._invariants(value, own, path, scope, known=node.fact.constraints)
        if code == "Extension":
            self._extension(value, node, structure, path, scope)
        elif code == "Reference":
            self._reference(value, node, types, path, scope)
            self._contained_target(value.get("reference"), [target for each in types for target in each.targets], scope)

    # --- extensions ---

    def _extension(self, value: dict[str, Any], node: Node, structure: Node, path: str, scope: Scope) -> None:
        has_value = any(key.lstrip("_").startswith("value") for key in value)
        if has_value is ("extension" in value):
            self._tell(
                node,
                path,
                "ext-1",
                Text("Une extension a une valeur ou des extensions.", "An extension has a value or extensions."),
                layer=Layer.BASE,
            )
        url = value.get("url")
        nested = node.owner.type == "Extension"
        if not isinstance(url, str) or node.fact.slice is not None:
            return
        definition = self._forest.of_profile(url)
        if definition is not None and definition.owner.type == "Extension":
            if definition is not structure:
                self._children(value, definition, path, scope)
                self._invariants(value, definition, path, scope)
        elif ":" not in url and not nested:
            self._tell(
                node,
                f"{path}.url",
                "extension",
                Text("L’URL d’une extension est absolue.", "The URL of an extension is absolute."),
                layer=Layer.BASE,
                actual=url,
            )
        elif ":" in url:
            self._not_verified(
                node,
                path,
                "extension",
                Text(
                    "La définition de cette extension n’est pas là.", "The definition of this extension is not at hand."
                ),
                url,
            )


def _is_primitive(fact: ElementFact, kind: str) -> bool:
    return any(each.code in PRIMITIVES for each in fact.types if not kind or each.code == kind)
