"""A certificate as one page in one language, from which both HTML and PDF are made. Pure.

What one of them shows the other does: neither has words of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from recette.certificates import sections, sections_of_anomalies, sections_of_results
from recette.certificates import wording as w
from recette.certificates.layout import Layout, Section, Telling
from recette.certificates.model import Certificate
from recette.projects.model import Outcome
from sas_kernel.text import Lang

_TONES = {Outcome.VALIDATED: "pass", Outcome.VALIDATED_WITH_RESERVES: "warn", Outcome.REFUSED: "fail"}


def lay_out(certificate: Certificate, lang: Lang, fingerprint: str) -> Layout:
    """The page of a certificate. `fingerprint` is the SHA-256 of its content, printed on every page."""
    told = Telling(certificate, lang, ZoneInfo(certificate.time_zone), fingerprint)
    parts: tuple[Callable[[Telling], Section | None], ...] = (
        sections.subject,
        sections.decision,
        sections.shown,
        sections.service,
        sections_of_results.requirements,
        sections_of_results.scenarios,
        sections_of_anomalies.anomalies,
        sections_of_anomalies.reserves,
        sections_of_anomalies.earlier_reserves,
        sections_of_anomalies.rights,
        sections_of_anomalies.rules,
        sections_of_results.versions,
        sections_of_results.chain,
        sections.signatures,
    )
    made = [section for part in parts if (section := part(told)) is not None]
    label = (
        told.t("Proposition de l’outil", "Proposal of the tool")
        if certificate.decision is None
        else told.t("Décision", "Decision")
    )
    return Layout(
        lang=lang,
        title=w.TITLES[certificate.kind].to(lang),
        number=certificate.number or told.t("Projet", "Draft"),
        subject=f"{certificate.editor} · {certificate.interface} · {certificate.environment}",
        outcome=w.OUTCOMES[certificate.kind][certificate.outcome].to(lang),
        outcome_label=label,
        tone=_TONES[certificate.outcome],
        watermark=told.t("PROJET", "DRAFT") if certificate.is_draft else "",
        made_on=told.at(certificate.made_at),
        fingerprint=fingerprint,
        sections=tuple(
            Section(section.id, f"{number}. {section.title}", section.blocks) for number, section in enumerate(made, 1)
        ),
    )
