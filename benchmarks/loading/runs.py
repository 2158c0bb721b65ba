"""The nominal load, and twenty times that."""

from __future__ import annotations

import math
from typing import Any

from benchmarks.figures import TOLD
from benchmarks.loading.stage import Served, agenda, load
from recette.load import profiles
from recette.model import ExitCode
from sas_kernel.contracts import service_levels

TWENTY = 20
_CONCLUDED = (ExitCode.ACCEPTED, ExitCode.INCONCLUSIVE, ExitCode.SERVICE_LEVEL_BROKEN)


def nominal(served: Served, minutes: float) -> None:
    _told("load.nominal_p99", served, minutes, 1)


def twenty(served: Served, minutes: float) -> None:
    _told("load.twenty_times_p99", served, minutes, TWENTY)


def _told(figure: str, served: Served, minutes: float, times: int) -> None:
    searches = service_levels()["slot_search.searches_per_hour"]
    rate = profiles.read(searches).by_name["nominal"].rate * 3600 * times
    with agenda(served):
        document = load(served, "report", "--rate", f"{rate:g}/h", "--duration", f"{minutes * 60:g}s")
    why = unusable(document)
    p99 = document["latency"].get("p99", {"value": math.nan, "low": math.nan, "high": math.nan})
    print(
        f"  {document['searches']['measured']} searches measured, p99 {p99['value']:.3f} s "
        f"(95 %: {p99['low']:.3f} to {p99['high']:.3f})"
    )
    if why:
        print(f"  no figure: {why}")
    TOLD.tell(figure, math.nan if why else p99["value"])


def unusable(document: dict[str, Any]) -> str:
    """Why no time can be told of a load (something failed, or the generator was late), else nothing."""
    saturated = document["client"]["saturated"]
    return failed(document) or (str(saturated[0]["en"]) if saturated else "")


def failed(document: dict[str, Any]) -> str:
    """What went wrong in a load (a failed search, a wrong answer, one that was not judged), else nothing."""
    searches = document["searches"]
    if document["aborted"]:
        return "the load was cut short"
    if document["errors"]:
        return f"errors: {document['errors']}"
    if document["exit_code"] == ExitCode.REFUSED:
        return "refused: an answer of the warm-up was wrong"
    if document["exit_code"] not in _CONCLUDED:
        return f"the load ended with exit code {document['exit_code']}"
    if searches["judged"] != searches["made"]:
        return f"{searches['made'] - searches['judged']} answers were not judged"
    return ""
