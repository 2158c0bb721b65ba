from __future__ import annotations

from pathlib import Path

import pytest

from recette.agreement import reading
from recette.agreement.model import AgreementError
from recette.model import Severity
from sas_kernel import contracts
from sas_kernel.errors import ContractError

NAMES = reading.names()


@pytest.mark.parametrize("name", NAMES)
def test_each_term_of_each_agreement_names_its_article(name: str) -> None:
    agreement = reading.load(name)
    assert agreement.deadlines
    assert all(deadline.article for deadline in agreement.deadlines.values())
    assert all(choice.article for choice in agreement.choices.values())
    assert all(consequence.article for consequence in agreement.consequences.values())


@pytest.mark.parametrize("name", NAMES)
def test_each_choice_bears_on_something_or_is_read_by_a_rule(name: str) -> None:
    agreement = reading.load(name)
    named = {key for deadline in agreement.deadlines.values() for key in deadline.choices}
    assert set(agreement.choices) - named <= {"pause", "availability", "watch_interval", "unavailable"}


def test_the_agreement_of_the_agendas_has_three_severities_and_six_phases() -> None:
    agreement = reading.load("sas-agenda")
    assert list(agreement.severities) == list(Severity)
    assert [phase.id for phase in agreement.phases] == [
        "cadrage",
        "developpement",
        "recette",
        "mise-en-service",
        "vsr",
        "exploitation",
    ]
    assert agreement.correction(Severity.MAJOR).amount == 14


def test_an_unknown_agreement_or_choice_is_refused_with_those_there_are() -> None:
    with pytest.raises(AgreementError, match="sas-agenda"):
        reading.load("sas")
    with pytest.raises(AgreementError, match="cut_off"):
        reading.load("sas-agenda", changes={"cutoff": "17:00"})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("amount = 14", 'amount = "14"'),
        ("amount = 14", "amount = -1"),
        ('unit = "week"', 'unit = "fortnight"'),
        ('consequences = ["terminated"]', 'consequences = ["fined"]'),
        ('choices = ["calendar_day_end"]', 'choices = ["moon"]'),
        ('deadline = "vsr"', 'deadline = "vrs"'),
        ('article = "13"', ""),
        ('time_zone = "Europe/Paris"', 'time_zone = "Europe/Nowhere"'),
        ("[agreement]", "[agreement"),
    ],
)
def test_a_file_that_is_wrong_is_refused_by_its_name(tmp_path: Path, old: str, new: str) -> None:
    text = (contracts.directory() / "agreements" / "sas-agenda.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "agreements").mkdir()
    (tmp_path / "agreements" / "sas-agenda.toml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ContractError, match="sas-agenda"):
        reading.load("sas-agenda", tmp_path)
