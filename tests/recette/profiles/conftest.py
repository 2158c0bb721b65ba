"""Valid resources of our own, small enough to be changed one thing at a time, and a checker of each version."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from recette.profiles import facts
from recette.profiles.checker import Checker, errors
from recette.profiles.use_cases import UseCase, check

Json = dict[str, Any]


@pytest.fixture(scope="session", params=facts.VERSIONS)
def checker(request: pytest.FixtureRequest) -> Checker:
    return Checker(facts.load(request.param))


@pytest.fixture
def found(checker: Checker) -> Callable[..., set[tuple[str, str]]]:
    """What is wrong with a resource of a use case, as (path, rule)."""

    def look(resource: Any, case: UseCase) -> set[tuple[str, str]]:
        issues = check(checker, resource, case)
        assert issues is not None
        return {(issue.path, issue.rule) for issue in errors(issues)}

    return look
