"""Reads a story (TOML). What is wrong is named by its key, with what to write instead."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from recette.journal.model import Party
from recette.projects.model import Outcome, Particulars, PhaseId, UseCase
from recette.simulation import values
from recette.simulation.model import Do, Event, Service, Span, Story, StoryError
from sas_kernel.flows import Flow
from sas_kernel.text import Text

STORIES = Path(__file__).with_name("stories")
"""The stories that are shipped: `recette simulate NAME`."""

_T = TypeVar("_T")
_COMMON = ("at", "do", "for", "who", "why", "expect")

_EDITOR = {Do.ACKNOWLEDGE, Do.WORKAROUND, Do.PLAN, Do.DELIVER, Do.MAINTENANCE}


def names() -> tuple[str, ...]:
    """The stories that are shipped."""
    return tuple(sorted(path.stem for path in STORIES.glob("*.toml")))


def read(named: str) -> Story:
    """The story in a file, or a shipped one by its name; `StoryError`."""
    path = Path(named)
    if not path.suffix and not path.exists():
        path = STORIES / f"{named}.toml"
        if not path.exists():
            raise _error(
                named,
                "aucun fichier ni récit de ce nom. Récits livrés : {known}",
                "no file and no story of this name. Shipped: {known}",
                known=", ".join(names()),
            )
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise _error(str(path), "illisible : {e}", "cannot be read: {e}", e=error) from error
    except tomllib.TOMLDecodeError as error:
        raise _error(str(path), "n’est pas du TOML : {e}", "is not TOML: {e}", e=error) from error
    return parse(document)


def parse(document: Mapping[str, Any]) -> Story:
    """The story that a document tells."""
    _known("", document, ("simulation", "project", "service", "event"))
    head, project = _table(document, "simulation"), _table(document, "project")
    _known("simulation", head, ("title", "title_en", "seed", "starts", "ends"))
    rows = document.get("event", [])
    if not isinstance(rows, list) or not rows:
        raise _error("event", "au moins un événement [[event]] est attendu", "at least one [[event]] is expected")
    events = sorted((_event(f"event[{n}]", row) for n, row in enumerate(rows, 1)), key=lambda event: event.at)
    starts = _get("simulation", head, "starts", values.instant, events[0].at)
    ends = _get("simulation", head, "ends", values.instant, max(starts, events[-1].at))
    for event in events:
        if not starts <= event.at <= ends:
            raise _error(
                f"{event.key}.at",
                "{at} n’est pas entre simulation.starts ({starts}) et simulation.ends ({ends})",
                "{at} is not between simulation.starts ({starts}) and simulation.ends ({ends})",
                at=event.at.isoformat(),
                starts=starts.isoformat(),
                ends=ends.isoformat(),
            )
    title = _get("simulation", head, "title", values.words, "")
    return Story(
        project=_get("project", project, "id", values.words),
        title=Text(title, _get("simulation", head, "title_en", values.words, title)),
        particulars=_particulars(project),
        starts=starts,
        ends=ends,
        events=tuple(events),
        service=_service(_table(document, "service", {})),
        seed=_get("simulation", head, "seed", values.whole, 1),
    )


def _particulars(project: Mapping[str, Any]) -> Particulars:
    words = ("editor", "interface", "environment", "agreement", "product", "version")
    _known("project", project, ("id", "use_case", "flows", "choices", "contacts", "signatories", *words))
    use_case = _get("project", project, "use_case", values.one_of(UseCase), None)
    return Particulars(
        **{key: _get("project", project, key, values.words, "") for key in words},
        use_case=use_case,
        flows=_get("project", project, "flows", values.several(values.one_of(Flow)), ()),
        changes=_get("project", project, "choices", values.strings, {}),
        contacts=_get("project", project, "contacts", values.people, {}),
        signatories=_get("project", project, "signatories", values.people, {}),
    )


def _service(service: Mapping[str, Any]) -> Service:
    _known("service", service, ("median", "p95", "outage", "slow", "unwatched", "probes"))
    usual = Service()
    made = Service(
        median=_get("service", service, "median", values.number, usual.median),
        p95=_get("service", service, "p95", values.number, usual.p95),
        outages=_spans(service, "outage", ("detail",)),
        slow=_spans(service, "slow", ("factor",)),
        unwatched=_spans(service, "unwatched", ()),
        probes=_get("service", service, "probes", values.several(values.words), usual.probes),
    )
    if not 0 < made.median <= made.p95:
        raise _error(
            "service.p95",
            "0 < median ≤ p95 est attendu, en secondes",
            "0 < median ≤ p95 is expected, in seconds",
        )
    return made


def _spans(service: Mapping[str, Any], name: str, more: tuple[str, ...]) -> tuple[Span, ...]:
    found = []
    for number, row in enumerate(_rows("service", service, name), 1):
        key = f"service.{name}[{number}]"
        _known(key, row, ("from", "to", *more))
        start, end = _get(key, row, "from", values.instant), _get(key, row, "to", values.instant)
        if end <= start:
            raise _error(f"{key}.to", "doit suivre « from »", "has to come after `from`")
        span = Span(
            start, end, _get(key, row, "factor", values.number, 1.0), _get(key, row, "detail", values.words, "")
        )
        found.append(span)
    return tuple(found)


# --- events ----------------------------------------------------------------------------------------------------------


def _event(key: str, row: Any) -> Event:
    if not isinstance(row, dict):
        raise _error(key, "une table [[event]] est attendue", "a table [[event]] is expected")
    do = _get(key, row, "do", values.one_of(Do))
    wanted, possible = _SAYS[do]
    _known(key, row, (*_COMMON, *wanted, *possible))
    says = {name: _get(key, row, name, kind) for name, kind in wanted.items()}
    says |= {name: _get(key, row, name, kind) for name, kind in possible.items() if name in row}
    expect = _get(key, row, "expect", values.one_word("done", "refused"), "done")
    return Event(
        key=key,
        at=_get(key, row, "at", values.instant),
        do=do,
        parties=_get(key, row, "for", values.parties, _usual(do)),
        who=_get(key, row, "who", values.words, ""),
        why=_get(key, row, "why", values.words, ""),
        refused=expect == "refused",
        values=says,
    )


def _usual(do: Do) -> tuple[Party, ...]:
    """Who does it where the file does not say."""
    if do in {Do.QUALIFY, Do.VALIDATE_PLAN}:
        return values.BOTH
    return (Party.EDITOR,) if do in _EDITOR else (Party.ANS,)


_Says = Mapping[str, Callable[[object], Any]]
_ON: _Says = {"anomalies": values.several(values.words)}
_SAYS: Mapping[Do, tuple[_Says, _Says]] = {
    Do.MILESTONE: ({"name": values.words}, {}),
    Do.CHANGE: (
        {},
        {"choices": values.strings, "product": values.words, "version": values.words, "environment": values.words},
    ),
    Do.OPEN: ({"phase": values.one_of(PhaseId)}, {}),
    Do.CLOSE: ({"phase": values.one_of(PhaseId), "outcome": values.one_of(Outcome)}, {}),
    Do.EXTEND: ({"what": values.words, "until": values.day, "agreed": values.agreed}, {}),
    Do.SHOW: ({"what": values.words}, {}),
    Do.MAINTENANCE: ({"from": values.instant, "to": values.instant}, {}),
    Do.SUSPEND: ({}, {}),
    Do.RESUME: ({}, {}),
    Do.RUN: ({}, {"faults": values.several(values.words)}),
    Do.NOTIFY: (_ON, {}),
    Do.ACKNOWLEDGE: (_ON, {}),
    Do.QUALIFY: ({**_ON, "severity": values.severity}, {}),
    Do.WORKAROUND: (_ON, {}),
    Do.VALIDATE_WORKAROUND: (_ON, {}),
    Do.PLAN: ({**_ON, "due_on": values.day}, {}),
    Do.VALIDATE_PLAN: (_ON, {}),
    Do.PAUSE: ({**_ON, "agreed_with": values.words}, {}),
    Do.RESUME_CLOCK: (_ON, {}),
    Do.DELIVER: (_ON, {"version": values.words}),
    Do.WITHDRAW: ({**_ON, "agreed_with": values.words}, {}),
    Do.NOTE: (_ON, {}),
}
"""What an event has to say of itself, and what it may."""

_MISSING = object()


def _get(table: str, row: Mapping[str, Any], name: str, kind: Callable[[object], _T], default: Any = _MISSING) -> _T:
    key = f"{table}.{name}"
    if name not in row:
        if default is _MISSING:
            raise _error(key, "est attendu", "is expected")
        usual: _T = default
        return usual
    try:
        return kind(row[name])
    except values.WrongValue as wrong:
        raise _error(key, wrong.text.fr, wrong.text.en) from None


def _table(document: Mapping[str, Any], name: str, default: Any = None) -> Mapping[str, Any]:
    found = document.get(name, default)
    if not isinstance(found, dict):
        raise _error(name, "une table [{n}] est attendue", "a table [{n}] is expected", n=name)
    return found


def _rows(table: str, row: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = row.get(name, [])
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise _error(f"{table}.{name}", "des tables [[…]] sont attendues", "tables [[…]] are expected")
    return found


def _known(table: str, row: Mapping[str, Any], known: Iterable[str]) -> None:
    possible = tuple(known)
    for name in row:
        if name not in possible:
            near = difflib.get_close_matches(name, possible, 1)
            hint = (f" ; vouliez-vous dire « {near[0]} » ?", f"; did you mean '{near[0]}'?") if near else ("", "")
            raise _error(
                f"{table}.{name}".lstrip("."),
                "clé inconnue ; possibles : {known}{hint}",
                "unknown key; possible: {known}{hint}",
                known=", ".join(possible),
                hint=Text(*hint),
            )


def _error(key: str, fr: str, en: str, **said: object) -> StoryError:
    what = Text(fr, en).format(**said)
    return StoryError(Text("Récit, {key} : {what}.", "Story, {key}: {what}.").format(key=key, what=what))
