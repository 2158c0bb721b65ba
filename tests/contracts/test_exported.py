"""What is exported into `contracts/` is what the services say today: `make contracts` writes it again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from recette.model import Severity
from sas_kernel import contracts


@pytest.mark.parametrize("service", ["agenda_editor", "sas_platform"])
def test_the_exported_openapi_is_the_services_own(service: str, tmp_path: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-m", service, "openapi"], capture_output=True, text=True, check=True, cwd=tmp_path
    ).stdout
    kept = (contracts.directory() / "openapi" / f"{service}.json").read_text(encoding="utf-8")
    assert json.loads(said) == json.loads(kept), "run `make contracts`"


def test_the_compose_file_starts_what_the_command_lines_offer() -> None:
    """No engine runs here; the options it passes must at least exist."""
    compose = (Path(__file__).resolve().parents[2] / "docker-compose.yml").read_text(encoding="utf-8")
    for service in ("agenda_editor", "sas_platform"):
        known = subprocess.run(
            [sys.executable, "-m", service, "serve", "--help"], capture_output=True, text=True, check=True
        ).stdout
        block = compose[compose.index(f"-m, {service}]") :]
        block = block[: block.index("environment:")]
        options = [line.split("- ")[1].split("=")[0] for line in block.splitlines() if "- --" in line]
        assert options
        assert all(option in known for option in options)


def test_severities_are_those_of_the_agreement() -> None:
    assert [severity.name for severity in sorted(Severity, key=lambda s: -s.rank)] == ["BLOCKING", "MAJOR", "MINOR"]
