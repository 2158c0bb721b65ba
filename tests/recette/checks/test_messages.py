"""What people read of a finding: both languages, a path, what was expected."""

from __future__ import annotations

import copy
import json

from recette import catalogue
from recette.checks.offline import judge_document
from tests.recette.checks.test_offline import BUNDLE, MUTATIONS


def test_every_check_has_a_title_in_both_languages() -> None:
    checks = {check.id: check for scenario in catalogue.scenarios(()) for check in scenario.checks}
    for check in checks.values():
        assert check.title.fr
        assert check.title.en
        assert check.title.fr != check.title.en


def test_a_finding_says_what_is_expected_and_where_in_both_languages() -> None:
    for bend, _, _ in MUTATIONS.values():
        document = copy.deepcopy(BUNDLE)
        bend(document)
        for _, judgement in judge_document(json.dumps(document).encode()):
            for problem in judgement.problems:
                assert problem.path
                assert problem.expected
                assert problem.message.fr != problem.message.en
                assert "{" not in problem.message.fr + problem.message.en
