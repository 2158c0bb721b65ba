"""Which account an identifier means, and which account may have it. Pure.

Source: implementation guide, INT_R02 (accounts); where it is silent, the acceptance kit's sequence decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from agenda_editor.regulators.model import (
    AmbiguousRegulatorError,
    DuplicateRegulatorError,
    Holder,
    Identifier,
    IdentifierKind,
    RegulatorDetails,
)
from sas_fhir.search import (
    InvalidParameterError,
    MissingParameterError,
    Parameter,
    Token,
    UnsupportedParameterError,
    token_list,
)
from sas_kernel.identifiers import MAX_ID_LENGTH, PRACTITIONER_SYSTEM, REGULATOR_SYSTEM
from sas_kernel.text import Text

IDENTIFIER: Final = "identifier"

SYSTEMS: Final = {IdentifierKind.NATIONAL: PRACTITIONER_SYSTEM, IdentifierKind.TECHNICAL: REGULATOR_SYSTEM}

_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_UNSPEAKABLE: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def is_clean(text: str) -> bool:
    """Whether the text holds no control character, which no name has and which databases refuse."""
    return _UNSPEAKABLE.search(text) is None


def is_uuid(value: str) -> bool:
    return _UUID.fullmatch(value) is not None


def key(value: str) -> str:
    """What two spellings of one identifier have in common: the case of a UUID means nothing."""
    return value.lower() if is_uuid(value) else value


def same(one: Identifier, other: Identifier) -> bool:
    return one.kind is other.kind and key(one.value) == key(other.value)


def criterion(parameters: Iterable[Parameter]) -> Token:
    """The one identifier that a conditional update names.

    Parameters that begin with `_` say how to answer, not which account. Any other would narrow the choice, so leaving
    it aside could change the wrong account: it is refused. Raises a `SearchError`.
    """
    values: list[str] = []
    for name, value in ((p.name, p.value) for p in parameters):
        if name == IDENTIFIER:
            values.append(value)
        elif not name.startswith("_"):
            raise UnsupportedParameterError(
                Text(
                    "Paramètre {name} : la mise à jour conditionnelle ne connaît que identifier ; retirez-le.",
                    "Parameter {name}: a conditional update knows identifier only; remove it.",
                ).format(name=name)
            )
    if not values:
        raise MissingParameterError(
            Text(
                "Paramètre identifier : il manque ; un compte se modifie par "
                "PUT [base]/Practitioner?identifier=<système>|<identifiant>.",
                "Parameter identifier: missing; an account is changed with "
                "PUT [base]/Practitioner?identifier=<system>|<identifier>.",
            )
        )
    (token,) = token_list(IDENTIFIER, values, at_most=1)
    if not is_clean(token.system + token.code):
        raise InvalidParameterError(
            Text(
                "Paramètre identifier : il contient un caractère de commande.",
                "Parameter identifier: it holds a control character.",
            )
        )
    return token


def meant(asked: Token, sent: Identifier, holders: Sequence[Holder]) -> Holder | None:
    """The account a conditional update is about, among `holders`.

    A UUID that nobody has under the system asked for means its account under the other (the kit converts accounts that
    way). An active account goes before those that freed the identifier, and among active ones who has it before who had
    it; where none is active, it is the one that changed last. Raises `AmbiguousRegulatorError`.
    """
    found = [holder for holder in holders if _answers(asked, sent, holder)]
    found = [holder for holder in found if SYSTEMS[holder.identifier.kind] == asked.system] or found
    active = [holder for holder in found if holder.regulator.details.active]
    active = [holder for holder in active if not holder.former] or active
    if len({holder.regulator.id for holder in active}) > 1:
        raise AmbiguousRegulatorError
    return max(active or found, key=lambda holder: holder.regulator.changed, default=None)


def _answers(asked: Token, sent: Identifier, holder: Holder) -> bool:
    if key(holder.identifier.value) != key(asked.code):
        return False
    if SYSTEMS[holder.identifier.kind] != asked.system and not is_uuid(asked.code):
        return False
    if not holder.former or holder.identifier.kind is IdentifierKind.TECHNICAL:
        return True
    # Card ids are given again: a former one leads to its account only when the change itself comes a second time.
    return same(holder.regulator.details.identifier, sent)


def remembered(asked: Token, sent: Identifier) -> Identifier | None:
    """What an account that an update creates is also known by: the identifier that was asked for, when it is another.

    The same update, coming again because its answer was lost, finds the account by it.
    """
    kind = next((kind for kind, system in SYSTEMS.items() if system == asked.system), None)
    if kind is None and is_uuid(asked.code):
        kind = IdentifierKind.TECHNICAL
    if kind is None or len(asked.code) > MAX_ID_LENGTH:
        return None
    known = Identifier(kind, asked.code)
    return None if same(known, sent) else known


def replaced(holder: Holder, sent: RegulatorDetails) -> RegulatorDetails:
    """What the account says after the update.

    A technical id is temporary: what still arrives under it, sent before it was replaced, does not bring it back.
    """
    if holder.former and same(holder.identifier, sent.identifier):
        return replace(sent, identifier=holder.regulator.details.identifier)
    return sent


def check_free(details: RegulatorDetails, holders: Sequence[Holder], regulator_id: int | None) -> None:
    """Refuse an identifier that another account holds: active accounts share none, whatever their e-mail.

    `regulator_id` is the account that changes; none when one is created. A deactivated account frees its identifier for
    others; but an account that is created deactivated frees nothing, so that there is never a second one.
    Raises `DuplicateRegulatorError`.
    """
    if regulator_id is not None and not details.active:
        return
    for holder in holders:
        other = holder.regulator
        if other.id == regulator_id or not same(holder.identifier, details.identifier):
            continue
        if holder.former and holder.identifier.kind is IdentifierKind.NATIONAL:
            continue
        if other.details.active or not (details.active or holder.former):
            raise DuplicateRegulatorError
