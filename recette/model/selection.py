"""Which part of the catalogue a run plays."""

from __future__ import annotations

from dataclasses import dataclass

from recette.model.words import Severity
from sas_kernel.errors import SasError
from sas_kernel.flows import Flow


class SelectionError(SasError):
    """The selection names something unknown or selects nothing. The text says what to write."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What was asked for: any value within a kind, every kind together.

    `scenarios`, `requirements` and `exclude` are ids or shell patterns (`slot_search.*`); `exclude` may name either.
    `severity` is the least severity of the requirements to judge.
    """

    flows: tuple[Flow, ...] = ()
    scenarios: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    severity: Severity | None = None
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Extent:
    """How much of what the target declares a partial run played: scenarios and tested requirements, played of all."""

    selection: Selection
    scenarios: int
    of_scenarios: int
    requirements: int
    of_requirements: int
