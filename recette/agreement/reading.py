"""Reads the terms of an agreement, and the values by which a project changes its choices."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from recette.agreement import term_reading
from recette.agreement.model import (
    Agreement,
    AgreementError,
    Choice,
    Consequence,
    Deadline,
    Phase,
    SeverityTerm,
    Unit,
    Variant,
    When,
)
from recette.agreement.rows import Row, known, string, text, whole
from recette.model import Severity
from sas_kernel import contracts
from sas_kernel.errors import ContractError
from sas_kernel.text import Text

_FOLDER = "agreements"
_ALIGNMENTS = frozenset({"", "quarter", "half-year", "year"})
_SOME_YEAR = 2023  # no leap year: a deadline on 29 February would not fall every year
_TEXTS = ("from_fr", "from_en", "text_fr", "text_en")
_DEADLINE_KEYS = frozenset(
    {"amount", "unit", "support_hours", "before", "align", "severity", "extendable", *_TEXTS, "article", "choices"}
    | {"consequences", "also", "then", "no_later_than", "variants"}
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
    for key, value in changes.items():
        possible = agreement.choices[key].possible
        if possible and value not in possible:
            raise AgreementError(
                Text(
                    "Le choix « {key} » de « {name} » ne peut valoir « {value} ». Possibles : {known}.",
                    "The choice '{key}' of '{name}' cannot be '{value}'. Possible: {known}.",
                ).format(key=key, name=agreement.name, value=value, known=", ".join(possible))
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
    choices = {key: _choice(key, row) for key, row in document.get("choices", {}).items()}
    consequences = {
        id: Consequence(id, When(row["when"]), text(row, "text"), row["article"])
        for id, row in document.get("consequences", {}).items()
    }
    deadlines: dict[str, Deadline] = {}
    for id, row in document.get("deadlines", {}).items():
        deadlines[id] = _deadline(id, row, choices, consequences, deadlines)
    possible = {key: choice.possible for key, choice in choices.items()}
    return Agreement(
        name=name,
        title=text(head, "title"),
        reference=head["reference"],
        zone=ZoneInfo(head["time_zone"]),
        choices=choices,
        severities={
            Severity(key): SeverityTerm(Severity(key), text(row, "title"), text(row, "definition"), row["article"])
            for key, row in document.get("severities", {}).items()
        },
        deadlines=deadlines,
        consequences=consequences,
        phases=tuple(_phase(row, frozenset(deadlines)) for row in document.get("phases", ())),
        terms={
            id: term_reading.term(id, row, possible, consequences, deadlines)
            for id, row in document.get("terms", {}).items()
        },
    )


def _choice(key: str, row: Row) -> Choice:
    value, possible = string(row["value"]), tuple(map(string, row.get("possible", ())))
    if possible and value not in possible:
        raise ValueError(f"choice {key}: {value!r} is not possible")
    return Choice(key, value, text(row, "reason"), string(row["article"]), possible=possible)


def _deadline(
    id: str, row: Row, choices: Mapping[str, Choice], consequences: Collection[str], above: Collection[str]
) -> Deadline:
    """`also` and `then` name deadlines that stand above it, so that none ever leads back to itself."""
    if unknown := set(row) - _DEADLINE_KEYS:
        raise ValueError(f"{id}: unknown {', '.join(sorted(unknown))}")
    used = known(id, row.get("choices", ()), choices)
    amount, unit, align = whole(row["amount"]), Unit(row["unit"]), _alignment(row.get("align", ""))
    return Deadline(
        id=id,
        amount=amount,
        unit=unit,
        start=text(row, "from"),
        text=text(row, "text"),
        article=string(row["article"]),
        support_hours=bool(row.get("support_hours", False)),
        before=bool(row.get("before", False)),
        align=align,
        severity=Severity(row["severity"]) if "severity" in row else None,
        extendable=row.get("extendable", ""),
        choices=used,
        consequences=known(id, row.get("consequences", ()), consequences),
        also=known(id, row.get("also", ()), above),
        then=known(id, row.get("then", ()), above),
        no_later_than=known(id, (row["no_later_than"],), used)[0] if "no_later_than" in row else "",
        variants=tuple(
            Variant(
                choice=known(id, (each["choice"],), used)[0],
                value=known(id, (each["value"],), choices[each["choice"]].possible)[0],
                amount=whole(each.get("amount", amount)),
                unit=Unit(each.get("unit", unit)),
                align=_alignment(each.get("align", align)),
            )
            for each in row.get("variants", ())
        ),
    )


def _alignment(written: str) -> str:
    """One of the periods, or days of the year (`05-31 11-30`)."""
    if written not in _ALIGNMENTS:
        for day in written.split():
            date.fromisoformat(f"{_SOME_YEAR}-{day}")
    return written


def _phase(row: Mapping[str, Any], deadlines: frozenset[str]) -> Phase:
    deadline = row.get("deadline", "")
    if deadline and deadline not in deadlines:
        raise ValueError(f"phase {row['id']}: no deadline {deadline}")
    return Phase(
        row["id"],
        text(row, "title"),
        deadline,
        text(row, "responsible"),
        text(row, "deliverable"),
        string(row["article"]),
    )
