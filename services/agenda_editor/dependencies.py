"""The typed state of the running application, how an endpoint gets it, and how FHIR endpoints read a request."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final, cast

from fastapi import Request
from fastapi.responses import Response
from fastapi.routing import APIRoute

from agenda_editor.agendas.service import AgendaService
from agenda_editor.appointments.service import AppointmentService
from agenda_editor.associations.service import AssociationService
from agenda_editor.communities.service import CommunityService
from agenda_editor.regulators.service import RegulatorService
from agenda_editor.slot_search.service import SlotSearchService
from agenda_editor.sso.service import SignOn
from sas_fhir import media, search
from sas_fhir.search import Parameter
from sas_kernel.clock import Clock
from sas_kit.database import Database
from sas_kit.web import bounded_body

BASE_PATH: Final = "/fhir"


@dataclass(frozen=True, slots=True)
class State:
    clock: Clock
    database: Database
    agendas: AgendaService
    communities: CommunityService
    associations: AssociationService
    slot_search: SlotSearchService
    regulators: RegulatorService
    appointments: AppointmentService
    sign_on: SignOn
    max_request_bytes: int


def state_of(request: Request) -> State:
    return cast(State, request.app.state.services)


class DirectRoute(APIRoute):
    """A route whose endpoint reads the request and answers by itself: FastAPI documents it and has nothing to solve."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler: Callable[[Request], Coroutine[Any, Any, Response]] = self.endpoint
        return handler


def negotiate(request: Request) -> list[Parameter]:
    """The parameters of the query, decoded.

    Raises `NotAcceptableError` when the client takes no JSON, `InvalidParameterError` when its query is no text.
    """
    parameters = search.decode(request.scope["query_string"])
    formats = [parameter.value for parameter in parameters if parameter.name == "_format"]
    accepted = request.headers.getlist("accept")
    media.negotiate(", ".join(accepted) if accepted else None, formats)
    return parameters


async def fhir_body(request: Request) -> bytes:
    """The body, which says that it is JSON. Raises `UnsupportedContentError`, or an HTTP error 413."""
    media.check_content(request.headers.get("content-type"))
    return await bounded_body(request, state_of(request).max_request_bytes)
