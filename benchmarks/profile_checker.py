"""The profile checker on 500 slots against its floor, parsing the same Bundle; and how soon it is ready.

Seconds are those of one core: what else the machine does is no part of them.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from recette.profiles import facts, prose, use_cases
from recette.profiles.checker import Checker, errors

SLOTS = 500
ROUNDS = int(os.environ.get("SAS_BENCH_ROUNDS", "150")) // 15 or 1
BASES = Path(__file__).resolve().parent.parent / "tests" / "fixtures" / "fhir"
# What every command pays anyway (Python, typer) is not the checker's: its own modules and facts are timed.
READY = (
    "import json, time, typer; begun = time.process_time();"
    "from recette.profiles import facts; from recette.profiles.checker import Checker; Checker(facts.load());"
    "print(time.process_time() - begun)"
)


def run() -> None:
    ready = [
        float(subprocess.run([sys.executable, "-c", READY], check=True, capture_output=True, text=True).stdout)
        for _ in range(5)
    ]
    print(f"\nProfile checker, {SLOTS} slots on one core, {ROUNDS} rounds")
    print(f"{'ready after':24}{min(ready) * 1000:>9.0f} ms   (to stay under 200)")
    checker = Checker(facts.load())
    for name in ("bundle-ps", "bundle-cpts", "bundle-sos"):
        _compare(checker, name)


def bundle(name: str) -> bytes:
    """A right Bundle of 500 slots more than its fixture has."""
    document = json.loads((BASES / f"{name}.json").read_bytes())
    text = json.dumps(document["entry"][0])
    own = document["entry"][0]["resource"]["id"]
    document["entry"] += [json.loads(text.replace(own, f"x-{number}")) for number in range(SLOTS)]
    document["total"] += SLOTS
    return json.dumps(document).encode()


def _compare(checker: Checker, name: str) -> None:
    content = bundle(name)
    parsing: list[float] = []
    judging: list[float] = []
    for number in range(ROUNDS + 1):
        begun = time.process_time()
        document = json.loads(content)
        middle = time.process_time()
        case = use_cases.use_case_of(checker, document)
        assert case is not None
        issues = use_cases.check(checker, document, case) or []
        issues += prose.check(document, case, checker.facts.use_cases[case])
        done = time.process_time()
        assert not list(errors(issues))
        if number:
            parsing.append(middle - begun)
            judging.append(done - middle)
    floor, whole = statistics.median(parsing), statistics.median(judging)
    print(f"{name:24}{whole * 1000:>9.0f} ms   {whole / floor:>6.1f} times parsing   (to stay under 1 000 ms)")
