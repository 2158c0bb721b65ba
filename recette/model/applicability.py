"""A statement of applicability: which requirements a target is held to, and why not the others."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from recette.model.staging import Target
from recette.model.words import Requirement
from sas_kernel.text import Text


class Standing(StrEnum):
    """`JUDGED`: at least one scenario can be played. `INCOMPLETE`: it applies, and the target file lacks something.
    `UNTESTED`: it applies and no scenario tests it. `NOT_APPLICABLE`: the target does not declare it."""

    JUDGED = "judged"
    INCOMPLETE = "incomplete"
    UNTESTED = "untested"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class Applicability:
    """One requirement's standing; `reason` unless it is judged, `scenarios` those that will judge it."""

    requirement: Requirement
    standing: Standing
    reason: Text | None = None
    scenarios: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    """Keys or tables of the target file."""


@dataclass(frozen=True, slots=True)
class Statement:
    """The requirements of the target's side, in the order of the catalogue."""

    target: Target
    rule_set: str
    tool_version: str
    rows: tuple[Applicability, ...]
