"""`recette agreement`, as a user would call it."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from recette import cli
from recette.agreement.model import AgreementError

EVENTS = {
    "acknowledgement": "2026-05-26T18:00:00+02:00",
    "correction-blocking": "2026-05-27T18:00:00+02:00",
    "correction-major": "2026-06-12T18:00:00+02:00",
    "correction-minor": "2026-06-21T23:59:59+02:00",
}


def called(*arguments: str) -> str:
    found = CliRunner().invoke(cli.app, ["agreement", *arguments], catch_exceptions=False)
    assert found.exit_code == 0, found.output
    return found.output


@pytest.mark.parametrize(("event", "due_at"), EVENTS.items())
def test_a_due_date_comes_with_its_rule_its_article_and_the_choices_made(event: str, due_at: str) -> None:
    arguments = ("due", "sas-agenda", "--event", event, "--at", "2026-05-22T10:00:00+02:00", "--format", "json")
    answer = json.loads(called(*arguments))
    assert answer["due_at"] == due_at
    assert answer["rule"]["id"] == event
    assert answer["article"] == answer["rule"]["article"] == "8.2"
    assert {choice["key"] for choice in answer["choices"]} >= {"region", "cut_off"}
    assert all(choice["default"] for choice in answer["choices"])


def test_a_changed_choice_is_told_and_so_is_what_follows_from_being_late() -> None:
    said = called(
        *("due", "sas-agenda", "--event", "correction-blocking", "--at", "2026-05-22T10:00", "--lang", "en"),
        *("--set", "closed=2026-05-26"),
    )
    assert "2026-05-28 18:00:00 +0200" in said
    assert "may stop the transmission of data" in said


def test_agreements_are_listed_and_shown_with_their_choices() -> None:
    assert "sas-agenda" in called("list")
    assert "quatorze jours ouvrés" in called("show", "sas-agenda")
    assert "cut_off                17:00 (modifié)" in called("show", "sas-agenda", "--set", "cut_off=17:00")


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("due", "sas-agenda", "--event", "vsr", "--at", "tomorrow"), "2026-05-22T10:00:00+02:00"),
        (("due", "sas-agenda", "--event", "vsr", "--at", "2026-05-22", "--format", "xml"), "json"),
        (("due", "sas-agenda", "--event", "vsr", "--at", "2026-05-22", "--set", "region"), "=V"),
    ],
)
def test_a_wrong_option_is_refused_with_what_to_write(arguments: tuple[str, ...], hint: str) -> None:
    found = CliRunner().invoke(cli.app, ["agreement", *arguments])
    assert found.exit_code == 2
    assert hint in found.output


def test_an_unknown_event_is_an_error_that_names_those_there_are() -> None:
    with pytest.raises(AgreementError, match="correction-minor"):
        called("due", "sas-agenda", "--event", "correction", "--at", "2026-05-22")
