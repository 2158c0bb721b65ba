"""The sections of a certificate about anomalies, réserves, rights and the rules that made their dates. Pure."""

from __future__ import annotations

from recette.certificates import wording as w
from recette.certificates.layout import Block, Item, Numbered, Paragraph, Section, Table, Telling
from recette.certificates.model import AnomalyLine, DueLine, Said
from recette.model import Severity
from recette.projects.model import PhaseId
from recette.register.model import Status


def anomalies(told: Telling) -> Section:
    c, t = told.of, told.t
    title = t("Anomalies par gravité", "Anomalies by severity")
    if not c.anomalies:
        none = Paragraph(t("Aucune anomalie n’a été ouverte.", "No anomaly was opened."))
        return Section("anomalies", title, (none,))
    blocks: list[Block] = [_counts(told)]
    for severity in Severity:
        lines = [line for line in c.anomalies if line.severity is severity]
        if lines:
            blocks.append(
                Table(
                    told.say(w.SEVERITIES[severity]) + f" ({len(lines)})",
                    (
                        t("Anomalie", "Anomaly"),
                        t("Constat", "Finding"),
                        t("État", "State"),
                        t("Prise en compte", "Acknowledgement"),
                        t("Correction", "Correction"),
                    ),
                    tuple(_row(told, line) for line in lines),
                    (0.12, 0.31, 0.19, 0.19, 0.19),
                )
            )
    if any(due and due.indicative for line in c.anomalies for due in (line.acknowledgement, line.correction)):
        said = t(
            "Échéances indicatives : la convention n’en fixe pas par anomalie dans cette phase (art. 6).",
            "Indicative dates: the agreement sets none by anomaly in this phase (art. 6).",
        )
        blocks.append(Paragraph(said, "soft"))
    if any(not line.agreed for line in c.anomalies):
        said = t(
            "Gravité proposée : les deux parties ne l’ont pas encore qualifiée de même (art. 8.2).",
            "Proposed severity: both parties have not qualified it the same yet (art. 8.2).",
        )
        blocks.append(Paragraph(f"* {said}", "soft"))
    return Section("anomalies", title, tuple(blocks))


def _counts(told: Telling) -> Table:
    c, t = told.of, told.t

    def row(name: str, lines: list[AnomalyLine]) -> tuple[str, ...]:
        is_open = [line for line in lines if not line.status.is_closed]
        return (
            name,
            str(len(is_open)),
            str(sum(line.is_reserve for line in is_open)),
            str(sum(line.status is Status.CORRECTED for line in lines)),
            str(sum(line.status is Status.WITHDRAWN for line in lines)),
            str(len(lines)),
        )

    rows = [
        row(told.say(w.SEVERITIES[severity]), [line for line in c.anomalies if line.severity is severity])
        for severity in Severity
    ]
    return Table(
        t("Anomalies du projet", "Anomalies of the project"),
        (
            t("Gravité", "Severity"),
            t("Ouvertes", "Open"),
            t("dont réserves", "among them réserves"),
            t("Corrigées", "Corrected"),
            t("Écartées", "Withdrawn"),
            t("Total", "Total"),
        ),
        (*rows, row(t("Ensemble", "All"), list(c.anomalies))),
        (0.25, 0.15, 0.17, 0.15, 0.14, 0.14),
    )


def _row(told: Telling, line: AnomalyLine) -> tuple[str, ...]:
    t = told.t
    seen = t(f"vue {line.occurrences} fois", f"seen {line.occurrences} times") if line.occurrences > 1 else ""
    phase = w.PHASES[line.phase].to(told.lang) if line.phase in w.PHASES else line.phase
    opened = t("ouverte le", "opened") + f" {told.at(line.opened_at)}" + (f" ({phase})" if phase else "")
    finding = [f"{told.say(line.title)}", f"{line.requirement}, {line.path}" if line.path else line.requirement]
    state = [told.say(w.STATUSES[line.status])]
    if line.delivered_at is not None:
        version = f" ({line.delivered_as})" if line.delivered_as else ""
        state.append(t("livrée le", "delivered") + f" {told.at(line.delivered_at)}{version}")
    if line.verified_at is not None:
        state.append(t("vérifiée le", "verified") + f" {told.at(line.verified_at)} ({line.verified_by})")
    return (
        line.id + ("" if line.agreed else " *"),
        "\n".join([*finding, ", ".join(part for part in (opened, seen) if part)]),
        "\n".join(state),
        _due(told, line.acknowledgement),
        _due(told, line.correction),
    )


def _due(told: Telling, due: DueLine | None) -> str:
    if due is None:
        return "–"
    t = told.t
    lines = [t("avant le", "by") + f" {told.at(due.due_at)}"]
    if due.met_at is not None:
        lines.append(t("faite le", "done") + f" {told.at(due.met_at)}")
    if due.paused:
        lines.append(t("délai suspendu", "paused"))
    if due.indicative:
        lines.append(t("indicative", "indicative"))
    elif due.overdue:
        lines.append(t("EN RETARD", "LATE"))
    return "\n".join(lines)


