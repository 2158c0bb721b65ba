"""What a killed process started is ended by another one, and its folder goes with it."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from recette.drivers import guardian, ports
from recette.drivers.services import Services

_STARTS_ONE = """
import sys, time
from recette.drivers.services import Services
services = Services(guarded=True)
one = services.launch("http.server", [sys.argv[1], "--bind", "127.0.0.1"], f"http://127.0.0.1:{sys.argv[1]}/")
one.wait_until_ready()
print(one.process.pid, services.folder, flush=True)
time.sleep(60)
"""


def _gone(pid: int, folder: Path) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0]
    except OSError:
        state = "gone"
    return state in {"gone", "Z"} and not folder.exists()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="tells dead processes from living ones by /proc")
def test_services_do_not_outlive_who_was_killed() -> None:
    port = ports.reserve()
    parent = subprocess.Popen(
        [sys.executable, "-c", _STARTS_ONE, str(port.number)], stdout=subprocess.PIPE, text=True, cwd="/"
    )
    assert parent.stdout is not None
    with parent, parent.stdout:
        pid, folder = parent.stdout.readline().split()
        assert not _gone(int(pid), Path(folder))
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 30
    while not _gone(int(pid), Path(folder)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert _gone(int(pid), Path(folder))
    port.release()


def test_a_dismissed_guardian_touches_nothing(tmp_path: Path) -> None:
    (tmp_path / "kept").touch()
    one = guardian.start(tmp_path)
    one.watch(os.getpgrp())
    one.dismiss()
    assert one.process.returncode == 0
    assert (tmp_path / "kept").exists()


def test_who_ends_the_guardian_does_not_harm_the_services() -> None:
    with Services(guarded=True) as services:
        assert services._guardian is not None
        services._guardian.process.kill()
        services._guardian.process.wait()
        folder = services.folder
        services._guardian.watch(1)
    assert not folder.exists()


def test_a_reserved_port_is_given_once_and_is_free_for_a_server() -> None:
    one = ports.reserve(21_540, 21_541)
    other = ports.reserve(21_540, 21_541)
    assert {one.number, other.number} == {21_540, 21_541}
    with pytest.raises(OSError, match="no free"):
        ports.reserve(21_540, 21_541)
    with socket.socket() as server:
        server.bind(("127.0.0.1", one.number))
    one.release()
    again = ports.reserve(21_540, 21_541)
    assert again.number == one.number
    again.release()
    other.release()
