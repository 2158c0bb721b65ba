from __future__ import annotations

import pytest

from sas_fhir.media import NotAcceptableError, UnsupportedContentError, check_content, negotiate


@pytest.mark.parametrize(
    "accept",
    [
        None,
        "",
        "application/json+fhir",
        "application/fhir+json",
        "Application/FHIR+JSON;charset=utf-8",
        "*/*",
        "application/*",
        "application/json",
        "text/html, */*;q=0.1",
        "application/fhir+xml, application/fhir+json;q=0.5",
        "text/html,application/json;q=0.9,*/*;q=0",
        "application/fhir+json; q=x",
    ],
)
def test_json_in_any_spelling_is_acceptable(accept: str | None) -> None:
    negotiate(accept, [])


@pytest.mark.parametrize(
    "accept",
    ["application/fhir+xml", "text/html", "text/*", "application/json;q=0", "*/*;q=0", "application/*;q=0, */*"],
)
def test_nothing_json_is_not_acceptable(accept: str) -> None:
    with pytest.raises(NotAcceptableError) as refused:
        negotiate(accept, [])
    assert accept in refused.value.text.en


@pytest.mark.parametrize(
    "value",
    [
        "json",
        "JSON",
        "application/json",
        "application/fhir+json",
        "application/fhir json",
        "application/json fhir",
        "application/fhir+json;charset=utf-8",
        "application/fhir+json; fhirVersion=4.0",
    ],
)
def test_format_beats_the_header(value: str) -> None:
    negotiate("application/fhir+xml", [value])


@pytest.mark.parametrize("value", ["xml", "application/fhir+xml", "html", "ttl"])
def test_a_format_that_is_not_json_is_refused_whatever_the_header(value: str) -> None:
    with pytest.raises(NotAcceptableError) as refused:
        negotiate("application/fhir+json", [value])
    assert value in refused.value.text.fr


def test_an_empty_format_is_as_none() -> None:
    negotiate("application/fhir+json", [""])
    with pytest.raises(NotAcceptableError):
        negotiate("text/html", [""])


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        " ",
        "application/json",
        "application/fhir+json; charset=utf-8",
        'Application/JSON+FHIR;Charset="UTF-8"',
        "application/fhir+json; fhirVersion=4.0",
    ],
)
def test_a_body_is_json_in_any_spelling(content_type: str | None) -> None:
    check_content(content_type)


@pytest.mark.parametrize(
    "content_type", ["application/fhir+xml", "text/plain", "application/json; charset=iso-8859-1", "json", ";"]
)
def test_any_other_body_is_refused_by_the_name_it_gave(content_type: str) -> None:
    with pytest.raises(UnsupportedContentError) as caught:
        check_content(content_type)
    assert content_type in caught.value.text.fr
    assert content_type in caught.value.text.en
