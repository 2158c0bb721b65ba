"""What a platform must not take: unreadable, incomplete, contradictory, of nobody it knows, or about the patient."""

from __future__ import annotations

from dataclasses import replace

from recette.catalogue.platform.appointments.conversation import (
    EVERY_SCENARIO,
    Bend,
    Json,
    conversation,
    identified,
)
from recette.catalogue.tags import Tag
from recette.checks.platform_appointment_refusals import CLIENT_ERROR, ELEMENT, OUTCOME, refusal_status, refused
from recette.checks.platform_appointments import Case
from recette.model import Actor, Check, Scenario, Stage
from sas_kernel.flows import Flow
from sas_kernel.identifiers import PRACTITIONER_SYSTEM, REGULATOR_SYSTEM
from sas_kernel.text import Text

_MALFORMED_STATUS = refusal_status(
    "reception.malformed_status",
    "APPT-142",
    Text("Un corps illisible est refusé par 400", "An unreadable body is refused with 400"),
    Text("Un message malformé est refusé par 400.", "A malformed message is refused with 400."),
    400,
)
_RULE_STATUS = refusal_status(
    "reception.rules_status",
    "APPT-143",
    Text("Une règle de gestion non tenue est refusée par 422", "A business rule not kept is refused with 422"),
    Text(
        "Un message bien formé qui ne tient pas une règle de gestion est refusé par 422.",
        "A well-formed message that does not keep a business rule is refused with 422.",
    ),
    422,
)
_HOW = (OUTCOME, CLIENT_ERROR)

# --- malformed -------------------------------------------------------------------------------------------------------

_NO_JSON = refused(
    "reception.malformed_json",
    "APPT-130",
    Text("Un corps qui n’est pas du JSON est refusé", "A body that is not JSON is refused"),
    Text("Un corps qui n’est pas du JSON est accepté.", "A body that is not JSON is accepted."),
)
_OTHER_RESOURCE = refused(
    "reception.malformed_resource",
    "APPT-131",
    Text("Une autre ressource qu’Appointment est refusée", "Another resource than Appointment is refused"),
    Text("Un Practitioner est accepté comme rendez-vous.", "A Practitioner is accepted as an appointment."),
)
_MALFORMED_CHECKS = (_NO_JSON, _OTHER_RESOURCE, _MALFORMED_STATUS, *_HOW, *EVERY_SCENARIO)


def _practitioner(document: Json) -> None:
    kept = document["identifier"]
    document.clear()
    document |= {"resourceType": "Practitioner", "identifier": kept, "active": True}


async def _malformed(stage: Stage) -> None:
    async with conversation(stage, _MALFORMED_CHECKS) as talk:
        if talk is None:
            return
        usual = await talk.create(talk.booking())
        for body in (b"", b'{"resourceType": "Appointment", "status": "boo', b"<Appointment/>", b'["Appointment"]'):
            told = await talk.create(talk.booking(), body=body)
            talk.judge((_NO_JSON, _MALFORMED_STATUS, *_HOW), Case(told, (usual,)))
        told = await talk.create(talk.booking(), _practitioner)
        talk.judge((_OTHER_RESOURCE, *_HOW), Case(told, (usual,)))


MALFORMED = Scenario(
    "appointments.platform.malformed",
    Flow.APPOINTMENTS,
    Text("Des corps qui ne sont pas un rendez-vous", "Bodies that are no appointment"),
    _MALFORMED_CHECKS,
    _malformed,
    actor=Actor.PLATFORM,
    tags=(Tag.REFUSALS, Tag.RESILIENCE),
)

# --- incomplete ------------------------------------------------------------------------------------------------------

_MISSING = refused(
    "reception.missing_element",
    "APPT-132",
    Text("Un rendez-vous incomplet est refusé", "An incomplete appointment is refused"),
    Text("Un rendez-vous sans un élément obligatoire est accepté.", "One without a mandatory element is accepted."),
)
_MISSING_CHECKS = (_MISSING, ELEMENT, *_HOW, *EVERY_SCENARIO)
_MANDATORY = ("identifier", "extension", "status", "start", "end", "participant")


def _without(element: str) -> Bend:
    def bend(document: Json) -> None:
        del document[element]

    return bend


