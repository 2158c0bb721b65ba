"""Where in a repository a finding is shown: code hosts leave out what stands at no line of a file. Pure.

The file is the one that describes the target, which its owner keeps beside the code; without one, the row of the
requirement in `contracts/requirements.csv`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path, PurePath
from types import MappingProxyType
from urllib.parse import quote

from recette.model import Requirement
from sas_kernel import contracts
from sas_kernel.flows import Flow

REQUIREMENTS_URI = "contracts/requirements.csv"

_SECTIONS = {Flow.SSO: "sso", Flow.APPOINTMENTS: "appointments"}
"""The table of the target file that describes a flow; of the others, the address is what is judged."""
_ADDRESS = re.compile(r"\s*base_url\s*=")


@dataclass(frozen=True, slots=True)
class Anchor:
    """A file of the repository, as a relative URI, and the line of what a requirement is about (from 1)."""

    uri: str
    requirements: Mapping[str, int] = field(default_factory=dict)
    flows: Mapping[Flow, int] = field(default_factory=dict)

    def line(self, requirement: str, flow: Flow | None) -> int:
        by_flow = 1 if flow is None else self.flows.get(flow, 1)
        return self.requirements.get(requirement, by_flow)


def in_target(path: PurePath, text: str, *, root: PurePath) -> Anchor:
    """The target file at `path`, relative to `root`, or by its name alone when it lies elsewhere."""
    lines = text.splitlines()
    address = next((number for number, line in enumerate(lines, 1) if _ADDRESS.match(line)), 1)
    flows = {flow: _section(lines, _SECTIONS[flow]) or address if flow in _SECTIONS else address for flow in Flow}
    return Anchor(_uri(path, root), flows=MappingProxyType(flows))


def in_requirements(text: str) -> Anchor:
    """`contracts/requirements.csv`, whose text this is."""
    rows = csv.reader(StringIO(text))
    lines: dict[str, int] = {}
    before = 0
    for row in rows:
        if row:
            lines[row[0]] = before + 1
        before = rows.line_num
    return Anchor(REQUIREMENTS_URI, requirements=MappingProxyType(lines))


def read(target_file: Path | None) -> Anchor:
    """The anchor of a run: in its target file when it had one that can still be read, else in the requirements."""
    if target_file is not None:
        try:
            return in_target(target_file, target_file.read_text(encoding="utf-8"), root=Path.cwd())
        except (OSError, UnicodeDecodeError):
            pass  # the file was read when the run began and has gone since; the requirements remain
    return in_requirements((contracts.directory() / "requirements.csv").read_text(encoding="utf-8"))


def of(anchor: Anchor, requirement: str, known: Mapping[str, Requirement]) -> int:
    """The line of a requirement the run knows, or the file's first."""
    return anchor.line(requirement, known[requirement].flow if requirement in known else None)


def _section(lines: list[str], name: str) -> int | None:
    header = re.compile(rf"\s*\[\s*{re.escape(name)}\s*\]")
    return next((number for number, line in enumerate(lines, 1) if header.match(line)), None)


def _uri(path: PurePath, root: PurePath) -> str:
    absolute = path if path.is_absolute() else root / path
    try:
        relative = absolute.relative_to(root)
    except ValueError:
        relative = PurePath(absolute.name)
    shown = PurePath(absolute.name) if ".." in relative.parts else relative
    return quote(shown.as_posix(), safe="/")
