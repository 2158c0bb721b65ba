"""The paths of the interfaces this service has, for the faults it may be asked to play."""

from __future__ import annotations

import re
from typing import Final

from sas_kernel.faults.model import Direction
from sas_kernel.flows import Flow
from sas_kit.faults.stage import Paths

PATHS: Final[Paths] = {
    (Direction.ANSWER, Flow.SLOT_SEARCH): re.compile(r"^/fhir/(Slot|Schedule)(/|$)"),
    (Direction.ANSWER, Flow.REGULATORS): re.compile(r"^/fhir/Practitioner(/|$)"),
    (Direction.SEND, Flow.APPOINTMENTS): re.compile(r"/Appointment$"),
    (Direction.SEND, Flow.SSO): re.compile(r"/\.well-known/|/protocol/openid-connect/"),
}
