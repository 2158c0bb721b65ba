from __future__ import annotations

import base64
import shlex
import shutil
import socket
import subprocess
import threading

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from recette.model import Request
from recette.reports.curl import curl_line
from recette.reports.masking import mask_header, mask_text
from tests.recette.reports import samples

ORIGIN = "http://127.0.0.1:8081"
SHELL_SAFE = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=60)


def request(target: str = "/fhir/Slot", method: str = "GET", body: bytes = b"", **headers: str) -> Request:
    return Request(method, ORIGIN + target, target, tuple(headers.items()), body)


def options(line: str) -> list[str]:
    words = shlex.split(line)
    assert words[:4] == ["curl", "--globoff", "--path-as-is", "--include"]
    return words[4:]


def test_the_raw_characters_of_a_search_stay_in_the_address() -> None:
    words = options(curl_line(samples.exchange().request))
    assert words[-1] == ORIGIN + samples.SEARCH
    assert "Accept: application/json+fhir" in words
    assert not any(word.startswith("Host") for word in words)


@pytest.mark.parametrize("target", ["/a?x=a b", "/a#b", '/a?"<>', "/a?x=é", "//double", "/a?x=`id`", "/a?x=\\"])
def test_characters_curl_would_change_go_through_request_target(target: str) -> None:
    words = options(curl_line(request(target)))
    at = words.index("--request-target") if "--request-target" in words else None
    assert (words[at + 1] if at is not None else words[-1].removeprefix(ORIGIN)) == target


@given(SHELL_SAFE, SHELL_SAFE)
def test_whatever_the_request_holds_the_shell_gives_it_back(path: str, value: str) -> None:
    target = "/" + path
    assume(mask_text(target) == target)
    assume(value and mask_header("X-Thing", value) == value)
    words = options(curl_line(Request("GET", ORIGIN + target, target, (("X-Thing", value),))))
    assert f"X-Thing: {value}" in words
    assert target in (words[-2], words[-1].removeprefix(ORIGIN))


def test_a_header_that_was_not_sent_is_not_sent_by_curl_either() -> None:
    words = options(curl_line(request()))
    assert words == ["--header", "Accept:", "--header", "User-Agent:", ORIGIN + "/fhir/Slot"]


def test_an_empty_header_is_sent_empty() -> None:
    assert "Accept;" in options(curl_line(request(Accept="")))


def test_the_method_is_said_when_it_is_not_curls_own() -> None:
    assert options(curl_line(request(method="DELETE")))[:2] == ["--request", "DELETE"]
    assert options(curl_line(request(method="HEAD")))[0] == "--head"
    assert "--request" not in options(curl_line(request(method="POST", body=b"{}")))
    assert options(curl_line(request(method="POST")))[:2] == ["--request", "POST"]


def test_a_body_is_sent_as_it_is() -> None:
    words = options(curl_line(request(method="POST", body='@{"é": "it\'s"}\r\n'.encode(), Accept="*/*")))
    assert words[words.index("--data-raw") + 1] == '@{"é": "it\'s"}\r\n'
    assert "Content-Type:" in words


@pytest.mark.parametrize("body", [b"\xff\xfe", b"a\x00b"])
def test_a_body_no_argument_can_carry_is_fed_in_base64(body: bytes) -> None:
    feed, _, command = curl_line(request(method="POST", body=body)).partition(" | base64 -d | ")
    assert base64.b64decode(shlex.split(feed)[2]) == body
    assert options(command)[-3:-1] == ["--data-binary", "@-"]


def test_no_secret_ever_stands_in_the_line() -> None:
    line = curl_line(
        Request(
            "POST",
            "https://user:motdepasse@agenda.example/a?access_token=jeton-1",
            "/a?access_token=jeton-1",
            (("Authorization", "Bearer jeton-22222"), ("Cookie", "session=jeton-3")),
            b'{"client_secret": "jeton-4"}',
        )
    )
    assert "jeton" not in line
    assert "motdepasse" not in line
    assert "Authorization: Bearer ***" in shlex.split(line)


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs the command curl")
@pytest.mark.parametrize("target", [samples.SEARCH.replace("/fhir", "", 1), "/a/../b?x=a b", "/{x}[1]?a=é&b=`c`#d"])
def test_curl_puts_the_same_request_line_and_headers_on_the_wire(target: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        received: list[bytes] = []

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                received.append(connection.recv(65_536))
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        origin = f"http://127.0.0.1:{server.getsockname()[1]}"
        line = curl_line(
            Request("GET", origin + target, target, (("Accept", "application/json+fhir"), ("X-Empty", "")))
        )
        subprocess.run(["sh", "-c", line], check=True, capture_output=True, timeout=10)
        thread.join()
    request_line, *headers = received[0].decode().split("\r\n")
    assert request_line == f"GET {target} HTTP/1.1"
    assert sorted(h for h in headers if h and not h.startswith("Host")) == ["Accept: application/json+fhir", "X-Empty:"]
