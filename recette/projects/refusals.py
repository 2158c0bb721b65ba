"""Why something cannot be done to a project: who may, what words it takes, what it cannot be dated before. Pure."""

from __future__ import annotations

from datetime import datetime

from recette.journal.model import Party
from recette.projects.model import ProjectError
from recette.register.moves import Move
from sas_kernel.text import Text


def not_before(move: Move, since: datetime | None) -> None:
    if since is not None and move.at < since:
        raise refused(
            "{at} est antérieur à ce qui le précède ({since}).",
            "{at} is earlier than what comes before it ({since}).",
            at=move.at.isoformat(),
            since=since.isoformat(),
        )


def only(move: Move, *parties: Party) -> None:
    if move.party not in parties:
        raise refused(
            "« {party} » ne peut pas le faire : c’est à {who}.",
            "'{party}' cannot do this: it is up to {who}.",
            party=move.party.value,
            who=", ".join(party.value for party in parties),
        )


def worded(move: Move) -> None:
    if not move.why.strip():
        raise refused("Il manque les mots : --why.", "Words are missing: --why.")


def refused(fr: str, en: str, **values: object) -> ProjectError:
    return ProjectError(Text(fr, en).format(**values))
