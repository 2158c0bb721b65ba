"""A check of the references that no check of `links` follows: whoever reads the answer has nothing else to read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from recette.checks.answer import Answer, ReferenceForm, contained, kind, references
from recette.checks.json_document import Node
from recette.checks.judging import content_check, shown
from recette.model import Check, Problem
from sas_kernel.text import Text

_FOLLOWED: Final = {
    "Slot": (".schedule.",),
    "Schedule": (".actor[",),
    "PractitionerRole": (".practitioner.", ".location["),
}
"""By type, the elements whose references have a check of their own (SLOT-081, 082, 085, 086)."""


def _leads_nowhere(answer: Answer, resource: Node) -> Iterator[Problem]:
    own = {f"#{node['id'].string}" for node in contained(resource)}
    for found in references(resource):
        below = found.node.path.removeprefix(resource.path)
        if found.form is ReferenceForm.OTHER or below.startswith(_FOLLOWED.get(kind(resource) or "", ())):
            continue
        there = found.raw in own if found.form is ReferenceForm.CONTAINED else answer.find(found.type, found.id)
        if not there:
            yield Problem(
                Text("{ref} ne mène à rien dans la réponse.", "{ref} leads to nothing in the answer.").format(
                    ref=shown(found.raw)
                ),
                path=found.node.path,
                expected="a resource of the answer",
                actual=shown(found.raw),
            )


def _resolved(answer: Answer) -> Iterator[Problem | None]:
    for resource in answer.resources:
        yield from tuple(_leads_nowhere(answer, resource)) or (None,)


RESOLVED: Final[Check] = content_check(
    "references.resolved",
    "SLOT-095",
    Text("Les autres références mènent dans la réponse", "The other references lead into the answer"),
    _resolved,
)
