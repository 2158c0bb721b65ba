"""What holds of every door, whatever happened before."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from recette.journal.model import Party
from recette.model import Severity
from recette.projects import doors
from recette.projects.model import Outcome, PhaseId
from recette.register import moves
from recette.register.model import RegisterError
from recette.register.moves import Move
from tests.recette.projects.conftest import Story, at, finding, run, stood

IDENTITIES = ("f1", "f2", "f3")
START = at("2026-06-03T09:00")

happenings = st.lists(
    st.tuples(
        st.sampled_from(("found", "held", "delivered", "reserve", "withdrawn", "agreed", "disputed")),
        st.sampled_from(IDENTITIES),
        st.sampled_from(list(Severity)),
    ),
    max_size=8,
)
phases = st.sampled_from((PhaseId.RECETTE, PhaseId.MISE_EN_SERVICE, PhaseId.VSR))


def told(phase: PhaseId, happened: list[tuple[str, str, Severity]]) -> Story:
    """A project in this phase, to which one of these things happened an hour; what cannot happen does not."""
    story = Story().in_recette()
    if phase is not PhaseId.RECETTE:
        story.record(run("r0", "2026-05-18T10:00"))
        story.in_go_live()
        story.shown("connectivity", "2026-05-26T10:00")
        story.shown("exchanges", "2026-05-26T11:00")
    if phase is PhaseId.VSR:
        story.in_vsr()
    for hour, (what, identity, severity) in enumerate(happened, 1):
        try:
            _happen(story, what, identity, severity, START + timedelta(hours=hour))
        except RegisterError:
            continue
    story.record(run("last", f"{START + timedelta(hours=20):%Y-%m-%dT%H:%M}"))
    return story


def _happen(story: Story, what: str, identity: str, severity: Severity, when: datetime) -> None:
    written = f"{when:%Y-%m-%dT%H:%M}"
    if what == "found":
        story.record(run(f"r{written}", written, finding(identity, severity)))
        return
    if what == "held":
        story.record(run(f"r{written}", written, held=(identity,)))
        return
    id = next((each.id for each in story.register.open if each.identity == identity), "")
    editor = Move(when, "Camille Orfelin", Party.EDITOR, "x")
    if what == "delivered":
        story.write(moves.deliver(story.anomaly(id), editor))
    elif what == "reserve":
        story.made_a_reserve(written, id)
    elif what == "withdrawn":
        story.write(moves.withdraw(story.anomaly(id), editor, "Dominique Essai"))
    elif what == "agreed":
        story.qualified(written, severity, Party.ANS, Party.EDITOR, id=id)
    else:
        story.qualified(written, severity, Party.ANS, id=id)


@given(phases, happenings, st.integers(0, 24 * 365))
@settings(max_examples=60)
def test_a_door_that_can_be_closed_stays_so_while_only_time_passes(
    phase: PhaseId, happened: list[tuple[str, str, Severity]], hours: int
) -> None:
    book, now = told(phase, happened).book, at("2026-08-02T09:00")
    standing = stood()
    if doors.door(book, phase, now, standing).can_close:
        later = doors.door(book, phase, now + timedelta(hours=hours), standing)
        assert later.can_close
        assert later.proposal is doors.door(book, phase, now, standing).proposal


@given(phases, happenings)
@settings(max_examples=60)
def test_an_open_blocking_anomaly_shuts_every_door(phase: PhaseId, happened: list[tuple[str, str, Severity]]) -> None:
    story = told(phase, happened)
    story.record(run("more", "2026-07-20T10:00", finding("f9", Severity.BLOCKING)))
    door = doors.door(story.book, phase, at("2026-09-01T09:00"), stood())
    assert not door.can_close
    assert door.proposal is Outcome.REFUSED
    blocking = next(anomaly.id for anomaly in story.register.open if anomaly.identity == "f9")
    assert any(blocking in missing.about for missing in door.missing)


@given(phases, happenings)
@settings(max_examples=60)
def test_what_a_door_lists_as_reserves_is_open_and_never_blocking(
    phase: PhaseId, happened: list[tuple[str, str, Severity]]
) -> None:
    book = told(phase, happened).book
    door = doors.door(book, phase, at("2026-09-01T09:00"), stood())
    reserves = [book.register.find(id) for id in door.reserves]
    assert all(anomaly.is_open and anomaly.severity is not Severity.BLOCKING for anomaly in reserves)
    if door.can_close:
        left = {anomaly.id for anomaly in book.register.open}
        assert left == set(door.reserves) or phase is PhaseId.MISE_EN_SERVICE
        assert (door.proposal is Outcome.VALIDATED_WITH_RESERVES) is bool(door.reserves)
