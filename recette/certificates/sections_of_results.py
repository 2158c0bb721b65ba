"""The sections of a certificate about requirements, scenarios, runs and what it rests on. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict

from recette.certificates import sections
from recette.certificates import wording as w
from recette.certificates.layout import Block, Facts, Item, Paragraph, Section, Table, Telling
from recette.certificates.model import RequirementStanding
from recette.projects.model import PhaseId
from recette.reports import words
from sas_kernel.flows import Flow


def requirements(told: Telling) -> Section | None:
    c, t = told.of, told.t
    title = t("Résultats par exigence", "Results by requirement")
    if not c.requirements:
        if c.kind is not PhaseId.RECETTE:
            return None
        said = t("Aucune exécution n’a jugé d’exigence dans cette phase.", "No run judged a requirement in this phase.")
        return Section("requirements", title, (Paragraph(said),))
    blocks: list[Block] = [_counts(told)]
    detailed = {RequirementStanding.NOT_VALIDATED, RequirementStanding.WITH_RESERVES, RequirementStanding.SET_ASIDE}
    failed = [line for line in c.requirements if line.standing in detailed]
    if failed:
        blocks.append(
            Table(
                t("Exigences qui ne sont pas simplement validées", "Requirements not simply validated"),
                (t("Exigence", "Requirement"), t("Gravité", "Severity"), t("Énoncé", "Text"), t("Résultat", "Result")),
                tuple(
                    (
                        line.id,
                        told.say(w.SEVERITIES[line.severity]) if line.severity else "–",
                        told.say(line.text) if line.text else "–",
                        told.pair(told.say(w.RESULTS[line.standing]), ", ".join(line.anomalies))
                        + (f"\n{told.say(line.reason)}" if line.reason else ""),
                    )
                    for line in failed
                ),
                (0.15, 0.14, 0.47, 0.24),
            )
        )
    reasons: dict[str, list[str]] = defaultdict(list)
    for line in c.requirements:
        if line.standing is RequirementStanding.NOT_JUDGED:
            reasons[told.say(line.reason) if line.reason else "–"].append(line.id)
    if reasons:
        blocks.append(
            Table(
                t("Exigences non jugées", "Requirements not judged"),
                (t("Pourquoi", "Why"), t("Exigences", "Requirements")),
                tuple((why, told.pair(str(len(ids)), ", ".join(ids))) for why, ids in reasons.items()),
                (0.5, 0.5),
            )
        )
    return Section("requirements", title, tuple(blocks))


def _counts(told: Telling) -> Table:
    c, t = told.of, told.t
    by_flow: dict[Flow | None, Counter[RequirementStanding]] = defaultdict(Counter)
    for line in c.requirements:
        by_flow[line.flow][line.standing] += 1
    total = sum(by_flow.values(), Counter[RequirementStanding]())
    outside = t("Hors du catalogue", "Outside the catalogue")
    rows = [(sections.flow_name(told, flow) if flow else outside, count) for flow, count in by_flow.items()]
    rows.append((t("Ensemble", "All"), total))
    return Table(
        t("Exigences par flux", "Requirements by flow"),
        (t("Flux", "Flow"), *(told.say(text) for text in w.STANDINGS.values()), t("Total", "Total")),
        tuple(
            (name, *(str(count[standing]) for standing in w.STANDINGS), str(sum(count.values())))
            for name, count in rows
        ),
        (0.2, *(0.12 for _ in w.STANDINGS), 0.08),
    )


def scenarios(told: Telling) -> Section | None:
    c, t = told.of, told.t
    if not c.scenarios:
        return None
    held = sum(line.validated for line in c.scenarios)
    said = t(
        f"Scénarios validés : {held} sur {len(c.scenarios)} joués dans la phase.",
        f"Scenarios validated: {held} of {len(c.scenarios)} played in the phase.",
    )
    blocks: list[Block] = [Paragraph(said)]
    left = [line for line in c.scenarios if not line.validated]
    if left:
        blocks.append(
            Table(
                t("Scénarios non validés", "Scenarios not validated"),
                (t("Scénario", "Scenario"), t("Résultat", "Result"), t("Exécution", "Run")),
                tuple((line.id, told.say(words.VERDICTS[line.verdict]), line.run) for line in left),
                (0.45, 0.25, 0.3),
            )
        )
    return Section("scenarios", t("Scénarios du cahier de tests", "Scenarios of the test book"), tuple(blocks))


def versions(told: Telling) -> Section:
    c, t = told.of, told.t
    title = t("Versions, règles et exécutions", "Versions, rules and runs")
    chained = {run.id: run for run in c.chain.runs}
    blocks: list[Block] = [
        Paragraph(t(f"Document produit par recette {c.tool_version}.", f"Made by recette {c.tool_version}."))
    ]
    if not c.runs:
        blocks.append(Paragraph(t("Aucune exécution n’est enregistrée.", "No run is recorded.")))
    for run in c.runs:
        link = chained[run.id]
        extent = t("partielle", "partial") if run.partial else t("entière", "whole")
        counted = t(", retenue pour cette phase", ", counted for this phase") if run.in_phase else ""
        pairs = (
            (t("Jouée", "Played"), f"{told.at(run.started_at)} – {told.at(run.finished_at)} ({extent}{counted})"),
            (t("Cible", "Target"), f"{run.target} {run.base_url}".strip()),
            (t("Résultat", "Result"), told.say(words.VERDICTS[run.verdict])),
            (
                t("Outil, règles, guide", "Tool, rules, guide"),
                f"recette {run.tool_version}, {run.rule_set}, {run.guide or '–'}",
            ),
            (t("SHA-256 du rapport", "SHA-256 of the report"), link.sha256),
            (t("Journal", "Journal"), t(f"entrée {link.entry}, ", f"entry {link.entry}, ") + link.entry_hash),
        )
        blocks.append(Item(f"{t('Exécution', 'Run')} {run.id}", pairs))
    return Section("versions", title, tuple(blocks))


def chain(told: Telling) -> Section:
    c, t = told.of, told.t
    said = t(
        "Ce document repose sur le journal du projet, où rien ne se récrit : chaque entrée porte l’empreinte de la "
        "précédente. « recette certificate verify » recalcule tout.",
        "This document rests on the project’s journal, in which nothing is rewritten: each entry bears the hash of the "
        "one before. 'recette certificate verify' recomputes everything.",
    )
    pairs = (
        (t("Entrées du journal", "Entries of the journal"), str(c.chain.entries)),
        (t("Empreinte de la dernière", "Hash of the last"), c.chain.head),
        (t("Empreinte du contenu (SHA-256)", "Hash of the content (SHA-256)"), told.fingerprint),
    )
    return Section("chain", t("Ce qui fait foi", "What it rests on"), (Paragraph(said), Facts(pairs)))
