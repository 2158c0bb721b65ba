"""The museum is whole: every fault that the tests play can be served, under one name."""

from __future__ import annotations

import re

import pytest

from recette import catalogue
from recette.engine import museum as exported
from recette.museum.pieces import HIDDEN, ROOMS, Stand, pieces, said, slug
from tests.faulty import museum


def test_every_fault_that_is_played_can_be_served() -> None:
    played = {id(fault) for faults in museum.PLAYED.values() for fault in faults}
    assert {id(fault) for faults in ROOMS.values() for fault in faults} == played


def test_each_has_a_name_of_its_own_that_can_be_typed() -> None:
    assert len(pieces()) == sum(map(len, ROOMS.values()))
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in pieces())
    assert set(pieces()) == {exhibit.name for exhibit in exported.exhibits()}
    assert set(pieces()) >= set(HIDDEN)


@pytest.mark.parametrize(
    ("name", "typed"),
    [("no PKCE", "no-pkce"), ("SameSite=Lax", "samesite-lax"), ("the provider’s «é»", "the-providers-e"), (" - ", "")],
)
def test_a_name_becomes_small_letters_digits_and_hyphens(name: str, typed: str) -> None:
    assert slug(name) == typed
    assert slug(typed) == typed


def test_who_needs_nobody_behind_is_a_partner_of_its_own() -> None:
    for piece in pieces().values():
        assert piece.stand.bends is hasattr(piece.fault, "apply") or piece.stand.bends is hasattr(piece.fault, "speak")


def test_the_tag_of_a_stand_gathers_scenarios_that_judge_its_faults() -> None:
    for stand, faults in ROOMS.items():
        if stand.tag:
            tagged = [each for each in catalogue.scenarios((), None) if stand.tag in each.tags]
            judged = {check.requirement for each in tagged for check in each.checks}
            assert {fault.requirement for fault in map(said, faults)} <= judged
    assert {stand for stand in Stand if stand.tag} == {Stand.ASSOCIATION_AGENDA, Stand.ASSOCIATION_PLATFORM}
