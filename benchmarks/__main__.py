"""`python -m benchmarks [national_query|aggregator|profile_checker]...`: all of them without a name."""

from __future__ import annotations

import sys

from benchmarks import aggregator, national_query, profile_checker

BENCHMARKS = {
    "national_query": national_query.run,
    "aggregator": aggregator.run,
    "profile_checker": profile_checker.run,
}


def main() -> None:
    names = sys.argv[1:] or list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        sys.exit(f"unknown benchmark {', '.join(unknown)}; there are: {', '.join(BENCHMARKS)}")
    for name in names:
        BENCHMARKS[name]()


if __name__ == "__main__":
    main()
