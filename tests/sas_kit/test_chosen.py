"""What is wrong with a setting is one sentence, which repeats no secret."""

from __future__ import annotations

import argparse

import pytest
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from sas_kit.chosen import InvalidSettingError, chosen, whole


class Some(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SOME_")

    pool_size: int = Field(default=1, ge=1)
    names: tuple[str, ...] = ()
    token: SecretStr = Field(default=SecretStr("long enough"), min_length=8)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("SOME_POOL_SIZE", "0", "SOME_POOL_SIZE (--pool-size): Input should be greater than or equal to 1"),
        ("SOME_POOL_SIZE", "abc", "SOME_POOL_SIZE (--pool-size): Input should be a valid integer"),
        ("SOME_NAMES", "x", "SOME_NAMES (--names): JSON expected"),
        ("SOME_TOKEN", "s3cret", "SOME_TOKEN (--token): Value should have at least 8"),
    ],
)
def test_a_setting_that_cannot_be_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidSettingError) as refused:
        chosen(Some, "SOME_")
    assert expected in refused.value.text.en
    assert refused.value.text.fr.startswith("Réglage refusé")
    assert "s3cret" not in f"{refused.value.text.fr}{refused.value.text.en}"


def test_what_may_be_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_POOL_SIZE", "3")
    assert chosen(Some, "SOME_").pool_size == 3


@pytest.mark.parametrize("value", ["0", "-1", "1e3", "70000", "", "١x"])
def test_an_option_says_which_numbers_it_takes(value: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="1 to 65535"):
        whole(1, 65_535)(value)


def test_a_whole_number_within_its_bounds() -> None:
    assert [whole(0)(value) for value in ("0", "12")] == [0, 12]
