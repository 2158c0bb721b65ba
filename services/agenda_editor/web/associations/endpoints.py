"""`/sos/…`: the page of an association's site, where the booking URLs of its slots lead."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response

from agenda_editor.associations.model import UnknownSiteError
from agenda_editor.dependencies import state_of
from agenda_editor.web import rules
from agenda_editor.web.endpoints import (
    PageRoute,
    SentAway,
    hours_ahead,
    language,
    page,
    seen,
    viewer_of,
    visitor,
)
from sas_fhir import instants

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/sos/{name}")
async def site_page(request: Request) -> Response:
    """The next hours of a site. An address with `creneau` opens on that slot."""
    name, glued, rest = request.path_params["name"].partition("&")
    if glued:  # a platform that adds `&origin=…` to an address without `?`
        query = "&".join(part for part in (rest, request.url.query) if part)
        raise SentAway(f"/sos/{quote(name)}?{query}")
    number = rules.site_number(name)
    if number is None:
        raise UnknownSiteError(0)
    state, lang = state_of(request), language(request)
    now = instants.first_millisecond_from(state.clock.now())
    until = now + hours_ahead() * 3_600_000
    found = await state.associations.pages_of(number, now, until)  # who follows a dead link need not sign in first
    person = await visitor(request)
    viewer = viewer_of(person)
    pages = {one.site.id: (one.site, seen(one.site, one.slots, viewer, now)) for one in found}
    chosen = request.query_params.get("creneau", "")
    appointments = await state.appointments.of_schedule(number, now, until) if person.is_staff else []
    return page(
        request,
        "agenda.html",
        view=rules.site_view(number, pages, chosen, lang),
        chosen=chosen,
        viewer=viewer.value,
        appointments=[rules.appointment_view(appointment, lang) for appointment in appointments],
    )
