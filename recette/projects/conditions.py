"""What has to hold before a phase is validated, by phase (ANS-CONV-001, art. 2, 6, 7, 8.1). Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from recette.model import Severity
from recette.monitoring.model import Standing
from recette.projects import acceptance, schedule
from recette.projects.book import Book
from recette.projects.model import CONNECTIVITY, DELIVERY, EXCHANGES, SIGNATURE, Missing, PhaseId, PhaseState
from recette.projects.words import PARTIES, day
from recette.register import words
from recette.register.model import Anomaly
from sas_kernel.text import Text


@dataclass(frozen=True, slots=True)
class At:
    """What a door is judged from."""

    book: Book
    phase: PhaseState
    now: datetime
    standing: Standing | None


def missing(at: At) -> tuple[Missing, ...]:
    """All that keeps this phase from being validated now."""
    return tuple(_CONDITIONS[at.phase.id](at))


def _framing(at: At) -> Iterator[Missing]:
    yield from _milestone(at, SIGNATURE, Text("La convention n’est pas signée.", "The agreement is not signed."), "2")


def _development(at: At) -> Iterator[Missing]:
    text = Text("L’ensemble des développements n’est pas livré.", "The developments have not all been delivered.")
    yield from _milestone(at, DELIVERY, text, "6")


def _acceptance(at: At) -> Iterator[Missing]:
    yield from acceptance.missing(at.book, at.phase)
    for anomaly in at.book.register.open:
        if is_disputed(anomaly):
            yield _disputed(anomaly, "6, 8.2")
        elif anomaly.severity is Severity.BLOCKING:
            yield _uncorrected(anomaly, "6")
        elif not anomaly.is_reserve:
            yield _not_a_reserve(anomaly)


def _go_live(at: At) -> Iterator[Missing]:
    """Production is done once what was found there is corrected; the réserves of the recette have their own plan."""
    for what, text in (
        (CONNECTIVITY, Text("La connectivité n’a pas été montrée.", "Connectivity has not been shown.")),
        (EXCHANGES, Text("Les échanges de données n’ont pas été montrés.", "Exchanges have not been shown.")),
    ):
        if not any(shown.what == what and shown.at >= at.phase.opened_at for shown in at.book.project.shown):
            yield Missing(what, text, "7", (what,))
    reserves = _recette_reserves(at)
    for anomaly in at.book.register.open:
        if anomaly.severity is Severity.BLOCKING or anomaly.id not in reserves:
            yield _uncorrected(anomaly, "7")
        elif is_disputed(anomaly):
            yield _disputed(anomaly, "7, 8.2")


def _regular_service(at: At) -> Iterator[Missing]:
    end = schedule.planned_end(at.book, at.phase)
    if end is not None and at.now.astimezone(end.tzinfo).date() < end.date():
        text = Text("La VSR dure jusqu’au {end}.", "The regular-service verification lasts until {end}.")
        yield Missing("duration", text.format(end=day(end.date())), "8.1")
    yield from _service(at)
    reserves = _recette_reserves(at)
    for anomaly in at.book.register.open:
        if anomaly.id in reserves:
            text = Text(
                "La réserve {id} ({severity}) n’est pas levée : {status}.",
                "The réserve {id} ({severity}) is not lifted: {status}.",
            )
            yield Missing("reserve", _told(text, anomaly), "8.1", (anomaly.id,))
        elif anomaly.severity in schedule.GRAVE:
            yield _uncorrected(anomaly, "8.1")
        elif is_disputed(anomaly):
            yield _disputed(anomaly, "8.1, 8.2")


def _operation(at: At) -> Iterator[Missing]:
    end = schedule.planned_end(at.book, at.phase)
    if end is None:
        yield from _milestone(at, SIGNATURE, Text("La signature n’est pas datée.", "The signature is not dated."), "2")
    elif at.now <= end:
        text = Text("La convention court jusqu’au {end}.", "The agreement runs until {end}.")
        yield Missing("duration", text.format(end=day(end.date())), "2")


_CONDITIONS: Mapping[PhaseId, Callable[[At], Iterator[Missing]]] = {
    PhaseId.CADRAGE: _framing,
    PhaseId.DEVELOPPEMENT: _development,
    PhaseId.RECETTE: _acceptance,
    PhaseId.MISE_EN_SERVICE: _go_live,
    PhaseId.VSR: _regular_service,
    PhaseId.EXPLOITATION: _operation,
}


def _milestone(at: At, name: str, text: Text, article: str) -> Iterator[Missing]:
    if name not in at.book.project.milestones:
        yield Missing(name, text, article)


def _recette_reserves(at: At) -> tuple[str, ...]:
    recette = at.book.project.phase(PhaseId.RECETTE)
    return recette.reserves if recette is not None else ()


def is_disputed(anomaly: Anomaly) -> bool:
    """A party holds it for graver than it counts: what they have to qualify together cannot open a door (art. 8.2)."""
    return any(said.rank > anomaly.severity.rank for said in anomaly.said.values())


def _disputed(anomaly: Anomaly, article: str) -> Missing:
    said = Text(
        ", ".join(f"{PARTIES[party].fr} : {words.SEVERITY[each].fr}" for party, each in anomaly.said.items()),
        ", ".join(f"{PARTIES[party].en}: {words.SEVERITY[each].en}" for party, each in anomaly.said.items()),
    )
    text = Text(
        "{id} reste à qualifier par les deux parties ({said} ; proposée {severity}).",
        "{id} remains to be qualified by both parties ({said}; proposed {severity}).",
    )
    filled = text.format(id=anomaly.id, said=said, severity=words.SEVERITY[anomaly.proposed])
    return Missing("qualification", filled, article, (anomaly.id,))


def _uncorrected(anomaly: Anomaly, article: str) -> Missing:
    text = Text("{id} ({severity}) n’est pas corrigée : {status}.", "{id} ({severity}) is not corrected: {status}.")
    return Missing("anomaly", _told(text, anomaly), article, (anomaly.id,))


def _told(text: Text, anomaly: Anomaly) -> Text:
    return text.format(id=anomaly.id, severity=words.SEVERITY[anomaly.severity], status=words.STATUS[anomaly.status])


def _not_a_reserve(anomaly: Anomaly) -> Missing:
    lacking = []
    if anomaly.workaround is None or anomaly.workaround.validated is None:
        lacking.append(Text("contournement validé par l’ANS", "workaround validated by the ANS"))
    if anomaly.plan is None or not anomaly.plan.is_validated:
        lacking.append(Text("plan de remédiation validé par les deux parties", "plan validated by both parties"))
    what = Text(" ni ".join(text.fr for text in lacking), " or ".join(text.en for text in lacking))
    text = Text(
        "{id} ({severity}) n’est pas corrigée ({status}), et sans {what}.",
        "{id} ({severity}) is not corrected ({status}), and without {what}.",
    )
    said = text.format(
        id=anomaly.id, severity=words.SEVERITY[anomaly.severity], status=words.STATUS[anomaly.status], what=what
    )
    return Missing("anomaly", said, "6", (anomaly.id,))


def _service(at: At) -> Iterator[Missing]:
    standing = at.standing
    if standing is None or standing.conforms is None:
        unknown = () if standing is None else tuple(each.level for each in standing.levels if each.holds is None)
        text = Text(
            "Rien ne montre que disponibilité et temps de réponse sont tenus{levels} (`recette monitor`).",
            "Nothing shows that availability and response times are held{levels} (`recette monitor`).",
        )
        levels = f" ({', '.join(unknown)})" if unknown else ""
        yield Missing("service", text.format(levels=levels), "8.1", unknown)
        return
    if standing.availability_holds is False and standing.availability is not None:
        text = Text(
            "Disponibilité non tenue : {measured:.3%} pour {promised:.3%} promis.",
            "Availability not held: {measured:.3%} where {promised:.3%} was promised.",
        )
        said = text.format(measured=standing.availability, promised=standing.promised_availability)
        yield Missing("service", said, "8.1, 8.4", ("availability",))
    for level in standing.levels:
        if level.holds is False:
            text = Text(
                "Niveau de service non tenu, {level} : {measured:g} {unit} pour {promised:g} {unit} promis.",
                "Service level not held, {level}: {measured:g} {unit} where {promised:g} {unit} was promised.",
            )
            measured = level.measured if level.measured is not None else float("nan")
            said = text.format(level=level.level, measured=measured, promised=level.promised, unit=level.unit)
            yield Missing("service", said, "8.1, 8.4", (level.level,))
