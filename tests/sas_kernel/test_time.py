from datetime import UTC, datetime, timedelta

import pytest

from sas_kernel.clock import ManualClock, SystemClock
from sas_kernel.text import Lang, Text
from sas_kernel.time_window import Window, window_from

NOW = datetime(2031, 3, 10, 8, tzinfo=UTC)


def test_both_bounds_belong_to_the_window() -> None:
    window = window_from(NOW, timedelta(hours=72))
    assert window.start in window
    assert window.end in window
    assert window.end + timedelta(milliseconds=1) not in window
    assert "08:00" not in window
    assert window == Window(NOW, datetime(2031, 3, 13, 8, tzinfo=UTC))


def test_a_manual_clock_stands_still_until_moved() -> None:
    clock = ManualClock(NOW)
    assert clock.now() == clock.now() == NOW
    clock.advance(timedelta(days=1))
    assert clock.now() == datetime(2031, 3, 11, 8, tzinfo=UTC)


def test_a_clock_needs_an_offset() -> None:
    with pytest.raises(ValueError, match="offset"):
        ManualClock(datetime(2031, 3, 10, 8))  # noqa: DTZ001  the refused case itself
    assert SystemClock().now().utcoffset() == timedelta(0)


def test_a_sentence_is_filled_in_both_languages() -> None:
    text = Text("Il manque {what}.", "{what} is missing.").format(what=Text("la date", "the date"))
    assert text.to(Lang.FR) == "Il manque la date."
    assert text.to("en") == "the date is missing."
    assert str(text) == text.fr
