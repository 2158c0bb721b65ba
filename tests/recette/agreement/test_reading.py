from __future__ import annotations

from pathlib import Path

import pytest

from recette.agreement import reading
from recette.agreement.model import AgreementError, Deadline
from recette.agreement.terms import Term
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
    assert all(term.article for term in agreement.terms.values())


@pytest.mark.parametrize("name", NAMES)
def test_each_choice_bears_on_something_or_is_read_by_a_rule(name: str) -> None:
    agreement = reading.load(name)
    named = {key for deadline in agreement.deadlines.values() for key in deadline.choices}
    named |= {key for term in agreement.terms.values() for key in term.choices}
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
        ('choices = ["calendar_day_end", "month_end"]', 'choices = ["moon"]'),
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


@pytest.mark.parametrize("name", NAMES)
def test_an_agreement_is_worded_in_both_languages_and_names_each_consequence_it_has(name: str) -> None:
    agreement = reading.load(name)
    terms: list[Deadline | Term] = [*agreement.deadlines.values(), *agreement.terms.values()]
    texts = [
        *(each.text for each in terms),
        *(each.start for each in agreement.deadlines.values()),
        *(each.reason for each in agreement.choices.values()),
        *(each.text for each in agreement.consequences.values()),
        *(asked.text for each in agreement.terms.values() for asked in each.inputs),
    ]
    assert all(text.fr.strip() and text.en.strip() for text in texts)
    assert not [text.fr for text in texts if "'" in text.fr]  # ’ in French
    named = {id for each in terms for id in each.consequences}
    # A broken level of service and a request of the editor belong to no deadline.
    assert set(agreement.consequences) - named <= {"suspension-service-levels", "suspension-requested"}


@pytest.mark.parametrize("name", NAMES)
def test_each_variant_of_a_deadline_moves_it(name: str) -> None:
    agreement = reading.load(name)
    for deadline in agreement.deadlines.values():
        for variant in deadline.variants:
            changed = reading.changed(agreement, {variant.choice: variant.value}).deadline(deadline.id)
            assert changed != agreement.deadline(deadline.id)


def test_a_choice_with_few_values_takes_no_other() -> None:
    with pytest.raises(AgreementError, match="calendar, working"):
        reading.load("mssante-sesan", changes={"support_days": "sundays"})


WRONG = [
    ("mssante-sesan", 'kind = "pro-rata"', 'kind = "guess"'),
    ("mssante-sesan", 'price = "annual_price"', 'price = "monthly_price"'),
    ("mssante-sesan", 'period_choice = "billing_period"', 'period_choice = "notice"'),
    ("mssante-sesan", 'fixed = "0.15"', "fixed = 0.15"),
    ("mssante-sesan", 'indexed = "0.85"', 'indexed = "most"'),
    ("mssante-sesan", 'align = "05-31 11-30"', 'align = "02-29"'),
    ("mssante-sesan", 'align = "05-31 11-30"', 'align = "fortnight"'),
    ("mssante-sesan", 'value = "working", unit = "working-day"', 'value = "worked", unit = "working-day"'),
    ("mssante-sesan", 'possible = ["day", "month"]', 'possible = ["month"]'),
    ("mssante-sesan", 'possible = ["day", "month"]', ""),
    ("mssante-sesan", 'measure = "index"', 'measure = "points"'),
    ("mssante-sesan", 'mode = "up"', 'mode = "towards us"'),
    ("mssante-sesan", 'no_later_than = "last_day"', 'no_later_than = "never"'),
    ("esms-numerique", 'percent = "50"', 'percent = "40"'),
    ("esms-numerique", '{ id = "withdrawal", sums', '{ id = "leaving", sums'),
    ("esms-numerique", 'then = ["repayment-withdrawal"]', 'then = ["withdrawal"]'),
    ("espace-partenaires", "{ upto = 25, value = 3 }", "{ upto = 5, value = 3 }"),
    ("espace-partenaires", "{ upto = 25, value = 3 }, { value = 5 }", "{ upto = 25, value = 3 }"),
    ("espace-partenaires", "least = 1", "least = true"),
]


@pytest.mark.parametrize(("name", "old", "new"), WRONG)
def test_a_term_that_is_wrong_is_refused_by_the_name_of_its_file(tmp_path: Path, name: str, old: str, new: str) -> None:
    text = (contracts.directory() / "agreements" / f"{name}.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "agreements").mkdir()
    (tmp_path / "agreements" / f"{name}.toml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ContractError, match=name):
        reading.load(name, tmp_path)
