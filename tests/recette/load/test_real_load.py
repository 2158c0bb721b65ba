"""Real loads of a second or two against a server of ours that answers what the reference agenda answers, or worse.

How fast this machine is decides nothing here: the bounds on the generator are out of reach, and slowness is on purpose.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from recette.catalogue.slot_search.conversation import PLATFORM_ACCEPT, Query, to_millisecond
from recette.load import running
from recette.load.profiles import LoadError
from recette.model import Actor, ExitCode, Target
from recette.model.load import LoadReport
from recette.museum.wire import Asked
from recette.reports.masking import EvidenceMasks
from sas_kernel.clock import SystemClock
from sas_kernel.time_window import window_from
from tests.certificates import for_loopback
from tests.faulty.wire import reference_agenda
from tests.recette.load.made import LIMITS, NOMINAL

SOMEBODY = "810123400017"
SOMEBODY_ELSE = "810123400033"
EASY = replace(LIMITS, due_lag=600.0, loop_lag=600.0, cpu=100.0, single_share=1.0, drawn=2, slowest=1)
"""Every lot is for one practitioner; a busy machine never saturates the generator."""


@dataclass
class Manners:
    """How the server behaves from now on."""

    seconds: float = 0.0
    empty: bool = False
    status: int = 200
    dropping: bool = False
    """The second search on a connection, and each later one, is read and not answered."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, body: bytes, url: str, scheme: str = "http") -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.body, self.url, self.scheme = body, url.encode(), scheme
        self.manners = Manners()

    def handle_error(self, request: object, client_address: object) -> None:
        """Who does not trust our certificate hangs up."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    searches = 0

    def do_GET(self) -> None:
        manners = self.server.manners
        self.searches += 1
        if manners.dropping and self.searches > 1:
            self.close_connection = True
            return
        time.sleep(manners.seconds)
        host, port = self.server.server_address[:2]
        own = f"{self.server.scheme}://{host!s}:{port}{self.path}".encode()
        found = b'{"resourceType":"Bundle","type":"searchset","total":0}'
        body = found if manners.empty else self.server.body.replace(self.server.url, own)
        self.send_response(manners.status)
        self.send_header("Content-Type", "application/fhir+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serves one practitioner's answer, as the reference agenda gave it a moment ago."""

    async def recorded(folder: Path) -> tuple[bytes, str]:
        clock = SystemClock()
        async with reference_agenda(folder, clock) as agenda:
            query = Query.of((SOMEBODY,), window_from(to_millisecond(clock.now()), timedelta(hours=72)))
            reply = await agenda(Asked("GET", "/fhir" + query.target, (PLATFORM_ACCEPT,), b"", clock.now()))
            link = json.loads(reply.body)["link"][0]["url"]
            return reply.body, link

    with Server(*asyncio.run(recorded(tmp_path_factory.mktemp("agenda")))) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield server
        server.shutdown()


@pytest.fixture
def manners(server: Server) -> Iterator[Manners]:
    server.manners = Manners()
    yield server.manners
    server.manners = Manners()


def loaded(
    server: Server,
    *,
    rate: float,
    seconds: float,
    workers: int = 1,
    together: tuple[str, ...] = (),
    scheme: str = "http",
) -> LoadReport:
    """Lots are for one practitioner, or, when some are given `together`, for several, those among them."""
    host, port = server.server_address[:2]
    return running.run(
        Target(
            f"{scheme}://{host!s}:{port}/fhir",
            test_data={"practitioner_one_place": SOMEBODY, "practitioners_together": together},
        ),
        replace(NOMINAL, rate=rate, duration=seconds, warm_up=0.2),
        replace(EASY, single_share=0.0) if together else EASY,
        crew=running.Crew(workers),
        seed=1,
        clock=SystemClock(),
        masks=EvidenceMasks(),
    )


def test_a_right_target_is_judged_and_its_samples_kept(server: Server, manners: Manners) -> None:
    report = loaded(server, rate=20.0, seconds=1.0)
    assert report.run.findings == ()
    assert report.run.exit_code is ExitCode.INCONCLUSIVE  # some twenty samples where a hundred are needed
    assert report.judged == len(report.recording.samples) == report.recording.planned
    assert report.judged_deeply >= 2
    assert all(sample.done > sample.sent >= sample.due > 0 for sample in report.recording.samples)
    assert report.errors == ()


