"""One answer to a slot search, as evidence: the exchange, what was asked, and a tolerant reading of the Bundle."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cached_property
from typing import NamedTuple

from recette.checks import facts
from recette.checks.json_document import Document, Node, read
from recette.model import Exchange, Judgement, Response
from sas_kernel.text import Text
from sas_kernel.time_window import Window

CLOCK_TOLERANCE = timedelta(minutes=1)
"""How far the target's clock may be from ours before a slot counts as past (ours: no source gives a figure)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a search asked for: prefixed practitioner ids, the window as instants, and `cpts`: whether it is INT_R04."""

    identifiers: tuple[str, ...]
    window: Window
    cpts: bool = False


class ReferenceForm(Enum):
    """How a literal reference is written."""

    RELATIVE = "relative"
    CONTAINED = "contained"
    OTHER = "other"


class Reference(NamedTuple):
    """A literal reference; `type` and `id` are its last two segments, whatever comes before them."""

    node: Node
    raw: str
    form: ReferenceForm
    type: str
    id: str


_RELATIVE = re.compile(r"(?P<type>[A-Z][A-Za-z]+)/(?P<id>[A-Za-z0-9\-.]{1,64})")


@dataclass(frozen=True)
class Answer:
    """What came of one request, or one saved document: `exchange` is None then, and nothing is known of the request."""

    exchange: Exchange | None
    asked: Asked | None = None
    saved: bytes = b""

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return () if self.exchange is None else (self.exchange,)

    @property
    def response(self) -> Response | None:
        return None if self.exchange is None else self.exchange.response

    @property
    def exchange_id(self) -> str | None:
        return None if self.exchange is None else self.exchange.id

    @cached_property
    def document(self) -> Document:
        """The body read as JSON; read here and not when it arrives, so that parsing is never timed."""
        if self.exchange is None:
            return read(self.saved)
        return read(b"" if self.exchange.response is None else self.exchange.response.body)

    @property
    def of_cpts(self) -> bool:
        """Whether this answers INT_R04, whose Bundles have profiles and kinds of resources of their own."""
        return self.asked is not None and self.asked.cpts

    @property
    def root(self) -> Node:
        return self.document.root

    @cached_property
    def silence(self) -> Text | None:
        """Why there is no response at all, else None."""
        if self.exchange is None or self.exchange.response is not None:
            return None
        return Text(
            "Aucune réponse n’est arrivée ({kind} : {detail}).", "No answer arrived ({kind}: {detail})."
        ).format(kind=self.exchange.failure, detail=self.exchange.failure_detail)

    @cached_property
    def unusable(self) -> Text | None:
        """Why the content cannot be examined (another check says that it is wrong), else None."""
        if self.silence is not None:
            return self.silence
        if self.response is not None and self.response.status != 200:
            return Text("La réponse a le statut {s}.", "The answer has status {s}.").format(s=self.response.status)
        if self.document.fault is not None:
            return Text("Le corps n’est pas du JSON ({f}).", "The body is not JSON ({f}).").format(
                f=self.document.fault
            )
        if self.exchange is not None and self.root["resourceType"].value != "Bundle":
            return Text("Le corps n’est pas un Bundle.", "The body is not a Bundle.")
        return None

    @property
    def usable(self) -> bool:
        return self.unusable is None

    @cached_property
    def judgements(self) -> dict[object, Judgement]:
        """What checks of the content have found already, by whatever names the check."""
        return {}

    # --- resources ---

    @cached_property
    def bundle(self) -> Node | None:
        return self.root if self.root["resourceType"].value == "Bundle" else None

    @cached_property
    def entries(self) -> tuple[Node, ...]:
        return () if self.bundle is None else self.bundle["entry"].elements

    @cached_property
    def resources(self) -> tuple[Node, ...]:
        """The resources of the entries that name their type, or the one resource of a saved document."""
        found = [self.root] if self.bundle is None else [entry["resource"] for entry in self.entries]
        return tuple(node for node in found if kind(node) is not None)

    @cached_property
    def _by_type(self) -> dict[str, tuple[Node, ...]]:
        found: dict[str, list[Node]] = {}
        for node in self.resources:
            found.setdefault(kind(node) or "", []).append(node)
            for inner in contained(node):
                found.setdefault(kind(inner) or "", []).append(inner)
        return {name: tuple(nodes) for name, nodes in found.items()}

    def of(self, name: str) -> tuple[Node, ...]:
        """The resources of one type, those contained in others included."""
        return self._by_type.get(name, ())

    @cached_property
    def _by_key(self) -> dict[tuple[str, str], Node]:
        keyed: dict[tuple[str, str], Node] = {}
        for node in self.resources:
            keyed.setdefault((kind(node) or "", node["id"].string or ""), node)
        return keyed

    def find(self, type: str, id: str) -> Node | None:
        """The resource a reference `type/id` leads to inside this answer."""
        return self._by_key.get((type, id))

    # --- from a slot to its doctor and its place ---

    def schedule_of(self, slot: Node) -> Node | None:
        return self._target(slot["schedule"], "Schedule")

    def actor_of(self, schedule: Node, name: str) -> Node | None:
        """The first actor of one type (`Practitioner`, `PractitionerRole`) that the answer holds."""
        for actor in schedule["actor"].elements:
            node = self._target(actor, name)
            if node is not None:
                return node
        return None

    def practitioner_of(self, role: Node) -> Node | None:
        return self._target(role["practitioner"], "Practitioner")

    def place_of(self, role: Node) -> Node | None:
        """The contained Location of a role, when it has exactly one."""
        places = [node for node in contained(role) if kind(node) == "Location"]
        return places[0] if len(places) == 1 else None

    def _target(self, node: Node, name: str) -> Node | None:
        found = reference(node)
        return self.find(found.type, found.id) if found is not None and found.type == name else None

    # --- practitioners as they were asked ---

    def asked_identity(self, practitioner: Node) -> str | None:
        """Which of the asked ids this practitioner stands for, forgiving a forgotten national prefix; else None."""
        asked = self.asked.identifiers if self.asked is not None else ()
        for identifier in practitioner["identifier"].elements:
            value = identifier["value"].string
            for candidate in asked:
                if value is not None and candidate in {value, f"8{value}", f"0{value}"}:
                    return candidate
        return None

    @property
    def not_before(self) -> datetime:
        """A slot that starts before this instant was past when the request was sent."""
        if self.exchange is None:
            return datetime.min.replace(tzinfo=UTC)
        return self.exchange.sent_at - CLOCK_TOLERANCE


