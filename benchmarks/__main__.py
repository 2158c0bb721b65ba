"""`python -m benchmarks [national_query|aggregator|outbox|profile_checker]...`: all of them without a name.

Exits with 1 when a figure of `contracts/performance.toml` is missed.
"""

from __future__ import annotations

import sys

from benchmarks import aggregator, national_query, outbox, profile_checker
from benchmarks.figures import TOLD

BENCHMARKS = {
    "national_query": national_query.run,
    "aggregator": aggregator.run,
    "outbox": outbox.run,
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
