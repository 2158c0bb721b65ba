"""The typed state of the running application, and how an endpoint gets it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from fastapi import Request

from agenda_editor.agendas.service import AgendaService
from agenda_editor.slot_search.service import SlotSearchService
from sas_kernel.clock import Clock
from sas_kit.database import Database


@dataclass(frozen=True, slots=True)
class State:
    clock: Clock
    database: Database
    agendas: AgendaService
    slot_search: SlotSearchService


def state_of(request: Request) -> State:
    return cast(State, request.app.state.services)
