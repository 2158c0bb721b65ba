"""Checks of what ties the resources together: slot to schedule to doctor, role and place."""

from __future__ import annotations

from collections.abc import Iterator

from recette.checks.answer import Answer, Reference, ReferenceForm, contained, kind, reference, references
from recette.checks.json_document import Node
from recette.checks.judging import content_check, shown
from recette.model import Check, Problem
from sas_kernel.text import Text


def _relative(answer: Answer) -> Iterator[Problem | None]:
    for resource in answer.resources:
        for found in references(resource):
            if not found.raw.strip():
                continue
            yield (
                None
                if found.form is not ReferenceForm.OTHER
                else Problem(
                    Text(
                        "Une référence s’écrit Type/id (ou #id pour un lieu contenu), sans URL ni autre préfixe.",
                        "A reference is written Type/id (or #id for a contained place), without URL or other prefix.",
                    ),
                    path=found.node.path,
                    expected=f"{found.type or 'Type'}/{found.id}",
                    actual=shown(found.raw),
                )
            )


RELATIVE = content_check(
    "references.relative",
    "SLOT-080",
    Text("Les références sont relatives (Type/id ou #id)", "References are relative (Type/id or #id)"),
    _relative,
)


def _resolved(answer: Answer, node: Node, name: str) -> Problem | None:
    """The problem of a reference that leads to no resource of this answer."""
    found = reference(node)
    assert found is not None
    if answer.find(found.type, found.id) is not None:
        return None
    return Problem(
        Text(
            "{ref} n’est pas dans la réponse : le créneau ne peut être rattaché.",
            "{ref} is not in the answer: the slot cannot be attached.",
        ).format(ref=found.raw),
        path=found.node.path,
        expected=f"{name} in the Bundle",
        actual=shown(found.raw),
    )


def _usable(node: Node) -> Reference | None:
    found = reference(node)
    return found if found is not None and found.raw.strip() else None


def _led(answer: Answer, node: Node, name: str) -> Iterator[Problem | None]:
    """What is to be said of a reference that must lead somewhere; an empty one is left to its own check."""
    if _usable(node) is not None:
        yield _resolved(answer, node, name)
    elif isinstance(node.value, dict) and node.value and not node["reference"].present:
        yield Problem(
            Text("La référence n’est pas littérale (Type/id).", "The reference is not a literal one (Type/id)."),
            path=node["reference"].path,
            expected="#id" if name.startswith("#") else f"{name}/id",
        )


def _slot_schedule(answer: Answer) -> Iterator[Problem | None]:
    for slot in answer.of("Slot"):
        yield from _led(answer, slot["schedule"], "Schedule")


SLOT_SCHEDULE = content_check(
    "references.slot_schedule",
    "SLOT-081",
    Text("L’agenda de chaque créneau est dans la réponse", "Each slot's schedule is in the answer"),
    _slot_schedule,
)


def _schedule_actors(answer: Answer) -> Iterator[Problem | None]:
    for schedule in answer.of("Schedule"):
        for actor in schedule["actor"].elements:
            if _usable(actor) is not None:  # one that leads nowhere by its form is missing from the actors' count
                yield _resolved(answer, actor, "Practitioner, PractitionerRole")


SCHEDULE_ACTORS = content_check(
    "references.schedule_actor",
    "SLOT-082",
    Text(
        "Le professionnel et le rôle de chaque agenda sont dans la réponse", "Each schedule's actors are in the answer"
    ),
    _schedule_actors,
)


def _two_actors(answer: Answer) -> Iterator[Problem | None]:
    for schedule in answer.of("Schedule"):
        found = [reference(actor) for actor in schedule["actor"].elements]
        types = [f.type for f in found if f is not None]
        right = types.count("Practitioner") == 1 and types.count("PractitionerRole") == 1
        yield (
            None
            if right
            else Problem(
                Text(
                    "Un agenda a exactement un professionnel et un rôle d’exercice pour acteurs.",
                    "A schedule has exactly one practitioner and one practitioner role as actors.",
                ),
                path=schedule["actor"].path,
                expected="Practitioner × 1, PractitionerRole × 1",
                actual=shown(", ".join(types) or "none"),
            )
        )


TWO_ACTORS = content_check(
    "schedule.actors",
    "SLOT-083",
    Text("Un professionnel et un rôle par agenda", "One practitioner and one role a schedule"),
    _two_actors,
)


def _one_schedule_a_role(answer: Answer) -> Iterator[Problem | None]:
    owner: dict[str, Node] = {}
    for schedule in answer.of("Schedule"):
        for actor in schedule["actor"].elements:
            found = reference(actor)
            if found is None or found.type != "PractitionerRole" or not schedule["id"].string:
                continue
            first = owner.setdefault(found.id, schedule)
            yield (
                None
                if first["id"].string == schedule["id"].string
                else Problem(
                    Text(
                        "Deux agendas désignent le même rôle : il y a un agenda par lieu d’exercice.",
                        "Two schedules name the same role: there is one schedule a place of practice.",
                    ),
                    path=actor.path,
                    expected="1 Schedule a PractitionerRole",
                    actual=shown(f"{first['id'].string}, {schedule['id'].string}"),
                )
            )


