"""`python -m benchmarks [NAME]...`: all of them without a name.

Exits with 1 when a figure of `contracts/performance.toml` is missed.
"""

from __future__ import annotations

import sys

from benchmarks import (
    aggregator,
    aggregator_hanging,
    concurrency,
    national_query,
    observing,
    outbox,
    overload,
    pools,
    profile_checker,
    table_size,
    workers,
)
from benchmarks.figures import TOLD


def _national_query() -> None:
    national_query.run()
    concurrency.run()


BENCHMARKS = {
    "national_query": _national_query,
    "table_size": table_size.run,
    "workers": workers.run,
    "pools": pools.run,
    "aggregator": aggregator.run,
    "aggregator_hanging": aggregator_hanging.run,
    "outbox": outbox.run,
    "overload": overload.run,
    "observing": observing.run,
    "profile_checker": profile_checker.run,
}


def main() -> None:
    names = sys.argv[1:] or list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        sys.exit(f"unknown benchmark {', '.join(unknown)}; there are: {', '.join(BENCHMARKS)}")
    for name in names:
        BENCHMARKS[name]()
    if TOLD.missed:
        sys.exit(f"missed: {', '.join(TOLD.missed)}")


if __name__ == "__main__":
    main()
