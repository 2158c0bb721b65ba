"""A certificate as a PDF on A4, with its fonts inside; the same certificate always gives the same bytes.

The fonts are Bitstream Vera, which ReportLab brings along: all of French, not the rest of the world. A character they
lack is written as its number (`[U+05D0]`), so that nothing goes missing without being seen.
"""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from itertools import accumulate
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    KeepTogether,
    LongTable,
    PageTemplate,
    Spacer,
)
from reportlab.platypus import Paragraph as Text_
from reportlab.platypus import Table as Grid

from recette.certificates import layout
from recette.certificates.layout import Layout
from recette.reports import words
from sas_kernel.text import Text

_FONT, _BOLD = "Vera", "VeraBd"
_MARGIN = 16 * mm
_WIDTH, _HEIGHT = A4[0] - 2 * _MARGIN, A4[1] - 42 * mm
_PADDING = 12
"""What ReportLab keeps free beside the text of a cell, at most."""
_INK, _SOFT, _LINE, _GROUND, _BRAND = (
    colors.HexColor(code) for code in ("#16252f", "#4b5d69", "#c5d0d5", "#f3f6f7", "#0b5c6b")
)
_RED = colors.HexColor("#a61b1b")
_TONES = {"pass": ("#18673b", "#e3f3e9"), "warn": ("#8a5a00", "#fdf1d8"), "fail": ("#a61b1b", "#fbe6e5")}
_ROOM = 30 * mm
"""What has to be left of a page for a heading or a table to begin on it."""
_SPACES = re.compile("[\u2000-\u200a\u202f]")


def render(page: Layout, made_at: datetime) -> bytes:
    """The file; `made_at` is the date its metadata bear. Built twice: once to know how many pages there are."""
    _fonts()
    _, total = _built(page, made_at, 0)
    content, _ = _built(page, made_at, total)
    return content


def _built(page: Layout, made_at: datetime, total: int) -> tuple[bytes, int]:
    out = io.BytesIO()
    document = _Document(out, page, made_at.astimezone(UTC), total)
    story: list[Flowable] = [*_front(page)]
    for section in page.sections:
        drawn: list[Flowable] = [CondPageBreak(_ROOM), _text(section.title, _HEADING, page)]
        for block in section.blocks:
            drawn += _DRAWN[type(block)](block, page)
        together = any(isinstance(block, layout.SignatureBlocks) for block in section.blocks)
        story += [KeepTogether(drawn[1:])] if together else drawn
    document.build(story, canvasmaker=document.canvas)
    return out.getvalue(), document.page


@cache
def _fonts() -> None:
    for name in (_FONT, _BOLD):
        pdfmetrics.registerFont(TTFont(name, f"{name}.ttf"))
    pdfmetrics.registerFontFamily(_FONT, normal=_FONT, bold=_BOLD, italic=_FONT, boldItalic=_BOLD)


@cache
def _known() -> frozenset[int]:
    """The characters that both weights can draw."""
    _fonts()
    faces: list[Any] = [pdfmetrics.getFont(name) for name in (_FONT, _BOLD)]
    return frozenset(faces[0].face.charToGlyph) & frozenset(faces[1].face.charToGlyph)


def drawable(text: str) -> str:
    """A text in characters that the fonts have; ends of lines stay."""
    shown = _SPACES.sub("\u00a0", words.visible_lines(unicodedata.normalize("NFC", text))).replace("\t", " ")
    known = _known()
    return "".join(char if char == "\n" or ord(char) in known else f"[U+{ord(char):04X}]" for char in shown)


