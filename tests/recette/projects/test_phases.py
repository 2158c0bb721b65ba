"""What people may decide about a phase, and what is refused."""

from __future__ import annotations

from datetime import date

import pytest

from recette.journal.model import Draft, Kind, Party
from recette.model import Severity
from recette.projects import phases
from recette.projects.model import Outcome, PhaseId, ProjectError, ShutDoorError
from tests.recette.projects.conftest import Story, at, by, finding, run, stood

AGREED = {Party.ANS: "Alix Modèle", Party.EDITOR: "Camille Orfelin"}


def opened(story: Story, phase: PhaseId, when: str, party: Party = Party.ANS) -> Draft:
    return phases.open_phase(story.book, phase, by(party, when))


def closed(story: Story, phase: PhaseId, outcome: Outcome, when: str, why: str = "", party: Party = Party.ANS) -> Draft:
    return phases.close_phase(story.book, phase, outcome, by(party, when, why), standing=stood())


def extended(story: Story, until: str, what: str = "recette", agreed: dict[Party, str] | None = None) -> Draft:
    day = date.fromisoformat(until)
    return phases.extend(story.book, what, day, AGREED if agreed is None else agreed, by(Party.ANS, "2026-06-15T10:00"))


# --- opening ---------------------------------------------------------------------------------------------------------


def test_phases_open_in_their_order_only(story: Story) -> None:
    story.begin()
    for phase in PhaseId:
        if phase is not PhaseId.CADRAGE:
            with pytest.raises(ProjectError, match=f"when '{phase.preceding}' is validated"):
                opened(story, phase, "2026-02-03T09:00")
    story.write(opened(story, PhaseId.CADRAGE, "2026-02-03T09:00"))
    assert story.book.phase == "cadrage"


def test_a_phase_waits_for_the_open_one_to_be_closed(recette: Story) -> None:
    with pytest.raises(ProjectError, match="'recette' is open"):
        opened(recette, PhaseId.MISE_EN_SERVICE, "2026-05-18T10:00")


def test_a_refused_phase_opens_again_and_the_next_one_does_not(recette: Story) -> None:
    recette.write(closed(recette, PhaseId.RECETTE, Outcome.REFUSED, "2026-05-18T10:00", "Rien n’a été joué."))
    with pytest.raises(ProjectError, match="when 'recette' is validated"):
        opened(recette, PhaseId.MISE_EN_SERVICE, "2026-05-19T10:00")
    recette.write(opened(recette, PhaseId.RECETTE, "2026-05-19T10:00"))
    assert [state.outcome for state in recette.book.project.phases[-2:]] == [Outcome.REFUSED, None]


def test_a_recette_opened_again_asks_for_runs_of_its_own(recette: Story) -> None:
    recette.record(run("r1", "2026-05-17T10:00"))
    recette.write(closed(recette, PhaseId.RECETTE, Outcome.REFUSED, "2026-05-18T10:00", "Jeu d’essai à revoir."))
    recette.write(opened(recette, PhaseId.RECETTE, "2026-05-19T10:00"))
    assert [missing.id for missing in recette.door(PhaseId.RECETTE, "2026-05-19T11:00").missing] == ["run"]


def test_a_validated_phase_does_not_open_again(go_live: Story) -> None:
    go_live.close(PhaseId.MISE_EN_SERVICE, "2026-06-02T14:00")
    with pytest.raises(ProjectError, match="is validated"):
        opened(go_live, PhaseId.RECETTE, "2026-06-02T15:00")


def test_a_phase_is_not_opened_before_the_one_before_it_was_closed(recette: Story) -> None:
    recette.close(PhaseId.RECETTE, "2026-05-18T15:00")
    with pytest.raises(ProjectError, match="earlier than what comes before"):
        opened(recette, PhaseId.MISE_EN_SERVICE, "2026-05-18T14:59")


def test_an_agreement_without_phases_opens_none(recette: Story) -> None:
    from dataclasses import replace

    recette.close(PhaseId.RECETTE, "2026-05-18T15:00")
    book = replace(recette.book, agreement=replace(recette.book.agreement, phases=()))
    with pytest.raises(ProjectError, match="does not know the phase"):
        phases.open_phase(book, PhaseId.MISE_EN_SERVICE, by(Party.ANS, "2026-05-20T09:00"))


