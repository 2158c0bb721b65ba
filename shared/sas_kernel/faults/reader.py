"""From TOML to faults. What is wrong is told by its key, with what to write; nothing is guessed or left out."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sas_kernel.errors import ContractError
from sas_kernel.faults import effects
from sas_kernel.faults.model import (
    ANSWER_ONLY,
    INTERFACES,
    SEND_ONLY,
    Direction,
    Effect,
    Fault,
    InvalidFaultError,
    Moment,
    Side,
    Skew,
    When,
)
from sas_kernel.faults.rows import Row, is_number
from sas_kernel.flows import Flow
from sas_kernel.text import Text

CATALOGUE: Final = Path(__file__).with_name("catalogue.toml")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_PLACE: Final = ("name", "service", "direction", "interface", "path", "text_fr", "text_en")
_WHEN: Final = ("every", "percent", "seed", "first", "from", "until", "by_header")
_FLOWS: Final = sorted({flow.value for flows in INTERFACES.values() for flow in flows})


def builtin() -> tuple[Fault, ...]:
    """The faults that come with the bench. Raises `ContractError`."""
    try:
        return parse(CATALOGUE.read_text(encoding="utf-8"))
    except (OSError, InvalidFaultError) as error:
        why = error.text if isinstance(error, InvalidFaultError) else Text(str(error), str(error))
        raise ContractError(
            Text("Catalogue des pannes illisible : {e}", "Unreadable catalogue of faults: {e}").format(e=why)
        ) from error


def load(source: str) -> tuple[Fault, ...]:
    """The faults of a file, or the built-in one of this name. Raises `InvalidFaultError`."""
    known = {fault.name: fault for fault in builtin()}
    path = Path(source)
    if source in known and not path.is_file():
        return (known[source],)
    try:
        return parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidFaultError(
            Text(
                "« {s} » n’est ni une panne fournie ({k}) ni un fichier lisible ({e}).",
                "'{s}' is neither a built-in fault ({k}) nor a file that can be read ({e}).",
            ).format(s=source, k=", ".join(known), e=getattr(error, "strerror", None) or error)
        ) from error
    except InvalidFaultError as error:
        raise InvalidFaultError(Text("{s} : {e}", "{s}: {e}").format(s=source, e=error.text)) from error


def loaded(sources: Sequence[str]) -> tuple[Fault, ...]:
    """Those of several, in order. Raises `InvalidFaultError`, also when two have one name."""
    faults = tuple(fault for source in sources for fault in load(source))
    _check_distinct(faults)
    return faults


def parse(text: str) -> tuple[Fault, ...]:
    """The faults of a TOML text. Raises `InvalidFaultError`."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidFaultError(Text("TOML illisible : {e}", "unreadable TOML: {e}").format(e=error)) from error
    unknown = sorted(document.keys() - {"fault"})
    rows = document.get("fault")
    if unknown or not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise InvalidFaultError(
            Text(
                "attendu : une ou plusieurs tables [[fault]], et rien d’autre{u}.",
                "expected: one or more [[fault]] tables, and nothing else{u}.",
            ).format(u=f" ({', '.join(unknown)})" if unknown else "")
        )
    faults = tuple(_fault(number, row) for number, row in enumerate(rows, 1))
    _check_distinct(faults)
    return faults


def of_side(faults: Sequence[Fault], side: Side) -> tuple[Fault, ...]:
    """Those that this service plays."""
    return tuple(fault for fault in faults if side in fault.sides)


def _check_distinct(faults: Sequence[Fault]) -> None:
    names = [fault.name for fault in faults]
    for name in names:
        if names.count(name) > 1:
            raise InvalidFaultError(
                Text(
                    "deux pannes s’appellent « {n} » : donnez à chacune son « name ».",
                    "two faults are called '{n}': give each a 'name' of its own.",
                ).format(n=name)
            )


