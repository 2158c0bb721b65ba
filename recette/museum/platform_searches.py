"""A little platform that searches, right by default, and what it can get wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

from recette.museum.street import Party
from recette.museum.wire import Asked, Deliver, Reply
from sas_kernel.clock import SystemClock
from sas_kernel.identifiers import PRACTITIONER_SYSTEM

CLOCK = SystemClock()
_WHO = "schedule.actor:Practitioner.identifier"


def little_platform(deliver: Deliver, bend: Callable[[str], str] = lambda query: query, lot: int = 25) -> Party:
    """Searches as it ought to, but for the query of each request, which is bent."""

    async def party(asked: Asked) -> Reply:
        ids = re.findall(rb"\d{12}", asked.body)
        now = CLOCK.now()
        for at in range(0, len(ids), lot):
            tokens = ",".join(f"{PRACTITIONER_SYSTEM}|{id.decode()}" for id in ids[at : at + lot])
            first, last = (quote(each.isoformat()) for each in (now, now + timedelta(hours=72)))
            query = f"start=ge{first}&start=le{last}&{_WHO}={quote(tokens)}&status=free"
            query += "&_include=Slot:schedule&_include:iterate=Schedule:actor"
            if b'"cpts": true' in asked.body:
                query += "&_include=Slot:service-type-reference&_include:iterate=HealthcareService:organization"
            await deliver("GET", f"/Slot?{bend(query)}", (), b"")
        return Reply(200, (), b"{}")

    return party


def replacing(pattern: str, other: str) -> Callable[[str], str]:
    return lambda query: re.sub(pattern, other, query)


_LATE = quote((CLOCK.now() + timedelta(days=9)).isoformat())


@dataclass(frozen=True, slots=True)
class SearchFault:
    """One thing a platform gets wrong in its queries."""

    name: str
    requirement: str
    bend: Callable[[str], str] = lambda query: query
    lot: int = 25


FAULTS: tuple[SearchFault, ...] = (
    SearchFault("nine days", "SLOT-202", replacing(r"start=le[^&]*", f"start=le{_LATE}")),
    SearchFault("no lower bound", "SLOT-205", replacing(r"start=ge[^&]*&", "")),
    SearchFault("two upper bounds", "SLOT-206", replacing(r"(start=le[^&]*)", r"\1&\1")),
    SearchFault("one parameter an id", "SLOT-207", lambda query: query.replace("%2C", f"&{_WHO}=")),
    SearchFault("no system", "SLOT-208", lambda query: query.replace(quote(f"{PRACTITIONER_SYSTEM}|"), "")),
    SearchFault("any status", "SLOT-209", replacing(r"&status=free", "")),
    SearchFault("no schedules", "SLOT-210", replacing(r"&_include=Slot:schedule", "")),
    SearchFault("no iteration", "SLOT-211", replacing(r"_include:iterate", "_include")),
    SearchFault("forgets somebody", "SLOT-214", replacing(r"%2C[^%&]*%3A[^&]*?(?=%2C|&)", "")),
    SearchFault("thirty ids at once", "SLOT-207", lot=30),
)
