"""Who is a regulator of the platform under test: as the target file says, or as its list of test identities does."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from recette.model import Exchange, Stage
from sas_kernel.identifiers import PRACTITIONER_SYSTEM, REGULATOR_SYSTEM
from sas_kernel.text import Text

NOBODY = Text(
    'Aucun régulateur connu de la plateforme : donnez regulator = "système|valeur" dans [test_data], ou une section '
    "[sso] dont l’émetteur publie ses identités d’essai.",
    'No regulator the platform knows: give regulator = "system|value" in [test_data], or a section [sso] whose '
    "issuer publishes its test identities.",
)
NO_TECHNICAL = Text(
    "Aucun régulateur à identifiant technique : donnez regulator_technical dans [test_data].",
    "No regulator with a technical id: give regulator_technical in [test_data].",
)


@dataclass(frozen=True, slots=True)
class Person:
    """A regulator. `login` and `password` are empty where nobody told them, `system` and `value` too."""

    system: str = ""
    value: str = ""
    login: str = ""
    password: str = ""
    family: str = ""
    given: str = ""

    @property
    def code(self) -> str:
        return "INTRN" if self.system == REGULATOR_SYSTEM else "IDNPS"

    @property
    def technical(self) -> bool:
        return self.system == REGULATOR_SYSTEM


@dataclass(frozen=True, slots=True)
class Known:
    """Whom the target told of: one under a national id, one under a technical one, and one who can sign in."""

    national: Person | None
    technical: Person | None
    signing: Person | None
    exchanges: tuple[Exchange, ...] = ()


async def known(stage: Stage) -> Known:
    """The target file first; what it leaves out is asked of the provider's list of test identities."""
    national = _named(stage, "regulator")
    technical = _named(stage, "regulator_technical")
    sso = stage.target.sso
    if sso is None:
        return Known(national, technical, None)
    signing = Person(national.system if national else "", national.value if national else "", sso.login, sso.password)
    if sso.login and national is not None and technical is not None:
        return Known(national, technical, signing)
    exchange = await stage.fetch(f"{sso.issuer}/test-identities", headers=(("Accept", "application/json"),))
    listed = _listed(exchange)
    by_login = {person.login.casefold(): person for person in listed}
    if sso.login:
        found = by_login.get(sso.login.casefold())
        signing = signing if found is None else Person(found.system, found.value, sso.login, sso.password)
    else:
        first = next((person for person in listed if not person.technical), None)
        signing = first if first is not None else Person()
    return Known(
        national or next((person for person in listed if not person.technical), None),
        technical or next((person for person in listed if person.technical), None),
        signing if signing.login else None,
        (exchange,),
    )


def _named(stage: Stage, key: str) -> Person | None:
    value = stage.target.test_data.get(key)
    if not isinstance(value, str) or not value:
        return None
    system, _, id = value.rpartition("|")
    return Person(system or PRACTITIONER_SYSTEM, id)


def _listed(exchange: Exchange) -> list[Person]:
    """The identities nothing is wrong with; none where the list is absent or has another form."""
    if exchange.response is None or exchange.response.status != 200:
        return []
    try:
        document: Any = json.loads(exchange.response.body)
        return [
            Person(
                str(each["identifier"]["system"]),
                str(each["identifier"]["value"]),
                str(each["login"]),
                str(each["password"]),
                str(each.get("family", "")),
                str(each.get("given", "")),
            )
            for each in document["identities"]
            if each.get("fault") is None and each.get("expected", "granted") == "granted"
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return []
