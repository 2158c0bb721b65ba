"""The paths of the interfaces this service has, for the faults it may be asked to play."""

from __future__ import annotations

import re
from typing import Final

from sas_kernel.faults.model import Direction
from sas_kernel.flows import Flow
from sas_kit.faults.stage import Paths

PATHS: Final[Paths] = {
    (Direction.ANSWER, Flow.APPOINTMENTS): re.compile(r"^/fhir/Appointment(/|$)"),
    (Direction.ANSWER, Flow.SSO): re.compile(r"^/realms/sas/"),
    (Direction.SEND, Flow.SLOT_SEARCH): re.compile(r"/(Slot|Schedule)$"),
    (Direction.SEND, Flow.REGULATORS): re.compile(r"/Practitioner$"),
}
