import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recette.engine import questions, target, target_file
from recette.engine.question_texts import TEXTS
from recette.engine.questions import QUESTIONS, Kind, Question, Value
from recette.model import TargetError
from sas_kernel import datasets

BASE = "https://agenda.example.org/fhir"
ADDRESSES = {"target.base_url", "sso.issuer", "sso.redirect_uri", "sso.post_logout_uri", "platform.admin_url"}
TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)


def right(question: Question) -> st.SearchStrategy[Value]:
    """Any answer to a question that its key can hold."""
    if question.kind is Kind.FLAG:
        return st.booleans()
    if question.kind is Kind.NUMBER:
        return st.floats(1, 86_400)
    if question.kind is Kind.CHOICE:
        return st.sampled_from(question.choices)
    if question.kind is Kind.CHOICES:
        return st.lists(st.sampled_from(question.choices), unique=True, min_size=int(question.required))
    ids = st.from_regex(r"8[0-9]{11}", fullmatch=True)
    known: Value
    if question.kind is Kind.LIST:
        found: st.SearchStrategy[Value] = st.lists(ids, min_size=1, max_size=3)
    elif question.key in ADDRESSES:
        known = BASE
        found = st.just(known)
    elif question.key.startswith("test_data."):
        found = ids
    elif question.key.endswith(".listen"):
        found = st.integers(1, 65_535).map(lambda port: f"127.0.0.1:{port}")
    else:
        found = TEXT
    return found if question.required else st.none() | found


@settings(max_examples=50)
@given(st.data())
def test_every_combination_of_right_answers_is_a_target_file_that_says_the_same(data: st.DataObject) -> None:
    answers: dict[str, Value] = {}
    while (question := questions.next_question(answers)) is not None:
        value = data.draw(right(question), label=question.key)
        questions.require(question, value)
        answers[question.key] = value
    written = target_file.toml(questions.document(answers), questions.comments(answers, "fr"))
    read = tomllib.loads(written)
    assert read == questions.document(answers)
    assert target.parse(read) == questions.described(answers)
    again = questions.of_document(read)
    assert again == {key: value for key, value in answers.items() if value is not None}


def test_the_demonstration_described_by_answers_is_the_demonstration(tmp_path: Path) -> None:
    described = target_file.of_dataset(datasets.load("demo"), BASE)
    answers = questions.of_document(described)
    while (question := questions.next_question(answers)) is not None:
        answers[question.key] = question.default
    (tmp_path / "t.toml").write_text(target_file.toml(questions.document(answers)), encoding="utf-8")
    assert target.read(tmp_path / "t.toml") == target.parse(described)


def test_only_what_arises_is_asked() -> None:
    def asked(**given: Value) -> set[str]:
        answers: dict[str, Value] = {f"applicability.{key}": value for key, value in given.items()}
        found = set()
        while (question := questions.next_question(answers)) is not None:
            found.add(question.key)
            answers[question.key] = BASE if question.key in ADDRESSES else question.default
        return found

    assert "test_data.practitioner_one_cpts" not in asked(cpts=False)
    assert "test_data.practitioner_one_cpts" in asked(cpts=True)
    assert "test_data.sos_associations" in asked(sos=True)
    assert not {key for key in asked() if key.startswith(("sso.", "appointments.", "platform."))}
    assert {"sso.issuer", "appointments.booking"} <= asked(flows=["appointments"])
    assert not {key for key in asked(flows=["regulators"]) if key.startswith(("test_data.", "sso."))}


def test_every_question_fills_a_key_of_the_target_file_and_has_its_words() -> None:
    keys = [question.key for question in QUESTIONS]
    assert len(set(keys)) == len(keys)
    assert set(keys) == set(TEXTS)
    every = {f"{table}.{key}" for table, names in target._KEYS.items() for key in names}
    every |= {f"test_data.{key}" for key in (*target._TEST_DATA, *target._PEOPLE)}
    assert set(keys) == every


@pytest.mark.parametrize(
    ("key", "typed"),
    [
        ("target.base_url", "agenda"),
        ("target.base_url", ""),
        ("target.actor", "nobody"),
        ("applicability.flows", "postal"),
        ("applicability.flows", ""),
        ("applicability.cpts", "perhaps"),
        ("test_data.practitioner_one_place", "8|1"),
        ("appointments.listen", "127.0.0.1"),
        ("appointments.wait", "soon"),
        ("appointments.wait", "0"),
        ("sso.issuer", "sas"),
    ],
)
def test_a_wrong_answer_is_refused_at_once_and_named(key: str, typed: str) -> None:
    question = questions.question(key)
    with pytest.raises(TargetError, match=key):
        questions.require(question, questions.understood(question, typed))


@pytest.mark.parametrize(
    ("key", "typed", "meant"),
    [
        ("applicability.flows", "slot_search, sso;regulators", ["slot_search", "sso", "regulators"]),
        ("applicability.sos", "Oui", True),
        ("applicability.sos", "n", False),
        ("appointments.wait", "12,5", 12.5),
        ("target.name", "  Agenda d’essai ", "Agenda d’essai"),
        ("target.name", " ", None),
    ],
)
def test_what_is_typed_is_understood(key: str, typed: str, meant: Value) -> None:
    assert questions.understood(questions.question(key), typed) == meant


@pytest.mark.parametrize(
    "document", [{"target": "x"}, {"tarjet": {}}, {"sso": {"isuer": "x"}}, {"target": {"name": 1}}]
)
def test_answers_of_a_file_are_held_against_the_same_rules(document: dict[str, Any]) -> None:
    with pytest.raises(TargetError):
        questions.of_document(document)
    with pytest.raises(TargetError, match="issuer"):
        questions.question("sso.isuer")


def test_a_capability_statement_proposes_and_anything_else_does_not() -> None:
    statement = {
        "resourceType": "CapabilityStatement",
        "software": {"name": " Agenda "},
        "rest": [{"resource": [{"type": "Slot"}, {"type": "Practitioner"}, "x"]}, 3],
    }
    assert questions.proposals(statement) == {
        "target.name": "Agenda",
        "applicability.flows": ["slot_search", "regulators"],
    }
    wrong: tuple[object, ...] = (
        None,
        [],
        {"resourceType": "Bundle"},
        {"resourceType": "CapabilityStatement", "rest": 1},
    )
    for one in wrong:
        assert questions.proposals(one) == {}


def test_a_password_is_known_to_be_one() -> None:
    ask: Callable[[dict[str, Value]], bool] = questions.has_secret
    assert ask({"sso.password": "x"})
    assert not ask({"sso.password": None, "target.name": "x"})
