import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recette.engine import target
from recette.model import Actor, AppointmentsTarget, Booking, SignOnTarget, TargetError
from sas_kernel.flows import Flow

WHOLE = """
[target]
base_url = "https://agenda.example.org/fhir/"
name = "Agenda d’essai"
[applicability]
flows = ["slot_search"]
slot_types = ["PUBLIC", "SNP"]
consultation_types = ["AMB"]
cpts = true
[test_data]
practitioner_one_place = "810123400017"
practitioners_together = ["810123400017", "810123400025"]
"""


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "t.toml").write_text(WHOLE, encoding="utf-8")
    read = target.read(tmp_path / "t.toml")
    assert read.base_url == "https://agenda.example.org/fhir"
    assert read.name == "Agenda d’essai"
    assert read.flows == (Flow.SLOT_SEARCH,)
    assert read.slot_types == ("PUBLIC", "SNP")
    assert (read.cpts, read.sos) == (True, False)
    assert read.test_data["practitioners_together"] == ("810123400017", "810123400025")


def test_a_base_url_takes_the_place_of_the_files(tmp_path: Path) -> None:
    (tmp_path / "t.toml").write_text(WHOLE, encoding="utf-8")
    assert target.read(tmp_path / "t.toml", base_url="http://127.0.0.1:1/x").base_url == "http://127.0.0.1:1/x"
    assert target.parse({}, base_url="http://127.0.0.1:1/x").test_data == {}


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ({}, "target.base_url"),
        ({"target": {"base_url": 3}}, "target.base_url"),
        ({"target": {"base_url": "agenda.example.org"}}, "target.base_url"),
        ({"target": {"base_url": "https://a.example.org/fhir?x=1"}}, "target.base_url"),
        ({"target": {"base_url": "http://a.example.org:port/"}}, "target.base_url"),
        ({"target": {"base_url": "http://a b/"}}, "target.base_url"),
        ({"target": {"base_url": "http://a/", "name": 1}}, "target.name"),
        ({"target": "http://a/"}, "target"),
        ({"target": {"base_url": "http://a/"}, "applicability": {"flows": "slot_search"}}, "applicability.flows"),
        ({"target": {"base_url": "http://a/"}, "applicability": {"slot_types": ["public"]}}, "slot_types"),
        ({"target": {"base_url": "http://a/"}, "applicability": {"sos": "yes"}}, "applicability.sos"),
        ({"target": {"base_url": "http://a/"}, "test_data": {"practitioner_one_place": 8}}, "practitioner_one_place"),
        ({"target": {"base_url": "http://a/"}, "test_data": {"practitioners_together": []}}, "practitioners_together"),
        ({"target": {"base_url": "http://a/"}, "test_data": {"practitioner_unknown": "8|1"}}, "practitioner_unknown"),
    ],
)
def test_what_is_wrong_is_named_with_what_to_write(document: dict[str, object], named: str) -> None:
    with pytest.raises(TargetError) as refused:
        target.parse(document)
    assert named in refused.value.text.fr
    assert named in refused.value.text.en


def test_a_misspelt_key_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(TargetError) as refused:
        target.parse({"target": {"base_url": "http://a/"}, "test_data": {"practitioner_one_plcae": "8"}})
    assert "practitioner_one_place" in refused.value.text.fr


def test_an_absent_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(TargetError) as refused:
        target.read(tmp_path / "absent.toml")
    assert "dataset describe" in refused.value.text.fr


@pytest.mark.parametrize("content", [b"[target", b"\xff\xfe", b"a = 1\na = 2"])
def test_a_file_that_is_not_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t.toml").write_bytes(content)
    with pytest.raises(TargetError):
        target.read(tmp_path / "t.toml")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from(["target", "applicability", "test_data", "other"]),
        st.dictionaries(
            st.sampled_from(["base_url", "flows", "slot_types", "practitioner_one_place", "practitioners_together"]),
            JSON,
            max_size=3,
        )
        | JSON,
        max_size=3,
    )
)
def test_any_document_is_read_or_refused_in_words(document: dict[str, object]) -> None:
    with contextlib.suppress(TargetError):
        assert target.parse(document).base_url.startswith("http")