def reserves(told: Telling) -> Section | None:
    c, t = told.of, told.t
    if not c.reserves:
        return None
    none = t("aucun", "none")
    items: list[Block] = []
    for each in c.reserves:
        if each.due_on is not None:
            due = told.at(each.due_on)
        else:
            due = told.at(each.due_at) + (" (art. 8.2)" if each.due_at else "")
        pairs = (
            (t("Échéance", "Due"), due),
            (t("Contournement", "Workaround"), _said(told, each.workaround) if each.workaround else none),
            (
                t("validé par", "validated by"),
                _who(told, each.workaround_validated) if each.workaround_validated else none,
            ),
            (t("Plan de remédiation", "Remediation plan"), _said(told, each.plan) if each.plan else none),
            (
                t("validé par", "validated by"),
                " ; ".join(_who(told, said) for said in each.plan_validated) or none,
            ),
        )
        severity = told.say(w.SEVERITIES[each.severity])
        items.append(Item(f"{each.anomaly} · {severity} · {told.say(each.title)}", pairs))
    return Section("reserves", t("Réserves", "Réserves"), tuple(items))


def _said(told: Telling, said: Said) -> str:
    return f"{said.text}\n({_who(told, said)})"


def _who(told: Telling, said: Said) -> str:
    return f"{said.who}, {told.say(w.PARTIES[said.party])}, {told.at(said.at)}"


def earlier_reserves(told: Telling) -> Section | None:
    c, t = told.of, told.t
    if c.kind is not PhaseId.VSR:
        return None
    title = t("Réserves du procès-verbal de recette", "Réserves of the acceptance certificate")
    if not c.earlier_reserves:
        none = Paragraph(t("Le procès-verbal de recette n’en portait aucune.", "It had none."))
        return Section("earlier-reserves", title, (none,))
    table = Table(
        t("Levée des réserves", "How the réserves were lifted"),
        (
            t("Anomalie", "Anomaly"),
            t("Constat", "Finding"),
            t("Plan", "Plan"),
            t("Livrée le", "Delivered"),
            t("Levée", "Lifted"),
        ),
        tuple(
            (
                each.anomaly,
                told.say(each.title),
                told.at(each.due_on),
                told.at(each.delivered_at),
                t("oui", "yes") if each.lifted else t("non", "no") + f" ({told.say(w.STATUSES[each.status])})",
            )
            for each in c.earlier_reserves
        ),
        (0.12, 0.36, 0.15, 0.2, 0.17),
    )
    return Section("earlier-reserves", title, (table,))


def rights(told: Telling) -> Section | None:
    c, t = told.of, told.t
    if c.kind is PhaseId.RECETTE:
        return None
    title = t("Droits de suspension", "Rights of suspension")
    if not c.rights and not c.interruptions:
        said = t(
            "Aucun droit d’arrêter la transmission des données n’est né pendant la phase.",
            "No right to stop the transmission of data arose during the phase.",
        )
        return Section("rights", title, (Paragraph(said),))
    blocks: list[Block] = []
    if c.rights:
        blocks.append(
            Table(
                t("Droits nés, exercés ou non", "Rights that arose, used or not"),
                (t("Droit", "Right"), t("Article", "Article"), t("Pour", "For"), t("Du", "From"), t("Au", "To")),
                tuple(
                    (
                        told.say(each.text),
                        each.article,
                        ", ".join(each.about) or "–",
                        told.at(each.since),
                        told.at(each.until) if each.until else t("toujours ouvert", "still there"),
                    )
                    for each in c.rights
                ),
                (0.4, 0.1, 0.16, 0.17, 0.17),
            )
        )
    if c.interruptions:
        blocks.append(
            Table(
                t("Arrêts de la transmission", "Stops of the transmission"),
                (t("Du", "From"), t("Au", "To"), t("Par", "By"), t("Motif", "Why")),
                tuple(
                    (
                        told.at(each.since),
                        told.at(each.until) if each.until else t("en cours", "still on"),
                        each.who,
                        each.why or "–",
                    )
                    for each in c.interruptions
                ),
                (0.2, 0.2, 0.22, 0.38),
            )
        )
    else:
        said = t("La transmission n’a pas été arrêtée.", "The transmission was not stopped.")
        blocks.append(Paragraph(said))
    return Section("rights", title, tuple(blocks))


def rules(told: Telling) -> Section:
    c, t = told.of, told.t
    title = t("Délais appliqués et choix là où la convention se tait", "Deadlines and choices where the text is silent")
    blocks: list[Block] = []
    if c.rules:
        blocks.append(
            Table(
                t("Délais appliqués", "Deadlines applied"),
                (t("Règle", "Rule"), t("Article", "Article"), t("Notes", "Notes")),
                tuple(
                    (told.say(each.text), each.article, ", ".join(f"({number})" for number in each.notes) or "–")
                    for each in c.rules
                ),
                (0.6, 0.14, 0.26),
            )
        )
    if c.notes:
        blocks.append(
            Numbered(
                tuple(
                    (
                        note.number,
                        told.pair(
                            f"{note.key} = {note.value or '–'}"
                            + (
                                "" if note.is_default else t(" (modifié pour ce projet)", " (changed for this project)")
                            ),
                            f"{told.say(note.reason)} (art. {note.article})",
                        ),
                    )
                    for note in c.notes
                )
            )
        )
    if not blocks:
        blocks.append(Paragraph(t("Aucun délai n’a été appliqué.", "No deadline was applied.")))
    return Section("rules", title, tuple(blocks))
