"""Searchset Bundles put together from resources that are already JSON.

An entry is stored as its *fragment*: what follows the base URL in `fullUrl`, up to and without the closing brace, so
that the base URL (which depends on how the client reached us) stands in the separator only and an answer is one `join`.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import msgspec

from sas_fhir import canonicals


class SearchMode(StrEnum):
    MATCH = "match"
    INCLUDE = "include"


def fragment(resource: dict[str, Any], mode: SearchMode) -> bytes:
    """`Slot/cr-1","resource":{…},"search":{"mode":"match"}` for a resource that has its `resourceType` and `id`."""
    head = f'{resource["resourceType"]}/{resource["id"]}","resource":'.encode()
    return head + msgspec.json.encode(resource) + b',"search":{"mode":"' + mode.value.encode() + b'"}'


def searchset(
    *,
    bundle_id: str,
    total: int,
    self_url: str,
    base_url: str,
    fragments: Sequence[bytes],
    profile: str = canonicals.BUNDLE,
) -> bytes:
    """The whole answer, in one piece: slices of the base profile allow no `next` link, so nothing is paged.

    `base_url`: FHIR base as the client sees it, without a final slash. `total`: number of matches, not of entries.
    """
    head = (
        f'{{"resourceType":"Bundle","id":"{bundle_id}","meta":{{"profile":["{profile}"]}},'
        f'"type":"searchset","total":{total},"link":[{{"relation":"self","url":'
    ).encode() + msgspec.json.encode(self_url)
    if not fragments:
        return head + b"}]}"
    opening = b'{"fullUrl":"' + msgspec.json.encode(base_url)[1:-1] + b"/"
    # The ends ride on the first and last pieces, so that a megabyte is copied once.
    pieces = list(fragments)
    pieces[0] = head + b'}],"entry":[' + opening + pieces[0]
    pieces[-1] += b"}]}"
    return (b"}," + opening).join(pieces)
