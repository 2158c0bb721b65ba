"""INT_R04: what the platform asks an editor that answers for CPTS."""

from __future__ import annotations

from recette.catalogue.platform.slot_search import CHECKS, ask
from recette.catalogue.tags import Tag
from recette.checks.platform_communities import FULL
from recette.model import Actor, Scenario, Stage, Target
from sas_kernel.flows import Flow
from sas_kernel.text import Text

_SEARCH = Text(
    "Recherchez sur la plateforme, créneaux de CPTS compris, plus de 25 professionnels. Nous y sommes un éditeur qui "
    "répond à INT_R04.",
    "Search the platform, CPTS slots included, for more than 25 practitioners. There we are an editor that answers "
    "INT_R04.",
)
_CHECKS = (*CHECKS, *FULL)


async def _ask(stage: Stage) -> None:
    await ask(stage, _CHECKS, _SEARCH, cpts=True)


def _not_searched(target: Target) -> Text | None:
    if target.cpts:
        return None
    return Text(
        "Le fichier de cible ne déclare pas que la plateforme recherche les CPTS (applicability.cpts = true).",
        "The target file does not declare that the platform searches CPTS (applicability.cpts = true).",
    )


ASKING = Scenario(
    "slot_search.platform.asking_cpts",
    Flow.SLOT_SEARCH,
    Text("Ce que la plateforme demande pour les CPTS", "What the platform asks for CPTS"),
    _CHECKS,
    _ask,
    omitted=_not_searched,
    actor=Actor.PLATFORM,
    tags=(Tag.CPTS, Tag.CONTENT),
)

SCENARIOS: tuple[Scenario, ...] = (ASKING,)
