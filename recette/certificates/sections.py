"""The sections of a certificate about what was agreed, decided, shown and run. Pure."""

from __future__ import annotations

from recette.certificates import wording as w
from recette.certificates.layout import (
    Block,
    Facts,
    Paragraph,
    Section,
    SignatureBlocks,
    Table,
    Telling,
)
from recette.certificates.model import Certificate
from recette.projects.model import Outcome, PhaseId
from recette.reports import words
from sas_kernel.flows import Flow
from sas_kernel.text import Lang


def subject(told: Telling) -> Section:
    c, t = told.of, told.t
    pairs = [
        (t("Convention", "Agreement"), f"{told.say(c.agreement_title)} ({c.agreement_reference})"),
        (t("Parties", "Parties"), " ; ".join(each.organisation for each in c.signatories)),
        (t("Éditeur", "Editor"), c.editor),
        (t("Solution", "Product"), " ".join(part for part in (c.product, c.version) if part) or "–"),
        (t("Interface", "Interface"), c.interface),
        (t("Flux", "Flows"), ", ".join(flow_name(told, flow) for flow in c.flows) or t("tous", "all")),
        (t("Environnement", "Environment"), c.environment),
        (t("Projet", "Project"), c.project),
        (t("Signature de la convention", "Signature of the agreement"), told.at(c.signed_at)),
        (t("Livraison des développements", "Delivery of the developments"), told.at(c.delivered_at)),
        (t("Phase ouverte le", "Phase opened on"), told.at(c.opened_at)),
        (_end_label(told), told.at(c.planned_end)),
    ]
    if c.extended_to is not None:
        pairs.append((t("Prolongée d’un commun accord au", "Extended by agreement to"), told.at(c.extended_to)))
    pairs.append((t("Jugée au", "Judged as of"), told.at(c.judged_at)))
    note = t("Les heures sont celles de Paris.", "Times are those of Paris.")
    blocks: list[Block] = [Facts(tuple(pairs))]
    if c.time_zone == "Europe/Paris":
        blocks.append(Paragraph(note, "soft"))
    return Section("subject", t("Objet et parties", "Subject and parties"), tuple(blocks))


def flow_name(told: Telling, flow: Flow) -> str:
    return told.say(words.FLOWS[flow])


def _end_label(told: Telling) -> str:
    if told.of.kind is PhaseId.VSR:
        return told.t("Terme des deux mois", "End of the two months")
    return told.t("Terme de la phase", "End of the phase")


def decision(told: Telling) -> Section:
    c, t = told.of, told.t
    outcomes = w.OUTCOMES[c.kind]
    blocks: list[Block] = []
    if c.decision is None:
        said = t(
            "Aucune décision n’est enregistrée : ce document porte la proposition de l’outil. Les parties décident.",
            "No decision is recorded: this document bears the proposal of the tool. The parties decide.",
        )
        blocks.append(Paragraph(said))
    else:
        blocks.append(Paragraph(told.pair(t("Décision", "Decision"), told.say(outcomes[c.decision])) + ".", "strong"))
        if c.decided_by:
            blocks.append(Paragraph(told.pair(t("Consignée par", "Recorded by"), c.decided_by) + "."))
    blocks.append(
        Paragraph(
            told.pair(t("Proposition de l’outil", "Proposal of the tool"), told.say(outcomes[c.proposal])) + ".",
            "strong",
        )
    )
    if c.differs:
        said = t(
            "La décision des parties diffère de la proposition de l’outil, dont voici les motifs.",
            "The parties decided otherwise than the tool proposes; its reasons follow.",
        )
        blocks.append(Paragraph(said, "strong"))
    if c.missing:
        blocks.append(
            Table(
                t("Ce qui manque", "What is missing"),
                (t("Motif", "Reason"), t("Article", "Article")),
                tuple((told.say(each.text), each.article) for each in c.missing),
                (0.84, 0.16),
            )
        )
    else:
        where = w.ARTICLES[c.kind]
        blocks += [Paragraph(f"{told.say(reason)}") for reason in c.reasons]
        blocks.append(Paragraph(t(f"Conditions : article {where}.", f"Conditions: article {where}."), "soft"))
    if c.kind is PhaseId.VSR:
        blocks += _prolongation(told)
    return Section("decision", t("Décision et motifs", "Decision and reasons"), tuple(blocks))


def _prolongation(told: Telling) -> list[Block]:
    c, t = told.of, told.t
    rule = t(
        "Règle : la VSR dure deux mois, et plus tant qu’une anomalie bloquante ou majeure n’est pas corrigée et livrée "
        "(art. 8.1).",
        "Rule: the regular-service verification lasts two months, and longer while a blocking or major anomaly is not "
        "corrected and delivered (art. 8.1).",
    )
    end = told.at(c.earliest_end) if c.earliest_end else t("ne peut encore être dite", "cannot be told yet")
    pairs = ((t("Terme des deux mois", "End of the two months"), told.at(c.planned_end)), (t("Fin", "End"), end))
    blocks: list[Block] = [Paragraph(rule), Facts(pairs)]
    if c.prolonging:
        blocks.append(
            Table(
                t("Ce qui prolonge la VSR", "What prolongs the verification"),
                (t("Anomalie", "Anomaly"), t("Gravité", "Severity"), t("Correction livrée le", "Correction delivered")),
                tuple(
                    (
                        each.anomaly,
                        told.say(w.SEVERITIES[each.severity]),
                        told.at(each.delivered_at) if each.delivered_at else t("pas encore", "not yet"),
                    )
                    for each in c.prolonging
                ),
                (0.3, 0.3, 0.4),
            )
        )
    else:
        blocks.append(Paragraph(t("La VSR n’est pas prolongée.", "The verification is not prolonged.")))
    return blocks


