"""What people may say of a project, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from recette.agreement.model import AgreementError
from recette.journal.model import Draft, Kind, Party
from recette.projects import decisions
from recette.projects.model import Contact, Particulars, ProjectError, UseCase
from sas_kernel.flows import Flow
from tests.recette.projects.conftest import OTHER, Story, at, by, run, stood

NOW = "2026-02-02T09:00"
TERMS: dict[str, Any] = {"editor": "Éditions Exemple", "environment": "recette", "use_case": UseCase.BOOKING}


def begun(id: str = "agenda-essai", exists: bool = False, **said: Any) -> Draft:
    return decisions.open_project(id, Particulars(**{**TERMS, **said}), by(Party.ANS, NOW), exists=exists)


def test_a_use_case_brings_its_name_and_its_flows(story: Story) -> None:
    project = story.write(begun()).book.project
    assert project.use_case is UseCase.BOOKING
    assert project.flows == (Flow.REGULATORS, Flow.SSO, Flow.APPOINTMENTS)
    assert project.interface == "Prise de rendez-vous"
    assert project.title.en == "Éditions Exemple · Booking of appointments · recette"
    assert project.agreement == "sas-agenda"
    assert UseCase.AVAILABILITY.flows == (Flow.SLOT_SEARCH,)
    assert {use_case.article for use_case in UseCase} == {"3.1", "3.2"}


def test_a_project_is_told_with_people_product_and_choices(story: Story) -> None:
    camille = Contact("Camille Orfelin", "camille@example.org", "cheffe de projet")
    said: dict[str, Any] = {
        "contacts": {Party.EDITOR: camille},
        "signatories": {Party.ANS: Contact("Alix Modèle")},
        "changes": {"region": "alsace-moselle"},
        "flows": (Flow.SSO,),
        "product": "Agenda d’essai",
        "version": "4.1",
    }
    book = story.write(begun(**said)).book
    assert book.project.contacts == {Party.EDITOR: camille}
    assert book.project.signatories == {Party.ANS: Contact("Alix Modèle")}
    assert (book.project.flows, book.project.product, book.project.version) == ((Flow.SSO,), "Agenda d’essai", "4.1")
    assert book.agreement.choices["region"].value == "alsace-moselle"


@pytest.mark.parametrize("id", ["", "Agenda", "agenda essai", "-agenda", "agenda-", "agenda/../x", "é", "a" * 65])
def test_a_project_s_name_goes_into_an_address(id: str) -> None:
    with pytest.raises(ProjectError, match="lower-case letters"):
        begun(id)


@pytest.mark.parametrize(
    ("said", "option"),
    [({"editor": " "}, "--editor"), ({"environment": ""}, "--environment"), ({"use_case": None}, "--use-case")],
)
def test_what_is_left_out_is_named(said: dict[str, Any], option: str) -> None:
    with pytest.raises(ProjectError, match=option):
        begun(**said)


@pytest.mark.parametrize("agreement", ["atomes", "mssante-sesan"])
def test_an_agreement_without_phases_leads_no_project(agreement: str) -> None:
    with pytest.raises(AgreementError, match="has no phases"):
        begun(agreement=agreement)


@pytest.mark.parametrize("value", ["e" * 201, "Éditions\nExemple", "a\x1b[2Jb", "a\u202eb"])
@pytest.mark.parametrize("key", ["editor", "environment", "product"])
def test_what_a_project_is_called_takes_one_line(key: str, value: str) -> None:
    said: dict[str, Any] = {key: value}
    with pytest.raises(ProjectError, match=f"--{key}: one line"):
        begun(**said)


def test_a_project_is_opened_once() -> None:
    with pytest.raises(ProjectError, match="exists already"):
        begun(exists=True)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("region", "mars"),
        ("closed", "tomorrow"),
        ("working_day_end", "late"),
        ("calendar_day_roll", "previous"),
        ("correction_start", "whenever"),
        ("correction_end", "promise"),
        ("pause", "always"),
        ("month_end", "spill"),
        ("development_start", "kick-off"),
        ("availability", "101"),
        ("moon", "full"),
    ],
)
def test_a_choice_that_cannot_be_read_is_refused_before_a_date_depends_on_it(key: str, value: str) -> None:
    with pytest.raises(AgreementError):
        begun(changes={key: value})


def test_an_unknown_agreement_is_refused() -> None:
    with pytest.raises(AgreementError, match="sas-agenda"):
        begun(agreement="sas-lune")


@pytest.mark.parametrize("contact", [Contact(" "), Contact("Camille", "camille"), Contact("Camille", "a b@c")])
def test_people_have_a_name_and_an_address_that_is_one(contact: Contact) -> None:
    with pytest.raises(ProjectError):
        begun(contacts={Party.EDITOR: contact})


def test_a_change_says_only_what_changes(recette: Story) -> None:
    draft = decisions.change_project(recette.book, Particulars(version="4.2"), by(Party.EDITOR, "2026-05-01T09:00"))
    assert draft.payload == {"version": "4.2"}
    before = recette.book.project
    after = recette.write(draft).book.project
    assert (after.editor, after.version) == (before.editor, "4.2")


def test_a_change_of_nothing_is_refused(recette: Story) -> None:
    with pytest.raises(ProjectError, match="Nothing to change"):
        decisions.change_project(recette.book, Particulars(), by(Party.ANS, "2026-05-01T09:00"))


def test_a_changed_choice_takes_a_reason_and_moves_dates(recette: Story) -> None:
    changes = Particulars(changes={"calendar_day_end": "18:00"})
    with pytest.raises(ProjectError, match="--why"):
        decisions.change_project(recette.book, changes, by(Party.ANS, "2026-05-01T09:00"))
    recette.write(decisions.change_project(recette.book, changes, by(Party.ANS, "2026-05-01T09:00", "Convenu.")))
    state = recette.book.project.current
    assert state is not None
    assert recette.door(state.id, "2026-05-01T10:00").planned_end == at("2026-06-20T18:00")


def test_another_use_case_brings_its_flows(recette: Story) -> None:
    change = Particulars(use_case=UseCase.AVAILABILITY)
    project = recette.write(
        decisions.change_project(recette.book, change, by(Party.ANS, "2026-05-01T09:00"))
    ).book.project
    assert project.flows == (Flow.SLOT_SEARCH,)


def test_an_event_has_a_known_name_and_the_later_word_holds(recette: Story) -> None:
    with pytest.raises(ProjectError, match="delivery of all developments"):
        decisions.milestone(recette.book, "livraison", by(Party.ANS, "2026-05-01T09:00"))
    recette.write(decisions.milestone(recette.book, "delivery", by(Party.EDITOR, "2026-04-23T09:00")))
    assert recette.book.project.milestones["delivery"] == at("2026-04-23T09:00")


def test_the_editor_asks_for_a_stop_itself(recette: Story) -> None:
    with pytest.raises(ProjectError, match="up to editor"):
        decisions.milestone(recette.book, "suspension-requested", by(Party.ANS, "2026-05-01T09:00"))


def test_a_breach_is_repaired_after_a_notice(recette: Story) -> None:
    with pytest.raises(ProjectError, match="No formal notice"):
        decisions.milestone(recette.book, "breach-repaired", by(Party.EDITOR, "2026-05-01T09:00"))


def test_what_is_shown_has_a_known_name(recette: Story) -> None:
    with pytest.raises(ProjectError, match="connectivity tests"):
        decisions.show(recette.book, "connectivité", by(Party.ANS, "2026-05-01T09:00"))
    with pytest.raises(ProjectError, match="up to"):
        decisions.show(recette.book, "tests-summary", by(Party.TOOL, "2026-05-01T09:00"))
    recette.write(decisions.show(recette.book, "connectivity", by(Party.TOOL, "2026-05-01T09:00")))
    assert [shown.what for shown in recette.book.project.shown] == ["connectivity"]


def test_a_scenario_is_looked_at_by_the_ans_in_words_after_a_run_played_it(recette: Story) -> None:
    what = f"review:{OTHER}"
    with pytest.raises(ProjectError, match="No run played"):
        decisions.show(recette.book, what, by(Party.ANS, "2026-05-18T11:00", "Vu."))
    recette.record(run("r1", "2026-05-18T10:00"))
    with pytest.raises(ProjectError, match="--why"):
        decisions.show(recette.book, what, by(Party.ANS, "2026-05-18T11:00"))
    with pytest.raises(ProjectError, match="up to ans"):
        decisions.show(recette.book, what, by(Party.EDITOR, "2026-05-18T11:00", "Vu."))
    assert decisions.show(recette.book, what, by(Party.ANS, "2026-05-18T11:00", "Vu.")).kind is Kind.SHOWN


def test_a_stop_is_the_ans_s_and_writes_down_its_rights(vsr: Story) -> None:
    when = "2026-07-06T11:00"
    with pytest.raises(ProjectError, match="up to ans"):
        decisions.suspend(vsr.book, by(Party.EDITOR, when, "x"), standing=None)
    with pytest.raises(ProjectError, match="--why"):  # no right stands: it says why
        decisions.suspend(vsr.book, by(Party.ANS, when), standing=None)
    draft = decisions.suspend(vsr.book, by(Party.ANS, when), standing=stood(0.5))
    assert draft.payload == {"rights": ["suspension-service-levels"]}
    assert vsr.write(draft).book.project.suspended_at == at(when)


def test_a_stop_and_its_end_alternate_in_time(vsr: Story) -> None:
    with pytest.raises(ProjectError, match="not stopped"):
        decisions.resume(vsr.book, by(Party.ANS, "2026-07-06T11:00"))
    vsr.write(decisions.suspend(vsr.book, by(Party.ANS, "2026-07-06T11:00", "x"), standing=None))
    with pytest.raises(ProjectError, match="stopped already"):
        decisions.suspend(vsr.book, by(Party.ANS, "2026-07-06T12:00", "x"), standing=None)
    with pytest.raises(ProjectError, match="earlier"):
        decisions.resume(vsr.book, by(Party.ANS, "2026-07-06T10:00"))
    vsr.write(decisions.resume(vsr.book, by(Party.ANS, "2026-07-07T11:00")))
    assert vsr.book.project.suspended_at is None
    with pytest.raises(ProjectError, match="earlier"):
        decisions.suspend(vsr.book, by(Party.ANS, "2026-07-07T10:00", "x"), standing=None)


def test_maintenance_is_planned_when_it_was_told_before_it_began(vsr: Story) -> None:
    start, end = at("2026-07-10T22:00"), at("2026-07-11T02:00")
    why = "Mise à jour de la base."
    with pytest.raises(ProjectError, match="before it begins"):
        decisions.maintenance(vsr.book, start, end, by(Party.EDITOR, "2026-07-10T22:01", why))
    with pytest.raises(ProjectError, match="before the beginning"):
        decisions.maintenance(vsr.book, end, start, by(Party.EDITOR, "2026-07-06T10:00", why))
    with pytest.raises(ProjectError, match="--why"):
        decisions.maintenance(vsr.book, start, end, by(Party.EDITOR, "2026-07-06T10:00"))
    book = vsr.write(decisions.maintenance(vsr.book, start, end, by(Party.EDITOR, "2026-07-06T10:00", why))).book
    (planned,) = book.project.maintenance
    assert (planned.start, planned.end, planned.announced_at) == (start, end, at("2026-07-06T10:00"))
