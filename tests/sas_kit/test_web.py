from collections.abc import Mapping
from typing import Any

import pytest
from fastapi import FastAPI, HTTPException, Request
from pydantic import BaseModel
from starlette.testclient import TestClient

from sas_kit.web import PROBLEM_MEDIA_TYPE, external_base, form_fields, health_router, install_problem_handlers


class Body(BaseModel):
    number: int


def make_app(parts: Mapping[str, bool]) -> FastAPI:
    app = FastAPI()
    install_problem_handlers(app)

    async def ready() -> Mapping[str, bool]:
        return parts

    app.include_router(health_router(ready))

    @app.post("/numbers")
    async def numbers(body: Body) -> dict[str, int]:
        if body.number == 0:
            raise HTTPException(409, "zero is taken", headers={"Retry-After": "3"})
        return {"inverse": 1 // (body.number - 1)}

    return app


def test_every_error_is_a_problem_and_none_a_traceback() -> None:
    client = TestClient(make_app({}), raise_server_exceptions=False)
    for answer, status in (
        (client.get("/absent"), 404),
        (client.get("/numbers"), 405),
        (client.post("/numbers", json={"number": "x"}), 422),
        (client.post("/numbers", content=b"{"), 422),
        (client.post("/numbers", json={"number": 0}), 409),
        (client.post("/numbers", json={"number": 1}), 500),
    ):
        assert answer.status_code == status
        assert answer.headers["content-type"] == PROBLEM_MEDIA_TYPE
        assert answer.json()["status"] == status
        assert "Traceback" not in answer.text
        assert "ZeroDivision" not in answer.text
    assert client.post("/numbers", json={"number": 0}).headers["retry-after"] == "3"
    assert client.post("/numbers", json={"number": 2}).json() == {"inverse": 1}


def test_ready_only_when_every_part_is() -> None:
    assert TestClient(make_app({"database": True})).get("/health/ready").status_code == 200
    answer = TestClient(make_app({"database": False, "other": True})).get("/health/ready")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert answer.json()["parts"] == {"database": False, "other": True}
    assert TestClient(make_app({"database": False})).get("/health/live").status_code == 200


def test_the_base_url_is_the_one_the_client_wrote() -> None:
    scope = {"scheme": "https", "headers": [(b"host", b"agenda.example.org:8443")], "root_path": "/a/"}
    assert external_base(scope) == "https://agenda.example.org:8443/a"
    assert external_base(scope, "https://outer.example.org/") == "https://outer.example.org"
    assert external_base({"scheme": "http", "headers": [], "server": ("127.0.0.1", 80)}) == "http://127.0.0.1:80"
    assert external_base({"scheme": "http", "headers": [], "server": None}) == "http://localhost"


def test_a_form_is_read_once_and_within_bounds() -> None:
    app = FastAPI()
    install_problem_handlers(app)

    @app.post("/form")
    async def form(request: Request) -> dict[str, str]:
        return await form_fields(request, 64)

    client = TestClient(app)
    sent = {"content-type": "application/x-www-form-urlencoded; charset=UTF-8"}
    assert client.post("/form", content="a=%C3%A9+b&empty=&a=2", headers=sent).json() == {"a": "é b", "empty": ""}
    assert client.post("/form", content="a=%ff", headers=sent).status_code == 400
    assert client.post("/form", content="é".encode(), headers=sent).status_code == 400
    assert client.post("/form", content="a=" + "b" * 64, headers=sent).status_code == 413
    assert client.post("/form", json={"a": "b"}).status_code == 415


async def test_who_leaves_before_saying_all_is_no_fault_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    app, sent = make_app({}), []

    @app.post("/forms")
    async def forms(request: Request) -> dict[str, str]:
        return await form_fields(request, 1000)

    async def receive() -> dict[str, str]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    kind = (b"content-type", b"application/x-www-form-urlencoded")
    scope = {"type": "http", "method": "POST", "path": "/forms", "query_string": b"", "headers": [kind]}
    await app(scope, receive, send)
    assert sent[0]["status"] == 400
    assert not caplog.records
