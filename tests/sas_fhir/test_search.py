from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sas_fhir import search
from sas_fhir.instants import first_instant, last_instant
from sas_fhir.search import Parameter, Token

_NAME = "start"


@given(st.lists(st.tuples(st.text(min_size=1, max_size=8), st.text(max_size=12)), max_size=6))
def test_what_is_percent_encoded_reads_back_the_same(pairs: list[tuple[str, str]]) -> None:
    raw = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)
    assert search.decode(raw.encode()) == [Parameter(name, value) for name, value in pairs]


def test_a_bar_a_plus_and_a_colon_may_come_raw_or_encoded() -> None:
    raw = search.decode(b"_include:iterate=Schedule:actor&a=s|1&start=ge2031-03-10T08:00:00+01:00")
    encoded = search.decode(b"_include%3Aiterate=Schedule%3Aactor&a=s%7C1&start=ge2031-03-10T08%3A00%3A00%2B01:00")
    assert raw == encoded


def test_only_the_first_equal_sign_separates_and_empty_parts_are_skipped() -> None:
    assert search.decode(b"&a=b=c&&d&=x") == [Parameter("a", "b=c"), Parameter("d", "")]


def test_bytes_that_are_no_utf8_are_refused() -> None:
    with pytest.raises(search.InvalidParameterError):
        search.decode(b"a=%ff%fe")


def test_an_offset_whose_plus_became_a_blank_is_mended() -> None:
    ge, le = search.date_window(_NAME, ["ge2031-03-10T08:00:00.000 01:00", "le2031-03-12T08:00:00 01:00"])
    assert ge == first_instant("2031-03-10T08:00:00.000+01:00")
    assert le == last_instant("2031-03-12T08:00:00+01:00")


def test_the_bounds_may_come_in_any_order() -> None:
    assert search.date_window(_NAME, ["le2032", "ge2031"]) == search.date_window(_NAME, ["ge2031", "le2032"])


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ([], search.MissingParameterError),
        ([""], search.MissingParameterError),
        (["ge2031"], search.MissingParameterError),
        (["le2031"], search.MissingParameterError),
        (["ge2031", "ge2032", "le2033"], search.InvalidParameterError),
        (["ge2031,le2032"], search.InvalidParameterError),
        (["2031", "le2032"], search.InvalidParameterError),
        (["gt2031", "le2032"], search.InvalidParameterError),
        (["geHIER", "le2032"], search.InvalidParameterError),
        (["GE2031", "le2032"], search.InvalidParameterError),
    ],
)
def test_a_window_that_is_not_one_ge_and_one_le_is_refused(values: list[str], error: type[search.SearchError]) -> None:
    with pytest.raises(error) as refused:
        search.date_window(_NAME, values)
    assert _NAME in refused.value.text.fr
    assert _NAME in refused.value.text.en


def test_blanks_around_commas_and_empty_items_are_tolerated_and_repetitions_count_once() -> None:
    assert search.token_list("id", ["s|1, s|2 ,,\ts|3,s|1, "], at_most=3) == (
        Token("s", "1"),
        Token("s", "2"),
        Token("s", "3"),
    )


def test_a_blank_written_as_a_plus_after_a_comma_is_tolerated() -> None:
    assert search.token_list("id", ["s|1,+s|2"], at_most=2) == (Token("s", "1"), Token("s", "2"))


@pytest.mark.parametrize("values", [[], [""], [" , ,"]])
def test_an_empty_list_is_a_missing_parameter(values: list[str]) -> None:
    with pytest.raises(search.MissingParameterError):
        search.token_list("id", values, at_most=25)


@pytest.mark.parametrize(
    "value", ["810123400017", "|1", "s|", "s|1|2", "urn:oid:1.2.250.1.71.4.2.27C334567890123456", "s|1,2"]
)
def test_what_is_not_system_and_code_is_refused(value: str) -> None:
    with pytest.raises(search.InvalidParameterError):
        search.token_list("id", [value], at_most=25)


@given(st.integers(1, 60))
def test_a_list_longer_than_the_limit_is_refused_and_the_message_says_both_numbers(count: int) -> None:
    value = ",".join(f"s|{number}" for number in range(count))
    if count <= 25:
        assert len(search.token_list("id", [value], at_most=25)) == count
        return
    with pytest.raises(search.TooManyValuesError) as refused:
        search.token_list("id", [value], at_most=25)
    assert str(count) in refused.value.text.en
    assert "25" in refused.value.text.en


def test_a_list_given_twice_is_refused() -> None:
    with pytest.raises(search.InvalidParameterError):
        search.token_list("id", ["s|1", "s|2"], at_most=25)
