from __future__ import annotations

from datetime import UTC, datetime

import pytest

from recette.checks.answer import Answer, Asked, ReferenceForm, instant, reference
from recette.checks.json_document import Node
from sas_kernel.time_window import Window


@pytest.mark.parametrize(
    ("raw", "form", "type", "id"),
    [
        ("Schedule/ag-1", ReferenceForm.RELATIVE, "Schedule", "ag-1"),
        ("#lieu-1", ReferenceForm.CONTAINED, "", "lieu-1"),
        ("https://agenda.example.org/fhir/Schedule/ag-1", ReferenceForm.OTHER, "Schedule", "ag-1"),
        ("/Schedule/ag-1", ReferenceForm.OTHER, "Schedule", "ag-1"),
        ("urn:uuid:1234", ReferenceForm.OTHER, "", "urn:uuid:1234"),
        ("Schedule/ag_1", ReferenceForm.OTHER, "Schedule", "ag_1"),
        ("", ReferenceForm.OTHER, "", ""),
    ],
)
def test_a_reference_is_understood_however_it_is_written(raw: str, form: ReferenceForm, type: str, id: str) -> None:
    found = reference(Node("Slot.schedule", {"reference": raw}))
    assert found is not None
    assert (found.form, found.type, found.id) == (form, type, id)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2031-03-10T09:00:00.000+01:00", datetime(2031, 3, 10, 8, tzinfo=UTC)),
        ("2031-03-10T09:00:00+01:00", datetime(2031, 3, 10, 8, tzinfo=UTC)),
        ("2031-03-10T08:00:00Z", datetime(2031, 3, 10, 8, tzinfo=UTC)),
        ("2031-03-10T08:00:00", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("tomorrow", None),
        (12, None),
    ],
)
def test_an_instant_is_read_leniently_and_needs_an_offset(text: object, expected: datetime | None) -> None:
    assert instant(Node("Slot.start", text)) == expected


@pytest.mark.parametrize(
    ("value", "asked", "expected"),
    [
        ("810123400017", "810123400017", "810123400017"),
        ("10123400017", "810123400017", "810123400017"),
        ("12345678A", "012345678A", "012345678A"),
        ("810123400025", "810123400017", None),
        (12, "810123400017", None),
    ],
)
def test_a_practitioner_is_recognised_with_or_without_the_national_prefix(
    value: object, asked: str, expected: str | None
) -> None:
    now = datetime(2031, 3, 10, tzinfo=UTC)
    answer = Answer(None, Asked((asked,), Window(now, now)))
    assert answer.asked_identity(Node("Practitioner", {"identifier": [{"value": value}]})) == expected
