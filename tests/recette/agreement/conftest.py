"""What the tests of each agreement ask: the dates of an event, the values of a rule."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache

import pytest

from recette.agreement import arithmetic, computing, reading
from recette.agreement.computing import Computed
from recette.agreement.model import Agreement

Dates = Callable[..., list[str]]
Values = Callable[..., dict[str, str]]


@cache
def _read(name: str) -> Agreement:
    return reading.load(name)


@pytest.fixture
def dates() -> Dates:
    """The due dates that an event opens, its own first, with choices changed by keyword."""

    def asked(name: str, event: str, at: str, **changes: str) -> list[str]:
        agreement = reading.changed(_read(name), changes)
        return [found.due_at.isoformat() for found in arithmetic.dues(agreement, event, datetime.fromisoformat(at))]

    return asked


def computed(name: str, rule: str, given: dict[str, str], **changes: str) -> Computed:
    return computing.compute(reading.changed(_read(name), changes), rule, given)


@pytest.fixture
def values() -> Values:
    """The results of a rule by key, written out, with its verdict."""

    def asked(name: str, rule: str, given: dict[str, str], **changes: str) -> dict[str, str]:
        found = computed(name, rule, given, **changes)
        written = {each.key: str(each.value) for each in found.results}
        return written | ({"verdict": found.verdict.value} if found.verdict else {})

    return asked
