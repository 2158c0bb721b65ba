"""The platform's own accounts of regulators, and what other features may ask of them.

Instants are aware datetimes, ids are the platform's own numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from sas_kernel.errors import SasError
from sas_kernel.identifiers import PRACTITIONER_SYSTEM, REGULATOR_SYSTEM
from sas_kernel.text import Text


class IdentifierKind(StrEnum):
    """By their type codes: the id of a professional card, or the one the platform gives who has no card."""

    NATIONAL = "IDNPS"
    TECHNICAL = "INTRN"

    @property
    def system(self) -> str:
        return PRACTITIONER_SYSTEM if self is IdentifierKind.NATIONAL else REGULATOR_SYSTEM


@dataclass(frozen=True, slots=True)
class Identifier:
    kind: IdentifierKind
    value: str


@dataclass(frozen=True, slots=True)
class Regulator:
    """`email` is his login; `territory` the name of his SAS, `SAS-99 Villefictive`."""

    id: int
    identifier: Identifier
    family: str
    given: str
    prefix: str | None
    email: str
    territory: str
    active: bool

    @property
    def full_name(self) -> str:
        return f"{self.given} {self.family}"


class RegulatorDirectory(Protocol):
    """What sign-on and appointments need to know of regulators."""

    async def sign_in(self, email: str, password: str) -> Regulator | None:
        """The active regulator with this e-mail (any case) and this password, else None, in the same time."""
        ...

    async def get(self, regulator_id: int) -> Regulator | None: ...

    async def holding(self, system: str, value: str) -> Regulator | None:
        """Who has this identifier, or had it before he was given another; inactive ones too."""
        ...

    async def connected(self, regulator_id: int, now: datetime) -> None:
        """He has just signed in: what editors do not know of him yet is sent, without making him wait for it."""
        ...


# --- accounts --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Details:
    """What an administrator may say of a regulator; `active` is changed by a request of its own."""

    identifier: Identifier
    family: str
    given: str
    prefix: str | None
    email: str
    territory: str
    active: bool = True


class ChangeKind(StrEnum):
    LOADED = "loaded"
    CREATED = "created"
    CHANGED = "changed"
    DEACTIVATED = "deactivated"
    ACTIVATED = "activated"


@dataclass(frozen=True, slots=True)
class Change:
    """One line of an account's history, which is only added to; `before` is absent at its creation."""

    at: datetime
    kind: ChangeKind
    before: Details | None
    after: Details


# --- what editors were told ------------------------------------------------------------------------------------------


class Quirk(StrEnum):
    """What the real platform does and no specification asks for; each is off unless it is named.

    Sources are lines of the published code, as platform-behaviour.md quotes them.
    """

    PUT_ALWAYS = "put_always"
    """A creation is a PUT like everything else (section 2.1: create, update, disable, delete are the same PUT)."""

    DOUBLE_SYNC = "double_sync"
    """Each connection is told twice, changed or not (2.1: `sas_user.module` 184-207, then 517-541)."""

    BLOCKED_STAYS_ACTIVE = "blocked_stays_active"
    """Who is blocked is told again as active (2.1: `SasToggleStatutForm`; the flag depends on roles only)."""

    EMPTY_MESSAGE = "empty_message"
    """A creation is preceded by a message without any value (2.2: `AggregRegulatorSyncHelper.php` 58-89)."""

    RETRY_OUT_OF_ORDER = "retry_out_of_order"
    """A retry tells the state that failed, even after a newer one was told (2.3: items are re-sent unchecked)."""

    FOUR_TRIES = "four_tries"
    """One attempt and three retries at a steady rhythm, whatever the answer, then an error (2.3: `MAX_TRY_COUNT`)."""


@dataclass(frozen=True, slots=True)
class Account:
    """What is told to an editor of a regulator: nothing else leaves the platform in this flow."""

    identifier: Identifier
    active: bool
    family: str
    given: str
    prefix: str | None
    email: str


