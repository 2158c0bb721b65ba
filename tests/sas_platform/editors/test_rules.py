"""What makes an editor acceptable."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sas_kernel.flows import Flow
from sas_platform.editors import rules
from sas_platform.editors.model import Editor, Environment, InvalidEditorError, Origin, Search, TlsMaterial

GOOD: dict[str, Any] = {
    "id": "agenda-alize",
    "name": "Agenda Alizé",
    "base_url": "https://agenda.example.org/fhir",
    "environment": "recette",
}


def test_an_editor_is_enabled_and_answers_searches_unless_said() -> None:
    editor = rules.editor(**GOOD)
    assert editor.answers(Flow.SLOT_SEARCH, Environment.RECETTE)
    assert not editor.answers(Flow.SLOT_SEARCH, Environment.PRODUCTION)
    assert not editor.answers(Flow.REGULATORS, Environment.RECETTE)
    assert editor.tls == TlsMaterial()


def test_the_trailing_slash_of_a_base_url_goes() -> None:
    assert rules.editor(**{**GOOD, "base_url": " https://agenda.example.org/fhir/ "}).base_url == GOOD["base_url"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", ""),
        ("id", "Agenda"),
        ("id", "-a"),
        ("id", "a" * 65),
        ("id", "a/b"),
        ("name", "  "),
        ("name", "x" * 121),
        ("environment", "prod"),
        ("flows", ["slots"]),
        ("searches", ["slots"]),
        ("searches", []),
        ("associations", ["99000000000029"]),  # of an editor that does not answer the search sos
        ("tls", TlsMaterial(ca_file="")),
        ("base_url", ""),
        ("base_url", "agenda.example.org/fhir"),
        ("base_url", "ftp://agenda.example.org"),
        ("base_url", "https://"),
        ("base_url", "https://agenda.example.org/fhir?x=y"),
        ("base_url", "https://agenda.example.org/fhir#x"),
        ("base_url", "https://user:secret@agenda.example.org/fhir"),
        ("base_url", "https://agenda.example.org/a b"),
        ("base_url", "https://agenda.example.org:99999/"),
        ("base_url", "https://[::1"),
        ("base_url", "https://agendé.example.org/"),
    ],
)
def test_a_malformed_field_is_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(InvalidEditorError) as refused:
        rules.editor(**{**GOOD, field: value})
    assert field in refused.value.text.fr


@pytest.mark.parametrize("environment", ["preproduction", "production"])
def test_plain_http_stays_in_acceptance(environment: str) -> None:
    plain = {**GOOD, "base_url": "http://agenda.example.org/fhir"}
    assert rules.editor(**plain).base_url == plain["base_url"]
    with pytest.raises(InvalidEditorError):
        rules.editor(**{**plain, "environment": environment})


FILE = """
[[editor]]
id = "agenda-alize"
name = "Agenda Alizé"
base_url = "https://agenda.example.org/fhir"
environment = "production"
enabled = false
flows = ["slot_search", "regulators"]

[editor.tls]
ca_file = "/etc/sas/ca.pem"

[[editor]]
id = "b"
name = "B"
base_url = "http://127.0.0.1:8081/fhir"
environment = "recette"
"""


def test_a_file_of_editors_is_read_whole() -> None:
    first, second = rules.from_toml(FILE)
    assert first == Editor(
        "agenda-alize",
        "Agenda Alizé",
        "https://agenda.example.org/fhir",
        Environment.PRODUCTION,
        enabled=False,
        flows=frozenset({Flow.SLOT_SEARCH, Flow.REGULATORS}),
        tls=TlsMaterial(ca_file="/etc/sas/ca.pem"),
        origin=Origin.CONFIGURATION,
    )
    assert second.id == "b"
    assert rules.from_toml("") == ()


@pytest.mark.parametrize(
    "text",
    [
        "editor = ",
        "editor = 3",
        "editor = [3]",
        "[editors]",
        "[[editor]]\nid = 'a'",
        FILE + "colour = 'red'",
        FILE.replace("enabled = false", "enabled = 'no'"),
        FILE.replace('["slot_search", "regulators"]', "'slot_search'"),
        FILE.replace("ca_file = ", "ca_files = "),
        FILE.replace('"/etc/sas/ca.pem"', "3"),
        FILE.replace("[editor.tls]\nca_file", "tls"),
        FILE.replace('id = "b"', 'id = "agenda-alize"'),
    ],
)
def test_a_file_that_is_not_of_editors_is_refused(text: str) -> None:
    with pytest.raises(InvalidEditorError):
        rules.from_toml(text)


def test_an_option_names_an_editor_and_its_url() -> None:
    editor = rules.from_option("Agenda Alizé=http://127.0.0.1:8081/fhir", Environment.RECETTE)
    assert (editor.id, editor.name, editor.origin) == ("agenda-alize", "Agenda Alizé", Origin.CONFIGURATION)


@pytest.mark.parametrize("option", ["", "http://127.0.0.1:8081/fhir", "=http://127.0.0.1:8081/fhir", "Agenda="])
def test_an_option_of_another_form_is_refused(option: str) -> None:
    with pytest.raises(InvalidEditorError):
        rules.from_option(option, Environment.RECETTE)


@given(st.text(max_size=100))
def test_a_slug_is_an_acceptable_id_or_nothing(name: str) -> None:
    slug = rules.slug(name)
    assert not slug or rules.editor(**{**GOOD, "id": slug}).id == slug


def test_configured_editors_hide_registered_ones_of_the_same_id() -> None:
    configured = rules.editor(**{**GOOD, "name": "Z"}, origin=Origin.CONFIGURATION)
    registered = [rules.editor(**{**GOOD, "name": "Hidden"}), rules.editor(**{**GOOD, "id": "other", "name": "A"})]
    assert [(e.id, e.name) for e in rules.combined([configured], registered)] == [("other", "A"), (GOOD["id"], "Z")]


# --- searches --------------------------------------------------------------------------------------------------------


def test_an_editor_answers_for_practitioners_unless_said() -> None:
    assert rules.editor(**GOOD).searches == {Search.PRACTITIONERS}
    known = rules.editor(**GOOD, searches=["sos"], associations=["99000000000029", "399000000000029"])
    assert known.searches == {Search.SOS}
    assert known.associations == {"399000000000029"}


@pytest.mark.parametrize("associations", [["1234"], [f"{number:014d}" for number in range(201)]])
def test_associations_are_sirets_and_not_too_many(associations: list[str]) -> None:
    with pytest.raises(InvalidEditorError) as refused:
        rules.editor(**GOOD, searches=["sos"], associations=associations)
    assert "associations" in refused.value.text.fr


def test_a_file_says_which_searches_an_editor_answers() -> None:
    text = """
[[editor]]
id = "agenda"
name = "Agenda"
base_url = "https://agenda.example.org/fhir"
environment = "recette"
"""
    (plain,) = rules.from_toml(text)
    (whole,) = rules.from_toml(text + 'searches = ["practitioners", "cpts", "sos"]\nassociations = ["99000000000029"]')
    assert plain.searches == {Search.PRACTITIONERS}
    assert whole.searches == {*Search}
    assert whole.associations == {"399000000000029"}
    for wrong in ('searches = "sos"', "searches = [1]", 'associations = "99000000000029"'):
        with pytest.raises(InvalidEditorError):
            rules.from_toml(text + wrong)


def test_the_editor_of_an_option_is_asked_every_search() -> None:
    assert rules.from_option("Agenda=http://127.0.0.1:1/fhir", Environment.RECETTE).searches == {*Search}