def test_a_target_behind_tls_is_loaded_and_judged_where_its_authority_is_trusted(
    server: Server, manners: Manners, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look at rest and the generator's process trust the same authorities."""
    certificate = for_loopback(tmp_path)
    with Server(server.body, server.url.decode(), scheme="https") as behind:
        behind.socket = certificate.served.wrap_socket(behind.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=behind.serve_forever, args=(0.05,), daemon=True).start()
        refused = loaded(behind, rate=20.0, seconds=0.4, scheme="https")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.authority))
        report = loaded(behind, rate=20.0, seconds=0.4, scheme="https")
        behind.shutdown()
    assert (refused.run.exit_code, refused.recording.samples) == (ExitCode.UNREACHABLE, ())
    assert report.run.findings == ()
    assert report.recording.samples
    assert {sample.status for sample in report.recording.samples} == {200}


def test_a_fast_wrong_target_is_refused(server: Server, manners: Manners) -> None:
    manners.empty = True
    report = loaded(server, rate=20.0, seconds=1.0)
    assert report.run.exit_code is ExitCode.REFUSED
    found = {finding.check: finding for finding in report.run.findings}
    assert found["load.served"].occurrences == len(report.recording.samples)
    assert report.errors == (("content", len(report.measured)),)
    evidence = {exchange.id for exchange in report.run.exchanges}
    assert found["load.served"].exchange in evidence


def test_a_slow_target_breaks_its_level_two_workers_sharing_the_load(server: Server, manners: Manners) -> None:
    manners.seconds = 1.05
    report = loaded(server, rate=80.0, seconds=1.6, workers=2)
    assert report.run.exit_code is ExitCode.SERVICE_LEVEL_BROKEN
    assert [(f.requirement, f.check) for f in report.run.findings] == [("SLOT-008", "load.one_practitioner")]
    assert {sample.worker for sample in report.recording.samples} == {1, 2}
    assert len(report.recording.samples) == report.recording.planned
    assert min(interval.value for interval in report.one_practitioner) >= 1.05


def test_who_is_left_out_of_a_right_answer_is_missed_by_that_check_alone(server: Server, manners: Manners) -> None:
    report = loaded(server, rate=10.0, seconds=1.0, together=(SOMEBODY_ELSE,))
    assert report.run.exit_code is ExitCode.REFUSED
    assert [(f.requirement, f.check, f.occurrences) for f in report.run.findings] == [
        ("SLOT-166", "load.served", len(report.recording.samples))
    ]


def test_a_search_that_is_dropped_is_not_sent_again(server: Server, manners: Manners) -> None:
    manners.dropping = True
    report = loaded(server, rate=10.0, seconds=1.0)
    assert report.run.exit_code is ExitCode.REFUSED
    assert {finding.check for finding in report.run.findings} == {"load.answered"}
    assert dict(report.errors).keys() == {"connection_lost"}


def test_a_target_that_goes_down_is_left_alone(server: Server, manners: Manners) -> None:
    manners.status = 503
    report = loaded(server, rate=40.0, seconds=2.0)
    assert report.recording.aborted
    assert len(report.recording.samples) < report.recording.planned
    assert report.run.exit_code is ExitCode.REFUSED
    assert report.errors[0][0] == "http_503"


def test_a_target_that_nobody_answers_at_is_not_loaded(server: Server) -> None:
    report = running.run(
        Target("http://127.0.0.1:9/fhir", test_data={"practitioner_one_place": SOMEBODY}),
        NOMINAL,
        EASY,
        crew=running.Crew(),
        seed=1,
        clock=SystemClock(),
        masks=EvidenceMasks(),
    )
    assert report.run.exit_code is ExitCode.UNREACHABLE
    assert report.recording.samples == ()


@pytest.mark.parametrize(
    "target",
    [
        Target("http://127.0.0.1:9/fhir"),
        Target("http://127.0.0.1:9/fhir", actor=Actor.PLATFORM, test_data={"practitioner_one_place": SOMEBODY}),
    ],
)
def test_a_target_that_names_nobody_or_is_a_platform_is_not_loaded(target: Target) -> None:
    with pytest.raises(LoadError):
        running.run(
            target,
            NOMINAL,
            EASY,
            crew=running.Crew(),
            seed=1,
            clock=SystemClock(),
            masks=EvidenceMasks(),
        )
