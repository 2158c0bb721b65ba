"""What certificates call things, and how they write dates: French first (’ « » and a space before : ; ? !)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from recette.certificates.model import RequirementStanding
from recette.journal.model import Party
from recette.model import Severity
from recette.projects.model import CONNECTIVITY, EXCHANGES, TEST_BOOK, TESTS_SUMMARY, Outcome, PhaseId
from recette.register import words as register
from sas_kernel.text import Lang, Text

TITLES: Mapping[PhaseId, Text] = {
    PhaseId.RECETTE: Text("Procès-verbal de recette", "Acceptance certificate"),
    PhaseId.MISE_EN_SERVICE: Text("Procès-verbal de mise en service", "Go-live certificate"),
    PhaseId.VSR: Text("Procès-verbal de vérification de service régulier", "Regular-service verification certificate"),
}
ARTICLES: Mapping[PhaseId, str] = {PhaseId.RECETTE: "6", PhaseId.MISE_EN_SERVICE: "7", PhaseId.VSR: "8.1"}
PHASES: Mapping[str, Text] = {
    PhaseId.CADRAGE.value: Text("cadrage", "framing"),
    PhaseId.DEVELOPPEMENT.value: Text("développement", "development"),
    PhaseId.RECETTE.value: Text("recette", "acceptance"),
    PhaseId.MISE_EN_SERVICE.value: Text("mise en service", "go-live"),
    PhaseId.VSR.value: Text("VSR", "VSR"),
    PhaseId.EXPLOITATION.value: Text("exploitation", "operation"),
}
OUTCOMES: Mapping[PhaseId, Mapping[Outcome, Text]] = {
    kind: {
        Outcome.VALIDATED: Text(f"{fr} validée", f"{en}: accepted"),
        Outcome.VALIDATED_WITH_RESERVES: Text(f"{fr} validée avec réserves", f"{en}: accepted with réserves"),
        Outcome.REFUSED: Text(f"{fr} refusée", f"{en}: refused"),
    }
    for kind, fr, en in (
        (PhaseId.RECETTE, "Recette", "Acceptance"),
        (PhaseId.MISE_EN_SERVICE, "Mise en service", "Go-live"),
        (PhaseId.VSR, "Vérification de service régulier", "Regular-service verification"),
    )
}
SEVERITIES: Mapping[Severity, Text] = {
    Severity.BLOCKING: Text("Bloquante", "Blocking"),
    Severity.MAJOR: Text("Majeure", "Major"),
    Severity.MINOR: Text("Mineure", "Minor"),
}
STATUSES = register.STATUS
STANDINGS: Mapping[RequirementStanding, Text] = {
    RequirementStanding.VALIDATED: Text("Validées", "Validated"),
    RequirementStanding.WITH_RESERVES: Text("Avec réserve", "With réserve"),
    RequirementStanding.SET_ASIDE: Text("Écartées", "Set aside"),
    RequirementStanding.NOT_VALIDATED: Text("Non validées", "Not validated"),
    RequirementStanding.NOT_JUDGED: Text("Non jugées", "Not judged"),
    RequirementStanding.NOT_APPLICABLE: Text("Sans objet", "Not applicable"),
}
RESULTS: Mapping[RequirementStanding, Text] = {
    **STANDINGS,
    RequirementStanding.SET_ASIDE: Text("Écartée", "Set aside"),
    RequirementStanding.NOT_VALIDATED: Text("Non validée", "Not validated"),
}
"""`STANDINGS` said of one requirement."""
PARTIES: Mapping[Party, Text] = {
    Party.ANS: Text("ANS", "ANS"),
    Party.EDITOR: Text("Éditeur", "Editor"),
    Party.TOOL: Text("outil", "tool"),
}
SHOWN: Mapping[str, Text] = {
    CONNECTIVITY: Text("Connectivité", "Connectivity"),
    EXCHANGES: Text("Échanges de données", "Exchanges of data"),
    TESTS_SUMMARY: Text("Synthèse des tests de l’éditeur", "Summary of the editor’s own tests"),
    TEST_BOOK: Text("Cahier de tests", "Test book"),
}


def day(value: date, lang: Lang) -> str:
    return f"{value:%d/%m/%Y}" if lang is Lang.FR else value.isoformat()


def instant(value: datetime, zone: ZoneInfo, lang: Lang) -> str:
    """To the minute, in the zone of the agreement; seconds where they say something (23:59:59)."""
    local = value.astimezone(zone)
    return f"{day(local.date(), lang)} {local:%H:%M:%S}" if local.second else f"{day(local.date(), lang)} {local:%H:%M}"


def span(value: timedelta, lang: Lang) -> str:
    """How long: `3 j 4 h 12 min`, `45 s`; a minus sign where negative."""
    seconds = round(abs(value.total_seconds()))
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, seconds = divmod(rest, 60)
    units = ((days, Text("j", "d")), (hours, Text("h", "h")), (minutes, Text("min", "min")), (seconds, Text("s", "s")))
    said = " ".join(f"{amount} {unit.to(lang)}" for amount, unit in units if amount) or "0 s"
    return f"−{said}" if value < timedelta() else said


def decimal(value: float, lang: Lang, digits: int = 2) -> str:
    """Cut, not rounded, so that 99.996 % is not said to be 100."""
    shown = f"{int(value * 10**digits + (1e-9 if value >= 0 else -1e-9)) / 10**digits:.{digits}f}"
    return shown.replace(".", ",") if lang is Lang.FR else shown
