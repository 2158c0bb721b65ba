"""Each requirement says where it comes from: a document that exists and a place in it, or that it is ours."""

from __future__ import annotations

import re

import pytest

from recette.engine import requirements
from recette.model import Requirement
from recette.profiles import facts

_DOCUMENTS = re.compile(
    r"(?:derived: )?(?:"
    r"IG SAS 1\.[12]\.0, \S"
    r"|profile \S+ 1\.[12]\.0"
    r"|FHIR R4 4\.0\.1, \S"
    r"|ANS test kit(?: 0\.3\.0|, development branch)[ ,]"
    r"|ANS-CONV-001 \(2022-08-31\), art\. \d"
    r"|(?:ANS, documentation technique de )?Pro Santé Connect\b"
    r"|RFC \w+(?:, (?:§|sections?) |$)"
    r"|OpenID Connect (?:Core|Discovery|RP-Initiated Logout) 1\.0"
    r"|OWASP \S"
    r"|ours\b)"
)
_PROFILE = re.compile(r"\bprofile ([\w-]+)(?: (1\.[12]\.0))?")
_BETWEEN = re.compile(r"; (?![^(]*\))")


def _each() -> list[Requirement]:
    return list(requirements.load().values())


def test_every_source_names_a_document_and_a_place_or_says_that_it_is_ours() -> None:
    vague = {row.id: row.source for row in _each() if not any(map(_DOCUMENTS.match, _BETWEEN.split(row.source)))}
    assert not vague


def test_what_is_derived_says_of_what() -> None:
    assert not {row.id: row.source for row in _each() if re.search(r"derived(?!: \w)", row.source)}


@pytest.mark.parametrize("version", facts.VERSIONS)
def test_every_profile_that_is_named_is_one_of_the_guide(version: str) -> None:
    known = {url.rpartition("/")[2] for url in facts.load(version).definitions}
    named = {
        (row.id, name)
        for row in _each()
        for name, said in _PROFILE.findall(row.source)
        if (said or facts.VERSIONS[0]) == version
    }
    assert named
    assert not {(id, name) for id, name in named if name not in known}
