"""One slot search through a running platform, for the demonstration: what a regulator would see, in one sentence."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass

from sas_kernel.errors import SasError
from sas_kernel.text import Lang, Text


class PlatformSearchError(SasError):
    """The platform did not answer the search."""


@dataclass(frozen=True, slots=True)
class Found:
    """Counts of a search: practitioners asked, places and slots shown, editors that answered out of those asked."""

    asked: int
    places: int
    slots: int
    answered: int
    editors: int

    def sentence(self, lang: Lang) -> str:
        return (
            Text(
                "Recherche par la plateforme : {a} professionnels demandés, {s} créneaux dans {p} lieux, "
                "{k} éditeur(s) sur {e} ont répondu.",
                "Search through the platform: {a} practitioners asked, {s} slots at {p} places, "
                "{k} of {e} editor(s) answered.",
            )
            .format(a=self.asked, s=self.slots, p=self.places, k=self.answered, e=self.editors)
            .to(lang)
        )


def search(platform_url: str, practitioners: Sequence[str], *, timeout: float = 30.0) -> Found:
    """Ask the platform at `platform_url` for the free slots of these national ids in the next 72 hours."""
    request = urllib.request.Request(  # noqa: S310  the URL is the platform we have just started
        f"{platform_url.rstrip('/')}/api/slots/search",
        data=json.dumps({"practitioners": list(practitioners)}).encode(),
        headers={"Content-Type": "application/json", "Accept": "application/json"},
    )
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=timeout) as answer:
            found = json.load(answer)
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise PlatformSearchError(
            Text("La plateforme n’a pas répondu : {e}.", "The platform did not answer: {e}.").format(e=error)
        ) from error
    return Found(
        asked=len(practitioners),
        places=len(found["availabilities"]),
        slots=sum(len(availability["slots"]) for availability in found["availabilities"]),
        answered=sum(editor["status"] == "answered" for editor in found["editors"]),
        editors=len(found["editors"]),
    )
