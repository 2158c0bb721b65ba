from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from sas_fhir import bundle
from sas_fhir.bundle import SearchMode

_SLOT = {"resourceType": "Slot", "id": "cr-1", "comment": 'a "quoted" \\ thing', "meta": {"profile": ["p"]}}
_ROLE = {"resourceType": "PractitionerRole", "id": "role-1"}


@given(st.text(max_size=60), st.text(max_size=30))
def test_the_pieces_make_one_json_document_whatever_the_urls_hold(self_url: str, base_url: str) -> None:
    fragments = [bundle.fragment(_SLOT, SearchMode.MATCH), bundle.fragment(_ROLE, SearchMode.INCLUDE)]
    answer = json.loads(
        bundle.searchset(bundle_id="b", total=1, self_url=self_url, base_url=base_url, fragments=fragments)
    )
    assert answer["link"] == [{"relation": "self", "url": self_url}]
    assert answer["entry"] == [
        {"fullUrl": f"{base_url}/Slot/cr-1", "resource": _SLOT, "search": {"mode": "match"}},
        {"fullUrl": f"{base_url}/PractitionerRole/role-1", "resource": _ROLE, "search": {"mode": "include"}},
    ]
    assert answer["total"] == 1


def test_an_empty_answer_has_no_entry_at_all() -> None:
    answer = json.loads(bundle.searchset(bundle_id="b", total=0, self_url="u", base_url="v", fragments=[]))
    assert "entry" not in answer
    assert answer["total"] == 0
    assert answer["type"] == "searchset"
