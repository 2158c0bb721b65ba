"""What makes an editor's entry acceptable, whether it comes from a file, the command line or the admin API."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from sas_kernel.errors import InvalidValueError
from sas_kernel.flows import Flow
from sas_kernel.identifiers import national_siret
from sas_kernel.text import Text
from sas_platform.editors.model import Editor, Environment, InvalidEditorError, Origin, Search, TlsMaterial

MAX_NAME = 120
MAX_URL = 500
MAX_PATH = 500
MAX_ASSOCIATIONS = 200

_OPTION_FLOWS = (Flow.SLOT_SEARCH, Flow.REGULATORS)

_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")


def editor(
    *,
    id: str,
    name: str,
    base_url: str,
    environment: str,
    enabled: bool = True,
    flows: Sequence[str] = (Flow.SLOT_SEARCH,),
    tls: TlsMaterial | None = None,
    origin: Origin = Origin.REGISTER,
    searches: Sequence[str] = (Search.PRACTITIONERS,),
    associations: Sequence[str] = (),
) -> Editor:
    """A checked `Editor`; raises `InvalidEditorError` with what to correct."""
    if not _ID.fullmatch(id):
        raise _invalid(
            "id",
            id,
            Text("attendu des minuscules, des chiffres et des tirets", "expected lower-case letters, digits, hyphens"),
        )
    name = " ".join(name.split())
    if not name or len(name) > MAX_NAME:
        raise _invalid("name", name, Text("attendu de 1 à {n} caractères", "expected 1 to {n} characters"), n=MAX_NAME)
    try:
        in_environment = Environment(environment)
    except ValueError as error:
        raise _invalid("environment", environment, _one_of([*Environment])) from error
    try:
        known_flows = frozenset(Flow(flow) for flow in flows)
    except ValueError as error:
        raise _invalid("flows", ", ".join(flows), _one_of([*Flow])) from error
    try:
        known_searches = frozenset(Search(search) for search in searches)
    except ValueError as error:
        raise _invalid("searches", ", ".join(searches), _one_of([*Search])) from error
    if not known_searches:
        raise _invalid("searches", "", _one_of([*Search]))
    material = tls or TlsMaterial()
    for field in ("ca_file", "certificate_file", "key_file"):
        path = getattr(material, field)
        if path is not None and not 0 < len(path) <= MAX_PATH:
            raise _invalid(f"tls.{field}", path, Text("chemin vide ou trop long", "empty or too long a path"))
    url = _base_url(base_url, in_environment)
    known_associations = _associations(associations, known_searches)
    return Editor(
        id, name, url, in_environment, enabled, known_flows, material, origin, known_searches, known_associations
    )


def _associations(written: Sequence[str], searches: frozenset[Search]) -> frozenset[str]:
    try:
        found = frozenset(national_siret(value) for value in written)
    except InvalidValueError as error:
        raise _invalid("associations", ", ".join(written), error.text) from error
    if len(found) > MAX_ASSOCIATIONS:
        why = Text("au plus {n}", "at most {n}")
        raise _invalid("associations", str(len(found)), why, n=MAX_ASSOCIATIONS)
    if found and Search.SOS not in searches:
        why = Text("l’éditeur doit répondre à la recherche sos", "the editor must answer the search sos")
        raise _invalid("associations", ", ".join(written), why)
    return found


def from_toml(text: str) -> tuple[Editor, ...]:
    """The editors of a configuration file: tables `[[editor]]`, each with an optional `[editor.tls]`."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidEditorError(
            Text("TOML illisible : {error}", "Unreadable TOML: {error}").format(error=error)
        ) from error
    unknown = sorted(set(document) - {"editor"})
    rows = document.get("editor", [])
    if unknown or not isinstance(rows, list):
        raise InvalidEditorError(
            Text(
                "Le fichier des éditeurs ne contient que des tables [[editor]] (trouvé : {found}).",
                "The editors file holds [[editor]] tables only (found: {found}).",
            ).format(found=", ".join(unknown) or "editor")
        )
    return distinct([_from_row(row) for row in rows])


def from_option(option: str, environment: Environment) -> Editor:
    """The editor of a `NAME=URL` given on the command line: it is asked every search and told of regulators."""
    name, equals, url = option.partition("=")
    if not equals:
        raise _invalid("editor", option, Text("attendu NOM=URL", "expected NAME=URL"))
    return editor(
        id=slug(name),
        name=name,
        base_url=url,
        environment=environment,
        flows=_OPTION_FLOWS,
        origin=Origin.CONFIGURATION,
        searches=tuple(Search),
    )


