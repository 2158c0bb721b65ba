"""New appointments: told once, told twice, in each form and media type that an editor may use."""

from __future__ import annotations

from recette.catalogue.platform.appointments.conversation import EVERY_SCENARIO, Json, conversation
from recette.catalogue.platform.people import NO_TECHNICAL, known
from recette.catalogue.tags import Tag
from recette.checks.appointment_facts import CATEGORY
from recette.checks.platform_appointment_refusals import refused
from recette.checks.platform_appointments import (
    LOCATION_ABSOLUTE,
    REPEATED_CREATION,
    Case,
    Pair,
    accepted,
    apart,
    located,
    success_status,
)
from recette.model import Actor, Scenario, Stage
from sas_kernel.flows import Flow
from sas_kernel.text import Text

_ACCEPTED = accepted(
    "reception.creation_accepted",
    "APPT-101",
    Text("Un nouveau rendez-vous est accepté", "A new appointment is accepted"),
    Text("La création d’un rendez-vous n’est pas acceptée.", "The creation of an appointment is not accepted."),
)
_STATUS = success_status(
    "reception.creation_status",
    "APPT-102",
    Text("Une création acceptée a le statut 201", "A creation that is accepted has status 201"),
    Text("Une création acceptée a le statut 201.", "A creation that is accepted has status 201."),
    201,
)
_LOCATION = located(
    "reception.creation_location",
    "APPT-103",
    Text("Une création dit dans Location où est le rendez-vous", "A creation says in Location where it is"),
)
_APART = apart(
    "reception.creation_apart",
    "APPT-112",
    Text("Deux identifiants, deux rendez-vous", "Two identifiers, two appointments"),
    Text(
        "Deux rendez-vous d’identifiants différents sont pris pour un seul.",
        "Two appointments of different identifiers are taken for one.",
    ),
)
_CREATION_CHECKS = (_ACCEPTED, _STATUS, _LOCATION, LOCATION_ABSOLUTE, _APART, REPEATED_CREATION, *EVERY_SCENARIO)


async def _create(stage: Stage) -> None:
    async with conversation(stage, _CREATION_CHECKS) as talk:
        if talk is None:
            return
        booking = talk.booking()
        first = await talk.create(booking)
        talk.judge((_ACCEPTED, _STATUS, _LOCATION, LOCATION_ABSOLUTE), Case(first))
        second = await talk.create(talk.booking())
        talk.judge((_APART,), Pair(first, second))
        talk.judge((REPEATED_CREATION,), Pair(first, await talk.create(booking)))


CREATION = Scenario(
    "appointments.platform.creation",
    Flow.APPOINTMENTS,
    Text("Un nouveau rendez-vous, un autre, et le premier encore", "A new appointment, another, and the first again"),
    _CREATION_CHECKS,
    _create,
    actor=Actor.PLATFORM,
    tags=(Tag.SMOKE, Tag.CONTENT),
)

# --- its forms -------------------------------------------------------------------------------------------------------

_TECHNICAL = accepted(
    "reception.creation_technical",
    "APPT-117",
    Text("Le régulateur à identifiant technique est accepté", "The regulator with a technical id is accepted"),
    Text(
        "Un rendez-vous pris par un régulateur à identifiant technique n’est pas accepté.",
        "An appointment booked by a regulator with a technical id is not accepted.",
    ),
)
_FULL = accepted(
    "reception.creation_full",
    "APPT-120",
    Text("Les éléments facultatifs du profil sont acceptés", "The optional elements of the profile are accepted"),
    Text(
        "Un rendez-vous qui porte aussi id, slot et catégorie d’orientation n’est pas accepté.",
        "An appointment that also has id, slot and orientation category is not accepted.",
    ),
)
_SOS = accepted(
    "reception.creation_sos",
    "APPT-121",
    Text("Le profil SOS, en attente et sans médecin, est accepté", "The SOS profile, pending, no doctor, is accepted"),
    Text(
        "Un rendez-vous SOS en attente, sans médecin désigné, n’est pas accepté.",
        "A pending SOS appointment, without a named doctor, is not accepted.",
    ),
)
_FORM_CHECKS = (_TECHNICAL, _FULL, _SOS, *EVERY_SCENARIO)
_CATEGORIES = "https://interop.esante.gouv.fr/ig/fhir/sas/CodeSystem/categorie-orientation-sas-codesystem"


