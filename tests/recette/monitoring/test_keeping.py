"""Samples survive a database that does not answer, a crash, and a disk that takes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from recette.monitoring.keeping import Keeper
from recette.monitoring.model import MonitoringError, Sample
from sas_kernel.text import Text

NOW = datetime(2026, 10, 25, tzinfo=UTC)


def sample(minute: int) -> Sample:
    return Sample("slot_search.metadata", NOW + timedelta(minutes=minute), False, None, "é [HTTP 503]")


@dataclass
class Base:
    answers: bool = True
    kept: dict[datetime, Sample] = field(default_factory=dict)

    async def add(self, samples: Sequence[Sample]) -> None:
        if not self.answers:
            raise MonitoringError(Text("absente", "away"))
        self.kept |= {each.at: each for each in samples}


@pytest.fixture
def base() -> Base:
    return Base()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def keeper(base: Base, tmp_path: Path, said: list[str]) -> Keeper:
    return Keeper(base.add, tmp_path / "r" / "monitor-p.jsonl", lambda text: said.append(text.en), most_in_memory=3)


async def test_what_the_database_did_not_take_is_stored_once_it_answers_again(
    keeper: Keeper, base: Base, said: list[str], tmp_path: Path
) -> None:
    base.answers = False
    assert not await keeper.keep([sample(0)])
    assert not await keeper.keep([sample(1), sample(2)])
    assert len(said) == 2  # why, and where they are meanwhile: once, not at each round
    base.answers = True
    assert await keeper.keep([sample(3)])
    assert [base.kept[sample(n).at] for n in range(4)] == [sample(n) for n in range(4)]
    assert not (tmp_path / "r" / "monitor-p.jsonl").exists()
    assert said[-1] == "3 sample(s) kept aside, now stored."


async def test_another_process_stores_what_one_that_was_killed_left_and_keeps_lines_it_cannot_read(
    keeper: Keeper, base: Base, said: list[str], tmp_path: Path
) -> None:
    base.answers = False
    await keeper.keep([sample(0), sample(1)])
    spill = tmp_path / "r" / "monitor-p.jsonl"
    with spill.open("a") as file:
        file.write('{"probe": "slot_se')
    next_one = Keeper(base.add, spill, lambda text: said.append(text.en))
    assert not await next_one.keep([sample(2)])
    base.answers = True
    assert await next_one.keep([])
    assert set(base.kept) == {sample(n).at for n in range(3)}
    assert spill.with_suffix(".unreadable").read_text() == '{"probe": "slot_se\n'


async def test_where_the_disk_takes_nothing_either_samples_wait_in_memory_and_a_loss_is_said(
    base: Base, said: list[str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    keeper = Keeper(base.add, tmp_path / "file" / "spill.jsonl", lambda text: said.append(text.en), most_in_memory=3)
    base.answers = False
    for minute in range(5):
        await keeper.keep([sample(minute)])
    assert keeper.dropped == 2
    assert sum("lost" in each for each in said) == 2
    base.answers = True
    assert await keeper.keep([])
    assert set(base.kept) == {sample(n).at for n in (2, 3, 4)}