def slug(name: str) -> str:
    """`agenda-alpha` from « Agenda Alpha »."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_name.lower()).strip("-")[:64].strip("-")


def combined(configured: Sequence[Editor], registered: Sequence[Editor]) -> tuple[Editor, ...]:
    """All editors by name. An id of the configuration hides the same id of the register."""
    taken = {e.id for e in configured}
    return tuple(sorted([*configured, *(e for e in registered if e.id not in taken)], key=lambda e: (e.name, e.id)))


def distinct(editors: Sequence[Editor]) -> tuple[Editor, ...]:
    """The editors as given; raises `InvalidEditorError` when two share an id."""
    seen: set[str] = set()
    for each in editors:
        if each.id in seen:
            raise _invalid("id", each.id, Text("déjà pris par un autre éditeur", "already taken by another editor"))
        seen.add(each.id)
    return tuple(editors)


_ROW_FIELDS = frozenset(
    {"id", "name", "base_url", "environment", "enabled", "flows", "tls", "searches", "associations"}
)
_TLS_FIELDS = frozenset({"ca_file", "certificate_file", "key_file"})


def _from_row(row: object) -> Editor:
    if not isinstance(row, dict):
        raise _invalid("editor", str(row), Text("attendu une table", "expected a table"))
    tls = row.get("tls", {})
    _only(row, _ROW_FIELDS)
    if not isinstance(tls, dict):
        raise _invalid("tls", str(tls), Text("attendu une table", "expected a table"))
    _only(tls, _TLS_FIELDS)
    texts = {key: row.get(key) for key in ("id", "name", "base_url", "environment")}
    for key, value in [*texts.items(), *tls.items()]:
        if not isinstance(value, str):
            raise _invalid(key, str(value), Text("attendu un texte", "expected a string"))
    enabled = row.get("enabled", True)
    if not isinstance(enabled, bool):
        raise _invalid("enabled", str(enabled), Text("attendu true ou false", "expected true or false"))
    return editor(
        id=str(texts["id"]),
        name=str(texts["name"]),
        base_url=str(texts["base_url"]),
        environment=str(texts["environment"]),
        enabled=enabled,
        flows=_texts(row, "flows", [Flow.SLOT_SEARCH]),
        tls=TlsMaterial(**tls),
        origin=Origin.CONFIGURATION,
        searches=_texts(row, "searches", [Search.PRACTITIONERS]),
        associations=_texts(row, "associations", []),
    )


def _texts(row: Mapping[str, Any], name: str, default: Sequence[str]) -> Sequence[str]:
    values = row.get(name, default)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise _invalid(name, str(values), Text("attendu une liste de textes", "expected a list of strings"))
    return values


def _only(row: Mapping[str, Any], allowed: frozenset[str]) -> None:
    unknown = sorted(set(row) - allowed)
    if unknown:
        raise _invalid(unknown[0], str(row[unknown[0]]), Text("champ inconnu", "unknown field"))


def _base_url(value: str, environment: Environment) -> str:
    url = value.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        port_is_readable = parts.port is None or parts.port > 0
    except ValueError:
        raise _invalid("base_url", value, Text("URL illisible", "unreadable URL")) from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or not port_is_readable or len(url) > MAX_URL:
        raise _invalid("base_url", value, Text("attendu une URL http(s) absolue", "expected an absolute http(s) URL"))
    if (
        parts.query
        or parts.fragment
        or parts.username is not None
        or not url.isascii()
        or re.search(r"[\s\"<>\\]", url)
    ):
        raise _invalid(
            "base_url",
            value,
            Text("ni requête, ni fragment, ni compte, ni espace", "no query, fragment, account or space"),
        )
    if parts.scheme == "http" and environment is not Environment.RECETTE:
        raise _invalid(
            "base_url",
            value,
            Text("https obligatoire hors de la recette", "https is mandatory outside acceptance (recette)"),
        )
    return url


def _one_of(values: Sequence[str]) -> Text:
    listed = ", ".join(values)
    return Text("attendu : {values}", "expected: {values}").format(values=listed)


def _invalid(field: str, value: str, why: Text, **values: object) -> InvalidEditorError:
    return InvalidEditorError(
        Text("Éditeur refusé : {field} « {value} » : {why}.", "Editor refused: {field} '{value}': {why}.").format(
            field=field, value=value[:200], why=why.format(**values)
        )
    )
