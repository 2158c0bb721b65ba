"""What the register has to know of its project: which phase a run fell into, and whose findings count. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from recette.journal.model import Entry, Kind
from recette.register.model import RegisterError
from sas_kernel.text import Text


@dataclass(frozen=True, slots=True)
class Setting:
    """`phase` is the one in which an instant falls: the last opened by then, be it closed since; empty before them all.
    `flows` are those that the project is about, empty for all."""

    phase: str
    flows: frozenset[str]


def at(project: str, entries: Iterable[Entry], moment: datetime) -> Setting:
    """The setting at an instant; `RegisterError` where the entries open no project."""
    opened, phase, flows = False, "", frozenset[str]()
    for entry in entries:
        opened = opened or entry.kind is Kind.PROJECT_OPENED
        if entry.kind in {Kind.PROJECT_OPENED, Kind.PROJECT_CHANGED} and "flows" in entry.payload:
            flows = frozenset(entry.payload["flows"])
        if entry.kind is Kind.PHASE_OPENED and entry.at <= moment:
            phase = entry.subject
    if not opened:
        raise RegisterError(
            Text(
                "Le projet « {p} » n’existe pas. `recette project open` l’ouvre, `recette project list` les montre.",
                "There is no project '{p}'. `recette project open` opens one, `recette project list` shows them.",
            ).format(p=project)
        )
    return Setting(phase, flows)
