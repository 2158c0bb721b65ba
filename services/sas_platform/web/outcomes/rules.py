"""How each editor fared, in the words of the page. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sas_kernel.text import Lang, Text
from sas_platform.editors.model import Editor, Search
from sas_platform.slot_search.model import EditorReport, EditorStatus, Ignored, Plan, SearchReport
from sas_platform.slot_search.rules import Merge
from sas_platform.web.model import EditorLine

_STATE = {
    EditorStatus.ANSWERED: ("pass", Text("a répondu", "answered")),
    EditorStatus.TIMED_OUT: ("fail", Text("n’a pas répondu à temps", "did not answer in time")),
    EditorStatus.REFUSED: ("fail", Text("a refusé la demande", "refused the request")),
    EditorStatus.INVALID: ("fail", Text("a donné une réponse inutilisable", "gave an unusable answer")),
    EditorStatus.UNREACHABLE: ("fail", Text("est injoignable", "is unreachable")),
    EditorStatus.CONNECTION_LOST: ("fail", Text("a coupé la connexion", "dropped the connection")),
    EditorStatus.TOO_LARGE: ("fail", Text("a envoyé une réponse trop volumineuse", "sent too large an answer")),
    EditorStatus.SATURATED: ("warn", Text("est déjà trop sollicité", "is asked too much already")),
}
_EXPLAINED = frozenset({EditorStatus.REFUSED, EditorStatus.INVALID})  # the others' state says it all
_IGNORED = {
    Ignored.NOT_ASKED: Text("d’un professionnel non demandé", "of a practitioner not asked"),
    Ignored.PAST: Text("déjà passés", "already past"),
    Ignored.OUTSIDE_WINDOW: Text("hors de la période", "outside the period"),
    Ignored.NOT_FREE: Text("non libres", "not free"),
    Ignored.NO_PLACE: Text("sans lieu", "without a place"),
    Ignored.NO_PRACTITIONER: Text("sans professionnel", "without a practitioner"),
    Ignored.ASSOCIATION_NOT_ASKED: Text("d’une association non demandée", "of an association not asked"),
    Ignored.NO_ASSOCIATION: Text("sans association", "without an association"),
    Ignored.NO_OFFSET: Text("sans fuseau horaire", "without a time offset"),
    Ignored.UNREADABLE: Text("illisibles", "unreadable"),
    Ignored.DUPLICATE: Text("en double", "twice"),
}


_SEARCH = {
    Search.PRACTITIONERS: Text("Professionnels", "Practitioners"),
    Search.CPTS: Text("Professionnels et CPTS", "Practitioners and CPTS"),
    Search.SOS: Text("SOS Médecins", "SOS Médecins"),
}


def editor_lines(plan: Plan, reports: Sequence[EditorReport], lang: Lang) -> tuple[EditorLine, ...]:
    """One line an editor, whoever has not answered yet included."""
    known = {report.id: report for report in reports}
    return tuple(_line(editor, known.get(editor.id), plan.awaited[editor.id], lang) for editor in plan.editors)


def _line(editor: Editor, report: EditorReport | None, awaited: int, lang: Lang) -> EditorLine:
    if report is None or (report.answered < awaited and not _failed(report)):
        return EditorLine(editor.name, "skip", Text("en attente de réponse…", "waiting for an answer…").to(lang), ())
    answered = any(search.status is EditorStatus.ANSWERED for search in report.searches)
    several = len(report.searches) > 1
    if several and answered and report.status is not EditorStatus.ANSWERED:
        tone, state = "warn", Text("a répondu en partie", "answered in part")
    else:
        tone, state = _STATE[report.status]
    detail = Text("({s}\N{NO-BREAK SPACE}s)", "({s}\N{NO-BREAK SPACE}s)")
    if answered and tone != "fail":
        detail = Text("en {s}\N{NO-BREAK SPACE}s, {slots}", "in {s}\N{NO-BREAK SPACE}s, {slots}")
    said = detail.format(s=_seconds(report.elapsed_ms), slots=slots_text(report.slots)).to(lang)
    if several:
        notes = [" ".join((_fared(search, lang), *_told(search, lang))) for search in report.searches]
    else:
        notes = list(_told(report.searches[0], lang))
    said = said if lang is Lang.EN else said.replace(".", ",")
    return EditorLine(editor.name, tone, f"{state.to(lang)} {said}", (*notes, *_left_out(report.ignored, lang)))


def _failed(report: EditorReport) -> bool:
    return any(lot.status is not EditorStatus.ANSWERED and not lot.asked_again for lot in report.lots)


def _fared(report: SearchReport, lang: Lang) -> str:
    """How one search of several went, in a sentence."""
    fared = _STATE[report.status][1]
    if report.status is EditorStatus.ANSWERED:
        fared = slots_text(report.slots)
    elif report.asked_again:
        fared = Text("a refusé la demande, redemandé sans les CPTS", "refused the request, asked again without CPTS")
    return Text("{search} : {fared}.", "{search}: {fared}.").format(search=_SEARCH[report.search], fared=fared).to(lang)


def _told(report: SearchReport, lang: Lang) -> Iterator[str]:
    """What its state does not say."""
    if report.explanation and report.status in _EXPLAINED:
        yield report.explanation.to(lang)
    if report.issue:
        yield Text("Il dit : « {issue} »", "It says: “{issue}”").format(issue=report.issue).to(lang)


def _left_out(ignored: Mapping[Ignored, int], lang: Lang) -> Iterator[str]:
    if ignored:
        listed = [
            Text(f"{count} {{why}}", f"{count} {{why}}").format(why=_IGNORED[reason]).to(lang)
            for reason, count in ignored.items()
        ]
        text = Text("Créneaux écartés : {listed}.", "Slots left out: {listed}.")
        yield text.format(listed=", ".join(listed)).to(lang)


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:.2f}" if milliseconds < 1000 else f"{milliseconds / 1000:.1f}"


def slots_text(count: int) -> Text:
    if count == 0:
        return Text("aucun créneau", "no slot")
    if count == 1:
        return Text("1\N{NO-BREAK SPACE}créneau", "1\N{NO-BREAK SPACE}slot")
    return Text(f"{count}\N{NO-BREAK SPACE}créneaux", f"{count}\N{NO-BREAK SPACE}slots")


def status_line(plan: Plan, reports: Sequence[EditorReport], merged: Merge, lang: Lang) -> str:
    """Where the search has got to, in one sentence that is also read aloud."""
    whole = [report for report in reports if report.answered == plan.awaited[report.id]]
    failed = [report for report in whole if _failed(report)]
    partly = sum(any(lot.status is EditorStatus.ANSWERED for lot in report.lots) for report in failed)
    pending = len(plan.editors) - len(whole)
    head = (
        Text("{slots} chez {who}", "{slots} with {who}").format(slots=slots_text(merged.slots), who=_whose(merged))
        if merged.slots
        else (Text("Aucun créneau pour l’instant", "No slot so far") if pending else Text("Aucun créneau", "No slot"))
    )
    parts = [head.to(lang)]
    if pending:
        parts.append(
            Text("{n} sur {all} réponses attendues", "{n} of {all} answers awaited")
            .format(n=pending, all=len(plan.editors))
            .to(lang)
        )
    parts += [text.to(lang) for text in _failures(len(failed) - partly, partly)]
    sentence = " · ".join(parts)
    return sentence[:1].upper() + sentence[1:]


def _whose(merged: Merge) -> Text:
    people, associations = merged.practitioners, merged.associations
    listed = []
    if people:
        listed.append(
            Text("1 professionnel", "1 practitioner")
            if people == 1
            else Text(f"{people} professionnels", f"{people} practitioners")
        )
    if associations:
        listed.append(
            Text("1 association SOS", "1 SOS association")
            if associations == 1
            else Text(f"{associations} associations SOS", f"{associations} SOS associations")
        )
    return listed[0] if len(listed) == 1 else Text("{a} et {b}", "{a} and {b}").format(a=listed[0], b=listed[1])


def _failures(wholly: int, partly: int) -> Iterator[Text]:
    if wholly:
        yield (
            Text("1 éditeur n’a pas donné ses créneaux", "1 editor did not give its slots")
            if wholly == 1
            else Text(f"{wholly} éditeurs n’ont pas donné leurs créneaux", f"{wholly} editors did not give theirs")
        )
    if partly:
        yield (
            Text("1 éditeur n’en a donné qu’une partie", "1 editor gave only some of its slots")
            if partly == 1
            else Text(f"{partly} éditeurs n’en ont donné qu’une partie", f"{partly} editors gave only some of theirs")
        )
