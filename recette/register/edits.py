"""What becomes of what people changed in the shared register: entries, or refusals with the address of a cell. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from recette.journal.model import Draft
from recette.register import moves, telling
from recette.register.model import Anomaly, Register, RegisterError
from recette.register.moves import Move
from recette.register.sheet import FILLED_BY, Cell, Key, Row, Value, plain, severity_of, typed
from sas_kernel.clock import PARIS
from sas_kernel.text import Lang, Text


@dataclass(frozen=True, slots=True)
class Edit:
    """A cell that was changed. `before` and `value` are as cells hold them."""

    address: str
    anomaly: str
    key: Key
    before: Value
    value: Value


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a cell cannot be taken over."""

    address: str
    why: Text


_FORMULA = Text(
    "une formule n’est la parole de personne : écrivez la valeur", "a formula is nobody’s word: write the value"
)
_FIXED = Text(
    "cette colonne ne se remplit pas : elle vient du registre",
    "this column is not filled in: it comes from the register",
)
_UNREADABLE = Text("« {v} » ne se lit pas comme {what}", "'{v}' cannot be read as {what}")
_A_DATE = Text("une date (JJ/MM/AAAA HH:MM)", "a date (DD/MM/YYYY HH:MM)")
_A_SEVERITY = Text("une gravité (Bloquante, Majeure, Mineure)", "a severity (Blocking, Major, Minor)")
_MOVED = Text(
    "le registre dit « {now} » depuis l’export : exportez de nouveau", "the register says '{now}' since: export again"
)
_CLEARED = Text("ce qui est au registre ne s’efface pas", "what is in the register cannot be erased")


def edits(
    base: Mapping[str, Row],
    current: Mapping[str, Row],
    cells: Mapping[str, Mapping[Key, Cell]],
    register: Register,
    lang: Lang,
) -> tuple[list[Edit], list[Refusal]]:
    """What was changed since the export and is not in the register yet, and what nobody may change.

    `base` are the rows as they were exported, `current` as they are now, values as `plain` gives them.
    """
    made: list[Edit] = []
    refused: list[Refusal] = []
    for id, row in cells.items():
        for key, cell in row.items():
            before, now = base[id].get(key), current[id].get(key)
            if not cell.formula and plain(cell.value, key) == before:
                continue
            try:
                edit = _edit(id, key, cell, before, now, register, lang)
            except RegisterError as error:
                refused.append(Refusal(cell.address, error.text))
            else:
                if edit is not None:
                    made.append(edit)
    return made, refused


def _edit(id: str, key: Key, cell: Cell, before: Value, now: Value, register: Register, lang: Lang) -> Edit | None:
    if cell.formula:
        raise RegisterError(_FORMULA)
    if key not in FILLED_BY:
        raise RegisterError(_FIXED)
    try:
        value = typed(cell.value, key, lang)
    except ValueError:
        what = _A_SEVERITY if key in {Key.ANS, Key.EDITOR} else _A_DATE
        raise RegisterError(_UNREADABLE.format(v=cell.value, what=what)) from None
    if value in {now, before} or (key is Key.COMMENT and _noted(register.find(id), value)):
        return None
    if value is None:
        raise RegisterError(_CLEARED)
    if now != before:
        raise RegisterError(_MOVED.format(now=now if now is not None else "—"))
    return Edit(cell.address, id, key, before, value)


def _noted(anomaly: Anomaly, value: Value) -> bool:
    return any(plain(note.text, Key.COMMENT) == value for note in anomaly.notes)


def decide(register: Register, made: Sequence[Edit], move: Move, now: datetime) -> tuple[list[Draft], list[Refusal]]:
    """The entries that changes become, those of an anomaly in the order in which they happen, and what is refused."""
    by_anomaly: dict[str, dict[Key, Edit]] = {}
    for edit in made:
        by_anomaly.setdefault(edit.anomaly, {})[edit.key] = edit
    drafts: list[Draft] = []
    refused: list[Refusal] = []
    for id, changed in by_anomaly.items():
        anomaly = register.find(id)
        for edit, make in _moves(changed):
            if move.party not in FILLED_BY[edit.key]:
                others = " ou ".join(party.value for party in FILLED_BY[edit.key])
                refused.append(Refusal(edit.address, _NOT_YOURS.format(who=others)))
                continue
            try:
                draft = make(anomaly, move)
                _happened(draft, now)
            except RegisterError as error:
                refused.append(Refusal(edit.address, error.text))
                continue
            drafts.append(draft)
            anomaly = telling.after(anomaly, draft)
    return drafts, refused


