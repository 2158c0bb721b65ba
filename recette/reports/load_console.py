"""A load as a terminal shows it: the verdict, what was measured and how far to trust it."""

from __future__ import annotations

from recette.model import Verdict
from recette.model.load import JourneysReport, LoadReport, StepFigures
from recette.reports import words
from recette.reports.load_json import name_of
from sas_kernel.text import Lang, Text

ERRORS = {
    "content": Text("réponse fausse", "wrong answer"),
    "timeout": Text("trop tard", "too late"),
    "unreachable": Text("connexion refusée", "connection refused"),
    "connection_lost": Text("connexion perdue", "connection lost"),
    "tls": Text("TLS", "TLS"),
    "too_large": Text("réponse trop grosse", "answer too large"),
    "protocol": Text("réponse illisible", "unreadable answer"),
}


def error_words(kind: str, lang: Lang) -> str:
    """A kind of error as people say it; `http_503` is said `HTTP 503`."""
    return ERRORS[kind].to(lang) if kind in ERRORS else kind.replace("http_", "HTTP ")


def to_console(report: LoadReport, lang: Lang) -> str:
    def t(fr: str, en: str) -> str:
        return Text(fr, en).to(lang)

    def s(value: float | None) -> str:
        return words.plain(words.seconds(value, lang))

    headline, sentence = words.conclusion(report.run, lang)
    recording = report.recording
    lines = [
        "",
        f"{headline} – {words.visible(sentence)}",
        "",
        t(
            "Profil « {n} » : {r} recherches/h, graine {s}, {w} générateur(s)",
            "Profile '{n}': {r} searches/h, seed {s}, {w} generator(s)",
        ).format(
            n=report.profile.name,
            r=words.plain(words.number(report.profile.rate * 3600, lang)),
            s=report.seed,
            w=recording.workers,
        ),
        t(
            "{m} mesurées sur {f} faites ({p} prévues) ; {j} réponses jugées, dont {d} par tous les contrôles",
            "{m} measured of {f} made ({p} planned); {j} answers judged, {d} of them by all checks",
        ).format(
            m=len(report.measured),
            f=len(recording.samples),
            p=recording.planned,
            j=report.judged,
            d=report.judged_deeply,
        ),
    ]
    for title, intervals in (
        (t("Toutes les recherches", "All searches"), report.latency),
        (t("Un professionnel", "One practitioner"), report.one_practitioner),
    ):
        if intervals:
            shown = ", ".join(
                f"{name_of(each.percent)} {s(each.value)}"
                + ("" if each.percent == 100 else f" [{s(each.low)} – {s(each.high)}]")
                for each in intervals
                if each.percent in {50.0, 95.0, 99.0, 100.0}
            )
            lines.append(f"  {title} : {shown}" if lang is Lang.FR else f"  {title}: {shown}")
    rate = words.plain(words.number(report.throughput, lang, 2))
    lines.append("  " + t("Débit : {r} réponses/s", "Throughput: {r} answers/s").format(r=rate))
    if report.errors:
        shown = ", ".join(f"{error_words(kind, lang)} × {count}" for kind, count in report.errors)
        lines.append("  " + t("Erreurs : ", "Errors: ") + shown)
    lines.append(
        "  "
        + t(
            "Générateur : retard p99 {l}, boucle {b}, {c} d’un cœur",
            "Generator: late by p99 {l}, loop {b}, {c} of a core",
        ).format(l=s(report.client.due_lag), b=s(report.client.loop_lag), c=f"{report.client.cpu:.0%}")
    )
    if report.journeys is not None:
        lines += _journeys(report.journeys, lang)
    findings = [finding for finding in report.run.findings if finding.verdict is Verdict.FAIL]
    if findings:
        lines += ["", t("Constats :", "Findings:")]
        lines += [
            f"  {f.requirement} {f.check} × {f.occurrences} – {words.visible(f.message.to(lang))}"
            for f in findings[:20]
        ]
    return "\n".join(lines)


KINDS = {
    "accounts": Text("comptes", "accounts"),
    "sign_ons": Text("connexions", "sign-ons"),
    "bookings": Text("rendez-vous", "bookings"),
    "cpts": Text("recherches CPTS", "CPTS searches"),
    "sos": Text("recherches SOS", "SOS searches"),
}
STEPS = {
    "journey": Text("tout le parcours", "the whole journey"),
    "create": Text("création", "creation"),
    "update": Text("modification", "change"),
    "search": Text("recherche", "search"),
    "sign_on": Text("connexion", "sign-on"),
    "page": Text("page du créneau", "the slot’s page"),
    "booking": Text("réservation", "booking"),
    "push": Text("message reçu", "message received"),
    "cancellation": Text("annulation", "cancellation"),
}


def _journeys(journeys: JourneysReport, lang: Lang) -> list[str]:
    """Each kind with how many the volumes give and how many were made, then its steps."""

    def t(fr: str, en: str) -> str:
        return Text(fr, en).to(lang)

    lines = ["", t("À côté des recherches :", "Beside the searches:")]
    for each in journeys.kinds:
        stuck = t(", {s} sans aboutir", ", {s} of them stuck").format(s=each.stuck) if each.stuck else ""
        lines.append(
            t("  {k} : {m} (au volume annoncé : {v}){s}", "  {k}: {m} (by volume: {v}){s}").format(
                k=KINDS[each.kind.name].to(lang),
                m=each.made,
                v=words.plain(words.number(each.expected, lang, 1)),
                s=stuck,
            )
        )
        lines += ["    " + _step(step, lang) for step in journeys.steps if step.kind == each.kind.name]
    lines += [f"  {KINDS[name].to(lang)} – {reason.to(lang)}" for name, reason in journeys.left_out]
    if journeys.strays:
        lines.append(t("  {n} message(s) d’aucun parcours", "  {n} message(s) of no journey").format(n=journeys.strays))
    lines += [f"  {text.to(lang)}" for text in journeys.client.saturated]
    return lines


def _step(step: StepFigures, lang: Lang) -> str:
    named = STEPS[step.step].to(lang)
    times = ", ".join(
        f"{name_of(each.percent)} {words.plain(words.seconds(each.value, lang))}"
        for each in step.latency
        if each.percent in {50.0, 95.0, 100.0}
    )
    failed = Text(", {n} mal finie(s)", ", {n} gone wrong").to(lang).format(n=step.failed) if step.failed else ""
    return f"{named} × {step.count}{failed}" + (f" – {times}" if times else "")
