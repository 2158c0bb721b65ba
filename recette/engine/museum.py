"""Reads what stands beside the requirements: the museum, the checks without a wrong partner, the crosswalk."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from recette.model import Actor, Counterpart, Exemption, Exhibit, Relation
from sas_kernel import contracts
from sas_kernel.errors import ContractError
from sas_kernel.flows import Flow
from sas_kernel.text import Text

COLUMNS = ("name", "side", "flow", "requirement", "also", "checks", "text")
EXEMPTION_COLUMNS = ("check", "reason_fr", "reason_en")
KIT_COLUMNS = ("id", "mode", "title_fr", "title_en", "requirements", "relation", "why_fr", "why_en")
MODES = frozenset({"ps", "cpts", "both"})

_Row = TypeVar("_Row")


def exhibits(folder: Path | None = None) -> tuple[Exhibit, ...]:
    """The rows of `museum.csv`; `ContractError` names the line that is wrong, here and below."""
    return _read(folder, "museum.csv", COLUMNS, "name", _exhibit)


def exemptions(folder: Path | None = None) -> tuple[Exemption, ...]:
    """The rows of `unshown_checks.csv`."""
    return _read(folder, "unshown_checks.csv", EXEMPTION_COLUMNS, "check", _exemption)


def crosswalk(folder: Path | None = None) -> tuple[Counterpart, ...]:
    """The rows of `crosswalk_ans_kit.csv`, in the kit's order."""
    return _read(folder, "crosswalk_ans_kit.csv", KIT_COLUMNS, "id", _counterpart)


def _exhibit(row: dict[str, str]) -> Exhibit:
    if not row["checks"].strip() or not row["text"].strip():
        raise ValueError(f"{row['name']} says neither what catches it nor what is wrong with it")
    return Exhibit(
        name=row["name"],
        side=Actor(row["side"]),
        flow=Flow(row["flow"]),
        requirement=row["requirement"],
        also=tuple(row["also"].split()),
        checks=tuple(row["checks"].split()),
        text=row["text"],
    )


def _exemption(row: dict[str, str]) -> Exemption:
    reason = _text(row, "reason")
    if reason is None:
        raise ValueError(f"{row['check']} has no reason")
    return Exemption(row["check"], reason)


def _counterpart(row: dict[str, str]) -> Counterpart:
    id, title, why = row["id"], _text(row, "title"), _text(row, "why")
    relation, judging = Relation(row["relation"]), tuple(row["requirements"].split())
    if title is None or row["mode"] not in MODES:
        raise ValueError(f"{id} has no title or no mode of {', '.join(sorted(MODES))}")
    if (why is None) != (relation is Relation.SAME):
        raise ValueError(f"{id}: a relation other than same says why, and same does not")
    if relation is not Relation.NOT_COVERED and not judging:
        raise ValueError(f"{id} is {relation.value} and names no requirement")
    return Counterpart(id, row["mode"], title, judging, relation, why)


def _text(row: dict[str, str], name: str) -> Text | None:
    """A text in both languages, or none at all."""
    text = Text(row[f"{name}_fr"].strip(), row[f"{name}_en"].strip())
    if bool(text.fr) != bool(text.en):
        raise ValueError(f"{name} stands in one language only")
    return text if text.fr else None


def _read(
    folder: Path | None, name: str, columns: tuple[str, ...], key: str, make: Callable[[dict[str, str]], _Row]
) -> tuple[_Row, ...]:
    path = (folder or contracts.directory()) / name
    made: dict[str, _Row] = {}
    line = 0
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            line = 1
            if tuple(rows.fieldnames or ()) != columns:
                raise ValueError(f"columns must be {','.join(columns)}")
            for row in rows:
                line = rows.line_num
                if None in row or None in row.values():
                    raise ValueError(f"expected {len(columns)} cells")
                if not row[key].strip() or row[key] in made:
                    raise ValueError(f"{row[key] or 'a row without a name'} stands twice or is empty")
                made[row[key]] = make(row)
    except (OSError, ValueError, csv.Error) as error:
        raise ContractError(
            Text(
                "Fichier illisible : {path}, ligne {line} : {detail}.",
                "Unreadable file: {path}, line {line}: {detail}.",
            ).format(path=path, line=line, detail=error)
        ) from error
    return tuple(made.values())
