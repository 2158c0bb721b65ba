"""What the SOS search finds: whose slots, of which window, at which place, and nothing for who is not known.

Source: IG SAS 1.2.0, recherche de créneaux SOS, § Critères; FAQ, SOS Médecins. The search asks for Schedules by
conditions on their Slots (`_has`): read as plain FHIR it would give every slot of such a Schedule, so that what comes
is held against the conditions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from recette.checks import bundle
from recette.checks.answer import Answer, instant
from recette.checks.comparison import (
    BOUND_INCLUDED,
    Pair,
    keyed,
    refusal,
    same_slots,
    same_union,
    settled,
    signature,
    slots_from,
)
from recette.checks.json_document import Node
from recette.checks.judging import content_check, shown, tally
from recette.checks.refusals import accepted
from recette.model import Check, Judgement, Problem
from sas_kernel.text import Text

_REFUSED: Final = Text("La recherche SOS n’est pas servie.", "The SOS search is not served.")


def _answered(answer: Answer) -> Judgement:
    if answer.silence is not None:
        return Judgement(0, reason=answer.silence)
    return tally([refusal(answer, _REFUSED)])


ANSWERED = Check(
    "sos.answered",
    "SOS-001",
    Text("La recherche SOS rend 200 et un Bundle", "The SOS search gives 200 and a Bundle"),
    _answered,
)


def _asked_as(answer: Answer, organization: Node) -> str | None:
    """Which of the associations asked this one is, forgiving a forgotten prefix; else None."""
    values = {one["value"].string or "" for one in organization["identifier"].elements}
    asked = answer.asked.identifiers if answer.asked is not None else ()
    return next((id for id in asked if values & {id, id[1:]}), None)


def _found(answer: Answer) -> Iterator[Problem | None]:
    found = {_asked_as(answer, organization) for organization in answer.of("Organization")}
    nameless = any(not organization["identifier"].elements for organization in answer.of("Organization"))
    for id in answer.asked.identifiers if answer.asked is not None else ():
        held = bool(answer.of("Slot")) and (id in found or nameless)
        message = Text(
            "Aucun créneau libre de l’association {id} : le jeu de test doit en porter dans la fenêtre demandée.",
            "No free slot of the association {id}: the test data must hold some in the window asked for.",
        ).format(id=id)
        yield None if held else Problem(message, "Bundle.entry", f"Organization {id}", "absent")


FOUND = content_check(
    "sos.found",
    "SOS-002",
    Text("Chaque association demandée qui a des créneaux est rendue", "Each association asked that has slots is given"),
    _found,
)


def _only_asked(answer: Answer) -> Iterator[Problem | None]:
    for organization in answer.of("Organization"):
        if not any(one["value"].string for one in organization["identifier"].elements):
            continue
        message = Text("Cette association n’était pas demandée.", "This association was not asked for.")
        held = _asked_as(answer, organization) is not None
        value = organization["identifier"].elements[0]["value"]
        yield None if held else Problem(message, value.path, "absent", shown(value.value))


ONLY_ASKED = content_check(
    "sos.only_asked",
    "SOS-004",
    Text("Seulement les associations demandées", "Only the associations asked for"),
    _only_asked,
)


def _in_window(answer: Answer) -> Iterator[Problem | None]:
    if answer.asked is None:
        return
    for slot in answer.of("Slot"):
        start = instant(slot["start"])
        if start is None:
            continue
        message = Text(
            "Ce créneau ne remplit pas la condition _has de la recherche : il commence hors de la fenêtre, ou il est "
            "passé.",
            "This slot does not satisfy the search's _has condition: it starts outside the window, or it is past.",
        )
        held = start in answer.asked.window and start >= answer.not_before
        bounds = f"{answer.asked.window.start.isoformat()} … {answer.asked.window.end.isoformat()}"
        yield None if held else Problem(message, slot["start"].path, bounds, slot["start"].string)


IN_WINDOW = content_check(
    "sos.slot.in_window",
    "SOS-006",
    Text("Seulement les créneaux qui remplissent les conditions", "Only the slots that satisfy the conditions"),
    _in_window,
)
ON_BOUND = replace(
    BOUND_INCLUDED,
    id="sos.slot.on_bound",
    requirement="SOS-007",
    title=Text("Un créneau SOS sur la borne est dans la fenêtre", "An SOS slot on the bound is in the window"),
)
TOGETHER = same_union(
    "sos.together",
    "SOS-008",
    Text("Ensemble, les créneaux de chaque association", "Together, the slots of each association"),
)
FULL_LIST = same_slots(
    "sos.full_list",
    "SOS-009",
    Text("Une recherche de 25 associations est servie", "A search of 25 associations is served"),
)
CAPITAL = same_slots(
    "sos.capital_include",
    "SOS-018",
    Text("Location:Organization, majuscule comprise, est toléré", "Location:Organization, capital and all, is borne"),
)
LINK_PARAMETERS = replace(
    bundle.LINK_SAME_PARAMETERS,
    id="sos.bundle.link_parameters",
    requirement="SOS-019",
    title=Text("Le lien self a les paramètres de la recherche SOS", "The link self has the SOS search's parameters"),
)


def _own_address(answer: Answer) -> Iterator[Problem | None]:
    first: dict[str, Node] = {}
    for slot in answer.of("Slot"):
        address = (slot["comment"].string or "").strip()
        if not address:
            continue
        message = Text(
            "Cette adresse est aussi celle d’un autre créneau : elle mène au point, pas au créneau.",
            "This address is that of another slot as well: it leads to the place, not to the slot.",
        )
        held = first.setdefault(address, slot) is slot
        yield None if held else Problem(message, slot["comment"].path, "1 URL a slot", shown(address))


OWN_ADDRESS = content_check(
    "sos.slot.own_address",
    "SOS-025",
    Text("Chaque créneau a sa propre adresse", "Each slot has its own address"),
    _own_address,
)


def _site(answer: Answer, slot: Node) -> Node | None:
    schedule = answer.schedule_of(slot)
    return None if schedule is None else answer.actor_of(schedule, "Location")


def _same_site(pair: Pair) -> Iterator[Problem | None]:
    since = settled((pair.usual, pair.other))
    usual, other = keyed([(pair.usual, slots_from(pair.usual, since))], (pair.other, slots_from(pair.other, since)))
    for key in usual.keys() & other.keys():
        here, there = _site(pair.usual, usual[key]), _site(pair.other, other[key])
        if here is None or there is None:
            continue
        message = Text(
            "Le créneau change de point de consultation selon ce qui est demandé avec lui.",
            "The slot changes place of consultation with what is asked along with it.",
        )
        held = signature(here) == signature(there)
        path = other[key]["schedule"].path
        problem = Problem(message, path, shown(signature(here)), shown(signature(there)), pair.other.exchange_id)
        yield None if held else problem


def _judge_same_site(pair: Pair) -> Judgement:
    unusable = pair.usual.unusable or pair.other.unusable
    return Judgement(0, reason=unusable) if unusable is not None else tally(_same_site(pair))


SAME_SITE = Check(
    "sos.slot.same_site",
    "SOS-012",
    Text("Chaque créneau reste à son point de consultation", "Each slot stays at its place of consultation"),
    _judge_same_site,
)

UNKNOWN_ACCEPTED = accepted(
    "sos.unknown.accepted",
    "SOS-042",
    Text("Une association inconnue n’est pas une erreur", "An unknown association is not an error"),
    Text(
        "Une association inconnue de l’éditeur donne un Bundle vide, pas une erreur.",
        "An association unknown to the editor gives an empty Bundle, not an error.",
    ),
)


def _empty(answer: Answer) -> Iterator[Problem | None]:
    message = Text(
        "Pour une association inconnue, le total vaut 0 et entry est absent.",
        "For an unknown association, the total is 0 and entry is absent.",
    )
    for place, held, wanted in (
        (answer.root["total"], answer.root["total"].value == 0, "0"),
        (answer.root["entry"], not answer.root["entry"].present, "absent"),
    ):
        yield None if held else Problem(message, place.path, wanted, shown(place.value) if place.present else None)


UNKNOWN_EMPTY = content_check(
    "sos.unknown.empty",
    "SOS-043",
    Text("Une association inconnue donne un Bundle vide", "An unknown association gives an empty Bundle"),
    _empty,
)
AMONG_KNOWN = same_slots(
    "sos.unknown.among_known",
    "SOS-044",
    Text("Une inconnue parmi des connues ne change rien", "An unknown one among known ones changes nothing"),
)
