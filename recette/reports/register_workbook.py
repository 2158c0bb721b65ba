"""The shared register (art. 6) as a workbook that people fill in and give back, and what they wrote in it.

The cover says from which entry of which journal it was made: what was changed is seen against that state, which the
journal still tells. Loading openpyxl takes a while: imported by the commands that need it.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from recette.agreement.model import Agreement
from recette.model import Verdict
from recette.register import sheet
from recette.register.model import Register, RegisterError
from recette.register.sheet import FILLED_BY, HEADINGS, INSTANTS, SEVERITIES, Cell, Key, Row
from recette.reports.workbook import Column, Cover, Sheet, Toned, text
from recette.reports.workbook import write as write_workbook
from sas_kernel.clock import PARIS
from sas_kernel.text import Lang, Text

REGISTER = Text("Registre", "Register")
_SUMMARY = Text("Lisez-moi", "Read me")
_PEN = "✎ "
_WIDTHS = {Key.TITLE: 44, Key.WORKAROUND: 32, Key.PLAN: 32, Key.COMMENT: 36, Key.PATH: 28, Key.SOURCE: 24, Key.ID: 9}
_WIDTH, _PAGES_WIDE = 16, 4
_INSTANT, _DAY = "dd/mm/yyyy hh:mm", "dd/mm/yyyy"
_TEXT = "@"  # or a version 2.10 would be the number 2.1
_PROJECT = Text("Projet", "Project")
_ENTRY = Text("Dernière écriture du journal", "Last entry of the journal")
_HASH = Text("Son empreinte", "Its hash")
_MADE = Text("Exporté le", "Exported")
_MOST_BYTES = 200_000_000  # unpacked: a register of ten thousand anomalies is a tenth of that
_MOST_CELLS = 2_000_000


@dataclass(frozen=True, slots=True)
class State:
    """A register as it stands after an entry of its journal: the number and hash of this entry."""

    agreement: Agreement
    register: Register
    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class Origin:
    """The journal that a workbook was made from, up to which entry, and when."""

    project: str
    number: int
    hash: str
    made_at: datetime
    lang: Lang


@dataclass(frozen=True, slots=True)
class Filled:
    """What somebody gave back: cells by anomaly and column, and rows that belong to no anomaly, by address."""

    origin: Origin
    cells: Mapping[str, Mapping[Key, Cell]]
    strays: Mapping[str, str]


def write(state: State, now: datetime, lang: Lang) -> bytes:
    """The workbook as the register stands."""
    columns = tuple(_column(key, lang) for key in Key)
    rows = [list(each.values()) for each in rows_of(state, now, lang).values()]
    return write_workbook(
        _cover(state, now, lang),
        [Sheet(REGISTER.to(lang), columns, rows, _PAGES_WIDE)],
        title=f"{REGISTER.to(lang)} {state.register.project}",
        creator="recette",
        moment=now,
        page=Text("Page &P sur &N", "Page &P of &N").to(lang),
    )


def rows_of(state: State, now: datetime, lang: Lang) -> dict[str, dict[Key, sheet.Value]]:
    """One row an anomaly, in the order of their numbers."""
    register = state.register
    return {each.id: sheet.row(register, each, state.agreement, now, lang) for each in register.anomalies.values()}


def as_read(rows: Mapping[str, Mapping[Key, sheet.Value]]) -> dict[str, Row]:
    """Rows as they would be read back, unchanged, from the workbook."""
    return {
        id: {key: sheet.plain(text(value) if isinstance(value, str) else value, key) for key, value in row.items()}
        for id, row in rows.items()
    }


def _column(key: Key, lang: Lang) -> Column:
    fill = key in FILLED_BY
    choices = tuple(each.to(lang) for each in SEVERITIES.values()) if key in {Key.ANS, Key.EDITOR} else ()
    form = _INSTANT if key in INSTANTS else _DAY if key is Key.PLAN_DUE else _TEXT if fill else ""
    title = (_PEN if fill else "") + HEADINGS[key].to(lang)
    return Column(title, _WIDTHS.get(key, _WIDTH), form, fill, choices)


def _cover(state: State, now: datetime, lang: Lang) -> Cover:
    fill = Text(
        "Remplissez les colonnes marquées ✎ (fond clair), chacun pour sa partie ; les autres viennent du registre. Les "
        "instants sont à l’heure de Paris (JJ/MM/AAAA HH:MM). Un contournement, un plan, une livraison ou un "
        "commentaire écrits ici deviennent des écritures du journal ; rien ne s’y efface.",
        "Fill in the columns marked ✎ (light ground), each for its party; the others come from the register. Instants "
        "are Paris time (DD/MM/YYYY HH:MM). A workaround, a plan, a delivery or a comment written here becomes an "
        "entry of the journal; nothing is erased.",
    )
    back = Text("recette anomaly import {p} FICHIER.xlsx --for ans|editor", "recette anomaly import {p} FILE.xlsx …")
    return Cover(
        _SUMMARY.to(lang),
        Toned(
            f"{Text('Registre des anomalies', 'Register of anomalies').to(lang)} {state.register.project}", Verdict.OMIT
        ),
        [
            (
                Text("Usage", "Use").to(lang),
                [
                    (Text("Remplir", "Fill in").to(lang), fill.to(lang)),
                    (Text("Rendre", "Give back").to(lang), back.to(lang).format(p=state.register.project)),
                    (
                        Text("Convention", "Agreement").to(lang),
                        f"{state.agreement.title.to(lang)} ({state.agreement.reference}), art. 6, 8.2",
                    ),
                ],
            ),
            (
                Text("Origine (ne pas changer)", "Origin (do not change)").to(lang),
                [
                    (_PROJECT.to(lang), state.register.project),
                    (_ENTRY.to(lang), state.number),
                    (_HASH.to(lang), state.hash),
                    (_MADE.to(lang), now.astimezone(PARIS).isoformat()),
                ],
            ),
        ],
    )


def read(content: bytes) -> Filled:
    """What a workbook holds; `RegisterError` for one that is not ours."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(each.file_size for each in archive.infolist()) > _MOST_BYTES:
                raise _not_ours("> 200 MB")
        found = load_workbook(io.BytesIO(content))
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, TypeError, OSError) as error:
        raise _not_ours(f"{type(error).__name__}: {error}") from error
    for lang in Lang:
        if {_SUMMARY.to(lang), REGISTER.to(lang)} <= set(found.sheetnames):
            origin = _origin(found[_SUMMARY.to(lang)], lang)
            return _filled(found[REGISTER.to(lang)], origin)
    raise _not_ours(", ".join(found.sheetnames))