def test_the_tool_opens_and_closes_nothing(recette: Story) -> None:
    with pytest.raises(ProjectError, match="up to ans"):
        closed(recette, PhaseId.RECETTE, Outcome.REFUSED, "2026-05-18T10:00", "x", Party.TOOL)
    with pytest.raises(ProjectError, match="up to ans, editor"):
        opened(recette, PhaseId.RECETTE, "2026-05-18T10:00", Party.TOOL)


# --- extending -------------------------------------------------------------------------------------------------------


def test_the_recette_is_extended_by_both_and_who_agreed_is_kept(recette: Story) -> None:
    recette.write(extended(recette, "2026-07-31"))
    state = recette.book.project.phase(PhaseId.RECETTE)
    assert state is not None
    assert state.agreed == AGREED
    assert recette.door(PhaseId.RECETTE, "2026-06-16T10:00").planned_end == at("2026-07-31T23:59:59")


def test_an_extension_outlives_a_refusal(recette: Story) -> None:
    recette.write(extended(recette, "2026-07-31"))
    recette.write(closed(recette, PhaseId.RECETTE, Outcome.REFUSED, "2026-06-20T10:00", "À revoir."))
    recette.write(opened(recette, PhaseId.RECETTE, "2026-06-22T10:00"))
    assert recette.door(PhaseId.RECETTE, "2026-06-22T11:00").planned_end == at("2026-07-31T23:59:59")


@pytest.mark.parametrize("agreed", [{}, {Party.ANS: "Alix"}, {Party.EDITOR: "Camille"}, {**AGREED, Party.ANS: " "}])
def test_one_party_alone_extends_nothing(recette: Story, agreed: dict[Party, str]) -> None:
    with pytest.raises(ProjectError, match="both parties"):
        extended(recette, "2026-07-31", agreed=agreed)


def test_an_extension_goes_beyond_the_present_end(recette: Story) -> None:
    with pytest.raises(ProjectError, match="not later than the present end, 2026-06-20"):
        extended(recette, "2026-06-20")
    recette.write(extended(recette, "2026-06-30"))
    with pytest.raises(ProjectError, match="2026-06-30"):
        extended(recette, "2026-06-30")


def test_nothing_else_is_extended(vsr: Story) -> None:
    with pytest.raises(ProjectError, match="extends only the acceptance phase"):
        extended(vsr, "2026-12-31", "vsr")
    with pytest.raises(ProjectError, match="closed already"):
        extended(vsr, "2026-12-31", "recette")
    with pytest.raises(ProjectError, match="Unknown phase"):
        extended(vsr, "2026-12-31", "garantie")
    with pytest.raises(ProjectError, match="No formal notice"):
        extended(vsr, "2026-12-31", "breach-repair")


def test_the_repair_of_a_breach_is_extended_by_both(vsr: Story) -> None:
    vsr.milestone("breach-notice", "2026-06-10T10:00")  # until 30 June
    with pytest.raises(ProjectError, match="2026-06-30"):
        extended(vsr, "2026-06-30", "breach-repair")
    vsr.write(extended(vsr, "2026-07-15", "breach-repair"))
    assert vsr.book.project.repair_until == date(2026, 7, 15)


# --- closing ---------------------------------------------------------------------------------------------------------


def test_validating_through_a_shut_door_is_refused_with_exactly_what_is_missing(recette: Story) -> None:
    with pytest.raises(ShutDoorError) as refused:
        closed(recette, PhaseId.RECETTE, Outcome.VALIDATED, "2026-05-18T12:00")
    door = recette.door(PhaseId.RECETTE, "2026-05-18T12:00")
    assert refused.value.door == door
    assert all(missing.text.fr in refused.value.text.fr for missing in door.missing)


