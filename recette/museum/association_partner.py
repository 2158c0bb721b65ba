"""A little editor of SOS Médecins: a site's slots, requests that wait for the association, and its answers."""

from __future__ import annotations

import json
import uuid
from urllib.parse import urlsplit

from recette.museum.appointment_partner import Json, Partner, Rdv
from recette.museum.bending import DATA
from recette.museum.wire import Asked, Reply
from sas_kernel.clock import PARIS
from sas_kernel.identifiers import STRUCTURE_SYSTEM

PROFILE = "https://interop.esante.gouv.fr/ig/fhir/sas/StructureDefinition/sas-sos-appointment"
_PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"


class AssociationPartner(Partner):
    """As `Partner`, for the first association of the test data; its second site has the same times, by phone only."""

    _always: tuple[Json, ...] = ()

    async def __call__(self, asked: Asked) -> Reply:
        if urlsplit(asked.target).path == "/fhir/Schedule":
            return self._sites()
        return await super().__call__(asked)

    def _sites(self) -> Reply:
        document = json.loads(self._search().body)
        kept: list[Json] = [e for e in document["entry"] if e["resource"]["resourceType"] == "Slot"]
        siret = {"system": STRUCTURE_SYSTEM, "value": DATA["sos_associations"][0]}
        self._always = self._always or tuple(kept)  # whatever is booked at the first site
        twins: list[Json] = [
            {
                **json.loads(json.dumps(e["resource"])),
                "id": e["resource"]["id"] + "-twin",
                "schedule": {"reference": "Schedule/ag-2"},
                "comment": "on the phone",
            }
            for e in self._always
        ]
        places: tuple[Json, ...] = (
            *twins,
            {"resourceType": "Schedule", "id": "ag-2", "actor": [{"reference": "Location/pfg-2"}]},
            {"resourceType": "Location", "id": "pfg-2", "address": {"line": ["2 rue du Quai"]}},
            {"resourceType": "Schedule", "id": "ag-1", "actor": [{"reference": "Location/pfg-1"}]},
            {
                "resourceType": "Location",
                "id": "pfg-1",
                "address": {"line": ["1 rue du Quai"]},
                "managingOrganization": {"reference": "Organization/asso-1"},
            },
            {"resourceType": "Organization", "id": "asso-1", "identifier": [siret]},
        )
        document["entry"] = [*kept, *({"resource": place} for place in places)]
        return Reply(200, (("content-type", "application/fhir+json"),), json.dumps(document).encode())

    def _page(self, rdv: Rdv) -> Reply:
        page = super()._page(rdv)
        forms = "".join(
            f'<form id="{id}" method="post" action="/rendez-vous/{rdv.key}/{action}"></form>'
            for id, action in (("accept", "acceptation"), ("refuse", "refus"))
            if rdv.status == "pending"
        )
        return Reply(page.status, page.headers, page.body.replace(b"</main>", forms.encode() + b"</main>"))

    def _change(self, rdv: Rdv, action: str, form: dict[str, str] | None) -> Reply:
        match action:
            case "acceptation":
                self.attend(rdv, "booked", "consent")
            case "refus":
                rdv.slot.free = True
                self.attend(rdv, "cancelled", "refuse")
        return super()._change(rdv, action, form)

    def book(self, who: str, slot_id: str, patient: dict[str, str]) -> Rdv:
        slot = self.slots[slot_id]
        slot.free = not self.ways.takes_slot
        now = self._clock.now().astimezone(PARIS)
        rdv = Rdv(str(uuid.uuid4()), slot, who, self.accounts[who], now, patient, status="pending")
        self.rdvs[rdv.key] = rdv
        self._tell(rdv, "book")
        return rdv

    def document(self, rdv: Rdv) -> Json:
        document = super().document(rdv)
        document["meta"] = {"profile": [PROFILE]}
        kind = {"coding": [{"system": _PARTICIPATION, "code": "ADM"}]}
        state = "needs-action" if rdv.status == "pending" else "accepted"
        document["participant"] = [{"type": [kind], "status": state}]
        return document
