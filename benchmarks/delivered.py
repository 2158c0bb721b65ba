"""What came to a receiver, held against what an outbox was to send: all of it, once, each appointment in order.

Pure, and independent of the outbox: it knows the messages that were written and the requests that were heard.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.receiver import Heard


@dataclass(frozen=True, slots=True)
class Pending:
    """One message that is to come: `sequence` counts those of its appointment, from 1; no other has its `body`."""

    key: str
    sequence: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Delivered:
    """`lost`: messages the receiver never took; `disordered`: appointments it heard of in another order than theirs.

    `together`: requests that came while another one of their appointment was being worked on. `again`: messages taken
    once more because no answer to them had left; `twice`: when the first answer left to each of those that were taken
    once more all the same. `seconds`: from the first request to the last answer.
    """

    requests: int
    lost: int
    disordered: int
    together: int
    again: int
    twice: tuple[float, ...]
    seconds: float


def compared(pending: Sequence[Pending], heard: Sequence[Heard]) -> Delivered:
    """Raises `ValueError` when something came that nobody wrote."""
    sequences = {(each.key, zlib.crc32(each.body)): each.sequence for each in pending}
    if len(sequences) != len(pending):
        raise ValueError("two messages of one appointment have the same sum")
    heard = sorted(heard, key=lambda each: each.begun)
    taken: dict[str, list[int]] = defaultdict(list)
    answered: dict[tuple[str, int], float | None] = {}
    busy: dict[str, float] = {}
    twice: list[float] = []
    again = together = 0
    for each in heard:
        message = (each.key, each.body)
        if message not in sequences:
            raise ValueError(f"a message of {each.key} that nobody wrote")
        together += each.begun < busy.get(each.key, 0.0)
        if not each.fault.startswith("late"):  # whoever sent it has left long before
            busy[each.key] = each.ended
        if not each.acted:
            continue
        if message not in answered:
            taken[each.key].append(sequences[message])
        elif taken[each.key][-1] != sequences[message]:
            taken[each.key].append(sequences[message])  # an older state over a newer one
        elif (when := answered[message]) is None:
            again += 1
        else:
            twice.append(when)
        answered[message] = None if each.fault else each.ended
    return Delivered(
        requests=len(heard),
        lost=len(pending) - len(answered),
        disordered=sum(numbers != sorted(numbers) for numbers in taken.values()),
        together=together,
        again=again,
        twice=tuple(twice),
        seconds=max(each.ended for each in heard) - heard[0].begun if heard else 0.0,
    )