_NOT_YOURS = Text(
    "c’est à « {who} » de remplir cette colonne (--for)", "it is up to '{who}' to fill this column in (--for)"
)
_Make = Callable[[Anomaly, Move], Draft]


def _moves(changed: Mapping[Key, Edit]) -> list[tuple[Edit, _Make]]:
    found: list[tuple[Edit, _Make]] = []
    found += [(changed[key], _qualifying(changed[key])) for key in (Key.ANS, Key.EDITOR) if key in changed]
    if Key.ACKNOWLEDGED in changed:
        found.append((changed[Key.ACKNOWLEDGED], _at(changed[Key.ACKNOWLEDGED], moves.acknowledge)))
    if Key.WORKAROUND in changed:
        found.append((changed[Key.WORKAROUND], _saying(changed[Key.WORKAROUND], moves.propose_workaround)))
    plan = changed.get(Key.PLAN) or changed.get(Key.PLAN_DUE)
    if plan is not None:
        found.append((plan, _planning(changed)))
    delivered = changed.get(Key.DELIVERED) or changed.get(Key.VERSION)
    if delivered is not None:
        found.append((delivered, _delivering(changed)))
    if Key.COMMENT in changed:
        found.append((changed[Key.COMMENT], _saying(changed[Key.COMMENT], moves.note)))
    return found


def _qualifying(edit: Edit) -> _Make:
    return lambda anomaly, move: moves.qualify(anomaly, move, severity_of(str(edit.value)))


def _saying(edit: Edit, make: _Make) -> _Make:
    return lambda anomaly, move: make(anomaly, replace(move, why=str(edit.value)))


def _at(edit: Edit, make: _Make) -> _Make:
    return lambda anomaly, move: make(anomaly, replace(move, at=_paris(edit.value)))


def _planning(changed: Mapping[Key, Edit]) -> _Make:
    def make(anomaly: Anomaly, move: Move) -> Draft:
        said, due = changed.get(Key.PLAN), changed.get(Key.PLAN_DUE)
        text = str(said.value) if said else anomaly.plan.proposed.text if anomaly.plan else ""
        due_on = due.value if due else anomaly.plan.due_on if anomaly.plan else None
        if not text or not isinstance(due_on, date):
            raise RegisterError(_HALF_A_PLAN)
        return moves.propose_plan(anomaly, replace(move, why=text), due_on)

    return make


def _delivering(changed: Mapping[Key, Edit]) -> _Make:
    def make(anomaly: Anomaly, move: Move) -> Draft:
        delivered, version = changed.get(Key.DELIVERED), changed.get(Key.VERSION)
        if delivered is None:
            raise RegisterError(_VERSION_ALONE)
        return moves.deliver(
            anomaly, replace(move, at=_paris(delivered.value)), str(version.value) if version is not None else ""
        )

    return make


_HALF_A_PLAN = Text(
    "un plan dit quoi et pour quand : il manque l’autre colonne", "a plan says what and by when: one is missing"
)
_VERSION_ALONE = Text(
    "une version se dit avec la date de sa livraison", "a version comes with the date of its delivery"
)
_NO_SUCH_TIME = Text(
    "cette heure n’existe pas à Paris (passage à l’heure d’été)", "this time does not exist in Paris (DST)"
)
_NOT_YET = Text("{at} n’est pas encore arrivé", "{at} has not come yet")


def _paris(value: Value) -> datetime:
    """The instant of a wall clock in Paris; told twice on a night in October, the first is meant."""
    if not isinstance(value, datetime):
        raise RegisterError(_UNREADABLE.format(v=value, what=_A_DATE))
    at = value.replace(tzinfo=PARIS)
    if at.astimezone(UTC).astimezone(PARIS).replace(tzinfo=None) != value:
        raise RegisterError(_NO_SUCH_TIME)
    return at


def _happened(draft: Draft, now: datetime) -> None:
    if draft.at > now:
        raise RegisterError(_NOT_YET.format(at=f"{draft.at:%d/%m/%Y %H:%M}"))
