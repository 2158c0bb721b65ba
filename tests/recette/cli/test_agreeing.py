"""`recette agreement`, as a user would call it."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from typer.testing import CliRunner

from recette import cli
from recette.agreement import arithmetic, reading
from recette.agreement.model import AgreementError
from recette.cli import agreement_text
from sas_kernel.clock import PARIS

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


def test_an_event_that_opens_several_dates_tells_them_all() -> None:
    arguments = ("due", "espace-partenaires", "--event", "deactivation-notice", "--at", "2027-01-10")
    answer = json.loads(called(*arguments, "--format", "json"))
    assert (answer["event"], answer["rule"]["before"]) == ("deactivation-notice", True)
    assert answer["due_at"] == "2026-12-26T23:59:59+01:00"
    assert [(each["event"], each["due_at"]) for each in answer["also"]] == [("deletion", "2027-07-10T23:59:59+02:00")]
    assert {each["id"] for each in answer["consequences"]} == {"never-the-last", "technicians-stay"}
    said = called(*arguments)
    assert "Au plus tard : 2026-12-26" in said
    assert "2027-07-10" in said


def test_a_rule_is_computed_with_its_rounding_its_article_and_the_choices_made() -> None:
    arguments = (
        *("compute", "mssante-sesan", "price-revision", "--given", "base_price=110"),
        *("--given", "index_base=297,5", "--given", "index_now=310,2"),
    )
    answer = json.loads(called(*arguments, "--format", "json"))
    assert answer["values"]["price"] == "114.070"
    assert answer["rounding"] == {"places": 3, "mode": "up", "article": "5.2.4"}
    assert (answer["rule"]["kind"], answer["article"], answer["verdict"]) == ("revision", "5.2.4", None)
    assert answer["given"]["current_price"] == "110"
    assert {each["key"] for each in answer["choices"]} == {"revision_steps", "cap_on"}
    assert "Prix révisé : 114,070\u00a0€" in called(*arguments)
    assert "Revised price: 114.070\u00a0€" in called(*arguments, "--lang", "en")


def test_a_level_is_judged_and_told_in_hours() -> None:
    arguments = ("compute", "atomes", "availability", "--given", "year=2028", "--given", "downtime=176")
    answer = json.loads(called(*arguments, "--format", "json"))
    assert (answer["verdict"], answer["values"]["allowed_seconds"]) == ("broken", 632448)
    said = called(*arguments)
    assert "175 h 40 min 48 s" in said
    assert "Verdict : non tenu" in said


def test_what_is_owed_is_told_with_to_whom() -> None:
    arguments = ("compute", "esms-numerique", "repayment", "--given", "case=withdrawal", "--given", "usage=7000")
    answer = json.loads(called(*arguments, "--format", "json"))
    assert answer["values"] == {"amount": "7000.00", "to": {"fr": "l’ARS", "en": "the ARS"}, "article": "6"}
    assert "À qui : l’ARS" in called(*arguments)


def test_what_an_agreement_holds_is_shown_to_machines_too() -> None:
    shown = json.loads(called("show", "mssante-sesan", "--format", "json"))
    rules = {each["id"]: each for each in shown["rules"]}
    assert {each["key"]: each["unit"] for each in rules["half-year-billing"]["inputs"]} == {
        "annual_price": "EUR",
        "from": "date",
    }
    assert "termination" in {each["id"] for each in shown["deadlines"]}
    assert "half-year-billing" in called("show", "mssante-sesan")


@pytest.mark.parametrize("name", reading.names())
def test_every_rule_of_every_agreement_can_be_shown_and_every_event_asked(name: str) -> None:
    shown = json.loads(called("show", name, "--format", "json"))
    assert all(f"\n{each['id']}" in called("show", name) for each in shown["rules"])
    agreement = reading.load(name)
    for event in agreement.deadlines:
        found = arithmetic.dues(agreement, event, datetime(2026, 5, 22, 10, tzinfo=PARIS))
        document = agreement_text.due_document(agreement, found)
        assert {"agreement", "event", "at", "counted_from", "due_at", "article", "rule", "also"} < set(document)


def test_a_missing_input_is_named_with_its_unit() -> None:
    with pytest.raises(AgreementError, match="members of the structure, whole number"):
        called("compute", "espace-partenaires", "manager-quota")
    with pytest.raises(AgreementError, match="manager-quota"):
        called("compute", "espace-partenaires", "quota")


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("compute", "atomes", "availability", "--given", "year"), "=V"),
        (("compute", "atomes", "availability", "--given", "year=2026", "--given", "year=2027"), "year"),
        (("compute", "atomes", "availability", "--format", "xml"), "json"),
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
