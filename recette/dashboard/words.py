"""What the dashboard calls things, and how it writes dates and what is left of time, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from recette.journal.model import Kind, Party
from recette.model import Severity, Verdict
from recette.projects import words as projects
from recette.projects.model import PhaseId
from recette.register import words as register
from recette.register.model import Matter
from recette.reports import words
from sas_kernel.text import Lang, Text

SEVERITIES = words.SEVERITIES
VERDICTS = words.VERDICTS
SEVERITY_TONES: Mapping[Severity, str] = MappingProxyType(
    {Severity.BLOCKING: "fail", Severity.MAJOR: "warn", Severity.MINOR: "skip"}
)
VERDICT_TONES: Mapping[Verdict, str] = MappingProxyType({each: each.value.lower() for each in Verdict})

PHASES: Mapping[PhaseId, Text] = MappingProxyType(
    {
        PhaseId.CADRAGE: Text("Cadrage", "Framing"),
        PhaseId.DEVELOPPEMENT: Text("Développement", "Development"),
        PhaseId.RECETTE: Text("Recette", "Acceptance"),
        PhaseId.MISE_EN_SERVICE: Text("Mise en service", "Go-live"),
        PhaseId.VSR: Text("VSR", "VSR"),
        PhaseId.EXPLOITATION: Text("Exploitation", "Operation"),
    }
)
CODES: Mapping[PhaseId, Text] = MappingProxyType(
    {
        PhaseId.CADRAGE: Text("C", "F"),
        PhaseId.DEVELOPPEMENT: Text("D", "D"),
        PhaseId.RECETTE: Text("R", "A"),
        PhaseId.MISE_EN_SERVICE: Text("MES", "GL"),
        PhaseId.VSR: Text("VSR", "VSR"),
        PhaseId.EXPLOITATION: Text("E", "O"),
    }
)
"""Where there is no room for the name; the legend says what they stand for."""
OUTCOMES = projects.OUTCOMES
PARTIES: Mapping[Party, Text] = MappingProxyType(
    {Party.ANS: Text("ANS", "ANS"), Party.EDITOR: Text("Éditeur", "Editor"), Party.TOOL: Text("Outil", "Tool")}
)
STATUSES = register.STATUS
MATTERS: Mapping[Matter, Text] = MappingProxyType(
    {
        Matter.ACKNOWLEDGEMENT: Text("prise en compte", "acknowledgement"),
        Matter.CORRECTION: Text("correction", "correction"),
    }
)
KINDS: Mapping[Kind, Text] = MappingProxyType(
    {
        Kind.PROJECT_OPENED: Text("Projet ouvert", "Project opened"),
        Kind.PROJECT_CHANGED: Text("Projet modifié", "Project changed"),
        Kind.MILESTONE: Text("Événement daté", "Event dated"),
        Kind.PHASE_OPENED: Text("Phase ouverte", "Phase opened"),
        Kind.PHASE_EXTENDED: Text("Phase prolongée", "Phase extended"),
        Kind.PHASE_CLOSED: Text("Phase close", "Phase closed"),
        Kind.SHOWN: Text("Montré", "Shown"),
        Kind.SUSPENDED: Text("Transmission arrêtée", "Transmission stopped"),
        Kind.RESUMED: Text("Transmission reprise", "Transmission resumed"),
        Kind.RUN: Text("Exécution enregistrée", "Run recorded"),
        Kind.ANOMALY_OPENED: Text("Anomalie ouverte", "Anomaly opened"),
        Kind.ANOMALY_SEEN: Text("Anomalie revue", "Anomaly seen again"),
        Kind.ANOMALY_NOTIFIED: Text("Anomalie notifiée", "Anomaly notified"),
        Kind.ANOMALY_ACKNOWLEDGED: Text("Anomalie prise en compte", "Anomaly acknowledged"),
        Kind.ANOMALY_QUALIFIED: Text("Anomalie qualifiée", "Anomaly qualified"),
        Kind.WORKAROUND_PROPOSED: Text("Contournement proposé", "Workaround proposed"),
        Kind.WORKAROUND_VALIDATED: Text("Contournement validé", "Workaround validated"),
        Kind.PLAN_PROPOSED: Text("Plan de remédiation proposé", "Remediation plan proposed"),
        Kind.PLAN_VALIDATED: Text("Plan de remédiation validé", "Remediation plan validated"),
        Kind.CLOCK_PAUSED: Text("Délai suspendu", "Clock paused"),
        Kind.CLOCK_RESUMED: Text("Délai repris", "Clock resumed"),
        Kind.CORRECTION_DELIVERED: Text("Correction livrée", "Correction delivered"),
        Kind.CORRECTION_VERIFIED: Text("Correction vérifiée", "Correction verified"),
        Kind.ANOMALY_REOPENED: Text("Anomalie rouverte", "Anomaly re-opened"),
        Kind.ANOMALY_WITHDRAWN: Text("Anomalie écartée", "Anomaly withdrawn"),
        Kind.NOTE: Text("Note", "Note"),
        Kind.MAINTENANCE: Text("Maintenance annoncée", "Maintenance announced"),
        Kind.SERVICE_REPORTED: Text("Rapport de service", "Service report"),
        Kind.MAIL_SENT: Text("Courriel envoyé", "Mail sent"),
        Kind.MAIL_RECEIVED: Text("Courriel reçu", "Mail received"),
        Kind.CERTIFICATE: Text("Procès-verbal émis", "Certificate issued"),
    }
)


def day(value: date, lang: Lang) -> str:
    """`22/05/2026`, in English `2026-05-22`."""
    return value.isoformat() if lang is Lang.EN else f"{value:%d/%m/%Y}"


def moment(value: datetime, zone: ZoneInfo, lang: Lang) -> str:
    """`22/05/2026 10:00`, in the zone of the agreement."""
    local = value.astimezone(zone)
    return f"{day(local.date(), lang)} {local:%H:%M}"


def lasting(value: timedelta, lang: Lang) -> str:
    """Its two largest units: `3 j 4 h`, `2 h 05 min`, `4 min`, `12 s`."""
    seconds = abs(int(value.total_seconds()))
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, seconds = divmod(rest, 60)
    d = Text("j", "d").to(lang)
    if days:
        return f"{days} {d} {hours} h" if hours else f"{days} {d}"
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min" if minutes else f"{seconds} s"


def left(value: timedelta, lang: Lang) -> str:
    """What is left of a deadline, or by how much it is overdue."""
    if value < timedelta():
        return Text("en retard de {t}", "overdue by {t}").format(t=lasting(value, lang)).to(lang)
    return Text("reste {t}", "{t} left").format(t=lasting(value, lang)).to(lang)


def percent(value: float | None, lang: Lang, decimals: int = 2) -> str:
    """A part of one as percent, cut, not rounded: what is below a promise never reads as if it held."""
    if value is None:
        return "–"
    scale: int = 10**decimals
    cut = int(round(value * 100 * scale, 6)) / scale
    space = "\u202f" if lang is Lang.FR else ""
    return f"{words.number(cut, lang, decimals)}{space}%"


def cited(article: str, lang: Lang) -> str:
    """Where a rule stands: `art. 8.2`, or an annex by its name."""
    named = article if lang is Lang.FR else article.replace("annexe", "annex")
    return named if article.startswith("annexe") else f"art. {named}"
