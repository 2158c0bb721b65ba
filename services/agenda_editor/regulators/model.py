"""A regulator's account. Instants are whole milliseconds since the epoch, ids are the editor's own numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sas_kernel.errors import SasError
from sas_kernel.text import Text


class IdentifierKind(StrEnum):
    """By their type codes: the id of a professional card, or the one the platform gives who has no card."""

    NATIONAL = "IDNPS"
    TECHNICAL = "INTRN"


@dataclass(frozen=True, slots=True)
class Identifier:
    kind: IdentifierKind
    value: str


@dataclass(frozen=True, slots=True)
class RegulatorDetails:
    """What the platform says of a regulator; nothing else that it may send is kept (agreement, art. 9.2)."""

    identifier: Identifier
    active: bool
    family: str
    given: str
    email: str
    prefix: str | None = None


@dataclass(frozen=True, slots=True)
class Regulator:
    """`changed` is the number of the last change of any account when this one last changed: it orders them."""

    id: int
    details: RegulatorDetails
    changed: int


@dataclass(frozen=True, slots=True)
class Holder:
    """An account and an identifier it has, or had (`former`) before it was given another."""

    regulator: Regulator
    identifier: Identifier
    former: bool = False


class Operation(StrEnum):
    CREATE = "create"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class Change:
    """One line of an account's history; `before` is absent at its creation."""

    at: int
    operation: Operation
    before: RegulatorDetails | None
    after: RegulatorDetails


# --- errors ----------------------------------------------------------------------------------------------------------


class ProblemKind(StrEnum):
    """What is wrong with a body; the first two mean that it cannot be read at all."""

    STRUCTURE = "structure"
    INVALID = "invalid"
    REQUIRED = "required"
    VALUE = "value"
    BUSINESS_RULE = "business-rule"
    NOT_SUPPORTED = "not-supported"


@dataclass(frozen=True, slots=True)
class Problem:
    """`element` is the path of what to correct, `Practitioner.name[0].family`."""

    kind: ProblemKind
    element: str
    text: Text


class RegulatorError(SasError):
    """Root of what can be refused of an account. No sentence repeats what was sent: it names people."""


class InvalidRegulatorError(RegulatorError):
    """The body is no account; every problem it has is told."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems[0].text)
        self.problems = tuple(problems)

    @property
    def malformed(self) -> bool:
        return any(p.kind in {ProblemKind.STRUCTURE, ProblemKind.INVALID} for p in self.problems)


class DuplicateRegulatorError(RegulatorError):
    def __init__(self) -> None:
        super().__init__(
            Text(
                "Un compte porte déjà cet identifiant : modifiez-le par PUT [base]/Practitioner?identifier=…, "
                "ou désactivez-le d’abord pour libérer l’identifiant.",
                "An account already has this identifier: change it with PUT [base]/Practitioner?identifier=…, "
                "or deactivate it first to free the identifier.",
            )
        )


class AmbiguousRegulatorError(RegulatorError):
    def __init__(self) -> None:
        super().__init__(
            Text(
                "Paramètre identifier : plusieurs comptes actifs y répondent ; donnez le système exact.",
                "Parameter identifier: several active accounts match; give the exact system.",
            )
        )