ONE_SCHEDULE_A_ROLE = content_check(
    "schedule.one_a_role",
    "SLOT-084",
    Text("Un seul agenda par rôle d’exercice", "One schedule a practitioner role"),
    _one_schedule_a_role,
)


def _role_practitioner(answer: Answer) -> Iterator[Problem | None]:
    for role in answer.of("PractitionerRole"):
        practitioner = role["practitioner"]
        if not practitioner.present:
            yield Problem(
                Text("Le rôle ne dit pas de quel professionnel il est.", "The role does not say whose it is."),
                path=practitioner.path,
                expected="Practitioner/id",
            )
        else:
            yield from _led(answer, practitioner, "Practitioner")


ROLE_PRACTITIONER = content_check(
    "references.role_practitioner",
    "SLOT-085",
    Text("Le professionnel de chaque rôle est dans la réponse", "Each role's practitioner is in the answer"),
    _role_practitioner,
)


def _role_location(answer: Answer) -> Iterator[Problem | None]:
    for role in answer.of("PractitionerRole"):
        locations = role["location"]
        if locations.value == [] or (locations.present and not isinstance(locations.value, list)):
            continue
        if len(locations.elements) != 1:
            yield Problem(
                Text(
                    "Un rôle a exactement un lieu ; il y en a {n}.", "A role has exactly one location; there are {n}."
                ).format(n=len(locations.elements)),
                path=locations.path,
                expected="1",
                actual=str(len(locations.elements)),
            )
            continue
        found = _usable(locations.elements[0])
        if found is None:
            yield from _led(answer, locations.elements[0], "#Location")
            continue
        if found.form is ReferenceForm.OTHER:
            continue
        ids = [node["id"].string for node in contained(role) if kind(node) == "Location"]
        yield (
            None
            if found.form is ReferenceForm.CONTAINED and found.id in ids
            else Problem(
                Text(
                    "Le lieu du rôle se désigne par #id du lieu contenu.",
                    "The role's location is named by #id of the contained Location.",
                ),
                path=found.node.path,
                expected=" | ".join(f"#{id}" for id in ids if id) or "#id",
                actual=shown(found.raw),
            )
        )


ROLE_LOCATION = content_check(
    "references.role_location",
    "SLOT-086",
    Text("Le lieu de chaque rôle est son lieu contenu (#id)", "Each role's location is its contained one (#id)"),
    _role_location,
)


def _same_practitioner(answer: Answer) -> Iterator[Problem | None]:
    for schedule in answer.of("Schedule"):
        practitioner = answer.actor_of(schedule, "Practitioner")
        role = answer.actor_of(schedule, "PractitionerRole")
        of_role = answer.practitioner_of(role) if role is not None else None
        if practitioner is None or of_role is None:
            continue
        yield (
            None
            if practitioner is of_role
            else Problem(
                Text(
                    "L’agenda désigne un professionnel et le rôle d’un autre.",
                    "The schedule names one practitioner and the role of another.",
                ),
                path=schedule["actor"].path,
                expected=shown(practitioner["id"].string or ""),
                actual=shown(of_role["id"].string or ""),
            )
        )


SAME_PRACTITIONER = content_check(
    "schedule.same_practitioner",
    "SLOT-087",
    Text("Le rôle de l’agenda est celui de son professionnel", "The schedule's role is its practitioner's"),
    _same_practitioner,
)


def _one_contained_place(answer: Answer) -> Iterator[Problem | None]:
    for role in answer.of("PractitionerRole"):
        places = [node for node in contained(role) if kind(node) == "Location"]
        yield (
            None
            if len(places) == 1
            else Problem(
                Text(
                    "Chaque PractitionerRole contient exactement un lieu (Location) ; il y en a {n}.",
                    "Each PractitionerRole contains exactly one place (Location); there are {n}.",
                ).format(n=len(places)),
                path=role["contained"].path,
                expected="1 Location",
                actual=str(len(places)),
            )
        )


ONE_CONTAINED_PLACE = content_check(
    "role.contained_place",
    "SLOT-088",
    Text("Un lieu contenu par rôle d’exercice", "One contained place a practitioner role"),
    _one_contained_place,
)

FULL: tuple[Check, ...] = (
    RELATIVE,
    SLOT_SCHEDULE,
    SCHEDULE_ACTORS,
    TWO_ACTORS,
    ONE_SCHEDULE_A_ROLE,
    ROLE_PRACTITIONER,
    ROLE_LOCATION,
    SAME_PRACTITIONER,
    ONE_CONTAINED_PLACE,
)
"""What is checked of the links of an answer that holds slots, live or saved."""