async def _missing(stage: Stage) -> None:
    async with conversation(stage, _MISSING_CHECKS) as talk:
        if talk is None:
            return
        usual = await talk.create(talk.booking())
        for element in _MANDATORY:
            told = await talk.create(talk.booking(), _without(element))
            talk.judge((_MISSING, ELEMENT, *_HOW), Case(told, (usual,), element))


MISSING = Scenario(
    "appointments.platform.missing",
    Flow.APPOINTMENTS,
    Text("Un rendez-vous auquel manque un élément", "An appointment that lacks an element"),
    _MISSING_CHECKS,
    _missing,
    actor=Actor.PLATFORM,
    tags=(Tag.REFUSALS,),
)

# --- contradictory ---------------------------------------------------------------------------------------------------


def _refused(id: str, requirement: str, fr: str, en: str, accepted_fr: str, accepted_en: str) -> Check:
    return refused(id, requirement, Text(fr, en), Text(accepted_fr, accepted_en))


_STATUS = _refused(
    *("reception.rules_unknown_status", "APPT-133", "Un statut inconnu est refusé", "An unknown status is refused"),
    *("Un statut qui n’est pas du profil est accepté.", "A status that is not of the profile is accepted."),
)
_PARTICIPANT = _refused(
    *("reception.rules_participant_status", "APPT-134"),
    *("Un participant ni accepted ni needs-action est refusé", "A participant of another status is refused"),
    *("Un participant « declined » est accepté.", "A participant 'declined' is accepted."),
)
_NEEDS_ACTION = _refused(
    *("reception.rules_needs_action", "APPT-135"),
    *("booked avec needs-action est refusé", "booked with needs-action is refused"),
    *("Un rendez-vous booked dont un participant est needs-action est accepté.",),
    *("A booked appointment with a participant who needs action is accepted.",),
)
_REASON = _refused(
    *("reception.rules_noshow_reason", "APPT-136"),
    *("noshow avec cancelationReason est refusé", "noshow with cancelationReason is refused"),
    *("cancelationReason est accepté avec noshow (invariant app-4).",),
    *("cancelationReason is accepted with noshow (invariant app-4).",),
)
_OFFSET = _refused(
    *(
        "reception.rules_offset",
        "APPT-139",
        "Un instant sans décalage est refusé",
        "An instant without offset is refused",
    ),
    *("Un début sans décalage horaire est accepté.", "A start without an offset is accepted."),
)
_ORDER = _refused(
    *("reception.rules_order", "APPT-147", "Une fin avant le début est refusée", "An end before the start is refused"),
    *("Un rendez-vous qui finit avant de commencer est accepté.", "An appointment that ends before it starts."),
)
_RULE_CHECKS = (
    *(_STATUS, _PARTICIPANT, _NEEDS_ACTION, _REASON, _OFFSET, _ORDER, _RULE_STATUS, *_HOW),
    *EVERY_SCENARIO,
)


def _set(element: str, value: object) -> Bend:
    def bend(document: Json) -> None:
        document[element] = value

    return bend


def _first_participant(status: str) -> Bend:
    def bend(document: Json) -> None:
        document["participant"][0]["status"] = status

    return bend


def _noshow_with_reason(document: Json) -> None:
    document["status"] = "noshow"
    code = {"system": "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason", "code": "pat"}
    document["cancelationReason"] = {"coding": [code]}


def _without_offset(document: Json) -> None:
    document["start"] = document["start"][:19]


def _backwards(document: Json) -> None:
    document["start"], document["end"] = document["end"], document["start"]


async def _rules(stage: Stage) -> None:
    async with conversation(stage, _RULE_CHECKS) as talk:
        if talk is None:
            return
        usual = await talk.create(talk.booking())
        for check, bend, rule in (
            (_STATUS, _set("status", "prevu"), False),
            (_PARTICIPANT, _first_participant("declined"), False),
            (_NEEDS_ACTION, _first_participant("needs-action"), True),
            (_REASON, _noshow_with_reason, True),
            (_OFFSET, _without_offset, False),
            (_ORDER, _backwards, True),
        ):
            told = await talk.create(talk.booking(), bend)
            talk.judge((check, *((_RULE_STATUS,) if rule else ()), *_HOW), Case(told, (usual,)))


RULES = Scenario(
    "appointments.platform.rules",
    Flow.APPOINTMENTS,
    Text("Un rendez-vous qui se contredit ou sort du profil", "An appointment that contradicts itself or the profile"),
    _RULE_CHECKS,
    _rules,
    actor=Actor.PLATFORM,
    tags=(Tag.REFUSALS,),
)

