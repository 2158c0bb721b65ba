"""Writes the reports of a run into a folder."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from recette.model import RunReport
from recette.reports import html, json_report, junit, markdown
from sas_kernel.errors import SasError
from sas_kernel.text import Lang, Text

Renderer = Callable[[RunReport, Lang], str]

FILES: Mapping[str, tuple[str, Renderer]] = MappingProxyType(
    {
        "json": ("run.json", lambda report, _lang: json_report.dumps(report)),
        "junit": ("junit.xml", junit.render),
        "html": ("report.html", html.render),
        "md": ("summary.md", markdown.render),
    }
)
"""The formats that are files: their name and who renders them."""


class ReportWriteError(SasError):
    """A report could not be written. The text names the file and the reason."""


def write_reports(report: RunReport, formats: Iterable[str], folder: Path, lang: Lang) -> list[Path]:
    """Write the report in each format of `FILES`, making the folder; returns the paths in the order asked for.

    A file appears whole or not at all. Raises `ReportWriteError`; `KeyError` for a format that is not a file.
    """
    chosen = [FILES[name] for name in formats]
    written: list[Path] = []
    for name, render in chosen:
        path = folder / name
        content = render(report, lang)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _write_whole(path, content.encode("utf-8"))
        except OSError as error:
            raise ReportWriteError(
                Text(
                    "Rapport impossible à écrire dans « {path} » : {error}. Choisissez un autre dossier par --out.",
                    "The report cannot be written to '{path}': {error}. Choose another folder with --out.",
                ).format(path=path, error=error.strerror or error)
            ) from error
        written.append(path)
    return written


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
