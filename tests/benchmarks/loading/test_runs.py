from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.loading import country, runs
from recette.catalogue.slot_search.practitioners import known_practitioners
from recette.engine import target

GOOD: dict[str, Any] = {
    "aborted": False,
    "errors": {},
    "exit_code": 0,
    "searches": {"made": 500, "judged": 500},
    "client": {"saturated": []},
}


@pytest.mark.parametrize("code", [0, 3, 4])
def test_a_load_without_an_error_tells_its_figure_whatever_the_levels(code: int) -> None:
    assert runs.unusable(GOOD | {"exit_code": code}) == ""


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"aborted": True}, "cut short"),
        ({"errors": {"content": 1}}, "content"),
        ({"exit_code": 1}, "warm-up"),
        ({"exit_code": 5}, "5"),
        ({"searches": {"made": 500, "judged": 499}}, "1 answers"),
        ({"client": {"saturated": [{"fr": "occupé", "en": "busy"}]}}, "busy"),
    ],
)
def test_a_load_with_an_error_tells_none(change: dict[str, Any], why: str) -> None:
    assert why in runs.unusable(GOOD | change)


def test_memory_is_told_though_the_generator_was_late() -> None:
    busy = {"client": {"saturated": [{"fr": "occupé", "en": "busy"}]}}
    assert runs.failed(GOOD | busy) == ""
    assert runs.failed(GOOD | busy | {"errors": {"content": 1}})


def test_the_target_names_people_from_all_over_the_country(tmp_path: Path) -> None:
    country.write_target(tmp_path / "target.toml", "http://127.0.0.1:8081/fhir")
    known = known_practitioners(target.read(tmp_path / "target.toml"), country.PRACTITIONERS)
    everybody = country.practitioner_ids()
    assert len(set(known)) == country.LISTED
    assert set(known) <= set(everybody)
    places = sorted(everybody.index(one) for one in known[:50])
    assert places[0] < 2_000
    assert places[-1] > 18_000