def _origin(cover: Any, lang: Lang) -> Origin:
    said = {cells[0].value: cells[1].value for cells in cover.iter_rows(max_col=2, max_row=100)}
    try:
        made_at = datetime.fromisoformat(str(said[_MADE.to(lang)]))
        number, hash = int(said[_ENTRY.to(lang)]), str(said[_HASH.to(lang)])
        project = str(said[_PROJECT.to(lang)])
    except (KeyError, ValueError, TypeError) as error:
        raise _not_ours(f"{_SUMMARY.to(lang)}: {error}") from error
    if made_at.tzinfo is None:
        raise _not_ours(f"{_SUMMARY.to(lang)}: {_MADE.to(lang)}")
    return Origin(project, number, hash, made_at, lang)


def _filled(table: Any, origin: Origin) -> Filled:
    if table.max_row * table.max_column > _MOST_CELLS:
        raise _not_ours(f"{table.max_row} x {table.max_column}")
    keys = _keys(table, origin.lang)
    if Key.ID not in keys.values():
        raise _not_ours(f"{table.title}: {HEADINGS[Key.ID].to(origin.lang)}")
    cells: dict[str, dict[Key, Cell]] = {}
    strays: dict[str, str] = {}
    for row in table.iter_rows(min_row=2):
        read = {keys[cell.column]: _cell(cell) for cell in row if cell.column in keys}
        id = sheet.plain(read[Key.ID].value, Key.ID)
        if id is None and all(sheet.plain(each.value, key) is None for key, each in read.items()):
            continue
        if not isinstance(id, str) or id in cells:
            strays[read[Key.ID].address] = str(id or "—")
            continue
        cells[id] = read
    return Filled(origin, cells, strays)


def _keys(table: Any, lang: Lang) -> dict[int, Key]:
    by_title = {heading.to(lang): key for key, heading in HEADINGS.items()}
    found: dict[int, Key] = {}
    for (head,) in table.iter_cols(max_row=1):
        key = by_title.get(str(head.value or "").removeprefix(_PEN).strip())
        if key is None:
            continue
        if key in found.values():
            raise _not_ours(f"{head.coordinate}: {head.value}")
        found[head.column] = key
    return found


def _cell(cell: Any) -> Cell:
    value = cell.value
    return Cell(cell.coordinate, value, cell.data_type == "f")


def _not_ours(why: str) -> RegisterError:
    return RegisterError(
        Text(
            "Ce classeur n’est pas le registre partagé d’un projet ({why}). Donnez celui qu’a écrit "
            "« recette anomaly export PROJET --format xlsx », rempli.",
            "This workbook is not the shared register of a project ({why}). Give the one that "
            "`recette anomaly export PROJECT --format xlsx` wrote, filled in.",
        ).format(why=why)
    )
