"""Bodies of the admin API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from sas_platform.regulators.model import (
    Change,
    ChangeKind,
    Details,
    Habilitation,
    Identifier,
    IdentifierKind,
    Operation,
    Outcome,
    Regulator,
    Standing,
)


class RegulatorBody(msgspec.Struct, forbid_unknown_fields=True):
    """A new regulator. Without a national id he gets a technical one; without a password he cannot sign in."""

    family: str
    given: str
    email: str
    territory: str
    prefix: str | None = None
    national_id: str | None = None
    password: str | None = None


class RegulatorChange(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What is to change; what is left out stays. `national_id` is attached, and the former identifier remembered."""

    family: str | msgspec.UnsetType = msgspec.UNSET
    given: str | msgspec.UnsetType = msgspec.UNSET
    prefix: str | msgspec.UnsetType | None = msgspec.UNSET
    email: str | msgspec.UnsetType = msgspec.UNSET
    territory: str | msgspec.UnsetType = msgspec.UNSET
    national_id: str | msgspec.UnsetType = msgspec.UNSET
    password: str | msgspec.UnsetType = msgspec.UNSET

    def changes(self) -> dict[str, Any]:
        """The arguments of `RegulatorService.change`."""
        given = {name: value for name in self.__struct_fields__ if (value := getattr(self, name)) is not msgspec.UNSET}
        if "national_id" in given:
            given["identifier"] = Identifier(IdentifierKind.NATIONAL, given.pop("national_id"))
        return given


class ResendBody(msgspec.Struct, forbid_unknown_fields=True):
    editor: str


class IdentifierView(msgspec.Struct):
    kind: IdentifierKind
    system: str
    value: str


class RegulatorView(msgspec.Struct):
    id: int
    identifier: IdentifierView
    family: str
    given: str
    prefix: str | None
    email: str
    territory: str
    active: bool


class RegulatorList(msgspec.Struct):
    regulators: list[RegulatorView]


class DetailsView(msgspec.Struct):
    identifier: IdentifierView
    family: str
    given: str
    prefix: str | None
    email: str
    territory: str
    active: bool


class ChangeView(msgspec.Struct):
    at: datetime
    kind: ChangeKind
    before: DetailsView | None
    after: DetailsView


class RegulatorHistory(msgspec.Struct):
    """Oldest first."""

    changes: list[ChangeView]


class AttemptView(msgspec.Struct):
    """`duration` in milliseconds; `status` is absent where no answer came."""

    at: datetime
    operation: Operation
    method: str
    target: str
    outcome: Outcome
    status: int | None
    duration: int | None
    location: str | None
    detail: str | None


class HabilitationView(msgspec.Struct):
    """`due`: when the next attempt is made; `told_at`, `told_active`: what the editor last accepted."""

    regulator: int
    editor: str
    standing: Standing
    told_at: datetime | None
    told_active: bool | None
    due: datetime | None
    failures: int
    last: AttemptView | None


class HabilitationList(msgspec.Struct):
    habilitations: list[HabilitationView]


def view(regulator: Regulator) -> RegulatorView:
    return RegulatorView(
        regulator.id,
        _identifier(regulator.identifier),
        regulator.family,
        regulator.given,
        regulator.prefix,
        regulator.email,
        regulator.territory,
        regulator.active,
    )


def history(changes: list[Change]) -> RegulatorHistory:
    return RegulatorHistory(
        [ChangeView(c.at, c.kind, None if c.before is None else _details(c.before), _details(c.after)) for c in changes]
    )


def habilitation(line: Habilitation) -> HabilitationView:
    row, last = line.provision, line.last
    attempt = None
    if last is not None:
        attempt = AttemptView(
            last.at,
            last.operation,
            last.method,
            last.target,
            last.outcome,
            last.status,
            last.duration,
            last.location,
            last.detail,
        )
    return HabilitationView(
        line.regulator.id,
        line.editor_id,
        line.standing,
        row.told_at if row else None,
        row.told_active if row and row.told_at else None,
        row.due if row else None,
        row.failures if row else 0,
        attempt,
    )


def _identifier(identifier: Identifier) -> IdentifierView:
    return IdentifierView(identifier.kind, identifier.kind.system, identifier.value)


def _details(d: Details) -> DetailsView:
    return DetailsView(_identifier(d.identifier), d.family, d.given, d.prefix, d.email, d.territory, d.active)
