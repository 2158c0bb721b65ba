"""Ends services whose parent was killed: a test worker that crashes cannot stop what it started.

A process of its own reads a pipe that only the parent can write to. Its end without a word is the parent's death.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_DISMISSED = "dismissed"
_STOP_WITHIN = 5.0


@dataclass(frozen=True, slots=True)
class Guardian:
    process: subprocess.Popen[str]

    def watch(self, group: int) -> None:
        """From now on this process group dies with us."""
        self._tell(str(group))

    def dismiss(self) -> None:
        """All has been stopped in order."""
        self._tell(_DISMISSED)
        assert self.process.stdin is not None
        with suppress(OSError):
            self.process.stdin.close()
        self.process.wait()

    def _tell(self, word: str) -> None:
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):  # somebody ended the guardian: the services are stopped in order all the same
            self.process.stdin.write(word + "\n")
            self.process.stdin.flush()


def start(folder: Path) -> Guardian:
    """A guardian of services whose files are in `folder`."""
    return Guardian(
        subprocess.Popen(  # noqa: S603  our own file, arguments as a list
            [sys.executable, "-I", "-S", __file__, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,  # what ends the parent's group must not end this
        )
    )


def main(folder: Path) -> None:
    groups: list[int] = []
    for line in sys.stdin:
        if line.strip() == _DISMISSED:
            return
        groups.append(int(line))
    for signal_ in (signal.SIGTERM, signal.SIGKILL):
        for group in groups:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal_)
        deadline = time.monotonic() + _STOP_WITHIN
        while signal_ is signal.SIGTERM and time.monotonic() < deadline and any(map(_lives, groups)):
            time.sleep(0.05)
    shutil.rmtree(folder, ignore_errors=True)


def _lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    main(Path(sys.argv[1]))
