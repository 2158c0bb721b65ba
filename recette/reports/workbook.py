"""An XLSX file from rows of plain values: laid out to be read, filtered, printed; the same bytes for the same rows.

What comes from a target can be no formula: every text is stored as text. Characters that XML cannot hold are shown as
their escape. Imported by `xlsx` alone, because loading openpyxl takes a while.
"""

from __future__ import annotations

import io
import re
import textwrap
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.packaging.core import DocumentProperties
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from recette.model import Verdict
from recette.reports import words
from sas_kernel.clock import PARIS

_CELL_LIMIT = 8_000  # Excel refuses 32 767; nobody reads this many
_FORMULA = re.compile(r"\s*[=+\-@|%\t]")
_ILLEGAL = re.compile("[\ufffe\uffff\ud800-\udfff]")
_ESCAPE_LOOKALIKE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_A4 = 9
_MARGIN = 0.3  # inches
_LINE_HEIGHT = 13.5
_ROW_PADDING = 3.0
_HIGHEST_ROW = 405.0  # Excel's own bound is 409
_EPOCH = (1980, 1, 1, 0, 0, 0)
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*(</dcterms:modified>)")

# Dark letters on a light ground, 7:1 or more; the word is in the cell, the colour only helps to find it.
_TONES = {
    Verdict.PASS: ("E3F5E1", "0B4A12"),
    Verdict.FAIL: ("FDE3E1", "7A0C07"),
    Verdict.ERROR: ("EADFF5", "43156B"),
    Verdict.REVIEW: ("DDEBFA", "0A3A6B"),
    Verdict.WARN: ("FFF0CC", "5C3B00"),
    Verdict.SKIP: ("EEEEEE", "3A3A3A"),
    Verdict.OMIT: ("F6F6F6", "4A4A4A"),
}
_HEAD_FILL = PatternFill("solid", fgColor="1F3A5F")
_FILL_HEAD = PatternFill("solid", fgColor="7A4B00")
_TO_FILL = PatternFill("solid", fgColor="FFF8E5")
_FACE = "Calibri"
_HEAD_FONT = Font(name=_FACE, bold=True, color="FFFFFF")
_LINK_FONT = Font(name=_FACE, color="0B4AA2", underline="single")
_BOLD = Font(name=_FACE, bold=True)
_TITLE = Font(name=_FACE, bold=True, size=16)
_THIN = Side(style="thin", color="C8CDD3")
_BOX = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)


@dataclass(frozen=True, slots=True)
class Link:
    """A text that leads to a file beside this one (`report.html#f-…`) or, from `#`, to a cell (`#'Constats'!A2`)."""

    text: str
    to: str


@dataclass(frozen=True, slots=True)
class Toned:
    """A word whose meaning a colour repeats."""

    text: str
    tone: Verdict


Value = str | int | float | datetime | date | Link | Toned | None
"""An instant is shown, and kept, as the wall clock of Paris has it."""


@dataclass(frozen=True, slots=True)
class Column:
    """A heading and the width of its column, in characters.

    `form` is how its numbers and dates are shown, in Excel’s codes. `to_fill` marks it as one that people fill in,
    with one of `choices` where there are some.
    """

    title: str
    width: int
    form: str = ""
    to_fill: bool = False
    choices: tuple[str, ...] = ()


_COVER = (Column("", 34), Column("", 96))


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table under one row of headings, which stays in sight, filters, and is printed on every page.

    Printed, its columns are spread over so many pages, the first on each of them.
    """

    title: str
    columns: tuple[Column, ...]
    rows: Sequence[Sequence[Value]]
    pages_wide: int = 1


@dataclass(frozen=True, slots=True)
class Cover:
    """A first sheet of pairs, in named groups, under a title."""

    title: str
    heading: Toned
    groups: Sequence[tuple[str, Sequence[tuple[str, Value]]]]


def write(cover: Cover, sheets: Sequence[Sheet], *, title: str, creator: str, moment: datetime, page: str) -> bytes:
    """The file. `moment` is the date it bears; `page` its footer, with Excel's codes (`&P` the page, `&N` how many)."""
    book = Workbook()
    front = book.active
    assert isinstance(front, Worksheet)
    _cover(front, cover)
    _page(front, page)
    for sheet in sheets:
        made = book.create_sheet()
        _table(made, sheet)
        _page(made, page, sheet.pages_wide)
    front.page_setup.fitToHeight = 1
    naive = moment.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    book.properties = DocumentProperties(title=text(title), creator=text(creator), created=naive, modified=naive)
    return _packed(book, naive)


def text(value: str) -> str:
    """What a cell can hold of a text: no control or direction characters, nothing Excel would take for an escape."""
    shown = _ILLEGAL.sub(lambda match: f"\\u{ord(match[0]):04x}", words.visible_lines(value))
    return _ESCAPE_LOOKALIKE.sub("_x005F_", words.clipped(shown, _CELL_LIMIT))