# --- who booked ------------------------------------------------------------------------------------------------------

_UNKNOWN = _refused(
    *("reception.regulator_unknown", "APPT-137", "Un régulateur inconnu est refusé", "An unknown regulator is refused"),
    *("Un rendez-vous pris par un régulateur inconnu est accepté.",),
    *("An appointment booked by an unknown regulator is accepted.",),
)
_PAIR = _refused(
    *("reception.regulator_pair", "APPT-138"),
    *("Un type et un système qui ne vont pas ensemble sont refusés", "A type and a system that clash are refused"),
    *("Un identifiant de régulateur IDNPS au système technique, ou INTRN au système national, est accepté.",),
    *("A regulator's id of type IDNPS under the technical system, or INTRN under the national one, is accepted.",),
)
_WHO_CHECKS = (_UNKNOWN, _PAIR, _RULE_STATUS, *_HOW, *EVERY_SCENARIO)


async def _who(stage: Stage) -> None:
    async with conversation(stage, _WHO_CHECKS) as talk:
        if talk is None:
            return
        usual = await talk.create(talk.booking())
        nobody = replace(talk.regulator, system=PRACTITIONER_SYSTEM, value="3990000058/RECETTE-INCONNU")
        told = await talk.create(talk.booking(nobody))
        talk.judge((_UNKNOWN, _RULE_STATUS, *_HOW), Case(told, (usual,)))
        for code, system in (("IDNPS", REGULATOR_SYSTEM), ("INTRN", PRACTITIONER_SYSTEM)):
            clashing = identified(code, system, talk.regulator.value)

            def bend(document: Json, clashing: Json = clashing) -> None:
                document["extension"][0]["valueReference"]["identifier"] = clashing

            told = await talk.create(talk.booking(), bend)
            talk.judge((_PAIR, *_HOW), Case(told, (usual,)))


WHO = Scenario(
    "appointments.platform.regulator",
    Flow.APPOINTMENTS,
    Text("Un rendez-vous pris par personne de connu", "An appointment booked by nobody known"),
    _WHO_CHECKS,
    _who,
    actor=Actor.PLATFORM,
    tags=(Tag.REFUSALS,),
)

# --- the patient -----------------------------------------------------------------------------------------------------

_PATIENT = _refused(
    *(
        "reception.patient_participant",
        "APPT-145",
        "Un participant patient est refusé",
        "A patient participant is refused",
    ),
    *("Un rendez-vous qui nomme le patient comme participant est accepté.",),
    *("An appointment that has the patient as a participant is accepted.",),
)
_TEXT = _refused(
    *("reception.patient_text", "APPT-146", "Un texte libre est refusé", "Free text is refused"),
    *("Un rendez-vous qui porte un texte libre est accepté.", "An appointment that has free text is accepted."),
)
_PATIENT_CHECKS = (_PATIENT, _TEXT, _RULE_STATUS, *_HOW, *EVERY_SCENARIO)
_INVENTED = "Patiente inventée, douleur depuis hier"


def _with_patient(document: Json) -> None:
    document["participant"].append({"actor": {"reference": "Patient/p-inventee"}, "status": "accepted"})


async def _patient(stage: Stage) -> None:
    async with conversation(stage, _PATIENT_CHECKS) as talk:
        if talk is None:
            return
        usual = await talk.create(talk.booking())
        told = await talk.create(talk.booking(), _with_patient)
        talk.judge((_PATIENT, _RULE_STATUS, *_HOW), Case(told, (usual,)))
        for element in ("comment", "description", "patientInstruction"):
            told = await talk.create(talk.booking(), _set(element, _INVENTED))
            talk.judge((_TEXT, _RULE_STATUS, *_HOW), Case(told, (usual,)))


PATIENT = Scenario(
    "appointments.platform.patient",
    Flow.APPOINTMENTS,
    Text("Un rendez-vous qui parle du patient", "An appointment that speaks of the patient"),
    _PATIENT_CHECKS,
    _patient,
    actor=Actor.PLATFORM,
    tags=(Tag.REFUSALS, Tag.SECURITY),
)

SCENARIOS: tuple[Scenario, ...] = (MALFORMED, MISSING, RULES, WHO, PATIENT)
