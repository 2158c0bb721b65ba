"""Checks of how many of each kind an answer holds for practitioners whose places are known, and of declared types."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from recette.checks import facts
from recette.checks.answer import Answer, consultation_types, reference, slot_types
from recette.checks.comparison import signature
from recette.checks.json_document import Node
from recette.checks.judging import content_check, shown
from recette.model import Check, Exchange, Judgement, Problem
from sas_kernel.text import Text


def _ids(nodes: list[Node]) -> set[str]:
    return {node["id"].string or node.path for node in nodes}


def _people(answer: Answer) -> list[Node]:
    """The practitioners who were asked for; one who bears no identifier gets the benefit of the doubt."""
    return [
        node
        for node in answer.of("Practitioner")
        if answer.asked_identity(node) is not None
        or not any(one["value"].string for one in node["identifier"].elements)
    ]


def _points_to(node: Node, name: str, ids: set[str]) -> bool:
    found = reference(node)
    return found is not None and found.type == name and found.id in ids


def _schedules(answer: Answer) -> list[Node]:
    people = _ids(_people(answer))
    return [
        schedule
        for schedule in answer.of("Schedule")
        if any(_points_to(actor, "Practitioner", people) for actor in schedule["actor"].elements)
    ]


def _roles(answer: Answer) -> list[Node]:
    """The roles of those practitioners, by what the roles say or by what their schedules say."""
    people = _ids(_people(answer))
    named = [answer.actor_of(schedule, "PractitionerRole") for schedule in _schedules(answer)]
    by_schedule = {role.path for role in named if role is not None}
    return [
        role
        for role in answer.of("PractitionerRole")
        if _points_to(role["practitioner"], "Practitioner", people) or role.path in by_schedule
    ]


def _count(answer: Answer, places: int, people: int = 1) -> Iterator[Problem | None]:
    """Of a practitioner with `places` places: one Practitioner, and as many roles and schedules as places."""
    if not answer.of("Slot"):
        return
    for name, found, expected in (
        ("Practitioner", _ids(_people(answer)), people),
        ("PractitionerRole", _ids(_roles(answer)), places),
        ("Schedule", _ids(_schedules(answer)), places),
    ):
        at_least = people > 1 and name != "Practitioner"
        right = len(found) >= expected if at_least else len(found) == expected
        sign = "≥ " if at_least else ""
        yield (
            None
            if right
            else Problem(
                Text(
                    "Attendu pour ce jeu de test : {sign}{e} {name} ; la réponse en porte {n}.",
                    "Expected for this test data: {sign}{e} {name}; the answer holds {n}.",
                ).format(sign=sign, e=expected, name=name, n=len(found)),
                path=f"Bundle.entry.resource.ofType({name})",
                expected=f"{sign}{expected}",
                actual=str(len(found)),
            )
        )


ONE_PLACE = content_check(
    "count.one_place",
    "SLOT-090",
    Text("Un lieu : 1 professionnel, 1 rôle, 1 agenda", "One place: 1 practitioner, 1 role, 1 schedule"),
    lambda answer: _count(answer, places=1),
)
TWO_PLACES = content_check(
    "count.two_places",
    "SLOT-091",
    Text("Deux lieux : 1 professionnel, 2 rôles, 2 agendas", "Two places: 1 practitioner, 2 roles, 2 schedules"),
    lambda answer: _count(answer, places=2),
)


def _together(answer: Answer) -> Iterator[Problem | None]:
    people = len(set(answer.asked.identifiers)) if answer.asked is not None else 0
    if people > 1:
        yield from _count(answer, places=people, people=people)


TOGETHER = content_check(
    "count.together",
    "SLOT-092",
    Text("Plusieurs professionnels : chacun, avec ses rôles", "Several practitioners: each one, with its roles"),
    _together,
)


def _distinct_places(answer: Answer) -> Iterator[Problem | None]:
    places = [place for role in _roles(answer) if (place := answer.place_of(role)) is not None]
    seen: dict[str, Node] = {}
    for place in places:
        mark = signature(place)
        if not mark:
            continue
        first = seen.setdefault(mark, place)
        yield (
            None
            if first is place
            else Problem(
                Text(
                    "Les deux lieux du professionnel ne se distinguent pas : même identifiant, même adresse.",
                    "The practitioner's two places cannot be told apart: same identifier, same address.",
                ),
                path=place.path,
                expected="2 places",
                actual=shown(mark),
            )
        )


DISTINCT_PLACES = content_check(
    "place.distinct",
    "SLOT-093",
    Text("Les deux lieux se distinguent", "The two places can be told apart"),
    _distinct_places,
)


def _slots_in_each_place(answer: Answer) -> Iterator[Problem | None]:
    used = {found.id for slot in answer.of("Slot") if (found := reference(slot["schedule"])) is not None}
    for schedule in _schedules(answer) if used else ():
        id = schedule["id"].string
        if id is not None:
            yield (
                None
                if id in used
                else Problem(
                    Text("Aucun créneau pour cet agenda.", "No slot for this schedule."),
                    path=schedule.path,
                    expected="≥ 1 Slot",
                    actual="0",
                )
            )


SLOTS_IN_EACH_PLACE = content_check(
    "schedule.has_slots",
    "SLOT-094",
    Text("Des créneaux dans chaque agenda rendu", "Slots in each schedule returned"),
    _slots_in_each_place,
)


@dataclass(frozen=True)
class Declared:
    """An answer, and the codes its owner declares to use."""

    answer: Answer
    codes: AbstractSet[str]

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return self.answer.exchanges


def _declared(
    codes_of: Callable[[Node], tuple[str, ...]], known: frozenset[str], path: str
) -> Callable[[Declared], Judgement]:
    def judge(declared: Declared) -> Judgement:
        answer = declared.answer
        if not answer.usable:
            return Judgement(0, reason=answer.unusable)
        slots = answer.of("Slot")
        if not slots:
            return Judgement(0)
        found = {code for slot in slots for code in codes_of(slot)} & known
        problems = [
            Problem(
                Text(
                    "{c} est déclaré et ne figure sur aucun créneau du jeu de test.",
                    "{c} is declared and stands on no slot of the test data.",
                ).format(c=code),
                path=path,
                expected=", ".join(sorted(declared.codes)),
                actual=", ".join(sorted(found)),
            )
            for code in sorted(declared.codes - found)
        ] + [
            Problem(
                Text(
                    "{c} figure sur un créneau sans être déclaré.", "{c} stands on a slot and is not declared."
                ).format(c=code),
                path=path,
                expected=", ".join(sorted(declared.codes)),
                actual=", ".join(sorted(found)),
            )
            for code in sorted(found - declared.codes)
        ]
        return Judgement(len(slots), tuple(problems))

    return judge


DECLARED_SLOT_TYPES = Check(
    "slot.type.declared",
    "SLOT-125",
    Text("Les types de créneaux sont ceux déclarés", "The slot types are those declared"),
    _declared(slot_types, facts.SLOT_TYPES, "Slot.meta.security.code"),
)
DECLARED_CONSULTATION_TYPES = Check(
    "slot.consultation.declared",
    "SLOT-126",
    Text("Les types de consultation sont ceux déclarés", "The consultation types are those declared"),
    _declared(consultation_types, facts.CONSULTATION_TYPES, "Slot.serviceType.coding.code"),
)
