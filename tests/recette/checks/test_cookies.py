"""Cookies are read as a browser reads them, whatever attributes come to be invented."""

from __future__ import annotations

import pytest

from recette.checks.cookies import read


@pytest.mark.parametrize(
    ("header", "name", "value", "attributes"),
    [
        ("s=abc; Path=/; HttpOnly; SameSite=Lax", "s", "abc", {"path": "/", "httponly": "", "samesite": "Lax"}),
        (
            "s=abc; Partitioned; Priority=High; Secure",
            "s",
            "abc",
            {"partitioned": "", "priority": "High", "secure": ""},
        ),
        ("s=abc; ; path=/x; PATH=/y", "s", "abc", {"": "", "path": "/y"}),
        ('s="a b"; Expires=Mon, 10 Mar 2031 08:00:00 GMT', "s", '"a b"', {"expires": "Mon, 10 Mar 2031 08:00:00 GMT"}),
        (" s = a=b== ", "s", "a=b==", {}),
        ("s=", "s", "", {}),
    ],
)
def test_a_cookie_is_its_first_pair_and_the_rest_are_attributes(
    header: str, name: str, value: str, attributes: dict[str, str]
) -> None:
    cookie = read(header)
    assert cookie is not None
    assert (cookie.name, cookie.value, cookie.attributes) == (name, value, attributes)


@pytest.mark.parametrize("header", ["", "alone", "=value", "; Path=/", "s=\x01"])
def test_what_no_browser_keeps_is_no_cookie(header: str) -> None:
    assert read(header) is None
