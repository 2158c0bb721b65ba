"""What the allocator gives back to the system, and when."""

from __future__ import annotations

import ctypes
from typing import Final

KEPT: Final = 64 * 1024 * 1024  # bytes freed at the heap's end that stay ours: the next answers are read into them
OF_ITS_OWN: Final = 4 * 1024 * 1024  # bytes; a larger block comes from the system and goes back to it once freed

_TRIM_THRESHOLD: Final = -1  # malloc.h of glibc
_MMAP_THRESHOLD: Final = -3


def keep_freed() -> bool:
    """Keep up to `KEPT` bytes of freed memory, instead of two megabytes; False where the C library is not glibc.

    A megabyte given back to the system and asked for again costs 250 page faults, as much time as reading it from a
    socket. Setting one of the two thresholds ends glibc's own adjusting of both, hence both.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return bool(mallopt(_MMAP_THRESHOLD, OF_ITS_OWN)) and bool(mallopt(_TRIM_THRESHOLD, KEPT))
