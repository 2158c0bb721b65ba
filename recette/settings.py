"""What the environment may say to the harness; read once, by the command line."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from sas_kernel.text import Lang


@dataclass(frozen=True, slots=True)
class Settings:
    """`lang`: the language of help, console and reports (RECETTE_LANG). `ci`: plain output (CI). `debug`: show
    tracebacks of the tool's own faults (RECETTE_DEBUG). `chromium`: the real browser's path (RECETTE_CHROMIUM)."""

    lang: Lang = Lang.FR
    ci: bool = False
    debug: bool = False
    chromium: str = ""


def read(environment: Mapping[str, str] = os.environ) -> Settings:
    return Settings(
        lang=Lang.EN if environment.get("RECETTE_LANG", "").lower().startswith("en") else Lang.FR,
        ci=environment.get("CI", "").lower() not in {"", "0", "false"},
        debug=bool(environment.get("RECETTE_DEBUG")),
        chromium=environment.get("RECETTE_CHROMIUM", ""),
    )
