"""A certificate as one HTML file: offline, printable on A4 with page numbers, readable without script."""

from __future__ import annotations

import base64
import hashlib
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined

from recette.certificates import layout
from recette.certificates.layout import Layout
from recette.reports import words
from sas_kernel.text import Text

KINDS = {
    layout.Paragraph: "paragraph",
    layout.Facts: "facts",
    layout.Table: "table",
    layout.Item: "item",
    layout.Numbered: "numbered",
    layout.SignatureBlocks: "signatures",
}


def render(page: Layout) -> str:
    """The whole file, to be written in UTF-8. What people and targets wrote is escaped; control characters show."""
    environment = Environment(
        loader=PackageLoader("recette.certificates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = resources.files("recette.certificates").joinpath("templates/certificate.css").read_text(encoding="utf-8")
    style += _running(page) + _columns(page)
    style_hash = "sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    return environment.get_template("certificate.html.j2").render(
        page=page,
        style=style,
        style_hash=style_hash,
        kind=lambda block: KINDS[type(block)],
        say=lambda text: words.spaced(words.visible_lines(text), page.lang),
        t=lambda fr, en: Text(fr, en).to(page.lang),
    )


def _running(page: Layout) -> str:
    """The number of the certificate and of the page in the margins of what is printed."""
    of = Text("page {} sur {}", "page {} of {}").to(page.lang).split("{}")
    number = _quoted(f"{page.title} {page.number}")
    return (
        f"@page {{ @top-right {{ content: {number}; }}\n"
        f"  @bottom-left {{ content: {_quoted('SHA-256 ' + page.fingerprint[:16] + '…')}; }}\n"
        f"  @bottom-right {{ content: {_quoted(of[0])} counter(page) {_quoted(of[1])} counter(pages); }} }}\n"
    )


def _columns(page: Layout) -> str:
    """The widths of the columns: a style of its own would not pass the content security policy."""
    rules = []
    for section in page.sections:
        for index, block in enumerate(section.blocks, 1):
            if isinstance(block, layout.Table):
                whole = sum(block.widths)
                rules += [
                    f"#t-{section.id}-{index} col:nth-child({column}) {{ width: {100 * width / whole:.1f}% }}\n"
                    for column, width in enumerate(block.widths, 1)
                ]
    return "".join(rules)


def _quoted(text: str) -> str:
    """A CSS string of any text: all but letters, digits and blanks as escapes, so that none of it can be a rule."""
    return '"' + "".join(char if char.isalnum() or char == " " else f"\\{ord(char):x} " for char in text) + '"'
