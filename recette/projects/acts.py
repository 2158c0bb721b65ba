"""Whose turn it is: what each party has to do next for the open phase to be closed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from recette.journal.model import Party
from recette.monitoring.model import Standing
from recette.projects import doors
from recette.projects.book import Book
from recette.projects.conditions import is_disputed
from recette.projects.model import Door, Missing, PhaseId
from recette.register.model import Anomaly, Status
from sas_kernel.text import Text


@dataclass(frozen=True, slots=True)
class Act:
    """What awaits somebody. `parties` are those who have to act, both where it takes both; `about` as in `Missing`."""

    parties: tuple[Party, ...]
    text: Text
    about: tuple[str, ...] = ()


_ANS, _EDITOR = (Party.ANS,), (Party.EDITOR,)
_BOTH = (Party.ANS, Party.EDITOR)

_OF_CONDITION: Mapping[str, tuple[tuple[Party, ...], Text]] = {
    "signature": (_BOTH, Text("signer la convention", "sign the agreement")),
    "delivery": (_EDITOR, Text("livrer l’ensemble des développements", "deliver all developments")),
    "run": (_ANS, Text("exécuter le cahier de tests", "run the test book")),
    "cycle": (
        _ANS,
        Text("exécuter le cahier de tests sur ce qui est livré", "run the test book on what was delivered"),
    ),
    "flow": (_ANS, Text("exécuter le cahier de tests de ce flux", "run the test book of this flow")),
    "connectivity": (_BOTH, Text("montrer la connectivité", "show connectivity")),
    "exchanges": (_BOTH, Text("montrer les échanges de données", "show exchanges of data")),
    "service": (_EDITOR, Text("tenir et montrer les niveaux de service", "hold and show the service levels")),
    "qualification": (_BOTH, Text("qualifier l’anomalie", "qualify the anomaly")),
}
_OF_STATUS: Mapping[Status, tuple[tuple[Party, ...], Text]] = {
    Status.OPEN: (_ANS, Text("notifier l’anomalie", "notify the anomaly")),
    Status.NOTIFIED: (_EDITOR, Text("prendre en compte l’anomalie", "acknowledge the anomaly")),
    Status.ACKNOWLEDGED: (_EDITOR, Text("corriger l’anomalie", "correct the anomaly")),
    Status.DELIVERED: (_ANS, Text("vérifier la correction par une exécution", "verify the correction by a run")),
}


def acts(book: Book, now: datetime, standing: Standing | None) -> tuple[Act, ...]:
    """What is to be done next, in the order of the conditions; empty where only time has to pass."""
    current = book.project.current
    if current is None:
        return tuple(_between(book))
    door = doors.door(book, current.id, now, standing)
    if door.can_close:
        who = _BOTH if current.id in {PhaseId.CADRAGE, PhaseId.DEVELOPPEMENT, PhaseId.EXPLOITATION} else _ANS
        text = Text("clore la phase « {p} »", "close the phase '{p}'").format(p=current.id.value)
        return (Act(who, text),)
    return _together(book, door)


def _between(book: Book) -> Iterator[Act]:
    """No phase is open: the next one, or the one that was refused, is to be opened."""
    last = book.project.phases[-1] if book.project.phases else None
    if last is None:
        following: PhaseId | None = next(iter(PhaseId))
    else:
        following = last.id.following if last.is_validated else last.id
    if following is not None:
        text = Text("ouvrir la phase « {p} »", "open the phase '{p}'").format(p=following.value)
        yield Act(_BOTH, text)


def _together(book: Book, door: Door) -> tuple[Act, ...]:
    """One act for all that it is about."""
    found: dict[tuple[tuple[Party, ...], Text], dict[str, None]] = {}
    for missing in door.missing:
        for parties, text in _of(book, missing):
            found.setdefault((parties, text), {}).update(dict.fromkeys(missing.about))
    return tuple(Act(parties, text, tuple(about)) for (parties, text), about in found.items())


def _of(book: Book, missing: Missing) -> Iterator[tuple[tuple[Party, ...], Text]]:
    if missing.id in _OF_CONDITION:
        yield _OF_CONDITION[missing.id]
    elif missing.id in {"anomaly", "reserve"}:
        yield from _of_anomaly(book.register.find(missing.about[0]), missing)
    elif missing.id == "scenario" and not any(id in book.register.anomalies for id in missing.about):
        yield _ANS, Text("rejouer ou examiner le scénario", "play the scenario again or look at it")


def _of_anomaly(anomaly: Anomaly, missing: Missing) -> Iterator[tuple[tuple[Party, ...], Text]]:
    yield _OF_STATUS[anomaly.status]
    if is_disputed(anomaly) or missing.article != "6" or anomaly.severity is anomaly.severity.BLOCKING:
        return
    if anomaly.status is Status.DELIVERED:
        return
    if anomaly.workaround is None:
        yield _EDITOR, Text("ou proposer un contournement", "or propose a workaround")
    elif anomaly.workaround.validated is None:
        yield _ANS, Text("valider le contournement, ou non", "validate the workaround, or not")
    if anomaly.plan is None:
        yield _EDITOR, Text("ou proposer un plan de remédiation", "or propose a remediation plan")
    else:
        awaited = tuple(party for party in _BOTH if party not in anomaly.plan.validated)
        if awaited:
            yield awaited, Text("valider le plan de remédiation, ou non", "validate the remediation plan, or not")
