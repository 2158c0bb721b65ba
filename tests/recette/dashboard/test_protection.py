"""Who is let in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import SecretStr

from recette.dashboard.app import create_app
from recette.dashboard.model import DashboardError
from recette.dashboard.settings import Settings
from tests.recette.dashboard import demo
from tests.recette.dashboard.conftest import TOKEN, OpenDashboard, Reader

AWAY = {"host": "192.0.2.7", "token": TOKEN}


def cookie_of(header: str | None) -> str:
    return (header or "").partition(";")[0]


async def entered(reader: Reader, token: str = TOKEN) -> int:
    answer = await reader.send("POST", "/connexion", form={"token": token})
    reader.cookie = cookie_of(answer.header("set-cookie"))
    return answer.status


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "recette.example.org"])
def test_it_does_not_start_where_others_could_read_it_without_a_token(host: str, sqlite_url: str) -> None:
    with pytest.raises(DashboardError) as refused:
        create_app(Settings(host=host), database_url=sqlite_url)
    assert "RECETTE_DASHBOARD_TOKEN" in refused.value.text.fr


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_on_loopback_it_starts_without_one(host: str, sqlite_url: str) -> None:
    create_app(Settings(host=host), database_url=sqlite_url)


def test_a_short_token_is_refused_even_on_loopback(sqlite_url: str) -> None:
    with pytest.raises(DashboardError, match="19"):
        create_app(Settings(token=SecretStr("x" * 19)), database_url=sqlite_url)
    create_app(Settings(token=SecretStr("x" * 20)), database_url=sqlite_url)


@pytest.mark.parametrize("path", ["/", "/projets/calliope-rdv", "/direct", "/projets/calliope-rdv/documents/0"])
async def test_without_the_token_people_are_led_to_the_door(open_dashboard: OpenDashboard, path: str) -> None:
    async with open_dashboard(demo.calliope(), **AWAY) as reader:
        answer = await reader.send("GET", path)
        door = await reader.text("/connexion")
    assert (answer.status, answer.header("location")) == (303, "/connexion")
    assert b"Calliope" not in answer.body
    assert 'type="password"' in door
    assert "Calliope" not in door


@pytest.mark.parametrize("path", ["/api/projects", "/openapi.json", "/api/live"])
async def test_without_the_token_programs_are_refused(open_dashboard: OpenDashboard, path: str) -> None:
    async with open_dashboard(demo.calliope(), **AWAY) as reader:
        bare = await reader.send("GET", path)
        wrong = await reader.send("GET", path, headers={"Authorization": "Bearer " + TOKEN[:-1]})
        right = await reader.send("GET", path, headers={"Authorization": "bearer " + TOKEN})
    assert (bare.status, wrong.status, right.status) == (401, 401, 200)
    assert (bare.header("www-authenticate") or "").startswith("Bearer")


async def test_the_form_gives_a_cookie_that_only_this_site_sends_and_no_script_reads(
    open_dashboard: OpenDashboard,
) -> None:
    async with open_dashboard(demo.calliope(), **AWAY) as reader:
        answer = await reader.send("POST", "/connexion", form={"token": TOKEN})
        cookie = answer.header("set-cookie") or ""
        reader.cookie = cookie_of(cookie)
        page = await reader.text("/")
    assert answer.status == 303
    assert "httponly" in cookie.lower()
    assert "samesite=strict" in cookie.lower()
    assert TOKEN not in cookie
    assert "Calliope Santé" in page
    assert "Se déconnecter" in page


async def test_a_cookie_expires_and_cannot_be_made_up(open_dashboard: OpenDashboard) -> None:
    async with open_dashboard(demo.calliope(), session_hours=1, **AWAY) as reader:
        assert await entered(reader) == 303
        good = reader.cookie
        for forged in (
            good[:-2] + ("aa" if good[-2:] != "aa" else "bb"),
            good.rpartition(".")[0] + ".",
            "recette_dashboard=x",
            "a=b; ;",
        ):
            reader.cookie = forged
            assert (await reader.send("GET", "/")).status == 303
        reader.cookie = good
        reader.machine.advance(timedelta(minutes=59))
        assert (await reader.send("GET", "/")).status == 200
        reader.machine.advance(timedelta(minutes=1))
        assert (await reader.send("GET", "/")).status == 303


async def test_a_cookie_without_a_signature_is_none(open_dashboard: OpenDashboard) -> None:
    # {"alg":"none"} . {"exp":9999999999}
    unsigned = "eyJhbGciOiJub25lIn0.eyJleHAiOjk5OTk5OTk5OTl9."
    async with open_dashboard(demo.calliope(), **AWAY) as reader:
        reader.cookie = f"recette_dashboard={unsigned}"
        assert (await reader.send("GET", "/")).status == 303


async def test_who_guesses_has_to_wait_and_others_need_not(open_dashboard: OpenDashboard) -> None:
    async with open_dashboard(demo.calliope(), tries_per_minute=3, **AWAY) as reader:
        assert await entered(reader) == 303
        inside = reader.cookie
        reader.cookie = ""
        assert [await entered(reader, "faux") for _ in range(4)] == [403, 403, 403, 429]
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        held = await reader.send("GET", "/api/projects", headers=bearer)
        assert (held.status, held.header("retry-after")) == (429, "61")
        reader.cookie = inside
        assert (await reader.send("GET", "/")).status == 200
        reader.cookie = ""
        reader.machine.advance(timedelta(seconds=60))
        assert (await reader.send("GET", "/api/projects", headers=bearer)).status == 200


async def test_leaving_takes_the_cookie_back(open_dashboard: OpenDashboard) -> None:
    async with open_dashboard(demo.calliope(), **AWAY) as reader:
        await entered(reader)
        answer = await reader.send("POST", "/deconnexion")
    assert (answer.header("location") or "").startswith("/connexion")
    assert "max-age=0" in (answer.header("set-cookie") or "").lower()


@pytest.mark.parametrize("host", ["evil.example.org", "evil.example.org:8090", "127.0.0.1.evil.example.org", ""])
async def test_on_loopback_another_name_reads_nothing(open_dashboard: OpenDashboard, host: str) -> None:
    async with open_dashboard(demo.calliope()) as reader:
        answer = await reader.send("GET", "/", headers={"Host": host})
    assert answer.status == 421
    assert b"Calliope" not in answer.body


@pytest.mark.parametrize("host", ["127.0.0.1:8090", "localhost:8090", "[::1]:8090", "LOCALHOST"])
async def test_on_loopback_its_own_names_do(open_dashboard: OpenDashboard, host: str) -> None:
    async with open_dashboard(demo.calliope()) as reader:
        assert (await reader.send("GET", "/", headers={"Host": host})).status == 200


async def test_every_answer_keeps_to_itself(open_dashboard: OpenDashboard) -> None:
    async with open_dashboard(demo.calliope()) as reader:
        for path in ("/", "/api/projects", "/nulle-part"):
            answer = await reader.send("GET", path)
            assert "frame-ancestors 'none'" in (answer.header("content-security-policy") or "")
            assert answer.header("cache-control") == "no-store"
            assert answer.header("referrer-policy") == "no-referrer"
            assert answer.header("x-content-type-options") == "nosniff"
