"""Writes what `recette.engine.target` reads. Pure."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence

from sas_kernel.datasets import Dataset

Document = dict[str, dict[str, object]]
"""Tables of strings, numbers, booleans, and lists of strings."""


_WIDTH = 110


def of_dataset(dataset: Dataset, base_url: str, flows: Sequence[str] = ("slot_search",)) -> Document:
    """A model of a target file. Only what reads is declared unless asked: another flow creates accounts."""
    return {
        "target": {"base_url": base_url},
        "applicability": {
            "flows": list(flows),
            "slot_types": ["PUBLIC", "PRO", "SNP"],
            "consultation_types": ["AMB", "VR", "HH"],
            "cpts": "practitioner_one_cpts" in dataset.test_data,
            "sos": bool(dataset.test_data.get("sos_associations")),
        },
        "test_data": {
            key: list(value) if isinstance(value, tuple) else value for key, value in dataset.test_data.items()
        },
    }


def toml(document: Document, comments: Mapping[str, str] | None = None) -> str:
    """The document as TOML; `comments` by table (`sso`) or key (`sso.issuer`), written above it."""
    told = comments or {}
    lines: list[str] = []
    for table, values in document.items():
        lines += _comment(told.get(table, ""))
        lines.append(f"[{table}]")
        for key, value in values.items():
            lines += _comment(told.get(f"{table}.{key}", ""))
            lines.append(f"{key} = {_value(value)}")
        lines.append("")
    return "\n".join(lines)


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)]


def _value(value: object) -> str:
    """TOML's basic strings are JSON's but for DEL, which JSON leaves as it is."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
