"""Where a sign-in leads, when a session is over, when attempts are too many."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sas_platform.sso import rules
from sas_platform.sso.model import Lifetimes, Session

NOW = datetime(2031, 3, 10, 7, tzinfo=UTC)
SESSION = Session("id", 1, "csrf", NOW, NOW)


@pytest.mark.parametrize("path", ["/", "/habilitations", "/?ids=810000000001&lang=en#results", "/a//b"])
def test_a_path_of_this_site_is_where_one_goes(path: str) -> None:
    assert rules.local_target(path) == path


@pytest.mark.parametrize(
    "path",
    [
        *(
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "https:evil.example",
            "evil",
        ),
        *("/\t/evil.example", "/\n/evil.example", " //evil.example", "javascript:alert(1)", "", "/a b", "/é", None),
        *("/" + "a" * 4000, "/a\\b", "/\r\nSet-Cookie: a=b"),
    ],
)
def test_anything_else_leads_to_the_first_page(path: str | None) -> None:
    assert rules.local_target(path) == "/"


@given(st.text())
def test_whatever_is_asked_for_stays_on_this_site(asked: str) -> None:
    target = rules.local_target("/" + asked)
    assert urlsplit(urljoin("https://sas.example/connexion", target)).netloc == "sas.example"


def test_what_asks_for_the_password_again_is_left_out() -> None:
    path = "/realms/sas/auth?prompt=login&state=a%26b&max_age=0&nonce="
    assert rules.without_asking_again(path) == "/realms/sas/auth?state=a%26b&nonce="


def test_a_session_ends_by_age_by_idleness_and_by_signing_out() -> None:
    lifetimes = Lifetimes()
    assert rules.is_alive(SESSION, lifetimes, NOW + timedelta(minutes=29))
    assert not rules.is_alive(SESSION, lifetimes, NOW + timedelta(minutes=30))
    busy = replace(SESSION, seen=NOW + timedelta(hours=3, minutes=50))
    assert rules.is_alive(busy, lifetimes, NOW + timedelta(hours=3, minutes=59))
    assert not rules.is_alive(busy, lifetimes, NOW + timedelta(hours=4))
    assert not rules.is_alive(replace(SESSION, ended=NOW), lifetimes, NOW)


def test_the_fifth_failure_within_ten_minutes_locks_for_five() -> None:
    failures = [NOW + timedelta(minutes=n) for n in range(5)]
    last = failures[-1]
    assert rules.locked_until(failures[:4], 5, failures[3]) is None
    assert rules.locked_until(failures, 5, last) == last + timedelta(minutes=5)
    assert rules.locked_until(failures, 5, last + timedelta(minutes=5)) is None


def test_failures_of_long_ago_do_not_count() -> None:
    failures = [NOW, *(NOW + timedelta(minutes=9, seconds=n) for n in range(4))]
    assert rules.locked_until(failures, 5, NOW + timedelta(minutes=9, seconds=4)) is not None
    assert rules.locked_until(failures, 5, NOW + timedelta(minutes=10)) is None
