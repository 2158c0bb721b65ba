"""The agenda of the acceptance story: the reference with the faults of a day, on a socket, at the story's instant."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import reduce
from pathlib import Path

from recette.engine.target_file import of_dataset, toml
from recette.museum.addresses import Addresses
from recette.museum.bending import Fault, faulty
from recette.museum.pieces import pieces
from recette.museum.serving import serving
from sas_kernel import datasets
from sas_kernel.clock import ManualClock
from tests.faulty.wire import reference_agenda

USUAL = "http://127.0.0.1:8081"


@contextmanager
def agenda(port: int, faults: Sequence[str], now: datetime) -> Iterator[None]:
    """Serve the reference agenda with these faults of the museum until the block ends; its clock stands at `now`."""
    ready, done = threading.Event(), threading.Event()
    failed: list[BaseException] = []

    async def serve() -> None:
        clock = ManualClock(now)
        with tempfile.TemporaryDirectory() as folder:
            async with reference_agenda(Path(folder), clock) as reference:
                addresses = Addresses({USUAL: f"http://127.0.0.1:{port}"})
                bent = reduce(lambda right, name: faulty(_fault(name), right), faults, addresses.beneath(reference))
                async with serving(addresses.around(bent), clock, port=port):
                    ready.set()
                    await asyncio.to_thread(done.wait)

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:  # noqa: BLE001  raised again by who started the thread
            failed.append(error)
            ready.set()

    thread = threading.Thread(target=run)
    thread.start()
    ready.wait()
    try:
        if failed:
            raise failed[0]
        yield
    finally:
        done.set()
        thread.join()
    if failed:
        raise failed[0]


def _fault(name: str) -> Fault:
    fault = pieces()[name].fault
    assert isinstance(fault, Fault)
    return fault


def target(base_url: str) -> str:
    """The target file of the demonstration data; the full list is cut, to be quick, and filled up again."""
    document = of_dataset(datasets.load("demo"), base_url)
    data = document["test_data"]
    full = data["practitioners_full_list"]
    assert isinstance(full, list)
    document["test_data"] = {**data, "practitioners_full_list": full[:6]}
    document["applicability"] = {**document["applicability"], "cpts": False, "sos": False}
    return toml(document)