def shown(told: Telling) -> Section | None:
    c, t = told.of, told.t
    if c.kind is PhaseId.VSR or (c.kind is PhaseId.RECETTE and not c.shown):
        return None
    if not c.shown:
        empty = Paragraph(t("Rien n’a été montré dans cette phase.", "Nothing was shown in this phase."))
        return Section("shown", t("Connectivité et échanges", "Connectivity and exchanges"), (empty,))
    table = Table(
        t("Montré, par qui", "Shown, by whom"),
        (t("Quoi", "What"), t("Le", "On"), t("Par", "By"), t("Comment", "How")),
        tuple(
            (
                told.say(w.SHOWN[each.what]) if each.what in w.SHOWN else each.what,
                told.at(each.at),
                f"{each.who} ({told.say(w.PARTIES[each.party])})",
                each.why or "–",
            )
            for each in c.shown
        ),
        (0.22, 0.18, 0.24, 0.36),
    )
    return Section("shown", t("Connectivité et échanges", "Connectivity and exchanges"), (table,))


def service(told: Telling) -> Section | None:
    c, t, lang = told.of, told.t, told.lang
    if c.kind is not PhaseId.VSR:
        return None
    title = t("Disponibilité et temps de réponse", "Availability and response times")
    s = c.service
    if s is None:
        said = t("Aucun relevé du service n’a été produit.", "No record of the service was produced.")
        return Section("service", title, (Paragraph(said),))
    measured = "–" if s.availability is None else f"{w.decimal(100 * s.availability, lang, 3)} %"
    facts = Facts(
        (
            (t("Période", "Period"), f"{told.at(s.start)} – {told.at(s.end)}"),
            (t("Relevés", "Samples"), words.number(s.samples, lang)),
            (t("Durée surveillée", "Time watched"), w.span(s.watched, lang)),
            (t("Maintenance prévue, exclue", "Planned maintenance, excluded"), w.span(s.maintenance, lang)),
            (t("Indisponibilité", "Downtime"), w.span(s.downtime, lang)),
            (
                t("Disponibilité", "Availability"),
                told.pair(
                    f"{measured} ({t('promise', 'promised')} {w.decimal(100 * s.promised_availability, lang, 3)} %)",
                    _holds(told, s.availability_holds),
                ),
            ),
            (t("Indisponibilité encore admise", "Downtime still allowed"), w.span(s.budget_left, lang)),
        )
    )
    blocks: list[Block] = [facts]
    if s.levels:
        blocks.append(
            Table(
                t("Temps de réponse et autres niveaux", "Response times and other levels"),
                (
                    t("Niveau", "Level"),
                    t("Promis", "Promised"),
                    t("Mesuré", "Measured"),
                    t("Relevés", "Samples"),
                    t("Tenu", "Held"),
                ),
                tuple(
                    (
                        f"{told.say(level.text)} ({level.source})",
                        words.promised(level.promised, level.unit, lang),
                        "–" if level.measured is None else _measured(level.measured, level.unit, lang),
                        words.number(level.samples, lang),
                        _holds(told, level.holds),
                    )
                    for level in s.levels
                ),
                (0.42, 0.14, 0.16, 0.12, 0.16),
            )
        )
    return Section("service", title, tuple(blocks))


def _measured(value: float, unit: str, lang: Lang) -> str:
    return words.seconds(value, lang) if unit == "s" else words.promised(value, unit, lang)


def _holds(told: Telling, holds: bool | None) -> str:
    if holds is None:
        return told.t("ne peut être dit", "cannot be told")
    return told.t("tenu", "held") if holds else told.t("non tenu", "not held")


def signatures(told: Telling) -> Section:
    c, t = told.of, told.t
    unsaid = t("Nom :", "Name:")
    blocks = tuple(
        (
            told.pair(t("Pour", "For"), each.organisation),
            f"{t('Nom :', 'Name:')} {each.name}{f', {each.role}' if each.role else ''}" if each.name else unsaid,
        )
        for each in c.signatories
    )
    lines = (t("Date :", "Date:"), t("Signature :", "Signature:"))
    said = _signing_sentence(c, told)
    return Section("signatures", t("Signatures", "Signatures"), (Paragraph(said), SignatureBlocks(blocks, lines)))


def _signing_sentence(c: Certificate, told: Telling) -> str:
    if c.outcome is Outcome.VALIDATED_WITH_RESERVES:
        return told.t(
            "Les parties prennent acte des réserves ci-dessus, de leurs plans et de leurs échéances.",
            "The parties take note of the réserves above, of their plans and of their dates.",
        )
    return told.t(
        "Les parties prennent acte de ce qui précède. L’ANS émet le procès-verbal.",
        "The parties take note of the above. The ANS issues the certificate.",
    )
