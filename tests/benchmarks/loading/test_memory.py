from __future__ import annotations

import os
import random
import subprocess
import sys

import pytest

from benchmarks.loading import memory

MB = 1 << 20


def line(rate: float, noise: float = 0.0, seed: int = 1) -> list[memory.Sampled]:
    """Twenty minutes, every five seconds, from 200 MB on; `rate` in MB a minute, `noise` in MB."""
    draws = random.Random(seed)
    return [(5.0 * n, int((200 + rate * n * 5 / 60 + draws.gauss(0, noise)) * MB)) for n in range(241)]


@pytest.mark.parametrize("rate", [-0.5, 0.0, 2.5])
def test_a_steady_growth_is_told_in_mb_a_minute(rate: float) -> None:
    found = memory.slope(line(rate))
    assert (found.value, found.low, found.high) == pytest.approx((rate, rate, rate), abs=1e-4)


def test_the_interval_holds_the_truth_about_nineteen_times_in_twenty() -> None:
    found = [memory.slope(line(0.3, noise=5.0, seed=seed)) for seed in range(200)]
    held = sum(one.low <= 0.3 <= one.high for one in found)
    assert 180 <= held <= 198


def test_too_short_a_soak_tells_no_slope() -> None:
    with pytest.raises(ValueError, match="lengthen"):
        memory.slope(line(0.0)[:19])


def test_processes_are_watched_with_those_they_started_until_they_end() -> None:
    sleeping = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"
    with subprocess.Popen([sys.executable, "-c", sleeping], stdin=subprocess.PIPE) as parent:
        while len(memory.serving(parent.pid)) < 2:
            assert parent.poll() is None
        family = memory.serving(parent.pid)
        assert family[0] == parent.pid
        assert memory.resident(parent.pid) > MB
        parent.communicate(b"\n")
    reads: list[int] = []

    def read(pid: int) -> int:
        reads.append(pid)
        if pid == family[0]:
            raise ProcessLookupError
        return 7

    with memory.watching([family[0], os.getpid()], read, every=0.001) as watch:
        while len(reads) < 20:
            pass
    assert watch.samples[family[0]] == []
    assert {size for _, size in watch.samples[os.getpid()]} == {7}
