"""The agenda as it is loaded, and `recette load` as people run it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.loading import country
from benchmarks.stores import PUBLIC_URL
from recette.drivers import services as processes

READY_WITHIN = 600.0
"""Seconds: an agenda whose mapping has changed renders four million slots again as it starts."""


@dataclass(frozen=True, slots=True)
class Served:
    """What to serve, where, and where reports go."""

    database_url: str
    workers: int
    port: int
    out: Path

    @property
    def target(self) -> Path:
        return self.out / "target.toml"


@dataclass(frozen=True, slots=True)
class Running:
    services: processes.Services
    agenda: processes.Service
    base_url: str


@contextmanager
def agenda(served: Served) -> Iterator[Running]:
    """The agenda on the country, ready, and the target file that describes it."""
    with processes.Services(guarded=True) as services:
        service, base_url = processes.agenda(
            services,
            port=served.port,
            database_url=served.database_url,
            dataset="national",
            workers=served.workers,
            public_url=PUBLIC_URL,
        )
        service.wait_until_ready(READY_WITHIN)
        country.write_target(served.target, base_url)
        yield Running(services, service, base_url)


def command(served: Served, name: str, *options: str) -> list[str]:
    """`recette load` of the target, its reports in a folder `name`."""
    formats = "console,json,junit,html,k6,openmetrics"
    where = ["--out", str(served.out / name), "--format", formats, "--lang", "en"]
    return [sys.executable, "-m", "recette", "load", str(served.target), *options, *where]


def load(served: Served, name: str, *options: str) -> dict[str, Any]:
    """Run a load to its end and give its `load.json`."""
    shown(("load", "target.toml", *options))
    (served.out / name / "load.json").unlink(missing_ok=True)
    subprocess.run(command(served, name, *options), check=False)
    return document_of(served, name)


def shown(words: Sequence[str]) -> None:
    print(f"\n$ recette {' '.join(words)}", flush=True)


def document_of(served: Served, name: str) -> dict[str, Any]:
    """The `load.json` of the load whose reports are in the folder `name`; exits where it wrote none."""
    path = served.out / name / "load.json"
    if not path.exists():
        sys.exit(f"the load wrote no {path}")
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document
