"""Which key signs, and which ones are published."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sas_platform.sso.keys import rules
from sas_platform.sso.keys.model import StoredKey
from sas_platform.sso.model import Lifetimes

NOW = datetime(2031, 3, 10, 7, tzinfo=UTC)
LIFETIMES = Lifetimes()


def test_a_key_signs_until_it_is_old() -> None:
    key = StoredKey("a", "", NOW)
    assert rules.signing([], LIFETIMES, NOW) is None
    assert rules.signing([key], LIFETIMES, NOW + timedelta(days=89)) is key
    assert rules.signing([key], LIFETIMES, NOW + timedelta(days=90)) is None
    assert rules.signing([StoredKey("a", "", NOW, retired=NOW)], LIFETIMES, NOW) is None


def test_a_replaced_key_is_published_as_long_as_a_session_may_last() -> None:
    old, new = StoredKey("a", "", NOW, retired=NOW), StoredKey("b", "", NOW)
    assert rules.published([new, old], LIFETIMES, NOW + timedelta(hours=3, minutes=59)) == [new, old]
    assert rules.published([new, old], LIFETIMES, NOW + timedelta(hours=4)) == [new]
