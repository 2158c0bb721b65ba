"""Reads the file by which an editor describes the system under test."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from recette.model import Actor, AppointmentsTarget, Booking, PlatformTarget, SignOnTarget, Target, TargetError
from sas_kernel.flows import Flow
from sas_kernel.text import Text

SLOT_TYPES = ("PUBLIC", "PRO", "SNP", "CPTS")
CONSULTATION_TYPES = ("AMB", "VR", "HH")

_RETURNS = ("redirect_uri", "post_logout_uri")
_KEYS: Mapping[str, tuple[str, ...]] = {
    "target": ("base_url", "name", "actor"),
    "applicability": ("flows", "slot_types", "consultation_types", "cpts", "sos"),
    "sso": ("issuer", "origin", "login", "password", "client_id", "client_secret", *_RETURNS),
    "appointments": ("listen", "booking", "wait", "staff_login", "staff_password"),
    "platform": ("listen", "wait", "admin_url", "admin_token"),
}
_TEST_DATA: Mapping[str, type] = {
    "practitioner_one_place": str,
    "practitioner_two_places": str,
    "practitioners_together": list,
    "practitioner_without_slots": str,
    "practitioner_unknown": str,
    "practitioner_opposed": str,
    "practitioner_private": str,
    "practitioners_full_list": list,
    "practitioner_one_cpts": str,
    "practitioner_two_cpts": str,
    "sos_associations": list,
}
_PEOPLE = ("regulator", "regulator_technical")
"""Regulators that a platform under test knows: `system|value`, or a national id alone."""
_PERSON = re.compile(r"(?:urn:oid:[0-9.]+\|)?[^|,\s]{1,64}")


def read(path: Path, *, base_url: str | None = None) -> Target:
    """The target a file describes; `base_url` takes the place of the file's."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TargetError(
            Text(
                "Le fichier « {path} » n’existe pas. `recette dataset describe demo` en montre un modèle.",
                "The file '{path}' does not exist. `recette dataset describe demo` prints a model of one.",
            ).format(path=path)
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TargetError(
            Text("« {path} » n’est pas lisible : {error}.", "'{path}' cannot be read: {error}.").format(
                path=path, error=error
            )
        ) from error
    return parse(document, base_url=base_url)


def parse(document: Mapping[str, Any], *, base_url: str | None = None) -> Target:
    """The target of a TOML document; `TargetError` names the key that is wrong and what to write."""
    known = (*_KEYS, "test_data")
    _refuse_unknown("", document, known)
    tables = {name: _table(document, name) for name in known}
    for name, keys in _KEYS.items():
        _refuse_unknown(f"{name}.", tables[name], keys)
    _refuse_unknown("test_data.", tables["test_data"], (*_TEST_DATA, *_PEOPLE))
    url = base_url if base_url is not None else tables["target"].get("base_url")
    return Target(
        base_url=_url("target.base_url", url, _BASE),
        name=_string("target.name", tables["target"].get("name", "")),
        flows=tuple(
            Flow(value) for value in _choices(tables, "flows", tuple(flow.value for flow in Flow), ("slot_search",))
        ),
        slot_types=_choices(tables, "slot_types", SLOT_TYPES, ()),
        consultation_types=_choices(tables, "consultation_types", CONSULTATION_TYPES, ()),
        test_data={key: _test_data(key, value) for key, value in tables["test_data"].items()},
        actor=_choice("target.actor", tables["target"].get("actor", Actor.EDITOR.value), Actor),
        sso=_sign_on(tables["sso"]) if "sso" in document else None,
        appointments=_appointments(tables["appointments"]) if "appointments" in document else None,
        platform=_platform(tables["platform"]) if "platform" in document else None,
        cpts=_flag("applicability.cpts", tables["applicability"].get("cpts", False)),
        sos=_flag("applicability.sos", tables["applicability"].get("sos", False)),
    )


def _sign_on(table: Mapping[str, Any]) -> SignOnTarget:
    strings = {key: _string(f"sso.{key}", value) for key, value in table.items() if key != "issuer"}
    for key in _RETURNS:
        if key in table:
            _url(f"sso.{key}", table[key], _RETURN)
    return SignOnTarget(issuer=_url("sso.issuer", table.get("issuer"), _ISSUER), **strings)


def _appointments(table: Mapping[str, Any]) -> AppointmentsTarget:
    default = AppointmentsTarget()
    listen = _listen("appointments.listen", table.get("listen", default.listen))
    wait = _wait("appointments.wait", table.get("wait", default.wait))
    return AppointmentsTarget(
        listen=listen,
        booking=_choice("appointments.booking", table.get("booking", default.booking.value), Booking),
        wait=wait,
        staff_login=_string("appointments.staff_login", table.get("staff_login", "")),
        staff_password=_string("appointments.staff_password", table.get("staff_password", "")),
    )


def _platform(table: Mapping[str, Any]) -> PlatformTarget:
    default = PlatformTarget()
    url = table.get("admin_url", default.admin_url)
    return PlatformTarget(
        listen=_listen("platform.listen", table.get("listen", default.listen)),
        wait=_wait("platform.wait", table.get("wait", default.wait)),
        admin_url=_url("platform.admin_url", url, _ADMIN) if url != "" else "",
        admin_token=_string("platform.admin_token", table.get("admin_token", "")),
    )


