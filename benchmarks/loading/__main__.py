"""`python -m benchmarks.loading nominal|twenty|soak|distributed`, or `all`. Exits with 1 when a figure is missed.

The country is filled once, which takes minutes, and used again as long as it has slots for long enough.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.figures import TOLD
from benchmarks.loading import country, distributed, runs, soak, stage

NOMINAL_MINUTES = {"nominal": 10.0, "twenty": 10.0, "soak": 20.0, "distributed": 1.0}


def main() -> None:
    options = _parser().parse_args()
    names = list(NOMINAL_MINUTES) if options.what == "all" else [options.what]
    minutes = {name: options.minutes or NOMINAL_MINUTES[name] for name in names}
    until = datetime.now(UTC) + timedelta(minutes=sum(minutes.values()) + 60)
    with country.ready(options.database, until, keep=not options.drop) as url:
        for name in names:
            out = options.out / name
            out.mkdir(parents=True, exist_ok=True)
            print(f"\n{name}: {minutes[name]:g} minutes, {options.workers} workers, reports in {out}")
            served = stage.Served(url, options.workers, options.port, out)
            {
                "nominal": runs.nominal,
                "twenty": runs.twenty,
                "soak": soak.run,
                "distributed": distributed.run,
            }[name](served, minutes[name])
    if TOLD.missed:
        sys.exit(f"missed: {', '.join(TOLD.missed)}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.loading", description=__doc__)
    parser.add_argument("what", choices=[*NOMINAL_MINUTES, "all"])
    parser.add_argument("--minutes", type=float, help="measured time; the figures are promised for 10, 10 and 20")
    parser.add_argument("--workers", type=int, default=2, help="processes of the agenda")
    parser.add_argument("--port", type=int, default=8081, help="where the agenda listens, the platform on the next one")
    parser.add_argument("--database", default="recette_load", help="kept to be used again")
    parser.add_argument("--drop", action="store_true", help="drop the database at the end")
    parser.add_argument("--out", type=Path, default=Path("recette-out/load"))
    return parser


if __name__ == "__main__":
    main()