def _cover(sheet: Worksheet, cover: Cover) -> None:
    sheet.title = cover.title
    for letter, each in zip("AB", _COVER, strict=True):
        sheet.column_dimensions[letter].width = each.width
    _put(_cell(sheet, 1, 1), cover.heading)
    _cell(sheet, 1, 1).font = _TITLE
    sheet.merge_cells("A1:B1")
    row = 3
    for name, pairs in cover.groups:
        for column in (1, 2):
            _cell(sheet, row, column).fill = _HEAD_FILL
        _put(_cell(sheet, row, 1), name)
        _cell(sheet, row, 1).font = _HEAD_FONT
        for label, value in pairs:
            row += 1
            _put(_cell(sheet, row, 1), label)
            _cell(sheet, row, 1).font = _BOLD
            _put(_cell(sheet, row, 2), value)
            sheet.row_dimensions[row].height = _height((label, value), _COVER)
            for column in (1, 2):
                _cell(sheet, row, column).alignment = Alignment(wrap_text=True, vertical="top", horizontal="left")
                _cell(sheet, row, column).border = _BOX
        row += 2


def _table(sheet: Worksheet, table: Sheet) -> None:
    sheet.title = table.title
    for position, column in enumerate(table.columns, 1):
        head = _cell(sheet, 1, position)
        _put(head, column.title)
        head.fill, head.font, head.border = _FILL_HEAD if column.to_fill else _HEAD_FILL, _HEAD_FONT, _BOX
        head.alignment = Alignment(wrap_text=True, vertical="center")
        sheet.column_dimensions[get_column_letter(position)].width = column.width
        if column.choices and table.rows:
            _choose(sheet, position, column, len(table.rows))
    for number, row in enumerate(table.rows, 2):
        for position, value in enumerate(row, 1):
            cell = _cell(sheet, number, position)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            cell.border = _BOX
            _put(cell, value)
            _shape(cell, table.columns[position - 1])
        sheet.row_dimensions[number].height = _height(row, table.columns)
    sheet.row_dimensions[1].height = _height([column.title for column in table.columns], table.columns)
    sheet.freeze_panes = "B2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(table.columns))}{len(table.rows) + 1}"
    sheet.print_title_rows = "1:1"
    if table.pages_wide > 1:
        sheet.print_title_cols = "A:A"


def _shape(cell: Cell, column: Column) -> None:
    if column.form:
        cell.number_format = column.form
    if column.to_fill:
        cell.fill = _TO_FILL


def _choose(sheet: Worksheet, position: int, column: Column, rows: int) -> None:
    letter = get_column_letter(position)
    allowed = DataValidation("list", formula1=f'"{",".join(column.choices)}"', allow_blank=True)
    allowed.add(f"{letter}2:{letter}{rows + 1}")
    sheet.add_data_validation(allowed)


def _height(row: Sequence[Value], columns: Sequence[Column]) -> float:
    """In points: neither LibreOffice nor every Excel fits rows that were written by a program."""
    lines = [_lines(_shown(value), column.width) for value, column in zip(row, columns, strict=True)]
    return min(_LINE_HEIGHT * max(lines, default=1) + _ROW_PADDING, _HIGHEST_ROW)


def _shown(value: Value) -> str:
    return value.text if isinstance(value, Link | Toned) else value if isinstance(value, str) else ""


def _lines(content: str, width: int) -> int:
    wrapped = (textwrap.wrap(line, width - 1) for line in content[:_CELL_LIMIT].split("\n"))
    return sum(max(len(parts), 1) for parts in wrapped)


def _cell(sheet: Worksheet, row: int, column: int) -> Cell:
    cell = sheet.cell(row, column)
    assert isinstance(cell, Cell)
    return cell


def _put(cell: Cell, value: Value) -> None:
    if isinstance(value, Link):
        _put(cell, value.text)
        _lead(cell, value.to)
        cell.font = _LINK_FONT
    elif isinstance(value, Toned):
        _put(cell, value.text)
        ground, letters = _TONES[value.tone]
        cell.fill = PatternFill("solid", fgColor=ground)
        cell.font = Font(name=_FACE, bold=True, color=letters)
    elif isinstance(value, str):
        cell.value = text(value)
        # openpyxl takes "=1+1" for a formula and "#N/A" for an error.
        cell.data_type = "s"
        if _FORMULA.match(value):
            cell.quotePrefix = True  # what keeps it a text when a person edits the cell
    elif isinstance(value, datetime):
        cell.value = value.astimezone(PARIS).replace(tzinfo=None, microsecond=0)
    elif value is not None:
        cell.value = value


def _lead(cell: Cell, to: str) -> None:
    place = to[1:] if to.startswith("#") else None
    cell.hyperlink = (
        Hyperlink(ref=cell.coordinate, location=place) if place else Hyperlink(ref=cell.coordinate, target=to)
    )


def _page(sheet: Worksheet, footer: str, wide: int = 1) -> None:
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = _A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = wide, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    foot = sheet.oddFooter
    assert foot is not None
    assert foot.left is not None
    assert foot.right is not None
    foot.left.text, foot.right.text = "&A", footer
    sheet.page_margins.left = sheet.page_margins.right = _MARGIN
    sheet.page_margins.top, sheet.page_margins.bottom, sheet.page_margins.footer = _MARGIN, 2 * _MARGIN, _MARGIN


def _packed(book: Workbook, moment: datetime) -> bytes:
    """The file with the dates of `moment` where openpyxl puts the hour of the writing."""
    drafted, packed = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(drafted, "w", zipfile.ZIP_STORED) as archive:
        ExcelWriter(book, archive).save()
    date = moment.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    with zipfile.ZipFile(drafted) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                content = _MODIFIED.sub(rb"\g<1>" + date + rb"\g<2>", content)
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return packed.getvalue()
