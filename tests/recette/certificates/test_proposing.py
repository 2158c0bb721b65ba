"""What stands on a certificate, told from a story. Dates are worked out by hand in `conftest`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recette.certificates import issuing, results
from recette.certificates.model import CertificateError, RequirementStanding
from recette.certificates.proposing import as_judged, propose
from recette.journal.model import Kind, Party
from recette.model import Severity, Verdict
from recette.projects.model import Contact, Outcome, PhaseId
from recette.register import moves
from recette.register.model import Status
from sas_kernel.text import Lang
from tests.recette.certificates.conftest import (
    ONE,
    REQUIREMENTS,
    TWO,
    Story,
    ans,
    at,
    broken_service,
    editor,
    finding,
    run,
    watched,
)

NOW = at("2026-06-09T10:00")


def test_a_recette_with_open_anomalies_is_proposed_to_be_refused_and_says_why(found: Story) -> None:
    made = propose(found.book, PhaseId.RECETTE, NOW, None, requirements=REQUIREMENTS)
    assert (made.proposal, made.decision, made.outcome) == (Outcome.REFUSED, None, Outcome.REFUSED)
    assert made.is_draft
    assert {about for missing in made.missing for about in missing.about} >= {"A-0001", "A-0003"}
    assert all(missing.article for missing in made.missing)
    assert {line.id: line.validated for line in made.scenarios} == {ONE: False, TWO: False}


def test_requirements_are_told_from_their_last_run_and_their_anomalies(found: Story) -> None:
    made = propose(found.book, PhaseId.RECETTE, NOW, None, requirements=REQUIREMENTS)
    assert {line.id: line.standing for line in made.requirements} == {
        "SLOT-001": RequirementStanding.NOT_VALIDATED,
        "SLOT-002": RequirementStanding.WITH_RESERVES,
        "SLOT-003": RequirementStanding.NOT_VALIDATED,
        "SLOT-004": RequirementStanding.NOT_JUDGED,
    }
    not_judged = made.requirements[-1]
    assert not_judged.reason is not None
    assert not_judged.reason.fr == "Personne ne peut le voir du dehors."


def test_one_that_both_parties_withdrew_is_set_aside(found: Story) -> None:
    found.write(moves.withdraw(found.anomaly("A-0001"), ans("2026-06-04T10:00", "Conforme."), "Camille Orfelin"))
    made = propose(found.book, PhaseId.RECETTE, NOW, None, requirements=REQUIREMENTS)
    assert made.requirements[0].standing is RequirementStanding.SET_ASIDE


def test_a_known_deviation_validates_nothing_and_is_told(story: Story) -> None:
    excused = replace(finding("f2"), excuse="Camille Orfelin, 2026-12-31 : attendu en 2.6")
    story.record(replace(run("r1", "2026-06-02T11:00", finding("f2")), findings=(), excused=(excused,)))
    made = propose(story.book, PhaseId.RECETTE, NOW, None, requirements=REQUIREMENTS)
    line = made.requirements[1]
    assert (line.standing, line.anomalies) == (RequirementStanding.NOT_VALIDATED, ())
    assert line.reason is not None
    assert "attendu en 2.6" in line.reason.fr
    assert "attendu en 2.6" in issuing.files(made, Lang.FR).content["html"].decode()


def test_a_requirement_that_the_catalogue_does_not_know_is_told_all_the_same(found: Story) -> None:
    made = propose(found.book, PhaseId.RECETTE, NOW, None)
    assert [(line.id, line.flow) for line in made.requirements] == [(f"SLOT-00{n}", None) for n in (1, 2, 3)]


@pytest.mark.parametrize(
    ("verdicts", "standing"),
    [
        ({Verdict.PASS}, RequirementStanding.VALIDATED),
        ({Verdict.WARN, Verdict.OMIT}, RequirementStanding.VALIDATED),
        ({Verdict.PASS, Verdict.SKIP}, RequirementStanding.VALIDATED),
        ({Verdict.SKIP}, RequirementStanding.NOT_JUDGED),
        ({Verdict.PASS, Verdict.REVIEW}, RequirementStanding.NOT_JUDGED),
        ({Verdict.PASS, Verdict.ERROR}, RequirementStanding.NOT_JUDGED),
        ({Verdict.OMIT}, RequirementStanding.NOT_APPLICABLE),
        ({Verdict.PASS, Verdict.FAIL}, RequirementStanding.NOT_VALIDATED),
        (set(), RequirementStanding.NOT_JUDGED),
    ],
)
def test_a_requirement_stands_as_the_verdicts_of_its_checks_say(
    verdicts: set[Verdict], standing: RequirementStanding
) -> None:
    assert results._standing(frozenset(verdicts), ())[0] is standing


def test_a_recette_whose_last_anomaly_is_a_reserve_is_proposed_with_it(ready: Story) -> None:
    made = propose(ready.book, PhaseId.RECETTE, NOW, None, requirements=REQUIREMENTS)
    assert (made.proposal, made.missing) == (Outcome.VALIDATED_WITH_RESERVES, ())
    (reserve,) = made.reserves
    assert reserve.anomaly == "A-0002"
    assert reserve.due_on is not None
    assert reserve.due_on.isoformat() == "2026-07-15"
    assert [said.party for said in reserve.plan_validated] == [Party.ANS, Party.EDITOR]
    # 29 May and two months: 29 July, to its last second.
    assert made.planned_end == at("2026-07-29T23:59:59")
    assert [line.status for line in made.anomalies] == [Status.CORRECTED, Status.OPEN, Status.CORRECTED]
    assert all(line.correction is None or line.correction.indicative for line in made.anomalies)


def test_a_decision_that_differs_from_the_proposal_says_so(found: Story) -> None:
    said = propose(found.book, PhaseId.RECETTE, NOW, None, decision=Outcome.VALIDATED, decided_by="Dominique Mirabel")
    assert said.differs
    assert said.outcome is Outcome.VALIDATED
    assert said.proposal is Outcome.REFUSED
    assert said.missing
    same = propose(found.book, PhaseId.RECETTE, NOW, None, decision=Outcome.REFUSED)
    assert not same.differs


def test_settings_are_numbered_notes_and_those_changed_are_marked(ready: Story) -> None:
    made = propose(ready.book, PhaseId.RECETTE, NOW, None)
    assert [note.number for note in made.notes] == list(range(1, len(made.notes) + 1))
    changed = [note for note in made.notes if not note.is_default]
    assert [(note.key, note.value) for note in changed] == [("closed", "2026-12-24")]
    assert {rule.id for rule in made.rules} == {"recette", "acknowledgement", "correction-blocking", "correction-major"}
    keys = {note.number: note.key for note in made.notes}
    (blocking,) = [rule for rule in made.rules if rule.id == "correction-blocking"]
    assert {keys[number] for number in blocking.notes} >= {"region", "cut_off", "correction_start"}


def test_people_sign_as_the_project_or_the_command_names_them(ready: Story) -> None:
    named = {Party.ANS: Contact("Dominique Mirabel", role="Responsable")}
    made = propose(ready.book, PhaseId.RECETTE, NOW, None, signatories=named)
    assert [(each.party, each.name) for each in made.signatories] == [
        (Party.ANS, "Dominique Mirabel"),
        (Party.EDITOR, "Camille Orfelin"),
    ]


def test_the_chain_names_every_run_and_the_last_entry(ready: Story) -> None:
    made = propose(ready.book, PhaseId.RECETTE, NOW, None)
    assert (made.chain.entries, made.chain.head) == (len(ready.entries), ready.entries[-1].hash)
    assert [(each.id, ready.entries[each.entry - 1].hash) for each in made.chain.runs] == [
        (each.id, each.entry_hash) for each in made.chain.runs
    ]
    assert [each.id for each in made.chain.runs] == ["r1", "r2"]


def test_of_a_closed_phase_it_says_what_people_decided_and_how_it_stood_then(regular: Story) -> None:
    made = propose(regular.book, PhaseId.RECETTE, at("2026-09-09T10:00"), None, requirements=REQUIREMENTS)
    assert (made.decision, made.decided_by) == (Outcome.VALIDATED_WITH_RESERVES, "Dominique Mirabel")
    assert made.judged_at == at("2026-06-15T10:00")
    assert made.proposal is Outcome.VALIDATED_WITH_RESERVES
    assert [reserve.anomaly for reserve in made.reserves] == ["A-0002"]
    assert [run.id for run in made.runs] == ["r1", "r2"]
    closing = next(entry for entry in regular.entries if entry.kind is Kind.PHASE_CLOSED)
    assert made.chain.entries == closing.number - 1
    with pytest.raises(CertificateError):
        propose(regular.book, PhaseId.RECETTE, NOW, None, decision=Outcome.REFUSED)


def test_going_live_tells_what_was_shown_and_by_whom(regular: Story) -> None:
    made = propose(regular.book, PhaseId.MISE_EN_SERVICE, at("2026-09-09T10:00"), None)
    assert [(each.what, each.party) for each in made.shown] == [
        ("connectivity", Party.ANS),
        ("exchanges", Party.EDITOR),
    ]
    assert made.requirements == ()


def test_a_vsr_is_prolonged_to_the_last_grave_delivery_and_tells_the_right_there_was(regular: Story) -> None:
    made = propose(regular.book, PhaseId.VSR, at("2026-09-05T10:00"), watched(), requirements=REQUIREMENTS)
    # 1 July and two months: 1 September; the blocking one came on 3 September.
    assert made.planned_end == at("2026-09-01T23:59:59")
    assert made.earliest_end is not None
    assert made.earliest_end.isoformat() == "2026-09-03"
    assert [(each.anomaly, each.severity) for each in made.prolonging] == [("A-0001", Severity.BLOCKING)]
    # Acknowledged on Monday 24 August: due on Wednesday 26 at 18:00, delivered on 3 September at 16:00.
    (right,) = made.rights
    assert (right.id, right.about) == ("suspension-blocking", ("A-0001",))
    assert (right.since, right.until) == (at("2026-08-26T18:00"), at("2026-09-03T16:00"))
    (earlier,) = made.earlier_reserves
    assert (earlier.anomaly, earlier.lifted) == ("A-0002", True)
    assert made.proposal is Outcome.VALIDATED
    late = next(line for line in made.anomalies if line.id == "A-0001").correction
    assert late is not None
    assert (late.overdue, late.indicative) == (True, False)


def test_a_right_stays_on_record_when_its_anomaly_comes_back_later(regular: Story) -> None:
    regular.record(run("r6", "2026-09-07T11:00", finding("f1")), "vsr")
    made = propose(regular.book, PhaseId.VSR, at("2026-09-07T12:00"), watched())
    assert [(right.since, right.until) for right in made.rights] == [(at("2026-08-26T18:00"), at("2026-09-03T16:00"))]
    assert [each.delivered_at for each in made.prolonging] == [None]
    assert made.earliest_end is None


def test_a_broken_service_keeps_a_vsr_from_being_validated_and_gives_a_right(regular: Story) -> None:
    made = propose(regular.book, PhaseId.VSR, at("2026-09-05T10:00"), broken_service())
    assert made.proposal is Outcome.REFUSED
    assert "suspension-service-levels" in {right.id for right in made.rights}


def test_a_stop_of_the_transmission_is_told_from_its_beginning_to_its_end(regular: Story) -> None:
    regular.say(Kind.SUSPENDED, "", "2026-09-04T12:00", why="A-0001 en retard.")
    regular.say(Kind.RESUMED, "", "2026-09-04T15:00")
    made = propose(regular.book, PhaseId.VSR, at("2026-09-05T10:00"), watched())
    assert [(each.since, each.until) for each in made.interruptions] == [
        (at("2026-09-04T12:00"), at("2026-09-04T15:00"))
    ]


def test_a_reserve_without_a_plan_is_due_by_article_8_2(regular: Story) -> None:
    regular.record(run("r6", "2026-09-07T11:00", finding("f2")), "vsr")
    regular.write(moves.notify(regular.anomaly("A-0002"), ans("2026-09-07T14:00")))
    regular.write(moves.acknowledge(regular.anomaly("A-0002"), editor("2026-09-07T15:00")))
    made = propose(regular.book, PhaseId.VSR, at("2026-09-08T10:00"), watched())
    assert [reserve.anomaly for reserve in made.reserves] == ["A-0002"]


@pytest.mark.parametrize("kind", [PhaseId.EXPLOITATION, PhaseId.MISE_EN_SERVICE])
def test_a_phase_without_certificate_or_not_open_says_so(story: Story, kind: PhaseId) -> None:
    with pytest.raises(CertificateError):
        propose(story.book, kind, NOW, None)


def test_an_open_phase_is_judged_now(story: Story) -> None:
    book, judged_at, closing = as_judged(story.book, PhaseId.RECETTE, NOW)
    assert (book, judged_at, closing) == (story.book, NOW, None)
