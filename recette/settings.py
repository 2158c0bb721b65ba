"""What the environment may say to the harness; read once, by the command line."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from sas_kernel.text import Lang


@dataclass(frozen=True, slots=True)
class Settings:
    """`lang`: the language of help, console and reports (RECETTE_LANG). `ci`: plain output (CI). `debug`: show
    tracebacks of the tool's own faults (RECETTE_DEBUG). `chromium`: the real browser's path (RECETTE_CHROMIUM).
    `database_url`: where projects and anomalies are kept (RECETTE_DATABASE_URL), empty for `.recette/register.sqlite`.
    `smtp_url`: the server that sends mail, with its password (RECETTE_SMTP_URL).
    `who`: the name under which entries are written (RECETTE_WHO, else the account's). `clock`: what stands for the
    present where `--clock` does not say (RECETTE_CLOCK)."""

    lang: Lang = Lang.FR
    ci: bool = False
    debug: bool = False
    chromium: str = ""
    database_url: str = ""
    smtp_url: str = field(default="", repr=False)
    who: str = ""
    clock: str = ""


def read(environment: Mapping[str, str] = os.environ) -> Settings:
    return Settings(
        lang=Lang.EN if environment.get("RECETTE_LANG", "").lower().startswith("en") else Lang.FR,
        ci=environment.get("CI", "").lower() not in {"", "0", "false"},
        debug=bool(environment.get("RECETTE_DEBUG")),
        chromium=environment.get("RECETTE_CHROMIUM", ""),
        database_url=environment.get("RECETTE_DATABASE_URL", ""),
        smtp_url=environment.get("RECETTE_SMTP_URL", ""),
        who=environment.get("RECETTE_WHO", "") or environment.get("USER", ""),
        clock=environment.get("RECETTE_CLOCK", "").strip(),
    )
