"""Whatever parties and runs do, in whatever order: what is allowed is told, what is told stays."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from recette.agreement import reading
from recette.journal.model import Draft, Party, first_broken
from recette.model import Severity
from recette.register import dues, moves, telling
from recette.register.model import Anomaly, RegisterError, Status
from recette.register.moves import Move
from tests.recette.register.conftest import Story, at, finding, run

AGREEMENTS = [
    reading.load("sas-agenda", changes=changes)
    for changes in ({}, {"correction_end": "verification"}, {"pause": "never"}, {"correction_start": "notification"})
]
START = at("2026-05-18T09:00")
MOVES = (
    "notify",
    "acknowledge",
    "qualify",
    "propose_workaround",
    "validate_workaround",
    "propose_plan",
    "validate_plan",
    "pause",
    "resume",
    "deliver",
    "withdraw",
    "note",
)
# What happens next: a run or a move, to which anomaly, for whom, how many hours after (or before: told late) the last.
steps = st.lists(
    st.tuples(
        st.sampled_from(("run", "run", *MOVES)),
        st.sets(st.sampled_from(("f1", "f2")), max_size=2),
        st.sampled_from(("A-0001", "A-0002")),
        st.sampled_from((Party.ANS, Party.EDITOR)),
        st.integers(-30, 60),
    ),
    max_size=25,
)


def draft(name: str, anomaly: Anomaly, move: Move) -> Draft:
    severity = list(Severity)[move.at.hour % 3]
    if name == "qualify":
        return moves.qualify(anomaly, move, severity)
    if name == "propose_plan":
        return moves.propose_plan(anomaly, move, date(2026, 9, 1))
    if name == "pause":
        return moves.pause(anomaly, move, "l’autre")
    if name == "withdraw":
        return moves.withdraw(anomaly, move, "l’autre")
    plain = {
        "notify": moves.notify,
        "acknowledge": moves.acknowledge,
        "propose_workaround": moves.propose_workaround,
        "validate_workaround": moves.validate_workaround,
        "validate_plan": moves.validate_plan,
        "resume": moves.resume,
        "deliver": moves.deliver,
        "note": moves.note,
    }
    return plain[name](anomaly, move)


def played(steps: list[tuple[str, set[str], str, Party, int]]) -> Story:
    story, now = Story(), START
    for number, (name, seen, id, party, hours) in enumerate(steps):
        moment = now + timedelta(hours=hours)
        now = max(now, moment)
        if name == "run":
            findings = [finding(identity) for identity in sorted(seen)]
            held = {"f1", "f2"} - seen
            story.record(run(f"r{number}", moment.replace(tzinfo=None).isoformat(), *findings, held=held))
            continue
        try:
            made = draft(name, story.anomaly(id), Move(moment, "Camille Orfelin", party, "parce que"))
        except RegisterError:
            continue
        foreseen = telling.after(story.anomaly(id), made)
        story.write(made)
        assert story.anomaly(id) == foreseen
    return story


@settings(max_examples=100, deadline=None)
@given(steps)
def test_what_is_allowed_is_told_the_same_twice_and_its_dates_can_be_computed(
    steps: list[tuple[str, set[str], str, Party, int]],
) -> None:
    story = played(steps)
    assert first_broken(story.entries) is None
    assert telling.told("p", story.entries) == story.register
    for anomaly in story.register.anomalies.values():
        _holds_together(anomaly)
        for agreement in AGREEMENTS:
            for due in dues.dues(anomaly, agreement, START + timedelta(days=90)):
                assert due.date.due_at >= due.date.at
                assert due.paused is None or agreement.choices["pause"].value == "agreed"


def _holds_together(anomaly: Anomaly) -> None:
    assert (anomaly.status is Status.CORRECTED) == (anomaly.verified_at is not None) or (
        anomaly.status is Status.WITHDRAWN
    )
    assert anomaly.status is not Status.DELIVERED or anomaly.delivered_at is not None
    if anomaly.delivered_at is not None and anomaly.is_open:
        assert anomaly.seen_from is not None
        assert anomaly.delivered_at > anomaly.seen_from
    assert all(pause.end is not None for pause in anomaly.pauses[:-1])
    assert len(set(anomaly.runs)) == len(anomaly.runs)


@settings(max_examples=60, deadline=None)
@given(steps)
def test_an_entry_never_changes_what_was_told_before_it(steps: list[tuple[str, set[str], str, Party, int]]) -> None:
    entries = played(steps).entries
    before: dict[str, Anomaly] = {}
    for number, entry in enumerate(entries, 1):
        told = dict(telling.told("p", entries[:number]).anomalies)
        assert {id: each for id, each in told.items() if id != entry.subject} == {
            id: each for id, each in before.items() if id != entry.subject
        }
        if (old := before.get(entry.subject)) is not None:
            new = told[entry.subject]
            assert (new.opened_at, new.identity, new.proposed) == (old.opened_at, old.identity, old.proposed)
            assert new.notes[: len(old.notes)] == old.notes
            assert new.runs[: len(old.runs)] == old.runs
            assert new.occurrences >= old.occurrences
        before = told
