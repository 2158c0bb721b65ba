"""`python -m benchmarks [national_query|aggregator]...`: all of them without a name."""

from __future__ import annotations

import sys

from benchmarks import aggregator, national_query

BENCHMARKS = {"national_query": national_query.run, "aggregator": aggregator.run}


def main() -> None:
    names = sys.argv[1:] or list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        sys.exit(f"unknown benchmark {', '.join(unknown)}; there are: {', '.join(BENCHMARKS)}")
    for name in names:
        BENCHMARKS[name]()


if __name__ == "__main__":
    main()
