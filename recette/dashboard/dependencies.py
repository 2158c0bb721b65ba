"""What endpoints ask for: the shelf, the present, the reader’s language."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, cast

import jinja2
from fastapi import Depends, Request

from recette.dashboard.protection import Guard
from recette.dashboard.service import Shelf
from recette.dashboard.settings import Settings
from sas_kernel.clock import Clock
from sas_kernel.text import Lang


@dataclass(slots=True)
class State:
    """What the lifespan built. `clock` tells the present that dates are told from, `machine` what ages rows.

    Streams end once `is_closing`.
    """

    settings: Settings
    clock: Clock
    machine: Clock
    shelf: Shelf
    guard: Guard
    templates: jinja2.Environment
    streams: asyncio.Semaphore
    is_closing: bool = False


def _state(request: Request) -> State:
    return cast("State", request.app.state.dashboard)


StateDep = Annotated[State, Depends(_state)]


def _now(state: StateDep) -> datetime:
    return state.clock.now()


NowDep = Annotated[datetime, Depends(_now)]


def language(request: Request) -> Lang:
    """`?lang=`, else the first of the two that the browser asks for, else the setting."""
    asked = request.query_params.get("lang", "")
    if asked in set(Lang):
        return Lang(asked)
    preferred = [
        part.partition(";")[0].strip().lower()[:2] for part in request.headers.get("accept-language", "").split(",")
    ]
    return next((Lang(each) for each in preferred if each in set(Lang)), _state(request).settings.lang)


LangDep = Annotated[Lang, Depends(language)]
