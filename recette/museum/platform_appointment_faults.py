"""The museum of platforms that are wrong about appointments: one fault each."""

from __future__ import annotations

from recette.museum.bending import Fault, html
from recette.museum.platform_appointments import (
    ELEMENTS,
    absurd_at_first,
    accepting,
    answering,
    clash,
    deleting,
    elsewhere,
    erasing,
    final,
    is_refusal,
    lacks,
    lost_at,
    media_type,
    readable,
    refusing,
    relative,
    success,
    unnamed,
    unreadable,
    with_status,
    without_location,
)
from sas_kernel.identifiers import REGULATOR_SYSTEM

FAULTS: tuple[Fault, ...] = (
    Fault(
        "appointment-answer-lost",
        "APPT-100",
        "drops the connection on an unreadable body",
        lost_at(unreadable),
    ),
    Fault(
        "creation-refused",
        "APPT-101",
        "takes updates only",
        refusing(lambda s, k: s.creates and not s.missing, 501),
        "reception.creation_accepted",
        also=("APPT-116",),
    ),
    Fault(
        "creation-200",
        "APPT-102",
        "answers a creation with 200",
        answering(lambda s, k, r: s.creates and r.status == 201, with_status(200)),
    ),
    Fault(
        "creation-without-location",
        "APPT-103",
        "does not say where a new appointment is",
        answering(lambda s, k, r: s.creates, without_location),
    ),
    Fault("location-relative", "APPT-104", "says where it is by a path", answering(success, relative)),
    Fault(
        "update-elsewhere",
        "APPT-105",
        "takes each first change for another appointment",
        answering(
            lambda s, k, r: s.updates and s.status == "booked" and s.key in k.posted and r.status == 200,
            elsewhere,
        ),
        "reception.update_same",
        also=("APPT-152",),
    ),
    Fault(
        "update-204",
        "APPT-106",
        "answers a change with 204",
        answering(lambda s, k, r: s.updates and s.status == "booked" and r.status == 200, with_status(204)),
    ),
    Fault(
        "update-without-location",
        "APPT-107",
        "does not say where a changed appointment is",
        answering(lambda s, k, r: s.updates and r.status == 200, without_location),
    ),
    Fault(
        "update-unknown-500",
        "APPT-108",
        "fails on the change of an unknown appointment",
        refusing(lambda s, k: s.updates and bool(s.condition) and s.condition not in k.keys, 500),
    ),
    Fault(
        "update-creates-202",
        "APPT-109",
        "answers 202 to a change that creates",
        answering(lambda s, k, r: s.updates and r.status == 201, with_status(202)),
    ),
    Fault(
        "creation-twice",
        "APPT-110",
        "makes a second appointment of a creation that comes again",
        accepting(lambda s, k: s.creates and (s.asked.target, s.asked.body) in k.seen),
    ),
    Fault(
        "update-twice-refused",
        "APPT-111",
        "refuses a change that changes nothing",
        refusing(
            lambda s, k: (
                s.updates and s.status == "booked" and s.key in k.posted and (s.asked.target, s.asked.body) in k.seen
            ),
            409,
        ),
        "reception.update_repeated",
    ),
    Fault(
        "made-by-update-forgotten",
        "APPT-111",
        "refuses a second change of what a change has made",
        refusing(
            lambda s, k: (
                s.updates
                and s.status == "booked"
                and s.key not in k.posted
                and (s.asked.target, s.asked.body) in k.seen
            ),
            409,
        ),
        "reception.unknown_kept",
    ),
    Fault(
        "one-appointment-for-all",
        "APPT-112",
        "answers with one id whatever the identifier",
        answering(success, elsewhere),
    ),
    Fault(
        "identifier-lower-case-only",
        "APPT-113",
        "does not know Identifier with a capital",
        refusing(lambda s, k: "?Identifier=" in s.asked.target, 400),
    ),
    Fault(
        "bar-encoded-only",
        "APPT-114",
        "does not understand a bare bar",
        refusing(lambda s, k: "?identifier=" in s.asked.target and "|" in s.asked.target, 400),
    ),
    Fault(
        "update-without-condition",
        "APPT-115",
        "takes a PUT without a condition",
        accepting(lambda s, k: s.updates and not s.condition),
    ),
    Fault(
        "status-noshow-refused",
        "APPT-116",
        "does not know noshow",
        refusing(lambda s, k: s.status == "noshow" and s.updates),
    ),
    Fault(
        "status-pending-refused",
        "APPT-116",
        "knows four statuses",
        refusing(lambda s, k: s.status == "pending"),
        also=("APPT-121",),
    ),
    Fault(
        "technical-id-refused",
        "APPT-117",
        "knows national ids only",
        refusing(lambda s, k: s.operator.get("system") == REGULATOR_SYSTEM and not clash(s)),
    ),
    Fault(
        "cancellation-refused",
        "APPT-118",
        "does not take cancellations at all",
        refusing(lambda s, k: s.status == "cancelled"),
        also=("APPT-116",),
    ),
    Fault(
        "cancelled-for-ever",
        "APPT-119",
        "takes no correction after a cancellation",
        final(),
    ),
    Fault(
        "category-refused",
        "APPT-120",
        "takes one extension only",
        refusing(lambda s, k: len(s.document.get("extension") or []) > 1),
    ),
    Fault(
        "sos-refused",
        "APPT-121",
        "knows one profile only",
        refusing(lambda s, k: "sas-sos" in str(s.document.get("meta"))),
        also=("APPT-116",),
    ),
    Fault(
        "plain-json-refused",
        "APPT-123",
        "wants FHIR's own type",
        refusing(lambda s, k: media_type(s.asked) == "application/json", 415),
    ),
    Fault(
        "former-json-refused",
        "APPT-124",
        "does not know the former type",
        refusing(lambda s, k: media_type(s.asked) == "application/json+fhir", 415),
    ),
    Fault(
        "charset-refused",
        "APPT-125",
        "compares types letter by letter",
        refusing(lambda s, k: "charset" in media_type(s.asked), 415),
    ),
    Fault(
        "foreign-type-accepted",
        "APPT-126",
        "does not look at the type",
        accepting(lambda s, k: "csv" in media_type(s.asked)),
    ),
    Fault("unreadable-accepted", "APPT-130", "says yes to anything unreadable", accepting(lambda s, k: unreadable(s))),
    Fault(
        "another-resource-accepted",
        "APPT-131",
        "does not look at the type of the resource",
        accepting(lambda s, k: s.document.get("resourceType") == "Practitioner"),
    ),
    *(
        Fault(
            f"without-{element}-accepted",
            "APPT-132",
            f"does not miss {element}",
            accepting(lacks(element)),
        )
        for element in ELEMENTS
    ),
    Fault("any-status-accepted", "APPT-133", "takes any status", accepting(lambda s, k: s.status == "prevu")),
    Fault(
        "declined-accepted",
        "APPT-134",
        "takes any status of a participant",
        accepting(lambda s, k: any(p.get("status") == "declined" for p in s.participants)),
    ),
    Fault(
        "needs-action-booked",
        "APPT-135",
        "takes booked while somebody needs to act",
        accepting(lambda s, k: s.status == "booked" and any(p.get("status") == "needs-action" for p in s.participants)),
    ),
    Fault(
        "noshow-with-reason",
        "APPT-136",
        "does not know the invariant app-4",
        accepting(lambda s, k: s.status == "noshow" and "cancelationReason" in s.document),
    ),
    Fault(
        "unknown-regulator-accepted",
        "APPT-137",
        "takes a booking of anybody",
        accepting(lambda s, k: s.operator.get("value", "").endswith("INCONNU")),
    ),
    Fault("clash-accepted", "APPT-138", "does not compare type and system", accepting(lambda s, k: clash(s))),
    Fault(
        "no-offset-accepted",
        "APPT-139",
        "takes a local time",
        accepting(lambda s, k: len(str(s.document.get("start", ""))) == 19),
    ),
    Fault(
        "html-refusals",
        "APPT-140",
        "refuses by a page",
        answering(is_refusal, lambda reply: html(reply.status)),
    ),
    Fault(
        "outcome-without-issue",
        "APPT-140",
        "refuses by an empty OperationOutcome",
        answering(
            lambda s, k, r: r.status >= 400 and not s.missing,
            lambda reply: reply.with_json({"resourceType": "OperationOutcome", "issue": []}),
        ),
    ),
    Fault(
        "refusals-500",
        "APPT-141",
        "fails where it should refuse",
        answering(lambda s, k, r: r.status == 422, with_status(500)),
    ),
    Fault(
        "malformed-422",
        "APPT-142",
        "refuses what is unreadable like what is not allowed",
        answering(lambda s, k, r: r.status == 400 and unreadable(s), with_status(422)),
    ),
    Fault(
        "rules-400",
        "APPT-143",
        "refuses everything with 400",
        answering(lambda s, k, r: r.status == 422, with_status(400)),
    ),
    Fault(
        "element-not-named",
        "APPT-144",
        "does not say what is missing",
        answering(lambda s, k, r: bool(s.missing), unnamed),
    ),
    Fault(
        "patient-accepted",
        "APPT-145",
        "takes a patient among the participants",
        accepting(lambda s, k: b"Patient/" in s.asked.body),
    ),
    Fault(
        "comment-accepted",
        "APPT-146",
        "keeps comments",
        accepting(lambda s, k: "comment" in s.document and len(s.asked.body) < 5000),
    ),
    Fault(
        "backwards-accepted",
        "APPT-147",
        "does not compare start and end",
        accepting(
            lambda s, k: (
                str(s.document.get("start", "")) > str(s.document.get("end", "~"))
                and len(str(s.document.get("start", ""))) > 19
                and "start" in s.document
                and "end" in s.document
            )
        ),
    ),
    Fault(
        "another-identifier-accepted",
        "APPT-148",
        "does not compare the condition and the body",
        accepting(lambda s, k: s.updates and bool(s.condition) and s.condition != s.key),
    ),
    Fault(
        "appointments-readable",
        "APPT-150",
        "shows everybody's appointments",
        readable(),
    ),
    Fault(
        "delete-accepted",
        "APPT-151",
        "says yes to DELETE",
        deleting(),
    ),
    Fault("delete-erases", "APPT-152", "forgets what DELETE named", erasing()),
    Fault("does-not-survive", "APPT-153", "falls over a deep body", absurd_at_first()),
)
