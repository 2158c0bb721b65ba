"""From an editor's Bundle to offered slots. Total: whatever the bytes are, an `Answer` or an `InvalidAnswerError`.

Only what merging needs is decoded, straight into typed structures: an answer is split into its entries first (which
checks the JSON of all of it, and copies none), then each entry is decoded alone, so that one that is not what FHIR says
costs itself only and the caller may let other work pass between two batches. The rest of a slot stays bytes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Generator, Sequence
from datetime import datetime
from typing import Final

import msgspec

from sas_kernel.errors import InvalidValueError
from sas_kernel.identifiers import PRACTITIONER_SYSTEM, STRUCTURE_SYSTEM, international_phone
from sas_kernel.text import Text
from sas_platform.slot_search.model import (
    Agenda,
    Answer,
    InvalidAnswerError,
    OfferedSlot,
    Place,
    Practitioner,
    Reference,
    SlotDetails,
)

BATCH: Final = 500  # entries decoded between two pauses: about a millisecond
MAX_ENTRIES: Final = 20_000  # ours: over three times the largest national answer we measure (6 000 slots)
MAX_OBJECTS: Final = 500_000  # ours: an honest 32 MiB answer holds fewer; ten million `{}` would cost a gigabyte
MAX_NULLS_SOUGHT: Final = 64 * 1024  # bytes of a resource worth a second, slower look
MAX_TEXT: Final = 200
MAX_ISSUE: Final = 300

_ACT_CODE: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"


class _Entry(msgspec.Struct, gc=False):
    resource: msgspec.Raw = msgspec.Raw(b"")


class _Bundle(msgspec.Struct, gc=False, rename="camel"):
    resource_type: str
    type: str | None = None
    entry: list[_Entry] = []


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


class _Identifier(msgspec.Struct, gc=False):
    system: str = ""
    value: str = ""


class _HumanName(msgspec.Struct, gc=False):
    family: str = ""
    given: list[str] = []
    prefix: list[str] = []


class _Practitioner(msgspec.Struct, gc=False):
    identifier: list[_Identifier] = []
    name: list[_HumanName] = []


class _ContactPoint(msgspec.Struct, gc=False):
    system: str = ""
    value: str = ""


class _Address(msgspec.Struct, gc=False, rename="camel"):
    line: list[str] = []
    postal_code: str = ""
    city: str = ""


class _Location(msgspec.Struct, gc=False, rename="camel"):
    resource_type: str = ""
    id: str = ""
    name: str = ""
    identifier: list[_Identifier] = []
    address: _Address | None = None
    telecom: list[_ContactPoint] = []


class _LogicalReference(msgspec.Struct, gc=False):
    identifier: _Identifier | None = None


class _Role(msgspec.Struct, gc=False):
    practitioner: Reference | None = None
    organization: _LogicalReference | None = None
    location: list[Reference] = []
    contained: list[msgspec.Raw] = []
    telecom: list[_ContactPoint] = []


class _Issue(msgspec.Struct, gc=False):
    severity: str = ""
    code: str = ""
    diagnostics: str = ""
    details: _Concept | None = None


class _Outcome(msgspec.Struct, gc=False, rename="camel"):
    resource_type: str
    issue: list[_Issue] = []


# A decoder compiles its type, which is worth doing once; it holds no state between two calls.
_bundle = msgspec.json.Decoder(_Bundle)
_head = msgspec.json.Decoder(OfferedSlot)
_details = msgspec.json.Decoder(_Details)
_schedule = msgspec.json.Decoder(_Schedule)
_practitioner = msgspec.json.Decoder(_Practitioner)
_role = msgspec.json.Decoder(_Role)
_location = msgspec.json.Decoder(_Location)
_outcome = msgspec.json.Decoder(_Outcome)

# Depth beyond the decoder's own bound is a RecursionError, bytes that are not UTF-8 a UnicodeDecodeError.
_UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError, OverflowError)


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
    for at, entry in enumerate(_open(body), start=1):
        resources.take(entry.resource)
        if at % BATCH == 0:
            yield
    agendas = {reference: resources.agenda(reference) for reference in {s.schedule.reference for s in resources.slots}}
    return Answer(resources.slots, resources.raws, agendas, resources.unreadable, resources.issue)


def details(resource: msgspec.Raw) -> SlotDetails:
    """What a shown slot says of itself; nothing of it when those elements do not have FHIR's form."""
    try:
        slot = _details.decode(resource)
    except _UNREADABLE:
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
    except _UNREADABLE:
        return None
    return _issues(outcome) if outcome.resource_type == "OperationOutcome" else None


