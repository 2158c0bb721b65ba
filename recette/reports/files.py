"""Writes the reports of a run into a folder."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from recette.model import RunReport
from recette.reports import anchor, har, html, json_report, junit, markdown, reservations, sarif
from sas_kernel.errors import SasError
from sas_kernel.text import Lang, Text


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a rendering may know besides the report: the language, the files written with it, the target's own file."""

    lang: Lang
    beside: frozenset[str] = frozenset()
    target_file: Path | None = None


Renderer = Callable[[RunReport, Occasion], str | bytes]


def _sarif(report: RunReport, occasion: Occasion) -> str:
    accepted = {
        finding.identity: Text(*(reservations.excuse(finding.deviation, lang) for lang in (Lang.FR, Lang.EN)))
        for finding in report.findings
        if finding.deviation is not None
    }
    return sarif.render(report, occasion.lang, anchor.read(occasion.target_file), accepted=accepted)


def _xlsx(report: RunReport, occasion: Occasion) -> bytes:
    from recette.reports import xlsx  # noqa: PLC0415  openpyxl takes a while to load, and few runs ask for it

    return xlsx.render(report, occasion.lang, occasion.beside)


FILES: Mapping[str, tuple[str, Renderer]] = MappingProxyType(
    {
        "json": ("run.json", lambda report, _: json_report.dumps(report)),
        "junit": ("junit.xml", lambda report, occasion: junit.render(report, occasion.lang)),
        "html": ("report.html", lambda report, occasion: html.render(report, occasion.lang)),
        "md": ("summary.md", lambda report, occasion: markdown.render(report, occasion.lang)),
        "har": ("run.har", lambda report, occasion: har.render(report, occasion.lang)),
        "sarif": ("run.sarif", _sarif),
        "xlsx": ("run.xlsx", _xlsx),
    }
)
"""The formats that are files: their name and who renders them, as text (written in UTF-8) or as bytes."""


class ReportWriteError(SasError):
    """A report could not be written. The text names the file and the reason."""


def make_folder(folder: Path) -> None:
    """Make the folder of reports, which must take files; asked before a run, so that none is played for nothing.

    Raises `ReportWriteError`.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _unwritable(folder, error) from error


def write_reports(
    report: RunReport, formats: Iterable[str], folder: Path, lang: Lang, *, target_file: Path | None = None
) -> list[Path]:
    """Write the report in each format of `FILES`, making the folder; returns the paths in the order asked for.

    `target_file` describes the target and lies in its owner's repository: code hosts show the findings there.

    A file appears whole or not at all. Raises `ReportWriteError`; `KeyError` for a format that is not a file.
    """
    chosen = [FILES[name] for name in formats]
    occasion = Occasion(lang, frozenset(name for name, _ in chosen), target_file)
    written: list[Path] = []
    for name, render in chosen:
        path = folder / name
        content = render(report, occasion)
        written.append(write_whole(path, content.encode("utf-8") if isinstance(content, str) else content))
    return written


def write_whole(path: Path, content: bytes) -> Path:
    """Write one file, making its folder; it appears whole or not at all. Raises `ReportWriteError`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_whole(path, content)
    except OSError as error:
        raise _unwritable(path, error) from error
    return path


def _unwritable(path: Path, error: OSError) -> ReportWriteError:
    return ReportWriteError(
        Text(
            "Rapport impossible à écrire dans « {path} » : {error}. Choisissez un autre dossier par --out.",
            "The report cannot be written to '{path}': {error}. Choose another folder with --out.",
        ).format(path=path, error=error.strerror or error)
    )


def _write_whole(path: Path, content: bytes) -> None:
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        # mkstemp makes files only their owner can read; a report is published by whoever ran it.
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
