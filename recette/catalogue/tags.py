"""The tags scenarios carry, for who plays a part of the catalogue (`--tag`)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from sas_kernel.text import Text


class Tag(StrEnum):
    SMOKE = "smoke"
    CONTENT = "content"
    FORMS = "forms"
    REFUSALS = "refusals"
    LIFECYCLE = "lifecycle"
    SECURITY = "security"
    RESILIENCE = "resilience"
    RESPONSE_TIME = "response-time"
    CPTS = "cpts"
    SOS = "sos"


TAGS: Mapping[Tag, Text] = MappingProxyType(
    {
        Tag.SMOKE: Text("l’essentiel, pour savoir vite si l’interface tient", "the essentials: does it stand"),
        Tag.CONTENT: Text("ce que disent les réponses et messages justes", "what right answers and messages say"),
        Tag.FORMS: Text("les écritures et types de contenu à accepter", "the spellings and media types to accept"),
        Tag.REFUSALS: Text("ce qu’il faut refuser, et comment", "what has to be refused, and how"),
        Tag.LIFECYCLE: Text("ce qui change d’un échange à l’autre", "what changes from one exchange to the next"),
        Tag.SECURITY: Text("qui est admis, et ce qui ne doit pas sortir", "who is let in, and what must not get out"),
        Tag.RESILIENCE: Text("pannes, pertes et messages absurdes", "outages, losses and absurd messages"),
        Tag.RESPONSE_TIME: Text("les temps de réponse promis", "the promised response times"),
        Tag.CPTS: Text("les créneaux de CPTS (INT_R04)", "the slots of CPTS (INT_R04)"),
        Tag.SOS: Text("les points fixes de SOS Médecins", "the SOS Médecins sites"),
    }
)
"""Every tag and what it gathers."""
