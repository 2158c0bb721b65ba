import pytest
from hypothesis import given
from hypothesis import strategies as st

from sas_kernel.errors import InvalidValueError
from sas_kernel.identifiers import (
    PractitionerIdKind,
    StructureIds,
    international_phone,
    is_national_practitioner_id,
    masked,
    national_practitioner_id,
)

RPPS = PractitionerIdKind.RPPS
ADELI = PractitionerIdKind.ADELI


@given(st.from_regex(r"[0-9]{11}", fullmatch=True))
def test_an_rpps_is_prefixed_once_however_it_is_stored(bare: str) -> None:
    prefixed = national_practitioner_id(bare, RPPS)
    assert prefixed == "8" + bare
    assert national_practitioner_id(prefixed, RPPS) == prefixed
    assert is_national_practitioner_id(prefixed)


@given(st.from_regex(r"[0-9A-Z]{9}", fullmatch=True))
def test_an_adeli_is_prefixed_once_however_it_is_stored(bare: str) -> None:
    prefixed = national_practitioner_id(bare, ADELI)
    assert prefixed == "0" + bare
    assert national_practitioner_id(prefixed, ADELI) == prefixed


def test_blanks_inside_a_stored_id_do_not_count() -> None:
    assert national_practitioner_id(" 101 2340 0017 ", RPPS) == "810123400017"


@pytest.mark.parametrize("value", ["", "8", "1012340001", "9101234000170", "10123400O17", "8１０１２３４０００１７"])
def test_what_is_not_an_rpps_is_refused_with_what_to_write(value: str) -> None:
    with pytest.raises(InvalidValueError) as refused:
        national_practitioner_id(value, RPPS)
    assert "11 chiffres" in refused.value.text.fr
    assert "11 digits" in refused.value.text.en


@pytest.mark.parametrize(
    ("ids", "national"),
    [
        (StructureIds("990000017", "99900000000001", "10000000000001", "991234567"), "1990000017"),
        (StructureIds(None, "99900000000001", "10000000000001"), "399900000000001"),
        (StructureIds(None, None, "10000000000001", "991234567"), "410000000000001"),
        (StructureIds(adeli_rang="991234567"), "0991234567"),
        (StructureIds("2A0000017", "99900000000001"), "399900000000001"),
        (StructureIds(), None),
    ],
)
def test_the_structure_id_is_finess_then_siret_then_rpps_rang_then_adeli_rang(
    ids: StructureIds, national: str | None
) -> None:
    assert ids.national() == national


@pytest.mark.parametrize(
    ("stored", "sent"),
    [
        ("01 99 00 00 12", "+33199000012"),
        ("01.99.00.00.12", "+33199000012"),
        ("0033 1 99 00 00 12", "+33199000012"),
        ("+33 (0)1 99 00 00 12", "+33199000012"),
        ("+33199000012", "+33199000012"),
        ("+262 199 000 012", "+262199000012"),
        ("00596-199-000-012", "+596199000012"),
    ],
)
def test_a_phone_goes_out_in_the_international_form(stored: str, sent: str) -> None:
    assert international_phone(stored) == sent


@pytest.mark.parametrize("stored", ["", "15", "01 99 00 00", "+44 20 7946 0000", "poste 12"])
def test_what_is_not_a_french_phone_is_refused(stored: str) -> None:
    with pytest.raises(InvalidValueError):
        international_phone(stored)


def test_a_masked_id_does_not_name_anybody() -> None:
    assert masked("810123400017") == "81…17"
    assert masked("8101") == "8101"