def test_refusing_is_always_possible_with_a_reason(recette: Story) -> None:
    with pytest.raises(ProjectError, match="--why"):
        closed(recette, PhaseId.RECETTE, Outcome.REFUSED, "2026-05-18T12:00", " ")
    recette.record(run("r1", "2026-05-18T10:00"))
    assert recette.door(PhaseId.RECETTE, "2026-05-18T12:00").can_close
    recette.write(closed(recette, PhaseId.RECETTE, Outcome.REFUSED, "2026-05-18T12:00", "La version a changé."))
    state = recette.book.project.phase(PhaseId.RECETTE)
    assert state is not None
    assert (state.outcome, state.is_validated, state.reserves) == (Outcome.REFUSED, False, ())


def test_what_is_validated_says_whether_with_reserves(recette: Story) -> None:
    recette.record(run("r1", "2026-05-18T10:00", finding()))
    recette.made_a_reserve("2026-05-18T11:00")
    with pytest.raises(ProjectError, match="Réserves remain"):
        closed(recette, PhaseId.RECETTE, Outcome.VALIDATED, "2026-05-18T12:00")
    recette.write(closed(recette, PhaseId.RECETTE, Outcome.VALIDATED_WITH_RESERVES, "2026-05-18T12:00"))
    state = recette.book.project.phase(PhaseId.RECETTE)
    assert state is not None
    assert state.reserves == ("A-0001",)


def test_reserves_that_do_not_exist_are_not_put_on_a_certificate(recette: Story) -> None:
    recette.record(run("r1", "2026-05-18T10:00"))
    with pytest.raises(ProjectError, match="There is no réserve"):
        closed(recette, PhaseId.RECETTE, Outcome.VALIDATED_WITH_RESERVES, "2026-05-18T12:00")


def test_the_ans_closes_by_its_certificate_and_either_party_the_other_phases(recette: Story) -> None:
    recette.record(run("r1", "2026-05-18T10:00"))
    with pytest.raises(ProjectError, match="up to ans"):
        closed(recette, PhaseId.RECETTE, Outcome.VALIDATED, "2026-05-18T12:00", party=Party.EDITOR)


def test_a_certificate_is_not_dated_before_what_it_had_to_take_into_account(recette: Story) -> None:
    recette.record(run("r1", "2026-05-18T10:00"))
    recette.record(run("r2", "2026-05-19T10:00", finding(severity=Severity.MINOR)))
    with pytest.raises(ProjectError, match="cannot be dated before"):
        closed(recette, PhaseId.RECETTE, Outcome.VALIDATED, "2026-05-18T12:00")


def test_a_phase_is_not_closed_before_it_was_opened_nor_twice(recette: Story) -> None:
    with pytest.raises(ProjectError, match="earlier than what comes before"):
        closed(recette, PhaseId.RECETTE, Outcome.REFUSED, "2026-04-20T09:00", "x")
    with pytest.raises(ProjectError, match="closed already"):
        closed(recette, PhaseId.CADRAGE, Outcome.REFUSED, "2026-05-20T09:00", "x")
    with pytest.raises(ProjectError, match="not open"):
        closed(recette, PhaseId.VSR, Outcome.REFUSED, "2026-05-20T09:00", "x")


def test_a_vsr_is_judged_at_the_instant_it_is_closed(vsr: Story) -> None:
    with pytest.raises(ShutDoorError, match="lasts until 2026-08-02"):
        closed(vsr, PhaseId.VSR, Outcome.VALIDATED, "2026-08-01T12:00")
    draft = closed(vsr, PhaseId.VSR, Outcome.VALIDATED, "2026-08-02T12:00")
    assert (draft.kind, draft.payload) == (Kind.PHASE_CLOSED, {"outcome": "validated", "reserves": []})


def test_the_signed_certificate_is_kept_by_its_hash(recette: Story) -> None:
    recette.record(run("r1", "2026-05-18T10:00"))
    move = by(Party.ANS, "2026-05-18T12:00")
    draft = phases.close_phase(
        recette.book, PhaseId.RECETTE, Outcome.VALIDATED, move, standing=None, certificate="ab" * 32
    )
    state = recette.write(draft).book.project.phase(PhaseId.RECETTE)
    assert state is not None
    assert state.certificate == "ab" * 32
