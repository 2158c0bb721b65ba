"""How a scenario of signing on speaks; and an editor full of nonsense, which breaks nothing of ours."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime
from typing import cast
from urllib.parse import parse_qs, urlsplit

import pytest

from recette import catalogue
from recette.catalogue.sso.callback import changed
from recette.catalogue.sso.conversation import Conversation
from recette.checks.sso_pages import Provider
from recette.engine import requirements, runner
from recette.model import SignOnTarget, Stage, Verdict
from recette.museum.sso_partner import CALLBACK, CLIENT, EDITOR, SECRET, Partner
from recette.museum.sso_provider import HOME, ISSUER, Client
from recette.museum.sso_provider import Provider as OtherProvider
from recette.museum.wire import Asked, Reply, demo_target
from sas_kernel.clock import PARIS, ManualClock
from sas_kernel.contracts import service_levels
from sas_kernel.flows import Flow
from tests.faulty.parties import PartiesDriver, Street

CLOCK = ManualClock(datetime(2031, 3, 10, 8, 0, tzinfo=PARIS))
TARGET = replace(demo_target(f"{EDITOR}/fhir"), sso=SignOnTarget(ISSUER, origin="sas-preprod"))
PLAN = runner.Plan(
    TARGET, catalogue.scenarios((Flow.SSO,)), requirements.load(), service_levels(), rule_set="r", tool_version="0"
)


class _Nowhere:
    """A stage on which nothing is sent."""

    target = TARGET


@pytest.mark.parametrize(
    ("address", "entry", "glued"),
    [
        ("https://a.example/ag?vue=1", "https://a.example/ag?vue=1&origin=sas-preprod", "?vue=1&origin=sas-preprod"),
        ("https://a.example/ag", "https://a.example/ag?origin=sas-preprod", "/ag&origin=sas-preprod"),
        ("https://a.example/ag?v=1#c", "https://a.example/ag?v=1&origin=sas-preprod#c", "#c&origin=sas-preprod"),
    ],
)
def test_origin_is_added_as_the_platform_does_and_as_the_kit_does(address: str, entry: str, glued: str) -> None:
    talk = Conversation(cast("Stage", _Nowhere()), Provider(ISSUER, f"{ISSUER}/auth"), (), address)
    assert talk.entry() == entry
    assert talk.glued.endswith(glued)


def test_an_address_is_changed_in_what_is_named_only() -> None:
    address = changed("https://a.example/retour?code=a%2Fb&state=s", {"state": None, "error": "x"})
    assert parse_qs(urlsplit(address).query) == {"code": ["a/b"], "error": ["x"]}


_PIECES = (
    *(
        '<form method="post" action="http://["><input name="nom"><input name="tel"><input type="password" name="x">',
        "<form>",
    ),
    *(
        "</form>",
        '<form action="/reserver" method="post"><button name="b">Réserver</button>',
        "<title>",
        "erreur",
        "\x00",
    ),
    *('<a href="http://[">Réserver</a>', '<a href="/deconnexion">x</a>', '<a href="javascript:x()">Pro Santé</a>'),
    *("<h1>Conditions</h1>", "<button name=accepte>J’accepte</button>", "<script src=a></script>"),
    *('<a data-slot="1" href="/r/1">9 h</a>', "<input name=nom><input name=prenom>", "<meta http-equiv=refresh>"),
)
_PLACES = ("/", "http://[", "//", "mailto:a@b", "/x?code=1", f"{ISSUER}/protocol/openid-connect/auth", "")
_COOKIES = ("visite=x; Path=/", "=", "a b=c", "session=0123456789abcdef; Max-Age=zero", "\x01=2")


@pytest.mark.parametrize("seed", range(12))
async def test_an_editor_full_of_nonsense_is_survived(seed: int) -> None:
    chance = random.Random(seed)
    street = Street()
    street.parties[HOME] = OtherProvider(CLOCK, {CLIENT: Client(SECRET, (EDITOR + CALLBACK,))})
    partner = Partner(street, CLOCK)

    async def nonsense(asked: Asked) -> Reply:
        reply = await partner(asked)
        if asked.target.startswith("/fhir/") or chance.random() < 0.75:
            return reply
        body = "".join(chance.choices(_PIECES, k=chance.randrange(6))).encode()
        kind = chance.choice(["text/html", "text/html; charset=utf-16", "application/json", ""])
        headers = (
            ("Content-Type", kind),
            ("Location", chance.choice(_PLACES)),
            ("Set-Cookie", chance.choice(_COOKIES)),
        )
        return Reply(chance.choice([200, 200, 302, 303, 403, 500]), headers, body)

    street.parties[EDITOR] = nonsense
    report = await runner.run(PLAN, PartiesDriver(street, CLOCK, f"{EDITOR}/fhir"), clock=CLOCK, run_id="run")
    assert not [(check.check, check.reason) for check in report.checks if check.verdict is Verdict.ERROR]
    assert not [(each.scenario, each.reason) for each in report.scenarios if each.verdict is Verdict.ERROR]
