"""What a page shows, ready to print."""

from __future__ import annotations

from dataclasses import dataclass

from sas_kernel.text import Lang


@dataclass(frozen=True, slots=True)
class SlotLine:
    time: str
    until: str
    instant: str
    kinds: tuple[str, ...]
    reasons: tuple[str, ...]
    walk_in: bool


@dataclass(frozen=True, slots=True)
class Day:
    name: str
    slots: tuple[SlotLine, ...]


@dataclass(frozen=True, slots=True)
class AgendaView:
    lang: Lang
    practitioner: str
    specialty: str
    place: str
    address: str
    phone: str
    days: tuple[Day, ...]
