"""Reads the requirement catalogue and names the set of rules a run is judged with."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

from recette.model import Actor, Level, Requirement, Severity
from sas_kernel import contracts
from sas_kernel.errors import ContractError
from sas_kernel.flows import Flow
from sas_kernel.text import Text

COLUMNS = (
    "id",
    "flow",
    "actor",
    "level",
    "severity",
    "text_fr",
    "text_en",
    "source",
    "scenarios",
    "untested_reason_fr",
    "untested_reason_en",
)


def load(folder: Path | None = None, *, with_holes: bool = False) -> dict[str, Requirement]:
    """The rows of `requirements.csv` by id, in the file's order; `ContractError` names the line that is wrong.

    `with_holes` lets rows pass that have neither scenario nor reason: for who counts them.
    """
    path = (folder or contracts.directory()) / "requirements.csv"
    requirements: dict[str, Requirement] = {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            if tuple(rows.fieldnames or ()) != COLUMNS:
                raise _wrong(path, 1, f"columns must be {','.join(COLUMNS)}")
            for row in rows:
                requirement = _requirement(path, rows.line_num, row, with_holes)
                if requirement.id in requirements:
                    raise _wrong(path, rows.line_num, f"{requirement.id} stands twice")
                requirements[requirement.id] = requirement
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _wrong(path, 0, str(error)) from error
    return requirements


def _requirement(path: Path, line: int, row: dict[str, str], with_holes: bool) -> Requirement:
    if None in row or None in row.values():
        raise _wrong(path, line, f"expected {len(COLUMNS)} cells")
    scenarios = tuple(row["scenarios"].split())
    reason = Text(row["untested_reason_fr"], row["untested_reason_en"])
    told = bool(reason.fr and reason.en)
    hole = with_holes and not scenarios and not told
    if (bool(scenarios) == told and not hole) or bool(reason.fr) != bool(reason.en):
        raise _wrong(path, line, f"{row['id']} needs either scenarios or the reason it has none, in both languages")
    missing = [name for name in ("id", "text_fr", "text_en", "source") if not row[name].strip()]
    if missing:
        raise _wrong(path, line, f"empty {', '.join(missing)}")
    try:
        return Requirement(
            id=row["id"],
            flow=Flow(row["flow"]),
            actor=Actor(row["actor"]),
            level=Level(row["level"]),
            severity=Severity(row["severity"]),
            text=Text(row["text_fr"], row["text_en"]),
            source=row["source"],
            scenarios=scenarios,
            untested_reason=reason if reason.fr else None,
        )
    except ValueError as error:
        raise _wrong(path, line, str(error)) from error


def _wrong(path: Path, line: int, detail: str) -> ContractError:
    return ContractError(
        Text(
            "Catalogue d’exigences illisible : {path}, ligne {line} : {detail}.",
            "Unreadable requirement catalogue: {path}, line {line}: {detail}.",
        ).format(path=path, line=line, detail=detail)
    )


def rule_set(folder: Path | None = None) -> str:
    """Twelve hex digits that change when a requirement, a level, a scenario or a check does."""
    package = Path(__file__).resolve().parent.parent
    where = folder or contracts.directory()
    files = [where / "requirements.csv", where / "service_levels.toml"]
    files += sorted((where / "fhir").glob("*.json"))
    files += sorted(file for part in ("catalogue", "checks", "profiles") for file in (package / part).rglob("*.py"))
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:12]
