"""What we promise of ourselves (`contracts/performance.toml`), and whether a measure holds it."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from functools import cache

from sas_kernel import contracts


@dataclass(frozen=True, slots=True)
class Figure:
    id: str
    value: float
    at_most: bool
    unit: str
    measured_by: str
    text: str
    source: str

    def holds(self, measured: float) -> bool:
        """A figure that could not be measured (NaN) is not held."""
        if math.isnan(measured):
            return False
        return measured <= self.value if self.at_most else measured >= self.value


@cache
def promised() -> dict[str, Figure]:
    tables = tomllib.loads((contracts.directory() / "performance.toml").read_text(encoding="utf-8"))
    return {
        f"{subject}.{name}": Figure(
            id=f"{subject}.{name}",
            value=float(row["value"]),
            at_most={"at_most": True, "at_least": False}[row["bound"]],
            unit=row["unit"],
            measured_by=row["measured_by"],
            text=row["text"],
            source=row["source"],
        )
        for subject, rows in tables.items()
        for name, row in rows.items()
    }


class Told:
    """Every figure that a run measured, printed as it comes."""

    def __init__(self) -> None:
        self.measured: dict[str, float] = {}

    def tell(self, figure_id: str, measured: float) -> None:
        figure = promised()[figure_id]
        self.measured[figure_id] = measured
        bound = "at most" if figure.at_most else "at least"
        verdict = "held" if figure.holds(measured) else "MISSED"
        print(f"  {figure_id:32}{measured:>9.3g} {figure.unit} ({bound} {figure.value:g})  {verdict}")

    @property
    def missed(self) -> list[str]:
        return [each for each, measured in self.measured.items() if not promised()[each].holds(measured)]


TOLD = Told()
