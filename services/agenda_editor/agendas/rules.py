"""What may leave an agenda, and the form values are kept in. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from agenda_editor.agendas.model import (
    InvalidSlotError,
    PublishedAgenda,
    SlotDetails,
    SlotStatus,
    SlotType,
)

# INT_R01 shows these; slots for a CPTS alone belong to INT_R04 (guide, population of the search).
_SHOWN = (SlotType.PUBLIC, SlotType.PRO, SlotType.SNP)
_SHOWN_WITH_CPTS = (*_SHOWN, SlotType.CPTS)


def shown_types(slot: SlotDetails) -> tuple[SlotType, ...]:
    """The slot types an INT_R01 answer tells, in a fixed order; none when the slot must not leave.

    Only free slots leave, never those kept for the practitioner's own patients. The CPTS type of a mixed slot stays out
    too: it means nothing without the HealthcareService that only INT_R04 carries.
    """
    if slot.status is not SlotStatus.FREE or slot.own_patients_only:
        return ()
    return tuple(kind for kind in _SHOWN if kind in slot.slot_types)


def shown_with_cpts(slot: SlotDetails) -> tuple[SlotType, ...]:
    """The slot types an INT_R04 answer tells; none when the slot must not leave."""
    if slot.status is not SlotStatus.FREE or slot.own_patients_only:
        return ()
    return regulators_types(slot)


def regulators_types(slot: SlotDetails) -> tuple[SlotType, ...]:
    """Those of the slot's types that open it to regulators, whatever its status. CPTS says so only of a slot that names
    one: a HealthcareService must go with it."""
    if not is_shared(slot):
        return tuple(kind for kind in _SHOWN if kind in slot.slot_types)
    return tuple(kind for kind in _SHOWN_WITH_CPTS if kind in slot.slot_types)


def is_shared(slot: SlotDetails) -> bool:
    """Whether the slot is shown to a CPTS."""
    return SlotType.CPTS in slot.slot_types and bool(slot.communities)


def is_public(slot: SlotDetails) -> bool:
    """Whether anybody may see and take the slot on the booking page."""
    return slot.status is SlotStatus.FREE and not slot.own_patients_only and SlotType.PUBLIC in slot.slot_types


def check(slot: SlotDetails) -> None:
    """Raise `InvalidSlotError` when the slot could not be rendered truthfully."""
    if slot.start >= slot.end or not slot.consultation_types:
        raise InvalidSlotError


def within(agenda: PublishedAgenda, start: int, end: int) -> PublishedAgenda:
    """The same agenda with only the slots that start from `start` to `end`, both included."""
    low, high = bisect_left(agenda.starts, start), bisect_right(agenda.starts, end)
    if low == 0 and high == len(agenda.starts):
        return agenda
    return PublishedAgenda(
        agenda.practitioner_id,
        agenda.version,
        agenda.practitioner,
        agenda.schedules,
        agenda.starts[low:high],
        agenda.owners[low:high],
        agenda.fragments[low:high],
        agenda.communities[low:high],
    )


def weight(agenda: PublishedAgenda) -> int:
    """About how many bytes an agenda takes in memory: its fragments and what Python adds around each."""
    per_slot = 33 + 32 + 8 + 8 + 8  # bytes object, int, and three list cells
    parts: Iterable[bytes] = (agenda.practitioner, *(part for pair in agenda.schedules for part in pair))
    shared = 64 * len(agenda.communities)
    return sum(map(len, parts)) + sum(map(len, agenda.fragments)) + per_slot * len(agenda.fragments) + shared + 1024
