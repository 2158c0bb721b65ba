"""`recette dashboard` before it listens."""

from __future__ import annotations

from typing import Any

import pytest
from typer.testing import CliRunner

from recette.cli import app
from recette.dashboard.model import DashboardError


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Where it would have listened."""
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(
        "recette.dashboard.serving.serve", lambda _app, host, port: asked.append({"host": host, "port": port})
    )
    return asked


def test_beyond_this_machine_it_asks_for_a_token_before_it_listens(
    served: list[dict[str, Any]], sqlite_url: str
) -> None:
    refused = CliRunner().invoke(app, ["dashboard", "--host", "0.0.0.0", "--database-url", sqlite_url])
    assert isinstance(refused.exception, DashboardError)
    assert "--token" in refused.exception.text.fr
    assert served == []


def test_with_a_token_it_listens_and_warns_that_it_travels_in_the_clear(
    served: list[dict[str, Any]], sqlite_url: str
) -> None:
    said = CliRunner().invoke(
        app,
        ["dashboard", "--host", "0.0.0.0", "--port", "22650", "--database-url", sqlite_url],
        env={"RECETTE_DASHBOARD_TOKEN": "un-jeton-d-essai-assez-long"},
    )
    assert said.exit_code == 0, said.output
    assert "http://0.0.0.0:22650/" in said.output
    assert "TLS" in said.output
    assert (served[0]["host"], served[0]["port"]) == ("0.0.0.0", 22650)


def test_on_this_machine_it_is_open(served: list[dict[str, Any]], sqlite_url: str) -> None:
    said = CliRunner().invoke(app, ["dashboard", "--database-url", sqlite_url, "--clock", "2026-06-02T14:00"])
    assert said.exit_code == 0, said.output
    assert "http://127.0.0.1:8090/" in said.output
    assert len(served) == 1