class _Document(BaseDocTemplate):
    """One frame a page with a head and a foot, and an outline of the sections."""

    def __init__(self, out: io.BytesIO, page: Layout, made_at: datetime, total: int) -> None:
        super().__init__(
            out,
            pagesize=A4,
            invariant=1,
            title=drawable(f"{page.title} {page.number}"),
            subject=drawable(page.subject),
            author="recette",
            keywords=[f"SHA-256 {page.fingerprint}"],
        )
        frame = Frame(_MARGIN, 20 * mm, _WIDTH, _HEIGHT, 0, 0, 0, 0, id="body")
        self.addPageTemplates([PageTemplate("page", [frame], onPage=self._margins)])
        self._head = _fitting(drawable(page.subject), 90 * mm)
        self._shown, self._made_at, self._total, self._outlined = page, made_at, total, 0

    def canvas(self, *args: Any, **options: Any) -> Canvas:
        made = Canvas(*args, **{**options, "lang": self._shown.lang.value})
        made.setDateFormatter(lambda *_: f"D:{self._made_at:%Y%m%d%H%M%S}+00'00'")
        return made

    def afterFlowable(self, flowable: Flowable) -> None:  # noqa: N802 -- ReportLab's own name
        if isinstance(flowable, Text_) and flowable.style.name == _HEADING.name:
            self._outlined += 1
            self.canv.bookmarkPage(f"section-{self._outlined}")
            self.canv.addOutlineEntry(flowable.getPlainText(), f"section-{self._outlined}")

    def _margins(self, canvas: Canvas, document: BaseDocTemplate) -> None:
        page = self._shown
        canvas.saveState()
        canvas.setFont(_FONT, 7)
        canvas.setFillColor(_SOFT)
        canvas.drawString(_MARGIN, A4[1] - 12 * mm, f"{page.title} {drawable(page.number)}")
        canvas.drawRightString(A4[0] - _MARGIN, A4[1] - 12 * mm, self._head)
        canvas.drawString(_MARGIN, 11 * mm, f"SHA-256 {page.fingerprint}")
        canvas.drawRightString(A4[0] - _MARGIN, 11 * mm, f"page {document.page}/{self._total}")
        if page.watermark:
            canvas.translate(A4[0] / 2, A4[1] / 2)
            canvas.rotate(45)
            canvas.setFont(_BOLD, 110)
            canvas.setFillColor(_RED, alpha=0.08)
            canvas.drawCentredString(0, -40, page.watermark)
        canvas.restoreState()


def _fitting(text: str, width: float) -> str:
    """As much of a text as fits into a head; the whole stands on the first page."""
    if pdfmetrics.stringWidth(text, _FONT, 7) <= width:
        return text
    ends = accumulate(pdfmetrics.stringWidth(char, _FONT, 7) for char in text)
    room = width - pdfmetrics.stringWidth("…", _FONT, 7)
    return "".join(char for char, end in zip(text, ends, strict=True) if end <= room) + "…"


def _style(name: str, **options: Any) -> ParagraphStyle:
    base: dict[str, Any] = {"fontName": _FONT, "fontSize": 8.5, "leading": 12, "textColor": _INK, "spaceAfter": 4}
    return ParagraphStyle(name, **{**base, **options})


_NORMAL = _style("normal")
_STRONG = _style("strong", fontName=_BOLD)
_SMALL_SOFT = _style("soft", textColor=_SOFT, fontSize=7.5, leading=10)
_TITLE = _style("title", fontName=_BOLD, fontSize=17, leading=21)
_HEADING = _style("heading", fontName=_BOLD, fontSize=11, leading=14, textColor=_BRAND, spaceBefore=12, spaceAfter=6)
_ITEM = _style("item", fontName=_BOLD, fontSize=9, spaceBefore=8)
_CAPTION = _style("caption", fontName=_BOLD, spaceBefore=6)
_CELL = _style("cell", fontSize=7.5, leading=10, spaceAfter=0)
_CELL_BOLD = _style("cell-bold", fontName=_BOLD, fontSize=7.5, leading=10, spaceAfter=0)
_NAME = _style("name", textColor=_SOFT, spaceAfter=0)
_VALUE = _style("value", spaceAfter=0)


def _text(text: str, style: ParagraphStyle, page: Layout) -> Text_:
    shown = words.spaced(drawable(text), page.lang)
    return Text_(escape(shown).replace("\n", "<br/>"), style)


