"""Where the data of `contracts/` is found, from a checkout and from an installed wheel alike."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

from sas_kernel.errors import ContractError
from sas_kernel.text import Text

ENVIRONMENT_VARIABLE = "SAS_CONTRACTS_DIR"


def directory() -> Path:
    """The folder of contracts: the one the environment names, else the packaged one, else the checkout's."""
    named = os.environ.get(ENVIRONMENT_VARIABLE)
    here = Path(__file__).resolve().parent
    candidates = [Path(named)] if named else [here / "_contracts", here.parent.parent / "contracts"]
    for candidate in candidates:
        if candidate.is_dir():
            return candidate
    raise ContractError(
        Text(
            "Dossier des contrats introuvable ({where}). Indiquez-le par la variable " + ENVIRONMENT_VARIABLE + ".",
            "Contracts folder not found ({where}). Name it with the variable " + ENVIRONMENT_VARIABLE + ".",
        ).format(where=", ".join(str(c) for c in candidates))
    )


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """A number somebody promised.

    `value` is in `unit`; `statistic` says of what the number is a bound (`max`, `p95`, `rate`, …); `minimum_samples` is
    the fewest measurements a verdict may rest on.
    """

    id: str
    value: float
    unit: str
    statistic: str
    minimum_samples: int
    text: Text
    source: str


def service_levels(folder: Path | None = None) -> dict[str, ServiceLevel]:
    """Every level of `service_levels.toml` by its id (`slot_search.answer_timeout`, …)."""
    path = (folder or directory()) / "service_levels.toml"
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        return {
            f"{flow}.{name}": ServiceLevel(
                id=f"{flow}.{name}",
                value=float(row["value"]),
                unit=row["unit"],
                statistic=row["statistic"],
                minimum_samples=int(row.get("minimum_samples", 1)),
                text=Text(row["text_fr"], row["text_en"]),
                source=row["source"],
            )
            for flow, rows in tables.items()
            for name, row in rows.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ContractError(
            Text(
                "Niveaux de service illisibles dans {path} : {error}",
                "Unreadable service levels in {path}: {error}",
            ).format(path=path, error=error)
        ) from error
