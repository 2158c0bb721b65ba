from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from recette.load.recording import Arrival, Gathering, KeptAnswer, Orders, frame, read_answers, read_plan, write_plan
from recette.load.shooting import BreachWatch

ORDERS = Orders("http", "127.0.0.1", 8081, "/fhir", (("Accept", "x"),), 2.0, 7.0, 1000, 10, 1000, 30.0, 20, 0.5)


def test_answers_come_back_as_they_were_kept(tmp_path: Path) -> None:
    answers = [
        KeptAnswer(1, 200, (("Content-Type", "application/fhir+json"),), b'{"resourceType":"Bundle"}' * 100),
        KeptAnswer(7, 503, (), b""),
    ]
    (tmp_path / "answers.bin").write_bytes(b"".join(frame(each) for each in answers))
    assert list(read_answers(tmp_path)) == answers
    assert list(read_answers(tmp_path / "none")) == []


def test_answers_of_two_workers_come_back_though_their_pieces_came_in_turns(tmp_path: Path) -> None:
    theirs = {
        worker: [KeptAnswer(number, 200, (), bytes([number]) * 3_000) for number in range(first, 40, 2)]
        for worker, first in (("b", 1), ("a", 2))
    }
    frames = {worker: b"".join(map(frame, answers)) for worker, answers in theirs.items()}
    gathering = Gathering(tmp_path)
    for begin in range(0, max(map(len, frames.values())), 17):  # no piece holds a whole frame
        for worker in frames:
            gathering.add(worker, frames[worker][begin : begin + 17])
    gathering.close()
    assert list(read_answers(tmp_path)) == [*theirs["b"], *theirs["a"]]


def test_a_plan_is_read_as_it_was_written(tmp_path: Path) -> None:
    arrivals = [Arrival(1, 0.5, "/Slot?start=ge2031", 3), Arrival(2, 0.75, "/Slot", 1)]
    write_plan(tmp_path / "plan.jsonl", ORDERS, arrivals)
    assert read_plan(tmp_path / "plan.jsonl") == (ORDERS, arrivals)


def test_a_load_stops_when_half_of_the_last_searches_fail() -> None:
    watch = BreachWatch(30.0, 20, 0.5)
    assert not any(watch.note(float(second), bad=False) for second in range(100))
    stops = [second for second in range(100, 130) if watch.note(float(second), bad=True)]
    assert stops[0] == 115  # sixteen bad ones (100 to 115) among the 31 that ended since 85


def test_a_load_goes_on_after_a_few_failures() -> None:
    watch = BreachWatch(30.0, 20, 0.5)
    assert not any(watch.note(float(second), bad=True) for second in range(19))


@given(st.lists(st.booleans(), max_size=200))
def test_the_watch_counts_what_its_window_holds(ends: list[bool]) -> None:
    watch = BreachWatch(10.0, 5, 0.5)
    for second, bad in enumerate(ends):
        window = ends[max(0, second - 10) : second + 1]
        assert watch.note(float(second), bad) == (len(window) >= 5 and sum(window) >= 0.5 * len(window))
