"""The demonstration territory keeps its promises at any hour of any day; a wrong file is refused with a reason."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sas_kernel import contracts, datasets
from sas_kernel.clock import PARIS
from sas_kernel.datasets import Dataset, DatasetPractitioner, DatasetSlot, InvalidDatasetError
from sas_kernel.identifiers import PractitionerIdKind, international_phone

DEMO = datasets.load("demo")
_BY_ID = {p.national_id: p for p in DEMO.practitioners}
_SHOWN = {"PUBLIC", "PRO", "SNP"}

_ANY_NOW = st.datetimes(datetime(2026, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
_HORIZON = timedelta(hours=72)


def _one(key: str) -> DatasetPractitioner:
    value = DEMO.test_data[key]
    assert isinstance(value, str)
    return _BY_ID[value]


def _shown(practitioner: DatasetPractitioner, first: datetime, last: datetime) -> list[DatasetSlot]:
    """His slots that an answer may hold, from `first` to `last`."""
    today = first.astimezone(PARIS).date()
    return [
        slot
        for slot in datasets.slots_of(practitioner, today - timedelta(days=1), today + timedelta(days=6))
        if first <= slot.start <= last
        and slot.status == "free"
        and not slot.own_patients_only
        and _SHOWN.intersection(slot.slot_types)
    ]


def _kit_window(now: datetime) -> tuple[datetime, datetime]:
    """From two hours ahead (the kit mislabels Paris time as UTC) to the evening of the day after tomorrow."""
    local = now.astimezone(PARIS)
    evening = datetime.combine(local.date() + timedelta(days=2), datetime.max.time(), tzinfo=PARIS)
    return now + timedelta(hours=2), evening


@settings(max_examples=60, deadline=None)
@given(_ANY_NOW)
@example(datetime(2031, 3, 29, 23, 30, tzinfo=UTC))
@example(datetime(2031, 10, 25, 22, 30, tzinfo=UTC))
@example(datetime(2031, 10, 26, 1, 0, tzinfo=UTC))
@example(datetime(2031, 12, 31, 22, 59, 59, tzinfo=UTC))
def test_whoever_should_have_free_slots_has_some_at_any_time(now: datetime) -> None:
    without = {"delaunoy", "brumaire", "pervenchon", "chambellan"}
    for practitioner in DEMO.practitioners:
        for first, last in ((now, now + _HORIZON), _kit_window(now)):
            assert bool(_shown(practitioner, first, last)) is (practitioner.key not in without), practitioner.key


@settings(max_examples=40, deadline=None)
@given(_ANY_NOW)
@example(datetime(2031, 3, 29, 23, 30, tzinfo=UTC))
@example(datetime(2031, 10, 25, 22, 30, tzinfo=UTC))
def test_the_people_of_the_scenarios_play_their_parts_at_any_time(now: datetime) -> None:
    for window in ((now, now + _HORIZON), _kit_window(now)):
        found = _shown(_one("practitioner_one_place"), *window)
        assert {kind for slot in found for kind in slot.slot_types} == _SHOWN
        assert {kind for slot in found for kind in slot.consultation_types} == {"AMB", "VR", "HH"}
        assert {slot.appointment_type for slot in found} == {"ROUTINE", "WALKIN"}
        assert len({slot.place.key for slot in _shown(_one("practitioner_two_places"), *window)}) == 2
        assert _shown(_one("practitioner_opposed"), *window)
        _cpts_roles_are_played(*window)
        assert not _shown(_one("practitioner_without_slots"), *window)
        private = [
            slot
            for slot in datasets.slots(DEMO, now)
            if slot.practitioner == _one("practitioner_private") and window[0] <= slot.start <= window[1]
        ]
        assert any(slot.status == "free" for slot in private)
        assert all(slot.own_patients_only or slot.status == "busy" for slot in private)


def _cpts_roles_are_played(first: datetime, last: datetime) -> None:
    """What the kit needs of its two people in CPTS mode (test-kit.md, section 1)."""

    def shown(practitioner: DatasetPractitioner) -> list[DatasetSlot]:
        today = first.astimezone(PARIS).date()
        every = datasets.slots_of(practitioner, today - timedelta(days=1), today + timedelta(days=6))
        return [s for s in every if first <= s.start <= last and s.status == "free" and not s.own_patients_only]

    one, two = shown(_one("practitioner_one_cpts")), shown(_one("practitioner_two_cpts"))
    assert len({slot.place.key for slot in one}) == 1
    assert {kind for slot in one for kind in slot.slot_types} == {"PUBLIC", "PRO", "SNP", "CPTS"}
    assert {kind for slot in one for kind in slot.consultation_types} == {"AMB", "VR", "HH"}
    assert len({key for slot in one for key in slot.communities}) == 1
    assert {slot.slot_types for slot in two} == {("CPTS",)}
    assert len({slot.place.key for slot in two}) == 2
    assert {len(slot.communities) for slot in two} == {1, 2}
    assert len({key for slot in two for key in slot.communities}) == 2


@settings(max_examples=40, deadline=None)
@given(_ANY_NOW)
@example(datetime(2031, 3, 29, 23, 30, tzinfo=UTC))
@example(datetime(2031, 10, 25, 22, 30, tzinfo=UTC))
def test_every_association_has_slots_at_each_site_at_any_time(now: datetime) -> None:
    asked = DEMO.test_data["sos_associations"]
    assert [a.national_id for a in DEMO.associations] == list(asked)
    assert {len(a.sites) for a in DEMO.associations} == {1, 2}
    today = now.astimezone(PARIS).date()
    for first, last in ((now, now + _HORIZON), _kit_window(now)):
        for site in (site for a in DEMO.associations for site in a.sites):
            slots = datasets.site_slots(site, today - timedelta(days=1), today + timedelta(days=6))
            free = [s for s in slots if first <= s.start <= last and s.status == "free"]
            assert free
            assert {kind for s in free for kind in s.slot_types} == {"PUBLIC", "SNP"}


@settings(max_examples=40, deadline=None)
@given(_ANY_NOW)
@example(datetime(2031, 10, 26, 1, 30, tzinfo=UTC))
def test_somebody_has_a_slot_near_each_bound_and_just_past_each(now: datetime) -> None:
    near = timedelta(minutes=20)
    tournesac = next(p for p in DEMO.practitioners if p.key == "tournesac")
    for bound in (now, now + _HORIZON):
        assert _shown(tournesac, bound, bound + near)
        assert _shown(tournesac, bound - near, bound)


@settings(max_examples=40, deadline=None)
@given(_ANY_NOW)
@example(datetime(2031, 3, 30, 12, 0, tzinfo=UTC))
@example(datetime(2031, 10, 26, 12, 0, tzinfo=UTC))
def test_no_agenda_offers_one_instant_twice_in_one_offer_and_all_end_after_they_start(now: datetime) -> None:
    seen = Counter(
        (slot.practitioner.key, slot.place.key, slot.start, slot.slot_types, slot.status, slot.own_patients_only)
        for slot in datasets.slots(DEMO, now)
    )
    assert max(seen.values()) == 1
    assert all(slot.start < slot.end for slot in datasets.slots(DEMO, now))


def test_the_territory_holds_every_case() -> None:
    people = DEMO.practitioners
    assert len(people) == 41
    assert {p.kind for p in people} == set(PractitionerIdKind)
    assert {len(p.stored_id) for p in people} == {9, 10, 11, 12}  # with and without prefix, of both kinds
    places = {place.key: place for p in people for place in p.places}
    kinds = {(place.structure.national() or "-")[0] for place in places.values()}
    assert kinds == {"1", "3", "4", "0", "-"}
    assert {international_phone(place.phone)[:4] for place in places.values()} == {"+331", "+262"}
    assert all(place.postal_code.startswith("99") for place in places.values())
    assert len({place.city for place in places.values()}) >= 4
    assert max(Counter(place.key for p in people for place in p.places).values()) > 1
    slots = list(datasets.slots(DEMO, datetime(2031, 3, 10, tzinfo=UTC)))
    assert {slot.slot_types for slot in slots} >= {("CPTS",), ("PUBLIC", "CPTS"), ("SNP",), ("PUBLIC",)}
    assert any(len(slot.reasons) > 1 for slot in slots)
    assert any(code is None for slot in slots for code, _ in slot.specialties)


def test_the_full_list_is_25_known_people_and_the_unknown_one_is_nobody() -> None:
    full = DEMO.test_data["practitioners_full_list"]
    assert len(set(full)) == 25
    assert set(full) <= set(_BY_ID)
    assert DEMO.test_data["practitioner_unknown"] not in _BY_ID
    assert set(DEMO.test_data["practitioners_together"]) <= set(_BY_ID)


# --- files -----------------------------------------------------------------------------------------------------------

_SMALL = """
[dataset]
name = "small"
title_fr = "Petit"
title_en = "Small"
territory = "Villefictive"
[test_data]
practitioner_one_place = "a"
[offers.o]
from = 08:00:00
to = 09:00:00
every = 30
slot_types = [["PUBLIC"]]
[[places]]
key = "p"
name = "P"
line = "1 rue"
city = "Villefictive"
postal_code = "99100"
phone = "01 99 00 00 12"
[[practitioners]]
key = "a"
id = "810123400017"
family = "A"
given = "B"
specialty = "C"
places = [{ place = "p", offers = ["o"] }]
"""


def _load(tmp_path: Path, text: str) -> Dataset:
    path = tmp_path / "small.toml"
    path.write_text(text, encoding="utf-8")
    return datasets.load(str(path))


def test_a_file_of_one_s_own_is_a_data_set(tmp_path: Path) -> None:
    small = _load(tmp_path, _SMALL)
    assert small.name == "small"
    assert small.test_data == {"practitioner_one_place": "810123400017"}
    assert len(list(datasets.slots_of(small.practitioners[0], *[datetime(2031, 3, 10, tzinfo=UTC).date()] * 2))) == 2


@pytest.mark.parametrize(
    ("right", "wrong", "named"),
    [
        ('id = "810123400017"', 'id = "12"', "12"),
        ('place = "p"', 'place = "q"', "practitioners.a"),
        ('offers = ["o"]', 'offers = ["x"]', "practitioners.a"),
        ('postal_code = "99100"', 'postal_code = "9910"', "postal_code"),
        ('phone = "01 99 00 00 12"', 'phone = "12"', "12"),
        ('slot_types = [["PUBLIC"]]', 'slot_types = [["ALL"]]', "slot_types"),
        ("every = 30", "every = 0", "every"),
        ('practitioner_one_place = "a"', 'practitioner_one_place = "z"', "test_data"),
        ('family = "A"', "", "family"),
        ("[dataset]", "[dataset", ""),
        ("every = 30", 'every = "30"', ""),
        ('key = "p"', 'key = "p"\n[[places]]\nkey = "p"', ""),
    ],
)
def test_a_wrong_file_is_refused_and_the_place_is_named(tmp_path: Path, right: str, wrong: str, named: str) -> None:
    assert right in _SMALL
    with pytest.raises(InvalidDatasetError) as refused:
        _load(tmp_path, _SMALL.replace(right, wrong))
    assert "small.toml" in refused.value.text.fr
    assert named in refused.value.text.en


_JOINED = """
[[communities]]
key = "c"
name = "CPTS"
finess = "990000207"
phone = "01 99 00 00 41"
members = ["a"]
[[associations]]
key = "s"
name = "SOS"
siret = "99000000000306"
phone = "01 99 00 00 51"
sites = [{ key = "n", name = "N", line = "1", city = "V", postal_code = "99100", phone = "0199000052", offers = ["o"] }]
"""


def test_communities_and_associations_are_read(tmp_path: Path) -> None:
    text = _SMALL.replace('[["PUBLIC"]]', '[["PUBLIC"]]\ncommunities = [["c"]]') + _JOINED
    small = _load(tmp_path, text.replace("[offers.o]", 'sos_associations = ["s", "399000000000314"]\n[offers.o]'))
    assert small.practitioners[0].communities == ("c",)
    assert small.communities[0].national_id == "1990000207"
    (site,) = small.associations[0].sites
    assert len(list(datasets.site_slots(site, *[datetime(2031, 3, 10, tzinfo=UTC).date()] * 2))) == 2
    assert small.test_data["sos_associations"] == ("399000000000306", "399000000000314")


@pytest.mark.parametrize(
    ("right", "wrong", "named"),
    [
        ('finess = "990000207"', 'finess = "2A9000020"', "finess"),
        ('members = ["a"]', 'members = ["b"]', "communities.members"),
        ('members = ["a"]', 'members = ["a", "a"]', "communities.members"),
        ('members = ["a"]', "members = []", "offers.communities"),
        ('siret = "99000000000306"', 'siret = "9900000000306"', "siret"),
        ('offers = ["o"] }]\n', 'offers = ["x"] }]\n', "associations.sites.n"),
        ('postal_code = "99100", phone', 'postal_code = "9910", phone', "postal_code"),
        ('phone = "01 99 00 00 51"', 'phone = "12"', "12"),
        ('[["PUBLIC"]]', '[["PRO"]]', "slot_types"),
    ],
)
def test_a_wrong_community_or_association_is_refused(tmp_path: Path, right: str, wrong: str, named: str) -> None:
    text = _SMALL.replace('[["PUBLIC"]]', '[["PUBLIC"]]\ncommunities = [["c"]]') + _JOINED
    head, _, tail = text.rpartition(right)
    assert head
    with pytest.raises(InvalidDatasetError) as refused:
        _load(tmp_path, head + wrong + tail)
    assert named in refused.value.text.en


@pytest.mark.parametrize("name", ["nowhere", "/nowhere/at/all.toml"])
def test_a_data_set_that_is_not_there_is_named(name: str) -> None:
    with pytest.raises(InvalidDatasetError) as refused:
        datasets.load(name)
    assert name in refused.value.text.fr


# --- the national territory ------------------------------------------------------------------------------------------


def test_the_same_seed_makes_the_same_country_and_another_one_another() -> None:
    assert list(datasets.national(50, 1)) == list(datasets.national(50, 1))
    assert list(datasets.national(50, 1)) != list(datasets.national(50, 2))


@pytest.mark.parametrize("slots_per_day", [1, 3, 7, 40, 120])
def test_everybody_in_the_country_has_two_places_and_as_many_slots_a_day_as_asked(slots_per_day: int) -> None:
    people = list(datasets.national(30, 1, slots_per_day=slots_per_day))
    assert len({p.national_id for p in people}) == 30
    day = datetime(2031, 3, 10, tzinfo=UTC).date()
    for practitioner in people:
        assert len({place.key for place in practitioner.places}) == 2
        found = Counter(slot.place.key for slot in datasets.slots_of(practitioner, day, day))
        assert set(found.values()) == {slots_per_day}


def test_places_of_the_country_are_shared_by_neighbours() -> None:
    places = Counter(place.key for p in datasets.national(60, 1) for place in p.places)
    assert max(places.values()) == 2


def test_people_who_sign_in_are_read_and_checked(tmp_path: Path) -> None:
    demo = datasets.load("demo")
    assert {regulator.kind for regulator in demo.regulators} == {"IDNPS", "INTRN"}
    assert [regulator.active for regulator in demo.regulators].count(False) == 1
    assert demo.staff

    source = (contracts.directory() / "datasets" / "demo.toml").read_text(encoding="utf-8")
    for wrong, word in (
        ('kind = "INTRN"\nvalue', 'kind = "OTHER"\nvalue'),
        ("3990000058/REG0003", "3990000058/REG0001"),
        ("solene.artiguenave@", "Ysee.Bellanger@"),
    ):
        assert wrong in source
        path = tmp_path / "wrong.toml"
        path.write_text(source.replace(wrong, word), encoding="utf-8")
        with pytest.raises(InvalidDatasetError):
            datasets.load(str(path))
