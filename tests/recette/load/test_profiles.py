from __future__ import annotations

from pathlib import Path

import pytest

from recette.load import profiles
from recette.load.profiles import LoadError
from sas_kernel.contracts import service_levels
from sas_kernel.errors import ContractError
from tests.recette.load.made import PROFILES


def test_nominal_is_the_promised_volume_and_peak_four_times_that() -> None:
    promised = service_levels()["slot_search.searches_per_hour"].value
    assert PROFILES.by_name["nominal"].rate * 3600 == promised
    assert PROFILES.by_name["peak"].rate * 3600 == 4 * promised


def test_a_nominal_run_measures_enough_to_conclude() -> None:
    nominal = PROFILES.by_name["nominal"]
    alone = nominal.rate * nominal.duration * PROFILES.limits.single_share
    assert alone > service_levels()["slot_search.one_practitioner"].minimum_samples * 1.2


def test_every_profile_keeps_within_the_caps() -> None:
    for name in PROFILES.by_name:
        assert profiles.chosen(PROFILES, name, rate=None, duration=None, warm_up=None).source


def test_what_the_caller_says_takes_the_place_of_the_profile() -> None:
    found = profiles.chosen(PROFILES, "peak", rate=2.0, duration=90.0, warm_up=0.0)
    assert (found.rate, found.duration, found.warm_up, found.total) == (2.0, 90.0, 0.0, 90.0)


@pytest.mark.parametrize(
    ("name", "rate", "duration"),
    [
        ("nominal", 201.0, None),
        ("burst", 11.0, None),
        ("soak", None, 14_400.0),
        ("no", None, None),
    ],
)
def test_what_is_beyond_the_caps_or_unknown_is_refused(name: str, rate: float | None, duration: float | None) -> None:
    with pytest.raises(LoadError):
        profiles.chosen(PROFILES, name, rate=rate, duration=duration, warm_up=None)


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("10m", 600), ("1h", 3600), ("45", 45), ("1,5 m", 90)])
def test_durations_are_read(text: str, seconds: float) -> None:
    assert profiles.duration_of(text) == seconds


@pytest.mark.parametrize(("text", "rate"), [("3600/h", 1), ("2/s", 2), ("90/m", 1.5)])
def test_rates_are_read(text: str, rate: float) -> None:
    assert profiles.rate_of(text) == rate


@pytest.mark.parametrize("text", ["", "ten", "3000", "0/s", "-1/s", "1e9/s"])
def test_what_is_no_rate_is_told(text: str) -> None:
    with pytest.raises(LoadError, match="3000/h"):
        profiles.rate_of(text)


@pytest.mark.parametrize("text", ["", "m", "10 days", "-5s"])
def test_what_is_no_duration_is_told(text: str) -> None:
    with pytest.raises(LoadError):
        profiles.duration_of(text)


def test_this_machine_needs_no_consent_and_another_needs_its_own() -> None:
    profiles.require_consent("http://127.0.0.1:8081/fhir", ())
    profiles.require_consent("http://localhost:8081/fhir", ())
    profiles.require_consent("https://Agenda.example.org/fhir", ("agenda.example.org",))
    for consents in ((), ("example.org",), ("other.example.org",)):
        with pytest.raises(LoadError, match=r"--i-have-consent agenda\.example\.org"):
            profiles.require_consent("https://agenda.example.org/fhir", consents)


def test_profiles_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    (tmp_path / "load_profiles.toml").write_text("[profiles.nominal]\nrate_factor = 'a lot'\n", encoding="utf-8")
    with pytest.raises(ContractError, match=r"load_profiles\.toml"):
        profiles.read(service_levels()["slot_search.searches_per_hour"], tmp_path)