class Operation(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    IDENTIFIER = "identifier"
    DEACTIVATE = "deactivate"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Message:
    """One request: a creation has no `address`, anything else is for whom the editor knows by it."""

    operation: Operation
    address: Identifier | None
    account: Account


class Outcome(StrEnum):
    """`SENT` until the answer is known: whoever was killed in between leaves it so."""

    SENT = "sent"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: `status` is None when nothing did, `left` is False when the request surely never left.

    `duration` in milliseconds; `detail` is the answer's first sentence, or why there is none.
    """

    status: int | None
    duration: int
    location: str | None = None
    detail: str | None = None
    left: bool = True
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class Provision:
    """What one editor knows of one regulator, as far as we can tell.

    `known_as`: the identifier it knows him by, or may know him by since a request with it left. `doubt`: the identifier
    in the last request whose fate is unknown. `told`, `parked`: fingerprints of what it last accepted, and refused for
    good. `due`: when something is to be sent; None waits for his next connection. `forced`: sendings that are owed even
    with nothing new to tell. `revision` counts what asked for a sending. `queued`: what a retry out of order will tell.
    """

    regulator_id: int
    editor_id: str
    known_as: Identifier | None = None
    doubt: Identifier | None = None
    told: str | None = None
    told_at: datetime | None = None
    told_active: bool = False
    parked: str | None = None
    due: datetime | None = None
    forced: int = 0
    failures: int = 0
    revision: int = 0
    queued: Account | None = None
    queued_due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request and what became of it. `target` names nobody: its identifier is masked."""

    id: int
    regulator_id: int
    editor_id: str
    at: datetime
    operation: Operation
    method: str
    target: str
    fingerprint: str
    outcome: Outcome
    duration: int | None = None
    status: int | None = None
    location: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """What one sender has taken on: nobody else sends to this editor of this regulator while the lease lasts.

    `wanted`: fingerprint of what the editor should know; `stale`: an old state is told again, as a quirk has it.
    """

    before: Provision
    message: Message
    wanted: str
    lease: str
    attempt: Attempt
    stale: bool


class Standing(StrEnum):
    """Where a regulator is with an editor, in one word."""

    UP_TO_DATE = "up_to_date"
    CONNECTION = "connection"
    SCHEDULED = "scheduled"
    PARKED = "parked"
    UNTOLD = "untold"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Habilitation:
    """A line of the page: `editor_name` falls back on the id of an editor that is no longer connected."""

    regulator: Regulator
    editor_id: str
    editor_name: str
    standing: Standing
    provision: Provision | None
    last: Attempt | None


# --- errors ----------------------------------------------------------------------------------------------------------


class RegulatorError(SasError):
    """Root of what can be refused of an account. No sentence repeats what was sent: it names people."""


class InvalidRegulatorError(RegulatorError):
    """A field does not have the form it needs."""

    def __init__(self, field: str, why: Text) -> None:
        super().__init__(Text("{field} : {why}.", "{field}: {why}.").format(field=field, why=why))
        self.field = field


class UnknownRegulatorError(RegulatorError):
    def __init__(self, regulator_id: int) -> None:
        super().__init__(
            Text("Aucun régulateur n° {id}.", "There is no regulator number {id}.").format(id=regulator_id)
        )


class EmailTakenError(RegulatorError):
    def __init__(self) -> None:
        super().__init__(
            Text(
                "Un autre compte se connecte déjà avec cette adresse : donnez-en une autre.",
                "Another account signs in with this address already: give another one.",
            )
        )


class IdentifierTakenError(RegulatorError):
    """Appointments are attributed by identifiers, so that one never means two people, not even one after the other."""

    def __init__(self) -> None:
        super().__init__(
            Text(
                "Cet identifiant est, ou a été, celui d’un autre régulateur : donnez-en un autre.",
                "This identifier is, or was, another regulator's: give another one.",
            )
        )


class RegulatorsUnavailableError(RegulatorError):
    def __init__(self) -> None:
        super().__init__(
            Text(
                "Les comptes des régulateurs ne répondent pas pour le moment ; réessayez dans un instant.",
                "The regulators' accounts do not answer for now; try again in a moment.",
            )
        )
