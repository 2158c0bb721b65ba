"""The flows between the platform, the editors and the dispatch software, and the codes ANS gives them.

Source: interface specifications of the SAS implementation guide (section "Spécifications techniques").
"""

from __future__ import annotations

from enum import StrEnum


class Flow(StrEnum):
    """One flow, one name: the same word names folders, requirement rows and command-line options."""

    SLOT_SEARCH = "slot_search"
    REGULATORS = "regulators"
    SSO = "sso"
    APPOINTMENTS = "appointments"
    CONTEXTUAL_CALL = "contextual_call"
    HUB_SANTE = "hub_sante"

    @property
    def ans_codes(self) -> tuple[str, ...]:
        return _ANS_CODES[self]


_ANS_CODES: dict[Flow, tuple[str, ...]] = {
    Flow.SLOT_SEARCH: ("INT_R01", "INT_R04", "SOS"),
    Flow.REGULATORS: ("INT_R02",),
    Flow.SSO: ("INT_SSO",),
    Flow.APPOINTMENTS: ("INT_R03",),
    Flow.CONTEXTUAL_CALL: ("INT_L01",),
    Flow.HUB_SANTE: ("INT_L02",),
}
