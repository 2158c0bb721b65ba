"""Platforms that ask editors wrongly for SOS Médecins associations, one fault each."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote, urlsplit

from recette.museum.street import Party
from recette.museum.wire import Asked, Deliver, Reply
from sas_kernel.clock import SystemClock
from sas_kernel.identifiers import STRUCTURE_SYSTEM

CLOCK = SystemClock()
_HAS = "_has:Slot:schedule"
_WHO = "actor:Location.organization.identifier"

Editors = dict[str, tuple[str, list[str]]]
"""Base URL and known associations, by id."""
Choice = Callable[[str, Sequence[str], Editors], list[str]]
"""Which of the associations an editor is asked for."""


def _right(id: str, asked: Sequence[str], editors: Editors) -> list[str]:
    others = {each for other, (_, known) in editors.items() if other != id for each in known}
    return [each for each in asked if each not in others]


def _everybody(id: str, asked: Sequence[str], editors: Editors) -> list[str]:
    return list(asked)


def _known_only(id: str, asked: Sequence[str], editors: Editors) -> list[str]:
    return [each for each in asked if each in editors[id][1]]


def little_platform(
    deliver: Deliver, bend: Callable[[str], str] = lambda query: query, lot: int = 10, choice: Choice = _right
) -> Party:
    """Keeps a register of editors and asks them as it ought to, but for what is bent."""
    editors: Editors = {}

    async def party(asked: Asked) -> Reply:
        path = urlsplit(asked.target).path
        if path.startswith("/api/admin/editors"):
            if asked.method == "POST":
                body = json.loads(asked.body)
                editors[body["id"]] = (body["base_url"], body["associations"])
            elif asked.method == "DELETE":
                editors.pop(path.rpartition("/")[2])
            return Reply(200, (), json.dumps({"editors": [{"environment": "recette"}]}).encode())
        now = CLOCK.now()
        first, last = (quote(each.isoformat()) for each in (now, now + timedelta(hours=72)))
        for id, (url, _) in editors.items():
            chosen = choice(id, json.loads(asked.body).get("sos", []), editors)
            for at in range(0, len(chosen), lot):
                tokens = quote(",".join(f"{STRUCTURE_SYSTEM}|{each}" for each in chosen[at : at + lot]))
                query = f"{_HAS}:start=ge{first}&{_HAS}:start=le{last}&{_HAS}:status=free&{_WHO}={tokens}"
                query += "&_revinclude=Slot:schedule&_include=Schedule:actor:Location"
                query += "&_include:iterate=Location:organization"
                await deliver("GET", f"/{url.rpartition('/')[2]}/Schedule?{bend(query)}", (), b"")
        return Reply(200, (), b"{}")

    return party


def _replacing(pattern: str, other: str) -> Callable[[str], str]:
    return lambda query: re.sub(pattern, other, query)


@dataclass(frozen=True, slots=True)
class AssociationSearchFault:
    """One thing a platform gets wrong in its SOS searches."""

    name: str
    requirement: str
    bend: Callable[[str], str] = lambda query: query
    lot: int = 10
    choice: Choice = _right


_LATE = quote((CLOCK.now() + timedelta(days=9)).isoformat())

FAULTS: tuple[AssociationSearchFault, ...] = (
    AssociationSearchFault("sos without a lower bound", "SOS-060", _replacing(r"[^&]*start=ge[^&]*&", "")),
    AssociationSearchFault("sos of any status", "SOS-061", _replacing(r"&[^&]*status=free", "")),
    AssociationSearchFault("eleven associations at once", "SOS-062", lot=11),
    AssociationSearchFault("sos without a prefix", "SOS-062", _replacing(r"%7C3", "%7C")),
    AssociationSearchFault("sos without places", "SOS-063", _replacing(r"&_include=[^&]*", "")),
    AssociationSearchFault("asks for known associations only", "SOS-064", choice=_known_only),
    AssociationSearchFault("asks everybody for everything", "SOS-065", choice=_everybody),
    AssociationSearchFault("sos nine days ahead", "SOS-066", _replacing(r"start=le[^&]*", f"start=le{_LATE}")),
)