def _full(document: Json) -> None:
    document["id"] = "rdv-01"
    document["slot"] = [{"reference": "Slot/cr-a1"}]
    coding = {"coding": [{"system": _CATEGORIES, "code": "001"}]}
    document["extension"].append({"url": CATEGORY, "valueCodeableConcept": coding})


def as_sos(document: Json) -> None:
    """A SOS appointment whose doctor nobody knows yet."""
    profile = "https://interop.esante.gouv.fr/ig/fhir/sas/StructureDefinition/sas-sos-appointment"
    document["meta"]["profile"] = [profile]
    document["status"] = "pending"
    kind = {"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "ADM"}
    document["participant"] = [{"type": [{"coding": [kind]}], "status": "needs-action"}]


async def _forms(stage: Stage) -> None:
    async with conversation(stage, _FORM_CHECKS) as talk:
        if talk is None:
            return
        usual = await talk.create(talk.booking())
        technical = (await known(stage)).technical
        if technical is None:
            talk.skip((_TECHNICAL,), NO_TECHNICAL)
        else:
            talk.judge((_TECHNICAL,), Case(await talk.create(talk.booking(technical)), (usual,)))
        talk.judge((_FULL,), Case(await talk.create(talk.booking(), _full), (usual,)))
        talk.judge((_SOS,), Case(await talk.create(talk.booking(), as_sos), (usual,)))


FORMS = Scenario(
    "appointments.platform.forms",
    Flow.APPOINTMENTS,
    Text("Les formes qu’un nouveau rendez-vous peut avoir", "The forms a new appointment may have"),
    _FORM_CHECKS,
    _forms,
    actor=Actor.PLATFORM,
    tags=(Tag.FORMS,),
)

# --- media types -----------------------------------------------------------------------------------------------------

_JSON = accepted(
    "reception.content_type_plain_json",
    "APPT-123",
    Text("application/json est accepté", "application/json is accepted"),
    Text("Un corps application/json n’est pas accepté.", "A body in application/json is not accepted."),
)
_FORMER = accepted(
    "reception.content_type_former_json",
    "APPT-124",
    Text("application/json+fhir est accepté", "application/json+fhir is accepted"),
    Text("Un corps application/json+fhir n’est pas accepté.", "A body in application/json+fhir is not accepted."),
)
_CHARSET = accepted(
    "reception.content_type_with_charset",
    "APPT-125",
    Text("Un charset et d’autres majuscules ne changent rien", "A charset and other capitals change nothing"),
    Text(
        "Le même type, avec charset=utf-8 et en d’autres majuscules, n’est pas accepté.",
        "The same type, with charset=utf-8 and in other capitals, is not accepted.",
    ),
)
_FOREIGN = refused(
    "reception.content_type_foreign",
    "APPT-126",
    Text("Un type qui n’est pas du JSON est refusé", "A type that is not JSON is refused"),
    Text("Un corps annoncé comme text/csv est accepté.", "A body announced as text/csv is accepted."),
)
_TYPE_CHECKS = (_JSON, _FORMER, _CHARSET, _FOREIGN, *EVERY_SCENARIO)


async def _media_types(stage: Stage) -> None:
    async with conversation(stage, _TYPE_CHECKS) as talk:
        if talk is None:
            return
        usual = await talk.create(talk.booking())
        for check, media_type in (
            (_JSON, "application/json"),
            (_FORMER, "application/json+fhir"),
            (_CHARSET, "Application/FHIR+JSON;charset=UTF-8"),
            (_FOREIGN, "text/csv"),
        ):
            talk.judge((check,), Case(await talk.create(talk.booking(), media_type=media_type), (usual,)))


MEDIA_TYPES = Scenario(
    "appointments.platform.media_types",
    Flow.APPOINTMENTS,
    Text("Les types de contenu d’une création", "The media types of a creation"),
    _TYPE_CHECKS,
    _media_types,
    actor=Actor.PLATFORM,
    tags=(Tag.FORMS,),
)

SCENARIOS: tuple[Scenario, ...] = (CREATION, FORMS, MEDIA_TYPES)