def _fault(number: int, given: dict[str, Any]) -> Fault:
    name = given.get("name")
    row = Row(name if isinstance(name, str) and _NAME.fullmatch(name) else f"#{number}", given)
    if row.label != name:
        form = Text("un nom en minuscules, chiffres et tirets", "a name of lower-case letters, digits and hyphens")
        raise row.wrong("name", form)
    kind, effect = effects.effect(row)
    known = (*_PLACE, *_WHEN, kind, *effects.WITH.get(kind, ()))
    unknown = sorted(given.keys() - {*known})
    if unknown:
        form = Text("une clé connue ({k})", "a known key ({k})")
        raise row.wrong(unknown[0], form.format(k=", ".join(known)))
    interface = row.optional("interface", lambda: Flow(row.one_of("interface", _FLOWS)))
    path = row.optional("path", lambda: row.text("path"))
    if path is not None and (interface is not None or not path.startswith("/")):
        raise row.wrong("path", Text("un début de chemin (/…), sans « interface »", "a path (/…), without 'interface'"))
    direction, when = _direction(row, effect), _when(row)
    if isinstance(effect, Skew) and (when.counts or interface is not None or path is not None):
        form = Text(
            "une horloge, qui est celle de tout le service : sans interface, path, every, percent ni first",
            "a clock, which is the whole service's: without interface, path, every, percent or first",
        )
        raise row.wrong(kind, form)
    if when.by_header and direction is Direction.SEND:
        form = Text("rien ici : un en-tête ne demande qu’une réponse", "nothing here: a header asks for an answer only")
        raise row.wrong("by_header", form)
    text = Text(row.text("text_fr", ""), row.text("text_en", ""))
    return Fault(name, effect, direction, _sides(row, direction, interface), when, interface, path, text)


def _direction(row: Row, effect: Effect) -> Direction:
    only = Direction.SEND if isinstance(effect, SEND_ONLY) else None
    only = Direction.ANSWER if isinstance(effect, ANSWER_ONLY) else only
    chosen = Direction(row.one_of("direction", [*Direction], only or Direction.ANSWER))
    if only is not None and chosen is not only:
        raise row.wrong("direction", Text(f"« {only} » pour cette panne", f"'{only}' for this fault"))
    return chosen


def _sides(row: Row, direction: Direction, interface: Flow | None) -> frozenset[Side]:
    named = row.optional("service", lambda: Side(row.one_of("service", [*Side])))
    able = {side for side in Side if interface is None or interface in INTERFACES[side, direction]}
    sides = able if named is None else able & {named}
    if not sides:
        offers = "; ".join(f"{side} {way}: {', '.join(sorted(flows))}" for (side, way), flows in INTERFACES.items())
        raise row.wrong("service", Text(f"celui qui a cette interface ({offers})", f"the one that has it ({offers})"))
    return frozenset(sides)


def _when(row: Row) -> When:
    whole = Text("un entier d’au moins 1", "a whole number of at least 1")
    share = Text("un nombre au-dessus de 0, jusqu’à 100", "a number above 0, up to 100")
    when = When(
        every=row.optional("every", lambda: row.whole("every", 1, whole)),
        percent=row.optional("percent", lambda: row.number("percent", 0, 100, share)),
        seed=row.optional("seed", lambda: row.whole("seed", 1, whole)) or 1,
        first=row.optional("first", lambda: row.whole("first", 1, whole)),
        begin=row.optional("from", lambda: _moment(row, "from")),
        end=row.optional("until", lambda: _moment(row, "until")),
        by_header=row.flag("by_header"),
    )
    if when.by_header and (when.counts or when.begin is not None or when.end is not None):
        raise row.wrong("by_header", Text("true, sans autre condition", "true, without another condition"))
    if _is_over(when.begin, when.end):
        raise row.wrong("until", Text("plus tard que « from »", "later than 'from'"))
    return when


def _is_over(begin: Moment | None, end: Moment | None) -> bool:
    if isinstance(begin, datetime) and isinstance(end, datetime):
        return end <= begin
    return isinstance(begin, float) and isinstance(end, float) and end <= begin


def _moment(row: Row, key: str) -> Moment:
    value = row.given[key]
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value
    if is_number(value) and value >= 0:
        return float(value)
    form = Text(
        "un instant avec son décalage, sans guillemets (2026-12-01T08:00:00+01:00), ou des secondes après le départ",
        "an instant with its offset, unquoted (2026-12-01T08:00:00+01:00), or seconds since the start",
    )
    raise row.wrong(key, form)
