"""What is asked for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SlotQuery:
    """`first` and `last` are milliseconds and both belong to the window; `national_ids`, of people or of
    associations, are as they were sent.

    `free` tells whether free slots were asked for: there are no others to give. `cpts`: the answer is that of INT_R04.
    """

    national_ids: tuple[str, ...]
    first: int
    last: int
    free: bool
    cpts: bool = False
