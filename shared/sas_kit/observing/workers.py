"""Several workers, one answer: the folder in which their measures meet."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from sas_kit.observing.metrics import FOLDER_VARIABLE


@contextmanager
def measuring_together(workers: int) -> Iterator[None]:
    """For the parent process, around the life of its workers: makes the folder they inherit, and removes it.

    One worker needs none. A folder that the environment names is not ours to trust: what earlier processes left there
    would be counted again.
    """
    if workers == 1:
        os.environ.pop(FOLDER_VARIABLE, None)
        yield
        return
    with tempfile.TemporaryDirectory(prefix="metrics-", ignore_cleanup_errors=True) as folder:
        os.environ[FOLDER_VARIABLE] = folder
        try:
            yield
        finally:
            del os.environ[FOLDER_VARIABLE]