def _listen(name: str, value: object) -> str:
    listen = _string(name, value)
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise _wrong(name, Text("HÔTE:PORT", "HOST:PORT"), listen)
    return listen


def _wait(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 86400:
        raise _wrong(name, Text("un nombre de secondes, de 1 à 86400", "seconds, from 1 to 86400"), value)
    return float(value)


_E = TypeVar("_E", bound=StrEnum)


def _choice(name: str, value: object, kind: type[_E]) -> _E:
    if isinstance(value, str) and value in {member.value for member in kind}:
        return kind(value)
    listed = ", ".join(f'"{member.value}"' for member in kind)
    raise _wrong(name, Text("l’un de {k}", "one of {k}").format(k=listed), value)


def _table(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = document.get(name, {})
    if not isinstance(value, dict):
        raise _wrong(name, Text("une table [{name}]", "a table [{name}]").format(name=name), value)
    return value


_BASE = Text(
    "l’URL de base FHIR, par exemple https://agenda.example.org/fhir",
    "the FHIR base URL, for example https://agenda.example.org/fhir",
)
_ISSUER = Text(
    "l’émetteur OpenID, par exemple https://sas.example.org/realms/sas",
    "the OpenID issuer, for example https://sas.example.org/realms/sas",
)

_ADMIN = Text(
    "l’URL de l’administration, par exemple https://sas.example.org",
    "the URL of the administration, for example https://sas.example.org",
)
_RETURN = Text(
    "une URL déclarée chez le fournisseur, par exemple http://127.0.0.1:8079/retour",
    "a URL registered at the provider, for example http://127.0.0.1:8079/retour",
)


def _url(name: str, url: object, form: Text) -> str:
    if not isinstance(url, str):
        raise _wrong(name, form, url)
    try:
        parts = urlsplit(url)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.query and not parts.fragment
        _ = parts.port
    except ValueError:
        valid = False
    if not valid or any(character <= " " for character in url):
        raise _wrong(name, form, url)
    return url.rstrip("/")


def _choices(
    tables: Mapping[str, Mapping[str, Any]], key: str, known: tuple[str, ...], default: tuple[str, ...]
) -> tuple[str, ...]:
    values = tables["applicability"].get(key, list(default))
    if not isinstance(values, list) or not all(isinstance(v, str) and v in known for v in values):
        listed = ", ".join(f'"{value}"' for value in known)
        raise _wrong(
            f"applicability.{key}", Text("une liste prise parmi {k}", "a list taken from {k}").format(k=listed), values
        )
    return tuple(dict.fromkeys(values))


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise _wrong(name, Text("true ou false", "true or false"), value)
    return value


def _string(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise _wrong(name, Text("une chaîne de caractères", "a string"), value)
    return value


def _test_data(key: str, value: object) -> str | tuple[str, ...]:
    name = f"test_data.{key}"
    if key in _PEOPLE:
        if isinstance(value, str) and _PERSON.fullmatch(value):
            return value
        raise _wrong(name, Text("un identifiant « système|valeur »", "an identifier 'system|value'"), value)
    if _TEST_DATA[key] is str:
        if isinstance(value, str) and _is_id(value):
            return value
        raise _wrong(
            name, Text("un identifiant national préfixé (8… ou 0…)", "a prefixed national id (8… or 0…)"), value
        )
    if isinstance(value, list) and value and all(isinstance(item, str) and _is_id(item) for item in value):
        return tuple(value)
    raise _wrong(name, Text("une liste d’identifiants nationaux préfixés", "a list of prefixed national ids"), value)


def _is_id(value: str) -> bool:
    return value.isascii() and value.isalnum()


def _refuse_unknown(prefix: str, table: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            hint = (
                Text(" Vouliez-vous dire « {n} » ?", " Did you mean '{n}'?").format(n=near[0]) if near else Text("", "")
            )
            raise TargetError(
                Text(
                    "La clé « {key} » du fichier de cible est inconnue.{hint} Clés possibles : {known}.",
                    "The key '{key}' of the target file is unknown.{hint} Possible keys: {known}.",
                ).format(key=prefix + key, hint=hint, known=", ".join(known))
            )


def _wrong(name: str, expected: Text, value: object) -> TargetError:
    if value is None:
        return TargetError(
            Text("Il manque « {name} » : {expected}.", "'{name}' is missing: {expected}.").format(
                name=name, expected=expected
            )
        )
    return TargetError(
        Text("« {name} » vaut {value!r} ; attendu : {expected}.", "'{name}' is {value!r}; expected {expected}.").format(
            name=name, value=value, expected=expected
        )
    )


def withheld(target: Target, shown: Target) -> tuple[str, ...]:
    """The keys of the target file whose values are not shown as they are: what `shown` was made without."""
    names: list[str] = []
    for each in fields(target):
        value, other = getattr(target, each.name), getattr(shown, each.name)
        if is_dataclass(value):
            pairs = ((key.name, getattr(value, key.name), getattr(other, key.name)) for key in fields(value))
            names += [f"{each.name}.{name}" for name, given, kept in pairs if given != kept]
        elif value != other:
            names.append(f"target.{each.name}")
    return tuple(names)