def _front(page: Layout) -> list[Flowable]:
    ink, ground = _TONES[page.tone]
    label = _style("label", fontSize=7.5, leading=10, textColor=colors.HexColor(ink), spaceAfter=0)
    outcome = _style("outcome", fontName=_BOLD, fontSize=13, leading=17, textColor=colors.HexColor(ink), spaceAfter=0)
    box = Grid(
        [[[_text(page.outcome_label, label, page), _text(page.outcome, outcome, page)]]],
        colWidths=[_WIDTH],
        style=[
            ("BACKGROUND", (0, 0), (-1, -1), colors.HexColor(ground)),
            ("LINEBEFORE", (0, 0), (0, -1), 4, colors.HexColor(ink)),
            ("LEFTPADDING", (0, 0), (-1, -1), 12),
            ("TOPPADDING", (0, 0), (-1, -1), 8),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 9),
        ],
    )
    made = Text("Établi le {at}", "Made on {at}").format(at=page.made_on).to(page.lang)
    numbered = Text("N° {number}", "No. {number}").format(number=page.number).to(page.lang)
    return [
        _text(page.title, _TITLE, page),
        _text(numbered, _style("number", fontName=_BOLD, fontSize=11, leading=15), page),
        _text(page.subject, _NORMAL, page),
        _text(made, _SMALL_SOFT, page),
        Spacer(1, 4 * mm),
        box,
    ]


def _paragraph(block: layout.Paragraph, page: Layout) -> list[Flowable]:
    return [_text(block.text, {"strong": _STRONG, "soft": _SMALL_SOFT}.get(block.tone, _NORMAL), page)]


def _facts(block: layout.Facts | layout.Item, page: Layout) -> list[Flowable]:
    rows = [[_text(name, _NAME, page), _text(value, _VALUE, page)] for name, value in block.pairs]
    style: list[Any] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 1.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
    ]
    return [_grid(rows, [_WIDTH * 0.28, _WIDTH * 0.72], style), Spacer(1, 2 * mm)]


def _grid(rows: list[list[Text_]], widths: list[float], style: list[Any], repeated: int = 0) -> LongTable:
    """A table that goes on over pages; a row is split only where no page could hold it."""
    tallest = max(
        (cell.wrap(width - _PADDING, _HEIGHT)[1] for row in rows for cell, width in zip(row, widths, strict=True)),
        default=0,
    )
    split = int(tallest > _HEIGHT - _ROOM)
    return LongTable(rows, colWidths=widths, repeatRows=repeated, style=style, splitInRow=split)


def _item(block: layout.Item, page: Layout) -> list[Flowable]:
    return [CondPageBreak(_ROOM), _text(block.title, _ITEM, page), *_facts(block, page)]


def _table(block: layout.Table, page: Layout) -> list[Flowable]:
    head = [_text(cell, _CELL_BOLD, page) for cell in block.head]
    first = _CELL_BOLD if block.named else _CELL
    rows = [[_text(cell, _CELL if column else first, page) for column, cell in enumerate(row)] for row in block.rows]
    whole = sum(block.widths)
    style: list[Any] = [
        ("GRID", (0, 0), (-1, -1), 0.4, _LINE),
        ("BACKGROUND", (0, 0), (-1, 0), _GROUND),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 4),
        ("RIGHTPADDING", (0, 0), (-1, -1), 4),
        ("TOPPADDING", (0, 0), (-1, -1), 3),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
    ]
    widths = [_WIDTH * width / whole for width in block.widths]
    grid = _grid([head, *rows], widths, style, 1)
    return [CondPageBreak(_ROOM), _text(block.caption, _CAPTION, page), grid, Spacer(1, 3 * mm)]


def _numbered(block: layout.Numbered, page: Layout) -> list[Flowable]:
    style = _style("note", fontSize=7.5, leading=10, leftIndent=20, firstLineIndent=-20, spaceAfter=3)
    return [_text(f"({number}) {note}", style, page) for number, note in block.notes]


def _signatures(block: layout.SignatureBlocks, page: Layout) -> list[Flowable]:
    cells = [
        [
            _text(who, _STRONG, page),
            _text(name, _NORMAL, page),
            *(_text(line, _NORMAL, page) for line in block.lines),
            Spacer(1, 18 * mm),
        ]
        for who, name in block.blocks
    ]
    grid = Grid(
        [cells],
        colWidths=[_WIDTH / len(cells)] * len(cells),
        style=[("BOX", (column, 0), (column, 0), 0.6, _LINE) for column in range(len(cells))]
        + [("VALIGN", (0, 0), (-1, -1), "TOP"), ("TOPPADDING", (0, 0), (-1, -1), 6)],
    )
    return [grid]


_DRAWN: dict[type, Callable[[Any, Layout], list[Flowable]]] = {
    layout.Paragraph: _paragraph,
    layout.Facts: _facts,
    layout.Item: _item,
    layout.Table: _table,
    layout.Numbered: _numbered,
    layout.SignatureBlocks: _signatures,
}
