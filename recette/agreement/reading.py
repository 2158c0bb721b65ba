"""Reads the terms of an agreement, and the values by which a project changes its choices."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from recette.agreement.model import (
    Agreement,
    AgreementError,
    Choice,
    Consequence,
    Deadline,
    Phase,
    SeverityTerm,
    Unit,
    When,
)
from recette.model import Severity
from sas_kernel import contracts
from sas_kernel.errors import ContractError
from sas_kernel.text import Text

_FOLDER = "agreements"
_ALIGNMENTS = frozenset({"", "half-year", "year"})
_TEXTS = ("from_fr", "from_en", "text_fr", "text_en")
_DEADLINE_KEYS = frozenset(
    {"amount", "unit", "support_hours", "before", "align", "severity", "extendable", *_TEXTS, "article", "choices"}
    | {"consequences"}
)


def names(folder: Path | None = None) -> tuple[str, ...]:
    """The agreements there are."""
    return tuple(sorted(path.stem for path in ((folder or contracts.directory()) / _FOLDER).glob("*.toml")))


def load(name: str, folder: Path | None = None, changes: Mapping[str, str] | None = None) -> Agreement:
    """The agreement of this name with its choices changed; `AgreementError` for a name or a choice it does not have.

    `ContractError` says what is wrong with the file.
    """
    if name not in names(folder):
        raise AgreementError(
            Text(
                "La convention « {name} » est inconnue. Possibles : {known}.",
                "The agreement '{name}' is unknown. Possible: {known}.",
            ).format(name=name, known=", ".join(names(folder)))
        )
    path = (folder or contracts.directory()) / _FOLDER / f"{name}.toml"
    try:
        agreement = _agreement(name, tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ZoneInfoNotFoundError) as error:
        raise ContractError(
            Text("Convention illisible : {path} : {error}.", "Unreadable agreement: {path}: {error}.").format(
                path=path, error=f"{type(error).__name__} {error}"
            )
        ) from error
    return changed(agreement, changes or {})


def changed(agreement: Agreement, changes: Mapping[str, str]) -> Agreement:
    """The agreement with other values for its choices."""
    unknown = [key for key in changes if key not in agreement.choices]
    if unknown:
        raise AgreementError(
            Text(
                "« {name} » ne laisse pas le choix « {keys} ». Possibles : {known}.",
                "'{name}' leaves no choice '{keys}'. Possible: {known}.",
            ).format(name=agreement.name, keys=", ".join(unknown), known=", ".join(sorted(agreement.choices)))
        )
    return replace(
        agreement,
        choices={
            key: replace(choice, value=changes[key], is_default=choice.is_default and changes[key] == choice.value)
            if key in changes
            else choice
            for key, choice in agreement.choices.items()
        },
    )


def _agreement(name: str, document: Mapping[str, Any]) -> Agreement:
    head = document["agreement"]
    choices = {
        key: Choice(key, _string(row["value"]), _text(row, "reason"), row["article"])
        for key, row in document.get("choices", {}).items()
    }
    consequences = {
        id: Consequence(id, When(row["when"]), _text(row, "text"), row["article"])
        for id, row in document.get("consequences", {}).items()
    }
    deadlines = {
        id: _deadline(id, row, frozenset(choices), frozenset(consequences))
        for id, row in document.get("deadlines", {}).items()
    }
    return Agreement(
        name=name,
        title=_text(head, "title"),
        reference=head["reference"],
        zone=ZoneInfo(head["time_zone"]),
        choices=choices,
        severities={
            Severity(key): SeverityTerm(Severity(key), _text(row, "title"), _text(row, "definition"), row["article"])
            for key, row in document.get("severities", {}).items()
        },
        deadlines=deadlines,
        consequences=consequences,
        phases=tuple(_phase(row, frozenset(deadlines)) for row in document.get("phases", ())),
    )


def _deadline(id: str, row: Mapping[str, Any], choices: frozenset[str], consequences: frozenset[str]) -> Deadline:
    amount, align = row["amount"], row.get("align", "")
    if unknown := set(row) - _DEADLINE_KEYS:
        raise ValueError(f"{id}: unknown {', '.join(sorted(unknown))}")
    if isinstance(amount, bool) or not isinstance(amount, int) or amount < 0 or align not in _ALIGNMENTS:
        raise ValueError(f"{id}: amount {amount!r}, align {align!r}")
    return Deadline(
        id=id,
        amount=amount,
        unit=Unit(row["unit"]),
        start=_text(row, "from"),
        text=_text(row, "text"),
        article=_string(row["article"]),
        support_hours=bool(row.get("support_hours", False)),
        before=bool(row.get("before", False)),
        align=align,
        severity=Severity(row["severity"]) if "severity" in row else None,
        extendable=row.get("extendable", ""),
        choices=_known(id, row.get("choices", ()), choices),
        consequences=_known(id, row.get("consequences", ()), consequences),
    )


def _phase(row: Mapping[str, Any], deadlines: frozenset[str]) -> Phase:
    deadline = row.get("deadline", "")
    if deadline and deadline not in deadlines:
        raise ValueError(f"phase {row['id']}: no deadline {deadline}")
    return Phase(
        row["id"],
        _text(row, "title"),
        deadline,
        _text(row, "responsible"),
        _text(row, "deliverable"),
        _string(row["article"]),
    )


def _known(id: str, named: list[str], known: frozenset[str]) -> tuple[str, ...]:
    if unknown := set(named) - known:
        raise ValueError(f"{id} names {', '.join(sorted(unknown))}, which stands nowhere")
    return tuple(named)


def _text(row: Mapping[str, Any], name: str) -> Text:
    return Text(_string(row[f"{name}_fr"]), _string(row[f"{name}_en"]))


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a string is expected, not {value!r}")
    return value
