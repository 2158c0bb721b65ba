"""From the parameters of a search to what is asked, and from agendas to the entries of the answer. Pure.

Source: SAS implementation guide, slot searches (sections A.1 to A.6 of our reference).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from agenda_editor.agendas.model import PublishedAgenda
from agenda_editor.slot_search.model import SlotQuery
from sas_fhir import canonicals, search
from sas_fhir.search import Parameter
from sas_kernel.identifiers import PRACTITIONER_SYSTEM, STRUCTURE_SYSTEM
from sas_kernel.text import Text


@dataclass(frozen=True, slots=True)
class Criteria:
    """How one of the searches spells what it asks: the names of its parameters and the system of its identifiers.

    `known`: understood, or harmless since the answer always holds what the includes ask for, in one page.
    """

    start: str
    identifier: str
    status: str
    system: str
    known: frozenset[str]


START: Final = "start"
IDENTIFIER: Final = "schedule.actor:Practitioner.identifier"
STATUS: Final = "status"
SOS_START: Final = "_has:Slot:schedule:start"
SOS_IDENTIFIER: Final = "actor:Location.organization.identifier"
SOS_STATUS: Final = "_has:Slot:schedule:status"
SOS_INCLUDES: Final = ("Slot:schedule", "Schedule:actor:Location", "Location:organization")

INCLUDES: Final = ("Slot:schedule", "Schedule:actor")
CPTS_INCLUDES: Final = ("Slot:service-type-reference", "HealthcareService:organization")

_HARMLESS: Final = frozenset({"_include", "_include:iterate", "_format", "_count"})
PRACTITIONERS: Final = Criteria(START, IDENTIFIER, STATUS, PRACTITIONER_SYSTEM, _HARMLESS | {START, IDENTIFIER, STATUS})
ASSOCIATIONS: Final = Criteria(
    SOS_START,
    SOS_IDENTIFIER,
    SOS_STATUS,
    STRUCTURE_SYSTEM,
    _HARMLESS | {"_revinclude", "_revinclude:iterate", SOS_START, SOS_IDENTIFIER, SOS_STATUS},
)
_FREE: Final = frozenset({"free", "|free", canonicals.SLOT_STATUS + "|free"})


def plan(
    parameters: Sequence[Parameter],
    *,
    now: int,
    max_identifiers: int,
    strict: bool,
    criteria: Criteria = PRACTITIONERS,
) -> SlotQuery:
    """What a search asks for, not before `now` (milliseconds). Raises a `SearchError` that names the parameter.

    `strict`: refuse unknown parameters (`Prefer: handling=strict`), which are ignored otherwise.
    """
    by_name: dict[str, list[str]] = {}
    for parameter in parameters:
        by_name.setdefault(parameter.name, []).append(parameter.value)
    _refuse_unsupported(by_name, criteria, strict=strict)
    identifiers = by_name.get(criteria.identifier, [])
    tokens = search.token_list(criteria.identifier, identifiers, at_most=max_identifiers)
    first, last = search.date_window(criteria.start, by_name.get(criteria.start, []))
    return SlotQuery(
        national_ids=tuple(token.code for token in tokens if token.system == criteria.system),
        first=max(first, now),
        last=last,
        free=_asks_for_free(criteria.status, by_name.get(criteria.status, [])),
        cpts=_asks_for_cpts([*by_name.get("_include", []), *by_name.get("_include:iterate", [])]),
    )


def _refuse_unsupported(names: Iterable[str], criteria: Criteria, *, strict: bool) -> None:
    for name in names:
        if name in criteria.known:
            continue
        # FHIR R4, 3.1.1.4: a modifier that is not supported may never be ignored, since it changes the meaning.
        if name.startswith((criteria.start + ":", criteria.status + ":")):
            raise search.UnsupportedParameterError(
                Text(
                    "Paramètre {name} : ce modificateur n’est pas pris en charge ; retirez-le.",
                    "Parameter {name}: this modifier is not supported; remove it.",
                ).format(name=name)
            )
        if strict:
            raise search.UnsupportedParameterError(
                Text(
                    "Paramètre {name} : inconnu ici ; retirez-le, ou n’envoyez pas Prefer: handling=strict.",
                    "Parameter {name}: unknown here; remove it, or do not send Prefer: handling=strict.",
                ).format(name=name)
            )


def _asks_for_free(name: str, values: Sequence[str]) -> bool:
    """Repeated, the parameter adds conditions; a comma list widens one."""
    asked = [[item.strip() for item in value.split(",") if item.strip()] for value in values]
    if not any(asked):
        raise search.MissingParameterError(
            Text(
                "Paramètre {name} : il manque ; ajoutez {name}=free.",
                "Parameter {name}: missing; add {name}=free.",
            ).format(name=name)
        )
    return all(_FREE.intersection(items) for items in asked if items)


def _asks_for_cpts(includes: Sequence[str]) -> bool:
    """What tells INT_R04 from INT_R01: all else is the same (guide, criteria of the CPTS search). An include may name
    the type it leads to."""
    return any(":".join(include.strip().split(":")[:2]) == CPTS_INCLUDES[0] for include in includes)


def asks_for_strict(prefer: Iterable[str]) -> bool:
    """Whether a `Prefer` header asks for strict handling (RFC 7240; FHIR R4, 3.1.1.2)."""
    preferences = (part.strip().lower().replace(" ", "").replace('"', "") for p in prefer for part in p.split(","))
    return any(part.split(";", 1)[0] == "handling=strict" for part in preferences)


def communities(agendas: Sequence[PublishedAgenda]) -> set[int]:
    """The CPTS that see one of these slots."""
    return {number for agenda in agendas for numbers in agenda.communities for number in numbers}


def entries(agendas: Sequence[PublishedAgenda]) -> tuple[int, list[bytes]]:
    """How many slots there are, and the fragments of the answer: slots by start, then all they lean on, once."""
    starts: list[int] = []
    slots: list[bytes] = []
    schedules: list[bytes] = []
    practitioners: list[bytes] = []
    roles: list[bytes] = []
    for agenda in sorted(agendas, key=attrgetter("practitioner_id")):
        if not agenda.fragments:
            continue
        starts += agenda.starts
        slots += agenda.fragments
        practitioners.append(agenda.practitioner)
        for owner, (schedule, role) in enumerate(agenda.schedules):
            if owner in agenda.owners:  # found at once: places take turns along the day
                schedules.append(schedule)
                roles.append(role)
    # Slots that start together stay by practitioner. Positions are sorted: no bytes compared, no thousand pairs made.
    order = sorted(range(len(slots)), key=starts.__getitem__)
    return len(slots), [*[slots[position] for position in order], *schedules, *practitioners, *roles]
