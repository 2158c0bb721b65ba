from pathlib import Path

import pytest

from sas_kernel import contracts
from sas_kernel.errors import ContractError


def test_every_level_has_a_source_and_both_sentences() -> None:
    levels = contracts.service_levels()
    assert levels
    for level in levels.values():
        assert level.source
        assert level.text.fr
        assert level.text.en


def test_the_numbers_of_the_slot_search_are_those_of_the_sources() -> None:
    levels = contracts.service_levels()
    assert levels["slot_search.answer_timeout"].value == 7
    assert levels["slot_search.one_practitioner"].value == 1
    assert levels["slot_search.practitioners_per_request"].value == 25
    assert levels["slot_search.horizon"].value == 72
    assert levels["slot_search.searches_per_hour"].value == 3000


def test_a_percentile_needs_enough_samples() -> None:
    levels = contracts.service_levels()
    assert all(level.minimum_samples >= 100 for level in levels.values() if level.statistic == "p95")


def test_a_folder_named_by_the_environment_takes_the_place_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(contracts.ENVIRONMENT_VARIABLE, str(tmp_path))
    assert contracts.directory() == tmp_path
    monkeypatch.setenv(contracts.ENVIRONMENT_VARIABLE, str(tmp_path / "absent"))
    with pytest.raises(ContractError, match=contracts.ENVIRONMENT_VARIABLE):
        contracts.directory()


@pytest.mark.parametrize("content", ["", "[a.b]\nvalue = 'x'", "[a]\nb = 3", "not toml"])
def test_a_malformed_file_is_refused_by_name(tmp_path: Path, content: str) -> None:
    (tmp_path / "service_levels.toml").write_text(content)
    if content:
        with pytest.raises(ContractError, match="service_levels"):
            contracts.service_levels(tmp_path)
    else:
        assert contracts.service_levels(tmp_path) == {}
