"""`/`: where everybody begins; `/envois`: what the platform was told of appointments, and what it refused."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from agenda_editor.appointments.model import DeliveryState, UnknownDeliveryError
from agenda_editor.dependencies import state_of
from agenda_editor.web import rules
from agenda_editor.web.endpoints import (
    PageRoute,
    language,
    leave,
    localized,
    now_of,
    page,
    posted,
    require,
    viewer_of,
    visitor,
)
from agenda_editor.web.model import Viewer

_AGENDAS_AT_ONCE: Final = 50
_LAST_ACCEPTED: Final = 20
_MAX_ID: Final = 2**63 - 1

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/")
async def home(request: Request) -> Response:
    """The agendas for the staff, his appointments for a regulator; whoever has no right here is told how to get it."""
    person = await visitor(request)
    viewer = viewer_of(person)
    if viewer is Viewer.REGULATOR:
        return leave(request, localized(request, "/rendez-vous"))
    if viewer is Viewer.OTHER:
        return page(request, "no_role.html")
    after = _number(request.query_params.get("apres", "0")) or 0
    found = await state_of(request).agendas.directory(after, _AGENDAS_AT_ONCE + 1)
    shown = found[:_AGENDAS_AT_ONCE]
    sites = [] if after else await state_of(request).associations.directory()
    return page(
        request,
        "home.html",
        places=[*map(rules.place_of_site, sites), *map(rules.place_view, shown)],
        more=shown[-1].id if len(found) > len(shown) else 0,
    )


@router.get("/envois")
async def outbox(request: Request) -> Response:
    require(await visitor(request), Viewer.STAFF)
    appointments, lang = state_of(request).appointments, language(request)
    return page(
        request,
        "outbox.html",
        refused=[rules.delivery_view(d, lang) for d in await appointments.deliveries(DeliveryState.REFUSED)],
        pending=[rules.delivery_view(d, lang) for d in await appointments.deliveries(DeliveryState.PENDING)],
        accepted=[
            rules.delivery_view(d, lang) for d in await appointments.deliveries(DeliveryState.ACCEPTED, _LAST_ACCEPTED)
        ],
    )


@router.post("/envois/{number}/nouvel-envoi")
async def send_again(request: Request) -> Response:
    require(await visitor(request, back="/envois"), Viewer.STAFF)
    await posted(request)
    number = _number(request.path_params["number"])
    if number is None:
        raise UnknownDeliveryError
    state = state_of(request)
    await state.appointments.send_again(number, now_of(state))
    return leave(request, localized(request, "/envois"))


def _number(text: str) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(_MAX_ID))):
        return None
    return min(int(text), _MAX_ID)
