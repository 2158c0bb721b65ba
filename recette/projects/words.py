"""What of a project people read: outcomes of phases, parties, dates. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from recette.journal.model import Party
from recette.projects.model import Outcome
from sas_kernel.text import Text

OUTCOMES: Mapping[Outcome, Text] = {
    Outcome.VALIDATED: Text("validée", "validated"),
    Outcome.VALIDATED_WITH_RESERVES: Text("validée avec réserves", "validated with réserves"),
    Outcome.REFUSED: Text("refusée", "refused"),
}
"""Said of a phase."""
PARTIES: Mapping[Party, Text] = {
    Party.ANS: Text("ANS", "ANS"),
    Party.EDITOR: Text("éditeur", "editor"),
    Party.TOOL: Text("outil", "tool"),
}


def day(day: date) -> Text:
    """A date as people read it."""
    return Text(f"{day:%d/%m/%Y}", day.isoformat())
