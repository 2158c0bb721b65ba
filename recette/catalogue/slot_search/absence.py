"""Searches that find nothing, or must not find everything: unknown, opposed, without slots, private, past."""

from __future__ import annotations

from datetime import timedelta

from recette.catalogue.slot_search.conversation import EVERY_SCENARIO, Query, conversation
from recette.catalogue.tags import Tag
from recette.checks import bundle, slots
from recette.checks.comparison import OPPOSED_ABSENT, Pair, same_slots, withheld
from recette.checks.refusals import accepted
from recette.model import Scenario, Stage
from sas_kernel.flows import Flow
from sas_kernel.text import Text
from sas_kernel.time_window import Window

UNKNOWN_ACCEPTED = accepted(
    "unknown.accepted",
    "SLOT-167",
    Text("Un professionnel inconnu n’est pas une erreur", "An unknown practitioner is not an error"),
    Text(
        "Un professionnel inconnu de l’éditeur donne un Bundle vide, pas une erreur.",
        "A practitioner unknown to the editor gives an empty Bundle, not an error.",
    ),
)
_UNKNOWN_AMONG_KNOWN = same_slots(
    "unknown.among_known",
    "SLOT-168",
    Text("Un inconnu parmi des connus ne change rien", "An unknown one among known ones changes nothing"),
)

_NO_ONE_KNOWN = Text(
    "Donnée de test absente du fichier de cible : practitioner_one_place.",
    "Test data missing from the target file: practitioner_one_place.",
)


async def _unknown(stage: Stage) -> None:
    async with conversation(stage) as talk:
        unknown = talk.one("practitioner_unknown")
        alone = await talk.search(unknown)
        talk.judge(bundle.EMPTY, alone)
        if not talk.many("practitioner_one_place"):
            talk.judge((UNKNOWN_ACCEPTED,), Pair(alone, alone))
            stage.skip(_UNKNOWN_AMONG_KNOWN, _NO_ONE_KNOWN)
            return
        known = talk.one("practitioner_one_place")
        usual = await talk.search(known)
        talk.judge((UNKNOWN_ACCEPTED,), Pair(usual, alone))
        mixed = await talk.search(unknown, known)
        talk.judge((_UNKNOWN_AMONG_KNOWN,), Pair(usual, mixed))


UNKNOWN = Scenario(
    "slot_search.unknown_practitioner",
    Flow.SLOT_SEARCH,
    Text("Un professionnel inconnu, seul puis parmi d’autres", "An unknown practitioner, alone then among others"),
    (UNKNOWN_ACCEPTED, *bundle.EMPTY, _UNKNOWN_AMONG_KNOWN, *EVERY_SCENARIO),
    _unknown,
    tags=(Tag.CONTENT, Tag.REFUSALS),
)

_NOTHING = Text(
    "Une recherche sans résultat donne un Bundle vide, pas une erreur.",
    "A search without results gives an empty Bundle, not an error.",
)
_NO_SLOT_ACCEPTED = accepted(
    "no_slot.accepted",
    "SLOT-169",
    Text("Une recherche sans résultat n’est pas une erreur", "A search without results is not an error"),
    _NOTHING,
)
_NO_SLOT_WITHHELD = withheld(
    "no_slot.withheld",
    "SLOT-102",
    Text("Aucun créneau pour qui n’en a pas de libre", "No slot for someone who has none free"),
    Text(
        "Ce professionnel n’a aucun créneau libre selon le fichier de cible : rien ne doit être rendu.",
        "This practitioner has no free slot according to the target file: nothing may be returned.",
    ),
)


async def _without_slots(stage: Stage) -> None:
    async with conversation(stage) as talk:
        usual = await talk.search(talk.one("practitioner_one_place"))
        answer = await talk.search(talk.one("practitioner_without_slots"))
        talk.judge((_NO_SLOT_ACCEPTED,), Pair(usual, answer))
        talk.judge((_NO_SLOT_WITHHELD, *bundle.EMPTY), answer)


WITHOUT_SLOTS = Scenario(
    "slot_search.practitioner_without_slots",
    Flow.SLOT_SEARCH,
    Text("Un professionnel connu, sans créneau libre", "A known practitioner without a free slot"),
    (_NO_SLOT_ACCEPTED, _NO_SLOT_WITHHELD, *bundle.EMPTY, *EVERY_SCENARIO),
    _without_slots,
    needs=("practitioner_without_slots", "practitioner_one_place"),
    tags=(Tag.CONTENT,),
)