def test_sign_on_and_appointments_are_read() -> None:
    read = target.parse(
        {
            "target": {"base_url": "http://127.0.0.1:1/fhir", "actor": "platform"},
            "sso": {"issuer": "http://127.0.0.1:2/realms/sas/", "origin": "sas-preprod", "password": "secret"},
            "appointments": {"listen": "127.0.0.1:3", "booking": "reference", "wait": 5},
        }
    )
    assert read.actor is Actor.PLATFORM
    assert read.sso == SignOnTarget("http://127.0.0.1:2/realms/sas", "sas-preprod", password="secret")
    assert read.appointments == AppointmentsTarget("127.0.0.1:3", Booking.REFERENCE, 5.0)
    assert "secret" not in repr(read)
    assert target.parse({}, base_url="http://127.0.0.1:1/x").sso is None


@pytest.mark.parametrize(
    ("table", "key", "value"),
    [
        ("target", "actor", "patient"),
        ("sso", "issuer", None),
        ("sso", "issuer", "sas"),
        ("sso", "login", 3),
        ("appointments", "listen", "127.0.0.1"),
        ("appointments", "listen", ":99999"),
        ("appointments", "booking", "somebody"),
        ("appointments", "wait", True),
        ("appointments", "wait", 0),
    ],
)
def test_a_wrong_value_there_is_named(table: str, key: str, value: object) -> None:
    document: dict[str, dict[str, object]] = {
        "target": {"base_url": "http://127.0.0.1:1/fhir"},
        "sso": {"issuer": "http://127.0.0.1:2"},
    }
    document.setdefault(table, {})[key] = value
    with pytest.raises(TargetError, match=rf"{table}\.{key}"):
        target.parse(document)


def test_a_platform_is_described_with_us_as_its_editor() -> None:
    described = target.parse(
        {
            "target": {"base_url": "https://sas.example.org/fhir/", "actor": "platform"},
            "sso": {"issuer": "https://sas.example.org/realms/sas", "redirect_uri": "http://127.0.0.1:8079/retour"},
            "platform": {"listen": "127.0.0.1:8079", "wait": 5, "admin_token": "secret"},
            "test_data": {
                "regulator": "urn:oid:1.2.250.1.71.4.2.1|3990000058/REG0001",
                "regulator_technical": "urn:oid:1.2.250.1.213.3.6|0d5a3c1e-6f0b-4a7e-8a52-2f6f3f1c9b10",
            },
        }
    )
    assert described.actor is Actor.PLATFORM
    assert described.platform is not None
    assert (described.platform.listen, described.platform.wait) == ("127.0.0.1:8079", 5.0)
    assert "secret" not in repr(described.platform)
    assert described.sso is not None
    assert described.sso.redirect_uri == "http://127.0.0.1:8079/retour"
    assert described.test_data["regulator"] == "urn:oid:1.2.250.1.71.4.2.1|3990000058/REG0001"


@pytest.mark.parametrize(
    ("table", "key", "value"),
    [
        ("platform", "listen", "8079"),
        ("platform", "listen", "127.0.0.1:0"),
        ("platform", "wait", 0),
        ("platform", "wait", True),
        ("platform", "admin_url", "sas.example.org"),
        ("platform", "admin_token", 3),
        ("sso", "redirect_uri", "retour"),
        ("test_data", "regulator", "a|b|c"),
        ("test_data", "regulator_technical", ["x"]),
    ],
)
def test_a_wrong_word_about_a_platform_is_named(table: str, key: str, value: object) -> None:
    document = {"target": {"base_url": "https://sas.example.org/fhir"}, "sso": {"issuer": "https://sas.example.org"}}
    document[table] = {**document.get(table, {}), key: value}  # type: ignore[dict-item]  # wrong on purpose
    with pytest.raises(TargetError) as refused:
        target.parse(document)
    assert f"{table}.{key}" in refused.value.text.en