def kind(node: Node) -> str | None:
    """The `resourceType` of a resource."""
    return node["resourceType"].string


def contained(node: Node) -> tuple[Node, ...]:
    return tuple(inner for inner in node["contained"].elements if kind(inner) is not None)


def reference(node: Node) -> Reference | None:
    """The literal reference of a Reference element, else None."""
    raw = node["reference"].string
    if raw is None:
        return None
    place = node["reference"]
    if raw.startswith("#"):
        return Reference(place, raw, ReferenceForm.CONTAINED, "", raw[1:])
    if match := _RELATIVE.fullmatch(raw):
        return Reference(place, raw, ReferenceForm.RELATIVE, match["type"], match["id"])
    segments = raw.split("?")[0].split("/")
    name, id = segments[-2:] if len(segments) > 1 else ("", raw)
    return Reference(place, raw, ReferenceForm.OTHER, name, id)


def references(node: Node) -> Iterator[Reference]:
    """Every literal reference below a resource, those of its contained resources included."""
    for place in node.walk():
        if isinstance(place.value, dict) and "reference" in place.value:
            found = reference(place)
            if found is not None:
                yield found


def instant(node: Node) -> datetime | None:
    """The instant that stands here, read leniently (without milliseconds, with `Z`); None without an offset."""
    text = node.string
    if text is None:
        return None
    try:
        value = datetime.fromisoformat(text)
        return value.astimezone(UTC) if value.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def codes(node: Node, system: str) -> Iterator[tuple[Node, str]]:
    """The codings of one system in a CodeableConcept, with their codes."""
    for coding in node["coding"].elements:
        code = coding["code"].string
        if coding["system"].string == system and code is not None:
            yield coding, code


def consultation_types(slot: Node) -> tuple[str, ...]:
    """The consultation types of a slot: the codes of v3-ActCode, in order."""
    return tuple(
        code for concept in slot["serviceType"].elements for _, code in codes(concept, facts.CONSULTATION_SYSTEM)
    )


def slot_types(slot: Node) -> tuple[str, ...]:
    """The types of a slot (who may see it), in order, whatever system they claim."""
    found = (coding["code"].string for coding in slot["meta"]["security"].elements)
    return tuple(code for code in found if code is not None)
