"""What a search asks, of whom, and how it is written on the request line. Pure: `now` is an argument."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import quote, urlsplit

from sas_kernel.clock import PARIS
from sas_kernel.contracts import ServiceLevel
from sas_kernel.errors import InvalidValueError
from sas_kernel.identifiers import (
    PRACTITIONER_SYSTEM,
    STRUCTURE_SYSTEM,
    PractitionerIdKind,
    is_national_practitioner_id,
    masked,
    national_practitioner_id,
    national_siret,
)
from sas_kernel.text import Text
from sas_kernel.time_window import Window
from sas_platform.editors.model import Editor, Search
from sas_platform.slot_search.model import (
    Bounds,
    InvalidSearchError,
    Lot,
    LotRequest,
    Plan,
    SearchQuery,
)


def bounds(
    levels: dict[str, ServiceLevel],
    *,
    max_practitioners: int,
    max_associations: int,
    connect: float | None = None,
    answer: float | None = None,
    answer_size: int | None = None,
) -> Bounds:
    """The bounds the contracts promise, save those an operator lowers or raises on purpose."""
    return Bounds(
        lot_size=int(levels["slot_search.practitioners_per_request"].value),
        horizon=timedelta(hours=levels["slot_search.horizon"].value),
        connect=levels["slot_search.connect_timeout"].value if connect is None else connect,
        answer=levels["slot_search.answer_timeout"].value if answer is None else answer,
        answer_size=int(levels["slot_search.answer_size"].value) if answer_size is None else answer_size,
        max_practitioners=max_practitioners,
        association_lot_size=int(levels["slot_search.associations_per_request"].value),
        max_associations=max_associations,
    )


def practitioner_id(value: str) -> str:
    """The prefixed national id of what a caller wrote: prefixed, a bare RPPS (11 digits) or a bare ADELI (9).

    Raises `InvalidSearchError`; the sentence masks the value, for it may end in a log.
    """
    compact = re.sub(r"\s", "", value).upper()
    if is_national_practitioner_id(compact):
        return compact
    for kind in PractitionerIdKind:
        try:
            return national_practitioner_id(compact, kind)
        except InvalidValueError:
            continue
    raise InvalidSearchError(
        Text(
            "« {value} » n’est pas un identifiant national : attendu un RPPS (11 chiffres) ou un ADELI (9 caractères), "
            "avec ou sans préfixe 8 ou 0.",
            "'{value}' is not a national identifier: expected an RPPS (11 digits) or an ADELI (9 characters), "
            "with or without the prefix 8 or 0.",
        ).format(value=masked(compact[:40]))
    )


def association_id(value: str) -> str:
    """The prefixed SIRET of what a caller wrote: with or without its prefix. Raises `InvalidSearchError`."""
    try:
        return national_siret(value)
    except InvalidValueError as error:
        raise InvalidSearchError(error.text) from error


def window(query: SearchQuery, now: datetime, horizon: timedelta) -> Window:
    """The window to ask: from now at the earliest, to `horizon` ahead at the latest (ANS-CONV-001, art. 3.1).

    A start already past is brought to now, for callers' clocks differ; an end beyond the horizon is refused, for
    shortening it in silence would look like an absence of slots.
    """
    latest = now + horizon
    start = max(_instant(query.start), now) if query.start else now
    end = _instant(query.end) if query.end else latest
    if end > latest:
        raise InvalidSearchError(
            Text(
                "La fenêtre va au-delà de {hours} heures : la plateforme ne demande que les disponibilités des "
                "{hours} prochaines heures (convention ANS-CONV-001, art. 3.1). Fin au plus tard : {latest}.",
                "The window goes beyond {hours} hours: the platform only asks for the availabilities of the next "
                "{hours} hours (agreement ANS-CONV-001, art. 3.1). Latest end: {latest}.",
            ).format(hours=round(horizon / timedelta(hours=1)), latest=wire_instant(latest))
        )
    if end <= start:
        raise InvalidSearchError(
            Text(
                "La fenêtre est vide : sa fin doit être postérieure à son début et à l’instant présent.",
                "The window is empty: its end must come after its start and after the present instant.",
            )
        )
    return Window(start, end)


def _instant(value: datetime) -> datetime:
    """Without an offset, a time is Europe/Paris wall time, as everywhere in these interfaces."""
    return value.replace(tzinfo=PARIS) if value.tzinfo is None else value


def plan(query: SearchQuery, editors: Sequence[Editor], now: datetime, bounds: Bounds) -> Plan:
    """Who is asked what: ids once each, in lots, each lot at every editor that answers such a search."""
    practitioners = tuple(dict.fromkeys(query.practitioners))
    associations = tuple(dict.fromkeys(query.associations))
    _check(practitioners, associations, bounds)
    asked = window(query, now, bounds.horizon)
    lots = _lots(practitioners, bounds.lot_size)
    requests = [
        _request(editor, search, lot, asked)
        for lot in lots
        for editor in editors
        if (search := _search_of(editor, cpts=query.cpts)) is not None
    ]
    for editor in editors:
        if Search.SOS in editor.searches:
            theirs = _associations_of(editor, associations, editors)
            requests += [_request(editor, Search.SOS, lot, asked) for lot in _lots(theirs, bounds.association_lot_size)]
    awaited = Counter(request.editor.id for request in requests)
    asked_editors = tuple(editor for editor in editors if editor.id in awaited)
    return Plan(now, asked, lots, associations, asked_editors, tuple(requests), awaited)


def _check(practitioners: tuple[str, ...], associations: tuple[str, ...], bounds: Bounds) -> None:
    if not practitioners and not associations:
        raise InvalidSearchError(
            Text(
                "Aucun professionnel demandé : donnez au moins un identifiant national.",
                "No practitioner asked: give at least one national identifier.",
            )
        )
    if len(practitioners) > bounds.max_practitioners:
        raise InvalidSearchError(
            Text(
                "{n} professionnels demandés : au plus {most} par recherche.",
                "{n} practitioners asked: at most {most} in one search.",
            ).format(n=len(practitioners), most=bounds.max_practitioners)
        )
    if len(associations) > bounds.max_associations:
        raise InvalidSearchError(
            Text(
                "{n} associations SOS Médecins demandées : au plus {most} par recherche.",
                "{n} SOS Médecins associations asked: at most {most} in one search.",
            ).format(n=len(associations), most=bounds.max_associations)
        )


def _lots(ids: tuple[str, ...], size: int) -> tuple[Lot, ...]:
    starts = range(0, len(ids), size)
    return tuple(Lot(number, ids[at : at + size]) for number, at in enumerate(starts, start=1))


def _search_of(editor: Editor, *, cpts: bool) -> Search | None:
    """INT_R04 in the place of INT_R01 where an editor answers it: it gives the same slots, and those of CPTS."""
    if cpts and Search.CPTS in editor.searches:
        return Search.CPTS
    return Search.PRACTITIONERS if Search.PRACTITIONERS in editor.searches else None


def _associations_of(editor: Editor, asked: tuple[str, ...], editors: Sequence[Editor]) -> tuple[str, ...]:
    """Where it is known which software an association uses, nobody else is asked for it (drawing of the SOS search)."""
    known = frozenset(siret for each in editors for siret in each.associations)
    return tuple(siret for siret in asked if siret in editor.associations or siret not in known)


def without_cpts(request: LotRequest) -> LotRequest | None:
    """What to ask an editor that refused INT_R04: the same by INT_R01, so that its own slots are not lost with it."""
    if request.search is not Search.CPTS or Search.PRACTITIONERS not in request.editor.searches:
        return None
    return _request(request.editor, Search.PRACTITIONERS, request.lot, request.window)


def _request(editor: Editor, search: Search, lot: Lot, asked: Window) -> LotRequest:
    return LotRequest(editor, search, lot, asked, request_target(editor.base_url, search, lot, asked))


_CPTS_INCLUDES = "&_include=Slot:service-type-reference&_include:iterate=HealthcareService:organization"


def request_target(base_url: str, search: Search, lot: Lot, asked: Window) -> str:
    """Path and query of one search (SAS implementation guide, slot search), byte for byte.

    `:` and `,` go raw, `|` and `+` encoded: the spelling every decoder reads the same way, `+` above all.
    """
    path, start, end = urlsplit(base_url).path, _query_instant(asked.start), _query_instant(asked.end)
    if search is Search.SOS:
        return (
            f"{path}/Schedule?_revinclude=Slot:schedule&_include=Schedule:actor:Location"
            "&_include:iterate=Location:organization"
            f"&_has:Slot:schedule:start=ge{start}&_has:Slot:schedule:start=le{end}&_has:Slot:schedule:status=free"
            f"&actor:Location.organization.identifier={_tokens(STRUCTURE_SYSTEM, lot.ids)}"
        )
    return (
        f"{path}/Slot?_include=Slot:schedule&_include:iterate=Schedule:actor"
        f"{_CPTS_INCLUDES if search is Search.CPTS else ''}&start=ge{start}&start=le{end}"
        f"&schedule.actor:Practitioner.identifier={_tokens(PRACTITIONER_SYSTEM, lot.ids)}&status=free"
    )


def _tokens(system: str, ids: tuple[str, ...]) -> str:
    return ",".join(f"{system}%7C{quote(each, safe='')}" for each in ids)


def wire_instant(instant: datetime) -> str:
    """`2031-03-10T08:00:00.000+01:00`: milliseconds and the offset of Europe/Paris."""
    return instant.astimezone(PARIS).isoformat(timespec="milliseconds")


def _query_instant(instant: datetime) -> str:
    return wire_instant(instant).replace("+", "%2B")
