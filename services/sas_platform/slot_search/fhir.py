"""From an editor's Bundle to offered slots. Total: whatever the bytes are, an `Answer` or an `InvalidAnswerError`.

Only what merging needs is decoded, straight into typed structures: an answer is split into its entries first (which
checks the JSON of all of it, and copies none), then each entry is decoded alone, so that one that is not what FHIR says
costs itself only and the caller may let other work pass between two batches. The rest of a slot stays bytes.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

import msgspec

from sas_kernel.identifiers import PRACTITIONER_SYSTEM
from sas_platform.slot_search.envelope.fhir import Entry, opened
from sas_platform.slot_search.model import (
    Agenda,
    Answer,
    Association,
    Cpts,
    OfferedSlot,
    Practitioner,
    Reference,
    SlotDetails,
)
from sas_platform.slot_search.places import fhir as places
from sas_platform.slot_search.places.fhir import UNREADABLE, clean, id_of

BATCH: Final = 500  # entries decoded between two pauses: about a millisecond
TOGETHER: Final = 100  # entries decoded in one call: below 128 kB, which the allocator would take from the system anew
MAX_NULLS_SOUGHT: Final = 64 * 1024  # bytes of a resource worth a second, slower look
MAX_ISSUE: Final = 300

_ACT_CODE: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_SERVICE_REFERENCE: Final = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Slot.serviceType"


class _Coding(msgspec.Struct, gc=False):
    system: str = ""
    code: str = ""
    display: str = ""


class _Concept(msgspec.Struct, gc=False):
    coding: list[_Coding] = []
    text: str = ""


class _Meta(msgspec.Struct, gc=False):
    security: list[_Coding] = []


class _Details(msgspec.Struct, gc=False, rename="camel"):
    end: datetime | None = None
    service_type: list[_Concept] = []
    specialty: list[_Concept] = []
    appointment_type: _Concept | None = None
    meta: _Meta | None = None


class _Schedule(msgspec.Struct, gc=False):
    actor: list[Reference] = []


class _Extension(msgspec.Struct, gc=False, rename="camel"):
    url: str = ""
    value_reference: Reference | None = None


class _ServiceType(msgspec.Struct, gc=False):
    extension: list[_Extension] = []


class _Services(msgspec.Struct, gc=False, rename="camel"):
    service_type: list[_ServiceType] = []


class _HumanName(msgspec.Struct, gc=False):
    family: str = ""
    given: list[str] = []
    prefix: list[str] = []


class _Practitioner(msgspec.Struct, gc=False):
    identifier: list[places.Identifier] = []
    name: list[_HumanName] = []


class _Issue(msgspec.Struct, gc=False):
    severity: str = ""
    code: str = ""
    diagnostics: str = ""
    details: _Concept | None = None


class _Outcome(msgspec.Struct, gc=False, rename="camel"):
    resource_type: str
    issue: list[_Issue] = []


# A decoder compiles its type, which is worth doing once; it holds no state between two calls.
_head = msgspec.json.Decoder(OfferedSlot)
_heads = msgspec.json.Decoder(list[OfferedSlot])
_details = msgspec.json.Decoder(_Details)
_schedule = msgspec.json.Decoder(_Schedule)
_practitioner = msgspec.json.Decoder(_Practitioner)
_role = msgspec.json.Decoder(places.Role)
_location = msgspec.json.Decoder(places.Location)
_organization = msgspec.json.Decoder(places.Organization)
_service = msgspec.json.Decoder(places.HealthcareService)
_services = msgspec.json.Decoder(_Services)
_outcome = msgspec.json.Decoder(_Outcome)


def to_slots(body: bytes) -> Answer:
    """The offered slots of a searchset Bundle; raises `InvalidAnswerError` when the bytes are not one."""
    steps = read(body)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            answer: Answer = done.value
            return answer


def read(body: bytes) -> Generator[None, None, Answer]:
    """`to_slots` in steps of about a millisecond: the caller may do other work at each one."""
    resources = _Resources()
    entries = opened(body)
    for begin in range(0, len(entries), BATCH):
        resources.take(entries[begin : begin + BATCH])
        yield
    agendas = {reference: resources.agenda(reference) for reference in {s.schedule.reference for s in resources.slots}}
    cpts: dict[str, tuple[Cpts, ...]] = {}
    for at, (slot, raw) in enumerate(zip(resources.slots, resources.raws, strict=True) if resources.services else ()):
        if found := resources.shown_by(raw):
            cpts.setdefault(slot.id, found)
        if at % BATCH == 0:
            yield
    return Answer(
        resources.slots, resources.raws, resources.starts, agendas, resources.unreadable, resources.issue, cpts
    )


def details(resource: msgspec.Raw) -> SlotDetails:
    """What a shown slot says of itself; nothing of it when those elements do not have FHIR's form."""
    try:
        slot = _details.decode(resource)
    except UNREADABLE:
        return SlotDetails()
    booking = slot.appointment_type.coding if slot.appointment_type else []
    return SlotDetails(
        end=slot.end,
        consultation_types=tuple(c.code for each in slot.service_type for c in each.coding if c.system == _ACT_CODE),
        slot_types=tuple(coding.code for coding in slot.meta.security) if slot.meta else (),
        booking=booking[0].code if booking else None,
        reasons=tuple(filter(None, (clean(each.text) for each in slot.service_type))),
        specialties=tuple(filter(None, (_label(each) for each in slot.specialty))),
    )


