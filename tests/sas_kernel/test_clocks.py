from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sas_kernel.clock import FileClock, ManualClock, OffsetClock, SystemClock, chosen, clock_of
from sas_kernel.errors import InvalidValueError
from sas_kernel.loopback import is_loopback, require_for_test_clock

NOW = datetime(2031, 3, 10, 8, tzinfo=UTC)


def test_an_offset_clock_goes_with_the_other() -> None:
    real = ManualClock(NOW)
    ahead = OffsetClock(timedelta(days=3), real)
    assert ahead.now() == NOW + timedelta(days=3)
    real.advance(timedelta(hours=1))
    assert ahead.now() == NOW + timedelta(days=3, hours=1)


def test_several_clocks_follow_one_file(tmp_path: Path) -> None:
    real = ManualClock(NOW)
    mine, theirs = FileClock(tmp_path / "clock", real), FileClock(tmp_path / "clock", real)
    assert theirs.now() == NOW, "without a file, time is real"
    mine.go(timedelta(hours=-2))
    assert theirs.now() == NOW - timedelta(hours=2)
    mine.stand_at(NOW + timedelta(days=60))
    real.advance(timedelta(seconds=5))
    assert theirs.now() == NOW + timedelta(days=60)
    mine.release()
    mine.release()
    assert theirs.now() == NOW + timedelta(seconds=5)
    assert list(tmp_path.iterdir()) == []


@given(st.timedeltas(min_value=timedelta(days=-3000), max_value=timedelta(days=3000)))
def test_every_offset_is_written_as_it_is_read(by: timedelta) -> None:
    assert clock_of(f"{by.total_seconds():+.6f}\n", ManualClock(NOW)).now() == NOW + by


@pytest.mark.parametrize("line", ["tomorrow", "86400", "2031-03-10T08:00:00", "+1e9", "+99999999999999", "+nan"])
def test_a_line_that_says_no_time_is_refused(line: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidValueError, match="UTC offset"):
        clock_of(line, SystemClock()).now()
    (tmp_path / "clock").write_text(line, encoding="ascii")
    with pytest.raises(InvalidValueError):
        FileClock(tmp_path / "clock").now()


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "clock").write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidValueError, match="cannot be read"):
        FileClock(tmp_path / "clock").now()
    with pytest.raises(ValueError, match="offset"):
        FileClock(tmp_path / "other").stand_at(datetime(2031, 3, 10))  # noqa: DTZ001  the refused case itself


def test_without_a_file_the_clock_is_the_systems(tmp_path: Path) -> None:
    assert isinstance(chosen(None), SystemClock)
    assert isinstance(chosen(tmp_path / "clock"), FileClock)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost"])
def test_this_machine(host: str) -> None:
    assert is_loopback(host)
    require_for_test_clock(host=host, public_url=f"http://{host if ':' not in host else '[::1]'}:8080")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.0.2.1", "agenda.example.org", "localhost.example.org"])
def test_a_test_clock_is_refused_elsewhere(host: str) -> None:
    with pytest.raises(InvalidValueError, match="this machine only"):
        require_for_test_clock(host=host)
    with pytest.raises(InvalidValueError, match="this machine only"):
        require_for_test_clock(host="127.0.0.1", public_url="https://agenda.example.org")