def _open(body: bytes) -> list[_Entry]:
    # Counting takes as long as a third of decoding: below four bytes an object, the bound cannot be passed by much.
    if len(body) > 4 * MAX_OBJECTS and body.count(b"{") > MAX_OBJECTS:
        raise InvalidAnswerError(
            Text("Réponse faite de plus de {n} objets.", "An answer of more than {n} objects.").format(n=MAX_OBJECTS)
        )
    try:
        if not body.isascii():
            body.decode()  # the decoder leaves the text of elements it passes over unread
        bundle = _bundle.decode(body)
    except RecursionError as error:
        raise InvalidAnswerError(Text("JSON trop profond.", "JSON nested too deep.")) from error
    except msgspec.ValidationError as error:
        raise InvalidAnswerError(
            Text("Le JSON n’est pas un Bundle : {why}.", "The JSON is not a Bundle: {why}.").format(why=error)
        ) from error
    except _UNREADABLE as error:
        raise InvalidAnswerError(_not_json(body)) from error
    if bundle.resource_type != "Bundle":
        raise InvalidAnswerError(
            Text("{kind} reçu au lieu d’un Bundle.", "{kind} received instead of a Bundle.").format(
                kind=clean(bundle.resource_type, 40) or "?"
            )
        )
    if bundle.type != "searchset":
        raise InvalidAnswerError(
            Text(
                "Bundle de type « {type} » au lieu de searchset.", "Bundle of type '{type}' instead of searchset."
            ).format(type=clean(bundle.type or "?", 40))
        )
    if len(bundle.entry) > MAX_ENTRIES:
        raise InvalidAnswerError(
            Text("Bundle de {n} entrées : au plus {most}.", "Bundle of {n} entries: at most {most}.").format(
                n=len(bundle.entry), most=MAX_ENTRIES
            )
        )
    return bundle.entry


def _not_json(body: bytes) -> Text:
    start = body[:200].lstrip().lower()
    if start.startswith(b"<"):
        return Text("HTML ou XML reçu au lieu de JSON.", "HTML or XML received instead of JSON.")
    if not start:
        return Text("Corps vide.", "Empty body.")
    return Text("Le corps n’est pas du JSON.", "The body is not JSON.")