def issue_text(body: bytes) -> str | None:
    """What an OperationOutcome says, in one line; None when the bytes are not one or say nothing."""
    try:
        outcome = _outcome.decode(body)
    except UNREADABLE:
        return None
    return _issues(outcome) if outcome.resource_type == "OperationOutcome" else None


class _Resources:
    """The resources of one Bundle by kind and id."""

    __slots__ = (
        "_instants",
        "_locations",
        "_organizations",
        "_people",
        "_practitioners",
        "_roles",
        "_schedules",
        "issue",
        "raws",
        "services",
        "slots",
        "starts",
        "unreadable",
    )

    def __init__(self) -> None:
        self.slots: list[OfferedSlot] = []
        self.raws: list[msgspec.Raw] = []
        self.starts: list[datetime] = []
        self._instants: dict[str, datetime] = {}
        self.unreadable = 0
        self.issue: str | None = None
        self._schedules: dict[str, _Schedule] = {}
        self._practitioners: dict[str, _Practitioner] = {}
        self._people: dict[str, Practitioner | None] = {}
        self._roles: dict[str, places.Role] = {}
        self._locations: dict[str, places.Location] = {}
        self._organizations: dict[str, places.Organization] = {}
        self.services: dict[str, places.HealthcareService] = {}

    def take(self, entries: Sequence[Entry]) -> None:
        """Decode the resources of entries, or count them as unreadable.

        Many in one call: it costs half as much as a call each. Where one of them is not what FHIR says, each alone.
        """
        for begin in range(0, len(entries), TOGETHER):
            raws = [entry.resource for entry in entries[begin : begin + TOGETHER]]
            try:
                heads = _heads.decode(b"[%b]" % b",".join(raws))  # each is one JSON value: the envelope was read
            except UNREADABLE:
                for raw in raws:
                    self._take_alone(raw)
            else:
                self._take_together(raws, heads)

    def _take_together(self, raws: Sequence[msgspec.Raw], heads: Sequence[OfferedSlot]) -> None:
        slots, kept, starts, instants = self.slots, self.raws, self.starts, self._instants
        for raw, head in zip(raws, heads, strict=True):
            at = instants.get(head.start or "")
            if at is not None and head.resource_type == "Slot" and head.id:
                slots.append(head)
                kept.append(raw)
                starts.append(at)
            else:
                self._take_alone(raw, head)

    def _take_alone(self, raw: msgspec.Raw, head: OfferedSlot | None = None) -> None:
        try:
            self._take(raw, head or _head.decode(raw))
        except msgspec.ValidationError:
            self._take_pruned(raw)
        except UNREADABLE:
            self.unreadable += 1

    def _take_pruned(self, raw: msgspec.Raw) -> None:
        try:
            if len(raw) <= MAX_NULLS_SOUGHT and b"null" in bytes(raw):
                pruned = _without_nulls(raw)
                self._take(pruned, _head.decode(pruned))
                return
        except UNREADABLE:
            pass
        self.unreadable += 1

    def _take(self, raw: msgspec.Raw, head: OfferedSlot) -> None:
        """The first of two resources with one id stays; kinds that show nothing are passed over."""
        kind = head.resource_type
        at = None if head.start is None else self._instant(head.start)
        if kind == "Slot":
            if not head.id or at is None:
                raise msgspec.ValidationError("a slot needs an id and a start")
            self.slots.append(head)
            self.raws.append(raw)
            self.starts.append(at)
        elif kind == "Schedule":
            self._schedules.setdefault(head.id, _schedule.decode(raw))
        elif kind == "Practitioner":
            self._practitioners.setdefault(head.id, _practitioner.decode(raw))
        elif kind == "PractitionerRole":
            self._roles.setdefault(head.id, _role.decode(raw))
        elif kind == "Location":
            self._locations.setdefault(head.id, _location.decode(raw))
        elif kind == "Organization":
            self._organizations.setdefault(head.id, _organization.decode(raw))
        elif kind == "HealthcareService":
            self.services.setdefault(head.id, _service.decode(raw))
        elif kind == "OperationOutcome":
            self.issue = self.issue or _issues(_outcome.decode(raw))

    def _instant(self, text: str) -> datetime:
        """In UTC, once for all slots that start then; raises `msgspec.ValidationError`."""
        at = self._instants.get(text)
        if at is None:
            at = msgspec.convert(text, datetime)
            if at.tzinfo is not None:
                with suppress(OverflowError):  # an offset beyond the calendar's ends
                    at = at.astimezone(UTC)
            self._instants[text] = at
        return at

    def agenda(self, reference: str) -> Agenda:
        """Slot -> Schedule -> Practitioner and PractitionerRole -> contained Location, or -> Location -> Organization.

        None where a link is broken.
        """
        schedule = self._schedules.get(id_of(reference, "Schedule"))
        if schedule is None:
            return Agenda(None, None)
        actors = [actor.reference for actor in schedule.actor]
        people = [found for actor in actors if (found := id_of(actor, "Practitioner"))]
        roles = [found for actor in actors if (found := id_of(actor, "PractitionerRole"))]
        sites = [found for actor in actors if (found := id_of(actor, "Location"))]
        if sites and not people and not roles:
            return self._site(sites)
        role = self._roles.get(roles[0]) if len(roles) == 1 else None
        if role is not None and role.practitioner is not None:
            of_role = id_of(role.practitioner.reference, "Practitioner")
            people = people or [of_role]
            if of_role not in people:
                role = None  # the role of somebody else cannot say where this practitioner consults
        practitioner = self._person_once(people[0]) if len(people) == 1 else None
        return Agenda(practitioner, None if role is None else places.place_of(role))

    def shown_by(self, slot: msgspec.Raw) -> tuple[Cpts, ...]:
        """Slot -> HealthcareService -> Organization, each CPTS once; a broken link shows none."""
        try:
            said = _services.decode(slot)
        except UNREADABLE:
            return ()
        references = [
            extension.value_reference.reference
            for service_type in said.service_type
            for extension in service_type.extension
            if extension.url == _SERVICE_REFERENCE and extension.value_reference is not None
        ]
        found = (self._cpts(id_of(reference, "HealthcareService")) for reference in references)
        return tuple(dict.fromkeys(each for each in found if each is not None))

    def _cpts(self, service_id: str) -> Cpts | None:
        service = self.services.get(service_id)
        organization = self._organization(service.provided_by) if service is not None else None
        return None if organization is None else places.cpts_of(organization)

    def _site(self, sites: Sequence[str]) -> Agenda:
        """A schedule of two sites is no site's: nobody could tell where to send the patient."""
        location = self._locations.get(sites[0]) if len(sites) == 1 else None
        if location is None:
            return Agenda(None, None)
        organization = self._organization(location.managing_organization)
        association: Association | None = None if organization is None else places.association_of(organization)
        return Agenda(None, places.site_of(location), association)

    def _organization(self, reference: places.LogicalReference | None) -> places.Organization | None:
        if reference is None:
            return None
        return self._organizations.get(id_of(reference.reference, "Organization")) or places.named(reference)

    def _person_once(self, id: str) -> Practitioner | None:
        if id not in self._people:  # of two agendas of a practitioner, say
            self._people[id] = self._person(id)
        return self._people[id]

    def _person(self, id: str) -> Practitioner | None:
        found = self._practitioners.get(id)
        if found is None:
            return None
        national = next((i.value for i in found.identifier if i.system == PRACTITIONER_SYSTEM), "")
        if not national:
            return None
        name = found.name[0] if found.name else _HumanName()
        return Practitioner(national, clean(name.family), clean(" ".join(name.given)), clean(" ".join(name.prefix)))


def _without_nulls(raw: msgspec.Raw) -> msgspec.Raw:
    """The same resource without what says nothing. FHIR forbids null, some editors send it: it costs them nothing."""

    def pruned(value: object) -> object:
        if isinstance(value, dict):
            return {key: pruned(each) for key, each in value.items() if each is not None}
        if isinstance(value, list):
            return [pruned(each) for each in value if each is not None]
        return value

    return msgspec.Raw(msgspec.json.encode(pruned(msgspec.json.decode(raw))))


def _label(concept: _Concept) -> str:
    coded = concept.coding[0] if concept.coding else _Coding()
    return clean(concept.text or coded.display or coded.code)


def _issues(outcome: _Outcome) -> str | None:
    said: Sequence[str] = [
        (issue.details.text if issue.details else "") or issue.diagnostics or issue.code for issue in outcome.issue
    ]
    return clean(" ; ".join(filter(None, said[:3])), MAX_ISSUE) or None