_PAST_ACCEPTED = accepted(
    "past.accepted",
    "SLOT-170",
    Text("Une fenêtre passée n’est pas une erreur", "A past window is not an error"),
    Text(
        "Une fenêtre entièrement passée donne un Bundle vide, pas une erreur.",
        "A window entirely in the past gives an empty Bundle, not an error.",
    ),
)

_PAST_WITHHELD = withheld(
    "past.withheld",
    "SLOT-105",
    Text("Aucun créneau d’une fenêtre passée", "No slot of a past window"),
    Text("Un créneau déjà commencé est transmis.", "A slot that has already started is transmitted."),
)


async def _past(stage: Stage) -> None:
    async with conversation(stage) as talk:
        practitioner = talk.one("practitioner_one_place")
        horizon = talk.window.end - talk.window.start
        over = Window(talk.window.start - horizon, talk.window.start - timedelta(minutes=5))
        straddling = Window(talk.window.start - horizon, talk.window.end)
        reaching_back = await talk.ask(Query.of([practitioner], straddling))
        past = await talk.ask(Query.of([practitioner], over))
        talk.judge((_PAST_ACCEPTED,), Pair(reaching_back, past))
        talk.judge((_PAST_WITHHELD, *bundle.EMPTY), past)
        talk.judge((slots.NOT_PAST,), reaching_back)


PAST = Scenario(
    "slot_search.past",
    Flow.SLOT_SEARCH,
    Text("Une fenêtre passée, puis à cheval sur le présent", "A past window, then one across the present"),
    (_PAST_ACCEPTED, _PAST_WITHHELD, slots.NOT_PAST, *bundle.EMPTY, *EVERY_SCENARIO),
    _past,
    needs=("practitioner_one_place",),
    tags=(Tag.CONTENT,),
)


async def _opposed(stage: Stage) -> None:
    async with conversation(stage) as talk:
        known = talk.one("practitioner_one_place")
        usual = await talk.search(known)
        mixed = await talk.search(talk.one("practitioner_opposed"), known)
        talk.judge((OPPOSED_ABSENT,), Pair(usual, mixed))
        alone = await talk.search(talk.one("practitioner_opposed"))
        talk.judge((_OPPOSED_WITHHELD,), alone)


_OPPOSED_WITHHELD = withheld(
    "opposed.withheld",
    "SLOT-164",
    Text("Aucun créneau d’un professionnel opposé", "No slot of an opposed practitioner"),
    Text(
        "Un créneau d’un professionnel qui s’oppose à la transmission est dans la réponse.",
        "A slot of a practitioner who opposes transmission is in the answer.",
    ),
)
OPPOSED = Scenario(
    "slot_search.opposed_practitioner",
    Flow.SLOT_SEARCH,
    Text("Un professionnel opposé à la transmission", "A practitioner who opposes transmission"),
    (OPPOSED_ABSENT, _OPPOSED_WITHHELD, *EVERY_SCENARIO),
    _opposed,
    needs=("practitioner_opposed", "practitioner_one_place"),
    tags=(Tag.CONTENT, Tag.SECURITY),
)

_PRIVATE_WITHHELD = withheld(
    "private.withheld",
    "SLOT-107",
    Text("Rien pour qui n’a que des créneaux réservés", "Nothing for someone who has only reserved slots"),
    Text(
        "Ce professionnel n’a que des créneaux réservés à sa patientèle : rien ne doit être rendu.",
        "This practitioner has only slots kept for own patients: nothing may be returned.",
    ),
)


async def _private(stage: Stage) -> None:
    async with conversation(stage) as talk:
        talk.judge((_PRIVATE_WITHHELD,), await talk.search(talk.one("practitioner_private")))


PRIVATE = Scenario(
    "slot_search.private_slots",
    Flow.SLOT_SEARCH,
    Text(
        "Un professionnel qui réserve ses créneaux à sa patientèle", "A practitioner who keeps slots for own patients"
    ),
    (_PRIVATE_WITHHELD, *EVERY_SCENARIO),
    _private,
    needs=("practitioner_private",),
    tags=(Tag.CONTENT, Tag.SECURITY),
)

SCENARIOS: tuple[Scenario, ...] = (UNKNOWN, WITHOUT_SLOTS, PAST, OPPOSED, PRIVATE)
