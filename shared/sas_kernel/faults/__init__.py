"""Faults on purpose: what one of the two services does wrong when somebody asks it to. Pure but for `reader.load`.

People who test their own software want the other side late, silent, cut off or repeating itself, at will and each time
alike. The partners that are wrong for the harness's own sake are another thing (`recette.museum`).
"""

from __future__ import annotations

from sas_kernel.faults.model import Direction, Fault, InvalidFaultError, Side

__all__ = ["Direction", "Fault", "InvalidFaultError", "Side"]
