"""The load of docker-compose.yml says what the command line understands; nobody here can run Docker."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer.main

from recette.cli import app

COMPOSE = (Path(__file__).resolve().parents[3] / "docker-compose.yml").read_text(encoding="utf-8")


def parsed(service: str) -> dict[str, Any]:
    """What the command line makes of the command of a service."""
    found = re.search(rf"^  {service}:.*?^    command: \[(.*?)\]", COMPOSE, re.MULTILINE | re.DOTALL)
    assert found
    name, *arguments = [word.strip().strip('"') for word in found[1].split(",")]
    group: Any = typer.main.get_command(app)
    parameters: dict[str, Any] = group.commands[name].make_context(name, arguments).params
    return parameters


def test_the_load_profile_says_what_the_command_line_understands() -> None:
    master, worker = parsed("load"), parsed("load-worker")
    assert (master["workers"], master["listen"]) == (2, worker["master"])
    assert "--profile load up" in (Path(__file__).resolve().parents[3] / "docs" / "load.md").read_text("utf-8")


def test_an_option_that_does_not_exist_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.COMPOSE", COMPOSE.replace("--listen", "--master"))
    with pytest.raises(Exception, match="--master"):
        parsed("load")
