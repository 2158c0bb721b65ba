"""What of an anomaly people read: severities, statuses, what is left. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from recette.model import Severity
from recette.register.model import Status
from sas_kernel.text import Text

SEVERITY: Mapping[Severity, Text] = {
    Severity.BLOCKING: Text("bloquante", "blocking"),
    Severity.MAJOR: Text("majeure", "major"),
    Severity.MINOR: Text("mineure", "minor"),
}
STATUS: Mapping[Status, Text] = {
    Status.OPEN: Text("à notifier", "to be notified"),
    Status.NOTIFIED: Text("notifiée", "notified"),
    Status.ACKNOWLEDGED: Text("prise en compte", "acknowledged"),
    Status.DELIVERED: Text("correction livrée, à vérifier", "correction delivered, to be verified"),
    Status.CORRECTED: Text("corrigée", "corrected"),
    Status.WITHDRAWN: Text("écartée", "withdrawn"),
}


def left(time: timedelta) -> Text:
    """What is left of a deadline, or by how much it is overdue: days and hours, or hours and minutes."""
    whole = abs(time)
    days, hours, minutes = whole.days, whole.seconds // 3600, whole.seconds // 60 % 60
    fr, en = (f"{days} {unit} {hours:02} h" if days else f"{hours} h {minutes:02}" for unit in "jd")
    text = Text("en retard de {n}", "overdue by {n}") if time < timedelta() else Text("reste {n}", "{n} left")
    return text.format(n=Text(fr, en))