class _Resources:
    """The resources of one Bundle by kind and id."""

    __slots__ = ("_practitioners", "_roles", "_schedules", "issue", "raws", "slots", "unreadable")

    def __init__(self) -> None:
        self.slots: list[OfferedSlot] = []
        self.raws: list[msgspec.Raw] = []
        self.unreadable = 0
        self.issue: str | None = None
        self._schedules: dict[str, _Schedule] = {}
        self._practitioners: dict[str, _Practitioner] = {}
        self._roles: dict[str, _Role] = {}

    def take(self, raw: msgspec.Raw) -> None:
        """Decode one entry's resource, or count it as unreadable."""
        try:
            try:
                self._take(raw)
            except msgspec.ValidationError:
                if len(raw) > MAX_NULLS_SOUGHT or b"null" not in bytes(raw):
                    raise
                self._take(_without_nulls(raw))
        except _UNREADABLE:
            self.unreadable += 1

    def _take(self, raw: msgspec.Raw) -> None:
        """The first of two resources with one id stays; kinds that show nothing are passed over."""
        head = _head.decode(raw)
        kind = head.resource_type
        if kind == "Slot":
            if not head.id or head.start is None:
                raise msgspec.ValidationError("a slot needs an id and a start")
            self.slots.append(head)
            self.raws.append(raw)
        elif kind == "Schedule":
            self._schedules.setdefault(head.id, _schedule.decode(raw))
        elif kind == "Practitioner":
            self._practitioners.setdefault(head.id, _practitioner.decode(raw))
        elif kind == "PractitionerRole":
            self._roles.setdefault(head.id, _role.decode(raw))
        elif kind == "OperationOutcome":
            self.issue = self.issue or _issues(_outcome.decode(raw))

    def agenda(self, reference: str) -> Agenda:
        """Slot -> Schedule -> Practitioner and PractitionerRole -> contained Location; None where a link is broken."""
        schedule = self._schedules.get(_id_of(reference, "Schedule"))
        if schedule is None:
            return Agenda(None, None)
        actors = [actor.reference for actor in schedule.actor]
        people = [found for actor in actors if (found := _id_of(actor, "Practitioner"))]
        roles = [found for actor in actors if (found := _id_of(actor, "PractitionerRole"))]
        role = self._roles.get(roles[0]) if len(roles) == 1 else None
        if role is not None and role.practitioner is not None:
            of_role = _id_of(role.practitioner.reference, "Practitioner")
            people = people or [of_role]
            if of_role not in people:
                role = None  # the role of somebody else cannot say where this practitioner consults
        practitioner = self._person(people[0]) if len(people) == 1 else None
        return Agenda(practitioner, None if role is None else self._place(role))

    def _person(self, id: str) -> Practitioner | None:
        found = self._practitioners.get(id)
        if found is None:
            return None
        national = next((i.value for i in found.identifier if i.system == PRACTITIONER_SYSTEM), "")
        if not national:
            return None
        name = found.name[0] if found.name else _HumanName()
        return Practitioner(national, clean(name.family), clean(" ".join(name.given)), clean(" ".join(name.prefix)))

    def _place(self, role: _Role) -> Place | None:
        wanted = role.location[0].reference if len(role.location) == 1 else ""
        for raw in role.contained:
            try:
                location = _location.decode(raw)
            except _UNREADABLE:
                continue
            if location.resource_type == "Location" and wanted == f"#{location.id}" and location.address is not None:
                return _as_place(location, location.address, role)
        return None


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


def _as_place(location: _Location, address: _Address, role: _Role) -> Place:
    organization = role.organization.identifier if role.organization else None
    structure = organization.value if organization and organization.system == STRUCTURE_SYSTEM else ""
    line, city = clean(" ".join(address.line)), clean(address.city)
    postal_code = clean(address.postal_code, 10)
    phone = next((t.value for t in [*role.telecom, *location.telecom] if t.system == "phone" and t.value), "")
    # A structure may have several addresses and two editors may spell one address differently: a place is told apart
    # by both, for a card that shows one address for two would send a patient to the wrong door.
    key = "|".join((structure, postal_code, _folded(line), _folded(city)))
    return Place(key, structure or None, clean(location.name), line, postal_code, city, _phone(phone))


def _id_of(reference: str, kind: str) -> str:
    """`abc` of `Schedule/abc` or of an absolute `https://…/Schedule/abc`; empty for another kind."""
    head, _, resource_id = reference.partition("/_history/")[0].rpartition("/")
    return resource_id if head == kind or head.endswith(f"/{kind}") else ""


def _phone(value: str) -> str:
    try:
        return international_phone(value)
    except InvalidValueError:
        return clean(value, 30) if re.fullmatch(r"[+0-9 ().\-/]{4,30}", value) else ""


def _issues(outcome: _Outcome) -> str | None:
    said: Sequence[str] = [
        (issue.details.text if issue.details else "") or issue.diagnostics or issue.code for issue in outcome.issue
    ]
    return clean(" ; ".join(filter(None, said[:3])), MAX_ISSUE) or None


def clean(text: str, most: int = MAX_TEXT) -> str:
    """One line of printable characters: what an editor sends is shown to people and must not play tricks on them."""
    if text.isascii() and text.isprintable():
        flat = text
    else:
        # Control and format characters include the marks that turn the direction of the text that follows.
        flat = "".join(" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c)[0] != "C")
    flat = " ".join(flat.split())
    return flat if len(flat) <= most else flat[: most - 1] + "…"


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().casefold()
    return " ".join(re.findall(r"[a-z0-9]+", plain))
