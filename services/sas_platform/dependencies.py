"""What the endpoints ask for: the lifespan's state, the caller's language, a bounded body, the admin's token."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Annotated, Final, TypeVar

import jinja2
import msgspec
from fastapi import Depends, Request
from starlette.exceptions import HTTPException

from sas_fhir import media, search
from sas_kernel.clock import Clock
from sas_kernel.text import Lang, Text
from sas_kit.database import Database
from sas_kit.stopping import Stopping
from sas_platform.appointments.service import AppointmentService
from sas_platform.editors.service import EditorRegister
from sas_platform.regulators.service import Provisioning, RegulatorService
from sas_platform.settings import Settings
from sas_platform.slot_search.service import SlotSearch
from sas_platform.sso.provider.service import Provider
from sas_platform.sso.service import SignOn
from sas_platform.web.service import AppointmentPages, SearchPages

BASE_PATH: Final = "/fhir"  # of the platform's own FHIR server


@dataclass(frozen=True, slots=True)
class State:
    """What lives as long as the application."""

    settings: Settings
    clock: Clock
    database: Database
    register: EditorRegister
    slot_search: SlotSearch
    stopping: Stopping
    regulators: RegulatorService
    provisioning: Provisioning
    appointments: AppointmentService
    sign_on: SignOn
    provider: Provider
    pages: SearchPages
    appointment_pages: AppointmentPages
    templates: jinja2.Environment


def _state(request: Request) -> State:
    state: State = request.app.state.platform
    return state


StateDep = Annotated[State, Depends(_state)]


def preferred_language(request: Request) -> Lang:
    """English where the query says `lang=en`, else French."""
    return Lang.EN if request.query_params.get("lang") == Lang.EN else Lang.FR


LangDep = Annotated[Lang, Depends(preferred_language)]


def negotiate(request: Request) -> None:
    """Raises `NotAcceptableError` when the client takes no JSON, `InvalidParameterError` when its query is no text."""
    formats = [p.value for p in search.decode(request.scope["query_string"]) if p.name == "_format"]
    accepted = request.headers.getlist("accept")
    media.negotiate(", ".join(accepted) if accepted else None, formats)


async def _bounded_body(request: Request, state: StateDep, lang: LangDep) -> bytes:
    most = state.settings.max_request_bytes
    too_large = Text("Corps de plus de {n} octets.", "Body of more than {n} bytes.").format(n=most).to(lang)
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > most:
        raise HTTPException(413, too_large)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise HTTPException(413, too_large)
    return bytes(body)


BodyDep = Annotated[bytes, Depends(_bounded_body)]

T = TypeVar("T")


def decoded(body: bytes, kind: type[T]) -> T:
    """The body as a typed structure; raises `msgspec.DecodeError` (not JSON) or `ValidationError` (another form)."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (UnicodeDecodeError, RecursionError) as error:
        raise msgspec.DecodeError(str(error)) from error


def require_admin(request: Request, state: StateDep, lang: LangDep) -> None:
    """Let pass who bears the admin token. Without a token in the settings nobody is let in."""
    expected = state.settings.admin_token
    if expected is None or not expected.get_secret_value():
        raise HTTPException(
            503,
            Text(
                "L’administration est fermée : aucun jeton n’est configuré (SAS_PLATFORM_ADMIN_TOKEN).",
                "Administration is closed: no token is configured (SAS_PLATFORM_ADMIN_TOKEN).",
            ).to(lang),
        )
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    same = hmac.compare_digest(given.strip().encode(), expected.get_secret_value().encode())
    if scheme.lower() != "bearer" or not same:
        raise HTTPException(
            401,
            Text("Jeton d’administration attendu (Bearer).", "Admin token expected (Bearer).").to(lang),
            headers={"WWW-Authenticate": 'Bearer realm="sas-platform-admin"'},
        )
