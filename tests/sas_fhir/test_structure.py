"""Every element with its path and type; everything of another shape by the path of what holds it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sas_fhir.operation_outcome import IssueType
from sas_fhir.structure import MAX_DEPTH, MAX_ITEMS, walk

SHAPES = {
    "Thing": {
        "resourceType": "code",
        "name": "string",
        "aliases": "string*",
        "count": "positiveInt",
        "ready": "boolean",
        "kind": "CodeableConcept",
        "others": "Reference*",
        "inside": "Resource*",
    }
}


def walked(**elements: Any) -> tuple[list[tuple[str, str, str]], list[str | None]]:
    """`(path, holder.name, type)` of every node, and the paths that are refused."""
    nodes, issues = walk(elements, "Thing", SHAPES)
    assert {issue.code for issue in issues} <= {IssueType.STRUCTURE}
    assert all(issue.expression is not None and issue.expression in issue.text.fr for issue in issues)
    return [(n.path, f"{n.holder}.{n.name}", n.kind) for n in nodes], [issue.expression for issue in issues]


def test_every_element_is_found_with_its_type() -> None:
    nodes, refused = walked(
        kind={"coding": [{"code": "x"}], "text": "y"}, others=[{"identifier": {"value": "1"}}], inside=[{"any": 1}]
    )
    assert refused == []
    assert nodes == [
        ("Thing.kind", "Thing.kind", "CodeableConcept"),
        ("Thing.kind.coding[0]", "CodeableConcept.coding", "Coding"),
        ("Thing.kind.coding[0].code", "Coding.code", "code"),
        ("Thing.kind.text", "CodeableConcept.text", "string"),
        ("Thing.others[0]", "Thing.others", "Reference"),
        ("Thing.others[0].identifier", "Reference.identifier", "Identifier"),
        ("Thing.others[0].identifier.value", "Identifier.value", "string"),
        ("Thing.inside[0]", "Thing.inside", "Resource"),
    ]


def test_what_stands_beside_a_primitive_has_the_path_of_the_primitive() -> None:
    nodes, refused = walked(
        aliases=["a", None], _aliases=[None, {"extension": [{"url": "u", "valueString": "v"}]}], _name={"id": "1"}
    )
    assert refused == []
    assert ("Thing.aliases[1].extension[0].valueString", "Extension.valueString", "string") in nodes
    assert ("Thing.name", "Thing._name", "_") in nodes


def test_what_is_empty_is_as_if_it_were_not_there() -> None:
    assert walked(name="", aliases=[], kind={}) == ([], [])


@pytest.mark.parametrize(
    ("elements", "path"),
    [
        ({"name": 1}, "Thing.name"),
        ({"name": None}, "Thing.name"),
        ({"name": ["x"]}, "Thing.name"),
        ({"aliases": "x"}, "Thing.aliases"),
        ({"aliases": ["x", 1]}, "Thing.aliases[1]"),
        ({"others": [None]}, "Thing.others[0]"),
        ({"count": True}, "Thing.count"),
        ({"count": 1.5}, "Thing.count"),
        ({"ready": 1}, "Thing.ready"),
        ({"kind": "x"}, "Thing.kind"),
        ({"kind": {"coding": {"code": "x"}}}, "Thing.kind.coding"),
        ({"kind": {"secret name": 1, "another": 2}}, "Thing.kind"),
        ({"surprise": 1}, "Thing"),
        ({"_kind": {"id": "x"}}, "Thing"),
        ({"_name": {"value": "x"}}, "Thing.name"),
        ({"extension": [{"url": "u", "valueSecret": 1}]}, "Thing.extension[0]"),
        ({"extension": [{"url": "u", "valueDecimal": "1"}]}, "Thing.extension[0].valueDecimal"),
        ({"aliases": ["x"] * (MAX_ITEMS + 1)}, "Thing.aliases"),
    ],
)
def test_another_shape_is_refused_once_by_its_path(elements: dict[str, Any], path: str) -> None:
    assert walked(**elements)[1] == [path]


def test_depth_has_a_bound() -> None:
    extension: dict[str, Any] = {"url": "u"}
    for _ in range(MAX_DEPTH + 5):
        extension = {"extension": [extension]}
    (path,) = walked(**extension)[1]
    assert path is not None
    assert path.count("extension") == MAX_DEPTH + 1


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [*SHAPES["Thing"], "extension", "url", "valueString", "coding", "code", "id", "_name", "?"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from([*SHAPES["Thing"], "extension", "_name", "?"]), _JSON, max_size=5))
def test_anything_can_be_walked(resource: dict[str, Any]) -> None:
    nodes, issues = walk(resource, "Thing", SHAPES)
    assert all(node.path.startswith("Thing.") for node in nodes)
    assert all("?" not in str(issue.expression) for issue in issues)
