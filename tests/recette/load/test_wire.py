"""The generator's wire on TLS. Sockets are plain here: what replaces them is Locust's business, in its own process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from recette.load.wire import Connections
from tests.certificates import Certificate, for_loopback
from tests.recette.load.test_recording import ORDERS


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None: ...


class Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that does not trust us hangs up: that is what is tested."""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return for_loopback(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def address(certificate: Certificate) -> Iterator[str]:
    with Quiet(("127.0.0.1", 0), Handler) as server:
        server.socket = certificate.served.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"https://127.0.0.1:{server.server_address[1]}/fhir"
        server.shutdown()


def connections(address: str) -> Connections:
    return Connections(replace(ORDERS, scheme="https", port=urlsplit(address).port or 0))


def test_a_certificate_nobody_trusts_is_a_tls_failure(address: str) -> None:
    outcome = connections(address).ask("/Slot")
    assert (outcome.failure, outcome.status) == ("tls", 0)
    assert "certificate verify failed" in outcome.detail


def test_an_authority_that_the_environment_names_is_trusted(
    address: str, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.authority))
    asking = connections(address)
    assert [asking.ask("/Slot").status for _ in range(2)] == [200, 200]
    asking.close()


def test_a_name_the_certificate_does_not_bear_is_a_tls_failure(
    address: str, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.authority))
    port = urlsplit(address).port or 0
    outcome = Connections(replace(ORDERS, scheme="https", host="localhost", port=port)).ask("/Slot")
    assert outcome.failure == "tls"


def test_plain_http_where_tls_is_expected_is_a_tls_failure() -> None:
    with Quiet(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        outcome = Connections(replace(ORDERS, scheme="https", port=server.server_address[1])).ask("/Slot")
        server.shutdown()
    assert outcome.failure == "tls"
