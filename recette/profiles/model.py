"""Definitions as the checker reads them, and what it says of a resource."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sas_kernel.errors import SasError
from sas_kernel.text import Text


class FactsError(SasError):
    """The facts, or a package somebody gave, cannot be used. The text says which file and why."""


class Weight(StrEnum):
    """`UNVERIFIED` is what the checker could not look at: neither right nor wrong."""

    ERROR = "error"
    WARNING = "warning"
    UNVERIFIED = "unverified"


class Layer(StrEnum):
    """Which text a rule stands in: FHIR itself, a profile on it, a list of codes, or the guide's prose."""

    BASE = "base"
    PROFILE = "profile"
    TERMINOLOGY = "terminology"
    PROSE = "prose"


@dataclass(frozen=True, slots=True)
class Issue:
    """`path` is a FHIRPath with positions; `rule` names the rule within `source` (a canonical, or a section)."""

    weight: Weight
    layer: Layer
    path: str
    rule: str
    source: str
    message: Text
    expected: str | None = None
    actual: str | None = None


@dataclass(frozen=True, slots=True)
class TypeFact:
    """One allowed type of an element: `profiles` it must conform to, `targets` a reference may point to."""

    code: str
    profiles: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    aggregation: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SlicingFact:
    """`discriminators` are (kind, path); `rules` open, closed or openAtEnd."""

    discriminators: tuple[tuple[str, str], ...]
    rules: str
    ordered: bool


@dataclass(frozen=True, slots=True)
class ElementFact:
    """One line of a snapshot. `upper` is None for `*`; `repeats` says that its JSON is an array (by its base)."""

    id: str
    lower: int
    upper: int | None
    repeats: bool
    types: tuple[TypeFact, ...] = ()
    fixed: tuple[Any, ...] = ()
    pattern: tuple[Any, ...] = ()
    """Empty, or the one value: a JSON null is no value, so neither can be None."""
    binding: tuple[str, str] | None = None
    slicing: SlicingFact | None = None
    slice: str | None = None
    reference: str | None = None
    constraints: tuple[str, ...] = ()
    max_length: int | None = None


@dataclass(frozen=True, slots=True)
class Definition:
    """A StructureDefinition: its snapshot, in order, and the invariants it names (`key` to severity and expression)."""

    url: str
    version: str
    type: str
    kind: str
    base: str
    elements: tuple[ElementFact, ...]

    @property
    def is_profile(self) -> bool:
        """Whether it constrains a type, rather than being one: FHIR has profiles under its own address too."""
        return self.url != f"http://hl7.org/fhir/StructureDefinition/{self.type}"


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything the checker knows. `codes` of a value set or code system are pairs or codes; absent ones are unknown.

    `hash` names the content, and stands in every report.
    """

    name: str
    definitions: Mapping[str, Definition]
    value_sets: Mapping[str, frozenset[tuple[str, str]]]
    code_systems: Mapping[str, frozenset[str]]
    invariants: Mapping[str, tuple[str, str]]
    resource_types: frozenset[str]
    use_cases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    foreign_invariants: frozenset[str] = frozenset()
    """Keys to which a package somebody gave has given another meaning than the one we wrote out."""
    hash: str = ""
