"""What passes on the wire of a partner that is wrong on purpose: requests, replies, and what a partner is."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from recette.model import Response, Target, TransportFailure
from sas_kernel import datasets

BASE = "http://127.0.0.1:8081/fhir"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it reaches the agenda: `target` begins with the FHIR base's path, `at` is when it came."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    at: datetime | None = field(default=None, compare=False)

    @property
    def is_search(self) -> bool:
        return self.target.startswith(("/fhir/Slot?", "/fhir/Slot/?"))

    @property
    def decoded(self) -> str:
        return unquote(self.target)

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    seconds: float = 0.004
    failure: TransportFailure | None = None

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def with_json(self, document: Any) -> Reply:
        return replace(self, body=json.dumps(document, ensure_ascii=False).encode())

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def with_header(self, name: str, value: str) -> Reply:
        kept = tuple(pair for pair in self.headers if pair[0].lower() != name.lower())
        return replace(self, headers=(*kept, (name, value)))


Agenda = Callable[[Asked], Awaitable[Reply]]
Deliver = Callable[[str, str, tuple[tuple[str, str], ...], bytes], Awaitable[Response | None]]
"""Send a method, a target below the other side's FHIR base, headers and a body: the answer, None where none came."""


def demo_target(base_url: str = BASE, *, cpts: bool = False) -> Target:
    """The target file that goes with the demonstration data; the full list is cut, to be quick, and filled up again.

    Without `cpts` the scenarios of INT_R04 are left out: those whom they concern have tests of their own.
    """
    data = datasets.load("demo").test_data
    return Target(
        base_url,
        slot_types=("PUBLIC", "PRO", "SNP"),
        consultation_types=("AMB", "VR", "HH"),
        test_data={**data, "practitioners_full_list": data["practitioners_full_list"][:6]},
        cpts=cpts,
    )
